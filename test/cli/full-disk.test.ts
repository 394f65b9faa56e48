import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repository } from './run-causeway.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-full-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Runs a line of the shell, in which `causeway` is the command. */
async function runInShell(script: string): Promise<{ code: number; stderr: string }> {
  // What is kept between runs of the program is not for a process that may write no whole file.
  const env = { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: join(dir, 'compiled') };
  const command = 'causeway() { "$0" bin/causeway.mjs "$@"; }';
  const child = spawn('/bin/sh', ['-c', `${command}; ${script}`, process.execPath], {
    ...{ cwd: repository, env, stdio: ['ignore', 'ignore', 'pipe'] },
  });
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close') as Promise<[number]>]);
  return { code, stderr };
}

describe('a gateway for which the disk has no room', () => {
  it('is not made, and the place that lacks the room is named', async () => {
    const home = join(dir, 'gateway');
    const { code, stderr } = await runInShell(
      `trap '' XFSZ; ulimit -f 2; causeway gateway init ${home}; exit $?`,
    );
    expect(code, stderr).toBe(3);
    expect(stderr).toContain(`No gateway can be made in ${home}: it may not become larger.`);
    expect(readdirSync(dir)).not.toContain('gateway');
  });
});

describe('a document that is written where the disk has no room', () => {
  it('leaves nothing that keeps the same command from writing it later', async () => {
    const out = join(dir, 'template.json');
    const { code, stderr } = await runInShell(
      `trap '' XFSZ; ulimit -f 1; causeway dataset template concern-report --policies policies --out ${out}`,
    );
    expect(code, stderr).toBe(3);
    expect(stderr).toMatch(
      /template\.json cannot be written: it may not become larger\.\nnext .*\ncode +file-un/,
    );
    expect(readdirSync(dir)).not.toContain('template.json');
  });
});

describe('a command whose output cannot be written', () => {
  it('says so and does not pass for a success', async () => {
    const { code, stderr } = await runInShell('causeway policy show > /dev/full');
    expect(code, stderr).toBe(3);
    expect(stderr).toMatch(/^error {2}.* The output cannot be written: the disk is full\./);
    const asJson = await runInShell('causeway policy show --json > /dev/full');
    expect(asJson.code).toBe(3);
    expect(JSON.parse(asJson.stderr)).toMatchObject({ code: 'file-unavailable' });
  });

  it('notices when a file has taken a part of it alone', async () => {
    const out = join(dir, 'part');
    // A file may have one block; what goes beyond is an error and no signal.
    const { code, stderr } = await runInShell(`trap '' XFSZ; ulimit -f 1; causeway --help > ${out}`);
    expect(statSync(out).size).toBeGreaterThan(0);
    expect(code, stderr).toBe(3);
    expect(stderr).toContain('The output cannot be written: it may not become larger.');
  });

  it('is whole in a file that takes it, behind what the file held', async () => {
    const out = join(dir, 'whole');
    expect(await runInShell(`echo before > ${out}; causeway --help >> ${out}`)).toEqual({
      code: 0,
      stderr: '',
    });
    expect(readFileSync(out, 'utf8')).toMatch(/^before\n[^]*Examples\n/);
  });

  it('ends with its verdict where the reader has gone', async () => {
    const codeOf = async (words: string): Promise<string> =>
      (await runInShell(`{ { causeway ${words} 2>&1; echo $? >&3; } | true; } 3>&2`)).stderr;
    expect(await codeOf('--help')).toBe('0\n');
    expect(await codeOf('nonsense')).toBe('2\n');
    const document = join(dir, 'document.json');
    writeFileSync(document, '{}');
    expect(await codeOf(`dataset validate concern-report ${document} --policies policies --json`)).toBe(
      '2\n',
    );
  });
});
