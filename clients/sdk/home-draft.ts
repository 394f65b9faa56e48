/**
 * Homes in the making. The private keys are on disk before the gateway hears of the public ones, in a folder beside the home
 * to be, `.HOME.AGENCY.ENDPOINT.enrolment-keys`. That becomes the home once the gateway's answer is in it, and goes where the
 * gateway has refused, or where nothing was sent to it. Where the answer was lost it stays, for the keys may be registered:
 * the next enrolment of the endpoint into the same home takes them up.
 */
import { createHash } from 'node:crypto';
import { access, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CausewayError, isCausewayError, type ErrorCode } from '../../protocol/errors.ts';
import { replaceFile, writeNewFile } from '../../files/durable-file.ts';
import { fileReason, fileTrouble } from '../../files/file-trouble.ts';
import { checkPlace, makePrivateFolder, putInPlace, readPrivateFile } from '../../files/private-folder.ts';
import { shellWord } from '../../files/shell-word.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import { certificateFault } from '../../files/certificate-fault.ts';
import { enrolAlone } from './enrolment-lock.ts';
import {
  describeIdentity,
  homeFiles,
  refuseExistingHome,
  type Home,
  type HomeIdentity,
  type HomeKeys,
} from './home.ts';
import { readEndpointKeys } from './keys.ts';

/** What a home is to be made of. */
type HomePlan = {
  readonly dir: string;
  readonly endpoint: EndpointAddress;
  readonly makeKeys: () => Promise<HomeKeys>;
};

type Draft = { readonly path: string; readonly keys: HomeKeys };

/** As much as the rest of a home takes, whatever the block of the disk. */
const reservedBytes = 65_536;
const room = 'room';
/**
 * A digest of each key as it was made, a line each. Of a key that was put in its place the gateway would say that the token
 * was used: with other keys it was.
 */
const made = 'made';
/** There once an enrolment has taken the keys up: what the gateway says of its token then tells nothing about them. */
const takenUp = 'taken-up';

/** After these answers the gateway has registered nothing, unless an earlier request with the same keys did. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  ...(['token-invalid', 'token-expired', 'token-used'] as const),
  ...(['request-malformed', 'request-signature-invalid', 'key-unsuitable'] as const),
]);

/**
 * Makes a home; a crash leaves no half identity. The keys are on disk, with room for the rest, before `register` is
 * called: what it registers cannot be taken back, and is worth nothing without them.
 * @throws CausewayError `home-exists`, `home-in-use` while another enrolment makes it, `file-unavailable`,
 *   `home-invalid` where keys that are to be taken up cannot be used, or what `register` throws, with where the keys are kept
 */
export async function createHome<T extends Omit<HomeIdentity, keyof HomeKeys>>(
  plan: HomePlan,
  register: (keys: HomeKeys) => Promise<T>,
): Promise<Home & T> {
  const target = resolve(plan.dir);
  const unmade = `No home can be made in ${plan.dir}`;
  try {
    return await enrolAlone(target, async () => {
      await refuseExistingHome(target);
      await checkPlace(target);
      const draft = await openDraft(target, plan);
      try {
        const identity = { ...(await register(draft.keys)), ...draft.keys };
        await complete(draft.path, identity);
        await putInPlace(draft.path, target);
        return { dir: target, ...identity };
      } catch (error) {
        throw await giveUp(draft, fileTrouble(error, unmade) ?? error);
      }
    });
  } catch (error) {
    throw fileTrouble(error, unmade) ?? error;
  }
}

async function openDraft(target: string, { endpoint, makeKeys }: HomePlan): Promise<Draft> {
  const path = join(dirname(target), `.${basename(target)}.${endpoint.replace('/', '.')}.enrolment-keys`);
  if (await isThere(path)) {
    const keys = await takeUp(path, endpoint);
    await writeFile(join(path, takenUp), '', { mode: 0o600 });
    return { path, keys };
  }
  const { filled: keys } = await makePrivateFolder(path, async (draft) => {
    const fresh = await makeKeys();
    await writeNewFile(join(draft, room), Buffer.alloc(reservedBytes));
    for (const [name, key] of filesOf(fresh)) await writeNewFile(join(draft, name), key);
    await writeNewFile(join(draft, made), describeKeys(fresh));
    return fresh;
  });
  return { path, keys };
}

