/** The standard vectors beside the checkout, where they are present. */
import { existsSync, readFileSync } from 'node:fs';

const folder = new URL('../../../../shared/data/', import.meta.url);

/** A file or folder of the vectors. */
export function sharedData(path: string): URL {
  return new URL(path, folder);
}

/** Says in a test's title whether the vectors are there. */
export function isPresent(path: string): boolean {
  return existsSync(sharedData(path));
}

/** A file of the vectors, as text. */
export function readShared(path: string): string {
  return readFileSync(sharedData(path), 'utf8');
}
