import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { HiddenDraft } from '../../files/hidden-draft.ts';
import { backUpStore } from '../../gateway/store/sqlite/back-up.ts';
import { writingTrouble } from '../../gateway/store/sqlite/failures.ts';
import { storeNotice, withStore } from './filled-store.ts';
import { jsonLines, repository } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let dir: string;
let pristine: string;
let home: string;
let store: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-backup-'));
  pristine = join(dir, 'pristine');
  expect((await runInProcess(['gateway', 'init', pristine, '--port', '0'])).code).toBe(0);
  await storeNotice(pristine);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

beforeEach(() => {
  home = join(dir, 'gateway');
  store = join(home, 'causeway.db');
  rmSync(home, { recursive: true, force: true });
  cpSync(pristine, home, { recursive: true });
});

const backUp = (file: string) => runInProcess(['gateway', 'backup', file, '--dir', home, '--json']);

describe('causeway gateway backup', () => {
  it('copies all that was committed while somebody has the store open, into a file that can take its place', async () => {
    const copy = join(dir, 'copy.db');
    await withStore(home, async (opened) => {
      const before = await opened.countLeaves();
      const { code, stdout, stderr } = await backUp(copy);
      expect(code, stderr).toBe(0);
      expect(jsonLines(stdout)).toEqual([
        { type: 'backup', file: copy, bytes: statSync(copy).size, leaves: before + 1, leaf: before },
      ]);
      await opened.appendRecords([{ kind: 'test.happened' }]);
    });
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir).filter((name) => name.startsWith('copy.db'))).toEqual(['copy.db']);

    for (const ending of ['', '-wal', '-shm']) rmSync(`${store}${ending}`, { force: true });
    cpSync(copy, store);
    const checked = await runInProcess(['gateway', 'check', home, '--json']);
    expect(jsonLines(checked.stdout).filter(({ verdict }) => verdict === 'bad')).toEqual([]);
    const searched = await runInProcess(['audit', 'search', '--dir', home, '--json']);
    const kinds = ['message.accepted', 'delivery.delivered', 'delivery.stored', 'audit.store-copied'];
    expect(jsonLines(searched.stdout).map(({ kind }) => kind)).toEqual(expect.arrayContaining(kinds));
  });

  it('copies a store in which nothing can be recorded, and says so', async () => {
    const database = new DatabaseSync(store);
    database.exec(
      "CREATE TRIGGER full BEFORE INSERT ON audit_block BEGIN SELECT RAISE(ABORT, 'no room'); END",
    );
    database.close();
    const copy = join(dir, 'unrecorded');
    const { code, stdout, stderr } = await runInProcess(['gateway', 'backup', copy, '--dir', home]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('copied')]);
    expect(stderr).toMatch(
      /^The audit log does not say that this copy was made, for that cannot be written: \S/,
    );
    expect(existsSync(copy)).toBe(true);
    const [told] = jsonLines((await backUp(join(dir, 'unrecorded-too'))).stdout);
    expect(told).toMatchObject({ leaf: null, unrecorded: expect.stringMatching(/\S/) as string });
  });

  it('overwrites nothing', async () => {
    const copy = join(dir, 'taken');
    writeFileSync(copy, 'precious');
    const { code, stderr } = await backUp(copy);
    expect([code, stderr]).toEqual([1, expect.stringContaining('is there already')]);
    expect(readFileSync(copy, 'utf8')).toBe('precious');
    // Nor what has taken the name while the store was copied.
    await expect(backUpStore(store, copy)).rejects.toMatchObject({
      code: 'home-exists',
      detail: `${copy} is there already.`,
    });
    expect(readFileSync(copy, 'utf8')).toBe('precious');
    expect(readdirSync(dir).filter((name) => name.includes('taken'))).toEqual(['taken']);
  });

  it('says where there is no such folder', async () => {
    const { code, stderr } = await backUp(join(dir, 'nowhere', 'copy'));
    expect([code, stderr]).toEqual([
      3,
      expect.stringContaining(`There is no folder ${join(dir, 'nowhere')}.`),
    ]);
  });

  it('takes away no draft of another', async () => {
    const draft = join(dir, 'drafted.partial');
    writeFileSync(draft, 'precious');
    expect((await backUp(join(dir, 'drafted'))).code).toBe(0);
    expect(readFileSync(draft, 'utf8')).toBe('precious');
    expect(readdirSync(dir).filter((name) => name.includes('drafted'))).toEqual([
      'drafted',
      'drafted.partial',
    ]);
  });

  it('takes away the draft of a run that was killed, of its own name at once and of another after a day', async () => {
    const folder = join(dir, 'nightly');
    mkdirSync(folder);
    const killed = `
      const { HiddenDraft } = await import('./files/hidden-draft.ts');
      const { writeFile } = process.getBuiltinModule('fs/promises');
      const make = async (path) => writeFile(path, 'as large as the store');
      for (const name of process.argv.slice(1)) await HiddenDraft.begin(name, 'backup-draft', make);
      process.kill(process.pid, 'SIGKILL');`;
    const names = ['monday', 'tuesday', 'wednesday'].map((name) => join(folder, name));
    const run = ['--input-type=module', '-e', killed, '--', ...names];
    expect(spawnSync(process.execPath, run, { cwd: repository }).signal).toBe('SIGKILL');
    expect(readdirSync(folder).filter((name) => name.endsWith('.backup-draft'))).toHaveLength(3);
    const yesterday = Date.now() / 1000 - 25 * 3600;
    for (const file of readdirSync(folder).filter((name) => name.startsWith('.wednesday')))
      utimesSync(join(folder, file), yesterday, yesterday);

    expect((await backUp(names[0]!)).code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual([
      expect.stringMatching(/^\.tuesday\.\w+\.backup-draft$/),
      expect.stringMatching(/^\.tuesday\.\w+\.backup-draft\.lock$/),
      expect.stringMatching(/^\.tuesday\.\w+\.backup-draft\.lock-journal$/),
      'monday',
    ]);
  });

  it('leaves alone the draft of a run to the same name that is under way', async () => {
    const copy = join(dir, 'twice');
    const other = await HiddenDraft.begin(copy, 'backup-draft', async (path) => {
      writeFileSync(path, 'half of it');
      return Promise.resolve();
    });
    expect((await backUp(copy)).code).toBe(0);
    expect(readFileSync(other.path, 'utf8')).toBe('half of it');
    await other.end();
    expect(readdirSync(dir).filter((name) => name.includes('twice'))).toEqual(['twice']);
  });

  it('names the copy for which there is no room, and leaves nothing of it', () => {
    const copy = join(dir, 'large');
    const script = `trap '' XFSZ; ulimit -f 64; exec "$0" bin/causeway.mjs gateway backup ${copy} --dir ${home}`;
    const env = { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: join(dir, 'compiled') };
    const run = spawnSync('/bin/sh', ['-c', script, process.execPath], { cwd: repository, env });
    expect([run.status, String(run.stderr)]).toEqual([
      3,
      expect.stringContaining(`${copy} cannot be written: its disk fails`),
    ]);
    expect(readdirSync(dir).filter((name) => name.includes('large'))).toEqual([]);
    expect(writingTrouble(Object.assign(new Error('full'), { errcode: 13 }))).toBe('the disk is full');
  });

  it('keeps no copy of a store whose pages are spoilt', async () => {
    const bytes = readFileSync(store);
    bytes.fill(0xa5, 3 * 16_384, 6 * 16_384);
    writeFileSync(store, bytes);
    const copy = join(dir, 'spoilt.db');
    const { code, stderr } = await backUp(copy);
    expect([code, stderr]).toEqual([1, expect.stringContaining('store-damaged')]);
    expect(readdirSync(dir).filter((name) => name.startsWith('spoilt'))).toEqual([]);
  });

  it('says that a gateway that never started has no store yet', async () => {
    rmSync(store);
    const copy = join(dir, 'none.db');
    expect(await backUp(copy)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('store-missing') as string,
    });
    expect([existsSync(copy), existsSync(store)]).toEqual([false, false]);
  });

  it('leaves a database of MongoDB to its own tools', async () => {
    const settings = join(home, 'gateway.yaml');
    const text = readFileSync(settings, 'utf8');
    writeFileSync(settings, text.replace(/^store: .*$/m, 'store: "mongodb://db1.example/causeway"'));
    expect(await backUp(join(dir, 'none.db'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('tools of its members') as string,
    });
  });
});
