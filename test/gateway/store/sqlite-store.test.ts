import { createSqliteFixture } from './sqlite-fixture.ts';
import { storeContract } from './store-contract.ts';

storeContract('SQLite', createSqliteFixture);
