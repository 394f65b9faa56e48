/**
 * Bodies of leaves, encrypted per case: AES-256-GCM under a key that is made of the case's secret, which the store
 * keeps in a row of its own, and of the gateway's audit key, which is not in the store. Destroying the secret destroys
 * every body of the case and every salt, and so what the commitments could be compared with.
 */
import { createCipheriv, createDecipheriv, createHmac, randomFillSync } from 'node:crypto';
import { commitmentOf, saltBytes } from '../../protocol/audit/leaf.ts';
import type { Digest } from '../../protocol/ids.ts';

/** A body as the store keeps it, and what binds it to its leaf. */
export type SealedBody = { readonly commitment: Digest; readonly sealed: Buffer };

/** A body and its salt, in the clear. */
export type OpenedBody = { readonly salt: Buffer; readonly body: Buffer };

export const secretBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const algorithm = 'aes-256-gcm';

/** Random bytes are drawn in larger portions: one draw costs as much as eight kilobytes. */
class RandomPool {
  readonly #pool = Buffer.allocUnsafeSlow(8 * 1024);
  #used = this.#pool.byteLength;

  /** Fresh random bytes, which nobody else holds. */
  take(length: number): Buffer {
    if (this.#used + length > this.#pool.byteLength) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const piece = Buffer.from(this.#pool.subarray(this.#used, this.#used + length));
    this.#pool.fill(0, this.#used, (this.#used += length));
    return piece;
  }
}

export class CaseVault {
  readonly #auditKey: Buffer;
  readonly #random = new RandomPool();

  /** @param auditKey 32 bytes that are kept outside the store */
  constructor(auditKey: Buffer) {
    if (auditKey.byteLength !== 32) throw new RangeError('an audit key has 32 bytes');
    this.#auditKey = auditKey;
  }

  /** The secret of a new case. */
  createSecret(): Buffer {
    return this.#random.take(secretBytes);
  }

  /** The key of a case. */
  keyOf(secret: Uint8Array): Buffer {
    return createHmac('sha256', this.#auditKey).update('causeway/v1/case-key\0').update(secret).digest();
  }

  /** Encrypts a body with a fresh salt. */
  seal(caseKey: Buffer, body: Uint8Array): SealedBody {
    const salt = this.#random.take(saltBytes);
    const nonce = this.#random.take(nonceBytes);
    const cipher = createCipheriv(algorithm, caseKey, nonce);
    const pieces = [nonce, cipher.update(salt), cipher.update(body), cipher.final()];
    return { commitment: commitmentOf(salt, body), sealed: Buffer.concat([...pieces, cipher.getAuthTag()]) };
  }

  /** @throws when the key is another one or the bytes were changed */
  open(caseKey: Buffer, sealed: Uint8Array): OpenedBody {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    const end = bytes.byteLength - tagBytes;
    const decipher = createDecipheriv(algorithm, caseKey, bytes.subarray(0, nonceBytes));
    decipher.setAuthTag(bytes.subarray(end));
    const plain = Buffer.concat([decipher.update(bytes.subarray(nonceBytes, end)), decipher.final()]);
    return { salt: plain.subarray(0, saltBytes), body: plain.subarray(saltBytes) };
  }
}
