/** The sharing agreement's data sets, read from the gateway and kept in the home for when it cannot be reached. */
import { z } from 'zod';
import { isTooDeep } from '../../../protocol/datasets/depth.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import { dataschemaSchema } from '../../../protocol/wire/envelope.ts';
import { DatasetRegistry } from './datasets.ts';
import type { StateDatabase } from '../state-database.ts';

const schemaSchema = z.looseObject({ $id: z.string() });
const listSchema = z.object({ datasets: z.array(z.object({ dataschema: dataschemaSchema })).max(1_000) });

/** For a data set in whose place the gateway gives something else. */
export const unusableAnswer = 'What the gateway gives for it cannot be used.';

/** Reads a path of the gateway and checks the form of its answer. */
export type FetchJson = <T>(path: string, schema: z.ZodType<T>) => Promise<T>;

export class DatasetBook {
  readonly #state: StateDatabase;
  readonly #fetch: FetchJson;
  #registry: DatasetRegistry;
  #refreshing: Promise<void> | undefined;

  /** `fetch` reads JSON from a path of the gateway. @internal */
  constructor(state: StateDatabase, fetch: FetchJson) {
    this.#state = state;
    this.#fetch = fetch;
    this.#registry = this.#load();
  }

  /** The data sets known here. */
  get registry(): DatasetRegistry {
    return this.#registry;
  }

  /**
   * A registry that has this data set, read from the gateway if need be: also where its schema cannot be used, which is
   * asked for again each time.
   * @throws CausewayError `dataset-unknown`; `dataset-unavailable` when the gateway gives something else, or
   *   `gateway-unreachable`, when it is not known here
   */
  async ensure(dataschema: string): Promise<DatasetRegistry> {
    if (!this.#registry.isUsable(dataschema)) await this.#read([dataschema]);
    return this.#registry;
  }

  /** Reads all data sets of the gateway again. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  /** Reads all again when the gateway's policy is not the one they were read under. */
  async refreshFor(policyDigest: string): Promise<void> {
    const { statements } = this.#state;
    const row = statements.prepare("SELECT value FROM meta WHERE name = 'policyDigest'").get();
    if (row?.value === policyDigest) return;
    await this.refresh();
    await this.#state.write(() =>
      statements
        .prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('policyDigest', ?)")
        .run(policyDigest),
    );
  }

  async #refresh(): Promise<void> {
    const { datasets } = await this.#fetch('/v1/datasets', listSchema);
    await this.#read(datasets.map(({ dataschema }) => dataschema));
  }

  async #read(names: readonly string[]): Promise<void> {
    const schemas: [string, string][] = [];
    for (const dataschema of names) {
      const parsed = dataschemaSchema.safeParse(dataschema);
      if (!parsed.success)
        throw new CausewayError('dataset-unknown', { detail: 'Its name has the wrong form.' });
      const schema = await this.#fetch(
        `/v1/datasets/${dataschema.split(':').slice(3).join('/')}`,
        schemaSchema,
      );
      // The agreement may well have it: this is no data set, or another one.
      if (schema.$id !== dataschema || isTooDeep(schema)) {
        throw new CausewayError('dataset-unavailable', { detail: unusableAnswer });
      }
      schemas.push([dataschema, JSON.stringify(schema)]);
    }
    await this.#state.write(() => {
      const insert = this.#state.statements.prepare(
        'INSERT OR REPLACE INTO datasets (dataschema, schema) VALUES (?, ?)',
      );
      for (const row of schemas) insert.run(...row);
    });
    this.#registry = this.#load();
  }

  #load(): DatasetRegistry {
    const rows = this.#state.statements.prepare('SELECT schema FROM datasets').all();
    const schemas = rows.map((row): unknown => JSON.parse(String(row.schema)));
    // Versions before took in every depth: such a one is as if it had never been read.
    return DatasetRegistry.of(schemas.filter((schema) => !isTooDeep(schema)));
  }
}
