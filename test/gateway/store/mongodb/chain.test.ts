/** Which blocks are told, and when, without a server. */
import { beforeEach, describe, expect, it } from 'vitest';
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
  let chain: Chain;
  const isTold = async (): Promise<true | undefined> =>
    Promise.resolve(told.includes(school) ? true : undefined);

  beforeEach(() => {
    stored = [own, foreign];
    told = [];
    const found = ({ _id: { $gt } }: { readonly _id: { readonly $gt: number } }) => ({
      sort: () => ({
        limit: () => ({ toArray: async () => Promise.resolve(stored.filter(({ _id }) => _id > $gt)) }),
      }),
    });
    const causal = { within: async (work: (session: unknown) => Promise<unknown>) => work(undefined) };
    chain = new Chain({ find: found } as unknown as Collections['block'], causal as CausalTime);
    chain.listener = {
      onQueue: (endpoint) => told.push(endpoint),
      onReceipts: () => undefined,
      onChange: () => undefined,
    };
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
});
