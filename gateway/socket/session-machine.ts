/**
 * The session as a pure state machine: `(state, event) → { state, effects }`.
 *
 * | state    | event            | next                                            | effects                          |
 * |----------|------------------|-------------------------------------------------|----------------------------------|
 * | hello    | hello            | ready                                           | welcome                          |
 * | hello    | any other frame  | closed                                          | error hello-expected, close      |
 * | hello    | deadline         | closed                                          | error hello-timeout, close       |
 * | ready    | submit frame     | ready, unanswered + units                       | submit                           |
 * | ready    | submit, too many | closed                                          | error window-exceeded, close     |
 * | ready    | receipt frame    | ready, unsettled + 1                            | settle                           |
 * | ready, draining | receipt frame, too many | closed                                   | error window-exceeded, close     |
 * | ready    | credit, received, receipts-stored | ready                          | grant, confirm, forget           |
 * | ready    | goodbye          | draining, or closed when nothing is open        | stop deliveries; close 1000      |
 * | ready    | drain            | draining, or closed when nothing is open        | draining frame; close 1001       |
 * | draining | submit frame     | closed after a goodbye, ignored after a drain   | error frame-unexpected, close    |
 * | draining | receipt frame    | draining, unsettled + 1                         | settle                           |
 * | ready, draining | answered, settled | draining → closed when nothing is open | send the answer; close           |
 * | any      | fail             | closed                                          | stop deliveries; error, close    |
 * | any      | gone             | closed                                          | –                                |
 *
 * A submission that arrives after the gateway began to drain is ignored: it has not been answered, so the client
 * sends it again over its next session.
 */
import { catalogue, CausewayError } from '../../protocol/errors.ts';
import type { ClientFrame } from '../../protocol/wire/control.ts';
import { limits } from '../../protocol/limits.ts';

export type SessionState = {
  readonly phase: 'hello' | 'ready' | 'draining' | 'closed';
  /** Submitted units without an answer. */
  readonly unanswered: number;
  /** Receipt frames that are being settled. */
  readonly unsettled: number;
  /** Receipt frames dealt with so far. */
  readonly receiptFramesTaken: number;
  /** Close code once draining has finished. */
  readonly closeWith: 1000 | 1001;
};

export type SessionEvent =
  | { readonly type: 'control'; readonly frame: ClientFrame }
  | { readonly type: 'submit'; readonly units: number }
  | { readonly type: 'receipts' }
  | { readonly type: 'answered'; readonly units: number }
  /** A receipt frame was dealt with; `refusal`: why it changed nothing. */
  | { readonly type: 'settled'; readonly refusal?: CausewayError | undefined }
  | { readonly type: 'deadline' }
  | { readonly type: 'drain' }
  | { readonly type: 'fail'; readonly error: CausewayError }
  | { readonly type: 'gone' };

export type SessionEffect =
  | { readonly do: 'welcome'; readonly receiptsAfter: number | null; readonly client: string }
  | { readonly do: 'submit' }
  | { readonly do: 'settle' }
  | { readonly do: 'grant'; readonly messages: number }
  | { readonly do: 'confirm'; readonly units: number }
  | { readonly do: 'forget'; readonly through: number }
  | { readonly do: 'tell-refusal'; readonly error: CausewayError }
  | { readonly do: 'tell-taken'; readonly frames: number }
  | { readonly do: 'stop-deliveries' }
  | { readonly do: 'tell-draining' }
  | { readonly do: 'tell-error'; readonly error: CausewayError; readonly closing: boolean }
  | { readonly do: 'close'; readonly code: number };

export type Transition = { readonly state: SessionState; readonly effects: readonly SessionEffect[] };

export const initialState: SessionState = {
  phase: 'hello',
  unanswered: 0,
  unsettled: 0,
  receiptFramesTaken: 0,
  closeWith: 1000,
};

