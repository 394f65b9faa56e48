#!/usr/bin/env node
await import('./require-node.mjs');
await import('./causeway.ts');
