import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { MessageId } from '../../protocol/ids.ts';
import { tokeniser } from '../clients/sdk/linkage/people.ts';
import { Writer, type TestEndpoint } from '../e2e/kit/endpoint.ts';
import { Exchange } from '../e2e/kit/exchange.ts';
import { eventually } from '../e2e/kit/watch.ts';
import { messageId } from '../gateway/store/synthetic-messages.ts';
import { jsonLines, runCauseway, type RunResult } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const morven = { given: 'Morven', family: 'Testcase', birthDate: '2016-03-04', postcode: 'ML1 9ZZ' };
const rory = { given: 'Rory', family: 'Example', birthDate: '2014-07-21', postcode: 'ML3 9ZZ' };

let exchange: Exchange;
let people: Record<'police' | 'north' | 'south' | 'health', TestEndpoint>;
let alert: string;
/** The first notice about Rory, of whom two agencies have told. */
let notice: MessageId;
/** The last one about him. */
let last: MessageId;

const pattern = (...args: string[]): Promise<RunResult> =>
  runInProcess(['pattern', ...args, '--dir', exchange.home.dir]);
const lines = async (...args: string[]): Promise<Record<string, unknown>[]> => {
  const { code, stdout, stderr } = await pattern(...args, '--json');
  expect(code, stderr).toBe(0);
  return jsonLines(stdout);
};

async function send(from: keyof typeof people, changes: Record<string, unknown>): Promise<MessageId> {
  const writer = await Writer.open(people[from], [people.north]);
  const session = await exchange.connect(people[from]);
  const message = writer.message({ category: from === 'police' ? 'police-concern' : 'concern', ...changes });
  await session.accepted(message);
  return message.id;
}
const about = (child: Parameters<typeof tokeniser.tokensOf>[0]) => ({
  subjects: [tokeniser.tokensOf(child)],
});

beforeAll(async () => {
  exchange = await Exchange.open({ isBare: false });
  people = await exchange.enrol('police', 'north', 'south', 'health');
  notice = await send('police', about(rory));
  last = await send('health', about(rory));
  await send('police', about(morven));
  await send('health', about(morven));
  await send('south', { ...about(morven), severity: 'immediate' });
  alert = String((await exchange.recorded({ kind: 'alert.raised' })).message);
});
afterAll(() => exchange.close());

describe('causeway pattern replay', () => {
  it('shows the alerts that were sent, and what lacks one step', async () => {
    const found = await lines('replay', '--since', '1d', '--near-misses');
    expect(found[0]).toMatchObject({
      type: 'alert',
      alert,
      pattern: 'three-agencies',
      level: 'suspect',
      tier: 'same',
      agencies: ['nhs-lanarkshire', 'south-lanarkshire-social-work', 'strathclyde-police'],
    });
    expect(found.filter(({ type }) => type === 'alert')).toHaveLength(1);
    const misses = found.filter(({ type }) => type === 'near-miss');
    expect(misses).toContainEqual(expect.objectContaining({ pattern: 'three-agencies' }));
    expect(found.at(-1)).toMatchObject({ type: 'replay', notices: 5, alerts: 1, nearMisses: misses.length });
    const name = ['--pattern', 'three-agencies', '--near-misses'];
    const said = await pattern('replay', '--since', '1d', ...name);
    expect(said.stdout).toMatch(new RegExp(`three-agencies v2 .*${alert}`));
    expect(said.stdout).toMatch(new RegExp(`three-agencies v2 .*${last} .*within 30d it found 2 different`));
  });

  it('shows what only one of two versions raises', async () => {
    const drafts = join(exchange.dir, 'drafts');
    await cp(join(exchange.home.policiesDir, 'patterns'), drafts, { recursive: true });
    const file = join(drafts, 'three-agencies.yaml');
    const text = (await readFile(file, 'utf8')).replace('agency, gte: 3', 'agency, gte: 2');
    await writeFile(file, text.replace('\nversion: 2', '\nversion: 3'));
    const name = ['--pattern', 'three-agencies'];
    const found = await lines('replay', '--since', '1d', ...name, '--against', drafts);
    expect(found.at(-1)).toEqual({ type: 'difference', inBoth: 1, onlyFirst: 0, onlySecond: 2 });
    expect(found[0]).toMatchObject({ type: 'only', side: 'second', version: 3 });
    const unknown = await pattern('replay', '--since', '1d', ...name, '--against', '7');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('There is no version 7 of three-agencies');
    const nowhere = await pattern('replay', '--since', '1d', '--against', 'nowhere');
    expect(nowhere.stderr).toMatch(/There is no folder nowhere\.(?!.*policy check)/s);
    const misspelt = await pattern('replay', '--since', '1d', '--pattern', 'three');
    expect(misspelt.stderr).toContain('There is no pattern three.');
    await rm(join(drafts, 'signs-of-neglect.yaml'));
    const partial = await pattern('replay', '--since', '1d', '--against', drafts);
    expect(partial.stdout + partial.stderr).toContain('no longer raised: signs-of-neglect. Compare one');
    await rm(drafts, { recursive: true });
  });
});

