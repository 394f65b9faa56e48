import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { tellErasure, type Aftermath } from '../../gateway/cli/tell-erasure.ts';
import {
  formatErasureCertificate,
  type ErasureCertificate,
} from '../../protocol/audit/erasure-certificate.ts';
import { CausewayError } from '../../protocol/errors.ts';
import { createTerminal } from '../../terminal/terminal.ts';
import { messageId } from '../gateway/store/synthetic-messages.ts';

const certificate: ErasureCertificate = {
  ...{ case: messageId(1), authority: 'Records Manager', by: 'operator', at: 1_800_000_000_000, leaf: 7 },
  ...{ opening: { salt: 'a salt', body: '{}' }, proof: 'a proof' },
};
const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28, syscall: 'write' });
const unwritable = new CausewayError('store-unavailable', { detail: 'The search index cannot be written.' });
const asAlways: Aftermath = {
  store: { readResidue: async () => Promise.resolve(undefined) },
  findUnsaidAlerts: async () => Promise.resolve([]),
};

/** What is printed, and what the command ends with. */
async function tell(changes: Partial<Aftermath>, json = false): Promise<{ printed: string; error: unknown }> {
  const stdout = new PassThrough();
  const terminal = createTerminal({ stdout, stderr: new PassThrough(), env: {}, json });
  const told = tellErasure(certificate, { ...asAlways, ...changes }, terminal);
  const error = await told.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { printed: String(stdout.read() ?? ''), error };
}

const erased = 'The case WAS erased, as leaf 7 says, and the certificate is printed on stdout.';

it('the certificate of an erasure is printed whatever fails after it, which is told as well', async () => {
  const unread = async (): Promise<never> => Promise.reject(full);
  const unsearched = async (): Promise<never> => Promise.reject(unwritable);
  for (const [changes, code, detail] of [
    [{ store: { readResidue: unread } }, 'file-unavailable', ' A file cannot be used: the disk is full.'],
    [{ findUnsaidAlerts: unsearched }, 'store-unavailable', ' The search index cannot be written.'],
    [{ trouble: new Error('of no known kind') }, 'internal-error', ''],
  ] as const) {
    const error = { code, detail: `${erased}${detail}`, fields: { erased: true, leaf: 7 } };
    expect(await tell(changes)).toMatchObject({ printed: formatErasureCertificate(certificate), error });
    const asJson = await tell(changes, true);
    expect(asJson).toMatchObject({ error });
    expect(JSON.parse(asJson.printed)).toMatchObject({ type: 'erasure', leaf: 7 });
  }
});

it('a residue that nobody could look for is left out, and is not told as none', async () => {
  const unread = async (): Promise<never> => Promise.reject(full);
  const { printed } = await tell({ store: { readResidue: unread } }, true);
  expect(printed).not.toContain('residue');
  expect((await tell({}, true)).printed).toContain('"residue":null');
});
