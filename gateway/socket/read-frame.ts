/** What a client has sent: the event that it is for the session, and what it carries. */
import { CausewayError } from '../../protocol/errors.ts';
import { parseClientFrame } from '../../protocol/wire/control.ts';
import { decodeUnitFrame, frameKind, type Unit } from '../../protocol/wire/frame.ts';
import { decodeReceiptFrame } from '../../protocol/wire/receipt-group.ts';
import type { SessionEvent } from './session-machine.ts';

export type ReadFrame = {
  readonly event: SessionEvent;
  /** Of a submission. */
  readonly units?: readonly Unit[];
  /** Of a frame of receipts. */
  readonly group?: Buffer;
};

/** @throws CausewayError `frame-malformed`, `frame-unexpected` and whatever else is wrong with the frame */
export function readFrame(data: Buffer, isBinary: boolean): ReadFrame {
  if (!isBinary) return { event: { type: 'control', frame: parseClientFrame(data.toString('utf8')) } };
  switch (frameKind(data)) {
    case 'submit': {
      const units = decodeUnitFrame(data);
      return { event: { type: 'submit', units: units.length }, units };
    }
    case 'receipts':
      return { event: { type: 'receipts' }, group: decodeReceiptFrame(data).group };
    case 'deliver':
      throw new CausewayError('frame-unexpected', { detail: 'Only the gateway delivers.' });
  }
}
