/**
 * Whom this endpoint knows, and whose keys it trusts.
 *
 * The gateway's directory says which keys there are; this endpoint decides which it believes. A key is pinned when
 * somebody says so, and a key that differs from its pin is never used until somebody says so again.
 */
import { CausewayError } from '../../protocol/errors.ts';
import { agencyOf, type EndpointAddress, type Fingerprint } from '../../protocol/ids.ts';
import type { SigningKey } from '../../protocol/proof/signing.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import { DirectoryReading, type UnreadDirectory } from './directory-reading.ts';
import { readDirectory, updateDirectory, type FetchDirectory } from './directory-update.ts';
import type { ClientEmitter } from './events.ts';
import { LogTable } from './log/log-table.ts';
import { PinTable, type Pin } from './pin-table.ts';
import { findSenderKeys, type MadeBy, type SenderKeys } from './sender-keys.ts';
import type { StateDatabase } from './state-database.ts';
import { TrustedKeys } from './trusted-keys.ts';
import { typedFingerprint } from './typed-fingerprint.ts';

/** `unknown`: never trusted · `changed`: another key than the one trusted · `revoked`: by the gateway's operator. */
export type TrustState = 'trusted' | 'unknown' | 'changed' | 'revoked';

/** An endpoint as people see it. */
export type DirectoryListing = {
  readonly endpoint: EndpointAddress;
  readonly agency: string;
  readonly roles: readonly string[];
  readonly trust: TrustState;
  /** What two people compare over the telephone before one of them trusts. */
  readonly openpgpFingerprint: Fingerprint;
  readonly enrolledAt: string;
  readonly revokedAt: string | null;
  /** Index of the entry's leaf in the audit log; `undefined` while it was not found there: the key is not used. */
  readonly leaf: number | undefined;
};

type DirectoryDependencies = {
  /** This endpoint's own keys, which need nobody's trust. */
  readonly self: Pin;
  readonly state: StateDatabase;
  readonly emitter: ClientEmitter;
  readonly now: () => number;
  /** See `GatewayClock.earliest`. */
  readonly earliest: () => number;
  readonly random: () => number;
  /** How the reading waits; see `DirectoryReading`. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly report: (error: unknown) => void;
  /** Aborted when the client is closed. */
  readonly signal: AbortSignal;
  readonly fetch: FetchDirectory;
  /** Why nothing may be encrypted, whatever the keys. */
  readonly halted: () => CausewayError | undefined;
  /** Why the last look at the log failed, or its newest checkpoint was not taken. */
  readonly logFailure: () => CausewayError | undefined;
  /** Told when the directory was read: its entries are to be looked for in the log. */
  onRead(checkpoint: string | null): void;
  /** Told after keys were trusted that were not before, here or in another process, so that what was held can go on. */
  readonly onTrusted: (endpoints: readonly EndpointAddress[]) => void;
};

export class ClientDirectory {
  /** When it is read. @internal */
  readonly reading: DirectoryReading;
  readonly #deps: DirectoryDependencies;
  readonly #table: PinTable;
  readonly #entries = new Map<EndpointAddress, DirectoryEntry>();
  readonly #keys: TrustedKeys;
  readonly #logTable: LogTable;
  #proven: ReadonlyMap<EndpointAddress, number> = new Map();
  #version: number | undefined;

  /** @internal */
  constructor(deps: DirectoryDependencies) {
    this.#deps = deps;
    this.#table = new PinTable(deps.state.statements, deps.now, deps.earliest);
    this.#keys = new TrustedKeys(deps.self);
    this.#logTable = new LogTable(deps.state.statements);
    this.reading = new DirectoryReading({
      ...deps,
      held: () => ({ version: this.#version, endpoints: this.#entries.size }),
      read: () => this.#refresh(),
    });
    this.#read();
  }

  /** Version of the directory as last read; `undefined` when it never was. */
  get version(): number | undefined {
    return this.#version;
  }

  /** What the gateway has told of and was not read so far: {@link list} may be out of date. Reading it is tried again and again. */
  get unread(): UnreadDirectory | undefined {
    return this.reading.unread;
  }

  /** Reads now what the gateway has told of, for up to 5 s. Resolves in any case: {@link unread} says what came of it. */
  async catchUp(): Promise<void> {
    await this.reading.catchUp();
  }

  /** True while the gateway may have another directory than the one held here. @internal */
  get isBehind(): boolean {
    return this.reading.isBehind;
  }

  /** Every endpoint of the directory as last read, with its state of trust. */
  list(): DirectoryListing[] {
    return [...this.#entries.values()].map((entry) => ({
      endpoint: entry.endpoint,
      agency: entry.agency,
      roles: entry.roles,
      trust: this.#trustOf(entry),
      openpgpFingerprint: entry.openpgpFingerprint,
      enrolledAt: entry.enrolledAt,
      revokedAt: entry.revokedAt,
      leaf: this.#proven.get(entry.endpoint),
    }));
  }

