/** The commands of `causeway`: joints only. What they do lives in `gateway/cli` and `clients/cli`. */
import { CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import { registerClientCommands } from '../clients/cli/index.ts';
import { registerGatewayCommands } from '../gateway/cli/index.ts';
import { ProgramCommand, sections } from '../terminal/command-help.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import { portNumber } from '../terminal/input.ts';
import { untilInterrupted } from '../terminal/interruption.ts';
import { createTerminal, type Terminal, type TerminalOptions } from '../terminal/terminal.ts';

type DemoFlags = {
  readonly once?: true;
  readonly json?: true;
  readonly keep?: string;
  readonly port?: number;
};

function buildProgram(terminal: Terminal): ProgramCommand {
  const program = new ProgramCommand('causeway', terminal.paint)
    .description(
      'Causeway carries child-protection notices between agencies: none is lost, none can be read by the\n' +
        'carrier, and all can be accounted for.',
    )
    .version(readVersion(), '-V, --version', 'show the version')
    .option('--json', 'print JSON: one object a line, errors as an object on stderr')
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
    })
    .exitOverride()
    .examples(
      ['causeway demo', 'a gateway and nine endpoints of eight agencies on this computer'],
      ['causeway gateway init ./gateway-home', 'make a gateway of your own; it says what to do next'],
      ['causeway send --help', 'every command explains itself'],
    );
  registerDemo(program, terminal);
  registerGatewayCommands(program, terminal);
  registerClientCommands(program, terminal);
  return program;
}

function registerDemo(program: ProgramCommand, terminal: Terminal): void {
  program
    .command('demo')
    .helpGroup(sections.tryIt)
    .summary('see it work: a gateway and synthetic agencies on this computer')
    .description(
      'Starts a gateway and the synthetic endpoints of the Lanarkshire partners on this computer, lets them\n' +
        'exchange notices over mutual TLS, cuts one of them off and shows its queued notice arriving later.\n' +
        'Every person in it is invented. It listens on this computer only and removes its files at the end.',
    )
    .option(
      '--once',
      'end after the story; exit code 0 only if nothing was lost or doubled and the alert came',
    )
    .option('--keep <dir>', 'leave the homes of the gateway and the agencies in this folder')
    .option('--port <n>', 'port to listen on; 0 lets the system choose', portNumber)
    .examples(
      ['causeway demo', ''],
      ['causeway demo --once --json | tail -1', 'the summary, for a script'],
      ['causeway demo --once --keep ./demo-home', 'then look round with `causeway status --home …`'],
    )
    .action(async (flags: DemoFlags) => {
      const { runDemo } = await import('./demo.ts');
      const { once = false, keep, port } = flags;
      process.exitCode = await untilInterrupted(
        (signal) => runDemo({ once, keep, port }, terminal, signal),
        terminal.stdout,
      );
    });
}

function readVersion(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/**
 * Runs one command to its end.
 * @param args the words after `causeway`
 * @returns the exit code, where it ended with a help text or an error; otherwise `process.exitCode` stands, in which
 *   a command that has done its work says what it found
 */
export async function runProgram(
  args: readonly string[],
  streams: Omit<TerminalOptions, 'json'>,
): Promise<number | undefined> {
  const terminal = createTerminal({ ...streams, json: args.includes('--json') });
  const program = buildProgram(terminal);
  try {
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(helpAsFlag(args), { from: 'user' });
    return undefined;
  } catch (error) {
    // Commander leaves in this way when it has shown a help text: asked for, or because a word was missing.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.invalid;
    return terminal.fail(error);
  }
}

/** `causeway help send` as `causeway send --help`. */
function helpAsFlag(args: readonly string[]): readonly string[] {
  return args[0] === 'help' ? [...args.slice(1), '--help'] : args;
}
