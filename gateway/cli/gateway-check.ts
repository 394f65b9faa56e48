/** `causeway gateway check`: a doctor for a gateway's folder. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { exitCodes } from '../../terminal/exit-codes.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { Unchecked } from '../audit/published-leaves.ts';
import type { GatewayHome } from '../home/gateway-home.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { describeRetention } from '../policy/retention.ts';
import type { Store } from '../store/port.ts';
import { forOperator } from '../store/store-damage.ts';
import { failed, good, type Finding } from './check-finding.ts';
import { checkRoom } from './check-room.ts';
import { gatewayFolder, openHome } from './gateway-folder.ts';
import { loadAgreement } from './load-agreement.ts';
import { recordReading } from './record-reading.ts';

type Flags = { readonly quick?: boolean };

export function registerGatewayCheck(gateway: ProgramCommand, terminal: Terminal): void {
  gateway
    .command('check')
    .summary('look a gateway over: home, policies, store, certificates')
    .description(
      'Checks that the folder can run a gateway: settings, keys and their modes, policies, the store (it proves\n' +
        'a durable write), certificates and how long they last; and it holds all leaves of the store against the\n' +
        'published log, which takes about fifteen seconds for a million, and all messages and deliveries against the\n' +
        'leaves. Works while the gateway runs.\n' +
        'That you looked is recorded first.\n' +
        'Exit code 0 when nothing is bad.',
    )
    .argument('[dir]', "the gateway's folder (default: $CAUSEWAY_GATEWAY, or ./gateway-home)")
    .option('--quick', 'without reading all leaves, messages and deliveries')
    .action(async (given: string | undefined, flags: Flags) => {
      const findings = await checkGateway(gatewayFolder(given, terminal.env), flags, terminal);
      for (const finding of findings) report(finding, terminal);
      if (findings.some(({ verdict }) => verdict === 'bad')) process.exitCode = exitCodes.failure;
    });
}

async function checkGateway(dir: string, flags: Flags, terminal: Terminal): Promise<Finding[]> {
  let home: GatewayHome;
  try {
    home = await openHome(dir);
  } catch (error) {
    return [failed('home', error)];
  }
  const { checkAuthority, checkHome, checkServerCertificate } = await import('./check-certificates.ts');
  const { checkSettings } = await import('./check-settings.ts');
  const findings: Finding[] = [
    ...[await checkHome(home), checkSettings(home)],
    ...[checkAuthority(home), checkServerCertificate(home)],
  ];
  const policy = await checkPolicy(home);
  const ofStore = await checkStore(home, policy.set, flags, terminal);
  findings.push(policy.finding, ...checkRetention(policy.set), ...ofStore);
  return findings;
}

async function checkPolicy(home: GatewayHome): Promise<{ finding: Finding; set?: PolicySet }> {
  try {
    const set = await loadAgreement(home.policiesDir);
    const { agencies, categories, policies, datasets } = set;
    const sizes = `${agencies.size} agencies, ${categories.size} categories, ${policies.size} policies, ${datasets.size} data sets`;
    return { finding: good('policies', sizes), set };
  } catch (error) {
    return { finding: failed('policies', error) };
  }
}

function checkRetention(policy: PolicySet | undefined): Finding[] {
  if (policy === undefined) return [];
  const { retention } = policy;
  if (retention !== undefined) return [good('retention', describeRetention(retention))];
  const detail = 'payloads are kept for good: the agreement has no retention.yaml';
  return [{ check: 'retention', verdict: 'warn', detail }];
}

async function checkStore(
  home: GatewayHome,
  policy: PolicySet | undefined,
  flags: Flags,
  terminal: Terminal,
): Promise<Finding[]> {
  const [{ openStore }, { isStoreFileMissing, refuseEmptyStore, refuseMissingStore }] = await Promise.all([
    import('../open-store.ts'),
    import('../lost-store.ts'),
  ]);
  try {
    await refuseMissingStore(home);
    if (isStoreFileMissing(home.store)) {
      const { checkNewStore } = await import('./check-new-store.ts');
      return await checkNewStore(home);
    }
    const store = await openStore(home.store, home.storeKeys);
    try {
      // Before anything is recorded in it.
      await refuseEmptyStore(home, store);
      await store.probe();
      await recordReading(store, 'audit.gateway-checked', {});
      return [
        good('store', 'writes are durable'),
        ...(await checkContent(home, store, policy, flags, terminal)),
      ];
    } finally {
      await store.close();
    }
  } catch (error) {
    return [failed('store', forOperator(error, home.store))];
  }
}

/** What the store holds, against the published log and the policies folder. */
async function checkContent(
  home: GatewayHome,
  store: Store,
  policy: PolicySet | undefined,
  { quick = false }: Flags,
  terminal: Terminal,
): Promise<Finding[]> {
  const [
    { PublishedLog },
    { EndpointHistory },
    { checkAgreement },
    { checkCorrelator },
    { checkEndpoints },
    { checkLog, checkUnread },
    { checkMessages },
    { checkWitnesses },
  ] = await Promise.all([
    import('./published-log.ts'),
    import('../audit/endpoint-history.ts'),
    import('./check-agreement.ts'),
    import('./check-correlator.ts'),
    import('./check-endpoints.ts'),
    import('./check-log.ts'),
    import('./check-messages.ts'),
    import('./check-witnesses.ts'),
  ]);
  const history = new EndpointHistory();
  const ofLog = quick ? undefined : await checkLog(home, store, terminal, (leaf) => history.take(leaf));
  const unchecked: Unchecked[] = [];
  const leaves = await new PublishedLog(home, store).leavesOf(store, (each) => unchecked.push(each));
  const heldLeaves = (): number => (unchecked.length === 0 ? leaves.published.size : 0);
  // After the log: an entry of now may be newer than what was read there, and none older.
  const ofEndpoints = await checkEndpoints(store, leaves, history, policy);
  return [
    ...(await checkRoom(home, () => store.readReusableBytes())),
    ...(quick ? [] : await checkMessages(store, leaves, heldLeaves, terminal)),
    ofEndpoints,
    await checkAgreement(home, store, policy, quick),
    await checkCorrelator(store),
    ofLog ?? checkUnread(unchecked),
    ...(await checkWitnesses(home, store)),
  ].filter((finding) => finding !== undefined);
}

function report({ check, verdict, detail, problems }: Finding, terminal: Terminal): void {
  if (terminal.wantsJson) {
    terminal.json({ type: 'check', check, verdict, detail, ...(problems === undefined ? {} : { problems }) });
    return;
  }
  const { paint } = terminal;
  const mark = { good: paint.good('good'), warn: paint.warn('warn'), bad: paint.bad('bad ') }[verdict];
  terminal.print(`${mark}  ${paint.strong(check.padEnd(20))} ${detail}`);
  for (const problem of problems ?? []) terminal.print(`        ${problem}`);
}
