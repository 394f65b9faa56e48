import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { Agent } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { expect, test } from 'vitest';
import { connectionError } from '../../../clients/sdk/connection-error.ts';
import { fetchPinnedAuthority } from '../../../clients/sdk/first-contact.ts';
import { requestBytes } from '../../../clients/sdk/gateway-request.ts';
import { openSocket } from '../../../clients/sdk/link-socket.ts';
import type { CausewayError } from '../../../protocol/errors.ts';
import { socketPath } from '../../../protocol/limits.ts';
import { digestOf } from '../../../protocol/proof/merkle.ts';
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
    ).rejects.toMatchObject({
      code: 'gateway-unreachable',
      detail: `127.0.0.1:${port}: there was no answer within 0.1 s.`,
    });
  } finally {
    agent.destroy();
    mute.close();
    await gateway.close();
  }
});

test('an unreachable gateway is named by its address, with what is in the way', async () => {
  const plain = createTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const curt = createTcpServer((socket) => socket.destroy());
  const portOf = async (server: Server): Promise<number> => {
    server.listen(0, '127.0.0.1');
    await until(() => server.listening);
    return (server.address() as AddressInfo).port;
  };
  const whyNot = async (url: string): Promise<string | undefined> => {
    const error: unknown = await requestBytes({ gatewayUrl: url, path: '/', tls: { ca: '' } }).catch(
      (cause: unknown) => cause,
    );
    expect(error).toMatchObject({ code: 'gateway-unreachable' });
    return (error as CausewayError).detail;
  };
  try {
    const [speaksPlain, closes] = [await portOf(plain), await portOf(curt)];
    expect(await whyNot(`https://127.0.0.1:${speaksPlain}`)).toBe(
      `127.0.0.1:${speaksPlain}: what answers there does not speak TLS 1.3.`,
    );
    expect(await whyNot(`https://127.0.0.1:${closes}`)).toBe(
      `127.0.0.1:${closes}: the connection was closed before TLS had begun. It may be no gateway.`,
    );
    curt.close();
    await until(() => !curt.listening);
    expect(await whyNot(`https://127.0.0.1:${closes}`)).toBe(
      `127.0.0.1:${closes}: the connection was refused: nothing listens there.`,
    );
    const unknown = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' });
    expect(connectionError(unknown, 'wss://gateway.example/v1/socket').detail).toBe(
      'gateway.example:443: there is no such name.',
    );
  } finally {
    plain.close();
  }
});

test('with a gateway that speaks no TLS newer than 1.2 nobody speaks: at enrolment, in a request, on a socket', async () => {
  const gateway = await openScriptedGateway({ maxVersion: 'TLSv1.2' });
  const { url: gatewayUrl, tls } = gateway;
  const words: unknown = expect.stringContaining('alert protocol version');
  const refused = { code: 'gateway-unreachable', cause: { message: words } };
  try {
    const authority = digestOf(new X509Certificate(tls.ca).raw);
    await expect(fetchPinnedAuthority(gatewayUrl, authority)).rejects.toMatchObject(refused);
    await expect(requestBytes({ gatewayUrl, path: '/checkpoint', tls })).rejects.toMatchObject(refused);
    const url = `${gatewayUrl.replace('https:', 'wss:')}${socketPath}`;
    const { webSocket } = openSocket({ url, tls });
    expect(await once(webSocket, 'error')).toMatchObject([{ message: words }]);
    expect(gateway.connections).toBe(0);
  } finally {
    await gateway.close();
  }
});
