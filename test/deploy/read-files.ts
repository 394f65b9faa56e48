/** The files of `deploy/`, parsed strictly: what is not expected is an error. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

export const repository = join(import.meta.dirname, '../..');
export const deployDir = join(repository, 'deploy');

export function readDeployFile(name: string): string {
  return readFileSync(join(deployDir, name), 'utf8');
}

const conditionSchema = z.enum(['service_healthy', 'service_completed_successfully']);
const serviceSchema = z.strictObject({
  image: z.string().regex(/^(?:causeway|[a-z/]+:\d+\.\d+(?:\.\d+)?)$/, 'must name an exact version'),
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  hostname: z.string().optional(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  restart: z.enum(['unless-stopped', 'no']),
  networks: z.array(z.string()).min(1),
  secrets: z
    .array(z.union([z.string(), z.strictObject({ source: z.string(), target: z.string() })]))
    .optional(),
  volumes: z.array(z.string()).optional(),
  ports: z.array(z.string()).optional(),
  tmpfs: z.array(z.string()).optional(),
  read_only: z.literal(true).optional(),
  cap_drop: z.tuple([z.literal('ALL')]).optional(),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]),
  stop_grace_period: z.string().optional(),
  healthcheck: z
    .union([
      z.strictObject({ disable: z.literal(true) }),
      z.strictObject({
        test: z.array(z.string()),
        interval: z.string(),
        timeout: z.string(),
        retries: z.int(),
      }),
    ])
    .optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition: conditionSchema })).optional(),
});

const composeSchema = z.looseObject({
  name: z.literal('causeway'),
  services: z.record(z.string(), serviceSchema),
  networks: z.record(z.string(), z.strictObject({ internal: z.boolean().optional() })),
  volumes: z.record(z.string(), z.strictObject({})),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
});

export type ComposeFile = z.infer<typeof composeSchema>;
export type Service = ComposeFile['services'][string];

export function readCompose(): ComposeFile {
  const compose = composeSchema.parse(parse(readDeployFile('compose.yaml'), { merge: true, strict: true }));
  const known = ['name', 'services', 'networks', 'volumes', 'secrets'];
  const others = Object.keys(compose).filter((key) => !known.includes(key) && !key.startsWith('x-'));
  if (others.length > 0) throw new Error(`compose.yaml has unknown parts: ${others.join()}`);
  return compose;
}

/** The options of the members' mongod. */
export function mongodArguments({ services }: ComposeFile): string[] {
  return (services.db1?.environment?.MONGOD ?? '').split(/\s+/);
}

/** An instruction of a Dockerfile. */
export type Instruction = { readonly name: string; readonly rest: string };

const instructionNames = new Set(
  'FROM WORKDIR COPY RUN ENV USER VOLUME EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD'.split(' '),
);

/** @throws Error at a line that is none of the instructions in use */
export function readDockerfile(): Instruction[] {
  const lines = readDeployFile('Dockerfile')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, name = '', rest = ''] = /^([A-Z]+) (\S.*)$/.exec(line) ?? [];
    if (!instructionNames.has(name)) throw new Error(`the Dockerfile has a line of no use: ${line}`);
    return { name, rest };
  });
}

/** The settings of a unit, section by section; a setting may be there several times. */
export function readUnit(name: string): Map<string, Map<string, string[]>> {
  const sections = new Map<string, Map<string, string[]>>();
  let section = new Map<string, string[]>();
  for (const line of readDeployFile(`systemd/${name}`).split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, header] = /^\[([A-Z][a-z]+)\]$/.exec(line) ?? [];
    const [, key, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    if (header !== undefined) {
      section = new Map<string, string[]>();
      sections.set(header, section);
      continue;
    }
    if (key === undefined || value === undefined) throw new Error(`${name} has a line of no use: ${line}`);
    section.set(key, [...(section.get(key) ?? []), value]);
  }
  return sections;
}
