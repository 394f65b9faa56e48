/** Verifies the log in a folder and tells how long it took and how much memory at most: `node verifier.ts DIR`. */
import { performance } from 'node:perf_hooks';
import { verifyPath } from '../../clients/audit/verify.ts';
import { onAsk, tell } from '../child.ts';

const [, , dir = ''] = process.argv;
onAsk(() => undefined);
const start = performance.now();
const { findings } = await verifyPath(dir);
const seconds = (performance.now() - start) / 1000;
if (findings.length > 0) throw new Error(`the log does not verify: ${JSON.stringify(findings[0])}`);
tell({ type: 'verified', seconds, peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024) });
