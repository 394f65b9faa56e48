/**
 * Where the chain of blocks ends, as far as this process knows, and telling what each block brings, in order.
 *
 * A block of this process is told by whoever committed it, with the bytes at hand; every other one is told when it
 * is read. Since a block can only be added after the one before it is known here, nothing is told before what
 * happened before it: an endpoint's queue has no gap that nobody was told of.
 */
import type { StoreListener, StoreVersions } from '../port.ts';
import { emptyHead, headAfter, type Head } from './block.ts';
import type { CausalTime } from './causal-time.ts';
import type { GrownGroup } from './carry-out.ts';
import type { BlockDocument, BlockNews, Collections } from './documents.ts';

type ReadBlock = Omit<BlockDocument, 'leaves' | 'bodies' | 'previous' | 'at'>;

const blocksAtOnce = 500;
/** Gateways count as competing for so long after a block of another one. */
const contendedForMs = 1_000;
/**
 * Who has just added a block would always be first for the next one: the others have yet to hear of it. While
 * gateways compete, it lets them go ahead for so long. What is asked meanwhile shares its next group.
 */
const courtesyMs = 5;
/**
 * Behind a commit that took so long others may have waited all the while without a block of theirs to show for it, and
 * what is slow for one is for all: they get this long. Else a gateway that is always first shuts the others out.
 */
const slowCommitMs = 250;
const longCourtesyMs = 50;
/**
 * Where other gateways are known to run, already a commit of this length may have shut them out: half as long is theirs,
 * since they need as long for one of their own.
 */
const slowBesideOthersMs = 20;
/** How long a majority may need to have what the server has, where somebody asks for it. */
const majorityWaitMs = 2_000;
const projection = { leaves: 0, bodies: 0, previous: 0, at: 0 } as const;

export class Chain {
  listener: StoreListener | undefined;
  /** Whether other gateways run on the same store, whatever they do there. */
  hasPeers: () => boolean = () => false;
  readonly #blocks: Collections['block'];
  readonly #causal: CausalTime;
  readonly #writer: string;
  #head: Head = emptyHead;
  /** The attempt of this process that may become a block at any moment. */
  #underWay: Pick<BlockDocument, 'writer' | 'attempt'> | undefined;
  #catchingUp: Promise<void> | undefined;
  #wantsMore = false;
  /** A reading came to the block that is under way: others may stand behind it. */
  #isHeldUp = false;
  #foreignAt = -Infinity;
  #isLastOurs = false;
  #begunAt = 0;
  #addedAt = -Infinity;
  #tookMs = 0;

  /** @param writer marks the blocks of this process */
  constructor(blocks: Collections['block'], causal: CausalTime, writer: string) {
    this.#blocks = blocks;
    this.#causal = causal;
    this.#writer = writer;
  }

  get head(): Head {
    return this.#head;
  }

  /** For how long it is the turn of others, since this process added the last block. */
  get courtesyMs(): number {
    if (!this.#isLastOurs) return 0;
    const now = performance.now();
    const isSlow = this.#tookMs >= (this.hasPeers() ? slowBesideOthersMs : slowCommitMs);
    const theirsMs = Math.max(courtesyMs, Math.min(longCourtesyMs, this.#tookMs / 2));
    if (isSlow && now - this.#addedAt < theirsMs) return theirsMs;
    return now - this.#foreignAt < contendedForMs ? courtesyMs : 0;
  }

  /** Reads where the chain ends. What came before is told to nobody. */
  async open(): Promise<void> {
    const last = await this.#causal.within(async (session) =>
      this.#blocks.findOne({}, { session, projection, sort: { _id: -1 }, hint: '_id_' }),
    );
    if (last !== null) this.#head = headAfter(last);
  }

  /** Reads and tells the blocks that others have added. A call during a reading reads once more after it. */
  async catchUp(): Promise<void> {
    this.#wantsMore = true;
    this.#catchingUp ??= this.#readOn();
    await this.#catchingUp;
  }

  /** An attempt to commit this block begins. Reading stops before it until its end is known. */
  begin(block: BlockDocument): void {
    this.#underWay = block;
    this.#begunAt = performance.now();
  }

  /** The attempt was not committed, or nobody will ever know here. */
  giveUp(): void {
    this.#underWay = undefined;
    this.#readBehind();
  }

  /** The attempt was committed. */
  append(block: BlockDocument, groups: readonly GrownGroup[]): void {
    this.#underWay = undefined;
    this.#isLastOurs = true;
    this.#addedAt = performance.now();
    this.#tookMs = this.#addedAt - this.#begunAt;
    const versionsBefore = this.#head.versions;
    this.#head = headAfter(block);
    for (const { document, previous } of groups) {
      const { _id, bytes: group } = document;
      this.listener?.onReceipts(_id.endpoint, _id.position, { group, previous });
    }
    this.#tellVersions(block.news, versionsBefore);
    this.#readBehind();
  }

  /** True when the chain holds exactly this attempt's block. @throws the driver's error, also when no majority says so */
  async holds({ _id, writer, attempt }: BlockDocument): Promise<boolean> {
    const found = await this.#causal.within(async (session) =>
      this.#blocks.findOne(
        { _id },
        { session, projection: { writer: 1, attempt: 1 }, maxTimeMS: majorityWaitMs },
      ),
    );
    return found?.writer === writer && found.attempt === attempt;
  }

  async #readOn(): Promise<void> {
    try {
      while (this.#wantsMore) {
        this.#wantsMore = false;
        if (!(await this.#readToEnd())) return;
      }
    } finally {
      // In the turn in which nobody wanted more: whoever comes later starts again.
      this.#catchingUp = undefined;
    }
  }

  /** @returns false where the reading must stop */
  async #readToEnd(): Promise<boolean> {
    for (;;) {
      const blocks = await this.#readAfter(this.#head.height);
      for (const block of blocks) if (!this.#take(block)) return false;
      if (blocks.length < blocksAtOnce) return true;
    }
  }

  /** Whatever woke that reading does not come again. */
  #readBehind(): void {
    if (!this.#isHeldUp) return;
    this.#isHeldUp = false;
    // Where this fails, polling reads on.
    this.catchUp().catch(() => undefined);
  }

  async #readAfter(height: number): Promise<readonly ReadBlock[]> {
    return await this.#causal.within(async (session) =>
      this.#blocks
        .find({ _id: { $gt: height } }, { session, projection })
        .sort({ _id: 1 })
        .limit(blocksAtOnce)
        .toArray(),
    );
  }

  /** @returns false where the reading must stop */
  #take(block: ReadBlock): boolean {
    // Appended meanwhile by this process.
    if (block._id <= this.#head.height) return true;
    if (block.writer === this.#underWay?.writer && block.attempt === this.#underWay.attempt) {
      this.#isHeldUp = true;
      return false;
    }
    const versionsBefore = this.#head.versions;
    this.#head = headAfter(block);
    this.#isLastOurs = false;
    this.#foreignAt = performance.now();
    for (const endpoint of block.news.queues) this.listener?.onQueue?.(endpoint);
    for (const { endpoint, position } of block.news.streams) {
      this.listener?.onReceipts(endpoint, position, undefined);
    }
    this.#tellVersions(block.news, versionsBefore);
    // A commit that was given up, and made all the same: those who ask for it again are told of duplicates only.
    if (block.writer === this.#writer) this.listener?.onUntold?.();
    return true;
  }

  #tellVersions({ versions }: BlockNews, before: StoreVersions): void {
    if (versions.directory !== before.directory || versions.policy !== before.policy) {
      this.listener?.onChange(versions);
    }
  }
}
