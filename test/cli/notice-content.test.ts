import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../protocol/limits.ts';
import { runInProcess } from './run-in-process.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-content-'));
  await mkdir(join(dir, 'folder'));
  await writeFile(join(dir, 'empty.pdf'), '');
  await writeFile(join(dir, 'large.pdf'), Buffer.alloc(limits.maxPayloadBytes + 1));
  execFileSync('mkfifo', [join(dir, 'pipe')]);
  await symlink('circle', join(dir, 'circle'));
});
afterAll(() => rm(dir, { recursive: true }));

async function refusalOf(file: string, ...flags: string[]): Promise<string> {
  return refusalOfContent('--file', file, ...flags);
}

async function refusalOfContent(...flags: string[]): Promise<string> {
  const addressing = ['--to', 'a/b', '--category', 'concern', '--severity', 'info'];
  const grounds = ['--purpose', 'wellbeing', '--basis', 'public-task', '--home', join(dir, 'home')];
  const { code, stdout, stderr } = await runInProcess(['send', ...addressing, ...grounds, ...flags]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  return stderr.split('\n')[0] ?? '';
}

describe('causeway send --file', () => {
  it.each([
    ['folder', 'PATH cannot be read: it is a folder.'],
    ['nowhere.pdf', 'PATH cannot be read: there is no such file.'],
    ['empty.pdf/below', 'PATH cannot be read: a part of its path is no folder.'],
    ['circle', 'PATH cannot be read: its links lead in a circle.'],
    [
      'large.pdf',
      `The content is too large. PATH has more than the ${limits.maxPayloadBytes} bytes that are taken.`,
    ],
    ['empty.pdf', 'There is nothing to send: PATH is empty.'],
  ])('of %s says what is wrong and names the path', async (name, words) => {
    const path = join(dir, name);
    expect(await refusalOf(path)).toBe(`error  ${words.replace('PATH', path)}`);
  });

  it.each(['pipe', '/dev/zero'])(
    'of %s, which is no file, ends at once and says what to do',
    async (name) => {
      const path = resolve(dir, name);
      expect(await refusalOf(path)).toBe(
        `error  ${path} is a pipe or a device, not a file. Write its content to a file first, and name that with --file.`,
      );
    },
  );

  it('whose name has a control character says so, before anything is signed', async () => {
    const path = join(dir, 'a\u0007b.pdf');
    await writeFile(path, 'content');
    expect(await refusalOf(path)).toMatch(
      /^error {2}The name of .* cannot travel: .*control character.*Rename/,
    );
  });

  it('with what is no media type says what one looks like', async () => {
    await writeFile(join(dir, 'whole.pdf'), 'content');
    expect(await refusalOf(join(dir, 'whole.pdf'), '--media-type', 'bogus')).toMatch(
      /--media-type.*'bogus'.*a media type such as application\/json/,
    );
  });

  it('of nothing, and of stdin, says that it needs a path', async () => {
    expect(await refusalOf('')).toBe('error  The path of a file is empty.');
    expect(await refusalOf('-')).toBe('error  --file needs the path of a file.');
  });
});

describe('causeway send of text', () => {
  it('that is not UTF-8 refuses it before anything is signed: names would be spoiled', async () => {
    const path = join(dir, 'latin1.json');
    await writeFile(path, Buffer.from('{"name": "M\u00fcller"}', 'latin1'));
    expect(await refusalOfContent('--dataset', 'concern-report', '--content', path)).toBe(
      `error  ${path} is not text in UTF-8 (line 1, column 12). Save it as UTF-8, or send it as it is with --file.`,
    );
    expect(await refusalOfContent('--text', 'M\ufffdller')).toMatch(
      /^error {2}The text of --text is not UTF-8/,
    );
  });
});
