import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCauseway } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-init-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function listenAddress(name: string, ...args: string[]): Promise<string | undefined> {
  const { code, stderr } = await runInProcess(['gateway', 'init', join(dir, name), ...args]);
  expect(code, stderr).toBe(0);
  return /^host: "?([^"\n]+)/m.exec(readFileSync(join(dir, name, 'gateway.yaml'), 'utf8'))?.[1];
}

describe('causeway gateway init', () => {
  it('listens on this computer only, unless it has a name elsewhere or is told where to listen', async () => {
    expect(await listenAddress('local')).toBe('127.0.0.1');
    expect(await listenAddress('named', '--host', 'localhost', 'gateway.example')).toBe('0.0.0.0');
    expect(await listenAddress('told', '--listen', '0.0.0.0')).toBe('0.0.0.0');
  });

  it('listens where its IPv6 addresses lead', async () => {
    expect(await listenAddress('six', '--host', '::1')).toBe('::1');
    expect(await listenAddress('six-and-name', '--host', 'localhost', '::1')).toBe('::1');
    expect(await listenAddress('six-elsewhere', '--host', '2001:db8::1')).toBe('::');
    const { code, stderr } = await runInProcess([
      'gateway',
      'init',
      join(dir, 'two'),
      '--host',
      '127.0.0.1',
      '::1',
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('say --listen ::');
  });

  it('takes no address to listen on that cannot be one, and names it', async () => {
    const listen = async (address: string) => {
      const home = join(dir, 'nowhere');
      const { code, stderr } = await runInProcess(['gateway', 'init', home, '--listen', address]);
      expect(existsSync(home)).toBe(false);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await listen('999.1.1.1')).toContain("'999.1.1.1' is");
    expect(await listen('a_b!')).toContain("'a_b!' is");
    // RFC 6761 keeps this name from ever being one.
    expect(await listen('nowhere.invalid')).toContain(
      'It cannot listen on nowhere.invalid: there is no such',
    );
  });

  it('names each host that is none', async () => {
    const hosts = ['good.example', 'http://x.example', 'x:8443', 'a_b!'];
    const { code, stderr } = await runInProcess(['gateway', 'init', join(dir, 'hosts'), '--host', ...hosts]);
    expect(code).toBe(2);
    for (const host of hosts.slice(1))
      expect(stderr).toContain(`The host "${host}" must be a host name or an IP`);
    expect(stderr).not.toContain('good.example');
  });

  it('says why no agreement can be copied from a folder', async () => {
    const home = join(dir, 'copied', 'home');
    const file = join(dir, 'a-file');
    writeFileSync(file, '');
    const copy = async (policies: string) => {
      const { code, stderr } = await runInProcess(['gateway', 'init', home, '--policies', policies]);
      expect(existsSync(home)).toBe(false);
      expect(code, stderr).toBe(2);
      return stderr;
    };
    expect(await copy('/nope')).toContain('No policies can be copied from /nope: there is no such folder.');
    expect(await copy(file)).toContain(`from ${file}: it is no folder.`);
    expect(await copy(dir)).toContain(`from ${dir}: the new folder ${home} would be within it.`);
    symlinkSync(dir, join(dir, 'link'));
    expect(await copy(join(dir, 'link'))).toContain('would be within it');
    const piped = join(dir, 'piped', 'sharing');
    mkdirSync(piped, { recursive: true });
    execFileSync('mkfifo', [join(piped, 'x.cedar')]);
    expect(await copy(join(dir, 'piped'))).toContain(`${join(piped, 'x.cedar')} is not a file.`);
  });

  it('shows its address in the form that `causeway enrol` takes', async () => {
    const { stdout } = await runInProcess(['gateway', 'init', join(dir, 'shown'), '--host', '::1']);
    expect(stdout).toContain('causeway enrol --gateway https://[::1]:8443 --token');
  });
});

describe('causeway gateway start', () => {
  it('names the address that it cannot listen on, whatever keeps it from that', async () => {
    const home = join(dir, 'start');
    expect((await runInProcess(['gateway', 'init', home, '--port', '0'])).code).toBe(0);
    const start = async (address: string) => runInProcess(['gateway', 'start', home, '--listen', address]);
    expect((await start('999.1.1.1')).stderr).toContain("'999.1.1.1' is");
    const { code, stderr } = await start('nowhere.invalid');
    expect(code).toBe(2);
    // RFC 6761 keeps this name from ever being one; without a network, nobody can say so.
    expect(stderr).toMatch(
      /cannot listen on nowhere\.invalid, port 0: (there is no such|its name cannot be)/,
    );
  });
});

describe('a port that another program has', () => {
  let other: Server;
  let port: string;
  beforeAll(async () => {
    other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    port = String((other.address() as AddressInfo).port);
  });
  afterAll(() => other.close());

  it('is told with what to do next, whatever is started', async () => {
    const [gateway, witness] = [join(dir, 'second'), join(dir, 'witness')];
    expect((await runInProcess(['gateway', 'init', gateway])).code).toBe(0);
    expect((await runInProcess(['witness', 'init', witness, '--name', 'witness.example'])).code).toBe(0);
    for (const start of [
      ['gateway', 'start', gateway, '--port', port],
      ['witness', 'run', witness, '--port', port],
    ]) {
      const { code, stderr } = await runInProcess(start);
      expect(code, stderr).toBe(2);
      expect(stderr).toContain('next   Stop that program, or name another port with --port.');
    }
  });
});

describe('a home in a place that takes no folders', () => {
  it.each([
    [['gateway', 'init', '/proc/causeway/home']],
    [['linkage-holder', 'init', '/proc/causeway/home', '--client', 'police/desk']],
  ])('is refused at once by %j', async (args) => {
    const { code, stderr } = await runInProcess(args);
    expect(code, stderr).toBe(3);
    expect(stderr).toMatch(/\/proc\/causeway.*: no folder can be made there\./);
  });
});

describe('a gateway that has never started', () => {
  it('gives the key of its log, and says that there is no checkpoint yet', async () => {
    expect((await runCauseway(['gateway', 'init', join(dir, 'fresh')])).code).toBe(0);
    const checkpoint = async (...args: string[]) =>
      runCauseway(['audit', 'checkpoint', '--dir', join(dir, 'fresh'), ...args]);
    expect((await checkpoint('--vkey')).stdout).toMatch(/^\S+\+[0-9a-f]{8}\+\S+\n$/);
    const { code, stderr } = await checkpoint();
    expect(code).not.toBe(0);
    expect(stderr).toContain('Nothing was recorded yet');
  });
});

describe('causeway demo', () => {
  it.each(['/dev/null/kept', '/proc/kept'])(
    'ends at once when the folder to keep cannot be made, as %s',
    async (folder) => {
      const { code, stderr } = await runCauseway(['demo', '--once', '--keep', folder]);
      expect(code).toBe(2);
      expect(stderr).toContain(`The folder ${folder} of --keep cannot be made`);
    },
  );
});
