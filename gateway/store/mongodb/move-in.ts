/**
 * Takes another store's contents into an empty database.
 *
 * ```
 * (empty) → begun → one collection after the other, a batch a transaction → checked → recorded, opened for gateways
 * ```
 *
 * How far it has come is written in the transaction of each batch: whoever begins again after a kill goes on with
 * the next document, and of two at once one finds that it is not alone. Until the last step no gateway opens it.
 */
import { BSON, type Db, type MongoClient } from 'mongodb';
import { CausewayError } from '../../../protocol/errors.ts';
import type { StoreContents } from '../store-contents.ts';
import type { TreeHead } from '../tree-head.ts';
import { checkCollection } from './check-moved.ts';
import { openCollections, owners } from './collections.ts';
import { connect } from './connection.ts';
import { explain, withoutSecrets } from './explain-connection.ts';
import { collectionsOf, type Collections, type MetaDocument } from './documents.ts';
import type { Access } from './load.ts';
import { movedCollections, type MovedCollection, type MovedDocument } from './moved-documents.ts';
import { openForGateways, type MoveRecord } from './open-for-gateways.ts';
import { runTransaction } from './run-transaction.ts';

const largestBatch = { documents: 1_000, bytes: 4 * 1024 * 1024 };
/** For how long a batch may be tried again: longer than an election, and not so long that nobody is told of an outage. */
const defaultPatienceMs = 20_000;

/** Told what goes on; `count` documents of this collection are done. */
export type MoveObserver = (
  step: 'move' | 'check',
  collection: keyof Collections,
  count: number,
) => Promise<void> | void;

/** `moved`: by this call, perhaps from where another one was cut off. `before`: by a former call. */
export type MoveOutcome = 'moved' | 'before';

type Place = Required<Pick<MetaDocument, 'step' | 'count'>>;

export class MongodbDestination {
  readonly collections: Collections;
  readonly #client: MongoClient;
  readonly #url: string;
  readonly #place: string;
  readonly #patienceMs: number;

  private constructor(
    client: MongoClient,
    collections: Collections,
    { url, place, patienceMs }: { readonly url: string; readonly place: string; readonly patienceMs: number },
  ) {
    this.#client = client;
    this.#url = url;
    this.collections = collections;
    this.#place = place;
    this.#patienceMs = patienceMs;
  }

  /**
   * Opens the database, and makes the collections where there are none.
   * @param patienceMs for how long a batch may be tried again
   * @throws CausewayError `store-not-moved` where it holds a store already, or the beginning of another move;
   * `store-incompatible`, `configuration-invalid`, `store-unavailable`
   */
  static async open(
    url: string,
    source: TreeHead,
    patienceMs = defaultPatienceMs,
  ): Promise<MongodbDestination> {
    const { client, database } = await connect(url);
    try {
      const place = `${withoutSecrets(url)} (database ${database.databaseName})`;
      const collections = collectionsOf(database);
      const form = await collections.meta.findOne({ _id: 'form' });
      const begun = await collections.meta.findOne({ _id: 'move' });
      if (begun !== null) refuseOtherMoves(begun, source, place);
      if (form?.owner !== owners.gateways) await prepare(database, source);
      else if (begun === null) throw await holdsStore(collections, place);
      return new MongodbDestination(client, collections, { url, place, patienceMs });
    } catch (error) {
      await client.close();
      throw explain(error, url);
    }
  }

  /**
   * Moves what is not there yet, compares every document with its source, and opens the database for gateways.
   * @param confirm the last question before that
   * @param record what the log says of the move, behind all that was moved
   * @throws CausewayError `store-not-moved`, `store-unavailable`
   */
  async take(
    contents: StoreContents,
    observe: MoveObserver,
    confirm: () => Promise<void>,
    record: MoveRecord,
  ): Promise<MoveOutcome> {
    try {
      return await this.#take(contents, observe, confirm, record);
    } catch (error) {
      throw explain(error, this.#url);
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #take(
    contents: StoreContents,
    observe: MoveObserver,
    confirm: () => Promise<void>,
    record: MoveRecord,
  ): Promise<MoveOutcome> {
    const { meta } = this.collections;
    const begun = await meta.findOne({ _id: 'move' });
    if ((await meta.findOne({ _id: 'form' }))?.owner === owners.gateways) return 'before';
    for (let step = begun?.step ?? 0; step < movedCollections.length; step++) {
      const done = step === begun?.step ? (begun.count ?? 0) : 0;
      await this.#moveCollection(contents, step, done, observe);
    }
    for (const collection of movedCollections) {
      await checkCollection(this.collections, collection, contents, async (count) =>
        observe('check', collection.name, count),
      );
    }
    await confirm();
    await this.#within(async (access) => {
      if (!(await openForGateways(record, access))) throw this.#notAlone();
    });
    return 'moved';
  }

