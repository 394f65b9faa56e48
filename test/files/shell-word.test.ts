import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { shellWord } from '../../files/shell-word.ts';

it('a path without anything special stays as it is', () => {
  for (const path of ['/srv/a-home_1', 'C:/homes/x@y', './50%+1=51']) expect(shellWord(path)).toBe(path);
});

it('a shell reads any path as one word', () => {
  const paths = ['/x/agency homes/.ed', "it's", '$HOME', 'a;b', '*', '`id`', '"', 'a\nb', '', '~', '\\'];
  const command = `printf '%s\\0' ${paths.map(shellWord).join(' ')}`;
  expect(execFileSync('/bin/sh', ['-c', command], { encoding: 'utf8' })).toBe(`${paths.join('\0')}\0`);
});
