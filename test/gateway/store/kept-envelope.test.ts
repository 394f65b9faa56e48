import { expect, test } from 'vitest';
import { keptEnvelope, readKeptEnvelope } from '../../../gateway/store/kept-envelope.ts';
import type { MessageEvidence } from '../../../gateway/store/port.ts';
import type { MessageId } from '../../../protocol/ids.ts';
import { encodeUnit } from '../../../protocol/wire/frame.ts';
import { plainEnvelope } from '../../protocol/samples.ts';
import { health, police } from './synthetic-messages.ts';

const envelope = plainEnvelope();
const unitOf = (text: string): Buffer =>
  encodeUnit(Buffer.from(text), Buffer.alloc(68), Buffer.from('x')).bytes;
const unit = unitOf(JSON.stringify(envelope));

test('the envelope of a kept message is that of its sender', async () => {
  const evidence = [
    { source: health, unit: Buffer.alloc(0) },
    { source: police, unit },
  ];
  const store = { readEvidence: () => Promise.resolve(evidence as unknown as MessageEvidence[]) };
  const read = (source: typeof police) => readKeptEnvelope(store, envelope.id as MessageId, source);
  expect((await read(police))?.id).toBe(envelope.id);
  expect(await read(health)).toBeUndefined();
  evidence.pop();
  expect(await read(police)).toBeUndefined();
});

test('there is none where the message was erased, nor where its unit is damaged', () => {
  const damaged = Buffer.from(unit);
  damaged.fill(0xff, 0, 4);
  for (const bytes of [Buffer.alloc(0), damaged, unit.subarray(0, 40), unitOf('{"v":1}')])
    expect(keptEnvelope({ unit: bytes })).toBeUndefined();
});
