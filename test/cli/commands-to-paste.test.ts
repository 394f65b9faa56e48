import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandName } from '../../terminal/command-name.ts';
import { repository } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

let dir: string;
beforeAll(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'causeway-paste-')), "the team's house");
});
afterAll(() => rmSync(join(dir, '..'), { recursive: true }));

/** The words of each command that was proposed, as a shell takes them. */
function commandsIn(text: string): string[][] {
  const lines = [...text.matchAll(/(?<=^ *|: )(?:npx )?causeway .*?(?= {2,}|$)/gm)];
  return lines.map(([line]) => {
    const { stdout, status } = spawnSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' });
    expect(status, line).toBe(0);
    return stdout.trimEnd().split('\n');
  });
}

describe('a command that is proposed', () => {
  it('can be pasted, whatever the path has in it', async () => {
    const home = join(dir, 'gw home');
    const policies = join(repository, 'policies');
    const made = await runInProcess(['gateway', 'init', home, '--policies', policies]);
    const agency =
      'agency add a-school --name School --sector education --area north-lanarkshire --role named-person';
    const added = await runInProcess([...agency.split(' '), '--dir', home]);
    const witness = join(dir, 'a witness');
    const watching = await runInProcess(['witness', 'init', witness, '--name', 'committee.example']);
    const out = join(dir, 'to fill in.json');
    const template = ['dataset', 'template', 'concern-report', '--policies', policies, '--out', out];
    const written = await runInProcess(template);
    for (const [{ code, stdout, stderr }, path, count] of [
      [made, home, 3],
      [added, home, 1],
      [watching, witness, 2],
      [written, out, 1],
    ] as const) {
      expect(code, stderr).toBe(0);
      const commands = commandsIn(stdout + stderr).filter((words) => words.includes(path));
      expect(commands, stdout + stderr).toHaveLength(count);
    }
  });

  it('begins as this one was begun', () => {
    expect(commandName({}, '/usr/local/bin/causeway')).toBe('causeway');
    expect(commandName({ npm_command: 'exec' }, '/x/node_modules/.bin/causeway')).toBe('npx causeway');
    expect(commandName({}, '/x/bin/causeway.mjs')).toBe('npx causeway');
  });
});
