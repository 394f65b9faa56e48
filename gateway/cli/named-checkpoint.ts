/** The checkpoint that a person means: a file, a time, or a number of leaves. */
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import { openCheckpoint, type CheckpointTrust } from '../../protocol/proof/checkpoint.ts';
import { parseNote } from '../../protocol/proof/note.ts';
import { rootFromTiles, type TileReader } from '../../protocol/proof/tile-proof.ts';
import { parseMoment } from '../../terminal/input.ts';
import type { PublishedCheckpoint } from '../audit/published-checkpoint.ts';
import type { PastCheckpoint } from '../audit/log-history.ts';
import type { TreeHead } from '../audit/between.ts';
import { timeText } from '../../terminal/time-text.ts';

/** A checkpoint, or the size and root of the log without a signature. */
export type NamedCheckpoint = TreeHead & {
  /** When the gateway kept it, ms since 1970; undefined for any but those of `checkpoints/`. */
  readonly keptAt?: number;
  /** Of the newest one, which is not kept yet: when it was read. */
  readonly readAt?: number;
  /** False when only a number of leaves was given, and no checkpoint of that size was kept. */
  readonly signed: boolean;
  /** Witnesses of the gateway's settings that have cosigned it, and when, seconds since 1970. */
  readonly cosignatures: readonly { readonly name: string; readonly timeSeconds: number }[];
};

/** True when somebody other than the gateway vouches for it. Of the empty log there is only one. */
export function isWitnessed({ size, cosignatures }: NamedCheckpoint): boolean {
  return size === 0 || cosignatures.length > 0;
}

export type CheckpointSources = {
  readonly trust: CheckpointTrust;
  /** Checkpoints of the past, oldest first. */
  readonly past: readonly PastCheckpoint[];
  /** The newest. */
  readonly latest: PublishedCheckpoint;
  /** What `now` stands for: the newest that witnesses have cosigned, where they were quick enough. */
  readonly current: PublishedCheckpoint;
  readonly read: TileReader;
  /** ms since 1970 */
  readonly now: number;
  readonly readFile: (path: string) => Promise<Buffer>;
};

/**
 * @param end true for the end of a period: a day then counts whole
 * @throws CausewayError `note-malformed`, `note-untrusted`, `log-foreign`; `log-unreadable` when there is no such file
 */
export async function findCheckpoint(
  given: string,
  end: boolean,
  sources: CheckpointSources,
): Promise<NamedCheckpoint> {
  const { trust, current, now, readFile } = sources;
  if (/^\d{1,15}$/.test(given)) return ofSize(Number(given), sources);
  const at = parseMoment(given, now, end);
  if (at !== undefined) return nearest(at, sources);
  if (given === 'now') return open(current.text, trust, { readAt: now });
  const text = await readFile(given).catch((error: unknown) => {
    const detail = `${given} is neither a file, nor a time, nor a number of leaves.`;
    throw new CausewayError('log-unreadable', { detail, cause: error });
  });
  try {
    return open(text, trust);
  } catch (error) {
    throw about(given, error);
  }
}

/** The kept checkpoint that is nearest to a time; what is published now counts as kept now. */
function nearest(at: number, sources: CheckpointSources): NamedCheckpoint {
  const { past, latest, now, trust } = sources;
  const distance = (one: { readonly at: number }): number => Math.abs(one.at - at);
  for (const { checkpoint, at: keptAt } of past.toSorted((a, b) => distance(a) - distance(b))) {
    if (distance({ at: keptAt }) > distance({ at: now })) break;
    const own = openOwn(checkpoint, trust, { keptAt });
    if (own !== undefined) return mostCosigned([own, ...keptOfSize(own.size, sources)]) ?? own;
  }
  return open(latest.text, trust, { readAt: now });
}

async function ofSize(size: number, sources: CheckpointSources): Promise<NamedCheckpoint> {
  const { latest, read, trust, now } = sources;
  const kept = keptOfSize(size, sources);
  if (latest.size === size) kept.push(open(latest.text, trust, { readAt: now }));
  const best = mostCosigned(kept);
  if (best !== undefined) return best;
  if (size > latest.size)
    throw new CausewayError('usage-invalid', { detail: `The log has only ${latest.size} leaves.` });
  return { size, root: await rootFromTiles(size, read), signed: false, cosignatures: [] };
}

function keptOfSize(size: number, { past, trust }: CheckpointSources): NamedCheckpoint[] {
  return past
    .filter((each) => each.size === size)
    .map(({ checkpoint, at }) => openOwn(checkpoint, trust, { keptAt: at }))
    .filter((each) => each !== undefined);
}

/** One size may have been kept without cosignatures and again with them. The first of those that have as many. */
function mostCosigned(found: readonly NamedCheckpoint[]): NamedCheckpoint | undefined {
  return found.toSorted((a, b) => b.cosignatures.length - a.cosignatures.length)[0];
}

/**
 * Undefined for a kept one of another name or key, from before the log was given these.
 * @throws CausewayError `note-malformed`, `note-untrusted` for a spoilt one: another one in its place would hide that
 */
function openOwn(
  text: string,
  trust: CheckpointTrust,
  moment: { readonly keptAt: number },
): NamedCheckpoint | undefined {
  try {
    const { signatures } = parseNote(text);
    const isOwn = signatures.some((each) =>
      trust.keys.some(({ name, keyId }) => each.name === name && each.keyId === keyId),
    );
    return isOwn ? open(text, trust, moment) : undefined;
  } catch (error) {
    throw about(`The one that was kept on ${timeText(moment.keptAt)} is spoilt`, error);
  }
}

/** The error with which of the checkpoints it is about. */
function about(which: string, error: unknown): unknown {
  if (!isCausewayError(error)) return error;
  return new CausewayError(error.code, { detail: `${which}: ${error.detail ?? ''}`, cause: error });
}

function open(
  source: Buffer | string,
  trust: CheckpointTrust,
  moment: Pick<NamedCheckpoint, 'keptAt' | 'readAt'> = {},
): NamedCheckpoint {
  const { size, root, cosignatures } = openCheckpoint(source, trust);
  return {
    ...{ size, root, signed: true },
    ...moment,
    cosignatures: cosignatures.map(({ key, timeSeconds = 0 }) => ({ name: key.name, timeSeconds })),
  };
}
