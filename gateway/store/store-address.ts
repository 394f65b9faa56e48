/** Where a store is: a file of the embedded engine, or the address of a MongoDB replica set. */

/** True for `mongodb://…` and `mongodb+srv://…`. */
export function isMongodbAddress(address: string): boolean {
  return /^mongodb(?:\+srv)?:\/\//.test(address);
}
