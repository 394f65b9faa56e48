/** The builder of the gateway's own log, for whichever process holds the lock on its folder. */
import { noteSigner } from '../../protocol/proof/note-signer.ts';
import type { LeafSource } from '../store/port.ts';
import { LogBuilder } from './log-builder.ts';
import type { LogFolder } from './log-folder.ts';
import { readSignedBefore, type SignedBeforeOptions } from './signed-before.ts';

/** The log's name and key, and where else it keeps what it has signed. */
export type OwnLogOptions = Pick<SignedBeforeOptions, 'historyDir' | 'exportDir'> & {
  readonly origin: string;
  /** Ed25519 private key, PKCS#8 PEM. */
  readonly keyPem: string;
};

/** @throws CausewayError `log-forked` when the store's leaves do not continue what was published, here or elsewhere */
export async function openLogBuilder(
  folder: LogFolder,
  source: Pick<LeafSource, 'readLeafRuns'>,
  options: OwnLogOptions,
): Promise<LogBuilder> {
  const { origin, keyPem, historyDir, exportDir } = options;
  const signer = noteSigner(origin, keyPem);
  const { verifierKey } = signer;
  return LogBuilder.open({
    ...{ folder, source, signer },
    readSignedBefore: () => readSignedBefore({ folder, verifierKey, historyDir, exportDir, now: Date.now }),
  });
}
