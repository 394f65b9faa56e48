import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { LogFolder } from '../../../gateway/audit/log-folder.ts';
import { LogHistory, readLogHistory } from '../../../gateway/audit/log-history.ts';
import { LogKeeper } from '../../../gateway/audit/log-keeper.ts';
import { Witnesses } from '../../../gateway/audit/witnesses.ts';
import { createSigner, Leaves, openBuilder, temporaryFolder } from './synthetic-leaves.ts';

const signer = createSigner();

/** A witness that answers when a test says so, or at once. */
class ScriptedWitness {
  readonly name: string;
  /** Of what it was asked, the sizes. */
  readonly asked: number[] = [];
  isPrompt: boolean;
  #answer: (() => void) | undefined;

  constructor(name: string, isPrompt: boolean) {
    this.name = name;
    this.isPrompt = isPrompt;
  }

  get line(): string {
    return `— ${this.name} AAAAAAAA\n`;
  }

  hasSigned(signatures: readonly { readonly line: string }[]): boolean {
    return signatures.some(({ line }) => line === this.line);
  }

  cosign({ size }: { readonly size: number }, _read: unknown, signal: AbortSignal): Promise<string[]> {
    this.asked.push(size);
    if (this.isPrompt) return Promise.resolve([this.line]);
    return new Promise((resolve, reject) => {
      this.#answer = () => resolve([this.line]);
      signal.addEventListener('abort', () => reject(new Error('given up')));
    });
  }

  answer(): void {
    this.#answer?.();
  }
}

/** A log with one witness that answers at once, and one that does when a test says so. */
async function openLog(dir: string) {
  const folder = new LogFolder(join(dir, 'log'));
  const leaves = new Leaves();
  const [prompt, slow] = [new ScriptedWitness('prompt.test', true), new ScriptedWitness('slow.test', false)];
  const told: unknown[] = [];
  const keeper = new LogKeeper({
    key: signer.verifierKey,
    builder: await openBuilder(folder.dir, leaves, signer, folder),
    ...{ folder, exportDir: undefined, history: new LogHistory(join(dir, 'history')) },
    witnesses: new Witnesses([prompt, slow], (error) => told.push(error)),
    now: () => 1_000_000,
    lastAnswersMs: 50,
    onPublished: () => undefined,
    onError: (error) => told.push(error),
    onRecovered: () => undefined,
    onCopied: () => undefined,
    onKept: (error) => error === undefined || told.push(error),
  });
  /** Three leaves more are published. */
  const grow = async (): Promise<void> => {
    leaves.commit(3);
    await keeper.step();
  };
  const isCosigned = async (size: number, ...by: ScriptedWitness[]): Promise<void> => {
    const end = `\n\n${by.map(({ line }) => line).join('')}`;
    await vi.waitFor(
      async () => {
        const [, found, , ...rest] = (await folder.readWitnessedCheckpoint())?.split('\n') ?? [];
        // Behind the line of the log's own signature.
        expect([found, `\n\n${rest.slice(2).join('\n')}`]).toEqual([String(size), end]);
      },
      { timeout: 900, interval: 2 },
    );
  };
  /** The slow one was quick once, and has the third checkpoint wait for what it says of the second. */
  const holdThird = async (): Promise<void> => {
    await grow();
    slow.answer();
    await isCosigned(3, prompt, slow);
    await grow();
    // The cosignature that is there is shown all the same.
    await isCosigned(6, prompt);
    await grow();
  };
  return { dir, folder, keeper, grow, holdThird, isCosigned, prompt, slow, told };
}

afterEach(() => vi.restoreAllMocks());

test('while one witness does not answer, what another cosigns is shown at once, under traffic too', async () => {
  await using temporary = await temporaryFolder();
  const { folder, grow, isCosigned, prompt, slow, told } = await openLog(temporary.dir);
  for (const size of [3, 6, 9, 12]) {
    await grow();
    await isCosigned(size, prompt);
    await vi.waitFor(async () =>
      expect(await folder.readCheckpoint()).toBe(await folder.readWitnessedCheckpoint()),
    );
  }
  expect([prompt.asked, slow.asked, told]).toEqual([[3, 6, 9, 12], [3], []]);
});

test('what comes late is kept with the checkpoint that it is of, and the newest that is cosigned does not go back', async () => {
  await using temporary = await temporaryFolder();
  const { grow, keeper, isCosigned, prompt, slow, told } = await openLog(temporary.dir);
  for (const size of [3, 6]) {
    await grow();
    await isCosigned(size, prompt);
  }
  slow.answer();
  const kept = async (): Promise<string[]> =>
    (await readLogHistory(join(temporary.dir, 'history')))
      .filter(({ size }) => size === 3)
      .map(({ checkpoint }) => checkpoint);
  await vi.waitFor(async () =>
    expect(await kept()).toEqual([
      expect.stringMatching(new RegExp(`${prompt.line}$`)),
      expect.stringMatching(new RegExp(`${prompt.line}${slow.line}$`)),
    ]),
  );
  await isCosigned(6, prompt);
  // It has not been asked about the newest one, though that is not new any more.
  await keeper.step();
  slow.answer();
  await isCosigned(6, prompt, slow);
  expect([slow.asked, told]).toEqual([[3, 6], []]);
});

test('two that were asked about a checkpoint one after the other both stand on it', async () => {
  await using temporary = await temporaryFolder();
  const { grow, keeper, isCosigned, prompt, slow } = await openLog(temporary.dir);
  await grow();
  await isCosigned(3, prompt);
  prompt.isPrompt = false;
  await grow();
  slow.answer();
  await isCosigned(3, prompt, slow);
  await keeper.step();
  expect([prompt.asked, slow.asked]).toEqual([
    [3, 6],
    [3, 6],
  ]);
  slow.answer();
  await isCosigned(6, slow);
  prompt.answer();
  await isCosigned(6, slow, prompt);
});

test('one that was quick the last time is waited for some seconds, so that both cosign one checkpoint', async () => {
  await using temporary = await temporaryFolder();
  const { grow, holdThird, keeper, isCosigned, prompt, slow } = await openLog(temporary.dir);
  await holdThird();
  expect(prompt.asked).toEqual([3, 6]);
  slow.answer();
  await isCosigned(6, prompt, slow);
  await keeper.step();
  await isCosigned(9, prompt);
  await grow();
  expect(prompt.asked).toEqual([3, 6, 9]);
  const start = performance.now();
  vi.spyOn(performance, 'now').mockReturnValue(start + 3_000);
  await keeper.step();
  await isCosigned(12, prompt);
  expect(slow.asked).toEqual([3, 6, 9]);
});

test('the end asks about the last checkpoint, and waits for one that does not answer no longer than a moment', async () => {
  await using temporary = await temporaryFolder();
  const { holdThird, keeper, isCosigned, prompt, slow, told } = await openLog(temporary.dir);
  await holdThird();
  await keeper.close();
  await isCosigned(9, prompt);
  expect([slow.asked, told]).toEqual([[3, 6], []]);
});
