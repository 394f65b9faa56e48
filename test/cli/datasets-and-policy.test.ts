import {
  chmodSync,
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, repository, runCauseway } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

const policies = join(repository, 'policies');
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-cli-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const dataset = (...args: string[]) => runInProcess(['dataset', ...args, '--policies', policies]);

async function template(): Promise<Record<string, unknown>> {
  const { stdout } = await dataset('template', 'concern-report');
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('causeway dataset', () => {
  it('lists every data set of a policy folder', async () => {
    const { code, stdout } = await dataset('list', '--json');
    expect(code).toBe(0);
    expect(jsonLines(stdout).map(({ urn }) => urn)).toContain('urn:causeway:dataset:concern-report:1.0');
  });

  it('explains the fields of one, and prints its schema', async () => {
    const [shown, schema] = await Promise.all([
      dataset('show', 'concern-report'),
      dataset('show', 'concern-report/1.0', '--schema'),
    ]);
    expect(shown.stdout).toContain('/children/*/dateOfBirth');
    expect((JSON.parse(schema.stdout) as { $id: string }).$id).toBe(
      'urn:causeway:dataset:concern-report:1.0',
    );
  });

  it('shows nothing of a data set that could move the cursor: a gateway may have made it', async () => {
    const folder = join(dir, 'hostile', 'datasets', 'note');
    mkdirSync(folder, { recursive: true });
    const words = { title: 'One\u001b[2J\u202etwo', description: 'Three\u009b1mfour' };
    const schema = {
      ...{ $id: 'urn:causeway:dataset:note:1.0', ...words, type: 'object', additionalProperties: false },
      properties: { ['na\u001b]0;me']: { type: 'string', ...words } },
    };
    writeFileSync(join(folder, '1.0.json'), JSON.stringify(schema));
    const hostile = (...args: string[]) =>
      runInProcess(['dataset', ...args, '--policies', join(dir, 'hostile')]);
    const file = join(dir, 'note.json');
    writeFileSync(file, JSON.stringify({ ['x\u001b[1A']: 1 }));
    for (const args of [['list'], ['show', 'note'], ['validate', 'note', file]]) {
      const { stdout } = await hostile(...args);
      expect(stdout, args.join(' ')).toContain('\ufffd');
      expect(stdout, args.join(' ')).not.toMatch(/[\u001b\u009b\u202e]/);
    }
  });

  it('makes a template that validates, also through stdin', async () => {
    const { code, stdout } = await runCauseway(
      ['dataset', 'validate', 'concern-report', '-', '--policies', policies],
      { input: JSON.stringify(await template()) },
    );
    expect(code).toBe(0);
    expect(stdout).toContain('good');
  });

  it('points at what is wrong by file and JSON Pointer, without repeating it', async () => {
    const document = await template();
    const [child] = document.children as Record<string, unknown>[];
    child!.dateOfBirth = 'a-secret-day';
    const file = join(dir, 'report.json');
    writeFileSync(file, JSON.stringify(document));
    const { code, stdout, stderr } = await dataset('validate', 'concern-report', file);
    expect(code).toBe(2);
    expect(stdout).toBe(`${file}: /children/0/dateOfBirth: must be a date such as 2019-04-30\n`);
    expect(stdout + stderr).not.toContain('a-secret-day');
  });

  it('names a field that the data set does not know, for whoever has the document anyway', async () => {
    const document = { ...(await template()), colour: 'a-secret-colour' };
    const file = join(dir, 'unknown.json');
    writeFileSync(file, JSON.stringify(document));
    const { stdout } = await dataset('validate', 'concern-report', file);
    expect(stdout).toContain(`${file}: /colour: is not a field here; the fields here are`);
    expect(stdout).not.toContain('a-secret-colour');
  });

  it('says where JSON breaks off, without repeating it', async () => {
    const file = join(dir, 'broken.json');
    writeFileSync(file, '{\n  "name": "Somebody",,\n}');
    const { code, stderr } = await dataset('validate', 'concern-report', file);
    expect(code).toBe(2);
    expect(stderr).toContain('is not valid JSON (line 2, column 22)');
    expect(stderr).not.toContain('Somebody');
  });

  it('writes a template for its owner only, and never over a file', async () => {
    const file = join(dir, 'template.json');
    expect((await dataset('template', 'ird-request', '--out', file)).code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = readFileSync(file, 'utf8');
    const again = await dataset('template', 'ird-request', '--out', file);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('nothing was overwritten');
    expect(readFileSync(file, 'utf8')).toBe(before);
    writeFileSync(file, '');
    chmodSync(file, 0o644);
    expect((await dataset('template', 'ird-request', '--out', file)).code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('names what there is when a name is wrong, and a file that is not there', async () => {
    const [unknown, missing] = await Promise.all([
      dataset('show', 'concern-reprot'),
      dataset('validate', 'concern-report', join(dir, 'nowhere.json')),
    ]);
    expect([unknown.code, missing.code]).toEqual([2, 2]);
    expect(unknown.stderr).toContain('concern-report/1.0');
    expect(missing.stderr).toContain('there is no such file');
  });

  it('takes ./policies by itself', async () => {
    const { code, stdout } = await runCauseway(['dataset', 'list'], { cwd: repository });
    expect(code).toBe(0);
    expect(stdout).toContain('plan-registration/1.0');
  });
});

describe('causeway policy', () => {
  it('checks a sound folder', async () => {
    const { code, stdout } = await runInProcess(['policy', 'check', policies, '--json']);
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toEqual([expect.objectContaining({ type: 'policy', problems: 0 })]);
  });

  it('names file, line and column of what is wrong, for CI', async () => {
    const broken = join(dir, 'policies');
    cpSync(policies, broken, { recursive: true });
    appendFileSync(
      join(broken, 'sharing/planning.cedar'),
      '\n@id("x") permit (principal, action, resource) when {',
    );
    appendFileSync(join(broken, 'agencies.yaml'), '\nnonsense: true\n');
    const { code, stdout } = await runCauseway(['policy', 'check', broken]);
    expect(code).toBe(2);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.some((line) => line.startsWith(`${join(broken, 'agencies.yaml')}:`))).toBe(true);
    expect(lines.find((line) => line.includes('planning.cedar'))).toMatch(/planning\.cedar:\d+:\d+: \S/);
  });

  it('says that there is no such folder', async () => {
    const { code, stderr } = await runInProcess(['policy', 'check', join(dir, 'nowhere')]);
    expect(code).toBe(2);
    expect(stderr).toContain(`There is no folder ${join(dir, 'nowhere')}`);
    expect(stderr).not.toContain('ENOENT');
  });

  it('says that the folder of a gateway’s agreement is gone, and to put it back', async () => {
    const home = join(dir, 'without-policies');
    await runInProcess(['gateway', 'init', home]);
    rmSync(join(home, 'policies'), { recursive: true });
    const { code, stderr } = await runInProcess(['gateway', 'start', home]);
    expect(code).toBe(2);
    expect(stderr).toContain(`The folder ${join(home, 'policies')} cannot be read: it is not there.`);
    expect(stderr).toMatch(/^next +Put the folder back/m);
    expect(stderr).not.toMatch(/ENOENT|lines named/);
  });

  it('shows categories, purposes and rules in words', async () => {
    const { code, stdout } = await runInProcess(['policy', 'show', policies]);
    expect(code).toBe(0);
    expect(stdout).toContain('Concern about a child');
    expect(stdout).toMatch(/permit +\S+ +Any agency may raise a concern/);
  });

  it('shows the agreement of the gateway that is here before a ./policies, and says whose it shows', async () => {
    const cwd = join(dir, 'both');
    mkdirSync(join(cwd, 'gateway-home'), { recursive: true });
    cpSync(policies, join(cwd, 'policies'), { recursive: true });
    const alone = await runCauseway(['policy', 'show'], { cwd });
    expect(alone.stdout).toMatch(
      /^Sharing agreement {2}policies .*\n +of this folder, which a gateway need not have/,
    );
    cpSync(policies, join(cwd, 'gateway-home/policies'), { recursive: true });
    writeFileSync(join(cwd, 'gateway-home/gateway.yaml'), '');
    const { stdout } = await runCauseway(['policy', 'show'], { cwd });
    expect(stdout).toMatch(
      /^Sharing agreement {2}gateway-home\/policies .*\n +of the gateway in gateway-home\n/,
    );
  });

  it('tells the user of an endpoint that the agreement is the gateway’s, and what to do', async () => {
    const { code, stderr } = await runCauseway(['policy', 'show'], {
      cwd: repository,
      env: { CAUSEWAY_HOME: join(dir, 'an-endpoint') },
    });
    expect(code).toBe(2);
    expect(stderr).toContain('Ask the operator of the gateway for a copy of its policies');
    expect(stderr).not.toContain('gateway-home');
  });
});

describe('causeway dataset', () => {
  it('takes the data sets of the gateway of $CAUSEWAY_HOME before those of a ./policies', async () => {
    const home = join(dir, 'no-endpoint');
    const { code, stderr } = await runCauseway(['dataset', 'list'], {
      cwd: repository,
      env: { CAUSEWAY_HOME: home },
    });
    expect(code).not.toBe(0);
    expect(stderr).toContain(home);
  });
});