async function takeUp(path: string, endpoint: EndpointAddress): Promise<HomeKeys> {
  try {
    const keys = await readKeys(path);
    await readEndpointKeys(endpoint, keys);
    await refuseOtherKeys(path, keys);
    return keys;
  } catch (cause) {
    const found = isCausewayError(cause) ? cause.detail : undefined;
    throw new CausewayError('home-invalid', {
      detail:
        `The keys that an earlier enrolment has left in ${path} cannot be used. ${found ?? 'One of them is damaged.'} ` +
        'Where that cannot be mended, remove them and enrol again, with a new token if this one was used. ' +
        `The command that removes them: rm -r ${shellWord(path)}`,
      cause,
    });
  }
}

async function readKeys(path: string): Promise<HomeKeys> {
  const read = (name: string): Promise<string> => readPrivateFile(join(path, name), undefined);
  // A crash may have come after the certificate was written beside the key.
  const [tlsKeyPem = ''] = (await read(homeFiles.tls)).split('-----BEGIN CERTIFICATE-----');
  const openpgpPrivateKey = await read(homeFiles.openpgp);
  return { tlsKeyPem, openpgpPrivateKey, signingKeyPem: await read(homeFiles.signing) };
}

function filesOf(keys: HomeKeys): readonly (readonly [name: string, key: string])[] {
  return [
    [homeFiles.tls, keys.tlsKeyPem],
    [homeFiles.openpgp, keys.openpgpPrivateKey],
    [homeFiles.signing, keys.signingKeyPem],
  ];
}

function describeKeys(keys: HomeKeys): string {
  return filesOf(keys)
    .map(([name, key]) => `${name} ${createHash('sha256').update(key).digest('hex')}\n`)
    .join('');
}

/** @throws CausewayError `home-invalid` where a key is not the one that was made, or that cannot be told */
async function refuseOtherKeys(path: string, keys: HomeKeys): Promise<void> {
  const noted = (await readMade(path)).split('\n');
  const found = describeKeys(keys).split('\n');
  const strange = noted.find((line) => line !== '' && !found.includes(line))?.split(' ')[0];
  if (strange === undefined) return;
  throw new CausewayError('home-invalid', {
    detail: `${strange} there is not the key that it has made. Put that one back.`,
  });
}

/** Nothing of a draft from before it was noted what was made: all keys are taken then. */
async function readMade(path: string): Promise<string> {
  const file = join(path, made);
  return readFile(file, 'utf8').catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
    const detail = `${file}, which says which keys it has made, cannot be read${fileReason(cause)}.`;
    throw new CausewayError('home-invalid', { detail, cause });
  });
}

async function complete(path: string, identity: HomeIdentity): Promise<void> {
  for (const name of [room, made, takenUp]) await rm(join(path, name), { force: true });
  await replaceFile(join(path, homeFiles.identity), describeIdentity(identity));
  await replaceFile(join(path, homeFiles.tls), identity.tlsKeyPem + identity.tlsCertificatePem);
  await replaceFile(join(path, homeFiles.authority), identity.authorityPem);
}

/** @returns the error to throw */
async function giveUp({ path }: Draft, error: unknown): Promise<unknown> {
  if (!isCausewayError(error)) return error;
  const isTakenUp = await isThere(join(path, takenUp));
  const isUnsent = isBeforeSending(error) && !isTakenUp;
  if (isUnsent || (refusals.has(error.code) && !(isTakenUp && error.code.startsWith('token-')))) {
    await rm(path, { recursive: true, force: true });
    return error;
  }
  const kept = `The keys may be registered all the same, and are kept in ${path}: enrol again into the same home to take them up.`;
  return new CausewayError(error.code, {
    detail: error.detail === undefined ? kept : `${error.detail} ${kept}`,
    cause: error,
  });
}

/** A certificate that does not verify breaks the connection off before anything of the request has gone. */
function isBeforeSending({ code, cause }: CausewayError): boolean {
  return code === 'gateway-untrusted' && cause instanceof Error && certificateFault(cause) !== undefined;
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
