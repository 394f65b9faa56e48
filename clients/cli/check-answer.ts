/**
 * An answer to an alert says what became of it twice: to the gateway by its category, to people by its document, which
 * gives the reason. The gateway sees that there is one and cannot read it, so that they agree is seen to here.
 */
import { usageError } from '../../terminal/input.ts';
import { answers } from './alert-answer.ts';

const categoryPrefix = 'alert-';

/** What `causeway send` is asked to send. */
export type AnswerParts = {
  readonly category: string;
  readonly replyTo: string | undefined;
  /** Of a data set, undefined where there is none. */
  readonly document: unknown;
  /** Gives the data set's example. */
  readonly template: () => unknown;
};

/** Does nothing for any other notice. @throws CausewayError `usage-invalid` */
export function checkAnswer({ category, replyTo, document, template }: AnswerParts): void {
  if (!answers.some(([known]) => known === category)) return;
  const disposition = category.slice(categoryPrefix.length);
  if (replyTo === undefined) {
    throw usageError('An answer to an alert needs --reply-to with the id of the alert or of its reminder.');
  }
  if (document === undefined) {
    throw usageError(
      'An answer to an alert needs --dataset alert-disposition: what became of it, the reason, and who says so.',
    );
  }
  if (JSON.stringify(document) === JSON.stringify(template())) {
    throw usageError(
      'The document is still the example: fill in what became of this alert, why, and who says so.',
    );
  }
  const stated: unknown = Reflect.get(Object(document) as object, 'disposition');
  if (typeof stated === 'string' && stated !== disposition) {
    throw usageError(`The category says ${disposition}, and the document has another disposition.`);
  }
}
