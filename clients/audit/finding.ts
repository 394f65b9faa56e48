/** What a verifier has found, and its verdict in plain words. */

/** What is wrong. */
export type FindingKind =
  /** Something that must be there is missing or cut. */
  | 'truncated'
  /** Something has another content than was signed. */
  | 'edited'
  /** The right entries stand in another order. */
  | 'reordered'
  /** A tile stands in the place of another. */
  | 'swapped'
  /** Two histories: what is here is not what was signed. */
  | 'forked'
  /** Less is signed now than was there before. */
  | 'rolled-back'
  /** The key that was given has not signed. */
  | 'wrong-key'
  /** It belongs to another log. */
  | 'other-origin'
  /** A witness that was named has not cosigned, or the log has gone on for long without it. */
  | 'unwitnessed'
  /** What is said against the log is not shown by anything that its key has signed. */
  | 'unproven';

/** One thing that is wrong, and where. */
export type Finding = {
  readonly kind: FindingKind;
  /** The file, as a path within the folder; an older checkpoint that was named, as it was named. */
  readonly where: string;
  /** The entry's index in the log, from 0. */
  readonly entry?: number;
  /** The line of the file, from 1. */
  readonly line?: number;
  /** One sentence for people. */
  readonly text: string;
};

/** What was verified and what came of it. */
export type AuditReport = {
  readonly subject: 'log' | 'proof' | 'evidence' | 'certificate' | 'checkpoint' | 'log-evidence';
  /** The log's name, as its checkpoint says; empty where none could be read. */
  readonly origin: string;
  /** Entries under the checkpoint. */
  readonly size: number;
  /** The root in base64; empty where none could be read. */
  readonly root: string;
  /** Who has cosigned the checkpoint, of the witnesses that were named, and when. */
  readonly cosignatures: readonly { readonly name: string; readonly timeSeconds: number }[];
  /** The size of the newest checkpoint that every witness that was named has cosigned, where that is not the newest of all. */
  readonly witnessed?: number;
  /** When the copy was made, ms since 1970, where that is known: what is not cosigned was held against it as well. */
  readonly copiedAtMs?: number;
  /** Of the cosignatures, those dated well after that, where there are any: a warning, as the log is not to blame. */
  readonly cosignedLater?: AuditReport['cosignatures'];
  /** The size of the older checkpoint that the log was compared with. */
  readonly since?: number;
  /** The entry that a proof is about. */
  readonly index?: number;
  /** What an evidence or a certificate proves, a sentence each with its leaf. */
  readonly statements?: readonly string[];
  /** Nothing is wrong when this is empty. */
  readonly findings: readonly Finding[];
  /** Findings beyond those listed. */
  readonly unlisted: number;
};

/** The verdict as one plain sentence. */
export function verdictOf(report: AuditReport): string {
  const { findings, unlisted } = report;
  const [first] = findings;
  if (first === undefined) return goodVerdict(report);
  const more = findings.length - 1 + unlisted;
  const rest = more === 0 ? '' : ` There ${more === 1 ? 'is 1 more finding' : `are ${more} more findings`}.`;
  if (report.subject === 'log-evidence') return `${againstLog(first.kind)} ${first.text}${rest}`;
  return `This ${report.subject} does not verify: ${first.text}${rest}`;
}

/** Evidence against the log is there to show that something is wrong: so it is told what it shows. */
function againstLog(kind: FindingKind): string {
  if (kind === 'forked') return 'This evidence proves that the log was forked:';
  if (kind === 'rolled-back') return 'This evidence says that the log was rolled back:';
  return 'This evidence proves nothing against the log:';
}

function goodVerdict({ subject, origin, size, cosignatures, witnessed, since, index }: AuditReport): string {
  const first = witnessed === undefined ? '' : ` for the first ${witnessed} ${entriesWord(witnessed)}`;
  const names = cosignatures.map(({ name }) => name).join(' and ');
  const seen = names === '' ? '' : `, which ${names} cosigned${first}`;
  if (subject === 'evidence') {
    return `This evidence verifies: every leaf stands in ${origin}, under the signed checkpoint of ${size} ${entriesWord(size)}${seen}, and every signature is by the key that the directory's entries in this file name. Whether the directory held a later entry by then, this file cannot say.`;
  }
  if (subject === 'certificate') {
    return `This certificate verifies: every word of it is what leaf ${index ?? 0} is bound to, which stands in ${origin}, under the signed checkpoint of ${size} ${entriesWord(size)}${seen}.`;
  }
  if (subject === 'checkpoint') {
    return `This checkpoint verifies: it is signed for ${size} ${entriesWord(size)} of ${origin}${seen}. Whether the log still begins with them, it cannot say by itself: verify the folder of the log with this file as --since.`;
  }
  if (subject === 'proof') {
    return `This proof verifies: entry ${index ?? 0} stands in ${origin}, under the signed checkpoint of ${size} ${entriesWord(size)}${seen}.`;
  }
  const older =
    since === undefined
      ? ''
      : ` Nothing that stood in it at ${since} ${entriesWord(since)} has been removed or changed.`;
  const after = size - (witnessed ?? size);
  const alone =
    after === 0
      ? ''
      : ` That there is one history of the ${after} ${entriesWord(after)} after that, nobody but the log has said.`;
  return `This log verifies: all ${size} ${entriesWord(size)} of ${origin} and every tile lead to its signed checkpoint${seen}.${alone}${older}`;
}

/** The noun for so many entries. */
export function entriesWord(count: number): string {
  return count === 1 ? 'entry' : 'entries';
}

/** Collects findings and keeps a limited number of them, whatever is fed to a verifier. */
export class FindingList {
  readonly #findings: Finding[] = [];
  readonly #limit: number;
  #unlisted = 0;

  constructor(limit = 100) {
    this.#limit = limit;
  }

  add(...findings: readonly Finding[]): void {
    for (const finding of findings) {
      if (this.#findings.length < this.#limit) this.#findings.push(finding);
      else this.#unlisted++;
    }
  }

  get isEmpty(): boolean {
    return this.#findings.length === 0;
  }

  get listed(): readonly Finding[] {
    return this.#findings;
  }

  get unlisted(): number {
    return this.#unlisted;
  }
}
