import { expect, test } from 'vitest';
import { checkAnswer } from '../../clients/cli/check-answer.ts';

const template = { alert: 'an example', disposition: 'acted', reason: 'Because.', by: 'Sam Mockford' };
const answer = { ...template, alert: '019a9410-6c90-7e4f-b182-5c9a7d2e3f64', disposition: 'known' };
const sent = { category: 'alert-known', replyTo: 'an alert', document: answer, template: () => template };

test('an answer whose category and document agree is sent, and so is any other notice', () => {
  expect(() => checkAnswer(sent)).not.toThrow();
  expect(() => checkAnswer({ ...sent, category: 'concern', replyTo: undefined })).not.toThrow();
});

test.each([
  ['without the alert that it answers', { replyTo: undefined }, /needs --reply-to/],
  ['without a reason', { document: undefined }, /needs --dataset alert-disposition/],
  [
    'with the example as its document',
    { category: 'alert-acted', document: { ...template } },
    /still the example/,
  ],
  ['with another disposition in its document', { category: 'alert-acted' }, /another disposition/],
])('an answer %s is not sent', (_what, changed, words) => {
  let said = '';
  try {
    checkAnswer({ ...sent, ...changed });
  } catch (error) {
    said = String((error as { detail?: string }).detail);
  }
  expect(said).toMatch(words);
});
