/** Whether the messages in the store are those that were accepted, for `gateway check`. */
import type { Terminal } from '../../terminal/terminal.ts';
import type { DamagedMessage, Store } from '../store/port.ts';
import { good, type Finding } from './check-finding.ts';

const check = 'messages';
const portion = 1_000;
const namedMessages = 10;

/** Reads all of them, with progress where that takes a while. */
export async function checkMessages(store: Pick<Store, 'readDamaged'>, terminal: Terminal): Promise<Finding> {
  const progress = terminal.progress('Holding the messages against their digests');
  const first: DamagedMessage[] = [];
  let [looked, found] = [0, 0];
  try {
    for (let after = 0; ;) {
      const { damaged, through, looked: more } = await store.readDamaged(after, portion);
      if (more === 0) break;
      first.push(...damaged.slice(0, namedMessages - first.length));
      [after, looked, found] = [through, looked + more, found + damaged.length];
      progress.update(`Holding the messages against their digests, ${looked} so far`);
    }
  } finally {
    progress.end();
  }
  if (found === 0) return good(check, `${looked} in the store are what was accepted`);
  const problems = first.map(
    ({ message, leaf }) => `Message ${message}, accepted by leaf ${leaf}, is not what was accepted any more.`,
  );
  const others = found - first.length;
  if (others > 0) problems.push(`${others} other messages likewise.`);
  return {
    check,
    verdict: 'bad',
    detail: `store-damaged: ${found} of ${looked} in the store are not what was accepted`,
    problems,
  };
}
