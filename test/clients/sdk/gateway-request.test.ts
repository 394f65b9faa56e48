import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { requestBytes } from '../../../clients/sdk/gateway-request.ts';
import { openScriptedGateway, until } from './scripted-gateway.ts';

test('a gateway that is there and does not answer is silent; one that lets nobody in is unreachable', async () => {
  const gateway = await openScriptedGateway();
  gateway.onRequest = () => false;
  const mute = createTcpServer(() => undefined).listen(0, '127.0.0.1');
  await until(() => mute.listening);
  const { tls } = gateway;
  try {
    await expect(
      requestBytes({ gatewayUrl: gateway.url, path: '/checkpoint', tls, timeoutMs: 500 }),
    ).rejects.toMatchObject({
      code: 'peer-silent',
      detail: expect.stringContaining('within 0.5 s') as string,
    });
    const { port } = mute.address() as AddressInfo;
    await expect(
      requestBytes({ gatewayUrl: `https://127.0.0.1:${port}`, path: '/checkpoint', tls, timeoutMs: 100 }),
    ).rejects.toMatchObject({ code: 'gateway-unreachable' });
  } finally {
    mute.close();
    await gateway.close();
  }
});
