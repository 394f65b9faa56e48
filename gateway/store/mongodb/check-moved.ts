/** Compares what stands in the database with where it came from, byte for byte. */
import { BSON } from 'mongodb';
import { CausewayError } from '../../../protocol/errors.ts';
import type { StoreContents } from '../store-contents.ts';
import type { Collections } from './documents.ts';
import type { MovedCollection, MovedDocument } from './moved-documents.ts';

const documentsAtOnce = 200;

/**
 * @param observe told how many documents were compared
 * @throws CausewayError `store-not-moved` at the first difference
 */
export async function checkCollection(
  collections: Collections,
  collection: MovedCollection,
  contents: StoreContents,
  observe: (count: number) => Promise<void>,
): Promise<void> {
  const { name } = collection;
  const target = collections[name] as unknown as Collections['meta'];
  let count = 0;
  let batch: MovedDocument[] = [];
  const compare = async (): Promise<void> => {
    await compareBatch(target, batch);
    count += batch.length;
    batch = [];
    await observe(count);
  };
  for (const document of collection.documents(contents)) {
    if (batch.push(document) === documentsAtOnce) await compare();
  }
  if (batch.length > 0) await compare();
  const there = await target.countDocuments({}, { hint: '_id_' });
  if (there !== count) throw differing(name, `it holds ${there} documents instead of ${count}`);
}

async function compareBatch(target: Collections['meta'], batch: readonly MovedDocument[]): Promise<void> {
  const ids = batch.map(({ _id }) => _id as string);
  const found = await target.find({ _id: { $in: ids } }, { promoteBuffers: false }).toArray();
  const there = new Set(found.map(textOf));
  const lacking = batch.filter((document) => !there.has(textOf(document))).length;
  if (lacking > 0) throw differing(target.collectionName, `${lacking} documents are missing or are others`);
}

function textOf(document: object): string {
  return Buffer.from(BSON.serialize(document, { ignoreUndefined: true })).toString('latin1');
}

function differing(name: string, what: string): CausewayError {
  return new CausewayError('store-not-moved', {
    detail: `The collection ${name} is not what was moved: ${what}. Drop the database and move again.`,
  });
}
