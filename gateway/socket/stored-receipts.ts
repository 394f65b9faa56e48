/** How far a client has stored its receipts. The store is told now and then, for to forget them is not urgent. */
export class StoredReceipts {
  readonly #forget: (through: number) => Promise<void>;
  readonly #onError: (error: unknown) => void;
  #through = 0;
  #told = 0;

  /** @param forget tells the store, which forgets all positions up to `through` */
  constructor(forget: (through: number) => Promise<void>, onError: (error: unknown) => void) {
    this.#forget = forget;
    this.#onError = onError;
  }

  /** The client has stored its receipts up to here. */
  note(through: number): void {
    this.#through = Math.max(this.#through, through);
  }

  /** Tells the store what is new. What fails is reported, and told again with the next. */
  flush(): void {
    const through = this.#through;
    if (through === this.#told) return;
    this.#told = through;
    this.#forget(through).catch((error: unknown) => {
      this.#told = 0;
      this.#onError(error);
    });
  }
}
