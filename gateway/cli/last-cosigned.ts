/** What each witness of the settings has cosigned last, as far as the gateway has kept it: since when one is missing. */
import { openCheckpoint, type CheckpointTrust } from '../../protocol/proof/checkpoint.ts';

export type LastCosigned = {
  /** The name of the witness. */
  readonly name: string;
  /** Undefined where nothing is kept that it has cosigned. */
  readonly last: { readonly size: number; readonly timeSeconds: number } | undefined;
};

/** @param checkpoints newest first; those that are spoilt, or of another name or key, are passed over */
export function lastCosigned(checkpoints: readonly string[], trust: CheckpointTrust): LastCosigned[] {
  return (trust.witnesses ?? []).map((witness) => {
    // To look for the name is quick; a signature is checked only where it is likely to be the one.
    const named = checkpoints.values().filter((text) => text.includes(`\n\u2014 ${witness.name} `));
    const last = named
      .map((text) => cosignedBy(text, { ...trust, witnesses: [witness] }))
      .find((each) => each !== undefined);
    return { name: witness.name, last };
  });
}

function cosignedBy(text: string, trust: CheckpointTrust): LastCosigned['last'] {
  try {
    const { size, cosignatures } = openCheckpoint(text, trust);
    const [cosignature] = cosignatures;
    return cosignature && { size, timeSeconds: cosignature.timeSeconds ?? 0 };
  } catch {
    return undefined;
  }
}
