import { expect, it } from 'vitest';
import type { FoundBodies } from '../../../../gateway/store/mongodb/case-bodies.ts';
import { eraseInPortions } from '../../../../gateway/store/mongodb/erasure.ts';
import type { Results } from '../../../../gateway/store/mongodb/operations.ts';
import type { UnderWay } from '../../../../gateway/store/port.ts';

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
  await erase('wait', asked, { toEmpty: [1] }, 'unsearched', 'unsearched', { toEmpty: [2] }, 'erased');
  expect(asked).toEqual([0, 0, 1, 2, 3]);
});

it('an erasure that waits for a new message says what of it is done already, where something is', async () => {
  const toEmpty = [1, 2, 3];
  expect(await erase('wait', [], 'pending')).toBe('pending');
  expect(await erase('wait', [], { toEmpty }, 'erased')).toBe('erased');
  await expect(erase('wait', [], { toEmpty }, 'pending')).rejects.toMatchObject({
    code: 'case-pending',
    detail: expect.stringContaining('The ciphertexts of 3 others are gone already') as string,
  });
  // Whoever ends what is under way asks again by himself.
  expect(await erase('end', [], { toEmpty }, 'pending')).toBe('pending');
});
