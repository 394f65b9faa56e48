import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Exchange } from '../e2e/kit/exchange.ts';
import { deployDir } from './read-files.ts';

let exchange: Exchange;
beforeAll(async () => {
  exchange = await Exchange.open({ isBare: true });
});
afterAll(async () => exchange.close());

/** What a container's engine learns: the exit code. */
async function probe(home: string): Promise<number> {
  return await new Promise((resolve) => {
    const child = execFile(process.execPath, [join(deployDir, 'probe.mjs'), home], () => undefined);
    child.on('exit', (code) => resolve(code ?? -1));
  });
}

describe('deploy/probe.mjs', () => {
  it('says whether the gateway of the home can take messages, and believes nobody else', async () => {
    const { home } = exchange;
    const settings = join(home.dir, 'gateway.yaml');
    const text = await readFile(settings, 'utf8');
    await writeFile(settings, text.replace(/^port: .*$/m, `port: ${new URL(exchange.url).port}`));
    expect(await probe(home.dir)).toBe(0);
    const other = await Exchange.open({ isBare: true });
    const mixed = join(exchange.dir, 'mixed');
    await mkdir(mixed);
    await cp(settings, join(mixed, 'gateway.yaml'));
    await cp(join(other.home.dir, 'ca.crt'), join(mixed, 'ca.crt'));
    expect(await probe(mixed)).toBe(1);
    await other.close();
    await exchange.stop(0);
    expect(await probe(home.dir)).toBe(1);
  });
});
