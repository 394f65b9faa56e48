/** `causeway enrol`: makes an endpoint's keys and registers their public parts. */
import { shellWord } from '../../files/shell-word.ts';
import { isCausewayError } from '../../protocol/errors.ts';
import { AdvisedError } from '../../terminal/advised-error.ts';
import { sections, type ProgramCommand } from '../../terminal/command-help.ts';
import { readInput, usageError, wholeNumber } from '../../terminal/input.ts';
import { untilInterrupted } from '../../terminal/interruption.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { decodeInput } from '../../terminal/utf8-text.ts';
import { homeFolder, homeOption, type HomeFlags } from './endpoint-home.ts';
import { spaceFingerprint } from './fingerprint.ts';
import { maxWitnesses, readWitnesses } from './log-witnesses.ts';

type Flags = HomeFlags & {
  readonly gateway: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly witness?: readonly string[];
  readonly witnessesNeeded?: number;
};

const maxTokenBytes = 4_096;

export function registerEnrol(program: ProgramCommand, terminal: Terminal): void {
  program
    .command('enrol')
    .helpGroup(sections.takePart)
    .summary('enrol this computer as an endpoint, with a token')
    .description(
      'Makes three keys here (TLS, OpenPGP, signatures) and registers their public parts at the gateway. The\n' +
        'private parts never leave the home folder; its files are for their owner only. The token names the\n' +
        "gateway's CA, so nothing is sent to anybody else. An existing home is never overwritten.\n" +
        'Where the answer is lost, the keys are kept beside the home: the same command takes them up.',
    )
    .requiredOption('--gateway <url>', 'address of the gateway, such as https://gateway.example.org:8443')
    .option('--token <token>', 'the token that the operator issued; this, or --token-file')
    .option('--token-file <file>', 'the file that holds the token, or - for stdin')
    .option('--witness <file...>', "verifier keys of the log's witnesses, from their owners")
    .option(
      '--witnesses-needed <n>',
      'how many of them must have cosigned the log (default: 1 where there are any)',
      wholeNumber(0, maxWitnesses),
    )
    .option(...homeOption)
    .examples(
      ['causeway enrol --gateway https://localhost:8443 --token-file token.txt --home ./duty', ''],
      [
        'causeway enrol-token … | causeway enrol --gateway … --token-file - --home ./duty',
        'a token in no shell history',
      ],
    )
    .action((flags: Flags) => enrolEndpoint(flags, terminal));
}

async function enrolEndpoint(flags: Flags, terminal: Terminal): Promise<void> {
  const home = homeFolder(flags, terminal);
  const { names: _, ...trusted } = await readWitnesses(flags.witness ?? [], flags.witnessesNeeded);
  const token = await readToken(flags);
  const { enrol } = await import('../sdk/enrol.ts');
  const { entry } = await untilInterrupted((signal) =>
    terminal.during('Making keys and enrolling', () =>
      enrol({ gatewayUrl: flags.gateway, token, home, ...trusted, signal }).catch(adviseOnKeptKeys),
    ),
  );
  const { endpoint, roles, openpgpFingerprint } = entry;
  if (terminal.wantsJson) {
    terminal.json({ type: 'enrolled', endpoint, roles, home, openpgpFingerprint });
    return;
  }
  const { paint } = terminal;
  terminal.print(`${paint.good('enrolled')}  ${paint.strong(endpoint)}  ${roles.join(', ')}`);
  terminal.table([
    ['  home', home],
    ['  OpenPGP', spaceFingerprint(openpgpFingerprint)],
  ]);
  terminal.hint('Others compare this fingerprint before they trust the key.');
  terminal.hint(`Next: ${terminal.command} directory list --home ${shellWord(home)}`);
}

/** What was left by an earlier enrolment, and cannot be used, comes from no backup. */
function adviseOnKeptKeys(cause: unknown): never {
  if (!isCausewayError(cause) || cause.code !== 'home-invalid' || cause.detail === undefined) throw cause;
  const advice = 'Do what it says, then run the same command again.';
  throw new AdvisedError('home-invalid', { detail: cause.detail, advice, cause });
}

async function readToken({ token, tokenFile }: Flags): Promise<string> {
  if (token !== undefined && tokenFile === undefined) return token;
  if (token !== undefined || tokenFile === undefined)
    throw usageError('Give either --token or --token-file.');
  return decodeInput(tokenFile, await readInput(tokenFile, process.stdin, maxTokenBytes)).trim();
}
