import { expect, it } from 'vitest';
import type { FoundBodies } from '../../../../gateway/store/mongodb/case-bodies.ts';
import type { CaseMessage } from '../../../../gateway/store/mongodb/draft.ts';
import { eraseCase, eraseInPortions } from '../../../../gateway/store/mongodb/erasure.ts';
import { messageKey } from '../../../../gateway/store/mongodb/keys.ts';
import type { Results, ToEmpty } from '../../../../gateway/store/mongodb/operations.ts';
import type { UnderWay } from '../../../../gateway/store/port.ts';
import { messageId, police } from '../synthetic-messages.ts';

const messages = (count: number): CaseMessage[] =>
  Array.from({ length: count }, (_, record) => ({ _id: messageKey(police, messageId(0)), record }));
const toEmpty = (count: number): ToEmpty => ({ toEmpty: messages(count), unnamed: 0 });

/** Erases a case of which the store answers this, one after the other, and empties whatever it is asked to. */
async function erase(
  underWay: UnderWay,
  asked: number[],
  ...answers: Results['erase-case'][]
): Promise<string> {
  const context = { patienceMs: 0, causal: { within: () => Promise.resolve() } };
  const ask = async (found: FoundBodies | undefined) => {
    asked.push(found?.asOf ?? 0);
    return Promise.resolve(answers.shift()!);
  };
  const find = async (before?: FoundBodies) =>
    Promise.resolve({ secret: undefined, asOf: (before?.asOf ?? 0) + 1, leaves: [] });
  return await eraseInPortions({ find, ask }, underWay, context as never);
}

it('an erasure looks for the bodies of its case only where it is asked to, and from then on before it asks once more', async () => {
  const asked: number[] = [];
  await erase('wait', asked, toEmpty(1), 'unsearched', 'unsearched', toEmpty(1), 'erased');
  expect(asked).toEqual([0, 0, 1, 2, 3]);
});

it('an erasure that waits for a new message says what of it is done already, where something is', async () => {
  expect(await erase('wait', [], 'pending')).toBe('pending');
  expect(await erase('wait', [], toEmpty(3), 'erased')).toBe('erased');
  await expect(erase('wait', [], toEmpty(3), 'pending')).rejects.toMatchObject({
    code: 'case-pending',
    detail: expect.stringContaining('The ciphertexts of 3 others are gone already') as string,
  });
  // Whoever ends what is under way asks again by himself.
  expect(await erase('end', [], toEmpty(3), 'pending')).toBe('pending');
});

it('an erasure leaves no more messages with the name of their case than its last transaction can take it from', async () => {
  const caseState = { messages: messages(10_400), emptied: 0, open: [], bodies: undefined };
  const draft = { caseState, secrets: { has: () => true } };
  const order = {
    type: 'erase-case',
    id: messageId(0),
    underWay: 'wait',
    line: '{}',
    found: undefined,
  } as const;
  const first = eraseCase(draft as never, order);
  expect(first).toMatchObject({ unnamed: 400 });
  const gone: string[][] = [];
  const updateMany = (_: unknown, { $unset = {} }: { $unset?: object }): void => {
    if ('category' in $unset) gone.push(Object.keys($unset));
  };
  const session = { startTransaction: () => undefined, commitTransaction: () => undefined };
  const context = {
    patienceMs: 0,
    causal: { within: async (work: (in_: unknown) => Promise<unknown>) => work(session) },
    collections: { message: { updateMany }, acceptance: { updateMany } },
  };
  const answers = [first, 'erased' as const];
  const steps = {
    ask: async () => Promise.resolve(answers.shift()!),
    find: () => Promise.reject(new Error()),
  };
  expect(await eraseInPortions(steps, 'wait', context as never)).toBe('erased');
  const unnamed = gone.filter((fields) => fields.includes('thread'));
  expect([gone.length, unnamed.length]).toEqual([Math.ceil((10_400 - 256) / 256), 2]);
});
