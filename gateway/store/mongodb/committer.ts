/**
 * Commits groups of operations: one group, one transaction, one block.
 *
 * ```
 * read what the operations need → carry them out on a draft → write block n+1 and the rest → commit
 *   blocks of refusals are wanted     fetch them, begin again
 *   height taken, or write conflict   another gateway was first: catch up, begin again
 *   transient error                   election, lost connection: begin again
 *   commit unanswered                 ask again; then look for the own block at its height
 * ```
 *
 * Reading and adding block n+1 happen in one snapshot, and every change adds a block: so whatever was read still
 * holds when the block is committed, and no two gateways ever decide on the same state. A group that changes nothing
 * adds no block, and looks whether there is one that it has not heard of: what it found nothing of may stand there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientSession } from 'mongodb';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import type { BatchSigner } from '../../../protocol/proof/signing.ts';
import type { CaseVault } from '../case-vault.ts';
import { acceptanceOf } from './acceptance-document.ts';
import { nextBlock } from './block.ts';
import { carryOut, growStreams } from './carry-out.ts';
import type { CausalTime } from './causal-time.ts';
import type { Chain } from './chain.ts';
import type { BlockDocument, BlockNews, Collections } from './documents.ts';
import { Draft } from './draft.ts';
import { isCommitUnknown, isHeightTaken, isTransient, isUnanswered, outrun } from './failures.ts';
import { Known } from './known.ts';
import { enforceLease } from './leases.ts';
import { load, type Access } from './load.ts';
import type { Operation, OperationType, Results } from './operations.ts';
import { RefusalBlocks, UnfetchedBlocks } from './refusal-blocks.ts';
import { abandonTransaction, commitTransaction, transactionOptions } from './run-transaction.ts';
import { write } from './write.ts';

/** The pause before another try grows up to this. */
const maxPauseMs = 50;
const lookMs = 3;

export type CommitterParts = {
  readonly collections: Collections;
  /** See `collections.ts`. */
  readonly keepsAcceptances: boolean;
  readonly causal: CausalTime;
  readonly chain: Chain;
  readonly signer: BatchSigner;
  readonly vault: CaseVault;
  /** Tells this process's blocks from those of others. */
  readonly writer: string;
};

type Group = {
  readonly operations: readonly Operation[];
  readonly at: number;
  /** See {@link Committer.commit}. */
  readonly deadline: number;
  readonly blocks: RefusalBlocks;
};

export class Committer {
  readonly #parts: CommitterParts;
  readonly #known = new Known();
  #attempt = 0;

  constructor(parts: CommitterParts) {
    this.#parts = parts;
  }

  /**
   * Commits a group durably, or throws and then promises nothing: it may have been committed all the same.
   * @param deadline until when to try again, by `performance.now()`
   * @returns what each operation resolves with
   */
  async commit(
    operations: readonly Operation[],
    at: number,
    deadline: number,
  ): Promise<Results[OperationType][]> {
    const { chain, causal, collections } = this.#parts;
    const { courtesyMs } = chain;
    if (courtesyMs > 0) await sleep(courtesyMs);
    const group = { operations, at, deadline, blocks: new RefusalBlocks(collections.block, causal) };
    for (let tries = 1; ; tries++) {
      try {
        await group.blocks.fetch();
        return await causal.within((session) => this.#try(session, group));
      } catch (error) {
        if (error instanceof UnfetchedBlocks) continue;
        if (!isHeightTaken(error) && !isTransient(error)) throw error;
        if (performance.now() > deadline) throw error;
        await this.#pause(tries);
      }
    }
  }

  /** Waits until the chain has grown, since another gateway was first, or for a little while. */
  async #pause(tries: number): Promise<void> {
    const { chain } = this.#parts;
    const { height } = chain.head;
    const until = performance.now() + Math.min(maxPauseMs, lookMs * 2 ** tries);
    do {
      await sleep(Math.random() * lookMs);
      await chain.catchUp().catch(() => undefined);
    } while (chain.head.height === height && performance.now() < until);
  }

  async #try(
    session: ClientSession,
    { operations, at, deadline, blocks }: Group,
  ): Promise<Results[OperationType][]> {
    const { collections, keepsAcceptances, chain, signer, vault, writer } = this.#parts;
    const access = { collections, session };
    const draft = new Draft(chain.head, at, vault, this.#known.lend(chain.head));
    let block: BlockDocument | undefined;
    session.startTransaction(transactionOptions);
    try {
      for (const { lease } of operations) if (lease !== undefined) await enforceLease(lease, writer, access);
      await load(draft, operations, access, blocks);
      const results = operations.map((operation) => carryOut(draft, operation, signer));
      const streams = await growStreams(draft, signer, access);
      if (draft.isChanging) {
        const { nextDelivery } = draft;
        const by = { writer, attempt: ++this.#attempt };
        const content = { at, block: draft.leaves.block, nextDelivery, news: newsOf(draft) };
        block = nextBlock(draft.head, content, by);
        chain.begin(block);
        const acceptances = keepsAcceptances ? draft.newMessages.flatMap(acceptanceOf) : [];
        await write(draft, { block, acceptances, streams }, access);
      } else if (await isOutrun(draft.head.height, access)) throw outrun();
      await this.#commitTransaction(session, block, deadline);
      this.#known.takeBack(draft, block);
      if (block !== undefined) chain.append(block, streams.groups);
      return results;
    } catch (error) {
      chain.giveUp();
      // Of a server that does not answer nobody waits for this: the end of the session sees to it.
      if (!isUnanswered(error)) await abandonTransaction(session);
      throw error;
    }
  }

  async #commitTransaction(
    session: ClientSession,
    block: BlockDocument | undefined,
    deadline: number,
  ): Promise<void> {
    try {
      await commitTransaction(session, deadline);
    } catch (error) {
      if (!isCommitUnknown(error) || block === undefined) throw error;
      const { causal, chain } = this.#parts;
      // A commit that the server has made, and a majority not yet, must not be taken for none.
      if (session.operationTime !== undefined) causal.advance(session.operationTime);
      const isKept = await chain.holds(block).catch(() => undefined);
      if (isKept === true) return;
      // Of a server that does not answer, nobody would wait for this as well.
      if (isKept === false) await this.#abandon(session).catch(() => undefined);
      throw error;
    }
  }

  /**
   * A commit that was given up may leave its transaction open at the server, where it holds its height, and with it
   * every gateway, until its time limit. The next transaction of the same session ends it.
   */
  async #abandon(session: ClientSession): Promise<void> {
    session.startTransaction(transactionOptions);
    await this.#parts.collections.block.findOne({ _id: 0 }, { session });
    await session.abortTransaction();
  }
}

/** True when another gateway has added a block that this one has not heard of. */
async function isOutrun(height: number, { collections, session }: Access): Promise<boolean> {
  const next = await collections.block.findOne({ _id: height + 1 }, { session, projection: { _id: 1 } });
  return next !== null;
}

function newsOf(draft: Draft): BlockNews {
  const streams = [...draft.told.keys()].map((endpoint: EndpointAddress) => ({
    endpoint,
    position: draft.streams.get(endpoint)?.last ?? 0,
  }));
  return { queues: [...draft.queues], streams, versions: draft.versions };
}
