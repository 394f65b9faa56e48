/** Makes the collections and indexes at the first start, and knows a database that is none of ours. */
import type { ClientSession, Db } from 'mongodb';
import { CausewayError } from '../../../protocol/errors.ts';
import { collectionsOf, formWithoutAcceptances, storeForm, type Collections } from './documents.ts';
import { hasCode } from './failures.ts';
import { collectionNames, indexesOf, validatorOf } from './schema.ts';

/** Whom a database is for: gateways, or a move of another store into it that has not come to its end. */
export const owners = { gateways: 'causeway', move: 'causeway-move' } as const;

const takenMeanwhile =
  'A gateway was started on it, or a store moved into it, at the same moment. Try again.';

/** Made anew, it would say of a store of an older form, or of one half moved, that it is neither. */
const formGone =
  'Its document form of the collection meta is gone: somebody has removed it. Restore a backup of the database.';

export type OpenedCollections = {
  readonly collections: Collections;
  /** False in a database from before there was an `acceptance` for each message. */
  readonly keepsAcceptances: boolean;
};

/**
 * Makes what is missing. Several gateways may do so at once.
 * @throws CausewayError `store-incompatible` when the database belongs to another program or has another form;
 * `store-damaged` when what it says of its form is gone; `store-not-moved` when a store is still being moved into it
 */
export async function openCollections(
  database: Db,
  owner: (typeof owners)[keyof typeof owners] = owners.gateways,
): Promise<OpenedCollections> {
  const collections = collectionsOf(database);
  // In this order: whoever makes a database writes its form before any block, so where there is one, the form stands there by
  // now. Collections without anything in them come before it.
  const hasBlocks = (await collections.block.findOne({}, { projection: { _id: 1 } })) !== null;
  const mark = await collections.meta.findOne({ _id: 'form' });
  if (mark === null && hasBlocks) throw new CausewayError('store-damaged', { detail: formGone });
  if (mark === null) await refuseForeignDatabases(database);
  else if (mark.owner === owners.move && owner !== owners.move) {
    throw new CausewayError('store-not-moved', {
      detail: 'Let the same `causeway store migrate` run to its end, then start gateways on it.',
    });
  } else if (mark.owner !== owner || !isKnown(mark.form, owner)) {
    throw new CausewayError('store-incompatible', {
      detail: `It has form ${mark.form}; this program reads form ${storeForm}.`,
    });
  }
  const found = await database.listCollections({}, { nameOnly: true }).toArray();
  const present = new Set(found.map(({ name }) => name));
  // A database from before a collection came to be has all others.
  for (const name of collectionNames) await openCollection(database, name, !present.has(name));
  if (mark === null) {
    const form = { owner, form: storeForm };
    await collections.meta.updateOne({ _id: 'form' }, { $setOnInsert: form }, { upsert: true });
    const made = await collections.meta.findOne({ _id: 'form' });
    if (made?.owner !== owner) throw new CausewayError('store-not-moved', { detail: takenMeanwhile });
  }
  return { collections, keepsAcceptances: mark?.form !== formWithoutAcceptances };
}

/** What was begun to be moved in another form has to be begun again. */
function isKnown(form: number | undefined, owner: string): boolean {
  return form === storeForm || (form === formWithoutAcceptances && owner === owners.gateways);
}

/** Proves a durable write by changing something that nobody reads. */
export async function touch(meta: Collections['meta'], session: ClientSession): Promise<void> {
  await meta.updateOne(
    { _id: 'probe' },
    { $inc: { count: 1 } },
    { session, upsert: true, writeConcern: { w: 'majority', journal: true, wtimeoutMS: 5_000 } },
  );
}

/**
 * Its validator stays as it is made here: to change one takes `collMod`, for which the user of a gateway has no right. So another
 * shape of a document is another form of the store, and whoever brings a database to that form sets the validator.
 */
async function openCollection(database: Db, name: keyof Collections, isNew: boolean): Promise<void> {
  if (isNew) {
    try {
      await database.createCollection(name, { validator: validatorOf(name) });
    } catch (error) {
      // Another gateway is making the same ones.
      if (!hasCode(error, 'namespaceExists')) throw error;
    }
  }
  const indexes = indexesOf(name);
  if (indexes.length > 0) await database.collection(name).createIndexes([...indexes]);
}

async function refuseForeignDatabases(database: Db): Promise<void> {
  const found = await database.listCollections({}, { nameOnly: true }).toArray();
  const ours = new Set<string>(collectionNames);
  if (found.every(({ name }) => ours.has(name))) return;
  throw new CausewayError('store-incompatible', {
    detail: `The database ${database.databaseName} belongs to another program. Name another one in the address.`,
  });
}
