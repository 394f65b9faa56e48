import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eraseCase } from '../../gateway/audit/erase-case.ts';
import { indexFileName, SearchIndex } from '../../gateway/audit/search-index.ts';
import { settleAlerts } from '../../gateway/cli/erase-alerts.ts';
import type { CaseId, Store } from '../../gateway/store/port.ts';
import { forOperator, unavailableByDamage } from '../../gateway/store/store-damage.ts';
import { acceptable, messageId, settlementOf } from '../gateway/store/synthetic-messages.ts';
import { ae, duty, storeNotice, withStore } from './filled-store.ts';
import { jsonLines, runCauseway, type RunResult } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const thread = messageId(1);
/** Who asked for the erasure of a case, whatever came of it. */
const asked = async (id: string): Promise<unknown[]> => {
  const { stdout } = await audit('search', '--kind', 'audit.erasure', '--case', id, '--json');
  return jsonLines(stdout).flatMap(({ type, by }) => (type === 'leaf' ? [by] : []));
};
let dir: string;
const home = (): string => join(dir, 'gateway');

const audit = (...args: string[]): Promise<RunResult> =>
  runInProcess(['audit', ...args], { CAUSEWAY_GATEWAY: join(dir, 'gateway') });

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-erase-'));
  expect((await runInProcess(['gateway', 'init', join(dir, 'gateway')])).code).toBe(0);
  await storeNotice(join(dir, 'gateway'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('causeway audit prove', () => {
  it('says of a file that cannot be written why, and records no reading', async () => {
    const { code, stderr } = await audit('prove', thread, '-o', join(dir, 'nowhere', 'evidence.json'));
    expect(code).toBe(2);
    expect(stderr).toContain('cannot be written: there is no such folder');
    const readings = await audit('search', '--kind', 'audit.proof-made', '--json');
    expect(jsonLines(readings.stdout)).toEqual([{ type: 'page', leaves: 0, next: null }]);
  });

  it('writes over no file that holds something, records no reading for it, and fills an empty one', async () => {
    const key = join(dir, 'log.key');
    writeFileSync(key, 'of old');
    const refused = await audit('prove', thread, '-o', key);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining(`${key} exists; nothing was over`),
    ]);
    expect(readFileSync(key, 'utf8')).toBe('of old');
    const readings = await audit('search', '--kind', 'audit.proof-made', '--json');
    expect(jsonLines(readings.stdout)).toEqual([{ type: 'page', leaves: 0, next: null }]);
    const empty = join(dir, 'empty.json');
    writeFileSync(empty, '');
    expect((await audit('prove', thread, '-o', empty)).code).toBe(0);
    expect(readFileSync(empty, 'utf8')).toMatch(/^\{/);
  });

  it('leaves nothing behind for a message that never was', async () => {
    const fresh = join(dir, 'evidence.json');
    expect((await audit('prove', messageId(77), '-o', fresh)).stderr).toContain('message-unknown');
    expect(existsSync(fresh)).toBe(false);
  });
});

describe('causeway audit erase', () => {
  it.each(['', '   ', 'Records Manager\nDone by    nobody', 'x'.repeat(501)])(
    'destroys nothing on the authority of %j',
    async (authority) => {
      const { code, stderr } = await audit('erase', thread, '--authority', authority);
      expect(code).toBe(2);
      expect(stderr).toMatch(/It must (say something|be one line|have at most)/);
    },
  );

  it('destroys nothing when the certificate could not be written', async () => {
    const out = join(dir, 'nowhere', 'certificate');
    const { code } = await audit('erase', thread, '--authority', 'Records Manager', '-o', out);
    expect(code).toBe(2);
    const leaves = await audit('search', '--kind', 'case.erased', '--json');
    expect(jsonLines(leaves.stdout)).toEqual([{ type: 'page', leaves: 0, next: null }]);
  });

  it('destroys nothing when the certificate would be written over another', async () => {
    const out = join(dir, 'earlier');
    writeFileSync(out, 'of old');
    const { code, stderr } = await audit('erase', thread, '--authority', 'Records Manager', '-o', out);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${out} exists; nothing was overwritten`)]);
    expect(readFileSync(out, 'utf8')).toBe('of old');
    const leaves = await audit('search', '--kind', 'case.erased', '--json');
    expect(jsonLines(leaves.stdout)).toEqual([{ type: 'page', leaves: 0, next: null }]);
  });

  it('prints the same certificate again for a case that was erased before', async () => {
    const out = join(dir, 'certificate');
    const first = await audit('erase', thread, '--authority', 'Records Manager, 4.2', '-o', out, '--json');
    expect(first.code, first.stderr).toBe(0);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(readFileSync(out, 'utf8')).toContain('By order   Records Manager, 4.2\n');
    const second = join(dir, 'certificate-again');
    const again = await runCauseway(
      ['audit', 'erase', thread, '--authority', 'Somebody else', '-o', second],
      { env: { CAUSEWAY_GATEWAY: join(dir, 'gateway') } },
    );
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).toContain('By order   Records Manager, 4.2\n');
    expect(again.stderr).toContain('was erased before');
    expect(readFileSync(second, 'utf8')).toBe(again.stdout);
    const leaves = await audit('search', '--kind', 'case.erased', '--json');
    expect(jsonLines(leaves.stdout)).toHaveLength(2);
    expect(await asked(thread)).toEqual([userInfo().username, userInfo().username]);
    const story = (await audit('story', thread)).stdout.replace(/\s+/g, ' ');
    expect(story).toContain(`${userInfo().username} asked for the erasure of this case.`);
  });

  it.skipIf(!existsSync('/dev/full'))(
    'says that the case was erased where the certificate finds no room, and prints it all the same, and once more',
    async () => {
      await storeNotice(home(), {}, 58);
      const order = ['erase', messageId(58), '--authority', 'Records Manager'];
      const { code, stdout, stderr } = await audit(...order, '-o', '/dev/full');
      const leaf = /Recorded {3}leaf (\d+)/.exec(stdout)?.[1];
      expect([code, leaf]).toEqual([3, expect.any(String)]);
      expect(stderr.replace(/\s+/g, ' ')).toContain(
        `The case WAS erased, as leaf ${leaf} says, and the certificate is printed on stdout. /dev/full cannot be written: the disk is full.`,
      );
      const again = await audit(...order);
      expect([again.code, again.stdout.includes(`Recorded   leaf ${leaf} `)]).toEqual([0, true]);
    },
  );

  it.skipIf(!existsSync('/dev/full'))(
    'says that the case was erased where the published log finds no room for what proves it',
    async () => {
      await storeNotice(home(), {}, 59);
      const order = ['erase', messageId(59), '--authority', 'Records Manager'];
      // What the next checkpoint is written to before it gets its name.
      const draft = join(home(), 'log', 'checkpoint.partial');
      symlinkSync('/dev/full', draft);
      for (const _ of ['now', 'before']) {
        const { code, stdout, stderr } = await audit(...order, '--json');
        expect([code, stdout]).toEqual([3, '']);
        expect(jsonLines(stderr)).toMatchObject([
          {
            erased: true,
            leaf: expect.any(Number) as number,
            text: expect.stringMatching(
              /The case WAS erased, as leaf \d+ says; the same command prints the certificate once it can be made\. .*the disk is full/,
            ) as string,
          },
        ]);
      }
      rmSync(draft);
      expect((await audit(...order)).stdout).toContain(`Case       ${messageId(59)}`);
    },
  );

  it('says that the case was erased where its leaf cannot be read', async () => {
    await storeNotice(home(), {}, 60);
    const order = { case: messageId(60), authority: 'Records Manager', by: 'operator' };
    const damage = unavailableByDamage('A leaf is spoilt.');
    await withStore(home(), async (store) => {
      const readLeaves = async (): Promise<never> => Promise.reject(damage);
      const log = { provingCheckpoint: readLeaves, read: readLeaves };
      const failure: unknown = await eraseCase({ ...store, readLeaves }, log, order).catch((error: unknown) =>
        forOperator(error, 'a file'),
      );
      expect(failure).toMatchObject({
        code: 'store-unavailable',
        detail: expect.stringMatching(/^The case WAS erased; .* A leaf is spoilt\.$/) as string,
      });
    });
  });

  it('gives no certificate where another leaf was published in place of the one that says so', async () => {
    const erased = messageId(61);
    await storeNotice(home(), {}, 61);
    const store = join(home(), 'causeway.db');
    copyFileSync(store, join(dir, 'older.db'));
    // What is published in place of what the older copy will hold.
    await storeNotice(home(), {}, 62);
    await storeNotice(home(), {}, 63);
    expect((await audit('checkpoint')).code).toBe(0);
    copyFileSync(store, join(dir, 'newest.db'));
    copyFileSync(join(dir, 'older.db'), store);
    const { code, stdout, stderr } = await audit('erase', erased, '--authority', 'Records Manager', '--json');
    copyFileSync(join(dir, 'newest.db'), store);
    rmSync(join(home(), indexFileName));
    expect([code, stdout]).toEqual([2, '']);
    expect(jsonLines(stderr)).toMatchObject([{ code: 'log-proof-invalid', erased: true }]);
  });

  it('waits for what has not arrived, or ends it where that is ordered', async () => {
    const waiting = acceptable(51, {
      expiresAt: Date.now() + 3600_000,
      recipients: [{ endpoint: duty, listening: false }],
    });
    await withStore(home(), async (store) => store.submit({ source: ae, messages: [waiting] }));
    const order = ['erase', waiting.thread, '--authority', 'Records Manager'];
    const { code, stderr } = await audit(...order);
    expect([code, stderr]).toEqual([1, expect.stringContaining('--under-way end')]);
    expect(await asked(waiting.thread)).toHaveLength(1);

    const { code: ended, stdout } = await audit(...order, '--under-way', 'end');
    expect([ended, stdout]).toEqual([0, expect.stringContaining(`Case       ${waiting.thread}`)]);
    const leaves = await audit('search', '--kind', 'delivery.expired', '--json');
    expect(jsonLines(leaves.stdout)).toHaveLength(2);
    const story = (await audit('story', waiting.thread)).stdout.replace(/\s+/g, ' ');
    expect(story).toContain('What had not arrived was ended for it.');
  });

  it('knows no case that never was', async () => {
    const { code, stderr } = await audit('erase', messageId(77), '--authority', 'Records Manager');
    expect(code).toBe(1);
    expect(stderr).toContain('code   case-unknown');
  });
});

/** An alert as the correlator records it; one of its own case began with its message, which has come to its end. */
async function raiseAlert(number: number, events: readonly number[], isOld = false): Promise<void> {
  const alert = messageId(number);
  await storeNotice(home(), { thread: alert }, number);
  const record = {
    ...{ kind: 'alert.raised', message: alert, thread: alert, title: `alert ${number}` },
    ...{ events: events.map((event) => messageId(event)), sources: events.map(() => ae) },
  };
  await withStore(home(), async (store) =>
    store.appendRecords([record], undefined, isOld ? undefined : alert),
  );
}

describe('an alert that names a message of a case', () => {
  const erase = async (number: number, ...args: string[]): Promise<RunResult> =>
    audit('erase', messageId(number), '--authority', 'Records Manager', ...args);
  const titles = async (): Promise<unknown[]> => {
    const { stdout } = await audit('search', '--kind', 'alert.raised', '--json');
    return jsonLines(stdout).flatMap(({ title, erased }) => title ?? erased ?? []);
  };

  beforeAll(async () => {
    for (const number of [21, 22, 23]) await storeNotice(home(), {}, number);
    await raiseAlert(31, [21, 22]);
    await raiseAlert(32, [22, 23]);
  });

  it('is not left out: nothing goes before somebody has said what becomes of it', async () => {
    const { code, stderr } = await erase(21);
    expect(code).toBe(2);
    expect(stderr.replace(/\s+/g, ' ')).toContain(
      `An alert names messages of this case, and so tells of it: ${messageId(31)}. Nothing was erased.`,
    );
    expect(await titles()).toEqual(['alert 32', 'alert 31']);
    expect(await asked(messageId(21))).toHaveLength(1);
    expect((await erase(21, '--alerts', 'perhaps')).code).toBe(2);
    expect(await asked(messageId(21))).toHaveLength(1);
  });

  it('waits for the alert, too', async () => {
    const alert = { thread: messageId(31), recipients: [{ endpoint: duty, listening: false }] };
    const record = JSON.stringify({ kind: 'message.accepted', message: messageId(41), source: ae });
    const last = acceptable(41, { ...alert, record, expiresAt: Date.now() + 3600_000 });
    await withStore(home(), async (store) => store.submit({ source: ae, messages: [last] }));
    const { code, stderr } = await erase(21, '--alerts', 'erase');
    expect([code, stderr]).toEqual([1, expect.stringContaining(`Of the alert ${messageId(31)}`)]);
    expect(await titles()).toEqual(['alert 32', 'alert 31']);
    await withStore(home(), async (store) => store.settle(settlementOf([last], duty)));
  });

  it('goes by the same order, and the certificate says so, offline as well', async () => {
    const { code, stdout, stderr } = await erase(21, '--alerts', 'erase');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(`were erased with it:\n  ${messageId(31)}\nThe store keeps`);
    const file = join(dir, 'with-alerts');
    const key = join(dir, 'log.vkey');
    writeFileSync(file, stdout);
    writeFileSync(key, (await audit('checkpoint', '--vkey')).stdout);
    expect((await audit('verify', file, '--key', key)).code).toBe(0);
    writeFileSync(file, stdout.replace(`  ${messageId(31)}\n`, ''));
    expect((await audit('verify', file, '--key', key)).code).toBe(2);
    expect(await titles()).toEqual(['alert 32', true]);
    const own = await erase(31);
    expect(own.stdout).toContain(`Case       ${messageId(31)}`);
  });

  it('is named by the certificate where it stays, and can be erased later, also once the case is gone', async () => {
    const { stdout } = await erase(23, '--alerts', 'keep', '--json');
    const [{ alerts, residue }] = jsonLines(stdout) as [{ alerts: unknown; residue: unknown }];
    expect([alerts, residue]).toEqual([
      {
        erased: [],
        remaining: [{ case: messageId(32), leaf: expect.any(Number) as number, isErasable: true }],
      },
      null,
    ]);
    expect((await erase(23)).code).toBe(2);
    const later = await erase(23, '--alerts', 'erase');
    expect([later.code, later.stderr]).toEqual([
      0,
      expect.stringContaining(`was erased before; now ${messageId(32)} went, too`),
    ]);
    expect(await titles()).toEqual([true, true]);
  });

  it('of an older version, which nobody can erase, is named as that', async () => {
    await storeNotice(home(), {}, 24);
    await raiseAlert(34, [24], true);
    const { code, stdout } = await erase(24);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`that nobody can erase[^]*leaf \\d+, about the alert ${messageId(34)}\n`),
    );
    const none = await erase(22);
    expect(none.stdout).toContain('No alert named a message of the case.');
  });
});

describe('an erasure that is stopped between the alerts and the case', () => {
  /** Begins as the command does, and ends as when it is killed before it has erased one more. */
  async function stopAfter(count: number, id: CaseId): Promise<void> {
    await withStore(home(), async (store) => {
      const index = SearchIndex.open(join(home(), indexFileName), store);
      let left = count;
      const eraseCase: Store['eraseCase'] = async (...order) => {
        if (left-- === 0) throw new Error('killed');
        return store.eraseCase(...order);
      };
      const order = { case: id, authority: 'Records Manager', by: 'operator' };
      const places = { store: { ...store, eraseCase }, index };
      const settled = settleAlerts(order, { alerts: 'erase', underWay: 'wait' }, places);
      await settled.catch((error: unknown) => expect(String(error)).toContain('killed'));
      index.close();
    });
  }

  it.each([0, 1, 2])(
    'is carried out to its end by the same order once more, and certified whole: %d of 2 were erased',
    async (count) => {
      const [notice, ...alerts] = [61, 62, 63].map((number) => number + 10 * count);
      await storeNotice(home(), {}, notice);
      for (const alert of alerts) await raiseAlert(alert, [notice!]);
      await stopAfter(count, messageId(notice!));
      const file = join(dir, `stopped-${count}`);
      const order = ['erase', messageId(notice!), '--authority', 'Records Manager'];
      const choice = count === 2 ? [] : ['--alerts', 'erase'];
      const { code, stdout, stderr } = await audit(...order, ...choice, '-o', file, '--json');
      expect(code, stderr).toBe(0);
      const [{ alerts: said, leaf }] = jsonLines(stdout) as [{ alerts: unknown; leaf: number }];
      expect(said).toEqual({ erased: alerts.map((alert) => messageId(alert)), remaining: [] });
      const key = join(dir, 'log.vkey');
      writeFileSync(key, (await audit('checkpoint', '--vkey')).stdout);
      expect((await audit('verify', file, '--key', key)).code).toBe(0);
      const again = await audit(...order, '--json');
      expect(jsonLines(again.stdout)).toMatchObject([{ leaf, alerts: said }]);
    },
  );
});
