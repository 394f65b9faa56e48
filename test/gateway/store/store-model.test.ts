import { createSqliteFixture } from './sqlite-fixture.ts';
import { storeModel } from './store-model.ts';

storeModel('SQLite', createSqliteFixture);
