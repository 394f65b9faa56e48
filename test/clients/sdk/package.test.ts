import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../../..');
const env = {
  ...process.env,
  npm_config_offline: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
};

type Manifest = {
  version: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
};

let dir: string;
let built: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-pack-'));
  built = join(dir, 'built');
  await run(process.execPath, [join(root, 'clients/sdk/build.mjs'), built]);
}, 120_000);

afterAll(() => rm(dir, { recursive: true, force: true }));

async function manifestOf(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
}

async function pack(folder: string): Promise<{ tarball: string; files: string[] }> {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', dir], { cwd: folder, env });
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  return { tarball: join(dir, packed.filename), files: packed.files.map(({ path }) => path) };
}

/**
 * Puts the dependencies, as installed in this project, into the package: npm then has nothing to fetch, and the
 * test needs no network.
 */
async function bundle(folder: string): Promise<void> {
  const manifest = await manifestOf(folder);
  const names = Object.keys(manifest.dependencies ?? {});
  const waiting = [...names];
  while (waiting.length > 0) {
    const name = waiting.pop()!;
    const target = join(folder, 'node_modules', name);
    if (existsSync(target)) continue;
    const source = join(root, 'node_modules', name);
    await mkdir(target, { recursive: true });
    await cp(source, target, {
      recursive: true,
      filter: (path) => !/(?:\.map|(?<!\.d)\.[cm]?ts)$/.test(path),
    });
    waiting.push(...Object.keys((await manifestOf(source)).dependencies ?? {}));
  }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, bundleDependencies: names }));
}

test('the package holds JavaScript and types of the SDK and of what it stands on, and nothing else', async () => {
  const { files } = await pack(built);
  const allowed = /^(?:package\.json|README\.md|(?:clients\/sdk|files|protocol)\/.+\.(?:js|d\.ts))$/;
  expect(files.filter((path) => !allowed.test(path))).toEqual([]);
  expect(files).toContain('clients/sdk/index.js');
  expect(files).toContain('protocol/wire/envelope.d.ts');
});

test('it depends on the exact versions that this project is tested with', async () => {
  const project = await manifestOf(root);
  const manifest = await manifestOf(built);
  const known = { ...project.devDependencies, ...project.dependencies };
  expect(manifest.version).toBe(project.version);
  expect(Object.keys(manifest.dependencies ?? {})).toEqual(
    expect.arrayContaining(['ajv', 'ajv-formats', 'openpgp', 'ws', 'zod']),
  );
  for (const [name, version] of Object.entries(manifest.dependencies ?? {})) {
    expect(version).toBe(known[name]);
    expect(version).toMatch(/^\d/);
  }
});

test('the packed SDK installs into an empty folder, and works and is compiled against there', async () => {
  const bundled = join(dir, 'bundled');
  await cp(built, bundled, { recursive: true });
  await bundle(bundled);
  const { tarball } = await pack(bundled);
  const project = join(dir, 'project');
  await mkdir(project);
  await writeFile(
    join(project, 'package.json'),
    JSON.stringify({ name: 'empty', private: true, type: 'module' }),
  );
  await run('npm', ['install', '--offline', '--ignore-scripts', tarball], { cwd: project, env });
  await writeFile(
    join(project, 'use.js'),
    `import { connect, enrol, openHome, CausewayError, DatasetRegistry } from 'causeway-sdk';
     const registry = DatasetRegistry.of([{ $id: 'urn:causeway:dataset:x:1', type: 'object', required: ['a'] }]);
     const failed = await connect({ home: './nowhere' }).catch((error) => error);
     console.log(JSON.stringify([
       typeof enrol, typeof openHome, failed instanceof CausewayError, failed.code,
       registry.validate('urn:causeway:dataset:x:1', {}).length,
     ]));`,
  );
  const { stdout } = await run(process.execPath, ['use.js'], { cwd: project });
  expect(JSON.parse(stdout)).toEqual(['function', 'function', true, 'home-invalid', 1]);

  // As by default, so that the types of what the package leads on to are checked too.
  const types = `import { connect } from 'causeway-sdk';
     const client = await connect({ home: './nowhere' });
     const { id } = await client.send({
       to: 'agency/@role', category: 'concern', severity: 'urgent', purpose: '', basis: '', content: { text: '' },
     });
     export const record = await client.settled(id) satisfies { readonly id: string };
     // @ts-expect-error -- what is internal is not offered
     client.log.halted();`;
  await writeFile(join(project, 'use.ts'), types);
  const compiling = [tsc, '--noEmit', '--strict', '--module', 'nodenext', 'use.ts'];
  const compiled = await run(process.execPath, compiling, { cwd: project }).catch((error: unknown) => error);
  expect(compiled).toMatchObject({ stdout: '' });

  const old = existsSync(systemNode) && (await run(systemNode, ['--version'])).stdout < 'v24';
  for (const [node, before] of old ? [[systemNode, ''] as const, pretended] : [pretended])
    expect(await failureOf(node, `${before} await import('causeway-sdk');`, project)).toMatch(
      /Error: causeway-sdk needs Node 24 or later; this is Node 20\.\d+\.\d+ \(.*\)\. Install a later Node/,
    );
}, 120_000);

const tsc = join(root, 'node_modules/typescript/bin/tsc');
const systemNode = '/usr/bin/node';
const pretended = [
  process.execPath,
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.11.0' } });",
] as const;

/** What a program prints that fails. */
async function failureOf(node: string, program: string, cwd: string): Promise<string> {
  const { stderr } = await run(node, ['--input-type=module', '--eval', program], { cwd }).then(
    () => ({ stderr: '' }),
    (error: unknown) => error as { stderr: string },
  );
  return stderr;
}
