import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { registerClientCommands } from '../../clients/cli/index.ts';
import type { Digest } from '../../protocol/ids.ts';
import { cosigner, noteSigner } from '../../protocol/proof/note-signer.ts';
import { formatVerifierKey } from '../../protocol/proof/verifier-key.ts';
import { stateFileName } from '../../clients/sdk/state-database.ts';
import type { OwnChange } from '../../clients/sdk/log/log-table.ts';
import { ProgramCommand } from '../../terminal/command-help.ts';
import { createTerminal, type TerminalOptions } from '../../terminal/terminal.ts';
import { timeText } from '../../terminal/time-text.ts';
import { concern } from '../clients/sdk/exchange.ts';
import { gatewayForEachTest } from '../clients/sdk/gateway-for-each-test.ts';
import { alice, bob, type ScriptedGateway } from '../clients/sdk/scripted-gateway.ts';
import { newKey, ScriptedLog, scriptedOrigin } from '../clients/sdk/scripted-log.ts';
import { jsonLines } from './run-causeway.ts';

let gateway: ScriptedGateway;
gatewayForEachTest((opened) => (gateway = opened));
afterEach(() => {
  process.exitCode = undefined;
});

/** Runs a command of an endpoint in this process. @returns what it prints */
async function printed(json: boolean, ...args: string[]): Promise<string> {
  return printedTo({ stdout: new PassThrough(), stderr: new PassThrough() }, json, ...args);
}

/** As {@link printed}, at a terminal where a person answers the one question. @returns the question as well */
async function answered(answer: string, ...args: string[]): Promise<{ shown: string; question: string }> {
  const [stdin, stdout, stderr] = Array.from({ length: 3 }, () =>
    Object.assign(new PassThrough(), { isTTY: true }),
  );
  let question = '';
  stderr!.on('data', (said: Buffer) => {
    question += said.toString();
    if (said.includes('[y/N]')) stdin!.end(`${answer}\n`);
  });
  const streams = { stdin: () => stdin!, stdout: stdout!, stderr: stderr! };
  return { shown: await printedTo(streams, false, ...args), question };
}

async function printedTo(
  streams: Pick<TerminalOptions, 'stdin' | 'stderr'> & { readonly stdout: PassThrough },
  json: boolean,
  ...args: string[]
): Promise<string> {
  const env = { CAUSEWAY_HOME: gateway.homeOf(alice), npm_command: 'exec' };
  const program = new ProgramCommand('causeway', createTerminal({ ...streams, env, json }).paint)
    .option('--json', 'print JSON')
    .exitOverride();
  registerClientCommands(program, createTerminal({ ...streams, env, json }));
  const said = text(streams.stdout);
  await program.parseAsync(args, { from: 'user' }).finally(() => streams.stdout.end());
  return said;
}

/** As {@link printed}, with `--json`. @returns the last object */
async function run(...args: string[]): Promise<Record<string, unknown> | undefined> {
  return jsonLines(await printed(true, ...args)).at(-1);
}

/** A client that has seen a fork, and the logs before and after. */
async function fork(): Promise<void> {
  const follow = { everyMs: 3_600_000, patienceMs: 0 };
  const client = await gateway.client(alice, { follow });
  gateway.log.fill(3);
  await client.log.check();
  const other = gateway.log.branch(gateway.log.leaves.length - 2);
  for (let count = 0; count < 4; count++) other.append({ kind: 'policy.other' });
  gateway.log = other;
  await expect(client.log.check()).rejects.toMatchObject({ code: 'log-halted' });
  await client.close();
}

