import { expect, test } from 'vitest';
import { NoticeWriter } from '../../bench/history/accepted-notice.ts';
import { EndlessStream } from '../../bench/stream/endless.ts';
import { loadPolicySet } from '../../gateway/policy/load.ts';
import { wholeUnit } from '../../gateway/store/accepted-unit.ts';

test('the notices that the correlator’s history is measured with are whole, as a store hands them out', async () => {
  const policy = await loadPolicySet(new URL('../../policies', import.meta.url).pathname);
  const stream = new EndlessStream({ children: 5, noticesPerDay: 5, seed: 1 }, policy);
  const writer = new NoticeWriter(512);
  for (const notice of stream.take(20)) expect(wholeUnit(writer.write(notice))).toBeDefined();
});
