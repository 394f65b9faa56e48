// Makes the members a replica set and gives the gateways their user. Does nothing where that was done before.
// Settings, from the environment:
//   MEMBERS            db1:27017,db2:27017,db3:27017; the first one knows the administrator
//   ADMIN_PASSWORD_FILE, GATEWAY_PASSWORD_FILE, TLS_CA_FILE
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient, MongoServerError } from 'mongodb';

const patienceMs = 120_000;
const alreadyInitialized = 23;
const userExists = 51_003;

const members = setting('MEMBERS').split(',');
const admin = { username: 'admin', password: readPassword('ADMIN_PASSWORD_FILE') };
const gatewayPassword = readPassword('GATEWAY_PASSWORD_FILE');
const options = {
  auth: admin,
  authSource: 'admin',
  directConnection: true,
  serverSelectionTimeoutMS: 5_000,
  tls: true,
  tlsCAFile: setting('TLS_CA_FILE'),
};

await untilDone('the set', async (client) => {
  const config = {
    _id: 'causeway',
    members: members.map((host, _id) => ({ _id, host })),
    // Members near one another: the pause after the loss of a primary is shorter than with the default of ten. A new
    // primary waits no longer for a lost one to tell what it had: whatever was acknowledged, the new one has as well.
    // While the other member still reports to the lost one, heartbeats alone tell that a majority has a commit.
    settings: {
      electionTimeoutMillis: 5_000,
      heartbeatTimeoutSecs: 4,
      heartbeatIntervalMillis: 500,
      catchUpTimeoutMillis: 1_000,
    },
  };
  await allow(alreadyInitialized, client.db('admin').command({ replSetInitiate: config }));
});
await untilDone('the user', async (client) => {
  const { isWritablePrimary } = await client.db('admin').command({ hello: 1 });
  if (isWritablePrimary !== true) throw new Error('not the primary');
  const roles = [{ role: 'readWrite', db: 'causeway' }];
  const user = { createUser: 'causeway', pwd: gatewayPassword, roles };
  await allow(userExists, client.db('causeway').command(user));
});
process.stdout.write('the replica set and the user of the gateways are there\n');

/** Tries one member after the other: after a restart any of them may be the primary. */
async function untilDone(what, work) {
  const deadline = performance.now() + patienceMs;
  for (let turn = 0; ; turn++) {
    const member = what === 'the set' ? members[0] : members[turn % members.length];
    try {
      const client = await MongoClient.connect(`mongodb://${member}/`, options);
      await work(client).finally(() => client.close());
      return;
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`${what} cannot be made`, { cause: error });
      await sleep(1_000);
    }
  }
}

async function allow(code, attempt) {
  try {
    await attempt;
  } catch (error) {
    if (!(error instanceof MongoServerError && error.code === code)) throw error;
  }
}

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

function readPassword(name) {
  return readFileSync(setting(name), 'utf8').trim();
}
