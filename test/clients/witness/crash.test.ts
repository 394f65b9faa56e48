import { fork as forkProcess, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWitnessHome } from '../../../clients/witness/witness-home.ts';
import { formatVerifierKey } from '../../../protocol/proof/verifier-key.ts';
import { GrowingLog, newKeyPem } from './witness-fixture.ts';

const pem = newKeyPem();
const log = new GrowingLog('log.example/causeway', pem);
const otherHistory = new GrowingLog('log.example/causeway', pem, 1);
const script = new URL('./witness-child.ts', import.meta.url);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-witness-crash-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function newHome(name: string): Promise<string> {
  const logs = [{ origin: log.origin, keys: [formatVerifierKey(log.signer.verifierKey)] }];
  const settings = { name: 'witness.example/committee', listen: '127.0.0.1', port: 0, logs };
  return (await createWitnessHome(join(folder, name), settings)).dir;
}

type Answer = { readonly status: number; readonly body: string };

class MortalWitness {
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(process: ChildProcess) {
    this.#process = process;
    this.#exited = once(process, 'exit');
  }

  static async start(dir: string, moment = 'never'): Promise<MortalWitness> {
    const child = forkProcess(script, [dir, moment], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    await once(child, 'message');
    return new MortalWitness(child);
  }

  /** The answer, or `undefined` when it died first. */
  async ask(request: Buffer): Promise<Answer | undefined> {
    const answered = once(this.#process, 'message').then(([answer]) => answer as Answer);
    this.#process.send(request.toString(), () => undefined);
    return Promise.race([answered, this.#exited.then(() => undefined)]);
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited;
  }
}

describe('a witness that is killed', () => {
  it.each([
    ['before the decision', false],
    ['signed and not persisted', false],
    ['persisted and not answered', true],
  ])('%s cosigns one history only, and never a smaller tree afterwards', async (moment, persisted) => {
    const dir = await newHome(moment.replaceAll(' ', '-'));
    const first = await MortalWitness.start(dir);
    expect(await first.ask(log.request(0, 10))).toMatchObject({ status: 200 });
    await first.kill();

    const mortal = await MortalWitness.start(dir, moment);
    expect(await mortal.ask(log.request(10, 20))).toBeUndefined();

    const last = await MortalWitness.start(dir);
    const size = persisted ? 20 : 10;
    expect(await last.ask(log.request(0, 5))).toEqual({ status: 409, body: `${size}\n` });
    // The history that nobody has seen cosigned may still be the one that is remembered: then the other is a fork.
    expect(await last.ask(otherHistory.request(size, 30))).toMatchObject({ status: 422 });
    expect(await last.ask(log.request(size, 20))).toMatchObject({ status: 200 });
    await last.kill();
  });

  it('at any moment goes on from what it has last said, and never cosigns the other history', async () => {
    const dir = await newHome('any-moment');
    const first = await MortalWitness.start(dir);
    expect(await first.ask(log.request(0, 1))).toMatchObject({ status: 200 });
    await first.kill();
    let said = 1;
    for (let life = 0; life < 12; life++) {
      const witness = await MortalWitness.start(dir);
      // It has answered at least once before it dies, however slow the machine is.
      let death: Promise<void> | undefined;
      while (said < 190) {
        const other = await witness.ask(otherHistory.request(said, said + 1));
        if (other !== undefined) expect([409, 422]).toContain(other.status);
        const answer = await witness.ask(log.request(said, said + 1));
        if (answer === undefined) break;
        if (answer.status === 200) expect(answer.body).not.toBe('');
        // It had persisted the next size, and died before it could say so.
        else expect(answer).toEqual({ status: 409, body: `${said + 1}\n` });
        said++;
        death ??= delay(randomInt(0, 40)).then(() => witness.kill());
      }
      await (death ?? witness.kill());
    }
    expect(said).toBeGreaterThan(1);
  });
});
