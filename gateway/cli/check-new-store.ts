/** Whether the first start can make the embedded store, for `gateway check`. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileReason } from '../../files/file-trouble.ts';
import { withoutLinks } from '../store/path-lock.ts';
import { good, type Finding } from './check-finding.ts';

/** Makes nothing there: what another user than the gateway's makes, the gateway could not use. */
export async function checkNewStore(address: string): Promise<Finding> {
  const folder = dirname(withoutLinks(address));
  try {
    // A path that goes through a file is refused as well.
    await access(`${folder}/.`, constants.W_OK | constants.X_OK);
    return good('store', 'made at the first start');
  } catch (error) {
    const reason = fileReason(error, { ENOENT: 'there is no such folder' });
    return { check: 'store', verdict: 'bad', detail: `no store can be made in ${folder}${reason}` };
  }
}
