/** What a person is told of a folder in which a file of a home cannot be read: what was found there, and what to do. */

export type HomeKind = 'gateway' | 'endpoint' | 'witness';

const homes: Readonly<Record<HomeKind, { readonly mark: string; readonly words: string; make: string }>> = {
  gateway: {
    mark: 'gateway.yaml',
    words: 'a gateway',
    make: '`causeway gateway init` makes one; one that is there is named in the command or in $CAUSEWAY_GATEWAY',
  },
  endpoint: {
    mark: 'identity.json',
    words: 'an endpoint',
    make: '`causeway enrol` makes one; one that is there is named with --home or $CAUSEWAY_HOME',
  },
  witness: {
    mark: 'witness.json',
    words: 'a witness',
    make: '`causeway witness init` makes one',
  },
};
const maxNames = 5;

/**
 * @param folder the home
 * @param file the name of the file within it that cannot be read
 * @param found the names that the folder holds; undefined where it is no folder that can be read
 */
export function unreadableHome(
  kind: HomeKind,
  folder: string,
  file: string,
  found: readonly string[] | undefined,
): string {
  const { mark, words, make } = homes[kind];
  if (found === undefined) return `There is no folder ${folder} that can be read, so no ${file}: ${make}.`;
  if (found.length === 0) return `${folder} is empty, without ${file}: ${make}.`;
  if (found.includes(mark)) {
    return found.includes(file)
      ? `${folder}/${file} cannot be read: its owner may have to run this.`
      : `${folder}/${file} is missing, and the rest is there: restore it from a backup.`;
  }
  const other = Object.values(homes).find((each) => found.includes(each.mark));
  if (other !== undefined)
    return `${folder} is the home of ${other.words}, not of ${words}: it holds ${other.mark} and no ${mark}.`;
  const names = found.slice(0, maxNames).join(', ');
  const rest = found.length > maxNames ? ` and ${found.length - maxNames} more` : '';
  return `${folder} is no home of ${words}: it holds ${names}${rest}, and no ${mark}. Where it was one, restore it from a backup; otherwise ${make}.`;
}
