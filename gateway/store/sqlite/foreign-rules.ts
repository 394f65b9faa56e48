/**
 * What the file does by itself. A trigger runs within each commit of ours, a view can stand in the place of a table, and
 * an index or a changed table can keep rows out: whoever once had the file could have leaves changed before they are
 * published, when nothing tells any more, or have every message refused. So whatever the file has must be of our schema,
 * word for word, or SQLite's own; and nothing of the schema may be gone.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { CausewayError } from '../../../protocol/errors.ts';
import { retiredIndexes, schema } from './schema.ts';

/** `store-damaged`; its detail names no file, and may be told to whoever asks. */
export class ForeignRuleError extends CausewayError {
  constructor({ type, name }: SchemaObject, isChanged: boolean) {
    super('store-damaged', {
      detail: isChanged
        ? `Its ${type} ${name} is not as this program makes it: somebody has changed it.`
        : `It has the ${type} ${name}, which is not of this program: somebody has put it there.`,
    });
  }
}

/** `store-damaged`; its detail names no file. Unlike what somebody has put in, this does not go again by itself. */
export class MissingPartError extends CausewayError {
  constructor(object: string) {
    super('store-damaged', { detail: `Its ${object} is gone: somebody has removed it.` });
  }
}

/** `sql` is null for an index that SQLite makes for a key. */
type SchemaObject = { readonly type: string; readonly name: string; readonly sql: string | null };

const objectsOf = 'SELECT type, name, sql FROM sqlite_schema';

export class ForeignRules {
  readonly #version: StatementSync;
  readonly #objects: StatementSync;
  /** Of the schema that was looked through last. */
  #seen: unknown;

  constructor(database: DatabaseSync) {
    this.#version = database.prepare('PRAGMA schema_version');
    this.#objects = database.prepare(objectsOf);
  }

  /**
   * Looks, where the schema has changed since it last did so. Within a transaction that writes, what it found stays so
   * until the end of it.
   * @throws ForeignRuleError, MissingPartError
   */
  refuse(): void {
    const version = this.#version.get()?.schema_version;
    if (version === this.#seen) return;
    this.refuseForeign();
    this.#refuseMissing();
    this.#seen = version;
  }

  /** The first part, for a file that may be of a form before. @throws ForeignRuleError */
  refuseForeign(): void {
    const known = knownObjects();
    for (const found of this.#all()) {
      if (isOfSqlite(found)) continue;
      const sql = known.get(nameOf(found));
      if (sql !== found.sql) throw new ForeignRuleError(found, sql !== undefined);
    }
  }

  #refuseMissing(): void {
    const there = new Set(this.#all().map(nameOf));
    for (const object of presentObjects()) if (!there.has(object)) throw new MissingPartError(object);
  }

  #all(): SchemaObject[] {
    return this.#objects.all() as unknown as SchemaObject[];
  }
}

function nameOf({ type, name }: SchemaObject): string {
  return `${type} ${name}`;
}

/** The tables that SQLite makes for itself, as it writes them down: what ANALYZE has counted, and AUTOINCREMENT. */
const tablesOfSqlite: ReadonlyMap<string, string> = new Map([
  ['sqlite_stat1', 'CREATE TABLE sqlite_stat1(tbl,idx,stat)'],
  ['sqlite_stat4', 'CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)'],
  ['sqlite_sequence', 'CREATE TABLE sqlite_sequence(name,seq)'],
]);

/**
 * By the text as well: SQLite keeps names that begin with `sqlite_` for itself, but whoever writes into the schema
 * (`PRAGMA writable_schema`) can give one to anything. The indexes of our keys are among what is known.
 */
function isOfSqlite({ type, name, sql }: SchemaObject): boolean {
  return type === 'table' && sql !== null && tablesOfSqlite.get(name) === sql;
}

let known: ReadonlyMap<string, string | null> | undefined;
let present: readonly string[] | undefined;

/** What a new store has, and one of a form before. */
function knownObjects(): ReadonlyMap<string, string | null> {
  known ??= new Map(
    objectsMadeBy(`${schema}${retiredIndexes}`).map((object) => [nameOf(object), object.sql]),
  );
  return known;
}

/** What a store of this form has. */
function presentObjects(): readonly string[] {
  present ??= objectsMadeBy(schema).map(nameOf);
  return present;
}

/** As SQLite writes them down: asked once, since it makes a database. */
function objectsMadeBy(sql: string): SchemaObject[] {
  const database = new DatabaseSync(':memory:');
  database.exec(sql);
  const objects = database.prepare(objectsOf).all() as unknown as SchemaObject[];
  database.close();
  return objects;
}
