/** Fills an embedded store with synthetic notices by the way that messages are accepted, each at the time of its arrival. */
import type { PolicySet } from '../../gateway/policy/policy-set.ts';
import type { AcceptableMessage } from '../../gateway/store/port.ts';
import { openSqliteStore } from '../../gateway/store/sqlite/sqlite-store.ts';
import { EndlessStream, type Population } from '../stream/endless.ts';
import { NoticeWriter, recipient, type AcceptedNotice } from './accepted-notice.ts';

const batchSize = 250;

export type SqliteFilling = {
  /** The store's file. */
  readonly file: string;
  readonly receiptKeyPem: string;
  /** 32 bytes. */
  readonly auditKey: Buffer;
  readonly policy: PolicySet;
  readonly population: Population;
  readonly messages: number;
  readonly payloadBytes: number;
};

/** @returns when the last of them arrived, ms since 1970 */
export async function fillSqlite(filling: SqliteFilling): Promise<number> {
  const { messages, policy, population, payloadBytes, ...files } = filling;
  let now = 0;
  const store = await openSqliteStore({ ...files, clock: () => now });
  const stream = new EndlessStream(population, policy);
  const writer = new NoticeWriter(payloadBytes);
  try {
    while (writer.count < messages) {
      const notices = stream
        .take(Math.min(batchSize, messages - writer.count))
        .map((one) => writer.write(one));
      now = notices.at(-1)?.arrived ?? now;
      for (const [source, own] of Map.groupBy(notices, (one) => one.source)) {
        await store.submit({ source, messages: own.map(messageOf) });
      }
    }
    return now;
  } finally {
    await store.close();
  }
}

function messageOf({
  id,
  source,
  digest,
  unit,
  expiresAt,
  category,
  severity,
}: AcceptedNotice): AcceptableMessage {
  return {
    verdict: 'accept',
    id,
    envelopeDigest: digest,
    unit,
    expiresAt,
    lane: 1,
    category,
    severity,
    thread: id,
    recipients: [{ endpoint: recipient, listening: false }],
    record: JSON.stringify({
      kind: 'message.accepted',
      message: id,
      source,
      to: [recipient],
      category,
      severity,
    }),
  };
}
