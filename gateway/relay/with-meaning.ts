/** What the gateway itself has to say of a message that it sends. */
import type { RecordEntry, Submission } from '../store/port.ts';

/** The submission, with a leaf behind the acceptance of each of its messages that is accepted, in the same commit. */
export function withMeaning(submission: Submission, meaning: RecordEntry | undefined): Submission {
  if (meaning === undefined) return submission;
  const { source, messages } = submission;
  const text = JSON.stringify(meaning);
  return {
    source,
    messages: messages.map((each) => (each.verdict === 'accept' ? { ...each, meaning: text } : each)),
  };
}
