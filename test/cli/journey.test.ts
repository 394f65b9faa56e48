/** An operator and two endpoints, from nothing to a revocation, by the command alone and over real TLS. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  jsonLines,
  runCauseway,
  startCauseway,
  type RunningCommand,
  type RunResult,
} from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

// Each step is a process or several, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const ae = 'nhs-lanarkshire/emergency-department';
const duty = 'north-lanarkshire-social-work/duty';
const housing = 'lanarkshire-housing/office';

let dir: string;
let gateway: RunningCommand | undefined;
let url: string;
let pid: number;

const gatewayDir = (): string => join(dir, 'gateway');
const homeOf = (address: string): string => join(dir, address.replace('/', '-'));

const groups = new Set(['agency', 'dataset', 'directory', 'endpoint', 'gateway', 'linkage', 'pattern']);
const known = new Set<string>();

/** Each command is a process when it comes first, and whenever it reads; what is asked of it again need not be. */
async function run(args: readonly string[], env: Record<string, string>, input?: string): Promise<RunResult> {
  const [first = '', second = ''] = args;
  const name = groups.has(first) && !second.startsWith('-') ? `${first} ${second}` : first;
  if (input !== undefined) return await runCauseway(args, { env, input });
  if (known.has(name) && !args.includes('-')) return await runInProcess(args, env);
  known.add(name);
  return await runCauseway(args, { env });
}

/** Acts on the gateway of this test. */
const operate = (...args: string[]): Promise<RunResult> => run(args, { CAUSEWAY_GATEWAY: gatewayDir() });
/** Acts as an endpoint. */
const act = (address: string, args: readonly string[], input?: string): Promise<RunResult> =>
  run(args, { CAUSEWAY_HOME: homeOf(address) }, input);

async function startGateway(port: string): Promise<void> {
  gateway = startCauseway(['gateway', 'start', gatewayDir(), '--port', port, '--listen', '127.0.0.1']);
  const line = await gateway.waitForLine((text) => text.includes('gateway listening'));
  ({ url, pid } = JSON.parse(line) as { url: string; pid: number });
}

async function enrol(address: string, ...roles: string[]): Promise<void> {
  const issued = await operate('enrol-token', address, '--role', ...roles);
  expect(issued.code, issued.stderr).toBe(0);
  // Only the token is on stdout, so that it can be piped.
  expect(issued.stdout).toMatch(/^causeway-token-1\.\S+\n$/);
  const enrolled = await act(
    address,
    ['enrol', '--gateway', url, '--token-file', '-', '--json'],
    issued.stdout,
  );
  expect(enrolled.code, enrolled.stderr).toBe(0);
  expect(jsonLines(enrolled.stdout)).toEqual([
    expect.objectContaining({ type: 'enrolled', endpoint: address, roles }),
  ]);
}

const notice = (to: string, ...content: string[]): string[] => [
  ...['send', '--to', to, '--category', 'concern', '--severity', 'urgent'],
  ...['--purpose', 'child-protection', '--basis', 'public-task', ...content],
];

function fingerprintOf(address: string, output: string): string {
  const entry = jsonLines(output).find(({ endpoint }) => endpoint === address);
  return entry?.openpgpFingerprint as string;
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-journey-'));
  const made = await run(['gateway', 'init', gatewayDir(), '--port', '0'], {});
  expect(made.code, made.stderr).toBe(0);
  expect(made.stdout).toContain(`causeway gateway start ${gatewayDir()}`);
  await startGateway('0');
  await enrol(ae, 'emergency-department');
  await enrol(duty, 'duty', 'mash');
});

afterAll(async () => {
  gateway?.signal('SIGTERM');
  await gateway?.ended;
  rmSync(dir, { recursive: true, force: true });
});

