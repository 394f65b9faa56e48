import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { registerClientCommands } from '../../clients/cli/index.ts';
import { registerGatewayCommands } from '../../gateway/cli/index.ts';
import { ProgramCommand } from '../../terminal/command-help.ts';
import { createTerminal } from '../../terminal/terminal.ts';
import { jsonLines, repository, runCauseway } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

/** The program without its joints: every command but the demo. */
function buildProgram(): ProgramCommand {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const terminal = createTerminal({ ...streams, env: {}, json: false });
  const program = new ProgramCommand('causeway', terminal.paint)
    .option('--json', 'print JSON')
    .configureOutput({ writeErr: () => undefined })
    .exitOverride();
  registerGatewayCommands(program, terminal);
  registerClientCommands(program, terminal);
  return program;
}

/** The paths of all commands below one, without the groups that they stand in. */
function commandsOf(group: Command, before = ''): string[] {
  return group.commands.flatMap((command) => {
    const path = `${before}${command.name()}`;
    return command.commands.length === 0 ? [path] : commandsOf(command, `${path} `);
  });
}

const commands = commandsOf(buildProgram());

function commandAt(path: string): ProgramCommand {
  return path
    .split(' ')
    .reduce<ProgramCommand>(
      (command, name) => command.commands.find((child) => child.name() === name) as ProgramCommand,
      buildProgram(),
    );
}