describe('causeway pattern explain', () => {
  it('shows the evidence, what ties it, who got the alert and what is wanted of them', async () => {
    const [account] = await lines('explain', alert);
    expect(account).toMatchObject({
      alert,
      sent: true,
      title: 'Three agencies within thirty days',
      version: 2,
      events: [
        { agency: 'strathclyde-police', category: 'police-concern', severity: 'concern' },
        { agency: 'nhs-lanarkshire', category: 'concern' },
        { agency: 'south-lanarkshire-social-work', category: 'concern', severity: 'immediate' },
      ],
      dispositions: [],
    });
    expect(account!.recipients).toHaveLength(4);
    expect(JSON.stringify(account!.links)).toContain('name-birth');
    expect((await pattern('explain', alert)).stdout).toContain('Answers, wanted by');
  });

  it('knows no alert that never was', async () => {
    const { code, stderr } = await pattern('explain', messageId(1));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /shows an alert under it, that was not sent, or not yet\.[^]*code {3}message-unknown/,
    );
    const mistaken = await pattern('explain', notice);
    expect(mistaken.code).toBe(2);
    expect(mistaken.stderr).toContain(`It is a notice, no alert.\nnext   See what is made of its child`);
  });
});

describe('causeway pattern why-not', () => {
  it('shows what is tied to the child of a notice, and what each pattern lacks', async () => {
    const [history, ...silences] = await lines('why-not', notice);
    expect((history!.events as { id: string }[]).map(({ id }) => id)).toContain(notice);
    expect(history!.events).toHaveLength(2);
    expect(silences).toContainEqual(
      expect.objectContaining({ pattern: 'three-agencies', alerts: 0, isSatisfied: false, count: 2, gap: 1 }),
    );
    const said = await pattern('why-not', notice, '--pattern', 'three-agencies');
    expect(said.stdout).toContain('2 notices are tied to this child');
    expect(said.stdout).toContain('within 30d it found 2 different values, 1 from its condition');
    expect((await pattern('why-not', messageId(1))).stderr).toContain('code   message-unknown');
  });

  it('asks for the sender where another has used the id of a notice as well', async () => {
    const isla = { given: 'Isla', family: 'Sampleton', birthDate: '2012-02-03', postcode: 'ML4 9ZZ' };
    const id = await send('police', about(isla));
    await send('south', { id, ...about({ ...isla, given: 'Ruaridh', birthDate: '2010-09-08' }) });
    const { code, stderr } = await pattern('why-not', id);
    expect(code).not.toBe(0);
    expect(stderr).toContain(`${people.south.address}, ${people.police.address}`);
    const [history] = await lines('why-not', id, '--from', people.south.address);
    expect(history!.events).toMatchObject([{ id, agency: 'south-lanarkshire-social-work' }]);
  });

  it('shows what is only possibly of the child, and marks it', async () => {
    const family = { family: 'Placeholder', birthDate: '2017-05-02', postcode: 'ML2 9ZZ' };
    const una = await send('police', about({ given: 'Una', ...family }));
    const finn = await send('police', about({ given: 'Finn', ...family }));
    const unnamed = await send('health', about(family));
    const [history, ...silences] = await lines('why-not', una, '--pattern', 'three-agencies');
    expect(history!.events).toMatchObject([
      { id: una, tier: 'same' },
      { id: unnamed, tier: 'possible' },
    ]);
    expect(silences).toMatchObject([{ link: 'possible', count: 2, events: [una, unnamed] }]);
    const said = await pattern('why-not', una, '--pattern', 'three-agencies');
    expect(said.stdout).toContain('2 notices are tied to this child, 1 of them only possibly');
    expect(said.stdout).toMatch(new RegExp(`${una}\n.*${unnamed} +possibly of this child\n`));

    const asked = ['replay', '--since', '1d', '--pattern', 'three-agencies', '--near-misses'];
    const windows = (await lines(...asked)).map(({ events }) => JSON.stringify(events ?? []));
    for (const twin of [una, finn])
      expect(windows.filter((one) => one.includes(twin) && one.includes(unnamed))).toHaveLength(1);
    expect((await pattern(...asked)).stdout.split(unnamed)).toHaveLength(2);
  });

  it('says why nothing is told of a notice that there is', async () => {
    const twins = ['Isla', 'Fraser'].map((given) => ({ given, family: 'Sample', birthDate: '2012-01-09' }));
    const nobody = await send('police', {});
    const two = await send('police', { subjects: twins.map((child) => tokeniser.tokensOf(child)) });
    const refusals = [
      [[nobody], 'This notice names no subject'],
      [[two, '--subject', '9'], 'This notice names 2 subjects; there is no number 9'],
      [[notice, '--subject', '2'], 'This notice names 1 subject; there is no number 2'],
      [[alert], 'It is from the correlator and no notice'],
    ] as const;
    for (const [args, words] of refusals) {
      const { code, stderr } = await pattern('why-not', ...args);
      expect(code).toBe(2);
      expect(stderr).toContain(words);
    }
  });
});

