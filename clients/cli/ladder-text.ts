/** What became of a message, rung by rung. */
import { timeText } from '../../terminal/time-text.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { DeliveryRecord, MessageRecord } from '../sdk/ladder-table.ts';

/** A message's line, and one for each recipient. */
export function ladderLines(message: MessageRecord, { paint }: Terminal): string[] {
  const { id, category, severity, time, state, answer } = message;
  const heading = [paint.dim(timeText(Date.parse(time))), paint.strong(category), severity, paint.dim(id)];
  if (state === 'waiting') return [[...heading, paint.warn('waiting for the gateway')].join('  ')];
  if (answer?.outcome === 'refused') {
    return [[...heading, paint.bad(`refused by the gateway: ${answer.code}`)].join('  ')];
  }
  const accepted = answer === undefined ? 'accepted' : `accepted ${timeText(answer.at)}`;
  const deliveries = message.deliveries.map(
    (delivery) => `    ${delivery.recipient}  ${paint.dim(accepted)} ${rungs(delivery, paint)}`,
  );
  return [heading.join('  '), ...deliveries];
}

function rungs({ deliveredAt, outcome, settledAt, code }: DeliveryRecord, paint: Terminal['paint']): string {
  const parts = deliveredAt === undefined ? [] : [paint.dim(`→ delivered ${timeText(deliveredAt)}`)];
  const at = settledAt === undefined ? '' : ` ${timeText(settledAt)}`;
  if (outcome === 'stored') parts.push(paint.good(`→ stored${at}`));
  else if (outcome === 'refused')
    parts.push(paint.bad(`→ refused${at}${code === undefined ? '' : `: ${code}`}`));
  else if (outcome === 'expired') parts.push(paint.bad(`→ expired${at}`));
  else parts.push(paint.warn('→ …'));
  return parts.join(' ');
}

/** A message for scripts. */
export function ladderObject(message: MessageRecord): Record<string, unknown> {
  const { answer, deliveries, ...rest } = message;
  return {
    type: 'message',
    ...rest,
    ...(answer?.outcome === 'accepted' ? { acceptedAt: isoOf(answer.at), record: answer.record } : {}),
    ...(answer?.outcome === 'refused' ? { refusedAt: isoOf(answer.at), code: answer.code } : {}),
    deliveries: deliveries.map(({ recipient, deliveredAt, outcome, settledAt, code, text }) => ({
      recipient,
      state: outcome ?? (deliveredAt === undefined ? 'queued' : 'delivered'),
      ...(deliveredAt === undefined ? {} : { deliveredAt: isoOf(deliveredAt) }),
      ...(settledAt === undefined ? {} : { settledAt: isoOf(settledAt) }),
      ...(code === undefined ? {} : { code }),
      ...(text === undefined ? {} : { text }),
    })),
  };
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}
