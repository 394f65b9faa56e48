import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox, enrolEndpoints, type SandboxEndpoint } from '../../bin/sandbox.ts';
import { connect, type Client } from '../../clients/sdk/index.ts';
import { startGateway, type RunningGateway } from '../../gateway/app.ts';

const readmePath = fileURLToPath(new URL('../../README.md', import.meta.url));
const sdk = new URL('../../clients/sdk/index.ts', import.meta.url);
let dir: string;
let gateway: RunningGateway;
let socialWork: Client;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-readme-'));
  const home = await createSandbox(dir);
  gateway = await startGateway({ home, log: pino({ level: 'silent' }) });
  const [police = '', social = ''] = await enrolEndpoints(dir, home, gateway.url, [
    await readEnrolment(),
    { address: 'north-lanarkshire-social-work/duty', roles: ['duty'] },
  ]);
  const reader = await connect({ home: police });
  await reader.directory.trustAll();
  await reader.close();
  await rename(police, join(dir, 'causeway-home'));
  socialWork = await connect({ home: social });
  await socialWork.directory.trustAll();
});

afterAll(async () => {
  await socialWork.close();
  await gateway.close(0);
  await rm(dir, { recursive: true, force: true });
});

/** Whom the README's command for a token lets enrol. */
async function readEnrolment(): Promise<SandboxEndpoint> {
  const readme = await readFile(readmePath, 'utf8');
  const [, address, role] = /causeway enrol-token (\S+) --role (\S+)/.exec(readme) ?? [];
  if (address === undefined || role === undefined) throw new Error('README.md enrols nobody with a role');
  return { address, roles: [role] };
}

/** The TypeScript behind the marker in the README, with the SDK taken from this tree. */
async function readExample(): Promise<string> {
  const readme = await readFile(readmePath, 'utf8');
  const code = /<!-- example:[^>]*-->\s+```ts\n([\s\S]*?)```/.exec(readme)?.[1];
  if (code === undefined) throw new Error('README.md has no example');
  return code.replace("'causeway-sdk'", `'${sdk.href}'`);
}

describe('the integration example of the README', () => {
  it('has about twenty lines', async () => {
    const lines = (await readExample()).split('\n').filter((line) => line.trim() !== '');
    expect(lines.length).toBeLessThanOrEqual(21);
  });

  it('sends a notice, takes one, and ends by itself', async () => {
    const script = join(dir, 'example.ts');
    await writeFile(script, await readExample());
    const child = fork(script, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] });
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const exited = once(child, 'exit');

    for await (const notice of socialWork.notices()) {
      expect(notice.text()).toContain('two young children alone');
      await notice.ack();
      await socialWork.send({
        to: notice.from,
        category: 'information-request',
        severity: 'urgent',
        purpose: 'child-protection',
        basis: 'public-task',
        inReplyTo: notice.id,
        content: { text: 'Which flat?' },
      });
      break;
    }
    const [code] = (await exited) as [number];
    expect(output).toMatch(/accepted as [0-9a-f-]{36}/);
    expect(output).toContain(
      'urgent information-request from north-lanarkshire-social-work/duty: Which flat?',
    );
    expect(code, output).toBe(0);
  });
});
