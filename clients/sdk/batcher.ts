/**
 * Signs whatever is waiting: 1 to 64 envelopes under one signature, no timer.
 *
 * The first envelope of a turn waits for the end of the turn only, so a lone message loses no time and a busy
 * sender pays one Ed25519 signature for up to 64.
 */
import { proveBatch } from '../../protocol/proof/batch-proof.ts';
import type { BatchSigner } from '../../protocol/proof/signing.ts';
import { encodeUnit, type Unit } from '../../protocol/wire/frame.ts';
import { limits } from '../../protocol/limits.ts';

/** A message before it is signed: the envelope's bytes and the OpenPGP payload. */
export type UnsignedMessage = { readonly envelope: Uint8Array; readonly payload: Uint8Array };

/**
 * Signs messages in batches and gives the units, in order.
 * @param maxBatch envelopes under one signature: what the welcome states, 64 at most
 */
export function signMessages(
  messages: readonly UnsignedMessage[],
  signer: BatchSigner,
  maxBatch: number = limits.maxBatch,
): Unit[] {
  const units: Unit[] = [];
  for (let from = 0; from < messages.length; from += maxBatch) {
    const batch = messages.slice(from, from + maxBatch);
    const proofs = proveBatch(
      batch.map(({ envelope }) => envelope),
      signer,
    );
    for (const [index, proof] of proofs.entries()) {
      const message = batch[index];
      if (message !== undefined) units.push(encodeUnit(message.envelope, proof, message.payload));
    }
  }
  return units;
}

/**
 * How many messages go out before the turn ends, so that a gateway begins with them while the rest is being signed.
 * Half of a usual window: larger groups make gateway and sender wait for each other, smaller ones cost more each.
 */
export const unitsAtOnce = 128;

/** Collects messages during one turn and hands over the signed units at its end. */
export class Batcher {
  readonly #signer: BatchSigner;
  readonly #submit: (units: Unit[]) => void;
  readonly #maxBatch: () => number;
  #waiting: UnsignedMessage[] = [];

  /** @param maxBatch see {@link signMessages}: `link.limits.maxBatch` of the session */
  constructor(
    signer: BatchSigner,
    submit: (units: Unit[]) => void,
    maxBatch: () => number = () => limits.maxBatch,
  ) {
    this.#signer = signer;
    this.#submit = submit;
    this.#maxBatch = maxBatch;
  }

  add(message: UnsignedMessage): void {
    const waiting = this.#waiting.push(message);
    if (waiting === unitsAtOnce) this.flush();
    else if (waiting === 1) setImmediate(() => this.flush());
  }

  /** Signs and submits at once what is waiting. */
  flush(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    this.#submit(signMessages(waiting, this.#signer, this.#maxBatch()));
  }
}
