/** `causeway linkage key …`: the key that makes tokens comparable between agencies, in this endpoint's home. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { matching, parseJsonInput, readInput, usageError, wholeNumber } from '../../terminal/input.ts';
import { writeResult } from '../../terminal/output-file.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { slugSchema } from '../../protocol/ids.ts';
import type { LinkageKey } from '../sdk/linkage/keyed-tokens.ts';
import type { LinkageSettings } from '../sdk/linkage/linkage-file.ts';
import { homeFolder, homeOption, type HomeFlags } from './endpoint-home.ts';

type MakeFlags = HomeFlags & { readonly epoch: number; readonly out?: string; readonly purpose: string };
type ImportFlags = HomeFlags & { readonly purpose: string };
type RetireFlags = HomeFlags & { readonly epoch: number };

const maxKeyBytes = 4_096;
const epochNumber = wholeNumber(0, 1_000_000);
const purposeOption = [
  '--purpose <name>',
  'what the tokens are for',
  matching(slugSchema),
  'child-protection',
] as const;

export function registerLinkageKey(linkage: ProgramCommand, terminal: Terminal): void {
  const key = linkage
    .command('key')
    .description(
      'The linkage key of the sharing agreement: every agency holds the same one, the gateway never. One key an\n' +
        'epoch; with two in the home, tokens of both are sent until the older one is retired.',
    );
  key
    .command('make')
    .summary('make a key for a new epoch')
    .description(
      'Makes the linkage key of an epoch in the home of this endpoint. Agencies that link subjects must have the same\n' +
        'key; the gateway must never have it. During a rotation both epochs are used, so that old notices still meet.',
    )
    .requiredOption('--epoch <n>', 'number of the epoch', epochNumber)
    .option('--out <file>', 'write the key here too, for the other agencies, readable by you only')
    .option(...purposeOption)
    .option(...homeOption)
    .examples(['causeway linkage key make --epoch 1 --out epoch-1.key --home ./duty', ''])
    .action((flags: MakeFlags) => makeKey(flags, terminal));
  key
    .command('import <file>')
    .summary("take over another agency's key; - for stdin")
    .description(
      'Takes over the key that another agency has made for an epoch. Carry the file by a safe way, and compare the\n' +
        'fingerprints that `causeway linkage key list` shows.',
    )
    .option(...purposeOption)
    .option(...homeOption)
    .action((file: string, flags: ImportFlags) => importKey(file, flags, terminal));
  key
    .command('list')
    .summary('which epochs there are, and fingerprints to compare')
    .description(
      'Lists the epochs whose keys this endpoint has, with a fingerprint of each for comparing by telephone.',
    )
    .option(...homeOption)
    .action((flags: HomeFlags) => listKeys(flags, terminal));
  key
    .command('retire')
    .summary('take an old epoch out of use')
    .description(
      'Takes the key of an old epoch out of use. Do so when every agency has the new one and the longest window of the\n' +
        'patterns has passed: notices from before then no longer meet new ones.',
    )
    .requiredOption('--epoch <n>', 'number of the epoch', epochNumber)
    .option(...homeOption)
    .action((flags: RetireFlags) => retireKey(flags, terminal));
}

async function makeKey(flags: MakeFlags, terminal: Terminal): Promise<void> {
  const { changeLinkageAlone, createLinkageKey, readLinkageSettings } =
    await import('../sdk/linkage/linkage-file.ts');
  const home = homeFolder(flags, terminal);
  await changeLinkageAlone(home, async () => {
    refuseOldEpoch(flags.epoch, await readLinkageSettings(home));
    const key = createLinkageKey(flags.epoch);
    const save = await prepareKey(key, flags, terminal);
    // What the home does not take is not handed out either.
    if (flags.out !== undefined) {
      const secret = Buffer.from(key.secret).toString('base64url');
      const text = `${JSON.stringify({ epoch: key.epoch, secret })}\n`;
      await writeResult(flags.out, () => Promise.resolve(text));
    }
    await save();
  });
  if (flags.out !== undefined) {
    terminal.hint(
      `Hand ${flags.out} to the other agencies by a safe way, compare fingerprints, then destroy it.`,
    );
  }
}

/**
 * A new epoch has a higher number: one below would count as the one that is being left. A key that another agency has made
 * is taken over in any order.
 */
function refuseOldEpoch(epoch: number, settings: LinkageSettings | undefined): void {
  if (settings?.mode !== 'key') return;
  const newest = Math.max(...settings.keys.map((key) => key.epoch));
  if (epoch < newest)
    throw usageError(
      `This home has a key for epoch ${newest}, and a new epoch has a higher number: --epoch ${newest + 1}.`,
    );
}

