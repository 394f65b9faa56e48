import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  initialState,
  step,
  type SessionEffect,
  type SessionEvent,
  type SessionState,
} from '../../../gateway/socket/session-machine.ts';
import { catalogue, CausewayError } from '../../../protocol/errors.ts';
import { limits } from '../../../protocol/limits.ts';

const hello: SessionEvent = { type: 'control', frame: { type: 'hello', client: 'test', receiptsAfter: 0 } };

function run(events: readonly SessionEvent[]): { state: SessionState; effects: SessionEffect[] } {
  let state = initialState;
  const effects: SessionEffect[] = [];
  for (const event of events) {
    const next = step(state, event);
    state = next.state;
    effects.push(...next.effects);
  }
  return { state, effects };
}

function names(effects: readonly SessionEffect[]): string[] {
  return effects.map((effect) => effect.do);
}

describe('a session before hello', () => {
  it('is welcomed by hello and is ready', () => {
    const { state, effects } = run([hello]);
    expect(state.phase).toBe('ready');
    expect(effects).toEqual([{ do: 'welcome', receiptsAfter: 0, client: 'test' }]);
  });

  it.each<[string, SessionEvent]>([
    ['a submission', { type: 'submit', units: 1 }],
    ['receipts', { type: 'receipts' }],
    ['credit', { type: 'control', frame: { type: 'credit', messages: 1 } }],
    ['goodbye', { type: 'control', frame: { type: 'goodbye' } }],
  ])('is closed by %s with hello-expected', (_what, event) => {
    const { state, effects } = run([event]);
    expect(state.phase).toBe('closed');
    expect(effects).toMatchObject([
      { do: 'stop-deliveries' },
      { do: 'tell-error', error: { code: 'hello-expected' }, closing: true },
      { do: 'close', code: catalogue['hello-expected'].closeCode },
    ]);
  });

  it('is closed when its absolute deadline passes', () => {
    expect(run([{ type: 'deadline' }]).effects).toMatchObject([
      { do: 'stop-deliveries' },
      { error: { code: 'hello-timeout' } },
      { do: 'close', code: 4408 },
    ]);
  });

  it('closes at once when the gateway drains', () => {
    expect(run([{ type: 'drain' }]).effects).toEqual([{ do: 'close', code: 1001 }]);
  });
});

describe('a ready session', () => {
  it('does not mind the deadline any more', () => {
    expect(run([hello, { type: 'deadline' }]).state.phase).toBe('ready');
  });

  it('is closed by a second hello', () => {
    expect(run([hello, hello]).effects.at(-2)).toMatchObject({ error: { code: 'frame-unexpected' } });
  });

  it('takes submissions up to the window and is closed beyond it', () => {
    const full = run([hello, { type: 'submit', units: limits.maxUnanswered }]);
    expect(full.state.phase).toBe('ready');
    expect(step(full.state, { type: 'submit', units: 1 }).effects).toMatchObject([
      { do: 'stop-deliveries' },
      { error: { code: 'window-exceeded' } },
      { do: 'close', code: 4429 },
    ]);
  });

  it('takes so many receipt frames at once and is closed beyond', () => {
    const receipts = Array.from({ length: limits.maxUnanswered }, (): SessionEvent => ({ type: 'receipts' }));
    const full = run([hello, ...receipts]);
    expect(full.state.phase).toBe('ready');
    expect(step(full.state, { type: 'receipts' }).effects[1]).toMatchObject({
      error: { code: 'window-exceeded' },
    });
  });

  it('takes more once it has answered', () => {
    const { state } = run([
      hello,
      { type: 'submit', units: limits.maxUnanswered },
      { type: 'answered', units: 10 },
      { type: 'submit', units: 10 },
    ]);
    expect(state).toMatchObject({ phase: 'ready', unanswered: limits.maxUnanswered });
  });

  it('tells how many receipt frames it has dealt with', () => {
    const { effects } = run([
      hello,
      { type: 'receipts' },
      { type: 'receipts' },
      { type: 'settled' },
      { type: 'settled' },
    ]);
    expect(effects.slice(-2)).toEqual([
      { do: 'tell-taken', frames: 1 },
      { do: 'tell-taken', frames: 2 },
    ]);
  });

  it('tells of a receipt frame that was refused right before the count that it belongs to', () => {
    const refusal = new CausewayError('receipt-unmatched');
    const { effects } = run([hello, { type: 'receipts' }, { type: 'settled', refusal }]);
    expect(effects.slice(-2)).toEqual([
      { do: 'tell-refusal', error: refusal },
      { do: 'tell-taken', frames: 1 },
    ]);
  });

  it('closes with the code of the error that it fails with', () => {
    const error = new CausewayError('endpoint-revoked');
    expect(run([hello, { type: 'fail', error }]).effects.slice(1)).toEqual([
      { do: 'stop-deliveries' },
      { do: 'tell-error', error, closing: true },
      { do: 'close', code: 4403 },
    ]);
  });
});

