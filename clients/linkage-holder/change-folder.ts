/**
 * What an operator changes in a holder's folder: who may ask, and the epochs of its key. Each change is on record before
 * it is made; a holder that runs has the folder, so it is stopped first and takes the change up when it starts again.
 *
 * Every epoch's key follows from the seed: an epoch that was retired and is opened again has the same key.
 */
import { randomBytes } from 'node:crypto';
import { CausewayError } from '../../protocol/errors.ts';
import { AuditFile, type FolderChange } from './audit-file.ts';
import { takeHolderFolder } from './folder-lock.ts';
import {
  digestOfToken,
  publicKeysOf,
  writeHolderFolder,
  type ClientInvitation,
  type HolderFolder,
} from './holder-folder.ts';

/** Who makes the change, as the operating system names them, and when, ms since 1970. */
export type Author = { readonly by: string; readonly now: number };

/**
 * Lets one more client ask. The token is in the answer only.
 * @throws CausewayError `request-malformed` where the client is known or has no fit name, `holder-in-use`, `home-invalid`
 */
export async function addHolderClient(dir: string, name: string, author: Author): Promise<ClientInvitation> {
  const token = randomBytes(32).toString('base64url');
  const folder = await change(dir, { change: 'client-added', client: name }, author, (before) => {
    if (before.clients.some((client) => client.name === name))
      throw malformed(`${name} is a client already.`);
    return { ...before, clients: [...before.clients, { name, tokenDigest: digestOfToken(token) }] };
  });
  return { name, token, publicKeys: publicKeysOf(folder) };
}

/**
 * Lets a client ask no more.
 * @throws CausewayError `request-malformed` where there is no such client or no other, `holder-in-use`, `home-invalid`
 */
export async function removeHolderClient(dir: string, name: string, author: Author): Promise<HolderFolder> {
  return change(dir, { change: 'client-removed', client: name }, author, (before) => {
    const clients = before.clients.filter((client) => client.name !== name);
    if (clients.length === before.clients.length) throw malformed(`There is no client ${name}.`);
    if (clients.length === 0)
      throw malformed(`${name} is the only client. Add another first, or stop the holder.`);
    return { ...before, clients };
  });
}

/**
 * Opens an epoch beside the one in use, for a rotation.
 * @throws CausewayError `request-malformed` where it is open, or not newer, or two are; `holder-in-use`, `home-invalid`
 */
export async function openHolderEpoch(dir: string, epoch: number, author: Author): Promise<HolderFolder> {
  return change(dir, { change: 'epoch-opened', epoch }, author, (before) => {
    if (before.epochs.length > 1) throw malformed('Two epochs are in use. Retire the older one first.');
    if (before.epochs.some((known) => known >= epoch))
      throw malformed(`Epoch ${before.epochs.join(', ')} is in use; a new one has a higher number.`);
    return { ...before, epochs: [epoch, ...before.epochs] };
  });
}

/**
 * Evaluates an epoch no more.
 * @throws CausewayError `request-malformed` where there is no such epoch or no other, `holder-in-use`, `home-invalid`
 */
export async function retireHolderEpoch(dir: string, epoch: number, author: Author): Promise<HolderFolder> {
  return change(dir, { change: 'epoch-retired', epoch }, author, (before) => {
    const epochs = before.epochs.filter((known) => known !== epoch);
    if (epochs.length === before.epochs.length)
      throw malformed(`There is no epoch ${epoch}; in use: ${before.epochs.join(', ')}.`);
    if (epochs.length === 0) throw malformed(`Epoch ${epoch} is the only one. Open the next one first.`);
    return { ...before, epochs };
  });
}

async function change(
  dir: string,
  what: FolderChange,
  { by, now }: Author,
  alter: (before: HolderFolder) => HolderFolder,
): Promise<HolderFolder> {
  const { folder, hasLostRecord, release } = await takeHolderFolder(dir);
  try {
    // A change would begin another, and nobody would ever know that one was lost.
    if (hasLostRecord) throw new CausewayError('home-invalid', { detail: lostRecord(dir) });
    // Before anything is refused: a folder that was taken once has a record.
    const audit = await AuditFile.open(dir);
    try {
      const after = alter(folder);
      await writeHolderFolder(after, () => audit.append({ at: new Date(now).toISOString(), ...what, by }));
      return after;
    } finally {
      await audit.close();
    }
  } finally {
    release();
  }
}

function lostRecord(dir: string): string {
  return `The record of ${dir}, audit.ndjson, is gone. Put it back, or start the holder once: it begins another.`;
}

function malformed(detail: string): CausewayError {
  return new CausewayError('request-malformed', { detail });
}