  async #moveCollection(
    contents: StoreContents,
    step: number,
    done: number,
    observe: MoveObserver,
  ): Promise<void> {
    const collection = movedCollections[step];
    if (collection === undefined) return;
    let count = done;
    for (const batch of batchesOf(collection, contents, done)) {
      await this.#write(step, count, collection, batch);
      count += batch.length;
      await observe('move', collection.name, count);
    }
    await this.#note({ step, count }, { step: step + 1, count: 0 });
  }

  async #write(
    step: number,
    count: number,
    { name }: MovedCollection,
    batch: MovedDocument[],
  ): Promise<void> {
    const target = this.collections[name] as unknown as { insertMany: Collections['meta']['insertMany'] };
    await this.#within(async ({ collections, session }) => {
      const noted = await collections.meta.updateOne(
        { _id: 'move', step, count },
        { $set: { count: count + batch.length } },
        { session },
      );
      if (noted.matchedCount === 0) throw this.#notAlone();
      await target.insertMany(batch as MetaDocument[], { session });
    });
  }

  async #within(work: (access: Access) => Promise<void>): Promise<void> {
    const { collections } = this;
    const deadline = performance.now() + this.#patienceMs;
    await this.#client.withSession(async (session) =>
      runTransaction(session, async () => work({ collections, session }), deadline),
    );
  }

  async #note(before: Place, after: Place): Promise<void> {
    const noted = await this.collections.meta.updateOne({ _id: 'move', ...before }, { $set: after });
    if (noted.matchedCount === 0) throw this.#notAlone();
  }

  #notAlone(): CausewayError {
    return new CausewayError('store-not-moved', {
      detail: `Another process moves a store into ${this.#place}. Let it come to its end.`,
    });
  }
}

/** Makes collections, indexes and the mark that keeps gateways away, and writes down what is moved. */
async function prepare(database: Db, source: TreeHead): Promise<void> {
  const { collections } = await openCollections(database, owners.move);
  await collections.meta.updateOne(
    { _id: 'move' },
    { $setOnInsert: { ...source, step: 0, count: 0 } },
    { upsert: true },
  );
}

async function holdsStore({ block }: Collections, place: string): Promise<CausewayError> {
  const last = await block.findOne(
    {},
    { sort: { _id: -1 }, hint: '_id_', projection: { first: 1, count: 1 } },
  );
  const leaves = last === null ? 0 : last.first + last.count;
  return new CausewayError('store-not-moved', {
    detail:
      `${place} already holds a store, whose audit log has ${leaves} leaves. Nothing was changed there. ` +
      'Name another database in the address.',
  });
}

function refuseOtherMoves({ leaves, root }: MetaDocument, source: TreeHead, place: string): void {
  if (leaves === source.leaves && root?.equals(source.root) === true) return;
  throw new CausewayError('store-not-moved', {
    detail:
      `Into ${place} a store was moved, or begun to be moved, whose audit log had ${leaves} leaves; this one has ` +
      `${source.leaves}, or others. Name another database in the address, or drop that one and move again.`,
  });
}

/** The documents after the first so many, in portions that make a transaction. */
function* batchesOf(
  collection: MovedCollection,
  contents: StoreContents,
  skip: number,
): Generator<MovedDocument[]> {
  let batch: MovedDocument[] = [];
  let bytes = 0;
  let index = 0;
  for (const document of collection.documents(contents)) {
    if (index++ < skip) continue;
    batch.push(document);
    bytes += BSON.calculateObjectSize(document);
    if (batch.length < largestBatch.documents && bytes < largestBatch.bytes) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}
