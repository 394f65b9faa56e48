/** What the gateway has said of a message of this endpoint. */
import type { AcceptedDetail, RefusedDetail } from '../../protocol/wire/receipt-detail.ts';

/** The gateway's final answer to a message, as kept. */
export type KeptAnswer =
  | ({ readonly outcome: 'accepted'; readonly at: number } & AcceptedDetail)
  | ({ readonly outcome: 'refused'; readonly at: number } & RefusedDetail);

/** A message that was answered just now. */
export type AnsweredMessage = {
  readonly seq: number;
  /** The highest record known when it was submitted; undefined where none was. */
  readonly recordBefore: number | undefined;
};