describe('causeway log', () => {
  it('shows a log in order', async () => {
    const shown = await run('log', 'status');
    expect(shown).toMatchObject({ type: 'log', checkpoint: { size: gateway.log.leaves.length }, faults: [] });
    expect(shown).not.toHaveProperty('halt');
    expect(process.exitCode).toBeUndefined();
  });

  it('shows a fork with its evidence and exit code 2, until a person adopts the log shown', async () => {
    await fork();
    const shown = await run('log', 'status');
    expect(shown).toMatchObject({ halt: { kind: 'fork' }, faults: [{ kind: 'fork' }] });
    expect(process.exitCode).toBe(2);
    process.exitCode = undefined;
    const resumed = await run('log', 'resume', '--adopt');
    expect(resumed).toMatchObject({ checkpoint: { size: gateway.log.leaves.length } });
    expect(resumed!.faults).toMatchObject([{ kind: 'fork', acknowledgedAt: expect.any(Number) as unknown }]);
    expect(process.exitCode).toBeUndefined();
    const client = await gateway.client(alice);
    await client.send(concern('x', bob));
  });

  it('halts again at once when the log verified before is kept and the gateway still shows the other', async () => {
    await fork();
    await expect(run('log', 'resume', '--keep')).rejects.toMatchObject({ code: 'log-halted' });
    expect(await run('log', 'status')).toMatchObject({ halt: { kind: 'fork' } });
  });

  it('keeps what a person has acknowledged, with the time, and asks for it again only where more is found', async () => {
    const check = async (): Promise<number | string | null | undefined> => {
      process.exitCode = undefined;
      await run('status', '--check');
      return process.exitCode;
    };
    const find = async (entry: string): Promise<void> => {
      gateway.log.append({ kind: 'endpoint.renewed', endpoint: alice, entry: entry.repeat(43) as Digest });
      const truth = gateway.log;
      gateway.log = new ScriptedLog(noteSigner(scriptedOrigin, newKey()));
      gateway.log.fill(3);
      expect(await check()).toBe(1);
      gateway.log = truth;
      expect(await check()).toBe(1);
    };
    expect(await check()).toBe(0);
    await find('y');
    const before = Date.now();
    const shown = await run('log', 'acknowledge', '--yes');
    const [fault] = shown!.faults as { readonly evidence: string; readonly acknowledgedAt: number }[];
    expect(fault).toMatchObject({ kind: 'checkpoint' });
    expect(fault!.acknowledgedAt).toBeGreaterThanOrEqual(before);
    expect(shown!.changes).toMatchObject([
      { foreign: false },
      { foreign: true, acknowledgedAt: fault!.acknowledgedAt },
    ]);
    expect((shown!.changes as object[])[0]).not.toHaveProperty('acknowledgedAt');
    expect(existsSync(fault!.evidence)).toBe(true);
    expect(await check()).toBe(0);
    const time = timeText(fault!.acknowledgedAt);
    expect((await printed(false, 'log', 'status')).split(`(acknowledged ${time})`)).toHaveLength(3);
    expect(await printed(false, 'status')).not.toContain(fault!.evidence);

    await find('z');
    const more = (await run('log', 'acknowledge', '--yes'))!.faults as object[];
    expect(more).toHaveLength(2);
    expect(more[0]).toEqual(fault);
    expect(await check()).toBe(0);
  });

  it('acknowledges what a person has looked at, and nothing that was found since', async () => {
    const change = (entry: string): number =>
      gateway.log.append({ kind: 'endpoint.renewed', endpoint: alice, entry: entry.repeat(43) as Digest });
    const openIn = (shown: Record<string, unknown> | undefined): unknown[] =>
      (shown!.changes as OwnChange[])
        .filter(({ foreign, acknowledgedAt }) => foreign && acknowledgedAt === undefined)
        .map(({ leaf }) => leaf);
    const first = change('y');
    const [found] = (await run('log', 'status'))!.changes as OwnChange[];
    const afterwards = Date.now() + 60_000;
    const other = await gateway.client(alice, { now: () => afterwards });
    const second = change('z');
    await other.log.check();
    await other.close();

    await expect(run('log', 'acknowledge')).rejects.toMatchObject({ code: 'usage-invalid' });
    const through = `${new Date(found!.foundAt!).toISOString().slice(0, 19)}Z`;
    const none = jsonLines(await printed(true, 'log', 'acknowledge', '--through', '1h'));
    expect(none[0]).toEqual({ type: 'acknowledged', faults: [], changes: [] });
    expect(openIn(none[1])).toEqual([first, second]);
    expect(openIn(await run('log', 'acknowledge', '--through', through))).toEqual([second]);
    expect(openIn(await run('log', 'acknowledge', '--yes'))).toEqual([second]);

    const { question: later } = await answered('', 'log', 'acknowledge', '--through', through);
    expect(later).toContain(`Nothing was found wrong up to ${timeText(new Date(through))} that is not`);
    expect(later).toContain(`Found later, and still open: 1, the last at ${timeText(afterwards)}.`);

    const { shown, question } = await answered('n', 'log', 'acknowledge');
    expect(shown).toContain(`endpoint.renewed at leaf ${second}, not by this home`);
    expect(shown).not.toContain(`at leaf ${first}`);
    expect(question).toContain('Acknowledge this? [y/N]');
    expect(process.exitCode).toBe(1);
    const { question: hint } = await answered('', 'log', 'status');
    expect(hint).toContain('Once a person has looked at it: npx causeway log acknowledge');
    await answered('y', 'log', 'acknowledge');
    expect(openIn(await run('log', 'status'))).toEqual([]);
    const { question: nothing } = await answered('', 'log', 'acknowledge');
    expect(nothing).toContain('Nothing was found wrong that is not acknowledged yet.');
    expect(nothing).not.toContain('Found later');
  });

  it('is looked at by a home that only sends, and where it is another one then, the accepted notice is told of', async () => {
    const to = ['--to', bob, '--category', 'concern', '--severity', 'concern'];
    const ground = ['--purpose', 'child-protection', '--basis', 'public-task', '--text', 'x'];
    const send = () => run('send', ...to, ...ground);
    const lookedLongAgo = (): void => {
      const state = new DatabaseSync(join(gateway.homeOf(alice), stateFileName));
      state.exec("UPDATE meta SET value = value - 660000 WHERE name = 'logLookedAt'");
      state.close();
    };
    const looks = async (): Promise<number> => {
      const asked: string[] = [];
      gateway.onRequest = (path) => asked.push(path) > 0;
      expect(await send()).toMatchObject({ type: 'accepted' });
      return asked.filter((path) => path === '/checkpoint').length;
    };
    await (await gateway.client(alice)).close();
    const start = gateway.log.leaves.length;
    gateway.log.fill(3);
    expect(await looks()).toBeGreaterThan(0);
    expect(await looks()).toBe(0);
    lookedLongAgo();
    const truth = gateway.log;
    gateway.log = truth.branch();
    gateway.log.serve = () => undefined;
    expect(await looks()).toBe(1);
    expect(await looks()).toBe(0);
    gateway.log = truth.branch(start);
    for (let count = 0; count < 20; count++) gateway.log.append({ kind: 'policy.other' });
    expect(await looks()).toBe(0);
    lookedLongAgo();
    const told = { code: 'log-halted', fields: { accepted: true } };
    await expect(send()).rejects.toMatchObject(told);
    await run('log', 'resume', '--adopt');
    const accept = gateway.log.accept.bind(gateway.log);
    const detail = JSON.stringify({ record: 0, listening: [], away: [] });
    gateway.log = gateway.log.branch(start);
    gateway.log.fill(40);
    gateway.log.accept = (unit) => ({ ...accept(unit), detail });
    await expect(send()).rejects.toMatchObject(told);
    await expect(send()).rejects.toMatchObject({ code: 'log-halted' });
  });

  it('has nothing to resume where another log has taken the place of the one that is known', async () => {
    await run('log', 'status');
    gateway.log = new ScriptedLog(noteSigner('other.test/log', newKey()));
    expect(await run('log', 'resume', '--adopt')).toMatchObject({ type: 'log' });
    expect(process.exitCode).toBeUndefined();
    expect(await run('log', 'status')).not.toHaveProperty('halt');
    expect(process.exitCode).toBe(3);
  });

  it('names witnesses for a home, and refuses the key of a log in their place', async () => {
    const witness = cosigner('committee.test/witness', newKey());
    const [key, logKey] = ['witness', 'log'].map((name) => join(gateway.homeOf(alice), `${name}.vkey`));
    writeFileSync(key!, `${formatVerifierKey(witness.verifierKey)}\n`);
    writeFileSync(logKey!, `${gateway.log.key}\n`);
    expect(await run('log', 'witnesses', key!)).toMatchObject({ needed: 1 });
    expect(await run('log', 'status')).toMatchObject({ witnessesNeeded: 1, error: 'note-uncosigned' });
    gateway.log.cosigners = [witness];
    expect(await run('log', 'status')).toMatchObject({
      checkpoint: { witnesses: [witness.verifierKey.name] },
    });
    expect(await printed(false, 'status')).toContain('leaves verified, 1 witness (1 needed)');
    await expect(run('log', 'witnesses', logKey!)).rejects.toMatchObject({ code: 'request-malformed' });
    expect(await run('log', 'witnesses')).toMatchObject({ witnesses: [], needed: 0 });
  });

  it('tells a monitor by 3 that it cannot be verified, and the status says why', async () => {
    const witness = cosigner('committee.test/witness', newKey());
    const key = join(gateway.homeOf(alice), 'witness.vkey');
    writeFileSync(key, `${formatVerifierKey(witness.verifierKey)}\n`);
    await run('log', 'witnesses', key);
    expect(await run('status', '--check')).toMatchObject({ type: 'log', error: 'note-uncosigned' });
    expect(process.exitCode).toBe(3);
    await run('log', 'status');
    expect(process.exitCode).toBe(3);
    for (const args of [['log', 'status'], ['status']]) {
      const shown = await printed(false, ...args);
      expect(shown).toMatch(/The log has signed the checkpoint, but too few .* 0 of the known witnesses/);
      expect(shown).toMatch(/Wait: .* whoever runs the witness, whether it is away/);
    }
    gateway.log.cosigners = [witness];
    expect(await run('status', '--check')).not.toHaveProperty('error');
    expect(process.exitCode).toBe(0);
  });
});
