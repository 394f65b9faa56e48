/** Keeps a window of 2 KiB messages in flight to an echo server and counts what comes back. */
import WebSocket from 'ws';
import { onAsk, tell } from '../child.ts';

const [port, windowText, bytesText] = process.argv.slice(2);
const message = Buffer.alloc(Number(bytesText), 7);
let echoed = 0;
const socket = new WebSocket(`ws://127.0.0.1:${String(port)}`, { perMessageDeflate: false });
socket.on('open', () => {
  for (let sent = 0; sent < Number(windowText); sent++) socket.send(message);
  tell({ type: 'ready' });
});
socket.on('message', () => {
  echoed++;
  socket.send(message);
});
onAsk(({ type }) => {
  if (type === 'count') tell({ type: 'counted', echoed, at: performance.now() });
});
