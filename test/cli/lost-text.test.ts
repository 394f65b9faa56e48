import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { lostObjects, lostRows } from '../../clients/cli/lost-text.ts';
import type { Client } from '../../clients/sdk/client.ts';
import type { LostMessage } from '../../clients/sdk/lost-table.ts';
import { createTerminal } from '../../terminal/terminal.ts';

const stream = new PassThrough();
const terminal = createTerminal({ stdout: stream, stderr: stream, env: {}, json: false });
const at = Date.parse('2026-12-01T16:56:24.000Z');

/** A client that has lost messages in these states, the first of which has the id `0`. */
function clientOf(...states: LostMessage['state'][]): Client {
  const lost = states.map((state, nth) => ({
    ...{ id: String(nth), sign: 'record', foundAt: at + 60_000, acceptedAt: at, state },
    recipients: ['south/duty', 'south/night'],
  }));
  const answer = { outcome: 'refused', at, code: 'recipient-keys-mismatch' };
  return { lost: () => lost, message: () => ({ answer }) } as unknown as Client;
}

it('says nothing where nothing was lost', () => {
  expect(lostRows(clientOf(), terminal)).toEqual([]);
});

it('says what happened to a notice that only a person can help, and what to do', () => {
  const [[name, refused], [, unsent]] = lostRows(clientOf('refused', 'unsent'), terminal) as [
    [string, string],
    [string, string],
  ];
  expect(name).toBe('lost');
  expect(refused).toMatch(/^0 to south\/duty, south\/night, accepted .*:56:24.*: LOST AT THE GATEWAY/);
  expect(refused).toMatch(/refused when it was submitted again, recipient-keys-mismatch\. Send it anew\.$/);
  expect(unsent).toMatch(
    /^1 to .*MAY BE LOST.*Ask whether it has arrived, and send it anew where it has not\.$/,
  );
});

it('counts those that come right by themselves, and names no more than a screen holds', () => {
  const many = Array.from({ length: 25 }, () => 'unsent' as const);
  const rows = lostRows(clientOf(...many, 'due', 'sent', 'taken'), terminal).map(([, words]) => words);
  expect(rows).toHaveLength(23);
  expect(rows.slice(20)).toEqual([
    '5 more like these: --json names all',
    '2 at the gateway; submitted again by itself, by `listen` or `send`: a shorter command may end before',
    '1 at the gateway; submitted again, and accepted',
  ]);
});

it('tells a script each of them, with times that it can read', () => {
  expect(lostObjects(clientOf('due'))).toEqual([
    {
      ...{ type: 'lost', id: '0', sign: 'record', state: 'due', recipients: ['south/duty', 'south/night'] },
      ...{ acceptedAt: '2026-12-01T16:56:24.000Z', foundAt: '2026-12-01T16:57:24.000Z' },
    },
  ]);
});
