/**
 * Leaves as a gateway makes them of messages that are accepted, delivered and stored: built by the gateway's own maker,
 * bodies and commitments included, in commits as a busy store has them. What was published is forgotten.
 */
import { randomBytes } from 'node:crypto';
import { CaseVault, auditKeyBytes } from '../../gateway/store/case-vault.ts';
import { LeafMaker } from '../../gateway/store/leaf-maker.ts';
import type { LeafRun, LeafSource } from '../../gateway/store/port.ts';
import type { Digest, MessageId } from '../../protocol/ids.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import { uuidFromBytes } from '../../protocol/uuid.ts';

const commitLeaves = 4_096;
const begin = 1_800_000_000_000;
/** About as many messages belong to one case. */
const messagesOfCase = 6;

export class MadeLeaves implements Pick<LeafSource, 'readLeafRuns'> {
  readonly #maker: LeafMaker;
  readonly #receipt: Digest = digestOf(Buffer.from('a group of receipts'));
  #runs: LeafRun[] = [];
  #case = idOf(0);
  #acceptance = 0;
  /** How many were made. */
  size = 0;

  constructor() {
    const vault = new CaseVault(randomBytes(auditKeyBytes));
    this.#maker = new LeafMaker(vault, { secretOf: () => vault.createSecret() });
  }

  /** Makes up to so many more, in commits. */
  make(count: number): void {
    const end = this.size + count;
    while (this.size < end) {
      const { block } = this.#maker;
      const first = this.size;
      for (; this.size < Math.min(end, first + commitLeaves); this.size++) this.#makeOne(this.size);
      // A view, which the next commit writes over.
      this.#runs.push({ first, count: block.count, leaves: Buffer.from(block.leaves) });
      block.clear();
    }
  }

  /** Forgets all that were made before. */
  forget(): void {
    this.#runs = [];
  }

  readLeafRuns(from: number): readonly LeafRun[] {
    return this.#runs.filter(({ first, count }) => first + count > from).slice(0, 1);
  }

  /** The acceptance of a message, its delivery, and its receipt, in turns. */
  #makeOne(index: number): void {
    const at = begin + index;
    if (index % 3 !== 0) {
      const step = { of: this.#acceptance, nth: 0 };
      if (index % 3 === 1) this.#maker.delivery('delivered', step, at);
      else this.#maker.delivery('stored', { ...step, receipt: this.#receipt }, at);
      return;
    }
    const message = idOf(index);
    if (index % (3 * messagesOfCase) === 0) this.#case = message;
    const envelope = digestOf(Buffer.from(message));
    const body = JSON.stringify({
      ...{ kind: 'message.accepted', message, source: 'strathclyde-police/concern-hub', envelope },
      ...{ to: ['nhs-lanarkshire/child-protection'], sequence: [index], category: 'concern-report' },
      ...{ severity: 'urgent', purpose: 'child-protection', basis: 'public-task' },
      decisions: [{ recipient: 'nhs-lanarkshire/child-protection', effect: 'permit', listening: true }],
    });
    this.#maker.accepted({ message, envelope }, this.#case, Buffer.from(body), at);
    this.#acceptance = index;
  }
}

function idOf(count: number): MessageId {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(begin + count, 0, 6);
  bytes.writeUInt16BE(0x7000, 6);
  bytes.writeUInt8(0x80, 8);
  bytes.writeUInt32BE(count, 12);
  return uuidFromBytes(bytes);
}