describe('a gateway made by the command', () => {
  it('keeps private keys from other users and refuses to be made twice', async () => {
    expect(statSync(gatewayDir()).mode & 0o777).toBe(0o700);
    for (const name of ['ca.key', 'tls.key', 'receipt.key', 'causeway.db']) {
      expect(statSync(join(gatewayDir(), name)).mode & 0o777, name).toBe(0o600);
    }
    const key = readFileSync(join(gatewayDir(), 'ca.key'), 'utf8');
    const again = await run(['gateway', 'init', gatewayDir()], {});
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/nothing was overwritten[^]*next {3}[^]*code {3}home-exists/);
    expect(readFileSync(join(gatewayDir(), 'ca.key'), 'utf8')).toBe(key);
  });

  it('is found healthy while it runs, and a broken folder is not', async () => {
    const healthy = await operate('gateway', 'check', '--json');
    expect(healthy.code).toBe(0);
    const findings = jsonLines(healthy.stdout);
    expect(findings.map(({ check, verdict }) => [check, verdict])).toEqual([
      ['home', 'good'],
      ['settings', 'good'],
      ['issuing CA', 'good'],
      ['gateway certificate', 'good'],
      ['policies', 'good'],
      ['retention', 'good'],
      ['store', 'good'],
      // How much room there is depends on where this runs.
      ['room', expect.stringMatching(/^(?:good|warn)$/) as string],
      ['messages', 'good'],
      ['deliveries', 'good'],
      ['receipts', 'good'],
      ['endpoints', 'good'],
      ['agreement', 'good'],
      ['correlator', 'good'],
      ['audit log', 'good'],
    ]);
    expect(findings.find(({ check }) => check === 'room')?.detail).toMatch(
      /^\d+ MiB of disk free.*; the floor is 1024 MiB$/,
    );
    const broken = await run(['gateway', 'check', join(dir, 'nothing')], {});
    expect(broken.code).toBe(1);
    expect(broken.stdout).toMatch(/^bad/);
  });

  it('refuses a second gateway on its store', async () => {
    const { code, stderr } = await operate('gateway', 'start', '--port', '0');
    expect(code).not.toBe(0);
    expect(stderr).toContain('code   store-in-use');
  });

  it('takes a new agency over while it runs', async () => {
    const words = ['--sector', 'social-work', '--area', 'north-lanarkshire', '--role', 'duty'];
    const unknown = await operate('enrol-token', housing, '--role', 'duty');
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('causeway agency add');
    const added = await operate(
      'agency',
      'add',
      'lanarkshire-housing',
      '--name',
      'Lanarkshire Housing',
      ...words,
    );
    expect(added.code, added.stderr).toBe(0);
    expect((await operate('agency', 'list')).stdout).toContain('Lanarkshire Housing');
    await gateway!.waitForLine((line) => line.includes('policy loaded'));
    await enrol(housing, 'duty');
    const listed = await operate('endpoint', 'list', '--json');
    expect(jsonLines(listed.stdout).map(({ endpoint }) => endpoint)).toEqual(
      expect.arrayContaining([ae, duty, housing]),
    );
  });

  it('says what is wrong with a role, an agency that is there, and a second use of a token', async () => {
    const role = await operate('enrol-token', ae, '--role', 'duty');
    expect(role.code).toBe(2);
    expect(role.stderr).toMatch(/Its roles are emergency-department[^]*next {3}Use one of these/);
    const words = ['--name', 'X', '--sector', 'health', '--area', 'north-lanarkshire', '--role', 'duty'];
    const twice = await operate('agency', 'add', 'nhs-lanarkshire', ...words);
    expect(twice.code).toBe(2);
    expect(twice.stderr).toContain('nhs-lanarkshire is there already; nothing was changed');
    const strange = await operate('agency', 'add', 'new-one', ...words, '--sector', 'nonsense');
    expect(strange.code).toBe(2);
    expect(strange.stderr).toMatch(/--sector: names `nonsense`[^]*social-work/);
    const misread = ['--gateway', url, '--token', 'nonsense', '--home', join(dir, 'n')];
    const broken = await run(['enrol', ...misread], {});
    expect(broken.code).toBe(2);
    expect(broken.stderr).toContain('code   token-invalid');
    expect(existsSync(join(dir, 'n'))).toBe(false);
  });
});

