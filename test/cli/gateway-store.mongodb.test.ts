/** `causeway gateway start --store`, as a process: what it runs on, and what it refuses. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { requestGateway } from '../../clients/sdk/gateway-request.ts';
import { z } from 'zod';
import {
  createMongodbFixture,
  hasServer,
  type MongodbFixture,
} from '../gateway/store/mongodb/mongodb-fixture.ts';
import { jsonLines, runCauseway, startCauseway, type RunningCommand } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

// Each step is a process, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let dir: string;
let home: string;
/** One that is never started. */
let fresh: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-gateway-store-'));
  home = join(dir, 'gateway');
  fresh = join(dir, 'fresh');
  for (const each of [home, fresh]) {
    const made = await runInProcess(['gateway', 'init', each, '--port', '0']);
    expect(made.code, made.stderr).toBe(0);
  }
});
afterAll(async () => rm(dir, { recursive: true }));

const start = (store: string): RunningCommand =>
  startCauseway(['gateway', 'start', home, '--listen', '127.0.0.1', '--json', '--store', store]);

describe.skipIf(!hasServer)('a gateway started with the address of a replica set', () => {
  const ae = 'nhs-lanarkshire/emergency-department';
  const duty = 'north-lanarkshire-social-work/duty';
  let fixture: MongodbFixture;
  beforeAll(async () => {
    fixture = await createMongodbFixture();
  });
  afterAll(async () => fixture.remove());

  /** Runs a command to its end, which must be a good one. */
  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runInProcess(args);
    expect(code, stderr).toBe(0);
    return stdout;
  };

  it('is ready, carries a notice, and stops on SIGTERM with exit code 0, all without the file of the home', async () => {
    const gateway = start(fixture.url);
    const line = await gateway.waitForLine((text) => text.includes('gateway listening'));
    await gateway.waitForLine((text) => text.includes('not the store in gateway.yaml'));
    const { url } = JSON.parse(line) as { url: string };
    const ca = await readFile(join(home, 'ca.crt'), 'utf8');
    const schema = z.object({ status: z.literal('ready') });
    await requestGateway({ gatewayUrl: url, path: '/readyz', tls: { ca }, schema });

    // As the warning says: other commands read the address here.
    const settings = join(home, 'gateway.yaml');
    const text = await readFile(settings, 'utf8');
    await writeFile(settings, text.replace(/^store: .*$/m, `store: ${JSON.stringify(fixture.url)}`));
    for (const [address, role] of [
      [ae, 'emergency-department'],
      [duty, 'duty'],
    ] as const) {
      const token = (await run('enrol-token', address, '--role', role, '--dir', home)).trim();
      await run('enrol', '--gateway', url, '--token', token, '--home', join(dir, role));
    }
    const [sender, recipient] = [join(dir, 'emergency-department'), join(dir, 'duty')];
    await run('directory', 'trust', '--all', '--home', sender);
    await run('directory', 'trust', '--all', '--home', recipient);
    const terms = ['--category', 'concern', '--severity', 'urgent'];
    const ground = ['--purpose', 'child-protection', '--basis', 'public-task'];
    const content = ['--text', 'A synthetic note.', '--home', sender];
    await run('send', '--to', duty, ...terms, ...ground, ...content);
    const heard = await run('listen', '--count', '1', '--home', recipient, '--json');
    expect(jsonLines(heard).find(({ type }) => type === 'notice')).toMatchObject({ from: ae });

    gateway.signal('SIGTERM');
    const { code, stdout, stderr } = await gateway.ended;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('gateway stopped');
    expect(existsSync(join(home, 'causeway.db'))).toBe(false);
    expect(await fixture.database.collection('message').countDocuments({}, { hint: '_id_' })).toBe(1);
  });

  it('is refused, with the password unsaid, where the database is empty and the log is not', async () => {
    await fixture.database.dropDatabase();
    const { code, stdout, stderr } = await runInProcess(['gateway', 'start', home, '--json']);
    expect([code, stdout + stderr]).toEqual([1, expect.stringMatching(/store-missing.*has \d+ leaves/s)]);
    expect(stdout + stderr).not.toContain('mongodb://');
    expect((await runInProcess(['gateway', 'check', home])).code).toBe(1);
  });
});

describe('a gateway is not started', () => {
  it.each([
    ['on an address of another kind', 'postgres://db.example/causeway', 2, /must be the path of a file/],
    ['on a path with a scheme before it', 'sqlite:causeway.db', 2, /must be the path of a file.*sqlite:…/],
    ['on nothing', '', 2, /it is empty/],
    ['on an address without a host', 'mongodb://', 2, /must have the form mongodb:\/\/host:port/],
    ['with an option that the driver does not know', 'mongodb://h/?bogus=1', 2, /no option bogus/],
    ['where no member answers', 'mongodb://u:secret@127.0.0.1:1/causeway', 3, /No MongoDB answers.*ECONNREF/],
    ['in a folder that is not there', '/nonexistent/causeway.db', 3, /its folder is missing/],
  ])('%s, which it says in words: %s', async (_, store, code, words) => {
    const result = await runInProcess(['gateway', 'start', fresh, '--port', '0', '--store', store]);
    expect([result.code, result.stderr]).toEqual([code, expect.stringMatching(words)]);
    expect(result.stdout + result.stderr).not.toContain('secret');
  });

  it('on such an address in gateway.yaml either, which names the line', async () => {
    const other = join(dir, 'other');
    await runInProcess(['gateway', 'init', other]);
    const settings = join(other, 'gateway.yaml');
    const text = await readFile(settings, 'utf8');
    await writeFile(settings, text.replace(/^store: .*$/m, 'store: "postgres://db.example/causeway"'));
    const { code, stderr } = await runCauseway(['gateway', 'start', other]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/gateway\.yaml:\d+:\d+: `store` must be the path of a/s),
    ]);
  });
});
