import { defineConfig } from 'vitest/config';

const onMongodb = 'test/**/*.mongodb.test.ts';

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    reporters: ['default', './test/mongodb/suite-reporter.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'causeway', include: ['test/**/*.test.ts'], exclude: [onMongodb] },
      },
      {
        extends: true,
        test: {
          name: 'mongodb',
          include: [onMongodb],
          globalSetup: './test/mongodb/global-setup.ts',
        },
      },
    ],
  },
});