/** One step of the session. Pure. */
export function step(state: SessionState, event: SessionEvent): Transition {
  if (state.phase === 'closed') return { state, effects: [] };
  switch (event.type) {
    case 'gone':
      return { state: { ...state, phase: 'closed' }, effects: [] };
    case 'fail':
      return fail(state, event.error);
    case 'deadline':
      return state.phase === 'hello'
        ? fail(state, new CausewayError('hello-timeout'))
        : { state, effects: [] };
    case 'drain':
      return drain(state);
    case 'control':
      return control(state, event.frame);
    case 'submit':
      return submit(state, event.units);
    case 'receipts':
      if (state.phase === 'hello') return fail(state, new CausewayError('hello-expected'));
      if (state.unsettled >= limits.maxUnanswered) return fail(state, new CausewayError('window-exceeded'));
      return { state: { ...state, unsettled: state.unsettled + 1 }, effects: [{ do: 'settle' }] };
    case 'answered':
      return finish({ ...state, unanswered: state.unanswered - event.units }, []);
    case 'settled': {
      const receiptFramesTaken = state.receiptFramesTaken + 1;
      return finish({ ...state, unsettled: state.unsettled - 1, receiptFramesTaken }, [
        // Right before the count that it belongs to: so the client knows which frame was refused.
        ...(event.refusal === undefined ? [] : [{ do: 'tell-refusal' as const, error: event.refusal }]),
        { do: 'tell-taken', frames: receiptFramesTaken },
      ]);
    }
  }
}

function control(state: SessionState, frame: ClientFrame): Transition {
  if (state.phase === 'hello') {
    if (frame.type !== 'hello') return fail(state, new CausewayError('hello-expected'));
    const { receiptsAfter, client } = frame;
    return { state: { ...state, phase: 'ready' }, effects: [{ do: 'welcome', receiptsAfter, client }] };
  }
  switch (frame.type) {
    case 'hello':
      return fail(state, new CausewayError('frame-unexpected', { detail: 'hello came twice.' }));
    case 'credit':
      return { state, effects: state.phase === 'ready' ? [{ do: 'grant', messages: frame.messages }] : [] };
    case 'received':
      return { state, effects: [{ do: 'confirm', units: frame.units }] };
    case 'receipts-stored':
      return { state, effects: [{ do: 'forget', through: frame.through }] };
    case 'goodbye':
      if (state.phase === 'draining') return { state, effects: [] };
      return finish({ ...state, phase: 'draining', closeWith: 1000 }, [{ do: 'stop-deliveries' }]);
  }
}

function submit(state: SessionState, units: number): Transition {
  if (state.phase === 'hello') return fail(state, new CausewayError('hello-expected'));
  if (state.phase === 'draining') {
    if (state.closeWith === 1001) return { state, effects: [] };
    return fail(state, new CausewayError('frame-unexpected', { detail: 'A submission came after goodbye.' }));
  }
  const unanswered = state.unanswered + units;
  if (unanswered > limits.maxUnanswered) return fail(state, new CausewayError('window-exceeded'));
  return { state: { ...state, unanswered }, effects: [{ do: 'submit' }] };
}

function drain(state: SessionState): Transition {
  if (state.phase === 'hello') {
    return { state: { ...state, phase: 'closed' }, effects: [{ do: 'close', code: 1001 }] };
  }
  if (state.phase === 'draining') return { state, effects: [] };
  return finish({ ...state, phase: 'draining', closeWith: 1001 }, [
    { do: 'stop-deliveries' },
    { do: 'tell-draining' },
  ]);
}

/** Closes a draining session once nothing is open. */
function finish(state: SessionState, effects: readonly SessionEffect[]): Transition {
  if (state.phase !== 'draining' || state.unanswered > 0 || state.unsettled > 0) return { state, effects };
  return {
    state: { ...state, phase: 'closed' },
    effects: [...effects, { do: 'close', code: state.closeWith }],
  };
}

function fail(state: SessionState, error: CausewayError): Transition {
  return {
    state: { ...state, phase: 'closed' },
    effects: [
      { do: 'stop-deliveries' },
      { do: 'tell-error', error, closing: true },
      { do: 'close', code: catalogue[error.code].closeCode ?? 1011 },
    ],
  };
}
