/** What was just found wrong with the log or a receipt, in a line. */
import { showableLine } from '../../terminal/paint.ts';
import type { LogFault } from '../sdk/log/log-table.ts';

export function faultWords({ kind, detail, evidence }: LogFault): string {
  const headline =
    kind === 'receipt' ? 'THE GATEWAY GIVES FALSE RECEIPTS' : `THE AUDIT LOG IS NOT RIGHT (${kind})`;
  return `${headline}: ${showableLine(detail)} Evidence: ${evidence}`;
}

/** The same for scripts. */
export function faultObject({ kind, detail, evidence }: LogFault): object {
  return { type: 'log-fault', kind, detail, evidence };
}