  /**
   * Trusts the present keys of an endpoint, whether they were unknown or have changed: a change that was announced is
   * read first.
   * @param options.fingerprint its OpenPGP fingerprint as heard from its owner; spaces and case do not matter
   * @throws CausewayError `request-malformed` when that is no fingerprint, `endpoint-unknown`, `recipient-revoked`, or
   *   `key-changed` when it is another one
   */
  async trust(endpoint: string, options: { fingerprint?: string } = {}): Promise<void> {
    const told = options.fingerprint === undefined ? undefined : typedFingerprint(options.fingerprint);
    await this.reading.catchUp();
    const entry = this.#entries.get(endpoint as EndpointAddress);
    if (entry === undefined) throw new CausewayError('endpoint-unknown');
    if (entry.status === 'revoked') throw new CausewayError('recipient-revoked');
    if (told !== undefined && told !== entry.openpgpFingerprint) {
      throw new CausewayError('key-changed', {
        detail: 'The fingerprint given is not the one in the directory.',
      });
    }
    await this.#pin([entry]);
  }

  /** Trusts every key that was never seen before. Keys that have changed are left for {@link trust}. */
  async trustAll(): Promise<EndpointAddress[]> {
    await this.reading.catchUp();
    const unknown = [...this.#entries.values()].filter((entry) => this.#trustOf(entry) === 'unknown');
    if (unknown.length > 0) await this.#pin(unknown);
    return unknown.map((entry) => entry.endpoint);
  }

  /** Reads from the gateway what has changed in the directory. @throws CausewayError */
  refresh(): Promise<void> {
    return this.reading.now();
  }

  /**
   * The endpoints behind recipient addresses, each once, their keys trusted and found in the log.
   * @throws CausewayError `recipient-unknown`, `recipient-revoked`, `key-unknown`, `key-changed`, `key-unproven` or
   *   `log-halted`
   */
  resolve(recipients: readonly string[]): DirectoryEntry[] {
    const halted = this.#deps.halted();
    if (halted !== undefined) throw halted;
    const found = new Map<EndpointAddress, DirectoryEntry>();
    for (const recipient of recipients) {
      const entries = this.#lookUp(recipient);
      if (entries.length === 0)
        throw new CausewayError('recipient-unknown', { detail: `It is ${recipient}.` });
      for (const entry of entries) {
        const trust = this.#trustOf(entry);
        const detail = `It is ${entry.endpoint}.`;
        if (trust === 'revoked') throw new CausewayError('recipient-revoked', { detail });
        if (trust === 'unknown') throw new CausewayError('key-unknown', { detail });
        if (trust === 'changed') throw new CausewayError('key-changed', { detail });
        if (!this.#proven.has(entry.endpoint)) throw this.#unproven(detail);
        found.set(entry.endpoint, entry);
      }
    }
    return [...found.values()];
  }

  /** With the reason, where it is that the log could not be verified so far. */
  #unproven(which: string): CausewayError {
    const cause = this.#deps.logFailure();
    const detail = cause === undefined ? which : `${which} ${cause.detail ?? cause.message}`;
    return new CausewayError('key-unproven', { detail, cause });
  }

  /**
   * True when a change that was not read yet may concern these addresses: who holds a role, or an endpoint that is not in
   * order here. One that is in order can be sent to all the same: the relay takes an encryption key that was renewed since.
   * It refuses who was revoked or enrolled again meanwhile; upon the first such refusal the change is read, and until then
   * no other message is made. @internal
   */
  mayHaveChanged(recipients: readonly string[]): boolean {
    if (!this.isBehind) return false;
    const isInOrder = (recipient: string): boolean => {
      const entry = this.#entries.get(recipient as EndpointAddress);
      return entry !== undefined && this.#trustOf(entry) === 'trusted';
    };
    return this.reading.isAwaited || !recipients.every(isInOrder);
  }

  /** True when a trusted key behind these addresses was not found in the log yet. */
  isUnproven(recipients: readonly string[]): boolean {
    return recipients
      .flatMap((recipient) => this.#lookUp(recipient))
      .some((entry) => !this.#proven.has(entry.endpoint) && this.#trustOf(entry) === 'trusted');
  }

  /** The entry of an endpoint as last read. @internal */
  entryOf(endpoint: EndpointAddress): DirectoryEntry | undefined {
    return this.#entries.get(endpoint);
  }

  /** Entries were found in the log, or newer ones were. @internal */
  readProven(): void {
    this.#proven = this.#logTable.readProven();
  }

  /** The keys that verify a message of this sender. @throws CausewayError see {@link findSenderKeys} */
  senderKeys(message: MadeBy): SenderKeys {
    const former = (endpoint: EndpointAddress) => this.#table.readFormer(endpoint);
    const known = { keys: this.#keys, former, now: this.#deps.now };
    return findSenderKeys(message, this.#entries.get(message.source), known);
  }

  /** Keys that may have signed a receipt of this endpoint: the one trusted now first, then former ones. */
  receiptKeys(issuer: EndpointAddress): SigningKey[] {
    return this.#keys.signingKeysOf(issuer);
  }

  /** The signing key of an endpoint that the directory shows but nobody has trusted. */
  untrustedKey(issuer: EndpointAddress): SigningKey | undefined {
    const entry = this.#entries.get(issuer);
    if (entry === undefined || this.#keys.judge(entry) === 'trusted') return undefined;
    return this.#keys.signingKey(entry.signingKey);
  }

  /** Takes over what this process or another one has written, and tells what is new. */
  reload(): void {
    const versionBefore = this.#version;
    const changedBefore = new Map(this.#keysThatAre('changed'));
    const trustedBefore = new Map(this.#keysThatAre('trusted'));
    this.#read();
    const { emitter, onTrusted } = this.#deps;
    if (this.#version !== undefined && this.#version !== versionBefore) {
      emitter.emit('directory', { version: this.#version });
    }
    for (const [endpoint] of this.#keysThatAre('changed')) {
      if (!changedBefore.has(endpoint)) emitter.emit('keyChanged', { endpoint });
    }
    // Keys may have changed and been trusted between two looks.
    const trusted = this.#keysThatAre('trusted').filter(
      ([endpoint, key]) => trustedBefore.get(endpoint) !== key,
    );
    if (trusted.length > 0) onTrusted(trusted.map(([endpoint]) => endpoint));
  }

  #read(): void {
    this.#version = this.#table.readVersion();
    this.#entries.clear();
    for (const entry of this.#table.readEntries()) this.#entries.set(entry.endpoint, entry);
    this.#keys.replace(this.#table.readPins());
    this.readProven();
  }

  async #refresh(): Promise<void> {
    const { fetch, state } = this.#deps;
    const tables = { pins: this.#table, log: this.#logTable };
    const checkpoint = await readDirectory(this.#version, fetch, (answer) =>
      state.write(() => updateDirectory(answer, tables)),
    );
    this.reload();
    this.#deps.onRead(checkpoint);
  }

  async #pin(entries: readonly DirectoryEntry[]): Promise<void> {
    const pins = entries.map(({ endpoint, openpgpFingerprint, signingKey }): Pin => ({
      endpoint,
      openpgpFingerprint,
      signingKey,
      trustedAt: this.#deps.now(),
    }));
    await this.#deps.state.write(() => {
      for (const pin of pins) this.#table.addPin(pin);
    });
    for (const pin of pins) this.#keys.add(pin);
    this.#deps.onTrusted(pins.map((pin) => pin.endpoint));
  }

  /** Endpoints with their signing keys. */
  #keysThatAre(trust: TrustState): [EndpointAddress, string][] {
    return [...this.#entries.values()]
      .filter((entry) => this.#trustOf(entry) === trust)
      .map(({ endpoint, signingKey }) => [endpoint, signingKey]);
  }

  #lookUp(recipient: string): DirectoryEntry[] {
    const agency = agencyOf(recipient);
    const name = recipient.slice(agency.length + 1);
    if (!name.startsWith('@')) {
      const entry = this.#entries.get(recipient as EndpointAddress);
      return entry === undefined ? [] : [entry];
    }
    const role = name.slice(1);
    return [...this.#entries.values()].filter(
      (entry) => entry.agency === agency && entry.status === 'active' && entry.roles.includes(role),
    );
  }

  #trustOf(entry: DirectoryEntry): TrustState {
    return entry.status === 'revoked' ? 'revoked' : this.#keys.judge(entry);
  }
}
