/** `causeway audit prove` where everything about one message is asked for. */
import { formatEvidence, type Evidence } from '../../protocol/audit/evidence.ts';
import { exitCodes } from '../../terminal/exit-codes.ts';
import { writeResult } from '../../terminal/output-file.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { findRewritten, proveMessage } from '../audit/prove-message.ts';
import { lossInWords } from '../audit/tampering-words.ts';
import type { Tampering } from '../store/port.ts';
import { isRetired } from '../store/retired-unit.ts';
import type { OpenGateway } from './gateway-folder.ts';
import { recordMessageProof, type AboutMessage } from './proof-reading.ts';
import { PublishedLog } from './published-log.ts';

/** Writes it into a new file, after the reading was recorded; says what in it was tampered with, also by the exit code. */
export async function writeEvidence(
  out: string,
  about: AboutMessage,
  { home, store }: OpenGateway,
  terminal: Terminal,
): Promise<void> {
  const counts = { leaves: 0, receipts: 0 };
  let tampered: readonly (readonly [leaf: number, Tampering])[] = [];
  const payload = { retired: false };
  const make = async (): Promise<string> => {
    const found = await recordMessageProof(store, about);
    payload.retired = found.some((each) => isRetired(each.unit));
    const log = new PublishedLog(home, store);
    const evidence = await proveMessage(store, log, about.message, about.source);
    counts.leaves = evidence.leaves.length;
    counts.receipts = evidence.receipts.length;
    tampered = tamperedIn(evidence, findRewritten(evidence));
    return formatEvidence(evidence);
  };
  await writeResult(out, () => terminal.during('Collecting the evidence', make));
  if (tampered.length > 0) process.exitCode = exitCodes.invalid;
  if (terminal.wantsJson) {
    terminal.json({
      type: 'evidence',
      file: out,
      ...counts,
      payloadRetired: payload.retired,
      ...(tampered.length > 0 && { altered: tampered.map(([index]) => index) }),
    });
    return;
  }
  terminal.print(`${terminal.paint.good('written')}  ${out}`);
  if (payload.retired) {
    terminal.print('The payload was retired by the agreement; its digest in the envelope is what stands.');
  }
  for (const [index, how] of tampered)
    terminal.print(`${terminal.paint.bad('tampered')}  ${lossInWords(index, how)}`);
  terminal.hint(`It holds ${counts.leaves} leaves with their proofs. Next:`);
}

function tamperedIn({ leaves }: Evidence, rewritten: readonly number[]): (readonly [number, Tampering])[] {
  return leaves.flatMap(({ index, altered }) => {
    const how = rewritten.includes(index) ? 'rewritten' : altered;
    return how === undefined ? [] : [[index, how] as const];
  });
}
