/** What every engine of the store must do: each sentence of `gateway/store/port.ts`, through the port alone. */
import { afterEach, beforeEach, describe } from 'vitest';
import { acceptancesContract } from './contract/acceptances.ts';
import { acceptingContract } from './contract/accepting.ts';
import { administrationContract } from './contract/administration.ts';
import { ContractStore, type StoreFixture } from './contract/contract-store.ts';
import { damageContract } from './contract/damage.ts';
import { deliveriesHeldContract } from './contract/deliveries-held.ts';
import { deliveringContract } from './contract/delivering.ts';
import { outcomesContract } from './contract/outcomes.ts';
import { payloadsContract } from './contract/payloads.ts';
import { settlingContract } from './contract/settling.ts';
import { sharingContract } from './contract/sharing.ts';

type CreateFixture = () => Promise<StoreFixture>;

/** All of it. */
export function storeContract(name: string, createFixture: CreateFixture): void {
  carryingContract(name, createFixture);
  keepingContract(name, createFixture);
}

/** What concerns messages on their way; a part of its own, so that two files can run side by side where it takes long. */
export function carryingContract(name: string, createFixture: CreateFixture): void {
  describe(`the store on ${name}`, () => {
    const at = begun(createFixture);
    acceptingContract(at);
    deliveringContract(at);
    settlingContract(at);
    acceptancesContract(at);
    payloadsContract(at);
  });
}

/** What concerns damage, the directory, and several processes. */
export function keepingContract(name: string, createFixture: CreateFixture): void {
  describe(`the store on ${name}`, () => {
    const at = begun(createFixture);
    damageContract(at);
    outcomesContract(at);
    deliveriesHeldContract(at);
    administrationContract(at);
    sharingContract(at);
  });
}

function begun(createFixture: CreateFixture): ContractStore {
  const at = new ContractStore();
  beforeEach(async () => at.begin(await createFixture()));
  afterEach(async () => at.end());
  return at;
}
