import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { LogHistory } from '../../gateway/audit/log-history.ts';
import { openGatewayHome } from '../../gateway/home/gateway-home.ts';
import { addAgency } from '../../gateway/policy/add-agency.ts';
import {
  acceptableAsWritten,
  digestOf,
  directoryEntry,
  messageId,
  permit,
  police,
} from '../gateway/store/synthetic-messages.ts';
import { editLeaf } from './edit-leaf.ts';
import { ae, duty, storeNotice, withStore } from './filled-store.ts';
import { jsonLines, runCauseway } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let dir: string;
/** A gateway with a log of more than one tile, and the same with its log published; each test has a copy of one. */
let pristine: string;
let published: string;
let home: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-check-'));
  pristine = join(dir, 'pristine');
  expect((await runInProcess(['gateway', 'init', pristine])).code).toBe(0);
  const recipients = [{ endpoint: duty, listening: true }];
  const expiresAt = Date.now() + 3600_000;
  await storeNotice(pristine, acceptableAsWritten(1, { expiresAt, recipients }, ae));
  await withStore(pristine, (store) =>
    store.appendRecords(Array.from({ length: 300 }, (_, nth) => ({ kind: 'test.happened', nth }))),
  );
  published = join(dir, 'published');
  begin(pristine);
  await publish();
  cpSync(home, published, { recursive: true });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function begin(from: string): void {
  home = join(dir, 'gateway');
  rmSync(home, { recursive: true, force: true });
  cpSync(from, home, { recursive: true });
}

beforeEach(() => begin(pristine));

type Found = { readonly verdict: string; readonly detail: string; readonly problems?: readonly string[] };

type Checked = { readonly code: number | null; readonly found: Found | undefined };

const check = (...flags: string[]): Promise<Checked> => checkOf('audit log', ...flags);

async function checkOf(part: string, ...flags: string[]): Promise<Checked> {
  const { code, stdout } = await runInProcess(['gateway', 'check', home, '--json', ...flags]);
  return { code, found: jsonLines(stdout).find((each) => each.check === part) as Found | undefined };
}

async function publish(): Promise<void> {
  expect((await runInProcess(['audit', 'checkpoint', '--dir', home])).code).toBe(0);
}

function change(sql: string): void {
  const database = new DatabaseSync(join(home, 'causeway.db'));
  database.exec(sql);
  database.close();
}

function spoilFirstBody(): void {
  const database = new DatabaseSync(join(home, 'causeway.db'));
  const row = database.prepare('SELECT bodies FROM audit_block WHERE first = 0').get();
  const bodies = row?.bodies as Uint8Array;
  bodies[bodies.byteLength - 1]! ^= 1;
  database.prepare('UPDATE audit_block SET bodies = ? WHERE first = 0').run(bodies);
  database.close();
}

function partialTile(): string {
  const folder = join(home, 'log/tile/0/001.p');
  return `log/tile/0/001.p/${readdirSync(folder)[0]!}`;
}

