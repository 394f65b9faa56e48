import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCausewayError } from '../../../protocol/errors.ts';
import {
  formatCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
} from '../../../protocol/proof/checkpoint.ts';
import { emptyRoot } from '../../../protocol/proof/frontier.ts';
import {
  addSignatures,
  formatNote,
  formatSignatureLine,
  parseNote,
  parseSignatureLines,
  verifyNote,
} from '../../../protocol/proof/note.ts';
import { cosigner, noteSigner, signNote } from '../../../protocol/proof/note-signer.ts';
import { formatVerifierKey, parseVerifierKey, verifierKey } from '../../../protocol/proof/verifier-key.ts';
import { isPresent, readShared } from './shared-data.ts';
import { leavesOf, slowRoot } from './slow-tree.ts';

function newKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** The examples of c2sp.org/signed-note. */
const exampleKey = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const example =
  'This is an example message.\n\n— example.com/foo ' +
  'Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';
const poem =
  'Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n' +
  '— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n';

const log = noteSigner('log.example/causeway', newKey());
const witness = cosigner('witness.example/committee', newKey());
const stranger = cosigner('witness.example/stranger', newKey());
const checkpoint = { origin: 'log.example/causeway', size: 7, root: slowRoot(leavesOf(7)) };
const trust = { keys: [log.verifierKey], witnesses: [witness.verifierKey] };

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'none';
  } catch (error) {
    return isCausewayError(error) ? error.code : String(error);
  }
}

describe('signed notes', () => {
  it('are read as the standard shows them', () => {
    const key = parseVerifierKey(exampleKey);
    expect(key).toMatchObject({ name: 'example.com/foo', keyId: 0x530d903a, type: 1 });
    expect(formatVerifierKey(key)).toBe(exampleKey);
    const verified = verifyNote(parseNote(example), [key]);
    expect(verified.map((signature) => signature.key)).toEqual([key]);
    expect(parseNote(Buffer.from(example))).toEqual(parseNote(example));
  });

  it('split at the last blank line', () => {
    const note = parseNote(poem);
    expect(note.text.endsWith('sole:\n\ned è subito sera.\n')).toBe(true);
    expect(note.signatures).toMatchObject([{ name: 'quasimodo.example/salvatore', keyId: 0x367ba04b }]);
  });

  it('ignore unknown keys, also such as share a name or an id, and need one known key', () => {
    const namesake = noteSigner('log.example/causeway', newKey());
    const note = signNote('text\n', namesake, log);
    expect(verifyNote(parseNote(note), [log.verifierKey])).toHaveLength(1);
    expect(codeOf(() => verifyNote(parseNote(signNote('text\n', namesake)), [log.verifierKey]))).toBe(
      'note-untrusted',
    );
    const sameId = { ...namesake.verifierKey, name: 'other.example', keyId: log.verifierKey.keyId };
    expect(codeOf(() => verifyNote(parseNote(note), [sameId]))).toBe('note-untrusted');
  });

  it('are spoilt by a wrong signature of a known key, whoever else has signed', () => {
    const other = noteSigner('other.example', newKey());
    const wrong = log.signText('another text\n');
    const note = formatNote('text\n', [other.signText('text\n'), wrong]);
    expect(verifyNote(parseNote(note), [other.verifierKey])).toHaveLength(1);
    expect(codeOf(() => verifyNote(parseNote(note), [other.verifierKey, log.verifierKey]))).toBe(
      'note-untrusted',
    );
  });

  it.each([
    ['nothing', ''],
    ['no blank line', 'text\n— a AAAAAAA=\n'],
    ['no signature', 'text\n\n'],
    ['no line feed at the end', example.slice(0, -1)],
    ['a control character', example.replace('This', 'Th\u0007s')],
    ['a carriage return', example.replaceAll('\n', '\r\n')],
    ['half a character', example.replace('This', 'Th\ud800s')],
    ['a hyphen in place of the dash', example.replace('—', '-')],
    ['a space too many', example.replace('foo ', 'foo  ')],
    ['a plus sign in a name', example.replace('com/foo', 'com+foo')],
    ['base64 without padding', example.replace('=\n', '\n')],
    ['base64 of another alphabet', example.replace('Uw2', 'Uw-')],
    ['a key id and nothing else', 'text\n\n— a AAAAAA==\n'],
    ['101 signatures', `text\n\n${'— a AAAAAAA=\n'.repeat(101)}`],
    ['too many bytes', `${'a'.repeat(600_000)}\n\n— a AAAAAAA=\n`],
  ])('are refused with %s', (_what, note) => {
    expect(codeOf(() => parseNote(note))).toBe('note-malformed');
  });

  it('are refused when they are not UTF-8', () => {
    expect(codeOf(() => parseNote(Buffer.concat([Buffer.of(0xff), Buffer.from(example)])))).toBe(
      'note-malformed',
    );
    expect(() => formatNote('no line feed', [])).toThrow(/line feed/);
  });
});

