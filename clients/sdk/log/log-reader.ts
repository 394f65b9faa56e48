/** Reads the gateway's published log over HTTPS: the checkpoint, and tiles and entry bundles as they are asked for. */
import type { Agent } from 'node:https';
import { isCausewayError } from '../../../protocol/errors.ts';
import { witnessedCheckpointFile } from '../../../protocol/proof/checkpoint.ts';
import { maxNoteBytes } from '../../../protocol/proof/note.ts';
import {
  maxEntryBytes,
  tilePath,
  tileWidth,
  type BundleName,
  type TileName,
} from '../../../protocol/proof/tile.ts';
import { requestBytes } from '../gateway-request.ts';
import type { Home } from '../home.ts';

const maxTileBytes = tileWidth * 32;
const maxBundleBytes = tileWidth * (maxEntryBytes + 2);
/** Tiles are 8 KiB each; bundles about 50, but a gateway may serve some of 16 MiB. */
const maxKept = 64;
const maxKeptBytes = 8 * 1024 * 1024;

/** A file that was asked for, and its size once it has come. */
type Kept = { readonly read: Promise<Buffer>; bytes: number };

export class LogReader {
  readonly #readHome: () => Promise<Home>;
  readonly #signal: AbortSignal;
  readonly #agent: Agent;
  /** What was read last. Full tiles and bundles never change; partial ones are named by their width. */
  readonly #kept = new Map<string, Kept>();

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
    if (known !== undefined) return known.read;
    const read = this.#request(path, name.level === 'entries' ? maxBundleBytes : maxTileBytes);
    const kept: Kept = { read, bytes: 0 };
    this.#kept.set(path, kept);
    read.then(
      ({ byteLength }) => {
        kept.bytes = byteLength;
        this.#dropOldest();
      },
      // Whoever asked is told; the next one asks again.
      () => this.#kept.delete(path),
    );
    this.#dropOldest();
    return read;
  }

  /** The newest one stays, however large: it is being looked at. */
  #dropOldest(): void {
    let bytes = this.#kept.values().reduce((sum, kept) => sum + kept.bytes, 0);
    for (const [path, kept] of this.#kept) {
      if (this.#kept.size <= 1 || (this.#kept.size <= maxKept && bytes <= maxKeptBytes)) return;
      this.#kept.delete(path);
      bytes -= kept.bytes;
    }
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
