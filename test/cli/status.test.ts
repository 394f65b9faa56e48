import { execFile } from 'node:child_process';
import { cp, copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  concern,
  exchangeOfFile,
  health,
  police,
  socialWork,
  socialWorkMash,
} from '../clients/sdk/exchange.ts';
import { until } from '../clients/sdk/scripted-gateway.ts';
import { jsonLines, repository, runCauseway } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

const exchange = exchangeOfFile(police, socialWork, socialWorkMash, health);
const homeOf = ({ address }: { readonly address: string }): string => exchange().homes.get(address)!;

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-status-'));
});
afterAll(() => rm(dir, { recursive: true }));

/** Runs a command for which files may not become larger. */
async function runWithoutRoom(args: readonly string[]): Promise<{ code: unknown; stderr: string }> {
  const script = `trap '' XFSZ; ulimit -f 1; exec "$0" bin/causeway.mjs "$@"`;
  const run = promisify(execFile)('/bin/sh', ['-c', script, process.execPath, ...args], { cwd: repository });
  return run.then(
    ({ stderr }) => ({ code: 0, stderr }),
    (error: unknown) => error as { code: unknown; stderr: string },
  );
}

describe('causeway status', () => {
  it('says which files of a home are of another endpoint, and listen does not begin with one', async () => {
    for (const endpoint of [police, health]) await (await exchange().client(endpoint)).close();
    const whole = await runCauseway(['status', '--home', homeOf(police)]);
    expect(whole.stdout).toMatch(/^endpoint +strathclyde-police\/concern-hub\nconnection +connected\n/);
    const spoilt = async (...names: string[]): Promise<Record<'shown' | 'told', unknown>> => {
      const home = join(dir, names.join());
      await cp(homeOf(police), home, { recursive: true });
      for (const name of names) await copyFile(join(homeOf(health), name), join(home, name));
      const { stdout } = await runInProcess(['status', '--home', home]);
      if (names[0] !== 'openpgp.key') {
        // What the gateway would say of such a home speaks of anything but the file.
        expect(stdout).toMatch(/^connection +none: nothing connects with a file of another endpoint$/m);
        expect(stdout).not.toContain('gateway-untrusted');
      }
      const shown = stdout.split('\n')[1];
      const told = jsonLines((await runInProcess(['status', '--home', home, '--json'])).stdout)[0];
      return { shown, told: told?.foreignParts };
    };
    const refusal = async (names: readonly string[]): Promise<string> => {
      const listening = await runInProcess(['listen', '--home', join(dir, names.join())]);
      expect(listening.code).not.toBe(0);
      return listening.stderr;
    };
    for (const names of [['tls.pem'], ['openpgp.key', 'signing.key'], ['state.db']]) {
      const { shown, told } = await spoilt(...names);
      expect(shown).toMatch(new RegExp(`^home +${names.join(', ')} (is|are) NOT OF THIS ENDPOINT`));
      expect(told).toEqual(names);
      expect(await refusal(names)).toMatch(
        new RegExp(`In .*, ${names.join(', ')} (is|are) of another endpoint`),
      );
    }
  });

  it('says so too of a state from before its owner was noted, by what was sent from it', async () => {
    const sender = await exchange().client(health);
    await sender.enqueue(concern('from elsewhere'));
    await sender.close();
    const home = join(dir, 'unclaimed');
    await cp(homeOf(police), home, { recursive: true });
    await copyFile(join(homeOf(health), 'state.db'), join(home, 'state.db'));
    const database = new DatabaseSync(join(home, 'state.db'));
    database.exec("DELETE FROM meta WHERE name = 'endpoint'");
    database.close();
    const { stdout } = await runInProcess(['status', '--home', home]);
    expect(stdout).toMatch(/^home +state\.db is NOT OF THIS ENDPOINT/m);
  });

  /** A copy of a home, to whose state this was done. */
  async function brokenHome(name: string, sql: string): Promise<string> {
    const home = join(dir, name);
    await cp(homeOf(police), home, { recursive: true });
    const database = new DatabaseSync(join(home, 'state.db'));
    database.exec(sql);
    database.close();
    return home;
  }

  it('ends where the state of the home is damaged, names the file, and ends with 1', async () => {
    await (await exchange().client(police)).close();
    const told = (home: string): RegExp =>
      new RegExp(`^error .* It is ${home}/state\\.db, .*\ncode +store-damaged$`, 'm');
    const outbox = await brokenHome('no-outbox', 'DROP TABLE outbox');
    // As a process, which a client that is left open would keep for ever.
    const { code: ended, stderr: said } = await runCauseway(['status', '--home', outbox]);
    expect({ ended, said }).toEqual({ ended: 1, said: expect.stringMatching(told(outbox)) as unknown });
    // Nothing that is shown is in it.
    const unread = await brokenHome('no-numbers', 'DROP TABLE sequences');
    expect(await runInProcess(['status', '--home', unread])).toMatchObject({ code: 0 });
    const { code, stdout, stderr } = await runInProcess(['status', '--home', unread, '--check']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringMatching(/^endpoint /) as unknown });
    expect(stderr).toMatch(told(unread));
  });

  it('ends with 1 where the state cannot be opened until somebody mends it, with 3 where it may pass, and send says more', async () => {
    await (await exchange().client(police)).close();
    const home = join(dir, 'no-file');
    await cp(homeOf(police), home, { recursive: true });
    await rm(join(home, 'state.db'));
    await mkdir(join(home, 'state.db'));
    const { code, stderr } = await runInProcess(['status', '--check', '--home', home]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining(`${home}/state.db is not a file.`) as unknown,
    });
    const words = ['--to', health.address, '--category', 'concern', '--severity', 'urgent', '--purpose', 'x'];
    const send = ['send', ...words, '--basis', 'x', '--text', 'x', '--home', homeOf(police)];
    const [sent, shown] = await Promise.all(
      [send, ['status', '--check', '--home', homeOf(police)]].map(runWithoutRoom),
    );
    expect(shown).toMatchObject({
      code: 3,
      stderr: expect.not.stringContaining('was not sent') as unknown,
    });
    expect(sent).toMatchObject({ code: 3, stderr: expect.stringContaining('was not sent') as unknown });
  });

  it('does not put a fault of its own state down to the gateway', async () => {
    await (await exchange().client(police)).close();
    const home = await brokenHome('no-index', 'DROP INDEX inbox_unconfirmed');
    expect((await runInProcess(['status', '--home', home])).stdout).toContain(`none: store-damaged\n`);
    const { code, stderr } = await runInProcess(['listen', '--home', home]);
    expect(code).toBe(1);
    expect(stderr).toContain(`It is ${home}/state.db, `);
  });

  it('says whose receipts wait until their new keys are trusted, and names them no more once they are', async () => {
    const sender = await exchange().client(police);
    await sender.send(concern('before the change'));
    await rename(homeOf(socialWork), join(dir, 'former'));
    await exchange().enrol(socialWork);
    await using fresh = await exchange().client(socialWork);
    void fresh.notices().next();
    await until(() => sender.status().untrustedReceipts.length > 0);
    await sender.close();
    const status = (...args: string[]) => runInProcess(['status', '--home', homeOf(police), ...args]);
    const { address } = socialWork;
    expect((await status()).stdout).toMatch(
      new RegExp(
        `^receipts +of ${address} wait .*: compare the fingerprint .*: causeway directory trust ${address} --fingerprint …$`,
        'm',
      ),
    );
    expect(jsonLines((await status('--json')).stdout)[0]).toMatchObject({ untrustedReceipts: [address] });
    await runInProcess(['directory', 'trust', address, '--home', homeOf(police)]);
    expect(jsonLines((await status('--json')).stdout)[0]).toMatchObject({ untrustedReceipts: [] });
  });

  it('says of a home that a later enrolment has replaced that it was, and not its code alone', async () => {
    await (await exchange().client(socialWorkMash)).close();
    const former = join(dir, 'replaced');
    await rename(homeOf(socialWorkMash), former);
    await exchange().enrol(socialWorkMash);
    expect((await runInProcess(['status', '--home', former])).stdout).toMatch(
      /^connection +none: certificate-unknown\n +This identity has been replaced by a later enrolment/m,
    );
  });

  it('says like listen that the clock of this computer is off, and listen shows notices all the same', async () => {
    const sender = await exchange().client(police);
    await (await exchange().client(health)).close();
    const { id } = await sender.send(concern('from the future', health.address));
    const home = homeOf(health);
    const right = Date.now;
    const behind = vi.spyOn(Date, 'now').mockImplementation(() => right() - 3_600_000);
    onTestFinished(() => behind.mockRestore());
    const words = 'The clock of this computer is 60 minutes behind the gateway’s. Check it.';
    expect((await runInProcess(['status', '--home', home])).stdout).toMatch(
      new RegExp(`^connection +connected\\n +${words}$`, 'm'),
    );
    const [status] = jsonLines((await runInProcess(['status', '--home', home, '--json'])).stdout);
    expect(status?.clockAheadMs).toBeCloseTo(-3_600_000, -4);
    const { code, stdout, stderr } = await runInProcess(['listen', '--home', home, '--count', '1']);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch('from the future');
    expect(stderr.split(words)).toHaveLength(2);
    const { deliveries } = await sender.settled(id);
    expect(deliveries).toMatchObject([{ outcome: 'stored' }]);
    expect(deliveries[0]!.settledAt! - right()).toBeCloseTo(-3_600_000, -5);
    await sender.close();
  });

  it('ends with 0 whatever it shows, and with --check as it stands with the endpoint or the notice', async () => {
    const sender = await exchange().client(police);
    const { id } = await sender.send(concern('nobody listens', health.address));
    await sender.close();
    const home = homeOf(police);
    const codes = async (...args: string[]): Promise<number[]> => {
      const plain = await runInProcess(['status', '--home', home, ...args]);
      return [plain.code!, (await runInProcess(['status', '--home', home, ...args, '--check'])).code!];
    };
    expect(await codes()).toEqual([0, 0]);
    expect(await codes(id)).toEqual([0, 3]);
    const foreign = join(dir, 'with a foreign certificate');
    await cp(home, foreign, { recursive: true });
    await copyFile(join(homeOf(health), 'tls.pem'), join(foreign, 'tls.pem'));
    expect((await runInProcess(['status', '--home', foreign, '--check'])).code).toBe(1);
    await exchange().stop();
    expect(await codes()).toEqual([0, 3]);
    await exchange().restart();
  });
});
