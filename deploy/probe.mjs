// Exit code 0 when the gateway of a home, on this machine, can take messages now. For health checks of containers.
// node deploy/probe.mjs <home>
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { parse } from 'yaml';

const [home = '/var/lib/causeway'] = process.argv.slice(2);
const { port = 8443 } = parse(readFileSync(join(home, 'gateway.yaml'), 'utf8'));

const probe = request(
  {
    host: '127.0.0.1',
    port,
    path: '/readyz',
    ca: readFileSync(join(home, 'ca.crt')),
    // The certificate is for the names that endpoints use, and is checked against the CA all the same.
    checkServerIdentity: () => undefined,
    timeout: 4_000,
  },
  (answer) => {
    answer.resume();
    answer.on('end', () => process.exit(answer.statusCode === 200 ? 0 : 1));
  },
);
probe.on('timeout', () => probe.destroy(new Error('no answer')));
probe.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
probe.end();
