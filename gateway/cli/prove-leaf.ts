/** `causeway audit prove` where the proof of one leaf is asked for. */
import { CausewayError } from '../../protocol/errors.ts';
import { usageError } from '../../terminal/input.ts';
import { writeResult } from '../../terminal/output-file.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { proveLeafInFile } from '../audit/leaf-proof.ts';
import { findMessage } from '../audit/prove-message.ts';
import type { Store, StoredLeaf } from '../store/port.ts';
import type { OpenGateway } from './gateway-folder.ts';
import { recordLeafProof, recordMessageProof, type AboutMessage } from './proof-reading.ts';
import { PublishedLog } from './published-log.ts';

/**
 * Writes it into a new file, after the reading was recorded.
 * @param about a leaf, or the message whose acceptance or refusal it says
 * @throws CausewayError `usage-invalid` for a leaf that the log does not have, and for a file that holds something;
 * `message-unknown`; `log-proof-invalid`; `log-unreadable`
 */
export async function writeLeafProof(
  out: string,
  about: AboutMessage | { readonly leaf: number },
  { home, store }: OpenGateway,
  terminal: Terminal,
): Promise<void> {
  let proven = { leaf: 0, size: 0 };
  const make = async (): Promise<string> => {
    const leaf = 'leaf' in about ? await leafAt(store, about.leaf) : await leafOfMessage(store, about);
    const { text, size } = await proveLeafInFile(leaf, new PublishedLog(home, store));
    proven = { leaf: leaf.index, size };
    return text;
  };
  await writeResult(out, () => terminal.during('Making the proof', make));
  if (terminal.wantsJson) {
    terminal.json({ type: 'tlog-proof', file: out, ...proven });
    return;
  }
  terminal.print(`${terminal.paint.good('written')}  ${out}`);
  terminal.hint(`It proves leaf ${proven.leaf}, under a checkpoint of ${proven.size} leaves. Next:`);
}

async function leafAt(store: Store, index: number): Promise<StoredLeaf> {
  const count = await store.countLeaves();
  const leaf = await recordLeafProof(store, index);
  if (leaf !== undefined) return leaf;
  throw usageError(`The log has no leaf ${index}: when you asked it had ${count}, counted from 0.`);
}

async function leafOfMessage(store: Store, about: AboutMessage): Promise<StoredLeaf> {
  await recordMessageProof(store, about);
  const { record } = await findMessage(store, about.message, about.source);
  const [leaf] = await store.readLeaves(record, 1);
  if (leaf !== undefined) return leaf;
  throw new CausewayError('store-unavailable', { detail: `Leaf ${record} is missing.` });
}
