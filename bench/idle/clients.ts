/** Holds many endpoints' sessions open, each with its own certificate, and does nothing with them. */
import { readFile } from 'node:fs/promises';
import { connect as connectTls } from 'node:tls';
import WebSocket from 'ws';
import { limits, subprotocol } from '../../protocol/limits.ts';
import { onAsk, tell } from '../child.ts';

const [url = '', planFile = '', part = '0', parts = '1'] = process.argv.slice(2);
const plan = JSON.parse(await readFile(planFile, 'utf8')) as {
  key: string;
  ca: string;
  certificates: string[];
};
const concurrency = 16;
const { hostname, port } = new URL(url);
/** Kept so that the sockets are not collected. */
const sockets: WebSocket[] = [];

async function open(certificate: string): Promise<void> {
  const socket = new WebSocket(`${url.replace('https', 'wss')}/v1/socket`, subprotocol, {
    createConnection: (() =>
      connectTls({
        host: hostname,
        port: Number(port),
        key: plan.key,
        cert: certificate,
        ca: plan.ca,
      })) as never,
    perMessageDeflate: false,
    maxPayload: limits.maxFrameBytes,
  });
  sockets.push(socket);
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', (code) => tell({ type: 'lost', code }));
    socket.on('open', () => {
      socket.send(JSON.stringify({ type: 'hello', client: 'causeway-bench', receiptsAfter: 0 }));
      socket.send(JSON.stringify({ type: 'credit', messages: 16 }));
    });
    socket.on('message', () => resolve());
  });
}

const mine = plan.certificates.filter((_, index) => index % Number(parts) === Number(part));
const waiting = mine[Symbol.iterator]();
await Promise.all(
  Array.from({ length: concurrency }, async () => {
    for (const certificate of waiting) await open(certificate);
  }),
);
tell({ type: 'open', sessions: sockets.length });
onAsk(() => undefined);
