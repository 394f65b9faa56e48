/** A scripted gateway whose directory changes, and that answers what has changed since a version. */
import type { Client } from '../../../clients/sdk/client.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { directoryDigest } from '../../../protocol/wire/directory-digest.ts';
import { directoryEntryDigest } from '../../../protocol/wire/directory-entry-digest.ts';
import type { DirectoryEntry, DirectoryResponse } from '../../../protocol/wire/directory.ts';
import { nextEvent } from './exchange.ts';
import type { ScriptedGateway } from './scripted-gateway.ts';

export class ChangingDirectory {
  /** From which version it was asked for, undefined for the whole. */
  readonly asked: (number | undefined)[] = [];
  version = 1;
  /** Endpoints that changed, by the version with which they did. */
  readonly changedAt = new Map<string, number>();
  readonly #gateway: ScriptedGateway;

  constructor(gateway: ScriptedGateway) {
    this.#gateway = gateway;
    gateway.directory = (since) => {
      this.asked.push(since);
      return since === undefined ? this.whole() : this.changes(since);
    };
  }

  entryOf(endpoint: string): DirectoryEntry {
    return this.#gateway.entries.find((entry) => entry.endpoint === endpoint)!;
  }

  /** Changes an entry, or adds it. */
  put(entry: DirectoryEntry): void {
    const { entries } = this.#gateway;
    const place = entries.findIndex(({ endpoint }) => endpoint === entry.endpoint);
    if (place < 0) entries.push(entry);
    else entries[place] = entry;
    this.changedAt.set(entry.endpoint, ++this.version);
  }

  /** Changes an entry, or adds it, and tells an endpoint. */
  async tell(endpoint: EndpointAddress, entry: DirectoryEntry): Promise<void> {
    this.put(entry);
    (await this.#gateway.session(endpoint)).control({ type: 'directory-changed', version: this.version });
  }

  /** Changes an entry, or adds it, and waits until the client has read it. */
  async change(client: Client, entry: DirectoryEntry): Promise<void> {
    const read = nextEvent(client, 'directory');
    await this.tell(client.endpoint, entry);
    await read;
  }

  whole(): DirectoryResponse {
    const { entries, log } = this.#gateway;
    return {
      version: this.version,
      entries,
      leaves: entries.map((entry) => log.leafOf(entry)),
      checkpoint: log.checkpoint(),
    };
  }

  changes(since: number): DirectoryResponse {
    const all = this.whole();
    const isChanged = ({ endpoint }: DirectoryEntry): boolean => (this.changedAt.get(endpoint) ?? 1) > since;
    return {
      ...all,
      since,
      digest: directoryDigest(
        all.entries.map((entry, nth) => ({
          endpoint: entry.endpoint,
          entry: directoryEntryDigest(entry),
          leaf: all.leaves[nth]!.index,
        })),
      ),
      entries: all.entries.filter(isChanged),
      leaves: all.leaves.filter((_, nth) => isChanged(all.entries[nth]!)),
    };
  }
}
