import { readFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { alertLines, type AlertReader } from '../../clients/cli/alert-lines.ts';
import { correlatorAddress, type EndpointAddress, type MessageId } from '../../protocol/ids.ts';
import { recipes } from '../../protocol/linkage/recipes.ts';
import { createTerminal } from '../../terminal/terminal.ts';
import { describeTokenTypes } from '../../terminal/token-words.ts';
import { runInProcess } from './run-in-process.ts';

const policies = new URL('../../policies/', import.meta.url);
const duty = 'north-lanarkshire-social-work/duty';
const police = 'strathclyde-police/public-protection';
const replyTo = '019a9410-6c90-7e4f-b182-5c9a7d2e3f64' as MessageId;

const stream = new PassThrough();
const terminal = createTerminal({ stdout: stream, stderr: stream, env: {}, json: false });

async function exampleOf(dataset: string): Promise<Record<string, unknown>> {
  const text = await readFile(new URL(`datasets/${dataset}/1.0.json`, policies), 'utf8');
  return (JSON.parse(text) as { examples: Record<string, unknown>[] }).examples[0]!;
}

async function tell(
  dataset: string,
  changes: Record<string, unknown> = {},
  { to = [duty, police], from = correlatorAddress, ...reader }: Partial<Told> = {},
): Promise<string | undefined> {
  const content = { ...(await exampleOf(dataset)), ...changes };
  const notice = {
    id: replyTo,
    from: from as EndpointAddress,
    dataschema: `urn:causeway:dataset:${dataset}:1.0`,
    json: () => content,
    envelope: { to } as never,
  };
  return alertLines(
    notice,
    { home: './duty', endpoint: duty, knows: () => undefined, awaited: () => 0, ...reader },
    terminal,
  )?.join('\n');
}
type Told = AlertReader & { to: string[]; from: string };

const links = [
  {
    event: '019a6c1e-7d40-7b1c-8e5f-2f6d4a9b0c31',
    to: '019a9410-5b80-7d3e-a071-4b8f6c1d2e53',
    tier: 'same',
    types: ['name-birth', 'given-birth-postcode', 'family-sound-birth'],
  },
  {
    event: '019a85f2-1a60-7c2d-9f60-3a7e5b0c1d42',
    to: '019a9410-5b80-7d3e-a071-4b8f6c1d2e53',
    tier: 'possible',
    types: ['near-birth-address', 'a-later-kind'],
  },
];

describe('an alert in words', () => {
  it('says which pattern, which notices, what ties them, what is missing and until when to answer', async () => {
    const knows: AlertReader['knows'] = (id, agency) =>
      id.startsWith('019a6c1e') && agency === 'north-lanarkshire-education' ? 'received' : undefined;
    const text = await tell('correlator-alert', { links }, { knows });
    for (const words of [
      'Three agencies within thirty days (version 1)',
      'consider (harm is one possible explanation), the same child',
      'About one child, whom an alert does not name. 1 of these 3 notices passed through this home and says who it is.',
      '1 2026-11-02 09:30Z school absence (info) North Lanarkshire Education received here 019a6c1e',
      '3 2026-11-10 19:30Z A&E attendance (urgent) NHS Lanarkshire not in this home',
      '1 and 3, the same child: forename, surname, birth date, postcode',
      '2 and 3, possibly the same child: forename but for a letter, birth date, address, a-later-kind',
      'any one of these is missing: 1 more agency; a notice of severity immediate.',
      '- One incident that police, hospital and school each report.',
      'until 2026-11-13 19:31Z',
    ])
      expect(text?.replace(/\s+/g, ' ')).toMatch(words);
  });

  it('asks for an agency only where nothing is on the way any more that may be a notice of it', async () => {
    const told = async (awaited?: number): Promise<string | undefined> =>
      (await tell('correlator-alert', {}, { awaited: () => awaited }))?.replace(/\s+/g, ' ');
    expect(await told(0)).toContain('None of these notices is in this home: ask an agency below.');
    expect(await told(1)).toContain('is in this home yet: 1 message is still on the way to it.');
    expect(await told(7)).toContain('is in this home yet: 7 messages are still on the way to it.');
    expect(await told(7)).not.toContain('ask an agency');
    expect(await told(undefined)).toContain('they may be on the way to it: otherwise ask an agency below.');
  });

  it('says of a notice that it may have overtaken that it is not here so far, and of no other', async () => {
    const told = async (awaited: number | undefined): Promise<string | undefined> =>
      tell(
        'correlator-alert',
        {},
        { knows: (id) => (id.startsWith('019a6c1e') ? 'sent' : undefined), awaited: () => awaited },
      );
    for (const awaited of [1, undefined])
      expect((await told(awaited))?.match(/not in this home.*? {2}/g)).toEqual(
        Array(2).fill('not in this home so far  '),
      );
    expect((await told(0))?.match(/not in this home.*? {2}/g)).toEqual(Array(2).fill('not in this home  '));
  });

  it('that rests on a possibility says of nothing that it is certain', async () => {
    const text = await tell('correlator-alert', { tier: 'possible', links });
    expect(text).toContain('Possibly about one child, whom an alert does not name.');
    expect(text).toContain('Why they may speak of one child');
    expect(await tell('alert-reminder', { tier: 'possible' })).toContain('Possibly about one child');
  });

  it('says nothing of a next level where there is none', async () => {
    expect(await tell('correlator-alert', { missing: [], level: 'suspect' })).not.toContain('next level');
  });

  it('goes without a word that could steer the screen', async () => {
    const missing = ['\u001b[2Jgone\nnew line'];
    expect(await tell('correlator-alert', { missing })).toMatch(/missing: .\[2Jgone new line\./);
  });

  it('is a matter of the correlator: what another endpoint calls an alert is shown as it came', async () => {
    expect(await tell('correlator-alert', {}, { from: police })).toBeUndefined();
    expect(await tell('concern-report')).toBeUndefined();
    expect(await tell('correlator-alert', { links: 'none' })).toBeUndefined();
  });

  it('names everybody else who got it as recipients of the answer, and the own team where nobody did', async () => {
    const others = await tell(
      'correlator-alert',
      {},
      { to: [duty, police, 'nhs-lanarkshire/child-protection'] },
    );
    expect(others).toContain(`--to ${police} nhs-lanarkshire/child-protection \\`);
    expect(await tell('correlator-alert', {}, { to: [duty] })).toContain(`--to ${duty} \\`);
  });
});

describe('a reminder in words', () => {
  it('says which alert nobody answered, who got it, and how to answer', async () => {
    const text = await tell('alert-reminder', { sentTo: [police] });
    expect(text).toContain('Nobody has said in time what became of the alert 019a9410-6c90-7e4f');
    expect(text).toContain(`  ${police}`);
    expect(text).toContain(`--reply-to ${replyTo} --to ${police} \\`);
  });
});

describe('the commands that an alert prints', () => {
  it('are commands that there are, with a home whose name has a space', async () => {
    const text = (await tell('correlator-alert', {}, { home: './no such home' }))!;
    const printed = text
      .replaceAll('\\\n', ' ')
      .split('\n')
      .filter((line) => line.trim().startsWith('causeway '))
      .map((line) => Array.from(line.matchAll(/'[^']*'|\S+/g), ([word]) => word.replaceAll("'", '')));
    expect(printed.map(([, ...words]) => words.slice(0, 2).join(' '))).toEqual([
      'dataset template',
      'send --home',
    ]);
    for (const [, ...args] of printed) {
      const run = await runInProcess(
        args.map((word) =>
          word === 'answer.json'
            ? fileURLToPath(new URL('datasets/alert-disposition/1.0.json', policies))
            : word,
        ),
      );
      expect(run.stderr).toMatch(/code {3}(home-invalid|usage-invalid)/);
      expect(run.stderr).not.toMatch(/option|argument|--help/);
    }
  });

  it('offer every answer that the sharing agreement has', async () => {
    const agreement = parse(await readFile(new URL('categories.yaml', policies), 'utf8')) as {
      categories: Record<string, { group: string }>;
    };
    const answers = Object.entries(agreement.categories).filter(([, { group }]) => group === 'disposition');
    const text = await tell('correlator-alert');
    expect(answers).toHaveLength(4);
    for (const [category] of answers) expect(text).toContain(`${category} `);
  });
});

it('every kind of token has words, and no other word stands for it', () => {
  for (const { name } of recipes) {
    const words = describeTokenTypes([name]);
    expect(words.length).toBeGreaterThan(1);
    expect(words).not.toContain(name);
  }
});
