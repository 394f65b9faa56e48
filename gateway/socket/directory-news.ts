/**
 * What a session is told of changes of the directory: nothing before its welcome, which may take as long as the store
 * does, and then whatever the welcome does not know.
 */
export class DirectoryNews {
  readonly #tell: (version: number) => void;
  #isWelcomed = false;
  #newest = 0;

  constructor(tell: (version: number) => void) {
    this.#tell = tell;
  }

  changed(version: number): void {
    this.#newest = version;
    if (this.#isWelcomed) this.#tell(version);
  }

  /** The welcome has gone out. @param version that it names */
  welcomed(version: number): void {
    this.#isWelcomed = true;
    if (this.#newest > version) this.#tell(this.#newest);
  }
}
