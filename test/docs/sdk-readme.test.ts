import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../../clients/sdk/index.ts';
import {
  addLinkageKey,
  createLinkageKey,
  writeLinkageSettings,
} from '../../clients/sdk/linkage/linkage-file.ts';
import type { Notice } from '../../clients/sdk/notice.ts';
import { exchangeOfFile, health, police, take } from '../clients/sdk/exchange.ts';

const sdk = new URL('../../clients/sdk/', import.meta.url);
const readme = await readFile(new URL('README.md', sdk), 'utf8');
/** The program that opens the page, and what follows it and goes on with its client. */
const [opening = '', ...following] = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(
  ([, code = '']) => code,
);
const exchange = exchangeOfFile(police, health);
let recipient: Client;
let report: unknown;

beforeAll(async () => {
  const { dir, homes } = exchange();
  recipient = await exchange().client(health);
  await recipient.directory.trustAll();
  const dataschema = 'urn:causeway:dataset:concern-report:1.0';
  report = (await recipient.datasets.ensure(dataschema)).template(dataschema);
  await writeFile(join(dir, 'report.json'), JSON.stringify(report));
  await writeFile(join(dir, 'plan.pdf'), '%PDF-1.7');
  const home = join(dir, 'my-endpoint');
  await rename(homes.get(police.address)!, home);
  await writeLinkageSettings(home, addLinkageKey(undefined, createLinkageKey(1), 'child-protection'));
});

type Run = { readonly exited: Promise<unknown[]>; readonly output: () => string; end(): void };

/** Runs a program of the page beside the home that it names, with the SDK of this tree. */
async function start(name: string, code: string): Promise<Run> {
  const script = join(exchange().dir, name);
  await writeFile(script, code.replace("'causeway-sdk'", `'${new URL('index.ts', sdk).href}'`));
  const child = fork(script, {
    cwd: exchange().dir,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { exited: once(child, 'exit'), output: () => output, end: () => child.kill() };
}

function fingerprintOf(address: string): string {
  const entry = recipient.directory.list().find(({ endpoint }) => endpoint === address);
  if (entry === undefined) throw new Error(`${address} is not in the directory`);
  return entry.openpgpFingerprint;
}

describe('the README of the SDK', () => {
  it('opens with a program that sends a notice and then takes one after the other', async () => {
    const code = opening.replace("'…'", `'${fingerprintOf(health.address)}'`);
    const store = `const store = (notice) => process.stdout.write(\`stored \${notice.text()}\\n\`);\n`;
    const run = await start('opening.mjs', store + code);
    const [notice] = await take(recipient, 1);
    expect(notice?.text(), run.output()).toContain('Seen alone in the close');
    const { id } = await recipient.send(requestFor('What is known?'));
    await recipient.settled(id);
    expect(run.output()).toContain('stored What is known?');
    run.end();
    await run.exited;
  });

  it('shows how to send all else, and hear of it, by examples that run', async () => {
    // For the example that answers: sent here, so that the program before cannot have taken it.
    await recipient.send(requestFor('Anything else?'));
    const begin = `import { connect } from 'causeway-sdk';\nawait using client = await connect({ home: './my-endpoint' });\n`;
    const run = await start('following.mjs', begin + following.join('\n'));
    const [document, file, reply, first, second, subject, brief] = await takeAll(7, run);
    expect(await run.exited, run.output()).toEqual([0, null]);
    expect(document?.json()).toEqual(report);
    expect(file).toMatchObject({ name: 'plan.pdf', mediaType: 'application/pdf' });
    expect(reply).toMatchObject({ category: 'information-reply', inReplyTo: reply?.thread });
    expect(second?.thread).toBe(first?.id);
    expect(subject?.envelope.subjects).toHaveLength(1);
    expect(brief!.expires.getTime() - brief!.time.getTime()).toBe(24 * 3600_000);
  });

  it('names all events that there are', async () => {
    const source = await readFile(new URL('events.ts', sdk), 'utf8');
    const [, body = ''] = /export type ClientEvents = \{\n([\s\S]*?)\n\};/.exec(source) ?? [];
    const events = [...body.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name);
    expect(events.length).toBeGreaterThan(10);
    expect([...readme.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name)).toEqual(events);
  });

  it('says which Node it needs, and what kind of module it is', () => {
    expect(readme).toMatch(/Node 24 or later[^]*ES module[^]*```js/);
  });
});

function requestFor(text: string) {
  return {
    to: police.address,
    category: 'information-request',
    severity: 'urgent',
    purpose: 'child-protection',
    basis: 'public-task',
    content: { text },
  } as const;
}

/** As many notices as the examples send; fewer where one fails, whose words are then told. */
async function takeAll(count: number, run: Run): Promise<Notice[]> {
  const failed = run.exited.then(([code]) => {
    if (code !== 0) throw new Error(run.output());
    return new Promise<never>(() => undefined);
  });
  return Promise.race([take(recipient, count), failed]);
}
