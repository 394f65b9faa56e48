/** A witness in a process of its own that can be killed at a chosen moment: `node witness-child.ts HOME MOMENT`. */
import { Witness } from '../../../clients/witness/witness.ts';
import { openWitnessHome } from '../../../clients/witness/witness-home.ts';
import { WitnessStore, type CosignedRecord, type Decision } from '../../../clients/witness/witness-store.ts';

const [, , dir = '', moment = ''] = process.argv;

function dieAt(name: string): void {
  if (moment === name) process.kill(process.pid, 'SIGKILL');
}

class MortalStore extends WitnessStore {
  override advance<T>(origin: string, decide: (last: CosignedRecord | undefined) => Decision<T>): T {
    const result = super.advance(origin, (last) => {
      dieAt('before the decision');
      const decision = decide(last);
      dieAt('signed and not persisted');
      return decision;
    });
    dieAt('persisted and not answered');
    return result;
  }
}

const home = await openWitnessHome(dir);
const witness = new Witness({ ...home, store: new MortalStore(home.storePath), now: Date.now });
process.on('message', (request: string) => {
  const { status, body } = witness.addCheckpoint(Buffer.from(request));
  process.send?.({ status, body });
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
