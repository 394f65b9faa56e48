/** Which blocks are told, and when, without a server. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { emptyHead, headAfter, nextBlock, type Head } from '../../../../gateway/store/mongodb/block.ts';
import type { CausalTime } from '../../../../gateway/store/mongodb/causal-time.ts';
import { Chain } from '../../../../gateway/store/mongodb/chain.ts';
import type { BlockDocument, Collections } from '../../../../gateway/store/mongodb/documents.ts';
import type { EndpointAddress } from '../../../../protocol/ids.ts';
import { eventually } from '../../../e2e/kit/watch.ts';
import { health, school } from '../synthetic-messages.ts';

const leaf = { count: 1, leaves: Buffer.from('leaf'), bodies: Buffer.alloc(0) };

function blockAfter(head: Head, writer: string, queue: EndpointAddress): BlockDocument {
  const news = { queues: [queue], streams: [], versions: head.versions };
  return nextBlock(head, { at: 1, block: leaf, nextDelivery: 1, news }, { writer, attempt: 1 });
}

describe('the chain as one gateway knows it', () => {
  const own = blockAfter(emptyHead, 'this', health);
  const foreign = blockAfter(headAfter(own), 'other', school);
  let stored: BlockDocument[];
  let told: EndpointAddress[];
  let untold: number;
  let chain: Chain;
  const isTold = async (): Promise<true | undefined> =>
    Promise.resolve(told.includes(school) ? true : undefined);

  beforeEach(() => {
    stored = [own, foreign];
    told = [];
    untold = 0;
    const found = ({ _id: { $gt } }: { readonly _id: { readonly $gt: number } }) => ({
      sort: () => ({
        limit: () => ({ toArray: async () => Promise.resolve(stored.filter(({ _id }) => _id > $gt)) }),
      }),
    });
    const causal = { within: async (work: (session: unknown) => Promise<unknown>) => work(undefined) };
    chain = new Chain({ find: found } as unknown as Collections['block'], causal as CausalTime, 'this');
    chain.listener = {
      onQueue: (endpoint) => told.push(endpoint),
      onReceipts: () => undefined,
      onChange: () => undefined,
      onUntold: () => untold++,
    };
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  /** One of this process's commits. */
  const add = (tookMs: number): void => {
    chain.begin(own);
    vi.advanceTimersByTime(tookMs);
    chain.append(own, []);
  };

  it('knows nobody to whom a turn would belong while this process commits alone', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    expect(chain.courtesyMs).toBe(0);
    add(10);
    expect(chain.courtesyMs).toBe(0);
  });

  it('gives others their turn behind a slow commit, though they had no chance to show that they are there', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    add(2_000);
    expect(chain.courtesyMs).toBeGreaterThan(5);
    vi.advanceTimersByTime(1_000);
    expect(chain.courtesyMs).toBe(0);
  });

  it('gives gateways that are known to run half the time of a commit that was not quick', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    add(60);
    expect(chain.courtesyMs).toBe(0);
    chain.hasPeers = () => true;
    expect(chain.courtesyMs).toBe(30);
    add(10);
    expect(chain.courtesyMs).toBe(0);
  });

  it('tells nothing that stands behind a block whose commit is under way', async () => {
    chain.begin(own);
    await chain.catchUp();
    expect([told, chain.head.height]).toEqual([[], 0]);
  });

  it('tells it as soon as that commit is known to be done', async () => {
    chain.begin(own);
    await chain.catchUp();
    chain.append(own, []);
    await eventually('the news', isTold);
    expect([told, chain.head.height]).toEqual([[school], 2]);
  });

  it('tells both when nobody knows how that commit ended', async () => {
    chain.begin(own);
    await chain.catchUp();
    chain.giveUp();
    await eventually('the news', isTold);
    expect([told, chain.head.height]).toEqual([[health, school], 2]);
  });

  it('says that something went untold where a commit that was given up had been made, and not of the blocks of others', async () => {
    chain.begin(own);
    chain.giveUp();
    await chain.catchUp();
    expect([chain.head.height, untold]).toEqual([2, 1]);
  });

  it('says nothing of the kind of a commit that was answered', async () => {
    chain.begin(own);
    chain.append(own, []);
    await chain.catchUp();
    expect([chain.head.height, untold]).toEqual([2, 0]);
  });
});
