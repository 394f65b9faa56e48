import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readStory, type Story } from '../../bin/demo/story.ts';
import { verifyPath } from '../../clients/audit/verify.ts';
import { jsonLines, runCauseway } from '../cli/run-causeway.ts';

type Line = Readonly<Record<string, unknown>>;

/** What was sent to the endpoint that is cut off waits for it, while notices that came later reach others. */
function expectLateArrival(lines: readonly Line[], { cutOff: { endpoint } }: Story): void {
  const placeOf = (fits: (line: Line) => boolean): number => lines.findIndex(fits);
  const missed = lines.find(({ type, away }) => type === 'accepted' && (away as string[]).includes(endpoint));
  const arrived = placeOf(
    ({ type, message, at }) => type === 'arrived' && message === missed?.message && at === endpoint,
  );
  const later = lines.find(({ type }, index) => type === 'accepted' && index > lines.indexOf(missed!));
  const overtaking = placeOf(({ type, message }) => type === 'arrived' && message === later?.message);
  const back = placeOf((line) => line.type === 'back' && line.endpoint === endpoint);
  expect([missed, later]).not.toContain(undefined);
  expect(overtaking).toBeGreaterThan(placeOf(({ type }) => type === 'cut-off'));
  expect(back).toBeGreaterThan(overtaking);
  expect(arrived).toBeGreaterThan(back);
}

it('the whole demonstration loses and doubles nothing, and leaves a log that verifies', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-whole-demo-'));
  try {
    const kept = join(dir, 'kept');
    const { code, stdout, stderr } = await runCauseway(['demo', '--once', '--json', '--keep', kept]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = jsonLines(stdout);
    const story = await readStory();
    const countOf = (type: string): number => lines.filter((line) => line.type === type).length;
    const alerts = new Set(lines.flatMap(({ type, id }) => (type === 'alert' ? [id] : []))).size;
    expect(alerts).toBeGreaterThan(0);
    expect(lines.at(-1)).toStrictEqual({
      ...{ type: 'summary', submitted: story.notices.length },
      accepted: story.notices.filter((notice) => notice.expect === undefined).length,
      delivered: countOf('arrived'),
      stored: countOf('arrived'),
      refused: story.notices.filter((notice) => notice.expect !== undefined).length,
      ...{ lost: 0, doubled: 0, alerts, home: kept },
    });
    expectLateArrival(lines, story);
    const report = await verifyPath(join(kept, 'log'), { keyFile: join(kept, 'log.vkey') });
    expect(report).toMatchObject({ subject: 'log', findings: [] });
    expect(report.size).toBeGreaterThan(story.notices.length);
  } finally {
    await rm(dir, { recursive: true });
  }
}, 120_000);