describe('causeway gateway check', () => {
  it('names an agency added by a run that was cut off, which the same command completes', async () => {
    const lists = { areas: ['north-lanarkshire'], roles: ['duty'] };
    const agency = { id: 'a-clinic', name: 'Clinic', sector: 'health', authority: 'Clinic', ...lists };
    await withStore(home, (store) => store.appendRecords([{ kind: 'gateway.started', policy: 'of before' }]));
    await addAgency(join(home, 'policies'), agency);
    expect(await checkOf('agreement', '--quick')).toMatchObject({
      code: 0,
      found: {
        verdict: 'warn',
        detail: expect.stringContaining(`causeway policy apply --dir ${home}`) as string,
      },
    });
    const flags = ['--name', 'Clinic', '--sector', 'health', '--area', 'north-lanarkshire', '--role', 'duty'];
    const add = () => runInProcess(['agency', 'add', 'a-clinic', ...flags, '--dir', home]);
    const completed = await add();
    expect(completed).toMatchObject({ code: 0, stdout: 'added  a-clinic\n' });
    expect(completed.stderr).toContain('It was in the file already; the gateway is asked to load it now.');
    expect((await checkOf('agreement', '--quick')).found?.verdict).toBe('good');
    expect(await add()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is there already; nothing was changed') as string,
    });
  });

  it('says that nothing was published yet', async () => {
    expect(await check()).toEqual({
      code: 0,
      found: { type: 'check', check: 'audit log', verdict: 'good', detail: 'nothing was published yet' },
    });
  });

  it.each([
    [
      'inserted',
      'INSERT INTO audit_block SELECT first + 1000, count, at, leaves, bodies FROM audit_block LIMIT 1',
    ],
    ['removed', 'DELETE FROM audit_block WHERE first = (SELECT min(first) FROM audit_block WHERE first > 0)'],
  ])('names the leaf where a block of the log was %s, and nothing is signed', async (_, sql) => {
    await publish();
    const checkpoint = readFileSync(join(home, 'log/checkpoint'));
    change(sql);
    const { code, found } = await checkOf('store');
    expect([code, found?.verdict]).toEqual([1, 'bad']);
    expect(found?.detail).toMatch(/damaged.*one begins with leaf \d+ where leaf \d+ is due/);
    expect((await runInProcess(['audit', 'checkpoint', '--dir', home])).code).toBe(1);
    expect(readFileSync(join(home, 'log/checkpoint'))).toEqual(checkpoint);
  });

  it('names the block whose bodies cannot be told apart, and does not say that nothing can be written', async () => {
    change('UPDATE audit_block SET bodies = zeroblob(23) WHERE first = 0');
    expect(await checkOf('store')).toMatchObject({
      code: 1,
      found: {
        verdict: 'bad',
        detail: expect.stringMatching(
          /^The file of the store is damaged.*begins with leaf 0 is damaged: /,
        ) as string,
      },
    });
  });

  it.each([
    ['tls.key', 'home', '/tls.key does not hold a key of its kind.'],
    ['correlator.pgp', 'home', 'correlator.pgp does not hold a key of its kind.'],
    ['correlator.asc', 'home', 'correlator.asc does not hold the certificate of the key in correlator.pgp.'],
    ['tls.crt', 'gateway certificate', 'tls.crt is not for tls.key, or not of this CA: the next start makes'],
  ])('finds that %s is empty, as a start would', async (file, part, words) => {
    writeFileSync(join(home, file), '');
    expect(await checkOf(part, '--quick')).toMatchObject({
      code: 1,
      found: { verdict: 'bad', detail: expect.stringContaining(words) as string },
    });
  });

  it('says that the first start can make no store where its folder is missing', async () => {
    const settings = readFileSync(join(home, 'gateway.yaml'), 'utf8');
    writeFileSync(join(home, 'gateway.yaml'), settings.replace(/^store: .*$/m, 'store: none/causeway.db'));
    expect(await checkOf('store', '--quick')).toMatchObject({
      code: 1,
      found: {
        verdict: 'bad',
        detail: `no store can be made in ${join(home, 'none')}: there is no such folder`,
      },
    });
  });

  it('says that the certificate of the gateway is not valid yet, and leaves it to the start to renew it', async () => {
    await openGatewayHome(home, () => Date.now() + 300 * 86_400_000);
    const early = readFileSync(join(home, 'tls.crt'), 'utf8');
    expect(await checkOf('gateway certificate', '--quick')).toMatchObject({
      code: 1,
      found: { verdict: 'bad', detail: expect.stringMatching(/^clock-wrong: not valid before 20/) as string },
    });
    expect(readFileSync(join(home, 'tls.crt'), 'utf8')).toBe(early);
    await openGatewayHome(home, Date.now);
    expect(await checkOf('gateway certificate', '--quick')).toMatchObject({ found: { verdict: 'good' } });
    writeFileSync(join(home, 'tls.crt'), 'none');
    expect(await checkOf('gateway certificate', '--quick')).toMatchObject({
      code: 1,
      found: { verdict: 'bad', detail: 'it cannot be read: the next start makes another' },
    });
  });

  it('names a message that is not what was accepted, and does not read any with --quick', async () => {
    expect(await checkOf('messages')).toMatchObject({
      code: 0,
      found: { verdict: 'good', detail: '1 in the store are what was accepted and refused' },
    });
    const isNamed = {
      code: 1,
      found: {
        verdict: 'bad',
        detail: 'store-damaged: 1 of 1 in the store are not what was accepted and refused',
        problems: [`Message ${messageId(1)}, of leaf 0, is not what was accepted or refused any more.`],
      },
    };
    change("UPDATE message SET category = category || 'x'");
    expect(await checkOf('messages')).toMatchObject(isNamed);
    change(
      "UPDATE message SET category = rtrim(category, 'x'), unit = cast(x'ffff' || substr(unit, 3) AS BLOB)",
    );
    expect(await checkOf('messages')).toMatchObject(isNamed);
    expect(await checkOf('messages', '--quick')).toEqual({ code: 0, found: undefined });
  });

  it('says of a message that was emptied, of one that is gone, and of one that no leaf tells of, what is amiss', async () => {
    const problems = async (): Promise<readonly string[] | undefined> =>
      (await checkOf('messages')).found?.problems;
    change("UPDATE message SET category = NULL, severity = NULL, thread = NULL, unit = x''");
    expect(await problems()).toEqual([
      expect.stringContaining('leaf 0, was emptied, and no erasure of its case stands in the log.'),
    ]);
    change("UPDATE message SET id = cast(x'ff' || substr(id, 2) AS BLOB)");
    expect(await problems()).toEqual([
      `Message ${messageId(1)}, of leaf 0, is gone.`,
      '1 in the store were neither accepted nor refused: no leaf tells of them.',
    ]);
  });

  it('names a delivery that the store says has ended, and of which no leaf tells, and does not look with --quick', async () => {
    expect(await checkOf('deliveries')).toMatchObject({
      code: 0,
      found: { verdict: 'good', detail: '1 in the store have come as far as the leaves say' },
    });
    const message = acceptableAsWritten(2, { recipients: [{ endpoint: duty, listening: true }] }, ae);
    await withStore(home, (store) => store.submit({ source: ae, messages: [message] }));
    change('UPDATE delivery SET state = 2, settled_at = 1 WHERE id = 2');
    expect(await checkOf('deliveries')).toMatchObject({
      code: 1,
      found: {
        verdict: 'bad',
        detail: 'store-damaged: of 2 in the store, 1 step is not what the leaves say',
        problems: [
          expect.stringMatching(
            `^The store says that the delivery of message ${messageId(2)}, of leaf \\d+, to ${duty}, has come to its end, ` +
              'and no leaf tells so. What was marked so by hand is not delivered.$',
          ) as string,
        ],
      },
    });
    expect(await checkOf('deliveries', '--quick')).toEqual({ code: 0, found: undefined });
  });

  it('counts deliveries that somebody has put in, and names one that was made', async () => {
    change(
      'INSERT INTO delivery SELECT id + 9, message, recipient, lane, expires_at, 0, NULL, NULL, NULL, NULL FROM delivery',
    );
    const counted =
      '1 more is in the store than the messages have that the leaves tell of. ' +
      'What was put in by hand is delivered to whomever it names.';
    expect(await checkOf('deliveries')).toMatchObject({
      code: 1,
      found: {
        verdict: 'bad',
        detail: 'store-damaged: of 2 in the store, 1 belongs to no message',
        problems: [counted],
      },
    });
    await withStore(home, (store) => store.markDelivered([10]));
    await publish();
    expect(await checkOf('deliveries')).toMatchObject({
      code: 1,
      found: {
        detail:
          'store-damaged: of 2 in the store, 1 step is not what the leaves say, and 1 belongs to no message',
        problems: [
          expect.stringMatching(
            `^Leaf \\d+ says that the delivery of message ${messageId(1)}, of leaf 0, arrived, and no such delivery ` +
              'was ever to be made. Somebody has put it into the store.$',
          ) as string,
          counted,
        ],
      },
    });
    expect((await checkOf('messages')).found?.verdict).toBe('good');
  });

  it('names a delivery that was taken back, or ended otherwise, and receipts that are not those of their leaf', async () => {
    const problems = async (part: string): Promise<readonly string[] | undefined> =>
      (await checkOf(part)).found?.problems;
    const name = `the delivery of message ${messageId(1)}, of leaf 0, to ${duty},`;
    change('UPDATE delivery SET state = 1, settled_at = NULL');
    expect(await problems('deliveries')).toEqual([
      `Leaf 2 says that ${name} ended, and the store says that it is still under way. ` +
        'What was taken back by hand is delivered again. Or leaf 2 was changed, which could not be held against the published log.',
    ]);
    change('UPDATE delivery SET state = 3, settled_at = 1, delivered_at = 1');
    await publish();
    expect(await problems('deliveries')).toEqual([
      `Leaf 1 says that ${name} arrived, and the store says that it did so at another time.`,
      `Leaf 2 says that ${name} ended, and the store says that it did so in another way or at another time.`,
    ]);
    change("UPDATE settled_group SET bytes = x'00'");
    expect((await checkOf('receipts')).found).toMatchObject({
      detail: 'store-damaged: what recipients signed is not what the leaves name, in 1 group of receipts',
      problems: [
        'What stands in the store as signed by the recipient, by leaf 2, is not what the leaf names any more.',
      ],
    });
    change('DELETE FROM settled_group');
    expect(await problems('receipts')).toEqual([`What the recipient signed, by leaf 2, is gone.`]);
  });

  it('says that the leaf of a message was changed and not the message, as far as the leaf was published', async () => {
    const problems = async (): Promise<readonly string[] | undefined> =>
      (await checkOf('messages')).found?.problems;
    const later = (leaf: string): string => leaf.replace('"at":1', '"at":2');
    editLeaf(home, 'message.accepted', later);
    const name = `Message ${messageId(1)}, of leaf 0,`;
    expect(await problems()).toEqual([
      `${name} and that leaf do not say the same: one of them was changed, and the leaf could not be held against the published log.`,
    ]);
    editLeaf(home, 'message.accepted', (leaf) => leaf.replace('"at":2', '"at":1'));
    await publish();
    expect(await problems()).toBeUndefined();
    editLeaf(home, 'message.accepted', later);
    expect(await problems()).toEqual([
      `${name} cannot be held against that leaf, which was itself changed in the store. The message is what its envelope says.`,
    ]);
    editLeaf(home, 'message.accepted', (leaf) => leaf.replace('"at":2', '"at":1'));
    change('UPDATE message SET at = at + 1');
    expect(await problems()).toEqual([`${name} is not what was accepted or refused any more.`]);
  });

  it('says that the mark of the correlator lies beyond the log, with --quick as well', async () => {
    expect(await checkOf('correlator')).toMatchObject({ code: 0, found: { verdict: 'good' } });
    change("INSERT INTO mark VALUES ('correlator.position', 100000)");
    expect(await checkOf('correlator', '--quick')).toMatchObject({
      code: 1,
      found: {
        verdict: 'bad',
        detail: expect.stringMatching(
          /^mark-wrong: its mark says position 100000, and the log has 30\d leaves/,
        ) as string,
      },
    });
  });

  it('names an endpoint whose row in the directory is not what the log says', async () => {
    await withStore(home, async (store) => {
      const allowed = permit(police, 'secret', Date.now() + 60_000);
      await store.permitEnrolment(allowed, { kind: 'enrolment.permitted', endpoint: police });
      const record = { kind: 'endpoint.enrolled' };
      await store.enrol(digestOf('secret'), directoryEntry(police), Date.now(), record);
    });
    expect(await checkOf('endpoints')).toMatchObject({ code: 0, found: { verdict: 'good' } });
    change('UPDATE directory_entry SET entry = json_set(entry, \'$.roles\', json(\'["duty","mash"]\'))');
    expect(await checkOf('endpoints', '--quick')).toMatchObject({
      code: 1,
      found: {
        verdict: 'bad',
        problems: [expect.stringContaining(`${police}: its leaf is about another entry`)],
      },
    });
  });

  it('names an endpoint that enrolled by a token that the database says is good again', async () => {
    const tryAgain = (): Promise<void> =>
      withStore(home, async (store) => {
        const entry = directoryEntry(police);
        await store.enrol(digestOf('secret'), entry, Date.now(), { kind: 'endpoint.enrolled' });
      });
    await withStore(home, (store) =>
      store.permitEnrolment(permit(police, 'secret', Date.now() + 60_000), {
        ...{ kind: 'enrolment.permitted', endpoint: police },
      }),
    );
    await tryAgain();
    await publish();
    expect(await checkOf('endpoints')).toMatchObject({ code: 0, found: { verdict: 'good' } });
    change('UPDATE permit SET used_at = NULL');
    await tryAgain();
    await publish();
    expect(await checkOf('endpoints')).toMatchObject({
      code: 1,
      found: {
        problems: [
          expect.stringMatching(`^${police}: it enrolled at leaf \\d+ by a token that was not in force`),
        ],
      },
    });
  });

  it('names an endpoint whose row was put back to an older entry, so that a revoked one comes back', async () => {
    const entry = directoryEntry(police);
    await withStore(home, async (store) => {
      const allowed = permit(police, 'secret', Date.now() + 60_000);
      await store.permitEnrolment(allowed, { kind: 'enrolment.permitted', endpoint: police });
      await store.enrol(digestOf('secret'), entry, Date.now(), { kind: 'endpoint.enrolled' });
    });
    const file = join(home, 'causeway.db');
    const before = new DatabaseSync(file);
    const row = before.prepare('SELECT entry, record FROM directory_entry').get() as Record<string, string>;
    before.close();
    await withStore(home, async (store) => {
      const revoked = { ...entry, status: 'revoked' as const, revokedAt: entry.enrolledAt };
      await store.replaceEntry(entry, revoked, { kind: 'endpoint.revoked' });
    });
    await publish();
    expect(await checkOf('endpoints')).toMatchObject({ code: 0, found: { detail: '0 active, 1 revoked' } });
    const after = new DatabaseSync(file);
    after.prepare('UPDATE directory_entry SET entry = ?, record = ?').run(row.entry!, row.record!);
    after.close();
    const rowAlone = await checkOf('endpoints', '--quick');
    const { stdout } = await runInProcess(['endpoint', 'list', '--dir', home, '--json']);
    expect(jsonLines(stdout)).toMatchObject([{ endpoint: police, status: 'locked-out' }]);
    change('DELETE FROM directory_change WHERE record > (SELECT max(record) FROM directory_entry)');
    for (const checked of [rowAlone, await checkOf('endpoints')])
      expect(checked).toMatchObject({
        code: 1,
        found: {
          verdict: 'bad',
          problems: [
            `${police}: a later leaf is about another entry: an older one was put back in its place`,
          ],
        },
      });
  });

  it('names an endpoint that enrolled and whose row is gone, and so is the note of it', async () => {
    await withStore(home, async (store) => {
      const allowed = permit(police, 'secret', Date.now() + 60_000);
      await store.permitEnrolment(allowed, { kind: 'enrolment.permitted', endpoint: police });
      await store.enrol(digestOf('secret'), directoryEntry(police), Date.now(), {
        kind: 'endpoint.enrolled',
      });
    });
    await publish();
    change('DELETE FROM directory_entry');
    const byNote = await checkOf('endpoints', '--quick');
    const { stderr } = await runInProcess(['endpoint', 'list', '--dir', home]);
    expect(stderr).toContain(`though enrolled: ${police}`);
    change('DELETE FROM directory_change');
    for (const checked of [byNote, await checkOf('endpoints')])
      expect(checked).toMatchObject({
        code: 1,
        found: { verdict: 'bad', problems: [`${police}: it enrolled, and its entry is gone`] },
      });
  });

  describe('of a gateway whose log was published', () => {
    beforeEach(() => begin(published));

    it('names a store that is not what was signed before, whatever lies in the log now', async () => {
      const text = readFileSync(join(home, 'log/checkpoint'), 'utf8');
      const size = Number(text.split('\n')[1]);
      await new LogHistory(join(home, 'checkpoints')).note({ size, root: Buffer.alloc(0), text }, Date.now());
      expect((await check()).found?.verdict).toBe('good');
      editLeaf(home, 'message.accepted', (leaf) => leaf.replace('"at":1', '"at":2'));
      rmSync(join(home, 'log'), { recursive: true });
      const fork = /^The store does not begin with the 30\d leaves that were signed before/;
      expect((await check()).found?.problems).toContainEqual(expect.stringMatching(fork));
      // As somebody has it signed who has taken away what was kept, and puts it back.
      cpSync(join(home, 'checkpoints'), join(home, 'kept'), { recursive: true });
      rmSync(join(home, 'checkpoints'), { recursive: true });
      await publish();
      cpSync(join(home, 'kept'), join(home, 'checkpoints'), { recursive: true });
      expect((await check()).found?.problems).toEqual([expect.stringMatching(fork)]);
    });

    it('warns with --quick of a checkpoint that is gone or cannot be used', async () => {
      writeFileSync(join(home, 'log/checkpoint'), 'nonsense');
      const spoilt = await check('--quick');
      expect(spoilt).toMatchObject({ code: 0, found: { verdict: 'warn' } });
      expect(spoilt.found?.detail).toMatch(/^The checkpoint .* cannot be used/);
      rmSync(join(home, 'log/checkpoint'));
      expect((await check('--quick')).found?.detail).toMatch(/its checkpoint is gone/);
    });

    it('holds all leaves of the store against it, or none with --quick', async () => {
      const { code, found } = await check();
      expect([code, found?.verdict]).toEqual([0, 'good']);
      expect(found?.detail).toMatch(/^the 30\d leaves that were published are those of the store$/);
      expect(await check('--quick')).toEqual({ code: 0, found: undefined });
    });

    it('names a leaf that was changed in the store, and the tile that tells', async () => {
      const early = editLeaf(home, 'message.accepted', (leaf) => leaf.replace('"at":1', '"at":2'));
      const { code, stdout } = await runCauseway(['gateway', 'check', home], {});
      expect(code).toBe(1);
      expect(stdout).toMatch(/bad {3}audit log +the store and the published log are not the same/);
      expect(stdout).toContain(`Leaf ${early} itself was changed in the store`);
      expect(stdout).toContain('Its hash stands in log/tile/0/000.');
      const late = editLeaf(home, 'test.happened', (leaf) => leaf.replace('"at":1', '"at":2'));
      expect((await check()).found?.problems).toHaveLength(2);
      expect(late).toBeGreaterThan(2);
    });

    it('names ten of many and counts the others', async () => {
      const edit = (): number =>
        editLeaf(home, 'test.happened', (leaf) =>
          leaf.replace('"at":1', '"at":2').replace('test.h', 'test.edited-h'),
        );
      for (let count = 0; count < 11; count++) edit();
      expect((await check()).found?.problems?.slice(10)).toEqual(['1 other likewise.']);
      edit();
      expect((await check()).found?.problems?.slice(10)).toEqual(['2 others likewise.']);
    });

    it('says from which leaf on they are gone', async () => {
      change('DELETE FROM audit_block WHERE first >= 3');
      const { code, found } = await check();
      expect(code).toBe(1);
      expect(found?.problems?.[0]).toMatch(
        /^The store has \d leaves of the 30\d that were published: leaf \d and/,
      );
    });

    it('blames the tile where the leaves are what the checkpoint signs', async () => {
      const path = join(home, partialTile());
      const bytes = readFileSync(path);
      bytes[32 * 2]! ^= 1;
      writeFileSync(path, bytes);
      const { code, found } = await check();
      expect(code).toBe(1);
      expect(found?.problems).toEqual([
        `${partialTile()} has another hash for leaf 258 than was signed: the file was changed, and not the store.`,
      ]);
    });

    it('names the first leaf of a tile that is gone, and a body that was changed', async () => {
      rmSync(join(home, partialTile()));
      spoilFirstBody();
      const { found } = await check();
      expect(found?.problems).toEqual([
        expect.stringMatching(/^What leaf 0 said was changed in the store/),
        expect.stringMatching(/^A published tile is missing, cut or cannot be read: leaf 256/),
      ]);
    });

    it('says what is wrong with the checkpoint', async () => {
      writeFileSync(join(home, 'log/checkpoint'), 'nonsense');
      const { code, found } = await check();
      expect([code, found?.problems]).toEqual([
        1,
        [expect.stringMatching(/^The checkpoint .* cannot be used/)],
      ]);
      rmSync(join(home, 'log/checkpoint'));
      expect((await check()).found?.problems).toEqual([expect.stringMatching(/its checkpoint is gone/)]);
    });

    it('tells where the published log was made anew by somebody who has changed a leaf', async () => {
      const edited = editLeaf(home, 'message.accepted', (leaf) => leaf.replace('"at":1', '"at":2'));
      const checkpoint = readFileSync(join(home, 'log/checkpoint'));
      rmSync(join(home, 'log'), { recursive: true });
      await publish();
      writeFileSync(join(home, 'log/checkpoint'), checkpoint);
      const { found } = await check();
      expect(edited).toBe(0);
      expect(found?.problems).toEqual([
        expect.stringMatching(/^The leaves are those of the published tiles, but not/),
      ]);
    });
  });
});
