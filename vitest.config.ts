import { existsSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const onMongodb = 'test/**/*.mongodb.test.ts';

/** Files that take long begin first: most of their time they wait for elections, processes and time-outs. */
const long = /\/cli\/|search-index|sqlite-store|kill/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((left, right) => rankOf(left) - rankOf(right));
  }
}

/** A worker goes on only with files of its own project, so those of one project follow each other. */
function rankOf({ moduleId, project }: TestSpecification): number {
  if (moduleId.includes('faults')) return 0;
  if (project.name === 'mongodb') return 1;
  return long.test(moduleId) ? 2 : 3;
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

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // One more than the smallest machine has cores: many tests wait for others most of their time.
    maxWorkers: 3,
    // A worker takes one file after the other and keeps its modules: loading them anew for each file, and compiling
    // what is called often anew, was a quarter of all work.
    isolate: false,
    reporters: ['default', './test/mongodb/suite-reporter.ts'],
    sequence: { sequencer: LongestFirst },
    // Threads and child processes need not compile again what others have compiled.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)) },
    projects: [
      {
        extends: true,
        test: { name: 'causeway', include: ['test/**/*.test.ts'], exclude: [onMongodb] },
      },
      {
        extends: true,
        test: { name: 'mongodb', include: [onMongodb], globalSetup: './test/mongodb/global-setup.ts' },
      },
    ],
  },
});
