/** Tells a store's listener of what this process commits, and of what the keeper has noticed. */
import type { EndpointAddress } from '../../../protocol/ids.ts';
import type { FreshGroup, StoreListener, StoreVersions } from '../port.ts';
import type { Notice } from './keeper.ts';

export class StoreEvents {
  listener: StoreListener | undefined;
  /** The last ones told. */
  versions: StoreVersions = { directory: 0, policy: 0 };

  onGrowth(endpoint: EndpointAddress, position: number, fresh: FreshGroup): void {
    this.listener?.onReceipts(endpoint, position, fresh);
  }

  /**
   * This process has raised these. Of the other the keeper alone tells: it may have told already what another process has
   * raised since the commit, and would not tell it again.
   */
  onRaised(raised: Partial<StoreVersions>): void {
    this.#tell({ ...this.versions, ...raised });
  }

  onUntold(): void {
    this.listener?.onUntold?.();
  }

  /** The keeper may tell late what this process has raised since, and then tells that again. */
  onNotice({ versions, streams }: Notice): void {
    this.#tell(versions);
    for (const [endpoint, position] of streams) this.listener?.onReceipts(endpoint, position, undefined);
  }

  /** Whatever differs is told: a version may have been put back by hand. */
  #tell(versions: StoreVersions): void {
    const { directory, policy } = this.versions;
    if (versions.directory === directory && versions.policy === policy) return;
    this.versions = versions;
    this.listener?.onChange(versions);
  }
}
