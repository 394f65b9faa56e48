/** `causeway demo`: a gateway and the partners' synthetic endpoints on this computer, and a story between them. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { pause, throwIfAborted } from '../clients/sdk/abort.ts';
import {
  addLinkageKey,
  createLinkageKey,
  writeLinkageSettings,
} from '../clients/sdk/linkage/linkage-file.ts';
import { startGateway, type RunningGateway } from '../gateway/app.ts';
import type { GatewayHome } from '../gateway/home/gateway-home.ts';
import { isCausewayError } from '../protocol/errors.ts';
import { shellWord } from '../files/shell-word.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import { interruptionOf } from '../terminal/interruption.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { Cast } from './demo/cast.ts';
import { openFolder, requireRoom } from './demo/folder.ts';
import { exportAndVerify, exportLog } from './demo/log-step.ts';
import { Narrator } from './demo/narrator.ts';
import { readStory, type DemoNotice, type Story } from './demo/story.ts';
import { Tally } from './demo/tally.ts';
import { isAsTold } from './demo/verdict.ts';
import { createSandbox, endpointHome, enrolEndpoints } from './sandbox.ts';

export type DemoOptions = {
  /** End after the story. Otherwise the gateway and the endpoints stay until the process is interrupted. */
  readonly once: boolean;
  /** Where to leave the homes; a temporary folder that is removed when undefined. */
  readonly keep: string | undefined;
  readonly port: number | undefined;
};

const settleMs = 20_000;
/** To whom the steps are told, and what ends them early. */
type Telling = { readonly narrator: Narrator; readonly signal: AbortSignal };
type DemoGateway = { readonly home: GatewayHome; readonly running: RunningGateway };

/** So that one notice is told to its end before the next begins. */
const patienceMs = 3_000;

/**
 * Runs the demonstration.
 * @param signal ends it: before its end by an error, afterwards as it is meant to end. Either way it leaves nothing
 *   behind that runs, and no folder that is not to be kept
 * @returns 0 only if nothing was lost or doubled, every notice went as the story says, the
 * alert was raised, and the audit log verifies
 * @throws CausewayError `aborted`
 */
export async function runDemo(
  options: DemoOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const narrator = new Narrator(terminal);
  const dir = await openFolder(options.keep);
  let gateway: DemoGateway | undefined;
  const tally = new Tally();
  const cast = new Cast(dir, tally, narrator, signal);
  try {
    await requireRoom(dir);
    const story = await readStory();
    gateway = await openGateway(dir, narrator, options);
    await announce(dir, gateway, narrator, options);
    await setUp(dir, story, gateway, cast, { narrator, signal });
    const unexpected = await tell(story, cast, tally, { narrator, signal });
    await settle(tally, signal);
    narrator.alerts(tally.alerts);
    const isLogGood = await exportAndVerify(dir, gateway.home, narrator);
    const summary = tally.summary(options.keep === undefined ? null : dir);
    if (!options.once) {
      narrator.summary({ ...summary, home: dir });
      invite(dir, gateway.running.url, narrator, terminal.command);
      await interruptionOf(signal);
    } else {
      narrator.summary(summary);
    }
    return isAsTold(summary, { unexpected, isLogGood }) ? exitCodes.ok : exitCodes.failure;
  } finally {
    await cast.close();
    await gateway?.running.close();
    if (gateway !== undefined && options.keep !== undefined) await exportLog(dir, gateway.home);
    if (options.keep === undefined) await rm(dir, { recursive: true, force: true });
  }
}

async function openGateway(dir: string, narrator: Narrator, { port = 0 }: DemoOptions): Promise<DemoGateway> {
  narrator.heading('A gateway of its own, and the partners');
  const home = await createSandbox(dir);
  narrator.step(
    { type: 'authority-made', fingerprint: home.authority.fingerprint },
    'issuing CA and gateway keys made',
  );
  // Nothing may fail between this and the caller, who alone can close it.
  return { home, running: await startGateway({ home, log: pino({ level: 'silent' }), port }) };
}

async function announce(
  dir: string,
  { running: { url } }: DemoGateway,
  narrator: Narrator,
  { keep }: DemoOptions,
): Promise<void> {
  if (keep !== undefined) await keepPort(dir, url);
  narrator.step(
    { type: 'gateway-started', url },
    `gateway listening at ${url} (TLS 1.3, client certificates)`,
  );
}

/** Enrolment, connections. */
async function setUp(
  dir: string,
  story: Story,
  { home, running }: DemoGateway,
  cast: Cast,
  { narrator, signal }: Telling,
): Promise<void> {
  throwIfAborted(signal);
  await enrolEndpoints(dir, home, running.url, story.endpoints, (address) => {
    const title = story.endpoints.find((endpoint) => endpoint.address === address)?.title ?? address;
    narrator.step({ type: 'enrolled', endpoint: address }, `enrolled ${address}: ${title}`);
    throwIfAborted(signal);
  });
  await shareLinkageKey(dir, story);
  narrator.step(
    { type: 'linkage-key-shared', endpoints: story.endpoints.length },
    'a linkage key shared by the endpoints; the gateway never has it',
  );
  await Promise.all(story.endpoints.map(({ address }) => cast.connect(address)));
  narrator.step(
    { type: 'connected', endpoints: story.endpoints.length },
    `${story.endpoints.length} endpoints connected, keys trusted`,
  );
}

