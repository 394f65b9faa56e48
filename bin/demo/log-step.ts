/** The audit log of the demo: exported to a folder beside the homes, and verified there as anybody could. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { verdictOf } from '../../clients/audit/finding.ts';
import { verifyPath } from '../../clients/audit/verify.ts';
import { LogFolder } from '../../gateway/audit/log-folder.ts';
import { readTilesOf } from '../../gateway/audit/log-keeper.ts';
import { mirrorLog } from '../../gateway/audit/mirror-log.ts';
import { PublishedLog } from '../../gateway/cli/published-log.ts';
import type { GatewayHome } from '../../gateway/home/gateway-home.ts';
import { openStore } from '../../gateway/open-store.ts';
import type { Narrator } from './narrator.ts';

/**
 * Exports everything that is recorded by now to `dir/log`, its key to `dir/log.vkey`, and verifies it offline.
 * @returns true when the log verifies
 */
export async function exportAndVerify(dir: string, home: GatewayHome, narrator: Narrator): Promise<boolean> {
  const store = await openStore(home.store, home.storeKeys);
  try {
    const log = new PublishedLog(home, store);
    const { size } = await log.checkpointFor(await store.countLeaves());
    await exportLog(dir, home);
    await writeFile(join(dir, 'log.vkey'), log.vkey);
    const report = await verifyPath(join(dir, 'log'));
    const isGood = report.findings.length === 0;
    narrator.heading('The audit log');
    narrator.step({ type: 'log-verified', good: isGood, leaves: size }, verdictOf(report));
    return isGood;
  } finally {
    await store.close();
  }
}

/** Brings the exported log up to date. */
export async function exportLog(dir: string, home: GatewayHome): Promise<void> {
  const folder = new LogFolder(home.logDir);
  await mirrorLog(folder, join(dir, 'log'), readTilesOf(folder));
}
