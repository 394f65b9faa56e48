import { logContract } from './log-contract.ts';
import { createSqliteFixture } from './sqlite-fixture.ts';
import { storeContract } from './store-contract.ts';

storeContract('SQLite', createSqliteFixture);
logContract('SQLite', createSqliteFixture);
