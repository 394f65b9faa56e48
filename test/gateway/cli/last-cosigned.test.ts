import { expect, it } from 'vitest';
import { lastCosigned } from '../../../gateway/cli/last-cosigned.ts';
import { addSignatures, parseNote } from '../../../protocol/proof/note.ts';
import { cosigner } from '../../../protocol/proof/note-signer.ts';
import { GrowingLog, newKeyPem } from '../../clients/witness/witness-fixture.ts';

const log = new GrowingLog('log.test/causeway', newKeyPem());
const [committee, council] = ['committee.test', 'council.test'].map((name) => cosigner(name, newKeyPem()));
const trust = {
  keys: [log.signer.verifierKey],
  witnesses: [committee!.verifierKey, council!.verifierKey],
};

const cosigned = (size: number, by: typeof committee, timeSeconds: number): string => {
  const note = log.checkpointAt(size);
  return addSignatures(note, [by!.cosign(parseNote(note).text, timeSeconds)]);
};

it('finds of each witness the newest checkpoint with its cosignature, past spoilt ones and those of another log', () => {
  const other = new GrowingLog('other.test', newKeyPem());
  const note = other.checkpointAt(9);
  const foreign = addSignatures(note, [committee!.cosign(parseNote(note).text, 900)]);
  const spoilt = cosigned(8, committee, 800).replace('\n8\n', '\n7\n');
  const kept = [log.checkpointAt(9), '', foreign, spoilt, cosigned(6, committee, 600)];
  expect(lastCosigned([...kept, cosigned(3, committee, 300)], trust)).toEqual([
    { name: 'committee.test', last: { size: 6, timeSeconds: 600 } },
    { name: 'council.test', last: undefined },
  ]);
});
