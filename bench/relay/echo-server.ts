/** The limit of the transport: a plain `ws` server that sends every message back. */
import { WebSocketServer } from 'ws';
import { onAsk, tell } from '../child.ts';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
server.on('connection', (socket) => socket.on('message', (data) => socket.send(data as Buffer)));
server.on('listening', () => tell({ type: 'listening', port: (server.address() as { port: number }).port }));
onAsk(() => undefined);
