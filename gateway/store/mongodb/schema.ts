/** What the server itself holds every document to, and the indexes that every query uses. */
import type { Document, IndexDescription } from 'mongodb';
import type { Collections } from './documents.ts';

type Form = { readonly required: readonly string[]; readonly properties: Record<string, Document> };
type CollectionForm = Form & { readonly indexes?: readonly IndexDescription[] };

// What the driver writes for a whole number: a short one, or beyond 2^31 a double, which is exact up to 2^53.
const whole = { bsonType: ['int', 'long', 'double'], multipleOf: 1, minimum: 0 };
const text = { bsonType: 'string', minLength: 1 };
const address = { bsonType: 'string', pattern: '^[a-z0-9-]+/[a-z0-9-]+$' };
const bytes = { bsonType: 'binData' };
const texts = { bsonType: 'array', items: text };
const addresses = { bsonType: 'array', items: address };
const states = ['queued', 'delivered', 'stored', 'refused', 'expired'];

function strict(required: readonly string[], properties: Record<string, Document>): Document {
  return { bsonType: 'object', additionalProperties: false, required, properties };
}

const news = strict(['queues', 'streams', 'versions'], {
  queues: addresses,
  streams: {
    bsonType: 'array',
    items: strict(['endpoint', 'position'], { endpoint: address, position: whole }),
  },
  versions: strict(['directory', 'policy'], { directory: whole, policy: whole }),
});

const forms: Record<keyof Collections, CollectionForm> = {
  block: {
    required: [
      'previous',
      'digest',
      'first',
      'count',
      'at',
      'leaves',
      'bodies',
      'writer',
      'attempt',
      'nextDelivery',
      'news',
    ],
    properties: {
      _id: { ...whole, minimum: 1 },
      previous: bytes,
      digest: bytes,
      first: whole,
      count: { ...whole, minimum: 1 },
      at: whole,
      leaves: bytes,
      bodies: bytes,
      writer: text,
      attempt: whole,
      nextDelivery: { ...whole, minimum: 1 },
      news,
    },
    indexes: [{ key: { first: 1 }, name: 'by_leaf', unique: true }],
  },
  message: {
    required: ['digest', 'at', 'record'],
    properties: {
      _id: strict(['id', 'source'], { id: bytes, source: address }),
      digest: bytes,
      at: whole,
      record: whole,
      refusal: text,
      expiresAt: whole,
      lane: { enum: [0, 1, 2] },
      category: text,
      severity: text,
      thread: bytes,
      firstDelivery: { ...whole, minimum: 1 },
      recipients: addresses,
      listening: whole,
      unit: bytes,
    },
    indexes: [
      { key: { record: 1 }, name: 'by_record', partialFilterExpression: { unit: { $exists: true } } },
      { key: { thread: 1 }, name: 'by_case', partialFilterExpression: { thread: { $exists: true } } },
    ],
  },
  acceptance: {
    required: ['at'],
    properties: { _id: whole, at: whole, packed: bytes },
  },
  delivery: {
    required: [
      'message',
      'source',
      'digest',
      'recipient',
      'lane',
      'expiresAt',
      'unitBytes',
      'record',
      'nth',
      'state',
    ],
    properties: {
      _id: { ...whole, minimum: 1 },
      message: text,
      source: address,
      digest: bytes,
      recipient: address,
      lane: { enum: [0, 1, 2] },
      expiresAt: whole,
      unitBytes: whole,
      record: whole,
      nth: whole,
      state: { enum: states },
      open: { enum: [true] },
      deliveredAt: whole,
      settledAt: whole,
      deliveredRecord: whole,
      settledRecord: whole,
    },
    indexes: [
      {
        key: { recipient: 1, lane: 1, _id: 1 },
        name: 'queue',
        partialFilterExpression: { open: true },
      },
      { key: { expiresAt: 1, _id: 1 }, name: 'expiry', partialFilterExpression: { open: true } },
    ],
  },
  stream: {
    required: ['last', 'forgotten'],
    properties: { _id: address, last: whole, forgotten: whole },
  },
  receiptGroup: {
    required: ['bytes'],
    properties: {
      _id: strict(['endpoint', 'position'], { endpoint: address, position: { ...whole, minimum: 1 } }),
      bytes,
    },
  },
  permit: {
    required: ['endpoint', 'roles', 'expiresAt', 'usedAt'],
    properties: {
      _id: bytes,
      endpoint: address,
      roles: texts,
      expiresAt: whole,
      usedAt: { bsonType: ['null', 'int', 'long', 'double'] },
    },
    indexes: [{ key: { endpoint: 1 }, name: 'by_endpoint' }],
  },
  entry: {
    required: ['version', 'entry', 'record'],
    properties: { _id: address, version: { ...whole, minimum: 1 }, entry: text, record: whole },
  },
  caseSecret: {
    required: ['secret'],
    properties: { _id: bytes, secret: bytes },
  },
  caseErasure: {
    required: [],
    properties: { _id: strict(['case', 'record'], { case: bytes, record: whole }) },
  },
  settledGroup: {
    required: ['bytes'],
    properties: { _id: whole, bytes },
  },
  directoryChange: {
    required: [],
    properties: { _id: strict(['endpoint', 'record'], { endpoint: address, record: whole }) },
  },
  gateway: {
    required: ['beat', 'revision', 'listening'],
    properties: { _id: text, beat: whole, revision: whole, listening: addresses },
  },
  lease: {
    required: ['holder', 'epoch', 'until', 'writes'],
    properties: { _id: text, holder: text, epoch: whole, until: { bsonType: 'date' }, writes: whole },
  },
  mark: {
    required: ['value'],
    properties: { _id: text, value: whole },
  },
  meta: {
    required: [],
    properties: {
      _id: text,
      owner: text,
      form: whole,
      count: whole,
      leaves: whole,
      root: bytes,
      step: whole,
    },
  },
};

export const collectionNames = Object.keys(forms) as (keyof Collections)[];

/** The validator of a collection, for `createCollection`. */
export function validatorOf(name: keyof Collections): Document {
  const { required, properties } = forms[name];
  const schema: Document = strict(['_id', ...required], properties);
  return { $jsonSchema: schema };
}

/** The indexes of a collection beside that of `_id`. */
export function indexesOf(name: keyof Collections): readonly IndexDescription[] {
  return forms[name].indexes ?? [];
}