describe('an endpoint', () => {
  it('keeps its home for itself and never overwrites it', async () => {
    expect(statSync(homeOf(ae)).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(homeOf(ae))) {
      expect(statSync(join(homeOf(ae), name)).mode & 0o077, name).toBe(0);
    }
    const { stdout: token } = await operate('enrol-token', ae, '--role', 'emergency-department');
    const again = await act(ae, ['enrol', '--gateway', url, '--token', token.trim()]);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('code   home-exists');
    mkdirSync(join(dir, `.spoilt.${ae.replace('/', '.')}.enrolment-keys`));
    const spoilt = ['--gateway', url, '--token', token.trim(), '--home', join(dir, 'spoilt')];
    const left = await run(['enrol', ...spoilt], {});
    expect(left.code).toBe(1);
    expect(left.stderr).toMatch(
      /remove them and enrol again[^]*: rm -r \S+\.enrolment-keys\n[^]*next {3}Do what it says/,
    );
  });

  it('trusts a key only when told, and only the one that it was told of', async () => {
    const before = await act(ae, notice(duty, '--text', 'Too early.'));
    expect(before.code).toBe(1);
    expect(before.stderr).toMatch(/code {3}key-unknown/);
    const wrong = await act(ae, ['directory', 'trust', duty, '--fingerprint', 'ab'.repeat(32)]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('code   key-changed');
    const fingerprint = fingerprintOf(duty, (await act(ae, ['directory', '--json'])).stdout);
    const trusted = await act(ae, ['directory', 'trust', duty, '--fingerprint', fingerprint]);
    expect(trusted.code, trusted.stderr).toBe(0);
    expect((await act(duty, ['directory', 'trust', ae])).code).toBe(0);
    const listed = jsonLines((await act(ae, ['directory', 'list', '--json'])).stdout);
    expect(listed.find(({ endpoint }) => endpoint === duty)).toMatchObject({ trust: 'trusted' });
  });

  it('says whom a notice is about by tokens, warns of an odd number, and sends it all the same', async () => {
    const file = join(dir, 'subject.json');
    const child = { given: 'Zebedee', family: 'Quartermain', birthDate: '2016-02-09', chi: '0902161111' };
    writeFileSync(file, JSON.stringify(child), { mode: 0o600 });
    const about = notice(duty, '--text', 'A synthetic note.', '--subjects', file);
    const keyless = await act(ae, about);
    expect(keyless.code).not.toBe(0);
    expect(keyless.stderr).toContain('code   linkage-key-missing');
    expect((await act(ae, ['linkage', 'key', 'make', '--epoch', '1'])).code).toBe(0);
    const sent = await act(ae, [...about, '--json']);
    expect(sent.code, sent.stderr).toBe(0);
    const [warning, accepted] = jsonLines(sent.stdout);
    expect(warning).toEqual({
      type: 'subject-warning',
      subject: 1,
      field: 'chi',
      message: 'has another check digit than Modulus 11 gives',
    });
    const told = await operate('pattern', 'why-not', String(accepted!.id));
    expect(told.stdout).toContain('1 notice is tied to this child');
    expect((await act(duty, ['listen', '--count', '1'])).code).toBe(0);
    writeFileSync(file, JSON.stringify([child, { ...child, surname: 'Quartermain' }]));
    const refused = await act(ae, about);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('subject 2 has the field surname, which is none of given, family,');
    expect(refused.stderr).not.toContain('Quartermain');
    const mistaken = await act(ae, ['linkage', 'key', 'import', file]);
    expect(mistaken.stderr).toContain(
      'is not a linkage key: that is what `causeway linkage key make --out` writes',
    );
  });

  it('sends a document that the other side has listened for, and learns that it was stored', async () => {
    const listening = startCauseway(['listen', '--home', homeOf(duty), '--json', '--count', '1']);
    await listening.waitForLine((line) => line.includes('"connected"'));
    const { stdout: document } = await act(ae, [
      'dataset',
      'template',
      'concern-report',
      '--home',
      homeOf(ae),
    ]);
    const content = ['--dataset', 'concern-report', '--content', '-'];
    const sent = await act(ae, [...notice(duty, ...content), '--wait', 'stored', '--json'], document);
    expect(sent.code, sent.stderr).toBe(0);
    const [accepted, settled] = jsonLines(sent.stdout);
    expect(accepted).toMatchObject({ type: 'accepted', listening: [duty], away: [] });
    expect(settled).toMatchObject({ type: 'message', deliveries: [{ recipient: duty, state: 'stored' }] });
    const { code, stdout } = await listening.ended;
    expect(code).toBe(0);
    expect(jsonLines(stdout).find(({ type }) => type === 'notice')).toMatchObject({
      type: 'notice',
      id: accepted!.id,
      from: ae,
      severity: 'urgent',
      dataschema: 'urn:causeway:dataset:concern-report:1.0',
      content: JSON.parse(document) as unknown,
    });
    const status = await act(ae, ['status', accepted!.id as string]);
    expect(status.stdout).toMatch(/accepted .* → delivered .* → stored/);
  });

  it('is known to the operator by its address and by what its software calls itself', async () => {
    const line = await gateway!.waitForLine((text) => text.includes('session ready') && text.includes(ae));
    expect(JSON.parse(line)).toMatchObject({ endpoint: ae, client: 'causeway-cli' });
  });

  it('refuses a document that does not fit, naming the field and nothing of its content', async () => {
    const content = ['--dataset', 'concern-report', '--content', '-'];
    const { code, stderr } = await act(ae, notice(duty, ...content), '{"reporter":{"name":"Somebody"}}');
    expect(code).toBe(2);
    expect(stderr).toMatch(/\/reporter.*missing/);
    expect(stderr).not.toContain('Somebody');
  });

  it('sends nothing that is empty, and says in days how long a notice may last', async () => {
    const file = join(dir, 'empty.txt');
    writeFileSync(file, '');
    for (const content of [
      ['--text', ''],
      ['--text', '-'],
      ['--file', file],
    ]) {
      const { code, stderr } = await act(ae, notice(duty, ...content));
      expect(code, content.join(' ')).toBe(2);
      expect(stderr).toContain('There is nothing to send');
    }
    const long = await act(ae, notice(duty, '--text', 'x', '--expires', '400d'));
    expect(long.code).toBe(2);
    expect(long.stderr).toMatch(/--expires[^]*at most 90 days/);
  });

  it('is told what the sharing agreement denies, and of which notice', async () => {
    await act(ae, ['directory', 'trust', '--all']);
    const denied = notice(duty, '--text', 'x').map((word) => (word === 'public-task' ? 'consent' : word));
    const { code, stderr } = await act(ae, denied);
    expect(code).toBe(1);
    const [, id = ''] = /It is the notice (\S+)\.[^]*code {3}policy-denied/.exec(stderr) ?? [];
    expect((await act(ae, ['status', id])).stdout).toContain('refused by the gateway: policy-denied');
    const asJson = await act(ae, [...denied, '--json']);
    const [failure] = jsonLines(asJson.stderr) as [{ id: string }];
    expect(failure).toMatchObject({ type: 'error', code: 'policy-denied', retryable: false });
    expect((await act(ae, ['status', failure.id])).code).toBe(0);
  });

  it('saves what it receives for its owner only, as it was sent', async () => {
    const file = join(dir, 'drawing.PDF');
    writeFileSync(file, Buffer.from([0x25, 0x50, 0x44, 0x46, 0x00, 0xff]));
    const sent = await act(ae, [...notice(duty, '--file', file), '--json']);
    expect(sent.code, sent.stderr).toBe(0);
    const [{ id, away }] = jsonLines(sent.stdout) as [{ id: string; away: string[] }];
    expect(away).toEqual([duty]);
    const inbox = join(dir, 'inbox');
    const listened = await act(duty, ['listen', '--save', inbox, '--count', '1']);
    expect(listened.code, listened.stderr).toBe(0);
    expect(readFileSync(join(inbox, `${id}-content.pdf`))).toEqual(readFileSync(file));
    expect(JSON.parse(readFileSync(join(inbox, `${id}.json`), 'utf8'))).toMatchObject({
      id,
      name: 'drawing.PDF',
      mediaType: 'application/pdf',
      content: `${id}-content.pdf`,
    });
    for (const name of readdirSync(inbox)) expect(statSync(join(inbox, name)).mode & 0o777).toBe(0o600);
  });

  it('shows no control characters of a notice on its screen, and ends cleanly on Ctrl-C', async () => {
    await act(ae, notice(duty, '--text', 'Call \u001b[2J\u202eback.'));
    const listening = startCauseway(['listen', '--home', homeOf(duty)]);
    await listening.waitForLine((line) => line.includes('Call'));
    listening.signal('SIGINT');
    const { code, stdout } = await listening.ended;
    expect(code).toBe(0);
    expect(stdout).toContain('Call \ufffd[2J\ufffdback.');
    const again = jsonLines((await act(duty, ['status', '--json'])).stdout);
    expect(again[0]).toMatchObject({ connected: true, held: 0 });
  });
});

describe('when the gateway is away', () => {
  it('a notice stays in the outbox, and goes out with the next command that connects', async () => {
    const port = new URL(url).port;
    process.kill(pid, 'SIGTERM');
    expect((await gateway!.ended).code).toBe(0);

    const late = await act(ae, [...notice(duty, '--text', 'Late.'), '--timeout', '1s']);
    expect(late.code).toBe(3);
    expect(late.stderr).toMatch(/stays in the outbox[^]*Do not send it again[^]*code {3}gateway-unreachable/);
    expect(late.stderr).not.toContain('try again');
    const interrupted = startCauseway([...notice(duty, '--text', 'Later.'), '--home', homeOf(ae), '--json']);
    await expect
      .poll(async () => jsonLines((await act(ae, ['status', '--json'])).stdout)[0], { timeout: 60_000 })
      .toMatchObject({
        connected: false,
        error: 'gateway-unreachable',
        waiting: 2,
      });
    interrupted.signal('SIGINT');
    const { code, stderr } = await interrupted.ended;
    expect(code).toBe(130);
    const [failure] = jsonLines(stderr) as [{ id: string }];
    expect(failure).toMatchObject({ type: 'error', code: 'aborted', queued: true, retryable: false });
    expect((await act(ae, ['status', failure.id])).code).toBe(0);

    await startGateway(port);
    const listening = startCauseway(['listen', '--home', homeOf(duty), '--json', '--count', '2']);
    const status = await act(ae, ['status', '--json']);
    expect(jsonLines(status.stdout)[0]).toMatchObject({ connected: true });
    const { stdout } = await listening.ended;
    const texts = jsonLines(stdout).filter(({ type }) => type === 'notice');
    expect(texts.map(({ text }) => text)).toEqual(['Late.', 'Later.']);
  });
});

describe('when the gateway has no room', () => {
  it('a notice stays in the outbox, and the sender is told why', async () => {
    const port = new URL(url).port;
    const settings = join(gatewayDir(), 'gateway.yaml');
    const usual = readFileSync(settings, 'utf8');
    const restart = async (text: string): Promise<void> => {
      gateway!.signal('SIGTERM');
      expect((await gateway!.ended).code).toBe(0);
      writeFileSync(settings, text);
      await startGateway(port);
    };
    await restart(usual.replace(/^freeDiskMebibytes: .*$/m, 'freeDiskMebibytes: 1073741824'));
    const refused = await act(ae, [...notice(duty, '--text', 'No room.'), '--timeout', '3s']);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(
      /stays in the outbox[^]*Do not send it again[^]*code {3}store-unavailable/,
    );
    expect(refused.stderr).not.toContain('cannot be reached');
    expect((await act(ae, ['status'])).stdout).toMatch(/1 waiting[^]*refused for now, store-unavailable: \S/);
    const status = await act(ae, ['status', '--json']);
    expect(jsonLines(status.stdout)[0]).toMatchObject({
      connected: true,
      waiting: 1,
      postponed: { code: 'store-unavailable' },
    });

    await restart(usual);
    const listening = startCauseway(['listen', '--home', homeOf(duty), '--json', '--count', '1']);
    await act(ae, ['status']);
    const { stdout } = await listening.ended;
    expect(jsonLines(stdout).filter(({ type }) => type === 'notice')).toMatchObject([{ text: 'No room.' }]);
  });
});

describe('a revoked endpoint', () => {
  it('loses its session, and is told why', async () => {
    const listening = startCauseway(['listen', '--home', homeOf(housing)]);
    const other = startCauseway(['listen', '--home', homeOf(duty), '--json']);
    await other.waitForLine((line) => line.includes('"connected"'));
    const revoked = await operate('endpoint', 'revoke', housing, '--reason', 'service-ended', '--json');
    expect(revoked.code, revoked.stderr).toBe(0);
    const { code, stderr } = await listening.ended;
    expect(code).toBe(1);
    expect(stderr).toContain('code   endpoint-revoked');
    other.signal('SIGTERM');
    expect((await other.ended).code).toBe(0);
    const records = jsonLines(
      (await operate('gateway', 'records', '--json', '--kind', 'endpoint.revoked')).stdout,
    );
    expect(records).toEqual([
      expect.objectContaining({
        ...{ type: 'record', endpoint: housing, reason: 'service-ended' },
        by: userInfo().username,
      }),
    ]);
    const stranger = await operate(
      'endpoint',
      'revoke',
      'lanarkshire-housing/typo',
      '--reason',
      'device-lost',
    );
    expect(stranger.code).toBe(1);
    expect(stranger.stderr).toContain('is no longer good');
    const own = await operate('endpoint', 'revoke', 'gateway/correlator', '--reason', 'device-lost');
    expect(own).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is the gateway's own") as unknown,
    });
    const indexes = jsonLines((await operate('gateway', 'records', '--json', '--from', '3')).stdout);
    expect(indexes[0]).toMatchObject({ index: 3 });
    const misspelt = await operate('gateway', 'records', '--kind', 'nonsense');
    expect(misspelt).toMatchObject({ code: 0, stdout: '' });
    expect(misspelt.stderr).toContain('No line of the kind nonsense');
  });
});
