import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readDocuments } from '../../../gateway/correlator/patterns/documents.ts';
import { loadPatterns } from '../../../gateway/correlator/patterns/load.ts';
import type { Problem } from '../../../protocol/errors.ts';
import { runInProcess } from '../../cli/run-in-process.ts';
import { problemsOf } from './pattern-text.ts';

it('a name in a pattern folder that is no file that can be read is a problem in words', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-patterns-'));
  try {
    await mkdir(join(dir, 'folder.yaml'));
    await symlink('nowhere', join(dir, 'link.yaml'));
    execFileSync('mkfifo', [join(dir, 'pipe.yaml')]);
    await writeFile(join(dir, 'latin1.yaml'), Buffer.from('title: Geb\u00fchr\n', 'latin1'));
    await expect(loadPatterns(dir, { form: 'sigma' })).rejects.toMatchObject({
      code: 'policy-invalid',
      problems: [
        { at: 'folder.yaml', message: 'is a folder; only a file may have a name with this ending' },
        { at: 'latin1.yaml', message: 'is not text in UTF-8' },
        {
          at: 'link.yaml',
          message: 'cannot be read: it has gone, or is a link to a file that is not there',
        },
        { at: 'pipe.yaml', message: 'is not a file' },
      ],
    });
  } finally {
    await rm(dir, { recursive: true });
  }
});

it.each(['', '\n', '# Nothing but words.\n'])('a file without a document is a problem: %j', async (text) => {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-patterns-'));
  try {
    const policies = fileURLToPath(new URL('../../../policies/patterns', import.meta.url));
    for (const name of ['base-rules.yaml', 'three-agencies.yaml'])
      await copyFile(join(policies, name), join(dir, name));
    await writeFile(join(dir, 'cut.yaml'), text);
    await expect(loadPatterns(dir, { form: 'sigma' })).rejects.toMatchObject({
      code: 'policy-invalid',
      problems: [{ at: 'cut.yaml', line: 1, message: 'is empty; remove a file that is not wanted' }],
    });
  } finally {
    await rm(dir, { recursive: true });
  }
});

it.each([
  ['RULE---\n', [6]],
  ['RULE---\n# Nothing but words.\n---\nOTHER', [6]],
  ['---\n---\nRULE', [1]],
  ['RULE---\n---\n', [6, 7]],
  ['RULE...\n', []],
  ['---\nRULE', []],
])('a document that was cut to nothing is a problem, also at the end of its file: %j', (form, lines) => {
  const rule = 'title: One\ncorrelation:\n  type: temporal\n  rules: [a]\n  timespan: 1d\n';
  const text = form.replace('RULE', rule).replace('OTHER', rule.replace('One', 'Two'));
  expect(problemsOf(text)).toEqual(
    lines.map(
      (line) => `one.yaml:${line}: this document is empty; remove the \`---\` of one that is not wanted`,
    ),
  );
});

it('a rule that a pattern names is counted beside the pattern', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-patterns-'));
  try {
    const few = 'type: event_count, timespan: 1d, condition: { gte: 1 }';
    await writeFile(
      join(dir, 'one.yaml'),
      'name: seen\ndetection: { sight: { category: concern }, condition: sight }\n---\n' +
        `title: Inner\nname: inner\ncorrelation: { ${few}, rules: [seen] }\n---\n` +
        'title: Outer\ncorrelation: { type: temporal, timespan: 1d, rules: [inner] }\n',
    );
    await expect(loadPatterns(dir, { form: 'sigma' })).resolves.toMatchObject({
      patterns: [{ title: 'Outer' }],
      supporting: 2,
    });
    const policies = fileURLToPath(new URL('../../../policies', import.meta.url));
    const { stdout } = await runInProcess(['pattern', 'check', dir, '--sigma', '--policies', policies]);
    expect(stdout).toContain('1 pattern, 2 supporting rules, 0 fixtures');
  } finally {
    await rm(dir, { recursive: true });
  }
});

