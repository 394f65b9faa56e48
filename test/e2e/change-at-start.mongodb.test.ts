import { describe } from 'vitest';
import { createMongodbFixture, hasServer } from '../gateway/store/mongodb/mongodb-fixture.ts';
import { holdsAtFirstConnection } from './kit/change-at-start.ts';

describe.skipIf(!hasServer)('while a gateway starts on a replica set', () => {
  holdsAtFirstConnection(async () => {
    const fixture = await createMongodbFixture();
    return { storeAddress: fixture.url, remove: async () => fixture.remove() };
  });
});
