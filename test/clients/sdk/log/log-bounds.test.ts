/** What a gateway that serves whatever it likes can have an endpoint keep. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ClientEmitter } from '../../../../clients/sdk/events.ts';
import { openHome } from '../../../../clients/sdk/home.ts';
import { evidenceFolder } from '../../../../clients/sdk/log/log-evidence.ts';
import { LogFaults } from '../../../../clients/sdk/log/log-faults.ts';
import { LogReader } from '../../../../clients/sdk/log/log-reader.ts';
import { LogTable, type LogFault, type LogFaultKind } from '../../../../clients/sdk/log/log-table.ts';
import { silentLog } from '../../../../clients/sdk/logger.ts';
import { StateDatabase } from '../../../../clients/sdk/state-database.ts';
import { alice, openScriptedGateway } from '../scripted-gateway.ts';

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
