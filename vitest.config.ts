import { existsSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const onMongodb = 'test/**/*.mongodb.test.ts';

/** Files that take long begin first, the longest before all, so that none is left for one worker at the end. */
const long = [
  'mongodb/faults',
  'mongodb/engine',
  'mongodb/migration',
  'mongodb/store-carrying',
  'mongodb/store-keeping',
  'e2e/several-gateways',
  'e2e/two-correlators',
  'mongodb/log',
  'cli/gateway-store',
  'deploy/init-set',
  'cli/journey',
  'store/sqlite-store',
  'cli/gateway-check',
  'cli/audit-erase',
  'cli/audit-unchecked',
  'e2e/kill',
  'sdk/package',
  'e2e/drain',
  'audit/mutations',
  'audit/search-index',
  'e2e/witnesses',
  'witness/crash',
  'e2e/overload',
  'linkage-holder/holder',
  'e2e/store-trouble',
  'cli/audit-search',
  'demo/whole-demo',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((left, right) => rankOf(left) - rankOf(right));
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const place = long.findIndex((name) => moduleId.includes(`/${name}.`));
  return place === -1 ? long.length : place;
}

const memory = '/dev/shm';
/** Twice what the databases of a whole run hold at once. */
const roomBytes = 8 * 1024 ** 3;

/**
 * No test cuts the power, and what a killed process has written survives it in memory as on a disk: where there is
 * room, nothing waits for a disk. `TMPDIR=/tmp npm test` puts everything there all the same.
 */
function hasRoomInMemory(): boolean {
  if (!existsSync(memory)) return false;
  const { bavail, bsize } = statfsSync(memory);
  return Math.min(bavail * bsize, freemem()) > roomBytes;
}

if (process.env.TMPDIR === undefined && hasRoomInMemory()) process.env.TMPDIR = memory;

/** In this process threads are used again; the processes that tests start have their own, as users have. */
const lentThreads = fileURLToPath(new URL('test/threads/worker-thread.ts', import.meta.url));

export default defineConfig({
  plugins: [
    {
      name: 'lent-threads',
      enforce: 'pre',
      resolveId: (id) => (id.endsWith('/platform/worker-thread.ts') ? lentThreads : undefined),
    },
  ],
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // A worker takes one file after the other and keeps its modules: loading them anew for each file, and compiling
    // what is called often anew, was a quarter of all work.
    isolate: false,
    // So it comes to hold hundreds of megabytes, which V8 would collect again and again as it grows from a small heap.
    execArgv: ['--min-semi-space-size=16', '--max-semi-space-size=16', '--initial-old-space-size=512'],
    reporters: ['default', './test/mongodb/suite-reporter.ts'],
    sequence: { sequencer: LongestFirst },
    // Threads and child processes need not compile again what others have compiled.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)) },
    // One after the other, for a worker goes on only with files of its own project.
    projects: [
      {
        extends: true,
        test: {
          name: 'mongodb',
          include: [onMongodb],
          globalSetup: './test/mongodb/global-setup.ts',
          // Most of their time these wait: for elections, for time-outs of the driver, for leases to run out.
          maxWorkers: 5,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'causeway',
          include: ['test/**/*.test.ts'],
          exclude: [onMongodb],
          // Two more than the smallest machine has cores: there is always one that waits for something, and often two.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
