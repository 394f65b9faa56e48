/** What was found wrong with the log, and nobody has acknowledged yet. */
import type { Client } from '../sdk/client.ts';
import type { LogFault, OwnChange } from '../sdk/log/log-table.ts';

export type OpenMatters = {
  readonly faults: readonly LogFault[];
  /** Those of the own entry that this home did not make. */
  readonly changes: readonly OwnChange[];
};

export function openMatters({ log }: Pick<Client, 'log'>): OpenMatters {
  return {
    faults: log.faults().filter(({ acknowledgedAt }) => acknowledgedAt === undefined),
    changes: log.changes().filter(({ foreign, acknowledgedAt }) => foreign && acknowledgedAt === undefined),
  };
}

export function hasOpenMatters(client: Pick<Client, 'log'>): boolean {
  const { faults, changes } = openMatters(client);
  return faults.length + changes.length > 0;
}