async function importKey(file: string, flags: ImportFlags, terminal: Terminal): Promise<void> {
  const { changeLinkageAlone, linkageKeySchema } = await import('../sdk/linkage/linkage-file.ts');
  const value = parseJsonInput(file, await readInput(file, process.stdin, maxKeyBytes));
  const parsed = linkageKeySchema.safeParse(value);
  if (!parsed.success) {
    throw usageError(
      `${file === '-' ? 'stdin' : file} is not a linkage key: that is what \`causeway linkage key make --out\` writes, an epoch and a secret of 32 bytes.`,
    );
  }
  const { epoch, secret } = parsed.data;
  const key = { epoch, secret: Buffer.from(secret, 'base64url') };
  await changeLinkageAlone(homeFolder(flags, terminal), async () => {
    const save = await prepareKey(key, flags, terminal);
    await save();
  });
}

/** Within `changeLinkageAlone`. @returns what adds the key to the home and shows what it has then @throws CausewayError where the home cannot take it */
async function prepareKey(
  key: LinkageKey,
  flags: ImportFlags,
  terminal: Terminal,
): Promise<() => Promise<void>> {
  const { addLinkageKey, readLinkageSettings, writeLinkageSettings } =
    await import('../sdk/linkage/linkage-file.ts');
  const { openHome } = await import('../sdk/home.ts');
  const { dir } = await openHome(homeFolder(flags, terminal));
  const settings = addLinkageKey(await readLinkageSettings(dir), key, flags.purpose);
  return async () => {
    await writeLinkageSettings(dir, settings);
    await listKeys({ home: dir }, terminal);
  };
}

async function listKeys(flags: HomeFlags, terminal: Terminal): Promise<void> {
  const [{ openHome }, { readLinkageSettings }] = await Promise.all([
    import('../sdk/home.ts'),
    import('../sdk/linkage/linkage-file.ts'),
  ]);
  // A folder that is no home has no key either, and that would pass for an answer.
  const { dir } = await openHome(homeFolder(flags, terminal));
  const settings = await readLinkageSettings(dir);
  const rows = settings === undefined ? [] : await fingerprintsOf(settings);
  if (terminal.wantsJson) {
    for (const row of rows) terminal.json({ type: 'linkage-key', ...row });
    return;
  }
  terminal.table(rows.map(({ epoch, fingerprint }) => [`epoch ${epoch}`, fingerprint]));
  if (settings?.mode === 'oblivious') {
    const [one, other] = settings.holders;
    terminal.hint(`Two holders make the tokens of this home: ${one.url} and ${other.url}`);
  } else if (rows.length === 0) {
    terminal.hint(
      'There is no linkage key. Where the partners have one: causeway linkage key import FILE. For the first of them: causeway linkage key make --epoch 1',
    );
  }
}

async function fingerprintsOf(
  settings: LinkageSettings,
): Promise<{ readonly epoch: number; readonly fingerprint: string }[]> {
  const { fingerprintOfHolders, fingerprintOfKey } = await import('../sdk/linkage/linkage-file.ts');
  const { purpose } = settings;
  if (settings.mode === 'oblivious') {
    return settings.epochs.map((epoch) => ({
      epoch,
      fingerprint: fingerprintOfHolders(settings.holders, epoch, purpose),
    }));
  }
  return settings.keys.map(({ epoch, secret }) => ({
    epoch,
    fingerprint: fingerprintOfKey({ epoch, secret: Buffer.from(secret, 'base64url') }, purpose),
  }));
}

async function retireKey(flags: RetireFlags, terminal: Terminal): Promise<void> {
  const { changeLinkageAlone, readLinkageSettings, writeLinkageSettings } =
    await import('../sdk/linkage/linkage-file.ts');
  const dir = homeFolder(flags, terminal);
  await changeLinkageAlone(dir, async () => {
    const settings = await readLinkageSettings(dir);
    const keys = settings?.mode === 'key' ? settings.keys.filter(({ epoch }) => epoch !== flags.epoch) : [];
    if (settings?.mode !== 'key' || keys.length === settings.keys.length) {
      throw usageError(`This home has no key for epoch ${flags.epoch}.`);
    }
    if (keys.length === 0) {
      throw usageError(
        `Epoch ${flags.epoch} is the only one of this home: make or import the next one first.`,
      );
    }
    await writeLinkageSettings(dir, { ...settings, keys });
  });
  await listKeys({ home: dir }, terminal);
}
