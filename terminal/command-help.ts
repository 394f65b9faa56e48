/** Help that is a pleasure to read: the whole tree on one page, examples, colours only on a terminal. */
import { Command, Help, type HelpContext, type Option } from 'commander';
import { CausewayError } from '../protocol/errors.ts';
import type { Paint } from './paint.ts';

/** The sections of `causeway --help`, in their order. */
export const sections = {
  tryIt: 'Try it',
  operate: 'Operate a gateway',
  takePart: 'Take part as an endpoint',
  agreement: 'Data sets and policy',
  account: 'Audit and witness',
} as const;

const helpFlags: readonly string[] = ['-h', '--help'];

/** A command whose help shows every command below it, with arguments. */
export class ProgramCommand extends Command {
  readonly #paint: Paint;
  #examples: readonly Example[] = [];
  #strange: string | undefined;
  #isRepeated = false;

  constructor(name: string, paint: Paint) {
    super(name);
    this.#paint = paint;
    this.helpOption(helpFlags.join(', '), 'show this help').helpCommand(false);
  }

  override createCommand(name = ''): ProgramCommand {
    return new ProgramCommand(name, this.#paint);
  }

  override createHelp(): Help {
    return Object.assign(new ProgramHelp(this.#paint), this.configureHelp());
  }

  /** Remembers an option that the command does not have, for {@link error}. */
  override parseOptions(argv: string[]): ReturnType<Command['parseOptions']> {
    const parsed = super.parseOptions(argv);
    this.#strange = parsed.unknown.find((word) => word.startsWith('-'))?.replace(/=.*/s, '');
    return parsed;
  }

  /** Wrong usage becomes an error like any other: what is wrong, what was probably meant, where the help is. */
  override error(message: string): never {
    const isMisspelt = this.#strange !== undefined && message.startsWith('error: required option');
    // A required option that is misspelt is missing as well; what was written tells more.
    const told = isMisspelt ? `unknown option '${this.#strange}', and ${message.slice(7)}` : message;
    const words = told
      .replace(/^error: /, '')
      .replace(/^command-argument value ('.*?') is invalid for argument '(.*?)'\./, '$1 is no $2.')
      .replaceAll('\n', ' ')
      .trim();
    const sentence = words.charAt(0).toUpperCase() + words.slice(1);
    const ending = /[.?!]$/.test(sentence) ? '' : '.';
    const help = ['causeway', pathOf(this, true), '--help'].filter((part) => part !== '').join(' ');
    throw new CausewayError('usage-invalid', {
      detail: `${sentence}${ending}${this.#meant(words)} See: ${help}`,
    });
  }

  /** A group without a command shows its help; what a program reads is an error like any other. */
  override help(context?: HelpContext | ((text: string) => string)): never {
    const isUnasked = typeof context === 'object' && context.error;
    if (isUnasked && this.optsWithGlobals<{ readonly json?: true }>().json === true)
      this.error('error: no command was given');
    super.help(context as HelpContext);
  }

  /** Help about a command that does not exist is the error of that command: the help of its group would pass for it. */
  override outputHelp(context?: HelpContext | ((text: string) => string)): void {
    const asked = this.args.filter((word) => !helpFlags.includes(word));
    // Without the flag, Commander finds out by itself what is wrong and what was probably meant.
    if (this.#isStranger(asked[0])) this.parse(asked, { from: 'user' });
    super.outputHelp(context as HelpContext);
  }

  #isStranger(word = '-'): boolean {
    const isGroup = this.commands.length > 0;
    return isGroup && !word.startsWith('-') && !this.commands.some((command) => command.name() === word);
  }

  /** `causeway init` is one level short: says where the command lives. */
  #meant(words: string): string {
    const name = /^unknown command '(.+?)'$/.exec(words)?.[1];
    if (name === undefined) return '';
    const found = commandPaths(rootOf(this)).filter((path) => path.split(' ').at(-1) === name);
    return found.length === 0 ? '' : ` Did you mean ${found.map((path) => `causeway ${path}`).join(' or ')}?`;
  }

  /** Examples for the end of the help. */
  examples(...examples: readonly Example[]): this {
    this.#examples = examples;
    return this;
  }

  /** Says that this is the same as another command: the page of all commands shows that one. */
  repeated(): this {
    this.#isRepeated = true;
    return this;
  }

  get isRepeated(): boolean {
    return this.#isRepeated;
  }

  /** The examples as text, without a heading. */
  describeExamples(): string {
    return this.#examples
      .map(
        ([command, meaning]) => `  ${command}${meaning === '' ? '' : `\n      ${this.#paint.dim(meaning)}`}`,
      )
      .join('\n');
  }
}

/** A command line, and what it does; several lines are aligned by whoever writes them. */
export type Example = readonly [command: string, meaning: string];

class ProgramHelp extends Help {
  readonly #paint: Paint;
  #isPage = false;

  constructor(paint: Paint) {
    super();
    this.#paint = paint;
    this.showGlobalOptions = true;
  }

  // Only the page shows the commands below the commands; suggestions after a typo need the names themselves.
  override prepareContext(context: Parameters<Help['prepareContext']>[0]): void {
    super.prepareContext(context);
    this.#isPage = true;
  }

  // The list of commands comes first on the page; options follow it.
  override visibleOptions(command: Command): Option[] {
    return this.#isPage && command.parent === null ? [] : super.visibleOptions(command);
  }

  override visibleCommands(command: Command): Command[] {
    const direct = super.visibleCommands(command);
    return this.#isPage && command.parent === null
      ? direct.flatMap(leavesOf).filter((leaf) => !isRepeated(leaf))
      : direct;
  }

  override subcommandTerm(command: Command): string {
    return [pathOf(command, this.#isPage), ...argumentTerms(command)].join(' ');
  }

  override commandUsage(command: Command): string {
    const rest = command.commands.length > 0 ? ['COMMAND'] : [];
    const options = command.options.length > 0 ? ['[options]'] : [];
    const words = ['causeway', pathOf(command, true), ...rest, ...argumentTerms(command), ...options];
    return words.filter((word) => word !== '').join(' ');
  }

  override argumentTerm(argument: Parameters<Help['argumentTerm']>[0]): string {
    return argument.name().toUpperCase();
  }

  override visibleGlobalOptions(command: Command): Option[] {
    return super.visibleGlobalOptions(command).filter(({ long }) => long !== '--version');
  }

  override optionDescription(option: Option): string {
    const words = super.optionDescription(option);
    if (!option.mandatory) return words;
    // What Commander adds itself, such as the choices, it puts in brackets.
    return words.endsWith(')') ? `${words.slice(0, -1)}; required)` : `${words} (required)`;
  }

  override groupItems<T extends Command | Option>(
    unsorted: T[],
    visible: T[],
    getGroup: (item: T) => string,
  ): Map<string, T[]> {
    const groups = super.groupItems(unsorted, visible, (item) => getGroup(item).replace(/:$/, ''));
    const order: readonly string[] = Object.values(sections);
    return new Map([...groups].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)));
  }

  override formatItemList(heading: string, items: string[], helper: Help): string[] {
    const title = heading === 'Global Options:' ? 'Everywhere' : heading.replace(/:$/, '');
    return super.formatItemList(title, items, helper);
  }

  override formatHelp(command: Command, helper: Help): string {
    const parts = [super.formatHelp(command, helper).trimEnd()];
    if (command.parent === null) parts.push(this.#describeOptions(command, helper));
    const examples = command instanceof ProgramCommand ? command.describeExamples() : '';
    if (examples !== '') parts.push(`${this.styleTitle('Examples')}\n${examples}`);
    return `${parts.join('\n\n')}\n`;
  }

  #describeOptions(command: Command, helper: Help): string {
    const width = this.padWidth(command, helper);
    const items = super
      .visibleOptions(command)
      .map((option) =>
        this.formatItem(
          this.styleOptionTerm(this.optionTerm(option)),
          width,
          this.optionDescription(option),
          helper,
        ),
      );
    return this.formatItemList('Options', items, helper).join('\n').trimEnd();
  }

  override commandDescription(command: Command): string {
    return super.commandDescription(command).replaceAll('\n', ' ');
  }

  override styleTitle(title: string): string {
    return this.#paint.strong(title);
  }

  override styleSubcommandTerm(term: string): string {
    return this.#paint.accent(term);
  }

  override styleOptionTerm(term: string): string {
    return this.#paint.accent(term);
  }

  override styleArgumentTerm(term: string): string {
    return this.#paint.accent(term);
  }
}

function argumentTerms(command: Command): string[] {
  return command.registeredArguments.map((argument) => {
    const shown = argument.name().toUpperCase();
    return argument.required ? shown : `[${shown}]`;
  });
}

function leavesOf(command: Command): Command[] {
  if (command.commands.length === 0) return [command];
  const leaves = command.commands.flatMap(leavesOf);
  for (const leaf of leaves) if (leaf.helpGroup() === '') leaf.helpGroup(command.helpGroup());
  return leaves;
}

function isRepeated(command: Command): boolean {
  if (command instanceof ProgramCommand && command.isRepeated) return true;
  return command.parent !== null && isRepeated(command.parent);
}

/** `gateway init`: the words that call a command, after the program's own. */
function pathOf(command: Command, whole: boolean): string {
  const { parent } = command;
  if (parent === null) return '';
  const before = whole ? pathOf(parent, true) : '';
  return before === '' ? command.name() : `${before} ${command.name()}`;
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}

/** Every command line that the program knows: `gateway init`, `send`, … */
function commandPaths(program: Command): string[] {
  return program.commands.flatMap(leavesOf).map((command) => pathOf(command, true));
}
