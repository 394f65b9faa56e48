/**
 * Whether the parts of a home are of its endpoint. Files of another one, put there by a hasty restore, are whole in
 * themselves: only held against the certificate, the directory and each other do they show.
 */
import { X509Certificate } from 'node:crypto';
import { CausewayError } from '../../protocol/errors.ts';
import { endpointUri, type EndpointAddress } from '../../protocol/ids.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import { homeFiles } from './home.ts';
import { stateFileName, type StateDatabase, type Statements } from './state-database.ts';

type HomeParts = {
  readonly endpoint: EndpointAddress;
  readonly tlsCertificatePem: string;
  /** Of the private keys that the home holds. */
  readonly openpgpFingerprint: string;
  readonly signingKey: string;
  /** The endpoint's own entry in the directory, once it has been read. */
  readonly entry: DirectoryEntry | undefined;
  readonly state: Statements;
};

/** The names of the files that are not of this endpoint, or not of its present enrolment. */
export function findForeignParts({ endpoint, entry, state, ...own }: HomeParts): string[] {
  const { subjectAltName } = new X509Certificate(own.tlsCertificatePem);
  const checks: readonly [file: string, isOwn: boolean][] = [
    [homeFiles.tls, subjectAltName === `URI:${endpointUri(endpoint)}`],
    [homeFiles.openpgp, entry === undefined || entry.openpgpFingerprint === own.openpgpFingerprint],
    [homeFiles.signing, entry === undefined || entry.signingKey === own.signingKey],
    [stateFileName, (readOwner(state) ?? endpoint) === endpoint],
  ];
  return checks.filter(([, isOwn]) => !isOwn).map(([file]) => file);
}

/** @returns `home-invalid`, naming the files, where there are any */
export function foreignPartsFault(home: string, files: readonly string[]): CausewayError | undefined {
  if (files.length === 0) return undefined;
  const which = files.length === 1 ? 'is' : 'are';
  return new CausewayError('home-invalid', {
    detail: `In ${home}, ${files.join(', ')} ${which} of another endpoint, or not of its last enrolment: put back what belongs there.`,
  });
}

/** Notes in a state that has no owner yet whose it is: the sender of what is in its outbox, or else the endpoint that opens it. */
export function claimState(state: StateDatabase, endpoint: EndpointAddress): void {
  const { statements } = state;
  if (readOwner(statements) !== undefined) return;
  const owner = readSender(statements) ?? endpoint;
  state.writeLater(() =>
    statements.prepare("INSERT OR IGNORE INTO meta (name, value) VALUES ('endpoint', ?)").run(owner),
  );
}

function readOwner(statements: Statements): string | undefined {
  const row = statements.prepare("SELECT value FROM meta WHERE name = 'endpoint'").get();
  return row === undefined ? undefined : String(row.value);
}

function readSender(statements: Statements): string | undefined {
  const row = statements
    .prepare(
      `SELECT CAST(envelope AS TEXT) ->> 'source' AS source FROM outbox
       WHERE json_valid(CAST(envelope AS TEXT)) ORDER BY seq LIMIT 1`,
    )
    .get();
  return typeof row?.source === 'string' ? row.source : undefined;
}
