/** Many pieces of bytes in one transferable buffer, written and read in the same order. */

/** Collects pieces, then copies each once into a buffer of the right size. */
export class ByteSink {
  readonly #pieces: (Uint8Array | string)[] = [];
  readonly #lengths: number[] = [];
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** Adds bytes. @returns their number */
  add(bytes: Uint8Array): number {
    return this.#push(bytes, bytes.byteLength);
  }

  /** Adds text as UTF-8. @returns the number of its bytes */
  addText(text: string): number {
    return this.#push(text, Buffer.byteLength(text));
  }

  /** Copies the pieces into a buffer that nothing else shares; `allocate` may give a larger one. */
  finish(allocate: (bytes: number) => ArrayBuffer = allocateExactly): ArrayBuffer {
    const buffer = Buffer.from(allocate(this.#total));
    let offset = 0;
    for (const [index, piece] of this.#pieces.entries()) {
      const length = this.#lengths[index] ?? 0;
      if (typeof piece !== 'string') buffer.set(piece, offset);
      else if (length === piece.length) buffer.write(piece, offset, length, 'latin1');
      else buffer.write(piece, offset, length, 'utf8');
      offset += length;
    }
    return buffer.buffer;
  }

  #push(piece: Uint8Array | string, length: number): number {
    this.#pieces.push(piece);
    this.#lengths.push(length);
    this.#total += length;
    return length;
  }
}

/** Unpooled and not filled with zeros: it is overwritten whole, and it can be transferred. */
function allocateExactly(bytes: number): ArrayBuffer {
  return Buffer.allocUnsafeSlow(bytes).buffer;
}

/** Gives the pieces back, as views. */
export class ByteSource {
  readonly #bytes: Buffer;
  #offset: number;

  constructor(bytes: ArrayBuffer, offset = 0) {
    this.#bytes = Buffer.from(bytes);
    this.#offset = offset;
  }

  take(length: number): Buffer {
    const end = this.#offset + length;
    if (end > this.#bytes.byteLength) throw new RangeError('the packet is too short');
    const piece = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return piece;
  }

  /** All that was not taken. */
  rest(): Buffer {
    return this.take(this.#bytes.byteLength - this.#offset);
  }
}
