import { mkdtempSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runDemo } from '../../bin/demo.ts';
import { createTerminal, type Terminal } from '../../terminal/terminal.ts';
import { startCauseway } from '../cli/run-causeway.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-interrupted-demo-'));
  vi.stubEnv('TMPDIR', dir);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true });
});

type Step = { readonly type: string; readonly url?: string };

/** A terminal that shows nothing, and hears every step. */
function hearing(onStep: (step: Step) => void): Terminal {
  const streams = { stdout: new PassThrough().resume(), stderr: new PassThrough().resume() };
  return { ...createTerminal({ ...streams, env: {}, json: true }), json: (step) => onStep(step as Step) };
}

it.each(['gateway-started', 'enrolled', 'cut-off'])(
  'a demonstration that is interrupted when it tells of "%s" ends there, and leaves nothing behind',
  async (moment) => {
    const interruption = new AbortController();
    const told: string[] = [];
    let url = '';
    const terminal = hearing((step) => {
      told.push(step.type);
      if (step.type === 'gateway-started') url = String(step.url);
      if (step.type === moment) interruption.abort();
    });
    const options = { once: true, keep: undefined, port: undefined };
    await expect(runDemo(options, terminal, interruption.signal)).rejects.toMatchObject({ code: 'aborted' });
    const sentAfterwards = told.slice(told.indexOf(moment) + 1).filter((type) => type === 'sending');
    expect(sentAfterwards).toEqual([]);
    expect(readdirSync(dir)).toEqual([]);
    await expect(fetch(url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  },
);

it('Ctrl-C in the middle of a demonstration ends it with 130', async () => {
  const demo = startCauseway(['demo', '--json'], { env: { TMPDIR: dir } });
  await demo.waitForLine((line) => line.includes('"accepted"'));
  demo.signal('SIGINT');
  const { code, stdout, stderr } = await demo.ended;
  expect({ code, error: JSON.parse(stderr) as unknown }).toMatchObject({
    code: 130,
    error: { code: 'aborted', text: 'Interrupted before its end.' },
  });
  expect(stdout).not.toContain('"summary"');
  expect(readdirSync(dir)).toEqual([]);
});

it.each([[['demo']], [['demo', '--once', '--json']]])(
  'a reader that goes away in the middle of %j ends it as an interruption does, and leaves nothing behind',
  async (words) => {
    const demo = startCauseway(words, { env: { TMPDIR: dir } });
    await demo.waitForLine((line) => line.includes('enrolled'));
    demo.closeStdout();
    const { code, stderr } = await demo.ended;
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: expect.stringContaining('Interrupted before its end') as unknown,
    });
    expect(readdirSync(dir)).toEqual([]);
  },
);
