import { expect, it } from 'vitest';
import { exitCodeOfMessage } from '../../clients/cli/status-verdict.ts';

type Message = Parameters<typeof exitCodeOfMessage>[0];

it.each([
  ['waits for the gateway', 'waiting', [undefined], 3],
  ['was refused by the gateway', 'refused', [undefined], 1],
  ['has not reached everybody', 'accepted', ['stored', undefined], 3],
  ['has expired for one, with another still open', 'accepted', ['expired', undefined], 1],
  ['was refused by a recipient', 'accepted', ['stored', 'refused'], 1],
  ['has reached everybody', 'accepted', ['stored', 'stored'], 0],
] as const)('a notice that %s has an exit code of its own', (_what, state, outcomes, code) => {
  const deliveries = outcomes.map((outcome) => ({ recipient: 'a/b', outcome }));
  expect(exitCodeOfMessage({ state, deliveries } as unknown as Message)).toBe(code);
});
