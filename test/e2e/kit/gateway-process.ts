/**
 * A gateway in a process of its own, as `causeway gateway start` would run it, for tests that end or starve it.
 *
 * It loads the program and says so, and touches neither home nor store before it is told to start.
 */
import { once } from 'node:events';
import { pino } from 'pino';
import { startGateway } from '../../../gateway/app.ts';
import { openGatewayHome } from '../../../gateway/home/gateway-home.ts';

const [dir = ''] = process.argv.slice(2);
// The test that started it is gone.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.send?.('loaded');
await once(process, 'message');
const gateway = await startGateway({
  home: await openGatewayHome(dir, Date.now),
  log: pino({ level: 'error' }, pino.destination({ dest: 2, sync: true })),
  port: 0,
});
process.on('SIGTERM', () => void gateway.close().then(() => process.exit(0)));
process.send?.({ url: gateway.url });
