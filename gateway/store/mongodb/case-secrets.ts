/**
 * The secrets of cases that a draft's leaves are made with: those that were read, and fresh ones for cases that had
 * none, which are written with the draft. No other gateway can make or destroy one meanwhile: it would add a block.
 */
import type { CaseVault } from '../case-vault.ts';
import type { CaseSecrets } from '../leaf-maker.ts';
import type { CaseId } from '../port.ts';

export class DraftSecrets implements CaseSecrets {
  readonly fresh = new Map<CaseId, Buffer>();
  readonly #vault: CaseVault;
  readonly #known: Map<CaseId, Buffer>;

  /** @param known secrets as they are at the draft's head; this makes the map its own */
  constructor(vault: CaseVault, known: Map<CaseId, Buffer>) {
    this.#vault = vault;
    this.#known = known;
  }

  has(id: CaseId): boolean {
    return this.#known.has(id);
  }

  /** Takes in a secret that was read. */
  know(id: CaseId, secret: Buffer): void {
    this.#known.set(id, secret);
  }

  /** Every case that is asked for was looked up before: one that is not known has no secret. */
  secretOf(id: CaseId): Uint8Array {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const secret = this.#vault.createSecret();
    this.#known.set(id, secret);
    this.fresh.set(id, secret);
    return secret;
  }

  /** The secret is going to be destroyed, or is to be read again. */
  forget(id: CaseId): void {
    this.#known.delete(id);
  }
}
