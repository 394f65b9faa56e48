/** Where the tests of the MongoDB engine get their server, and what a run says that has none. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestModule } from 'vitest/node';
import { prepareServer } from './global-setup.ts';
import { findServer, type Environment } from './server.ts';
import { lastLines } from './suite-reporter.ts';

let dir: string;
let mongod: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-path-'));
  mongod = join(dir, 'mongod');
  await writeFile(mongod, '', { mode: 0o755 });
});
afterAll(async () => rm(dir, { recursive: true }));

const online = async (): Promise<boolean> => Promise.resolve(true);
const offline = async (): Promise<boolean> => Promise.resolve(false);
const noServer = { kind: 'none', reason: 'nothing there' } as const;
const broken = async (): Promise<never> => Promise.reject(new Error('no answer'));
const wishes: readonly (readonly [string, Environment])[] = [
  ['CI=true', { CI: 'true' }],
  ['MONGODB_URL', { MONGODB_URL: 'mongodb://db1.example/' }],
  ['CAUSEWAY_MONGOD', { CAUSEWAY_MONGOD: '/nowhere/mongod' }],
  ['npm run test:mongodb', { CAUSEWAY_NEEDS_MONGODB: '1' }],
];

describe('the server of the MongoDB suite', () => {
  it('is taken from the first of four places that has one', async () => {
    const all = { MONGODB_URL: 'mongodb://db1.example/', CAUSEWAY_MONGOD: mongod, PATH: dir };
    const { MONGODB_URL: _, ...withBinary } = all;
    expect(await findServer(all, online)).toEqual({ kind: 'url', url: all.MONGODB_URL });
    expect(await findServer(withBinary, online)).toEqual({ kind: 'binary', path: mongod });
    expect(await findServer({ PATH: `/nowhere:${dir}` }, online)).toEqual({ kind: 'binary', path: mongod });
    expect(await findServer({ PATH: '/nowhere' }, online)).toEqual({ kind: 'download' });
    expect(await findServer({ PATH: '/nowhere' }, offline)).toMatchObject({ kind: 'none' });
  });

  it('is not looked for elsewhere when CAUSEWAY_MONGOD names no server', async () => {
    const env = { CAUSEWAY_MONGOD: '/nowhere/mongod', PATH: dir };
    const source = await findServer(env, online);
    expect(source).toMatchObject({
      kind: 'none',
      reason: expect.stringContaining('/nowhere/mongod') as string,
    });
  });

  it('may be missing where nobody asked for it, also when it cannot be fetched or does not start', async () => {
    expect((await prepareServer({}, noServer, broken)).server).toEqual({ missing: 'nothing there' });
    expect((await prepareServer({}, { kind: 'download' }, broken)).server).toEqual({
      missing: 'no server could be fetched: no answer',
    });
    const found = { kind: 'binary', path: mongod } as const;
    expect((await prepareServer({}, found, broken)).server).toEqual({ missing: 'no answer' });
  });

  it.each(wishes)('may not be missing with %s', async (_, env) => {
    await expect(prepareServer(env, noServer, broken)).rejects.toThrow(
      /asked for and has no server: nothing/,
    );
    await expect(prepareServer(env, { kind: 'download' }, broken)).rejects.toThrow(
      /could be fetched: no ans/,
    );
  });

  it('that is missing is what the last lines of a run tell of', () => {
    expect(lastLines([], undefined)).toEqual([]);
    const lines = lastLines([], 'nothing there');
    expect(lines[0]).toBe('The MongoDB suite did not run: nothing there.');
    expect(lines[1]).toContain('test/mongodb/get-mongod');
  });

  it('fails the whole run that asked for it', async () => {
    const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
    const file = 'test/gateway/store/mongodb/leases.mongodb.test.ts';
    const run = promisify(execFile)(process.execPath, [vitest, 'run', '--project', 'mongodb', file], {
      cwd: join(import.meta.dirname, '../..'),
      env: { ...process.env, CI: 'true', MONGODB_URL: '', CAUSEWAY_MONGOD: '/nowhere/mongod' },
    });
    await expect(run).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('CAUSEWAY_MONGOD names /nowhere/mongod') as string,
    });
  });
});

describe('the last lines of a run', () => {
  it('count the tests of the contract on each engine, in whatever suite they stand', () => {
    const test = (fullName: string, state: string) => ({ fullName, result: () => ({ state }) });
    const tests = [
      test('the store on SQLite > keeps a message', 'passed'),
      test('with a server > the store on MongoDB > keeps a message', 'passed'),
      test('with a server > the store on MongoDB > keeps two', 'failed'),
      test('with a server > the store on MongoDB > keeps three', 'skipped'),
      test('something else > the storehouse', 'passed'),
    ];
    const module = { children: { allTests: () => tests } } as unknown as Pick<TestModule, 'children'>;
    expect(lastLines([module], undefined)).toEqual([
      'store contract on SQLite: 1 passed, 0 failed, 0 skipped',
      'store contract on MongoDB: 1 passed, 1 failed, 1 skipped',
    ]);
  });
});
