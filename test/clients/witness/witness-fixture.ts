/** A log that grows, forks and signs whatever a test wants, and what it asks of a witness. */
import { generateKeyPairSync } from 'node:crypto';
import { signCheckpoint } from '../../../protocol/proof/checkpoint.ts';
import { noteSigner, type NoteSigner } from '../../../protocol/proof/note-signer.ts';
import { formatAddCheckpoint } from '../../../protocol/proof/witness-protocol.ts';
import { leavesOf, slowProof, slowRoot } from '../../protocol/proof/slow-tree.ts';

export function newKeyPem(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

export class GrowingLog {
  readonly origin: string;
  readonly signer: NoteSigner;
  readonly #leaves: readonly Buffer[];

  /** @param shift leaves that make another history, with the same key */
  constructor(origin: string, pem: string, shift = 0, count = 200) {
    this.origin = origin;
    this.signer = noteSigner(origin, pem);
    this.#leaves = leavesOf(count + shift).slice(shift);
  }

  rootAt(size: number): Buffer {
    return slowRoot(this.#leaves.slice(0, size));
  }

  checkpointAt(size: number): string {
    return signCheckpoint({ origin: this.origin, size, root: this.rootAt(size) }, this.signer);
  }

  /** A request from one size to another. */
  request(oldSize: number, size: number): Buffer {
    const path = oldSize === 0 ? [] : slowProof(oldSize, this.#leaves.slice(0, size));
    return Buffer.from(formatAddCheckpoint({ oldSize, path, checkpoint: this.checkpointAt(size) }));
  }
}
