import { randomUUIDv7 } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { IdMemory } from '../../../bench/relay/id-memory.ts';
import type { MessageId } from '../../../protocol/ids.ts';

const makeIds = (count: number) => Array.from({ length: count }, () => randomUUIDv7() as MessageId);

describe('the memory of a consumer of the bench', () => {
  it('tells an id that it has seen from one that it has not, however full it is', () => {
    const memory = new IdMemory(64);
    const ids = makeIds(48);

    for (const id of ids) expect(memory.add(id)).toBe(true);
    for (const id of ids) expect(memory.add(id)).toBe(false);
  });

  it('says so when it is full, instead of forgetting', () => {
    const memory = new IdMemory(64);
    for (const id of makeIds(48)) memory.add(id);

    expect(() => memory.add(randomUUIDv7() as MessageId)).toThrow(RangeError);
  });
});
