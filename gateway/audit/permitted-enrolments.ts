/**
 * Whether each enrolment used a token of its own. Whoever can write the database can have a token that was used or taken
 * back count again, since its row alone says that it was; the log says so too, and for good.
 */
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { StoredLeaf } from '../store/port.ts';
import { openLeaf } from '../store/stored-leaf.ts';

/** An enrolment for which no token was in force, and its leaf. */
export type UnpermittedEnrolment = { readonly endpoint: EndpointAddress; readonly leaf: number };

export class PermittedEnrolments {
  readonly #permitted = new Set<unknown>();
  readonly #unpermitted: UnpermittedEnrolment[] = [];

  /** Takes a leaf; they come in order, from the first on. One whose body is lost says nothing. */
  take(stored: StoredLeaf): void {
    const { leaf, index } = stored;
    // As with `NewestEntryLeaves`, most leaves are about something else.
    if (!leaf.includes('"enrolment.') && !leaf.includes('"endpoint.enrolled"')) return;
    const { kind } = stored.entry;
    const endpoint = openLeaf(stored).endpoint ?? stored.entry.endpoint;
    if (kind === 'enrolment.permitted') this.#permitted.add(endpoint);
    if (kind === 'enrolment.withdrawn') this.#permitted.delete(endpoint);
    if (kind !== 'endpoint.enrolled' || this.#permitted.delete(endpoint)) return;
    this.#unpermitted.push({ endpoint: endpoint as EndpointAddress, leaf: index });
  }

  get unpermitted(): readonly UnpermittedEnrolment[] {
    return this.#unpermitted;
  }
}