it('a pattern has a UUID for its id, and an alert has room for that and no more', async () => {
  const dataset = new URL('../../../policies/datasets/correlator-alert/1.0.json', import.meta.url);
  expect(await readFile(dataset, 'utf8')).toMatch(/"id": \{[^}]*"maxLength": 36\s/);
  const text = (length: number): string =>
    `title: Two\nid: 6dd5a7c9-7f2c-4d6c-9a55-0d0c3d9b8a11${'0'.repeat(length - 36)}\n` +
    'correlation: { type: event_count, rules: [a], timespan: 3d, condition: { gte: 2 } }\n';
  expect(problemsOf(text(36), 'committee').join()).not.toContain('`id`');
  expect(problemsOf(text(37), 'committee')).toContain('one.yaml:2: `id` must be a UUID');
});

it('a pattern that says more of itself than an alert has room for is a problem of its file and line', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-patterns-'));
  try {
    const policies = fileURLToPath(new URL('../../../policies', import.meta.url));
    await copyFile(join(policies, 'patterns', 'base-rules.yaml'), join(dir, 'base-rules.yaml'));
    const sound = await readFile(join(policies, 'patterns', 'three-agencies.yaml'), 'utf8');
    // 𝒳 is one character, of two UTF-16 units.
    const write = async (more: number): Promise<string> => {
      const explanations = Array.from({ length: 20 + more }, (_, nth) => `  - ${nth} ${'y'.repeat(990)}`);
      explanations[1] = `  - ${'z'.repeat(1_000 + more)}`;
      const text = sound
        .replace(/^title: .*$/m, `title: ${'𝒳'.repeat(200 + more)}`)
        .replace(/^description: >-\n(?: {2}.*\n)+/m, `description: ${'x'.repeat(4_000 + more)}\n`)
        .replace(/^falsepositives:\n(?: {2}.*\n)+/m, `falsepositives:\n${explanations.join('\n')}\n`);
      await writeFile(join(dir, 'three-agencies.yaml'), text);
      const { code, stdout, stderr } = await runInProcess(['pattern', 'check', dir, '--policies', policies]);
      expect(code === 0).toBe(more === 0);
      return stdout + stderr;
    };
    await write(0);
    const said = await write(1);
    expect(said.match(/three-agencies\.yaml:.*room.*/g)).toEqual([
      'three-agencies.yaml:1:8: `title` has 201 characters, and an alert has room for 200',
      'three-agencies.yaml:4:14: `description` has 4001 characters, and an alert has room for 4000',
      'three-agencies.yaml:11:1: `falsepositives` has 21 entries, and an alert has room for 20',
      'three-agencies.yaml:13:5: `falsepositives` has 1001 characters, and an alert has room for 1000',
    ]);
  } finally {
    await rm(dir, { recursive: true });
  }
});

it('a title that a terminal would obey, or that breaks its line, is refused with its place', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-patterns-'));
  try {
    const policies = fileURLToPath(new URL('../../../policies', import.meta.url));
    await copyFile(join(policies, 'patterns', 'base-rules.yaml'), join(dir, 'base-rules.yaml'));
    const sound = await readFile(join(policies, 'patterns', 'three-agencies.yaml'), 'utf8');
    for (const title of ['a\\u001b[31mred', 'one\\ntwo', 'back\\u202Ewards']) {
      await writeFile(join(dir, 'three-agencies.yaml'), sound.replace(/^title: .*$/m, `title: "${title}"`));
      const { code, stdout } = await runInProcess(['pattern', 'check', dir, '--policies', policies]);
      expect(code).not.toBe(0);
      expect(stdout).toContain(
        'three-agencies.yaml:1:8: `title` must be one line without control characters',
      );
    }
  } finally {
    await rm(dir, { recursive: true });
  }
});

it('what a broken pattern amounts to is not held against it', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-patterns-'));
  try {
    const policies = fileURLToPath(new URL('../../../policies', import.meta.url));
    await copyFile(join(policies, 'patterns', 'base-rules.yaml'), join(dir, 'base-rules.yaml'));
    const sound = await readFile(join(policies, 'patterns', 'three-agencies.yaml'), 'utf8');
    await writeFile(join(dir, 'three-agencies.yaml'), sound.replace(/any-sign/g, 'no-such-rule'));
    const { stdout } = await runInProcess(['pattern', 'check', dir, '--policies', policies]);
    expect(stdout).toContain('there is no rule `no-such-rule`');
    expect(stdout).not.toContain('escalation');
  } finally {
    await rm(dir, { recursive: true });
  }
});

