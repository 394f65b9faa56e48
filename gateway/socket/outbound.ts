/** What goes out over one socket: gathered for a turn of the event loop, so that many units share a frame and a write. */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { GatewayFrame } from '../../protocol/wire/control.ts';
import { encodeUnitFrame } from '../../protocol/wire/frame.ts';
import { limits } from '../../protocol/limits.ts';
import { encodeReceiptFrame } from '../../protocol/wire/receipt-group.ts';

/** Above this many buffered bytes nothing is pushed until the socket has drained. */
const highWaterBytes = 1024 * 1024;

export class Outbound {
  readonly #socket: WebSocket;
  readonly #transport: Socket;
  #units: Buffer[] = [];
  #unitBytes = 0;
  #corked = false;

  constructor(socket: WebSocket, transport: Socket) {
    this.#socket = socket;
    this.#transport = transport;
  }

  /** Bytes that wait to be sent. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount + this.#unitBytes;
  }

  /** Bytes that the network has taken so far. */
  get takenBytes(): number {
    return this.#transport.bytesWritten - this.#transport.writableLength;
  }

  isWritable(): boolean {
    return this.bufferedBytes < highWaterBytes;
  }

  control(frame: GatewayFrame): void {
    this.#flushUnits();
    this.#cork();
    this.#socket.send(JSON.stringify(frame));
  }

  receipts(position: number, group: Buffer): void {
    this.#cork();
    this.#socket.send(encodeReceiptFrame(position, group));
  }

  deliver(units: readonly Buffer[]): void {
    for (const unit of units) {
      const full = this.#units.length >= limits.maxUnits;
      if (full || this.#unitBytes + unit.byteLength > limits.maxFrameBytes / 2) this.#flushUnits();
      this.#units.push(unit);
      this.#unitBytes += unit.byteLength;
    }
    this.#cork();
  }

  /** Sends what is gathered, then the close frame. */
  close(code: number, reason: string): void {
    this.#flushUnits();
    this.#socket.close(code, reason);
  }

  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#transport.cork();
    setImmediate(() => {
      this.#corked = false;
      this.#flushUnits();
      this.#transport.uncork();
    });
  }

  #flushUnits(): void {
    if (this.#units.length === 0) return;
    const units = this.#units;
    this.#units = [];
    this.#unitBytes = 0;
    this.#socket.send(encodeUnitFrame('deliver', units));
  }
}
