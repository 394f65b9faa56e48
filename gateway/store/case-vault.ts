/**
 * Bodies of leaves, encrypted per case: ChaCha20 (RFC 8439) under a key that is made of the case's secret, which the
 * store keeps in a row of its own, and of the gateway's audit key, which is not in the store. Destroying the secret
 * destroys every body of the case and every salt, and so what the commitments could be compared with.
 *
 * There is no authentication tag: the commitment in the leaf, and so in the tree, binds salt and body.
 */
import { randomFillSync } from 'node:crypto';
import { chacha20 } from '@noble/ciphers/chacha.js';
import { commitmentOf, saltBytes } from '../../protocol/audit/commitment.ts';
import type { Digest } from '../../protocol/ids.ts';
import { sha256 } from '../../protocol/proof/merkle.ts';

/** A body as the store keeps it, and what binds it to its leaf. */
export type SealedBody = { readonly commitment: Digest; readonly sealed: Buffer };

/** A body sealed under a secret of its own, for a case that has none yet. */
export type FreshlySealed = SealedBody & { readonly secret: Buffer };

/** A body and its salt, in the clear. */
export type OpenedBody = { readonly salt: Buffer; readonly body: Buffer };

export const auditKeyBytes = 32;
export const secretBytes = 32;
const nonceBytes = 12;
const label = Buffer.from('causeway/v1/case-key\0');

/** Random bytes, drawn in large portions: one draw costs as much as kilobytes. */
class RandomPool {
  readonly #pool = Buffer.allocUnsafeSlow(16 * 1024);
  #used = this.#pool.byteLength;

  /** Fills the target with fresh bytes, which are then held nowhere else. */
  fill(target: Uint8Array): void {
    if (this.#used + target.byteLength > this.#pool.byteLength) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const end = this.#used + target.byteLength;
    target.set(this.#pool.subarray(this.#used, end));
    this.#pool.fill(0, this.#used, end);
    this.#used = end;
  }
}

export class CaseVault {
  readonly #keyInput: Buffer;
  readonly #random = new RandomPool();

  /** @param auditKey 32 bytes that are kept outside the store */
  constructor(auditKey: Uint8Array) {
    if (auditKey.byteLength !== auditKeyBytes) throw new RangeError('an audit key has 32 bytes');
    this.#keyInput = Buffer.concat([label, auditKey, Buffer.alloc(secretBytes)]);
  }

  /** The secret of a new case. */
  createSecret(): Buffer {
    const secret = Buffer.allocUnsafe(secretBytes);
    this.#random.fill(secret);
    return secret;
  }

  /** The key of a case: SHA-256(label ‖ audit key ‖ secret), each of a fixed length. */
  keyOf(secret: Uint8Array): Buffer {
    this.#keyInput.set(secret, label.byteLength + auditKeyBytes);
    return sha256(this.#keyInput);
  }

  /** Encrypts a body with a fresh salt and nonce. */
  seal(caseKey: Uint8Array, body: Uint8Array): SealedBody {
    const sealed = Buffer.allocUnsafe(nonceBytes + saltBytes + body.byteLength);
    const nonce = sealed.subarray(0, nonceBytes);
    const plain = sealed.subarray(nonceBytes);
    this.#random.fill(sealed.subarray(0, nonceBytes + saltBytes));
    plain.set(body, saltBytes);
    const commitment = commitmentOf(plain);
    chacha20(caseKey, nonce, plain, plain);
    return { commitment, sealed };
  }

  /** Encrypts a body under a new secret. */
  sealFresh(body: Uint8Array): FreshlySealed {
    const secret = this.createSecret();
    return { secret, ...this.seal(this.keyOf(secret), body) };
  }

  /** @returns undefined when the key is another one, or the bytes are not what the leaf is bound to */
  open(caseKey: Uint8Array, sealed: Uint8Array, commitment: Digest | undefined): OpenedBody | undefined {
    if (sealed.byteLength < nonceBytes + saltBytes) return undefined;
    const plain = Buffer.from(chacha20(caseKey, sealed.subarray(0, nonceBytes), sealed.subarray(nonceBytes)));
    if (commitmentOf(plain) !== commitment) return undefined;
    return { salt: plain.subarray(0, saltBytes), body: plain.subarray(saltBytes) };
  }
}
