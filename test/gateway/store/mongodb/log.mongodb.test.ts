import { describe } from 'vitest';
import { logContract } from '../log-contract.ts';
import { storeModel } from '../store-model.ts';
import { createMongodbFixture, hasServer } from './mongodb-fixture.ts';

describe.skipIf(!hasServer)('with a server', () => {
  logContract('MongoDB', createMongodbFixture);
  storeModel('MongoDB', createMongodbFixture);
});