describe('a draining session', () => {
  it('closes with 1001 when nothing is open', () => {
    expect(names(run([hello, { type: 'drain' }]).effects)).toEqual([
      'welcome',
      'stop-deliveries',
      'tell-draining',
      'close',
    ]);
  });

  it('answers what is open before it closes', () => {
    const draining = run([hello, { type: 'submit', units: 3 }, { type: 'receipts' }, { type: 'drain' }]);
    expect(draining.state.phase).toBe('draining');
    const answered = step(draining.state, { type: 'answered', units: 3 });
    expect(answered.state.phase).toBe('draining');
    const settled = step(answered.state, { type: 'settled' });
    expect(settled.state.phase).toBe('closed');
    expect(settled.effects.at(-1)).toEqual({ do: 'close', code: 1001 });
  });

  it('leaves submissions that come after the gateway began to drain unanswered', () => {
    const draining = run([hello, { type: 'submit', units: 1 }, { type: 'drain' }]);
    expect(step(draining.state, { type: 'submit', units: 1 })).toEqual({
      state: draining.state,
      effects: [],
    });
  });

  it('is closed by a submission after the client said goodbye', () => {
    const goodbye: SessionEvent = { type: 'control', frame: { type: 'goodbye' } };
    const draining = run([hello, { type: 'submit', units: 1 }, goodbye]);
    expect(step(draining.state, { type: 'submit', units: 1 }).effects[1]).toMatchObject({
      error: { code: 'frame-unexpected' },
    });
  });
});

const anyEvent = fc.oneof(
  fc.constant(hello),
  fc.record({ type: fc.constant('submit' as const), units: fc.integer({ min: 1, max: 300 }) }),
  fc.constant({ type: 'receipts' as const }),
  fc.constant({ type: 'deadline' as const }),
  fc.constant({ type: 'drain' as const }),
  fc.constant({ type: 'gone' as const }),
  fc.constant({ type: 'control' as const, frame: { type: 'goodbye' as const } }),
  fc.constant({ type: 'control' as const, frame: { type: 'credit' as const, messages: 5 } }),
  fc.constant({ type: 'fail' as const, error: new CausewayError('internal-error') }),
);

describe('whatever happens', () => {
  it('a session closes at most once, with a legal code, and does nothing afterwards', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        const { state, effects } = run(events);
        const closes = effects.filter((effect) => effect.do === 'close');
        expect(closes.length).toBeLessThanOrEqual(1);
        for (const { code } of closes) expect(code === 1000 || code === 1001 || code >= 1009).toBe(true);
        if (closes.length === 1) {
          expect(state.phase).toBe('closed');
          expect(effects.at(-1)?.do).toBe('close');
        }
      }),
    );
  });

  it('a session that drains always closes once everything open has been answered', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 10 }),
        fc.nat({ max: 5 }),
        (submissions, receiptFrames) => {
          const events: SessionEvent[] = [
            hello,
            ...submissions.map((units): SessionEvent => ({ type: 'submit', units })),
            ...Array.from({ length: receiptFrames }, (): SessionEvent => ({ type: 'receipts' })),
            { type: 'drain' },
            ...submissions.map((units): SessionEvent => ({ type: 'answered', units })),
            ...Array.from({ length: receiptFrames }, (): SessionEvent => ({ type: 'settled' })),
          ];
          expect(run(events).state).toMatchObject({ phase: 'closed', unanswered: 0, unsettled: 0 });
        },
      ),
    );
  });
});
