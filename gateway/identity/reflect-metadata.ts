/**
 * `@peculiar/x509` finds its algorithms by way of `tsyringe`, which will not load unless `Reflect` has the
 * methods of the metadata proposal. None of its classes carries metadata, so "there is none" is all it needs
 * to hear. A real polyfill, where one is loaded first, stays in place.
 */
const absent = (): undefined => undefined;

for (const method of ['defineMetadata', 'getMetadata', 'getOwnMetadata', 'hasOwnMetadata']) {
  if (method in Reflect) continue;
  Object.defineProperty(Reflect, method, { value: absent, configurable: true, writable: true });
}