describe('causeway pattern precision', () => {
  it('counts what people answered, if the alert was sent to them', async () => {
    const [before] = await lines('precision');
    expect(before).toMatchObject({ raised: 1, open: 1, overdue: 0, precision: null });
    const dataschema = 'urn:causeway:dataset:alert-disposition:1.0';
    const answer = { category: 'alert-acted', severity: 'info', dataschema, inReplyTo: alert, thread: alert };
    const id = await send('north', answer);
    await send('police', { ...about(rory), severity: 'immediate' });
    await exchange.recorded({ kind: 'alert.disposed', message: id });
    const [after] = await lines('precision', '--since', '1d');
    expect(after).toMatchObject({ raised: 1, answers: { acted: 1 }, open: 0, precision: 1 });
    const said = await runCauseway(['pattern', 'precision', '--dir', exchange.home.dir]);
    expect(said.stdout).toMatch(/100 %/);
    const [account] = await lines('explain', alert);
    expect(account!.dispositions).toMatchObject([{ source: people.north.address, disposition: 'acted' }]);
  });
});

it('every reading of patterns is recorded with who read and what', async () => {
  const kinds = await eventually('readings', async () => {
    const found = new Set((await exchange.records()).map(({ entry }) => entry.kind));
    return found.has('audit.alert') ? found : undefined;
  });
  expect([...kinds]).toEqual(
    expect.arrayContaining(['audit.pattern-replay', 'audit.pattern-silence', 'audit.alert', 'audit.alerts']),
  );
});
