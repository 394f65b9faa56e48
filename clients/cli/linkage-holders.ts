/** `causeway linkage holders`: have tokens made by two holders in place of a key of one's own. */
import { isCausewayError } from '../../protocol/errors.ts';
import { AdvisedError } from '../../terminal/advised-error.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { parseJsonInput, readInput, usageError } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { HolderSettings } from '../sdk/linkage/linkage-file.ts';
import { homeFolder, homeOption, type HomeFlags } from './endpoint-home.ts';

const maxBytes = 64 * 1024;

export function registerLinkageHolders(linkage: ProgramCommand, terminal: Terminal): void {
  linkage
    .command('holders <file>')
    .summary('have tokens made by two holders; docs/linkage.md shows the file')
    .description(
      'Takes over a file that names both holders, the token of this endpoint at each, and their public keys. It\n' +
        'takes the place of the linkage keys in this home. Then it asks both for one token of nobody; where they do not\n' +
        'give it, the file is taken over all the same, and the error says which holder and why.',
    )
    .option('--replace', 'give up the linkage keys that this home has')
    .option(...homeOption)
    .action(async (file: string, flags: HomeFlags & { readonly replace?: boolean }) => {
      const [linkageFile, { describeIssues }] = await Promise.all([
        import('../sdk/linkage/linkage-file.ts'),
        import('../../protocol/wire/describe-issues.ts'),
      ]);
      const { changeLinkageAlone, holdersSchema, readLinkageSettings, writeLinkageSettings } = linkageFile;
      const value = parseJsonInput(file, await readInput(file, process.stdin, maxBytes));
      const parsed = holdersSchema.safeParse(value);
      if (!parsed.success) {
        throw usageError(
          `${file} does not describe two holders; docs/linkage.md shows such a file. ${describeIssues(parsed.error).detail}`,
        );
      }
      const home = homeFolder(flags, terminal);
      await changeLinkageAlone(home, async () => {
        if (flags.replace !== true && (await readLinkageSettings(home))?.mode === 'key') {
          throw usageError(
            'This home has linkage keys, which would be lost. Add --replace where they are of no more use.',
          );
        }
        await writeLinkageSettings(home, parsed.data);
      });
      for (const { url } of parsed.data.holders) terminal.print(url);
      await terminal.during('Asking both holders', () => tryHolders(parsed.data));
    });
}

/**
 * So that a wrong token or public key shows now, and not with the first notice about a child.
 * @throws AdvisedError `linkage-holder-unavailable`
 */
async function tryHolders({ epochs, purpose, holders }: HolderSettings): Promise<void> {
  const { ObliviousTokens } = await import('../sdk/linkage/oblivious-tokens.ts');
  try {
    for (const epoch of epochs) {
      await new ObliviousTokens({ epoch, purpose, holders }).tokensOf([{ recipe: 'trial', text: '' }]);
    }
  } catch (error) {
    if (!isCausewayError(error, 'linkage-holder-unavailable')) throw error;
    throw new AdvisedError(error.code, {
      detail: error.detail ?? 'They were not heard from.',
      advice:
        'The file was taken over. Until both holders answer, no notice with --subjects can be sent: start the holder, or ' +
        'correct its address, token or public key in the file and run the command again.',
      fields: { takenOver: true },
      cause: error,
    });
  }
}
