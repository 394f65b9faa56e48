/** The only error class that crosses a boundary; what its codes mean stands in `error-catalogue.ts`. */
import { catalogue, type CatalogueEntry } from './error-catalogue.ts';

export { catalogue, type CatalogueEntry };

/** A stable error code, as it stands in frames, problem details, receipts and logs. */
export type ErrorCode = keyof typeof catalogue;

/** Every code, for schemas. */
export const errorCodes = Object.keys(catalogue) as [ErrorCode, ...ErrorCode[]];

/** A place in a document that is wrong: where it is and what to do about it. */
export type Problem = {
  /** File name or field as a JSON Pointer; never content. */
  readonly at: string;
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
};

/**
 * The only error class that crosses a public boundary.
 * `message` is the catalogue's text, followed by `detail` where there is one; it holds no personal data.
 */
export class CausewayError extends Error {
  override readonly name = 'CausewayError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly problems: readonly Problem[];

  constructor(
    code: ErrorCode,
    options: { detail?: string | undefined; problems?: readonly Problem[]; cause?: unknown } = {},
  ) {
    const { detail, problems = [], cause } = options;
    super(
      detail === undefined ? catalogue[code].text : `${catalogue[code].text} ${detail}`,
      cause === undefined ? undefined : { cause },
    );
    this.code = code;
    this.detail = detail;
    this.problems = problems;
  }

  /** The catalogue's line for this error. */
  get meaning(): CatalogueEntry {
    return catalogue[this.code];
  }
}

/** True for a {@link CausewayError}, with its code narrowed when one is given. */
export function isCausewayError(error: unknown, code?: ErrorCode): error is CausewayError {
  return error instanceof CausewayError && (code === undefined || error.code === code);
}
