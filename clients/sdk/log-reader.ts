/** Reads the gateway's published log over HTTPS: the checkpoint, and tiles and entry bundles as they are asked for. */
import type { Agent } from 'node:https';
import { isCausewayError } from '../../protocol/errors.ts';
import { witnessedCheckpointFile } from '../../protocol/proof/checkpoint.ts';
import { maxNoteBytes } from '../../protocol/proof/note.ts';
import {
  maxEntryBytes,
  tilePath,
  tileWidth,
  type BundleName,
  type TileName,
} from '../../protocol/proof/tile.ts';
import { requestBytes } from './gateway-request.ts';
import type { Home } from './home.ts';

const maxTileBytes = tileWidth * 32;
const maxBundleBytes = tileWidth * (maxEntryBytes + 2);
/** Tiles are 8 KiB each; bundles about 50. */
const maxKept = 64;

export class LogReader {
  readonly #readHome: () => Promise<Home>;
  readonly #signal: AbortSignal;
  readonly #agent: Agent;
  /** What was read last. Full tiles and bundles never change; partial ones are named by their width. */
  readonly #kept = new Map<string, Promise<Buffer>>();

  /**
   * @param agent keeps connections from one request to the next
   * @param signal ends what is under way
   */
  constructor(readHome: () => Promise<Home>, agent: Agent, signal: AbortSignal) {
    this.#readHome = readHome;
    this.#agent = agent;
    this.#signal = signal;
  }

  /** The newest checkpoint, not yet verified. @throws CausewayError `not-found` while there is none, … */
  async readCheckpoint(): Promise<string> {
    return (await this.#request('/checkpoint', maxNoteBytes)).toString('utf8');
  }

  /** The newest checkpoint that a witness has cosigned, not yet verified; undefined while there is none. */
  async readWitnessedCheckpoint(): Promise<string | undefined> {
    try {
      return (await this.#request(`/${witnessedCheckpointFile}`, maxNoteBytes)).toString('utf8');
    } catch (error) {
      if (isCausewayError(error, 'not-found')) return undefined;
      throw error;
    }
  }

  /** A tile or an entry bundle, not yet verified. */
  readFile(name: TileName | BundleName): Promise<Buffer> {
    const path = `/${tilePath(name)}`;
    const known = this.#kept.get(path);
    if (known !== undefined) return known;
    const read = this.#request(path, name.level === 'entries' ? maxBundleBytes : maxTileBytes);
    this.#kept.set(path, read);
    // Whoever asked is told; the next one asks again.
    read.catch(() => this.#kept.delete(path));
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxKept && oldest !== undefined) this.#kept.delete(oldest);
    return read;
  }

  /** Forgets what was read: it did not fit. */
  forget(): void {
    this.#kept.clear();
  }

  async #request(path: string, maxAnswerBytes: number): Promise<Buffer> {
    // Another process may have renewed the certificate.
    const { gatewayUrl, authorityPem, tlsKeyPem, tlsCertificatePem } = await this.#readHome();
    return requestBytes({
      ...{ gatewayUrl, path, maxAnswerBytes, agent: this.#agent, signal: this.#signal },
      tls: { ca: authorityPem, key: tlsKeyPem, cert: tlsCertificatePem },
    });
  }
}
