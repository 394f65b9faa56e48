/** Statements, prepared once, whose errors are told in words. */
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementResultingChanges } from 'node:sqlite';

type Row = Record<string, SQLOutputValue>;
/** In their order, or by name. */
type Values = SQLInputValue[] | [Record<string, SQLInputValue>];

/** A prepared statement, as the tables use it. */
export type Statement = {
  get(...values: Values): Row | undefined;
  all(...values: Values): Row[];
  iterate(...values: Values): IterableIterator<Row>;
  run(...values: Values): StatementResultingChanges;
};

/** What the tables need: statements, prepared once, and plain SQL. */
export type Statements = { prepare(sql: string): Statement; exec(sql: string): void };

/** @param inWords what is thrown in the place of an error of SQLite */
export function cachedStatements(database: DatabaseSync, inWords: (error: unknown) => unknown): Statements {
  const cache = new Map<string, Statement>();
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw inWords(error);
    }
  };
  const prepare = (sql: string): Statement => {
    const statement = attempt(() => database.prepare(sql));
    return {
      get: (...values) => attempt(() => statement.get(...(values as SQLInputValue[]))),
      all: (...values) => attempt(() => statement.all(...(values as SQLInputValue[]))),
      run: (...values) => attempt(() => statement.run(...(values as SQLInputValue[]))),
      *iterate(...values) {
        try {
          yield* statement.iterate(...(values as SQLInputValue[]));
        } catch (error) {
          throw inWords(error);
        }
      },
    };
  };
  return {
    prepare(sql) {
      const known = cache.get(sql);
      if (known !== undefined) return known;
      const statement = prepare(sql);
      cache.set(sql, statement);
      return statement;
    },
    exec: (sql) => attempt(() => database.exec(sql)),
  };
}
