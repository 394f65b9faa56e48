import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCausewayError } from '../../../protocol/errors.ts';
import { signCheckpoint } from '../../../protocol/proof/checkpoint.ts';
import { emptyRoot } from '../../../protocol/proof/frontier.ts';
import { parseNote } from '../../../protocol/proof/note.ts';
import { cosigner, noteSigner } from '../../../protocol/proof/note-signer.ts';
import {
  formatAddCheckpoint,
  formatConflictSize,
  judgeAddCheckpoint,
  maxWitnessHashes,
  parseAddCheckpoint,
  readWitnessAnswer,
  sizeContentType,
  witnessCheckpointPath,
  type CosignedState,
  type WitnessKnowledge,
} from '../../../protocol/proof/witness-protocol.ts';
import { leavesOf, slowProof, slowRoot } from './slow-tree.ts';

const newKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const origin = 'log.example/causeway';
const log = noteSigner(origin, newKey());
const impostor = noteSigner(origin, newKey());
const witness = cosigner('witness.example/committee', newKey());
const leaves = leavesOf(40);

function checkpointOf(size: number, signer = log, root = slowRoot(leaves.slice(0, size))): string {
  return signCheckpoint({ origin, size, root }, signer);
}

function knowing(last?: CosignedState): WitnessKnowledge {
  return { keysOf: (name) => (name === origin ? [log.verifierKey] : undefined), lastOf: () => last };
}

const at = (size: number): CosignedState => ({ size, root: slowRoot(leaves.slice(0, size)) });
const proofOf = (from: number, to: number): Buffer[] => slowProof(from, leaves.slice(0, to));

describe('a request to a witness', () => {
  it('is read as it was written', () => {
    for (const path of [[], proofOf(13, 40)]) {
      const request = { oldSize: 13, path, checkpoint: checkpointOf(40) };
      expect(parseAddCheckpoint(Buffer.from(formatAddCheckpoint(request)))).toEqual(request);
    }
    const tooMany = Array.from({ length: maxWitnessHashes + 1 }, () => emptyRoot);
    expect(() => formatAddCheckpoint({ oldSize: 1, path: tooMany, checkpoint: '' })).toThrow(RangeError);
  });

  it.each([
    ['nothing', ''],
    ['no old size', `\n\n${checkpointOf(3)}`],
    ['a zero before the old size', `old 03\n\n${checkpointOf(3)}`],
    ['two spaces', `old  3\n\n${checkpointOf(3)}`],
    ['a hash that is none', `old 3\nAAAA\n\n${checkpointOf(3)}`],
    ['64 hashes', `old 3\n${`${emptyRoot.toString('base64')}\n`.repeat(64)}\n${checkpointOf(3)}`],
    ['a carriage return', `old 3\r\n\r\n${checkpointOf(3)}`],
  ])('is malformed with %s', (_what, body) => {
    expect(() => parseAddCheckpoint(body)).toThrow(/form of its standard/);
  });

  it('takes any bytes without surprise', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'binary' })), (body) => {
        try {
          parseAddCheckpoint(body);
        } catch (error) {
          expect(isCausewayError(error)).toBe(true);
        }
      }),
    );
  });
});

