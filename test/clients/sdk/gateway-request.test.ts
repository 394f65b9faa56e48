import { Agent } from 'node:https';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { requestBytes } from '../../../clients/sdk/gateway-request.ts';
import { openScriptedGateway, until } from './scripted-gateway.ts';

test('a gateway that is there and does not answer is silent; one that lets nobody in is unreachable', async () => {
  const gateway = await openScriptedGateway();
  // The time for an answer must not be spent on a handshake.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const mute = createTcpServer(() => undefined).listen(0, '127.0.0.1');
  await until(() => mute.listening);
  const { tls } = gateway;
  try {
    const request = { gatewayUrl: gateway.url, path: '/v1/directory', tls, agent };
    await requestBytes(request);
    gateway.onRequest = () => false;
    await expect(requestBytes({ ...request, timeoutMs: 100 })).rejects.toMatchObject({
      code: 'peer-silent',
      detail: expect.stringContaining('within 0.1 s') as string,
    });
    expect(gateway.connections).toBe(1);
    const { port } = mute.address() as AddressInfo;
    await expect(
      requestBytes({ gatewayUrl: `https://127.0.0.1:${port}`, path: '/checkpoint', tls, timeoutMs: 100 }),
    ).rejects.toMatchObject({ code: 'gateway-unreachable' });
  } finally {
    agent.destroy();
    mute.close();
    await gateway.close();
  }
});
