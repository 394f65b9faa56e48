/**
 * What one turn of the event loop wants to send, put into as few frames as possible and written in one go.
 *
 * Units that are submitted one behind the other share a frame; their order among themselves and against
 * receipts and control frames is kept. A frame of submissions holds no more than {@link unitsAtOnce} units, or
 * as many as the gateway takes where these are fewer, though the protocol allows more: the gateway answers a frame once all of it has been examined, so with
 * shorter frames the first answers come while the next frame is still being examined.
 */
import type { TLSSocket } from 'node:tls';
import type WebSocket from 'ws';
import { CausewayError } from '../../protocol/errors.ts';
import type { ClientFrame } from '../../protocol/wire/control.ts';
import { encodeUnitFrame, frameHeaderBytes, type Unit } from '../../protocol/wire/frame.ts';
import { limits, type Limits } from '../../protocol/limits.ts';
import { unitsAtOnce } from './batcher.ts';

/** The part of a socket that the queue writes to. */
type SendTarget = {
  readonly webSocket: Pick<WebSocket, 'send' | 'bufferedAmount'>;
  readonly tlsSocket: () => Pick<TLSSocket, 'cork' | 'uncork'> | undefined;
};

export class SendQueue {
  readonly #target: SendTarget;
  readonly #onWritten: () => void;
  #frames: (Buffer | string)[] = [];
  #units: Buffer[] = [];
  #unitBytes = frameHeaderBytes;
  #queuedBytes = 0;
  #scheduled: NodeJS.Immediate | undefined;
  #open = false;
  #maxFrameBytes: number = limits.maxFrameBytes;
  #maxUnits = unitsAtOnce;

  /** `onWritten` is called when a flush has left the process. */
  constructor(target: SendTarget, onWritten: () => void) {
    this.#target = target;
    this.#onWritten = onWritten;
  }

  /** Bytes that have not left the process. */
  get bufferedBytes(): number {
    return this.#queuedBytes + this.#target.webSocket.bufferedAmount;
  }

  /** Starts writing; what was put before is kept until then. */
  open(): void {
    this.#open = true;
    this.#schedule();
  }

  /** From now on frames are no larger than the gateway takes. */
  heed({ maxFrameBytes, maxUnits }: Limits): void {
    this.#maxFrameBytes = maxFrameBytes;
    this.#maxUnits = Math.min(unitsAtOnce, maxUnits);
  }

  /** @throws CausewayError `frame-too-large` when a unit does not fit a frame by itself */
  putUnits(units: readonly Unit[]): void {
    for (const { bytes } of units) {
      const size = bytes.byteLength;
      if (frameHeaderBytes + size > this.#maxFrameBytes) throw new CausewayError('frame-too-large');
      if (this.#units.length === this.#maxUnits || this.#unitBytes + size > this.#maxFrameBytes) {
        this.#sealUnits();
      }
      this.#units.push(bytes);
      this.#unitBytes += size;
      this.#queuedBytes += size;
    }
    if (this.#units.length === this.#maxUnits) this.flush();
    else this.#schedule();
  }

  putFrame(frame: Buffer): void {
    this.#sealUnits();
    this.#frames.push(frame);
    this.#queuedBytes += frame.byteLength;
    this.#schedule();
  }

  putControl(frame: ClientFrame): void {
    this.#sealUnits();
    this.#frames.push(JSON.stringify(frame));
    this.#schedule();
  }

  /** Writes what is waiting at once. */
  flush(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    if (!this.#open) return;
    this.#sealUnits();
    const frames = this.#frames;
    if (frames.length === 0) return;
    this.#frames = [];
    this.#queuedBytes = 0;
    const tlsSocket = this.#target.tlsSocket();
    tlsSocket?.cork();
    const last = frames.length - 1;
    // Once the socket is closing, `send` reports it here; the close event says the rest.
    frames.forEach((frame, index) =>
      this.#target.webSocket.send(frame, index === last ? () => this.#onWritten() : ignore),
    );
    tlsSocket?.uncork();
  }

  /** Drops what was not written; nothing is sent any more. */
  discard(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#open = false;
    this.#frames = [];
    this.#units = [];
    this.#queuedBytes = 0;
  }

  #sealUnits(): void {
    if (this.#units.length === 0) return;
    this.#frames.push(encodeUnitFrame('submit', this.#units));
    this.#units = [];
    this.#unitBytes = frameHeaderBytes;
  }

  #schedule(): void {
    if (this.#open) this.#scheduled ??= setImmediate(() => this.flush());
  }
}

function ignore(): void {
  // Nothing to do: see flush.
}
