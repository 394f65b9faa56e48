import { describe } from 'vitest';
import { carryingContract } from '../store-contract.ts';
import { createMongodbFixture, hasServer } from './mongodb-fixture.ts';

describe.skipIf(!hasServer)('with a server', () => {
  carryingContract('MongoDB', createMongodbFixture);
});
