/**
 * Has the host of a virtual machine back the memory that a round will need.
 *
 * Some hosts take back memory that has been free for a few seconds, and each page then costs three to six times as
 * much at its next first use: a tenth of a gateway's time while its store grows. A machine of its own does not pay it.
 */
import { freemem } from 'node:os';

const portionBytes = 64 * 1024 * 1024;

// A process of its own: the memory is free again, and still backed, as soon as it ends.
const wanted = Math.min(Number(process.argv[2]), freemem() / 2);
const held: Buffer[] = [];
for (let bytes = 0; bytes < wanted; bytes += portionBytes)
  held.push(Buffer.alloc(portionBytes, held.length + 1));
