/** Files of another endpoint in a home: no client begins with one. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connect } from '../../../clients/sdk/client.ts';
import { concern } from './exchange.ts';
import { gatewayForEachTest } from './gateway-for-each-test.ts';
import { alice, bob, type ScriptedGateway } from './scripted-gateway.ts';

let gateway: ScriptedGateway;

gatewayForEachTest((opened) => (gateway = opened));

const home = (): string => gateway.homeOf(alice);
const spoil = (name: string): Promise<void> => copyFile(join(gateway.homeOf(bob), name), join(home(), name));

test.each(['openpgp.key', 'signing.key'])(
  'a client whose %s is of another endpoint does not start, before and after it has read the directory',
  async (name) => {
    const [own, kept] = [join(home(), name), join(home(), 'kept')];
    await copyFile(own, kept);
    for (const isKnown of [false, true]) {
      if (isKnown) await (await gateway.client(alice)).close();
      const connections = gateway.connections;
      await spoil(name);
      await expect(connect({ home: home() })).rejects.toMatchObject({
        code: 'home-invalid',
        detail: expect.stringContaining(`${name} is of another endpoint`) as unknown,
      });
      if (isKnown) expect(gateway.connections).toBe(connections);
      await copyFile(kept, own);
    }
  },
);

test.each(['tls.pem', 'state.db'])(
  'a client whose %s is of another endpoint does not even connect',
  async (name) => {
    for (const endpoint of [alice, bob]) {
      const client = await gateway.client(endpoint);
      if (endpoint === bob) await client.send(concern('of the other one', alice));
      await client.close();
    }
    const connections = gateway.connections;
    await spoil(name);
    await expect(connect({ home: home() })).rejects.toMatchObject({
      code: 'home-invalid',
      detail: expect.stringContaining(`${name} is of another endpoint`) as unknown,
    });
    expect(gateway.connections).toBe(connections);
  },
);

test('a home with a foreign part opens for who asks for it, and the status names the file', async () => {
  await spoil('signing.key');
  const client = await gateway.client(alice, { toleratesForeignParts: true });
  expect(client.status().foreignParts).toEqual(['signing.key']);
});
