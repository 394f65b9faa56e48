/** After a renewal the certificate before it stays good until the endpoint has shown the new one. */
import type { Digest, EndpointAddress } from '../../protocol/ids.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import type { Store } from '../store/port.ts';

/** Ends previous certificates. Best effort: what fails is tried again when the new one is shown again. */
export class PreviousCertificates {
  readonly #store: Pick<Store, 'replaceEntry'>;
  readonly #onError: (error: unknown) => void;
  readonly #underWay = new Set<EndpointAddress>();

  constructor(store: Pick<Store, 'replaceEntry'>, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  /**
   * Told of every certificate that identified an endpoint.
   * @param thumbprint SHA-256 of the certificate's DER
   */
  shown(entry: DirectoryEntry, thumbprint: Digest): void {
    if (entry.previousTlsThumbprint === null || thumbprint !== entry.tlsThumbprint) return;
    if (this.#underWay.has(entry.endpoint)) return;
    this.#underWay.add(entry.endpoint);
    void this.#end(entry);
  }

  /** An entry that changed meanwhile is left alone: whoever changed it knew better. */
  async #end(entry: DirectoryEntry): Promise<void> {
    const { endpoint, tlsThumbprint } = entry;
    try {
      await this.#store.replaceEntry(
        entry,
        { ...entry, previousTlsThumbprint: null },
        { kind: 'endpoint.renewal-completed', endpoint, tlsThumbprint },
      );
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#underWay.delete(endpoint);
    }
  }
}
