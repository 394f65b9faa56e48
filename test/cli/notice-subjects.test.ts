import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSubjects } from '../../clients/cli/notice-subjects.ts';
import { createTerminal } from '../../terminal/terminal.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-subjects-'));
});
afterAll(() => rm(dir, { recursive: true }));

const stream = new PassThrough();
const terminal = createTerminal({ stdout: stream, stderr: stream, env: {}, json: false });

it.each([
  ['[]', 'it names nobody.'],
  [JSON.stringify(Array(17).fill({ given: 'Isla' })), 'it names more subjects than a notice can.'],
  ['[{"given":"Isla"},"Isla"]', 'subject 2 is no object with fields such as given, family, birthDate.'],
  ['{"birthdate":"2015-03-04"}', 'the field birthdate, which is none of those known: is birthDate meant?'],
  ['{"birth_date":"2015-03-04"}', 'the field birth_date, which is none of those known: is birthDate meant?'],
  ['{"surname":"Sample"}', 'subject 1 has the field surname, which is none of given, family, birthDate,'],
  ['{"given":"\\ud800"}', 'subject 1 has a given with half a character (a lone surrogate).'],
  [
    '{"Isla Sample":1,"given":2}',
    'subject 1 has a given that is no text; subject 1 has a field that is none',
  ],
])('whom a notice is about, given as %s, is refused in words', async (text, words) => {
  const file = join(dir, `${randomUUID()}.json`);
  await writeFile(file, text);
  const reading = readSubjects(file, terminal);
  await expect(reading).rejects.toMatchObject({ code: 'request-malformed' });
  await expect(reading).rejects.toThrow(`${file}: `);
  await expect(reading).rejects.toThrow(words);
  await expect(reading).rejects.not.toThrow('Sample');
});

it('what is odd about a subject is told without a promise that the notice goes out', async () => {
  const file = join(dir, 'nobody.json');
  await writeFile(file, '{}');
  const told = new PassThrough({ encoding: 'utf8' });
  await readSubjects(file, createTerminal({ stdout: told, stderr: told, env: {}, json: false }));
  expect(told.read()).toMatch(
    /^look again: subject 1: nothing of it can be linked.*\. That alone holds no notice back\.\n$/,
  );
});
