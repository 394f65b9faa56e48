/** The gateway of a benchmark, in a process of its own. */
import { pino } from 'pino';
import { startGateway } from '../../gateway/app.ts';
import { openGatewayHome } from '../../gateway/home/gateway-home.ts';
import { onAsk, tell } from '../child.ts';

const [dir = '', sessionsPerAgency = '100', store = ''] = process.argv.slice(2);
const gateway = await startGateway({
  home: await openGatewayHome(dir, Date.now),
  log: pino({ level: 'error' }),
  port: 0,
  ...(store !== '' && { store }),
  quotas: { sessionsPerAgency: Number(sessionsPerAgency) },
});
tell({ type: 'listening', url: gateway.url });

onAsk(({ type }) => {
  if (type === 'count') {
    tell({ type: 'counted', cpu: process.cpuUsage(), memory: process.memoryUsage(), at: performance.now() });
  }
});
