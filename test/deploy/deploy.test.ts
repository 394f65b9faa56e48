/** Files for machines that no test has: their syntax, and that what they refer to is there. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewaySettingsSchema } from '../../gateway/home/gateway-settings.ts';
import { findOnPath } from './find-on-path.ts';
import {
  deployDir,
  mongodArguments,
  readCompose,
  readDeployFile,
  readDockerfile,
  readUnit,
  repository,
} from './read-files.ts';

const run = promisify(execFile);
const compose = readCompose();
const { services } = compose;
const { port } = gatewaySettingsSchema.parse({ hosts: ['gateway.example'] });
const homePath = '/var/lib/causeway';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-deploy-'));
});
afterAll(async () => rm(dir, { recursive: true }));

describe('deploy/compose.yaml', () => {
  it('runs three members, two gateways and a balancer', () => {
    expect(Object.keys(services)).toEqual(['db1', 'db2', 'db3', 'init', 'gateway1', 'gateway2', 'balancer']);
    expect(services.gateway1).toEqual(services.gateway2);
    expect(services.init?.environment?.MEMBERS).toBe('db1:27017,db2:27017,db3:27017');
  });

  it('uses only networks, volumes, secrets and services that it declares', () => {
    const declared = { networks: new Set<string>(), volumes: new Set<string>(), secrets: new Set<string>() };
    for (const service of Object.values(services)) {
      service.networks.forEach((each) => declared.networks.add(each));
      for (const each of service.secrets ?? []) {
        declared.secrets.add(typeof each === 'string' ? each : each.source);
      }
      for (const each of service.volumes ?? []) {
        const [source = ''] = each.split(':');
        if (!source.startsWith('.')) declared.volumes.add(source);
      }
      for (const name of Object.keys(service.depends_on ?? {})) expect(services).toHaveProperty(name);
    }
    for (const kind of ['networks', 'volumes', 'secrets'] as const) {
      expect([...declared[kind]].sort(), kind).toEqual(Object.keys(compose[kind]).sort());
    }
  });

  it('gives each service what its arguments and settings refer to', () => {
    for (const [name, { environment = {}, secrets = [], entrypoint = [] }] of Object.entries(services)) {
      const given = secrets.map((each) => (typeof each === 'string' ? each : each.target));
      const text = [...Object.values(environment), ...entrypoint].join(' ');
      const named = [...text.matchAll(/\/run\/secrets\/([\w-]+)/g)].map(([, secret]) => secret);
      expect([...new Set(named)].sort(), name).toEqual(
        name.startsWith('gateway') || name === 'balancer' ? [] : [...given].sort(),
      );
    }
  });

  it('finds the files beside it, or says how they are made', async () => {
    const secrets = join(dir, 'secrets');
    await run(join(deployDir, 'make-secrets'), [secrets]);
    const home = join(dir, 'gateway-home');
    const command = ['bin/causeway.mjs', 'gateway', 'init', home, '--host', 'gateway.example'];
    await run(process.execPath, command, { cwd: repository });
    const paths = [
      ...Object.values(compose.secrets).map(({ file }) => file),
      ...Object.values(services)
        .flatMap(({ volumes = [] }) => volumes.map((each) => each.split(':')[0]!))
        .filter((path) => path.startsWith('.')),
    ];
    for (const path of paths) {
      expect(
        [deployDir, dir].some((root) => existsSync(join(root, path))),
        path,
      ).toBe(true);
    }
    // The balancer's user is another one.
    expect((await stat(join(home, 'ca.crt'))).mode & 0o004).toBe(0o004);
    expect(readDeployFile('compose.yaml')).toContain('npx causeway gateway init deploy/gateway-home');
    expect(await readFile(join(repository, '.gitignore'), 'utf8')).toContain(
      'deploy/secrets/\ndeploy/gateway-home/',
    );
  }, 60_000);

  it('has gateways on their own port, which alone is published, behind a balancer that ends no TLS', () => {
    const balancer = readDeployFile('haproxy.cfg');
    const targets = [...balancer.matchAll(/^ {4}server (\S+) (\S+):(\d+)$/gm)];
    expect(targets.map(([, , host]) => host)).toEqual(['gateway1', 'gateway2']);
    expect(targets.map(([, , , target]) => Number(target))).toEqual([port, port]);
    expect(balancer).toMatch(/^ {4}mode tcp$/m);
    expect(balancer).toMatch(new RegExp(`^ {4}bind :${port}$`, 'm'));
    expect(balancer).toContain('uri /readyz');
    const published = Object.values(services).flatMap(({ ports = [] }) => ports);
    expect(published).toEqual([`${port}:${port}`]);
    expect(services.gateway1?.volumes).toEqual([`./gateway-home:${homePath}`]);
  });

  it('has a balancer whose settings are valid', async ({ skip }) => {
    const haproxy = findOnPath('haproxy', '/usr/sbin');
    if (haproxy === undefined) skip('no haproxy here');
    const file = join(dir, 'haproxy.cfg');
    const ca = join(dir, 'gateway-home/ca.crt');
    await writeFile(file, readDeployFile('haproxy.cfg').replaceAll('/run/secrets/gateway-ca', ca));
    await expect(run(haproxy!, ['-c', '-f', file])).resolves.toMatchObject({
      stdout: expect.stringContaining('valid') as string,
    });
  });

  it('starts members with TLS, a key file, and little patience for what stands still', () => {
    const options = mongodArguments(compose).join(' ');
    expect(options).toContain('--replSet causeway');
    expect(options).toContain('--tlsMode requireTLS');
    expect(options).toContain('--keyFile /tmp/keyfile');
    expect(options).toContain('transactionLifetimeLimitSeconds=5');
    expect(options).toContain('oplogNetworkTimeoutBufferSeconds=1');
    for (const name of ['db1', 'db2', 'db3']) expect(services[name]?.environment?.MONGOD).toBe(options);
  });
});

describe('deploy/make-secrets', () => {
  it('makes certificates that its CA has signed, for each member, and writes nothing over', async () => {
    const folder = join(dir, 'own-names');
    await run(join(deployDir, 'make-secrets'), [folder, 'one.example', 'two.example']);
    const made = await readdir(folder);
    expect(made).toContain('two.example.pem');
    for (const name of ['one.example', 'two.example']) {
      const file = join(folder, `${name}.pem`);
      const verify = ['verify', '-purpose', 'sslserver', '-verify_hostname', name, '-CAfile'];
      await run('openssl', [...verify, join(folder, 'db-ca.pem'), file]);
    }
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'db-ca.key'))).mode & 0o777).toBe(0o600);
    await expect(run(join(deployDir, 'make-secrets'), [folder])).rejects.toThrow(/exists already/);
  });
});

describe('deploy/Dockerfile', () => {
  const instructions = readDockerfile();
  const all = (name: string): string[] =>
    instructions.filter((each) => each.name === name).map(({ rest }) => rest);

  it('stands on the version of Node that the project is locked to', async () => {
    const manifest = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as {
      dependencies: { node: string };
    };
    for (const from of all('FROM')) expect(from).toMatch(`node:${manifest.dependencies.node}-bookworm-slim`);
  });

  it('ends as a user without rights, and copies nothing that is his', () => {
    expect(all('USER')).toEqual(['1000:1000']);
    expect(instructions.findLastIndex(({ name }) => name === 'RUN')).toBeLessThan(
      instructions.findIndex(({ name }) => name === 'USER'),
    );
    for (const copy of all('COPY')) expect(copy).not.toContain('--chown');
  });

  it('copies what is there and let through, and that is enough to run', async () => {
    const image = join(dir, 'image');
    const ignored = await readFile(join(repository, '.dockerignore'), 'utf8');
    const letThrough = new Set([...ignored.matchAll(/^!(.+)$/gm)].map(([, path]) => path));
    for (const copy of all('COPY')) {
      if (copy.startsWith('--from=')) continue;
      const sources = copy.split(' ').slice(0, -1);
      for (const source of sources) {
        expect(letThrough, source).toContain(source);
        await cp(join(repository, source), join(image, source), { recursive: true });
      }
    }
    await symlink(join(repository, 'node_modules'), join(image, 'node_modules'));
    const home = join(dir, 'home-of-image');
    const made = await run(process.execPath, ['bin/causeway.mjs', 'gateway', 'init', home], { cwd: image });
    expect(made.stdout).toContain('made');
    const command = ['bin/causeway.mjs', ...commandOf(all('CMD')[0]!), '--help'];
    expect((await run(process.execPath, command, { cwd: image })).stdout).toContain('Runs the gateway');
    for (const path of ['deploy/probe.mjs', 'deploy/init-set.mjs']) {
      await run(process.execPath, ['--check', path], { cwd: image });
    }
  }, 60_000);

  it('names port, home and probe as the gateway and compose.yaml do', () => {
    expect(all('EXPOSE')).toEqual([String(port)]);
    expect(all('VOLUME')).toEqual([homePath]);
    expect(commandOf(all('ENTRYPOINT')[0]!)).toEqual(['node', 'bin/causeway.mjs']);
    expect(all('HEALTHCHECK')[0]).toContain(`["node", "deploy/probe.mjs", "${homePath}"]`);
    expect(services.init?.entrypoint).toEqual(['node', 'deploy/init-set.mjs']);
  });
});

describe('deploy/systemd', () => {
  it.each(['causeway-gateway.service', 'causeway-mongod.service'])(
    '%s has the sections of a service, waits for the clock, runs without rights and is not a root’s',
    (name) => {
      const unit = readUnit(name);
      expect([...unit.keys()]).toEqual(['Unit', 'Service', 'Install']);
      const service = unit.get('Service')!;
      expect(service.get('User')?.[0]).not.toBe('root');
      expect(unit.get('Unit')?.get('After')?.join(' ')).toContain('time-sync.target');
      expect(service.get('NoNewPrivileges')).toEqual(['true']);
      expect(service.get('CapabilityBoundingSet')).toEqual(['']);
      expect(service.get('ProtectSystem')).toEqual(['strict']);
    },
  );

  it('starts the gateway by a command and options that exist, on a home that it may write', async () => {
    const service = readUnit('causeway-gateway.service').get('Service')!;
    const [program = '', script = '', ...command] = service.get('ExecStart')![0]!.split(' ');
    expect(program).toBe('/opt/causeway/node_modules/.bin/node');
    expect(existsSync(join(repository, program.replace('/opt/causeway/', '')))).toBe(true);
    const { stdout } = await run(process.execPath, [join(repository, script), ...command, '--help']);
    expect(stdout).toContain('Runs the gateway');
    expect(command).toContain(`/var/lib/${service.get('StateDirectory')![0]!}`);
    expect(command).toContain('--json');
  });

  it('is what systemd itself takes for units', async ({ skip }) => {
    const analyze = findOnPath('systemd-analyze');
    if (analyze === undefined) skip('no systemd here');
    for (const name of ['causeway-gateway.service', 'causeway-mongod.service']) {
      const file = join(dir, name);
      const text = readDeployFile(`systemd/${name}`)
        .replaceAll('/opt/causeway', repository)
        .replace('/usr/bin/mongod', '/bin/true');
      await writeFile(file, text);
      const { stderr } = await run(analyze!, ['verify', '--man=no', file]);
      expect(stderr).toBe('');
    }
  });

  it('keeps the settings of a member where its unit says', () => {
    const [start = ''] = readUnit('causeway-mongod.service').get('Service')!.get('ExecStart')!;
    expect(start).toContain('/etc/causeway/mongod.conf');
    expect(existsSync(join(deployDir, 'systemd/mongod.conf'))).toBe(true);
    expect(readDeployFile('systemd/mongod.conf')).toContain('dbPath: /var/lib/causeway-mongod');
  });
});

/** The words of a command in the form that Docker calls exec. */
function commandOf(text: string): string[] {
  return JSON.parse(text) as string[];
}
