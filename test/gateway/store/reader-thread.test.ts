import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReaderThread } from '../../../gateway/store/reader-thread.ts';

describe('a thread that reads', () => {
  let thread: ReaderThread<string, string>;
  beforeEach(() => {
    const file = new URL('./answering-thread.ts', import.meta.url);
    thread = new ReaderThread(file, { name: 'answering', workerData: undefined });
  });
  afterEach(async () => thread.close());

  const answerTo = async (question: string): Promise<string> => (await thread.ask(question)).value;

  it('that dies fails what it was asked, and another one answers what is asked at once', async () => {
    expect(await answerTo('before')).toBe('before');
    for (let turn = 0; turn < 3; turn++) {
      const afterwards = answerTo('die').catch(async (error: unknown) => {
        expect(error).toMatchObject({ code: 'store-unavailable' });
        return answerTo('after');
      });
      expect(await afterwards).toBe('after');
    }
  });

  it('answers what was asked before it was closed, and nothing afterwards', async () => {
    const asked = answerTo('before');
    await thread.close();
    expect(await asked).toBe('before');
    await expect(answerTo('after')).rejects.toMatchObject({ code: 'store-unavailable' });
  });
});
