/** Whether the endpoints of the directory are those that the audit log tells of, for `gateway check`. */
import { correlatorAddress, type EndpointAddress } from '../../protocol/ids.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import type { EndpointHistory } from '../audit/endpoint-history.ts';
import { EndpointDirectory } from '../identity/directory.ts';
import { ProvenEntries, type EntryDoubt } from '../identity/proven-entries.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { Store } from '../store/port.ts';
import { good, type Finding } from './check-finding.ts';

const check = 'endpoints';

/**
 * @param leaves those of the store, held against the published log
 * @param history what they say of endpoints, as far as they were read before
 */
export async function checkEndpoints(
  store: Pick<Store, 'readDirectory' | 'readNewestChanges'>,
  leaves: Pick<Store, 'readLeaves'>,
  history: EndpointHistory,
  policy: PolicySet | undefined,
): Promise<Finding> {
  const directory = await EndpointDirectory.open(store);
  const problems: string[] = [];
  const onDoubt = (endpoint: EndpointAddress, why: EntryDoubt | 'gone'): void => {
    problems.push(`${endpoint}: ${inWords[why]}`);
  };
  for (const endpoint of directory.putBack) onDoubt(endpoint, 'older');
  for (const endpoint of goneFrom(directory, history)) onDoubt(endpoint, 'gone');
  const proven = new ProvenEntries({ leaves, directory, onDoubt });
  for (const entry of directory.entries()) {
    const isProven = await proven.isProven(entry);
    const isOlder = (history.newestOf(entry.endpoint) ?? -1) > (directory.leafOf(entry) ?? -1);
    if (isProven && isOlder) onDoubt(entry.endpoint, 'older');
  }
  for (const { endpoint, leaf } of history.unpermitted)
    problems.push(`${endpoint}: it enrolled at leaf ${leaf} by a token that was not in force any more`);
  // The gateway's own endpoint is no party to the agreement.
  const entries = [...directory.entries()].filter(({ endpoint }) => endpoint !== correlatorAddress);
  const active = entries.filter(({ status }) => status === 'active');
  const endpoints = `${active.length} active, ${entries.length - active.length} revoked`;
  if (problems.length > 0) {
    const detail = `${endpoints}; some are not what the audit log says: somebody has changed the directory or the tokens in the store`;
    return { check, verdict: 'bad', detail, problems };
  }
  const unknown = strangers(active, policy);
  if (unknown === '') return good(check, endpoints);
  return { check, verdict: 'warn', detail: `${endpoints}; the sharing agreement does not know ${unknown}` };
}

/** Who enrolled by the notes of the store or by the log, and has no row. */
function goneFrom(directory: EndpointDirectory, history: EndpointHistory): EndpointAddress[] {
  const rows = new Set([
    ...directory.putBack,
    ...Array.from(directory.entries(), ({ endpoint }) => endpoint),
  ]);
  return [...new Set([...directory.gone, ...history.endpoints()])].filter((endpoint) => !rows.has(endpoint));
}

function strangers(active: readonly DirectoryEntry[], policy: PolicySet | undefined): string {
  const found = active.filter(({ agency }) => policy?.agencies.has(agency) === false);
  return found.map(({ endpoint }) => endpoint).join(', ');
}

const inWords: Readonly<Record<EntryDoubt | 'gone', string>> = {
  'no-leaf': 'the log has no leaf about this entry',
  'leaf-tampered': 'its leaf, or the body of it, was changed in the store',
  'other-entry': 'its leaf is about another entry: a key, a role or something else was changed',
  older: 'a later leaf is about another entry: an older one was put back in its place',
  gone: 'it enrolled, and its entry is gone',
};