describe('the judgement of a witness', () => {
  const judge = (oldSize: number, path: Buffer[], checkpoint: string, last?: CosignedState) =>
    judgeAddCheckpoint({ oldSize, path, checkpoint }, knowing(last)).status;

  it('is 200 for a first checkpoint, a later one, and the same one again', () => {
    expect(judge(0, [], checkpointOf(13))).toBe(200);
    expect(judge(0, [], checkpointOf(0))).toBe(200);
    expect(judge(13, proofOf(13, 40), checkpointOf(40), at(13))).toBe(200);
    expect(judge(13, [], checkpointOf(13), at(13))).toBe(200);
    expect(judge(0, [], checkpointOf(13), at(0))).toBe(200);
  });

  it('is 404 for a log that it does not follow, whoever has signed', () => {
    const foreign = signCheckpoint({ origin: 'other.example', size: 3, root: emptyRoot }, log);
    expect(judge(0, [], foreign)).toBe(404);
  });

  it('is 403 without the signature of the log, or with a wrong one', () => {
    expect(judge(0, [], checkpointOf(13, impostor))).toBe(403);
    const { text } = parseNote(checkpointOf(13));
    expect(judge(0, [], `${text}\n${log.signText('another text\n')}`)).toBe(403);
  });

  it('is 400 for what is no checkpoint, and for an old size above the new one', () => {
    expect(judge(0, [], 'text\n')).toBe(400);
    expect(judge(14, [], checkpointOf(13), at(14))).toBe(400);
  });

  it('is 409 with the size when the old size is not the one last cosigned', () => {
    expect(
      judgeAddCheckpoint({ oldSize: 0, path: [], checkpoint: checkpointOf(13) }, knowing(at(7))),
    ).toEqual({
      status: 409,
      size: 7,
    });
    expect(judge(5, proofOf(5, 13), checkpointOf(13))).toBe(409);
  });

  const fork = checkpointOf(13, log, slowRoot(leaves.slice(1, 14)));

  it('is 422 for a wrong proof, and a proof where none may be', () => {
    expect(judge(7, proofOf(7, 13), fork, at(7))).toBe(422);
    expect(judge(7, [], checkpointOf(13), at(7))).toBe(422);
    expect(judge(0, proofOf(7, 13), checkpointOf(13))).toBe(422);
    expect(judge(13, proofOf(7, 13), checkpointOf(13), at(13))).toBe(422);
  });

  it('is 409 without a size for another root of the same size, which proves two histories, whatever the proof', () => {
    const forked = (path: Buffer[]) =>
      judgeAddCheckpoint({ oldSize: 13, path, checkpoint: fork }, knowing(at(13)));
    for (const verdict of [forked([]), forked(proofOf(7, 13))]) {
      expect(verdict).toMatchObject({ status: 409, evidence: { note: fork, contradicts: true } });
      expect(verdict).not.toHaveProperty('size');
    }
    expect(judge(0, [], checkpointOf(0, log, leaves[0]))).toBe(409);
  });
});

describe('the answer of a witness', () => {
  const { text } = parseNote(checkpointOf(13));
  const known = [witness.verifierKey];
  const ok = (body: string) => ({ status: 200, contentType: 'text/plain', body });

  it('is a cosignature of a known witness; those of others are left out', () => {
    const stranger = cosigner('witness.example/stranger', newKey());
    const body = stranger.cosign(text, 5) + witness.cosign(text, 6);
    expect(readWitnessAnswer(ok(body), text, known)).toMatchObject({
      outcome: 'cosigned',
      cosignatures: [{ key: witness.verifierKey, timeSeconds: 6, line: witness.cosign(text, 6) }],
    });
  });

  it('is refused when it is of nobody known, about another text, or without a time', () => {
    const stranger = cosigner('witness.example/stranger', newKey());
    expect(() => readWitnessAnswer(ok(stranger.cosign(text, 5)), text, known)).toThrow(/trusted/);
    expect(() => readWitnessAnswer(ok(witness.cosign('other\n', 5)), text, known)).toThrow(/verify/);
    expect(() => readWitnessAnswer(ok('thanks'), text, known)).toThrow(/signature line/);
    expect(() => witness.cosign(text, 0)).toThrow(RangeError);
  });

  it('is a size, or no', () => {
    const conflict = { status: 409, contentType: sizeContentType, body: formatConflictSize(7) };
    expect(readWitnessAnswer(conflict, text, known)).toEqual({ outcome: 'conflict', size: 7 });
    const other = { status: 409, contentType: 'text/html', body: '<h1>' };
    expect(readWitnessAnswer(other, text, known)).toEqual({ outcome: 'refused', status: 409 });
    expect(() => readWitnessAnswer({ ...conflict, body: '07\n' }, text, known)).toThrow(/size/);
    expect(readWitnessAnswer({ status: 422, contentType: '', body: '' }, text, known)).toEqual({
      outcome: 'refused',
      status: 422,
    });
  });

  it('stands for others at a path named after the origin', () => {
    expect(witnessCheckpointPath('example.com/log')).toMatch(/^\/[0-9a-f]{64}\/checkpoint$/);
  });
});
