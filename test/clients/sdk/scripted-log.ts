/** A published log that a test writes as it likes: every leaf in memory, every tile computed when it is asked for. */
import { generateKeyPairSync } from 'node:crypto';
import { encodeLeaf, type Leaf } from '../../../protocol/audit/leaf.ts';
import { formatCheckpoint, witnessedCheckpointFile } from '../../../protocol/proof/checkpoint.ts';
import { digestOf, leafHash, sha256, treeRoot } from '../../../protocol/proof/merkle.ts';
import { emptyRoot } from '../../../protocol/proof/frontier.ts';
import { noteSigner, signNote, type Cosigner, type NoteSigner } from '../../../protocol/proof/note-signer.ts';
import { addSignatures } from '../../../protocol/proof/note.ts';
import { encodeBundle, parseTilePath, tileWidth } from '../../../protocol/proof/tile.ts';
import { formatVerifierKey } from '../../../protocol/proof/verifier-key.ts';
import { directoryEntryDigest } from '../../../protocol/wire/directory-entry-digest.ts';
import type { DirectoryEntry, DirectoryLeaf } from '../../../protocol/wire/directory.ts';
import { parseEnvelope } from '../../../protocol/wire/envelope.ts';
import type { Unit } from '../../../protocol/wire/frame.ts';
import type { Receipt } from '../../../protocol/wire/receipt.ts';

export const scriptedOrigin = 'scripted/log';

export class ScriptedLog {
  readonly signer: NoteSigner;
  readonly leaves: string[] = [];
  /** Witnesses that cosign every checkpoint. */
  cosigners: Cosigner[] = [];
  /** The newest checkpoint that the cosigners have cosigned has so many leaves; undefined: all of them, at once. */
  witnessedSize: number | undefined;
  /** Answers a path in place of the truth; undefined leaves it to the truth. */
  lie: (path: string) => Buffer | string | undefined = () => undefined;

  constructor(signer = noteSigner(scriptedOrigin, newKey())) {
    this.signer = signer;
  }

  /** The verifier key, as homes have it. */
  get key(): string {
    return formatVerifierKey(this.signer.verifierKey);
  }

  /** Another log of the same name and key, with the same beginning. */
  branch(size = this.leaves.length): ScriptedLog {
    const other = new ScriptedLog(this.signer);
    other.leaves.push(...this.leaves.slice(0, size));
    return other;
  }

  /** @returns the index of the leaf */
  append(leaf: Partial<Leaf> & Pick<Leaf, 'kind'>): number {
    return this.leaves.push(encodeLeaf({ at: Date.now(), ...leaf })) - 1;
  }

  /** So many leaves that are about nobody here. */
  fill(count: number): void {
    for (let index = 0; index < count; index++) this.append({ kind: 'policy.loaded' });
  }

  /** The newest leaf about an entry; made where there is none. */
  leafOf(entry: DirectoryEntry, kind = 'endpoint.renewed'): DirectoryLeaf {
    const digest = directoryEntryDigest(entry);
    const found = this.leaves.findLastIndex((leaf) => leaf.includes(`"entry":"${digest}"`));
    const index = found >= 0 ? found : this.append({ kind, endpoint: entry.endpoint, entry: digest });
    return { index, leaf: this.leaves[index]! };
  }

  /** Writes an acceptance down. @returns what the receipt says of it */
  accept(unit: Unit): Partial<Receipt> {
    const { id } = parseEnvelope(unit.envelope);
    const record = this.append({ kind: 'message.accepted', message: id, envelope: digestOf(unit.envelope) });
    return {
      kind: 'accepted',
      message: id,
      envelopeDigest: sha256(unit.envelope),
      detail: JSON.stringify({ record, listening: [], away: [] }),
    };
  }

  checkpoint(size = this.leaves.length): string {
    const hashes = this.#hashes().slice(0, size);
    const root = size === 0 ? emptyRoot : treeRoot(hashes);
    const text = formatCheckpoint({ origin: scriptedOrigin, size, root });
    const note = signNote(text, this.signer);
    if (this.witnessedSize !== undefined && size > this.witnessedSize) return note;
    return addSignatures(
      note,
      this.cosigners.map((cosigner) => cosigner.cosign(text, 1_790_000_000)),
    );
  }

  /** What stands at a path; undefined where nothing does. */
  serve(path: string): Buffer | string | undefined {
    const lie = this.lie(path);
    if (lie !== undefined) return lie;
    if (path === '/checkpoint') return this.checkpoint();
    if (path === `/${witnessedCheckpointFile}`)
      return this.witnessedSize === undefined ? undefined : this.checkpoint(this.witnessedSize);
    const name = parseTilePath(path.slice(1));
    if (name === undefined) return undefined;
    const { level, index, width } = name;
    const first = index * tileWidth;
    if (level === 'entries') {
      const entries = this.leaves.slice(first, first + width).map((leaf) => Buffer.from(leaf));
      return entries.length === width ? encodeBundle(entries) : undefined;
    }
    const span = tileWidth ** level;
    const hashes = this.#hashes();
    const nodes = Array.from({ length: width }, (_, place) => {
      const below = hashes.slice((first + place) * span, (first + place + 1) * span);
      return below.length === span ? treeRoot(below) : undefined;
    });
    return nodes.includes(undefined) ? undefined : Buffer.concat(nodes as Buffer[]);
  }

  #hashes(): Buffer[] {
    return this.leaves.map((leaf) => leafHash(Buffer.from(leaf)));
  }
}

export function newKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}
