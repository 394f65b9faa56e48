/** Where a store is: a file of the embedded engine, or the address of a MongoDB replica set. */

import { CausewayError } from '../../protocol/errors.ts';

/** True for `mongodb://…` and `mongodb+srv://…`. */
export function isMongodbAddress(address: string): boolean {
  return /^mongodb(?:\+srv)?:\/\//.test(address);
}

/** What an address must be, for people. */
export const storeAddressForm = 'must be the path of a file, or mongodb://…';

/** True for what may name a store, whatever is behind it. */
export function isStoreAddress(address: string): boolean {
  // A single letter and a colon begin a path on a drive.
  return isMongodbAddress(address) || (address !== '' && !/^[a-z][a-z0-9+.-]+:/i.test(address));
}

/** @throws CausewayError `configuration-invalid` for what names no store */
export function checkStoreAddress(address: string): void {
  if (isStoreAddress(address)) return;
  const given = /^[^:]*/.exec(address)?.[0] ?? '';
  const detail = `The address of the store ${storeAddressForm}; it is ${given === '' ? 'empty' : `${given}:…`}.`;
  throw new CausewayError('configuration-invalid', { detail });
}
