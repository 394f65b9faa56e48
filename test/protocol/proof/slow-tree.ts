/** RFC 6962, section 2.1, as it is written there: the slow reference that everything faster is compared with. */
import { hash } from 'node:crypto';

export function slowHash(prefix: number, ...parts: Uint8Array[]): Buffer {
  return hash('sha256', Buffer.concat([Buffer.of(prefix), ...parts]), 'buffer');
}

function split(size: number): number {
  let k = 1;
  while (k * 2 < size) k *= 2;
  return k;
}

/** MTH over leaf hashes. */
export function slowRoot(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return hash('sha256', '', 'buffer');
  if (leaves.length === 1) return first;
  const k = split(leaves.length);
  return slowHash(1, slowRoot(leaves.slice(0, k)), slowRoot(leaves.slice(k)));
}

/** PATH(m, D[n]), section 2.1.1. */
export function slowPath(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return index < k
    ? [...slowPath(index, leaves.slice(0, k)), slowRoot(leaves.slice(k))]
    : [...slowPath(index - k, leaves.slice(k)), slowRoot(leaves.slice(0, k))];
}

/** PROOF(m, D[n]), section 2.1.2. */
export function slowProof(from: number, leaves: readonly Buffer[]): Buffer[] {
  return subproof(from, leaves, true);
}

function subproof(from: number, leaves: readonly Buffer[], isWhole: boolean): Buffer[] {
  if (from === leaves.length) return isWhole ? [] : [slowRoot(leaves)];
  const k = split(leaves.length);
  return from <= k
    ? [...subproof(from, leaves.slice(0, k), isWhole), slowRoot(leaves.slice(k))]
    : [...subproof(from - k, leaves.slice(k), false), slowRoot(leaves.slice(0, k))];
}

/** Different leaves, the same ones every time. */
export function leavesOf(size: number): Buffer[] {
  return Array.from({ length: size }, (_, index) => slowHash(0, Buffer.from(`entry ${index}`)));
}
