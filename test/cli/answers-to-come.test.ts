import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { readAnswersToCome, tellAnswersToCome } from '../../gateway/cli/answers-to-come.ts';
import { alertMessageId } from '../../gateway/correlator/alert-document.ts';
import { positionMark } from '../../gateway/correlator/place-beyond-log.ts';
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import { encodeEnvelope } from '../../protocol/wire/envelope.ts';
import { encodeUnit } from '../../protocol/wire/frame.ts';
import { createTerminal } from '../../terminal/terminal.ts';
import {
  alertOf,
  health,
  north,
  openAlertFixture,
  police,
  south,
  twoAgencies,
} from '../gateway/alerts/alert-fixture.ts';
import { acceptable, messageId } from '../gateway/store/synthetic-messages.ts';
import { sampleEnvelope } from '../protocol/samples.ts';

it('answers behind the mark of the correlator are told of, if they count and the log has none of them', async () => {
  await using fixture = await openAlertFixture();
  const { store } = fixture;
  await fixture.enrol(north, 'duty');
  await fixture.enrol(police, 'public-protection');
  const notices = [await fixture.notice(1, police, north), await fixture.notice(2, health, north)];
  const alert = alertOf(notices, twoAgencies);
  await fixture.sender().send(alert, fixture.lease);
  const answered = alertMessageId(alert);
  const say = async (number: number, source: EndpointAddress, category: string): Promise<MessageId> => {
    const id = messageId(number);
    const envelope = encodeEnvelope({ ...sampleEnvelope(), id, source, category, inReplyTo: answered });
    const { bytes } = encodeUnit(envelope, Buffer.alloc(67), Buffer.from('ciphertext'));
    await store.submit({ source, messages: [acceptable(number, { unit: bytes })] });
    return id;
  };
  await say(3, north, 'alert-known');
  expect(await readAnswersToCome(store, [])).toEqual({ counts: new Map(), areAll: true });

  await store.setMarks(new Map([[positionMark, await store.countLeaves()]]));
  expect(await readAnswersToCome(store, [])).toEqual({ counts: new Map(), areAll: true });
  const first = await say(4, north, 'alert-acted');
  await say(5, police, 'alert-known');
  await say(6, south, 'alert-known');
  await say(7, north, 'concern');
  expect(await readAnswersToCome(store, [])).toEqual({ counts: new Map([[answered, 2]]), areAll: true });
  expect((await readAnswersToCome(store, [{ message: first }])).counts).toEqual(new Map([[answered, 1]]));
});

it.each([
  [0, true, false, ''],
  [0, false, false, 'The correlator is far behind: answers may have come that are not counted here.\n'],
  [
    0,
    false,
    true,
    '{"type":"answers-to-come","answers":0,"areAll":false,"detail":"The correlator is far behind',
  ],
  [1, true, false, '1 answer has come since the correlator last looked: it counts from its next look on.\n'],
  [3, false, false, 'At least 3 answers have come since'],
  [
    2,
    true,
    false,
    '2 answers have come since the correlator last looked: they count from its next look on.\n',
  ],
  [1, true, true, '{"type":"answers-to-come","answers":1,"areAll":true,"detail":"1 answer has come'],
])(
  '%i of them, which may be all: %s, are told in a sentence, with --json: %s',
  (count, areAll, json, said) => {
    const stream = new PassThrough({ encoding: 'utf8' });
    tellAnswersToCome(count, { areAll }, createTerminal({ stdout: stream, stderr: stream, env: {}, json }));
    expect(String(stream.read() ?? '').slice(0, said.length || undefined)).toBe(said);
  },
);