describe('verifier keys', () => {
  it.each([
    ['an id that is not the key’s', exampleKey.replace('530d903a', '530d903b')],
    ['another name', exampleKey.replace('foo', 'fop')],
    ['an unknown type', 'example.com/foo+530d903a+Bekyeg=='],
    ['capital letters in the id', exampleKey.replace('530d903a', '530D903A')],
    ['no name', exampleKey.replace('example.com/foo', '')],
    ['a space in the name', exampleKey.replace('example', 'exam ple')],
    ['a key that is too short', 'example.com/foo+530d903a+AekyeRrm'],
    ['nothing', ''],
  ])('are refused with %s', (_what, text) => {
    expect(codeOf(() => parseVerifierKey(text))).toBe('note-malformed');
  });

  it('never read as another key after a change of one character', () => {
    fc.assert(
      fc.property(
        fc.nat(exampleKey.length - 1),
        fc.string({ minLength: 1, maxLength: 1 }),
        (at, character) => {
          const changed = exampleKey.slice(0, at) + character + exampleKey.slice(at + 1);
          if (changed !== exampleKey) expect(codeOf(() => parseVerifierKey(changed))).toBe('note-malformed');
        },
      ),
      { numRuns: 500 },
    );
  });

  it('have another id for another type of signature', () => {
    const { publicKey } = log.verifierKey;
    const [one, four] = [verifierKey('same', 1, publicKey), verifierKey('same', 4, publicKey)];
    expect(one.keyId).not.toBe(four.keyId);
    expect(parseVerifierKey(formatVerifierKey(four))).toEqual(four);
  });
});

describe('checkpoints', () => {
  it('say origin, size, root and what else they have', () => {
    const text = formatCheckpoint({ ...checkpoint, extensions: ['more'] });
    expect(text).toBe(`log.example/causeway\n7\n${checkpoint.root.toString('base64')}\nmore\n`);
    expect(parseCheckpoint(text)).toEqual({ ...checkpoint, extensions: ['more'] });
    expect(parseCheckpoint(formatCheckpoint({ origin: 'o', size: 0, root: emptyRoot })).size).toBe(0);
  });

  it.each([
    ['a leading zero', 'o\n07\nROOT\n'],
    ['a sign', 'o\n+7\nROOT\n'],
    ['digits of another script', 'o\n٧\nROOT\n'],
    ['a size above 2^53', 'o\n9007199254740992\nROOT\n'],
    ['a short root', 'o\n7\nAAAA\n'],
    ['a root that is not canonical', `o\n7\n${'A'.repeat(42)}B=\n`],
    ['an empty extension', 'o\n7\nROOT\n\n'],
    ['no origin', '\n7\nROOT\n'],
    ['two lines', 'o\n7\n'],
    ['no end', 'o\n7\nROOT'],
  ])('are refused with %s', (_what, text) => {
    const whole = text.replace('ROOT', emptyRoot.toString('base64'));
    expect(codeOf(() => parseCheckpoint(whole))).toBe('note-malformed');
  });

  it('are opened with the key of their log and show who has cosigned them, and when', () => {
    const signed = signCheckpoint(checkpoint, log);
    const { text } = parseNote(signed);
    const whole = addSignatures(signed, [witness.cosign(text, 1_679_315_147), stranger.cosign(text, 5)]);
    const opened = openCheckpoint(whole, { ...trust, witnessesNeeded: 1 });
    expect(opened).toMatchObject({ ...checkpoint, text });
    expect(opened.cosignatures).toMatchObject([{ key: witness.verifierKey, timeSeconds: 1_679_315_147 }]);
    expect(addSignatures(whole, [witness.cosign(text, 1_679_315_147)])).toBe(whole);
  });

  it('are not opened for another log, without its signature, or with too few witnesses', () => {
    const signed = signCheckpoint(checkpoint, log);
    expect(codeOf(() => openCheckpoint(signed, { ...trust, origin: 'other.example' }))).toBe('log-foreign');
    expect(codeOf(() => openCheckpoint(signed, { ...trust, witnessesNeeded: 1 }))).toBe('note-uncosigned');
    const { text } = parseNote(signed);
    const unsigned = formatNote(text, [witness.cosign(text, 1)]);
    expect(codeOf(() => openCheckpoint(unsigned, trust))).toBe('note-untrusted');
    const [cosignature] = parseSignatureLines(witness.cosign(text, 1));
    const misdated = Buffer.from(cosignature!.signature);
    misdated[7]! ^= 3;
    const line = formatSignatureLine(witness.verifierKey, misdated);
    expect(codeOf(() => openCheckpoint(addSignatures(signed, [line]), trust))).toBe('note-untrusted');
  });

  it('never open after a change of one byte, where log and witness must both have signed', () => {
    const signed = signCheckpoint(checkpoint, log);
    const { text } = parseNote(signed);
    const whole = Buffer.from(addSignatures(signed, [witness.cosign(text, 77)]));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(whole);
        changed[at]! ^= flip;
        const code = codeOf(() => openCheckpoint(changed, { ...trust, witnessesNeeded: 1 }));
        expect(['note-malformed', 'note-untrusted', 'note-uncosigned', 'log-foreign']).toContain(code);
      }),
      { numRuns: 1000 },
    );
  });
});

const present = isPresent('tlog/checkpoint');

describe(`the real log in ../shared/data/tlog (${present ? 'present' : 'absent, so not run'})`, () => {
  const key = parseVerifierKey(
    'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx',
  );

  it.skipIf(!present)('has sixteen checkpoints that its key has signed', () => {
    for (let size = 0; size <= 15; size++) {
      expect(openCheckpoint(readShared(`tlog/checkpoint.${size}`), { keys: [key] }).size).toBe(size);
    }
  });
});
