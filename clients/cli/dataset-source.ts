/** Where data sets come from: a policy folder, or what the gateway of a home serves. */
import { readdir, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { parseJsonInput, usageError } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { DatasetRegistry } from '../sdk/datasets/datasets.ts';
import { homeOption } from './endpoint-home.ts';
import { withClient } from './open-client.ts';

export type SourceFlags = { readonly home?: string; readonly policies?: string };

const localPolicies = 'policies';

/** `--policies` and `--home`, which every command about data sets takes. */
export function addSourceOptions(command: ProgramCommand): ProgramCommand {
  return command
    .option(
      '--policies <dir>',
      'take them from this policy folder (default: ./policies, where no endpoint is named)',
    )
    .option(homeOption[0], 'take them from the gateway of this endpoint (default: $CAUSEWAY_HOME)');
}

/** Opens the registry that the flags name. @throws CausewayError `usage-invalid`, or what the gateway answered */
export async function openRegistry(flags: SourceFlags, terminal: Terminal): Promise<DatasetRegistry> {
  const home = flags.home ?? terminal.env.CAUSEWAY_HOME ?? '';
  if (flags.policies !== undefined) return readPolicyFolder(flags.policies);
  // Before a ./policies, which may be of another gateway, or the one that comes with Causeway.
  if (home !== '') return readFromHome(home, terminal);
  if (existsSync(localPolicies)) return readPolicyFolder(localPolicies);
  throw usageError('Name a policy folder with --policies, or an endpoint with --home.');
}

/** `NAME`, `NAME/VERSION` or the whole URN, as a URN. @throws CausewayError `usage-invalid` with what there is */
export function findDataset(registry: DatasetRegistry, text: string): string {
  if (registry.has(text)) return text;
  const [name = '', version] = text.split('/');
  const versions = registry
    .list()
    .filter((summary) => summary.name === name && (version === undefined || summary.version === version))
    .sort((a, b) => compareVersions(a.version, b.version));
  const latest = versions.at(-1);
  if (latest !== undefined) return latest.urn;
  const known = registry.list().map((summary) => `${summary.name}/${summary.version}`);
  throw usageError(`There is no data set ${text}. There are: ${known.join(', ')}.`);
}

async function readPolicyFolder(dir: string): Promise<DatasetRegistry> {
  const { DatasetRegistry } = await import('../sdk/datasets/datasets.ts');
  const folder = join(dir, 'datasets');
  const schemas: unknown[] = [];
  try {
    for (const name of (await readdir(folder)).sort()) {
      for (const file of (await readdir(join(folder, name))).sort()) {
        if (!file.endsWith('.json')) continue;
        const path = join(folder, name, file);
        schemas.push(parseJsonInput(path, await readFile(path)));
      }
    }
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOENT') throw error;
    throw usageError(`${dir} is not a policy folder: it has no folder datasets.`, error);
  }
  return DatasetRegistry.of(schemas);
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

async function readFromHome(home: string, terminal: Terminal): Promise<DatasetRegistry> {
  return withClient(home, terminal, async ({ client, connection }) => {
    if (connection.isConnected) await client.datasets.refresh();
    else if (client.datasets.registry.list().length === 0) connection.assertConnected();
    return client.datasets.registry;
  });
}
