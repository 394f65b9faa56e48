#!/usr/bin/env node
import module from 'node:module';
import { fileURLToPath } from 'node:url';

await import('./require-node.mjs');
// Compiled code is kept between runs, which halves the start. Not in the shared temporary folder, where somebody
// else could put code in our way. Threads, of which the store has three, know of it only by their environment.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url));
module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
await import('./causeway.ts');
