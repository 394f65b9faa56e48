/** What an application hands to `send`. */
import type { Severity } from '../../protocol/wire/envelope.ts';
import type { SubjectDetails } from './linkage/subject.ts';

/** Plain text in place of a data set. */
export type TextContent = { readonly text: string };

/** Any file in place of a data set; `name` without folders. */
export type FileContent = { readonly file: Uint8Array; readonly name: string; readonly mediaType: string };

type Addressing = {
  /** `agency/endpoint`, `agency/@role`, or several of them. */
  readonly to: string | readonly string[];
  /** Words of the sharing agreement. */
  readonly category: string;
  readonly severity: Severity;
  readonly purpose: string;
  readonly basis: string;
  /** The message that this one answers. */
  readonly inReplyTo?: string;
  /** The conversation it belongs to: by default that of `inReplyTo`, or a new one. */
  readonly thread?: string;
  /**
   * Whom it is about. Only keyed tokens of it travel; the details stay in this process.
   * It needs a linkage key in the home: `causeway linkage key import`.
   */
  readonly subjects?: readonly SubjectDetails[];
  /** How long the gateway shall try to deliver, by its clock. Default 30 days, at most 90, and what the gateway allows. */
  readonly expiresInMs?: number;
};

/** What to send: a document of a data set, or text, or a file. */
export type OutgoingNotice = Addressing &
  (
    | { readonly dataschema: string; readonly content: unknown }
    | { readonly dataschema?: undefined; readonly content: TextContent | FileContent }
  );
