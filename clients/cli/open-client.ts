/** A client for the length of one command, and how its connection fares. */
import { CausewayError } from '../../protocol/errors.ts';
import { untilInterrupted } from '../../terminal/interruption.ts';
import { whileRead } from '../../terminal/standard-output.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { ConnectOptions } from '../sdk/client-options.ts';
import type { Client } from '../sdk/client.ts';
import type { Log, LogFields } from '../sdk/logger.ts';
import { isStateDamage } from '../sdk/state-failure.ts';

/** What a command works with. */
export type OpenClient = {
  readonly client: Client;
  readonly connection: Connection;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** How long it may still take, ms; negative once time is up. */
  readonly leftMs: () => number;
};

const firstSessionMs = 10_000;
const farewellMs = 5_000;
/** Where the gateway has said that it takes nothing for now, or time is up: receipts may still go out. */
const briefFarewellMs = 500;

type OpenOptions = Pick<ConnectOptions, 'toleratesForeignParts'> & {
  /** How long it may all take, but for a brief farewell: connecting is given up then. The work sees to its own end. */
  readonly timeoutMs?: number;
  /** When nobody reads the output any more the signal is aborted as well, and all ends with `UnreadOutput`. */
  readonly endsWithReader?: boolean;
};

/** Opens the home's client for some work and closes it afterwards. @throws CausewayError `home-invalid`, … */
export async function withClient<T>(
  home: string,
  terminal: Terminal,
  work: (open: OpenClient) => Promise<T>,
  { timeoutMs = Infinity, endsWithReader = false, ...options }: OpenOptions = {},
): Promise<T> {
  const endsAt = performance.now() + timeoutMs;
  const leftMs = (): number => endsAt - performance.now();
  const waitMs = Math.min(firstSessionMs, timeoutMs);
  const { connect } = await import('../sdk/client.ts');
  const connectAndWork = async (signal: AbortSignal): Promise<T> => {
    const connection = new Connection();
    const client = await terminal.during('Connecting to the gateway', () =>
      connect({
        ...{ home, clientName: 'causeway-cli', waitMs, signal, log: connection.log },
        ...options,
      }),
    );
    try {
      connection.follow(client);
      return await work({ client, connection, signal, leftMs });
    } finally {
      await farewell(client, terminal, Math.ceil(Math.min(leftMs(), farewellMs)));
    }
  };
  if (!endsWithReader) return untilInterrupted(connectAndWork);
  return whileRead(terminal.stdout, () => untilInterrupted(connectAndWork, terminal.stdout));
}

/** Lets answers and receipts that are on their way arrive, where there is a connection. */
async function farewell(client: Client, terminal: Terminal, leftMs: number): Promise<void> {
  try {
    const { connection, lastPostponement } = client.status();
    if (connection === 'connected') {
      const timeoutMs = Math.max(lastPostponement === undefined ? leftMs : 0, briefFarewellMs);
      // What does not drain in time is not lost: it stays in the outbox or with the gateway.
      await terminal.during('Finishing', () => client.drain({ timeoutMs })).catch(() => undefined);
    }
  } finally {
    // A client that is left open would keep the process for ever.
    await client.close();
  }
}

/** Why there is no session, as far as is known. The client itself tries for ever. */
export class Connection {
  /** Hears of the attempts made before `connect` resolves, when there is no client to ask yet. */
  readonly log: Log = {
    debug: ignore,
    info: (fields) => this.#note(fields),
    warn: ignore,
    error: ignore,
  };
  #client: Client | undefined;
  #lastError: CausewayError | undefined;
  #reported: CausewayError | undefined;
  #disbelieved: CausewayError | undefined;
  readonly #failed = Promise.withResolvers<never>();

  constructor() {
    // Whoever needs it awaits it; nobody else is to hear of it.
    this.#failed.promise.catch(() => undefined);
  }

  follow(client: Client): void {
    this.#client = client;
    // What was heard before is a code alone.
    this.#ended(client.status().lastError ?? this.#lastError);
    client.on('connected', () => {
      this.#lastError = undefined;
      this.#reported = undefined;
    });
    client.on('gatewayError', (error) => {
      // Of receipts the gateway tells why it does not take them, whatever else goes on.
      if (!error.code.startsWith('receipt-')) this.#reported = error;
    });
    client.on('badReceipt', ({ error }) => {
      // A home that was put back to an older state hears honestly of what it knows nothing of.
      if (error.code !== 'receipt-unmatched') this.#disbelieved = error;
    });
    client.on('disconnected', ({ error }) => this.#ended(error));
    client.on('problem', (error) => {
      if (isStateDamage(error)) this.#ended(error);
    });
  }

  get isConnected(): boolean {
    return this.#client?.status().connection === 'connected';
  }

  /** Why the last session ended or could not be opened. */
  get lastError(): CausewayError | undefined {
    return this.#lastError;
  }

  /** What the gateway has reported last in this session and gone on, such as a disk that is full. */
  get reported(): CausewayError | undefined {
    return this.#reported;
  }

  /** What was wrong with the last receipt that was not believed. */
  get disbelieved(): CausewayError | undefined {
    return this.#disbelieved;
  }

  /**
   * Rejects when the gateway will not have this endpoint, whatever is tried (revoked, replaced, untrusted), and when the
   * state of this home is damaged.
   */
  get failure(): Promise<never> {
    return this.#failed.promise;
  }

  /** @throws CausewayError why there is no session */
  assertConnected(): void {
    if (!this.isConnected) throw this.#lastError ?? new CausewayError('gateway-unreachable');
  }

  /** @throws CausewayError why the directory was never read */
  assertDirectory(): void {
    if (this.#client?.directory.version !== undefined) return;
    this.assertConnected();
    throw new CausewayError('peer-silent', {
      detail: 'The gateway is connected, but has not given its directory.',
    });
  }

  #note({ event, code }: LogFields): void {
    if (event === 'connected') this.#lastError = undefined;
    if (event === 'disconnected' && this.#client === undefined) this.#lastError = namedError(code);
  }

  #ended(error: CausewayError | undefined): void {
    if (error === undefined) return;
    this.#lastError = error;
    if (!error.meaning.retryable) this.#failed.reject(error);
  }
}

function namedError(code: string | undefined): CausewayError | undefined {
  return code === undefined ? undefined : new CausewayError(code as CausewayError['code']);
}

function ignore(): void {
  // The command tells what matters itself.
}
