/** What only one gateway on a store does at a time. */

/** The right to do something that one gateway does at a time. `epoch` grows whenever the holder changes. */
export type Lease = { readonly name: string; readonly epoch: number };

/** What a store does for it: a part of `Store`. */
export type LeaseStore = {
  /**
   * Takes the right of this name for so long from now, or keeps it for so long. Engines for one gateway always
   * give it.
   * @returns undefined while another gateway holds it
   */
  takeLease(name: string, durationMs: number): Promise<Lease | undefined>;
  /** Gives the right back before its time. One that was lost meanwhile is left alone. */
  releaseLease(lease: Lease): Promise<void>;
};