it('a file that has not changed is not parsed again, and one with a fault tells it each time', () => {
  const rule = (title: string): string =>
    `title: ${title}\ncorrelation:\n  type: temporal\n  rules: [a]\n  timespan: 1d\n`;
  const sound = { name: 'sound.yaml', text: rule('One') };
  const [before] = readDocuments([sound], []);
  expect(readDocuments([sound], [])[0]).toBe(before);
  expect(readDocuments([{ ...sound, name: 'other.yaml' }], [])[0]).toMatchObject({ file: 'other.yaml' });
  expect(readDocuments([{ ...sound, text: rule('Two') }], [])[0]).toMatchObject({
    content: { title: 'Two' },
  });
  const faulty = { name: 'faulty.yaml', text: `${rule('One')}nonsense: [` };
  const faultsOf = (file: typeof faulty): Problem[] => {
    const problems: Problem[] = [];
    readDocuments([file], problems);
    return problems;
  };
  expect(faultsOf(faulty)).not.toEqual([]);
  expect(faultsOf(faulty)).toEqual(faultsOf(faulty));
});

const escalating = (level: string): string =>
  `title: One\nlevel: ${level}\n` +
  'correlation: { type: event_count, rules: [a], timespan: 3d, condition: { gte: 2 } }\n' +
  'escalation: { level: suspect, events: 4 }\n';

it("one of Sigma's levels, where they are refused, is no problem of the escalation as well", () => {
  const problems = problemsOf(escalating('high'), 'committee').join('\n');
  expect(problems).toContain('one.yaml:2: `level` must be one of consider, suspect;');
  expect(problems).not.toContain('escalation');
  const notHigher = 'one.yaml:4: `escalation.level` must be higher than the level of the pattern, suspect';
  expect(problemsOf(escalating('high'))).toEqual([notHigher]);
  expect(problemsOf(escalating('suspect'), 'committee')).toContain(notHigher);
});

it('a misspelt `correlation` or `detection` is told with its own line, also in a later document', () => {
  const either =
    'is not a key that a rule may have; a document holds either a `correlation` or a `detection`';
  const text = escalating('consider').replace('correlation:', 'corelation:');
  expect(problemsOf(text)).toEqual([`one.yaml:3: \`corelation\` ${either}`]);
  expect(problemsOf(`${escalating('consider')}---\nname: b\ndetections: { x: { category: a } }\n`)).toEqual([
    `one.yaml:7: \`detections\` ${either}`,
  ]);
  for (const neither of ['title: One\nname: b\n', '- title: One\n'])
    expect(problemsOf(neither)).toEqual([
      'one.yaml:1: a document holds either a `correlation` or a `detection`; this one has neither',
    ]);
});

it('a cap on one agency is advised where it may add nearly all that is counted, which is no problem', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-patterns-'));
  try {
    const policies = fileURLToPath(new URL('../../../policies', import.meta.url));
    await copyFile(join(policies, 'patterns', 'base-rules.yaml'), join(dir, 'base-rules.yaml'));
    const capped = await readFile(join(policies, 'patterns', 'cumulative-concern.yaml'), 'utf8');
    // The examples that the cap keeps quiet would be problems of their own.
    const [most = ''] = capped.split(/^ {2}- title: two pieces of each of three/m);
    const rules = capped.slice(capped.indexOf('\n---\n') + 1);
    const check = async (text: string, ...flags: string[]): Promise<string> => {
      await writeFile(join(dir, 'one.yaml'), text);
      const { code, stdout, stderr } = await runInProcess([
        ...['pattern', 'check', dir, '--policies', policies],
        ...flags,
      ]);
      expect(code, stdout).toBe(0);
      return stdout + stderr;
    };
    const quiet =
      '  - title: one\n    events:\n' +
      '      - { at: 0d, source: strathclyde-police/public-protection, category: police-concern }\n    alerts: []\n';
    const sound = `${most}${quiet}${rules}`;
    const uncapped = sound.replace(/^ {2}source-cap: 2\n/m, '');
    expect(await check(sound)).not.toContain('advice');
    expect(await check(uncapped)).toMatch(
      /^advice {2}\S+one\.yaml:17:1: one agency alone may add all that is counted but 2, which other/m,
    );
    expect(await check(uncapped, '--json')).toContain('"type":"advice"');
    expect(await check(uncapped, '--sigma')).not.toContain('advice');
  } finally {
    await rm(dir, { recursive: true });
  }
});