describe('causeway --help', () => {
  it('shows the whole tree on one page, in five sections, without colours in a pipe', async () => {
    const { code, stdout, stderr } = await runCauseway(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const sections = [
      'Try it',
      'Operate a gateway',
      'Take part as an endpoint',
      'Data sets and policy',
      'Audit and witness',
    ];
    const places = sections.map((section) => stdout.indexOf(`\n${section}\n`));
    expect(places.every((place) => place > 0)).toBe(true);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    const listed = (command: string): RegExp => new RegExp(`^  ${command}\\b.*  \\S`, 'm');
    for (const command of ['demo', ...commands].filter((each) => !each.startsWith('audit witness')))
      expect(stdout).toMatch(listed(command));
    // The same commands as `witness`, which stand there.
    expect(stdout).not.toMatch(listed('audit witness'));
    expect(stdout).toContain('Examples');
    expect(stdout).not.toContain('\u001b');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('is what a bare causeway shows', async () => {
    const [bare, asked] = await Promise.all([runCauseway([]), runCauseway(['--help'])]);
    expect(bare).toEqual(asked);
  });

  it('explains a command', async () => {
    const { code, stdout, stderr } = await runCauseway(['demo', '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: causeway demo \[options\]/);
  });

  it('says that `causeway listen` ends on a full disk and has to be started again', () => {
    const words = commandAt('listen').helpInformation().replaceAll(/\s+/g, ' ');
    expect(words).toMatch(/disk is full it ends with 3 .* starts it again/);
  });

  it.each(commands)('explains `causeway %s`', (path) => {
    const help = commandAt(path).helpInformation();
    expect(help).toMatch(new RegExp(`^Usage: causeway ${path}\\b`));
    // Usage, then a description of at least one full sentence.
    expect(help.split('\n')[2]).toMatch(/^[A-Z].{20,}/);
    expect(help).toContain('--json');
  });

  it.each(commands)('marks the options that `causeway %s` cannot do without', (path) => {
    const found = commandAt(path);
    const help = found.createHelp();
    for (const option of found.options)
      expect([option.long, help.optionDescription(option).endsWith('required)')]).toEqual([
        option.long,
        option.mandatory,
      ]);
  });

  it('marks a required option behind its choices as well', () => {
    const help = commandAt('send').helpInformation().replace(/\s+/g, ' ');
    expect(help).toContain('--to <address...> agency/endpoint, or agency/@role (required)');
    expect(help).toContain('how grave (choices: "immediate", "urgent", "concern", "info"; required)');
    expect(help).toContain('plain text; - for stdin --file');
  });

  it.each([[[]], [['send']], [['audit', 'search']]])(
    'is given by the word help before %j as well',
    async (words) => {
      const { code, stdout } = await runInProcess(['help', ...words]);
      expect([code, stdout]).toEqual([0, (await runInProcess([...words, '--help'])).stdout]);
      expect(stdout).toContain('Usage');
    },
  );

  it('tells the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect((await runCauseway(['--version'])).stdout).toBe(`${version}\n`);
  });
});

describe('wrong usage', () => {
  it.each([
    [['sedn'], /Unknown command 'sedn'.*Did you mean send\?/],
    [['init'], /Did you mean causeway gateway init or causeway/],
    [['gateway', 'strat'], /Did you mean start\?.*causeway gateway --help/],
    [['listen', '--hmoe', 'x'], /Did you mean --home\?.*causeway listen --help/],
    [['agency', 'add', 'x'], /Required option '--name <name>' not specified.*causeway agency add --help/],
    [
      ['agency', 'add', 'x', '--name', 'Housing \x1b[31m'],
      /one line without control characters.*agency add --help/,
    ],
    [['pattern', 'replay', '--sinse', '1d'], /Unknown option '--sinse', and required option '--since/],
    [['pattern', 'check', 'nowhere'], /no folder nowhere\..*such as: causeway pattern check/],
    [['policy', 'show', 'nowhere'], /no folder nowhere\..*such as: causeway policy show/],
    [['pattern', 'replay', '--since', '7d', '--until', '30d'], /--since is not before that of --until/],
    [['dataset', 'show'], /Missing required argument 'name'.*causeway dataset show --help/],
    [['gateway', 'start', '--port', '70000'], /whole number from 0 to 65535/],
    [['enrol-token', 'no-endpoint'], /^.*'no-endpoint' is no agency\/endpoint\. It must have the form/],
    [['enrol-token', 'gateway/relay'], /the name gateway is reserved for the gateway itself/],
    [['enrol-token', 'a/b', '--ttl', 'soon'], /time span such as 45m, 24h or 7d/],
    [['enrol-token', 'a/b', '--ttl', '31d'], /must be at most 30 days/],
    [
      ['endpoint', 'revoke', 'a/b', '--reason', 'because'],
      /Allowed choices are unspecified, key-compromised/,
    ],
    [['listen'], /Name the home of the endpoint with --home DIR, or set \$CAUSEWAY_HOME/],
    [['directory', 'trust', '--home', 'x'], /Name one endpoint, or give --all/],
    [['log', 'resume', '--home', 'x'], /--keep or --adopt/],
    [['log', 'resume', '--home', 'x', '--keep', '--adopt'], /cannot be used with option '--adopt'/],
    [['log', 'witnesses', '--home', 'x', '--needed', '1'], /1 witnesses are needed, but only 0 are named/],
    [['enrol', '--gateway', 'https://localhost:1', '--home', 'x'], /either --token or --token-file/],
  ])('of %j says what is wrong and how to go on', async (args, words) => {
    const parsing = buildProgram().parseAsync(args, { from: 'user' });
    await expect(parsing).rejects.toMatchObject({ code: 'usage-invalid' });
    await expect(parsing).rejects.toThrow(words);
  });

  it('ends with exit code 2, one line on stderr and nothing on stdout', async () => {
    const { code, stdout, stderr } = await runCauseway(['sedn']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe("error  Unknown command 'sedn' (Did you mean send?). See: causeway --help\n");
  });

  it.each([
    [['nonsense', '--help'], /^.*Unknown command 'nonsense'\. See: causeway --help$/],
    [['-h', 'nonsense'], /Unknown command 'nonsense'/],
    [['init', '--help'], /Unknown command 'init'.*Did you mean causeway gateway init/],
    [['audit', 'nonsense', '--help'], /Unknown command 'nonsense'\. See: causeway audit --help/],
    [['audit', '--help', 'serch'], /Unknown command 'serch'.*Did you mean search\?/],
  ])('of %j names the command that does not exist in place of a help text', async (args, words) => {
    const parsing = buildProgram().parseAsync(args, { from: 'user' });
    await expect(parsing).rejects.toMatchObject({ code: 'usage-invalid' });
    await expect(parsing).rejects.toThrow(words);
  });

  it('of send asks for exactly one thing to send', async () => {
    const notice = ['send', '--home', 'x', '--to', 'a/b', '--category', 'concern', '--severity', 'info'];
    const words = ['--purpose', 'wellbeing', '--basis', 'public-task'];
    const refusal = (...content: string[]): Promise<unknown> =>
      buildProgram().parseAsync([...notice, ...words, ...content], { from: 'user' });
    await expect(refusal()).rejects.toThrow('Give one thing to send');
    await expect(refusal('--text', 'a', '--file', 'b')).rejects.toThrow('Give one thing to send');
    await expect(refusal('--dataset', 'concern-report')).rejects.toThrow('belong together');
  });

  it.each([[['listen', '--json']], [['nonsense', '--json', '--help']]])(
    'of %j is an object on stderr',
    async (args) => {
      const { code, stdout, stderr } = await runCauseway(args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(jsonLines(stderr)).toEqual([
        expect.objectContaining({ type: 'error', code: 'usage-invalid', retryable: false }),
      ]);
    },
  );

  it('of a group without a command shows its help on stderr', async () => {
    const { code, stdout, stderr } = await runCauseway(['gateway']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('gateway init DIR');
  });

  it.each([
    [['audit', '--json'], 'No command was given. See: causeway audit --help'],
    [['--json'], 'No command was given. See: causeway --help'],
  ])('of %j, a group without a command, is an object all the same', async (args, words) => {
    const { code, stdout, stderr } = await runCauseway(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(jsonLines(stderr)).toEqual([
      expect.objectContaining({ code: 'usage-invalid', text: expect.stringContaining(words) as string }),
    ]);
  });
});