/** As the agencies would do among themselves, by `causeway linkage key make` and `import`. */
async function shareLinkageKey(dir: string, { endpoints }: Story): Promise<void> {
  const key = createLinkageKey(1);
  for (const { address } of endpoints) {
    await writeLinkageSettings(endpointHome(dir, address), addLinkageKey(undefined, key, 'child-protection'));
  }
}

/** The endpoints have enrolled at this port: a gateway started from the kept folder must have it again. */
async function keepPort(dir: string, url: string): Promise<void> {
  const file = join(dir, 'gateway', 'gateway.yaml');
  const settings = await readFile(file, 'utf8');
  await writeFile(file, settings.replace(/^port: 0$/m, `port: ${new URL(url).port}`));
}

/** @returns how many notices did not go as the story says */
async function tell(story: Story, cast: Cast, tally: Tally, telling: Telling): Promise<number> {
  const { narrator, signal } = telling;
  const ids = new Map<string, string>();
  let unexpected = 0;
  narrator.heading('The story (every person in it is invented)');
  for (const notice of story.notices) {
    await pause(notice.delayMs ?? 0, signal);
    await changeConnection(story, notice, cast, narrator);
    throwIfAborted(signal);
    const outcome = await send(notice, ids, cast, tally, telling);
    if (outcome !== (notice.expect ?? 'accepted')) unexpected++;
  }
  return unexpected;
}

async function changeConnection(
  { cutOff }: Story,
  notice: DemoNotice,
  cast: Cast,
  narrator: Narrator,
): Promise<void> {
  const { endpoint } = cutOff;
  if (notice.file === cutOff.before) {
    await cast.cutOff(endpoint);
    narrator.step({ type: 'cut-off', endpoint }, `✂ ${endpoint} loses its connection`);
  }
  if (notice.file === cutOff.backBefore) {
    narrator.step({ type: 'back', endpoint }, `⟲ ${endpoint} is back; what waited for it arrives`);
    await cast.connect(endpoint);
  }
}

async function send(
  notice: DemoNotice,
  ids: Map<string, string>,
  cast: Cast,
  tally: Tally,
  { narrator, signal }: Telling,
): Promise<string> {
  const { file, from, to, category, severity, purpose, basis, dataschema, inReplyTo, subjects, story } =
    notice;
  const reply = inReplyTo === undefined ? undefined : ids.get(inReplyTo);
  const common = {
    to,
    category,
    severity,
    purpose,
    basis,
    ...(reply === undefined ? {} : { inReplyTo: reply }),
    ...(subjects === undefined ? {} : { subjects }),
    signal,
  };
  narrator.step(
    { type: 'sending', file, from, to, category, severity, story },
    `\n${story}\n  → ${from} sends ${category} (${severity}) to ${to.join(', ')}`,
  );
  tally.submit();
  try {
    const result = await cast
      .get(from)
      .send(
        dataschema === undefined
          ? { ...common, content: { text: notice.text ?? '' } }
          : { ...common, dataschema, content: notice.content },
      );
    ids.set(file, result.id);
    tally.accept(result.id, to);
    const away = result.away.length === 0 ? '' : `; not listening now: ${result.away.join(', ')}`;
    narrator.step(
      {
        type: 'accepted',
        file,
        message: result.id,
        record: result.record,
        listening: result.listening,
        away: result.away,
      },
      `    accepted and durable, record ${result.record}${away}`,
    );
    await until(() => tally.hasReached(result.id, result.listening), patienceMs, signal);
    return 'accepted';
  } catch (error) {
    throwIfAborted(signal);
    if (!isCausewayError(error)) throw error;
    tally.refuse();
    narrator.step(
      { type: 'refused', file, code: error.code, detail: error.detail },
      `    refused (${error.code}): ${error.message}`,
    );
    return error.code;
  }
}

/** Waits until every promise has come true, or it is clear that one has not. */
async function settle(tally: Tally, signal: AbortSignal): Promise<void> {
  await until(() => tally.isComplete() && tally.alerts.length > 0, settleMs, signal);
  // A doubled delivery would follow the first at once.
  await pause(300, signal);
  throwIfAborted(signal);
}

async function until(condition: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition() && performance.now() < deadline) {
    await pause(10, signal);
    throwIfAborted(signal);
  }
}

function invite(dir: string, url: string, narrator: Narrator, command: string): void {
  narrator.heading('It goes on running');
  const home = shellWord(endpointHome(dir, 'north-lanarkshire-social-work/duty'));
  narrator.note(`The gateway stays at ${url}. In another terminal, look at what an endpoint knows:`);
  narrator.note(`  ${command} status --home ${home}`);
  narrator.note(`  ${command} directory --home ${home}`);
  narrator.note('Press Ctrl-C to end; the folder is then removed unless --keep was given.');
}
