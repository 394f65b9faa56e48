import { describe } from 'vitest';
import { keepingContract } from '../store-contract.ts';
import { createMongodbFixture, hasServer } from './mongodb-fixture.ts';

describe.skipIf(!hasServer)('with a server', () => {
  keepingContract('MongoDB', createMongodbFixture);
});
