import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repository } from './run-causeway.ts';

const guard = join(repository, 'bin/require-node.mjs');
const systemNode = '/usr/bin/node';

function isOld(node: string): boolean {
  if (!existsSync(node)) return false;
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' });
  return Number(/^v(\d+)/.exec(version)?.[1]) < 24;
}

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-node-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const message = /^Causeway needs Node 24 or later; this is Node \d+\.\d+\.\d+\.\nRun "npm ci" first/;

describe('a Node that is too old', () => {
  it('gets a plain message and exit code 1', () => {
    const script = join(dir, 'old.mjs');
    writeFileSync(
      script,
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.11.0' } });
       await import(${JSON.stringify(`file://${guard}`)});`,
    );
    const { status, stderr, stdout } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it.runIf(isOld(systemNode))('gets it from the whole command, run on the system’s own', () => {
    const command = join(repository, 'bin/causeway.mjs');
    const { status, stderr } = spawnSync(systemNode, [command, '--help'], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('gets it from every script of the package', () => {
    const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    // The command itself begins with the guard.
    const isGuarded = /^node bin\/(require-node\.mjs && |causeway\.mjs )/;
    expect(Object.entries(scripts).filter(([, script]) => !isGuarded.test(script))).toEqual([]);
  });

  it('is not the one that runs these tests', () => {
    expect(spawnSync(process.execPath, [guard], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });
});
