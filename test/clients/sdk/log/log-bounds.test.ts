/** What a gateway that serves whatever it likes can have an endpoint keep. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUIDv7 } from 'node:crypto';
import { expect, test } from 'vitest';
import { ClientEmitter } from '../../../../clients/sdk/events.ts';
import { openHome } from '../../../../clients/sdk/home.ts';
import { LadderTable } from '../../../../clients/sdk/ladder-table.ts';
import { AcceptanceProver } from '../../../../clients/sdk/log/log-acceptances.ts';
import { evidenceFolder } from '../../../../clients/sdk/log/log-evidence.ts';
import type { SeenCheckpoint } from '../../../../clients/sdk/log/log-halt.ts';
import { LogFaults } from '../../../../clients/sdk/log/log-faults.ts';
import { LogReader } from '../../../../clients/sdk/log/log-reader.ts';
import { LogTable, type LogFault, type LogFaultKind } from '../../../../clients/sdk/log/log-table.ts';
import { silentLog } from '../../../../clients/sdk/logger.ts';
import { StateDatabase, type Statements } from '../../../../clients/sdk/state-database.ts';
import { gatewayAddress, type MessageId } from '../../../../protocol/ids.ts';
import { batchSigner } from '../../../../protocol/proof/signing.ts';
import { uuidToBytes } from '../../../../protocol/uuid.ts';
import { encodeReceipt, type Receipt } from '../../../../protocol/wire/receipt.ts';
import { signReceiptGroup } from '../../../../protocol/wire/receipt-group.ts';
import { alice, openScriptedGateway } from '../scripted-gateway.ts';
import { newKey } from '../scripted-log.ts';

test('large bundles are not kept for long, and the newest is read once', async () => {
  const gateway = await openScriptedGateway();
  const agent = new Agent({ keepAlive: true });
  try {
    const asked: string[] = [];
    gateway.onRequest = (path) => asked.push(path.slice(-3)) > 0;
    gateway.log.lie = () => Buffer.alloc(3 * 1024 * 1024);
    const readHome = () => openHome(gateway.homeOf(alice));
    const reader = new LogReader(readHome, agent, new AbortController().signal);
    const read = (index: number) => reader.readFile({ level: 'entries', index, width: 256 });
    for (const index of [1, 2, 3, 3, 2, 1]) await read(index);
    expect(asked).toEqual(['001', '002', '003', '001']);
    gateway.log.lie = () => Buffer.alloc(16 * 1024 * 1024);
    for (const index of [4, 4, 5, 4]) await read(index);
    expect(asked.slice(4)).toEqual(['004', '005', '004']);
  } finally {
    agent.destroy();
    await gateway.close();
  }
});

test('of faults without end a hundred are written down until a person has looked; further ones are told all the same', async () => {
  const home = await mkdtemp(join(tmpdir(), 'causeway-faults-'));
  const state = new StateDatabase(home);
  const emitter = new ClientEmitter(silentLog);
  const faults = new LogFaults({ homeDir: home, state, emitter, now: Date.now });
  const told: LogFault[] = [];
  emitter.on('logFault', (fault) => told.push(fault));
  const raise = (kind: LogFaultKind, subject: string) =>
    faults.raise(kind, { subject, detail: 'It does not fit.', facts: {} });
  try {
    await Promise.all(Array.from({ length: 100 }, (_, nth) => raise('contents', `checkpoint ${nth}`)));
    for (const subject of ['one more', 'one more', 'checkpoint 7']) await raise('contents', subject);
    expect(told).toHaveLength(101);
    expect(told.at(-1)).toMatchObject({ subject: 'one more', evidence: join(home, evidenceFolder) });
    expect(faults.list()).toHaveLength(100);
    const { evidence } = await raise('rollback', 'a person decides on each of these');
    expect(faults.list().at(-1)).toMatchObject({ kind: 'rollback', evidence });
    expect(await readdir(join(home, evidenceFolder))).toHaveLength(101);

    await state.write(() => new LogTable(state.statements).acknowledge({ faults: faults.list() }, 1));
    await raise('contents', 'found after a person has looked');
    expect(faults.list().at(-1)).toMatchObject({ subject: 'found after a person has looked' });
    expect(faults.list().filter(({ acknowledgedAt }) => acknowledgedAt === undefined)).toHaveLength(1);
  } finally {
    await state.close();
    await rm(home, { recursive: true, force: true });
  }
});

test('however many messages the log lacks, their receipts are looked for once, and for what is known not at all', async () => {
  const home = await mkdtemp(join(tmpdir(), 'causeway-receipts-'));
  const state = new StateDatabase(home);
  const faults = new LogFaults({
    ...{ homeDir: home, state, now: Date.now },
    emitter: new ClientEmitter(silentLog),
  });
  const signer = batchSigner(newKey());
  const ids = Array.from({ length: 100 }, () => randomUUIDv7() as MessageId);
  const groups = ids.map((message) => {
    const receipt = {
      kind: 'accepted',
      message,
      envelopeDigest: Buffer.alloc(32),
      at: 1,
      issuer: gatewayAddress,
    };
    return signReceiptGroup([encodeReceipt({ ...receipt, recipient: '', detail: '{}' } as Receipt)], signer);
  });
  const answer = JSON.stringify({ outcome: 'accepted', at: 1, record: 7, listening: [], away: [] });
  let decoded = 0;
  const counting: Statements = {
    exec: (sql) => state.statements.exec(sql),
    prepare(sql) {
      const statement = state.statements.prepare(sql);
      if (!sql.includes('FROM evidence')) return statement;
      const all = (...bounds: number[]) => {
        const rows = statement.all(...bounds);
        decoded += rows.length;
        return rows;
      };
      const iterate = function* (...bounds: number[]) {
        for (const row of statement.iterate(...bounds)) {
          decoded++;
          yield row;
        }
      };
      return { all, iterate } as unknown as typeof statement;
    },
  };
  const missing: number[] = [];
  /** As a program does that has just started. */
  const prove = (): Promise<boolean> =>
    new AcceptanceProver({
      state: { statements: counting, write: (apply) => state.write(apply) } as StateDatabase,
      ...{ faults, now: Date.now, graceMs: 0, signal: new AbortController().signal },
      reader: {} as LogReader,
      onMissing: (rows) => Promise.resolve(void missing.push(...rows)),
    }).prove({ size: 0, note: '' } as SeenCheckpoint, 1);
  try {
    await state.write(() => {
      const insert = state.statements.prepare(
        `INSERT INTO outbox (id, digest, envelope, state, holder, transmitted, created_at, answer)
         VALUES (?, zeroblob(32), x'', 'accepted', 'me', 1, 1, ?)`,
      );
      for (const id of ids) insert.run(uuidToBytes(id), answer);
      for (const group of groups) new LadderTable(state.statements).keepEvidence(group, 1);
    });
    await prove();
    expect({ decoded, faults: faults.list().length }).toEqual({ decoded: 100, faults: 100 });
    const evidence = JSON.parse(await readFile(faults.list()[0]!.evidence, 'utf8')) as object;
    expect(evidence).toMatchObject({ receipts: groups[0]!.toString('base64') });
    await state.write(() => new LogTable(state.statements).writeMeta('logProvenThrough', 0));
    await prove();
    expect({ decoded, missing: missing.length }).toEqual({ decoded: 100, missing: 200 });
  } finally {
    await state.close();
    await rm(home, { recursive: true, force: true });
  }
});
