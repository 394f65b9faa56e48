import { describe, expect, it } from 'vitest';
import { Intake } from '../../../gateway/socket/intake.ts';

/** A session's share, the state of its valve, and work on bytes that ends when it is told to. */
function openSession(intake: Intake) {
  let state: 'open' | 'paused' = 'open';
  const share = intake.shareOf({ pause: () => (state = 'paused'), resume: () => (state = 'open') });
  share.open();
  return {
    state: () => state,
    take: (bytes: number) => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const ended = share.during(bytes, () => promise);
      return async () => {
        resolve(undefined);
        await ended;
      };
    },
    close: () => share.close(),
  };
}

describe('what waits to become durable', () => {
  it('stops the session that brought too much, and no other, until its work is done', async () => {
    const intake = new Intake({ bytesOfOne: 10, bytesOfAll: 1000 });
    const [busy, quiet] = [openSession(intake), openSession(intake)];
    const first = busy.take(10);
    expect(busy.state()).toBe('open');
    const second = busy.take(1);
    expect([busy.state(), quiet.state()]).toEqual(['paused', 'open']);
    await second();
    expect(busy.state()).toBe('open');
    await first();
  });

  it('stops all sessions, new ones too, once all together have brought too much, until half of it is gone', async () => {
    const intake = new Intake({ bytesOfOne: 10, bytesOfAll: 20 });
    const sessions = [1, 2, 3].map(() => openSession(intake));
    const ends = sessions.map(({ take }) => take(7));
    const late = openSession(intake);
    expect([...sessions, late].map(({ state }) => state())).toEqual(Array(4).fill('paused'));
    await ends[0]?.();
    expect(late.state()).toBe('paused');
    await ends[1]?.();
    expect([...sessions, late].map(({ state }) => state())).toEqual(Array(4).fill('open'));
    await ends[2]?.();
  });

  it('keeps a session stopped that alone has too much when the others may go on', async () => {
    const intake = new Intake({ bytesOfOne: 10, bytesOfAll: 24 });
    const [large, small] = [openSession(intake), openSession(intake)];
    const rest = large.take(12);
    const more = small.take(13);
    expect([large.state(), small.state()]).toEqual(['paused', 'paused']);
    await more();
    expect([large.state(), small.state()]).toEqual(['paused', 'open']);
    await rest();
    expect(large.state()).toBe('open');
  });

  it('counts what a closed session left behind and leaves its socket alone', async () => {
    const intake = new Intake({ bytesOfOne: 10, bytesOfAll: 20 });
    const gone = openSession(intake);
    const end = gone.take(9);
    gone.close();
    const there = openSession(intake);
    const other = there.take(9);
    const third = there.take(3);
    expect([gone.state(), there.state()]).toEqual(['open', 'paused']);
    await Promise.all([other(), third(), end()]);
    expect(there.state()).toBe('open');
  });

  it('lets go of bytes when the work on them fails', async () => {
    const intake = new Intake({ bytesOfOne: 10, bytesOfAll: 20 });
    const session = openSession(intake);
    const share = intake.shareOf({ pause: () => undefined, resume: () => undefined });
    await expect(share.during(30, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect([intake.isFull, session.state()]).toEqual([false, 'open']);
  });
});
