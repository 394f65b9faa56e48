/**
 * Erasing a case: its secret, what its messages were about and what was packed of it, and their ciphertexts.
 *
 * The members end a transaction after five seconds, in which 20,000 messages of 4 KiB go, but not as many of 32 KiB. So
 * those of a large case are emptied before, by transactions of their own, and the last one destroys the secret. Where that
 * does not come about, an emptied message has the look of an erased one, but no leaf says so yet and the secret is there:
 * whoever asks again comes to the end. Until then it keeps the name of its case, by which the body of its leaf is found.
 */
import type { Filter } from 'mongodb';
import { CausewayError } from '../../../protocol/errors.ts';
import { erasureRecords } from '../erased-bodies.ts';
import { erasureStep } from '../erasure-step.ts';
import { endedAtOnce, erasureMark, houseCase, type ErasureOutcome, type UnderWay } from '../port.ts';
import type { FoundBodies } from './case-bodies.ts';
import type { CausalTime } from './causal-time.ts';
import { endDeliveries } from './deliveries.ts';
import type { Collections, MessageDocument } from './documents.ts';
import type { CaseMessage, Draft, Erasure } from './draft.ts';
import { unreadable } from './failures.ts';
import { idBinary } from './keys.ts';
import type { Access } from './load.ts';
import { writeMarks } from './marks.ts';
import type { OperationOf, Results, ToEmpty } from './operations.ts';
import { runTransaction } from './run-transaction.ts';

const nothing = Buffer.alloc(0);
const matter = { category: 1, severity: 1 } as const;
const nameAndMatter = { ...matter, thread: 1 } as const;
const emptiedAtOnce = 256;
/** So many messages, about, keep the name of their case until the last transaction, which takes it from all of them. */
const namedToTheEnd = 10_000;

type EmptyingContext = {
  readonly collections: Collections;
  readonly causal: CausalTime;
  readonly patienceMs: number;
};

/** The two steps of an erasure. */
type Steps = {
  readonly ask: (found: FoundBodies | undefined) => Promise<Results['erase-case']>;
  /** Looks for the bodies of the case to the end of the log, from where it was looked before. */
  readonly find: (before: FoundBodies | undefined) => Promise<FoundBodies>;
};

/** The draft knows the case; the first outcomes of its messages' ids stay. */
export function eraseCase(
  draft: Draft,
  { id, underWay, line: order }: OperationOf<'erase-case'>,
): Results['erase-case'] {
  if (id === houseCase) return 'unknown';
  const { messages, emptied, open, bodies } = draft.caseState;
  const hadSecret = draft.secrets.has(id);
  const named = messages.length + emptied;
  const facts = { hasSecret: hadSecret, messages: named, open: open.length };
  const step = erasureStep(facts, underWay);
  if (step === 'unknown' || step === 'pending') return step;
  if (step === 'end-some') {
    endDeliveries(draft, open.slice(0, endedAtOnce));
    return 'pending';
  }
  if (messages.length > emptiedAtOnce) {
    endDeliveries(draft, open);
    return { toEmpty: messages.slice(emptiedAtOnce), unnamed: Math.max(0, named - namedToTheEnd) };
  }
  if (bodies === undefined) return 'unsearched';
  endDeliveries(draft, open);
  draft.secrets.forget(id);
  draft.erasure = { case: id, record: draft.nextRecord, messages };
  for (const line of erasureRecords(order, id, { leaves: bodies, hadSecret }))
    if (line !== undefined) draft.leaves.entry(line, draft.at);
  return 'erased';
}

/** Destroys what the draft says. The oplog and the journal lose it as they go round. */
export async function writeErasure(
  { case: id, record, messages }: Erasure,
  { collections, session }: Access,
): Promise<void> {
  await collections.caseErasure.insertOne({ _id: { case: idBinary(id), record } }, { session });
  await writeMarks(new Map([[erasureMark, record]]), { collections, session });
  await collections.caseSecret.deleteOne({ _id: idBinary(id) }, { session });
  await empty({ thread: idBinary(id) }, messages, nameAndMatter, { collections, session });
}

/**
 * Asks until there is an outcome, and empties in between what is too much for one transaction. The bodies are looked for
 * once nothing else is left to do.
 * @throws CausewayError `case-pending` where it waits for messages that came after others were emptied
 */
export async function eraseInPortions(
  { find, ask }: Steps,
  underWay: UnderWay,
  context: EmptyingContext,
): Promise<ErasureOutcome> {
  let found: FoundBodies | undefined;
  for (let emptied = 0; ;) {
    const outcome = await ask(found);
    if (outcome === 'unsearched') {
      found = await find(found);
      continue;
    }
    if (outcome === 'pending' && underWay === 'wait' && emptied > 0) throw begun(emptied);
    if (typeof outcome === 'string') return outcome;
    emptied += outcome.toEmpty.length;
    await emptyMessages(outcome, context).catch((error: unknown) => Promise.reject(unreadable(error)));
    // So that the transaction that asks next need not look through what has come meanwhile.
    found &&= await find(found);
  }
}

function begun(emptied: number): CausewayError {
  const detail =
    `One came in meanwhile. The ciphertexts of ${emptied} others are gone already; the secret of the case is not, and no ` +
    'leaf says so yet. Give the same order again.';
  return new CausewayError('case-pending', { detail });
}

/** They are not under way any more. @throws the driver's error */
async function emptyMessages(
  { toEmpty, unnamed }: ToEmpty,
  { collections, causal, patienceMs }: EmptyingContext,
): Promise<void> {
  for (let from = 0; from < toEmpty.length; from += emptiedAtOnce) {
    const some = toEmpty.slice(from, from + emptiedAtOnce);
    const these = { _id: { $in: some.map(({ _id }) => _id) } };
    const fields = from < unnamed ? nameAndMatter : matter;
    const deadline = performance.now() + patienceMs;
    await causal.within(async (session) =>
      runTransaction(session, async () => empty(these, some, fields, { collections, session }), deadline),
    );
  }
}

/** @param these the messages, among them those whose acceptances are to be emptied, too @param fields what goes of each */
async function empty(
  these: Filter<MessageDocument>,
  messages: readonly CaseMessage[],
  fields: typeof matter | typeof nameAndMatter,
  { collections, session }: Access,
): Promise<void> {
  await collections.message.updateMany(these, { $unset: fields, $set: { unit: nothing } }, { session });
  await collections.acceptance.updateMany(
    { _id: { $in: messages.map(({ record }) => record) } },
    { $set: { packed: nothing } },
    { session },
  );
}
