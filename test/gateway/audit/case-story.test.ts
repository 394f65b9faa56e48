import { expect, test } from 'vitest';
import { tellCase } from '../../../gateway/audit/case-story.ts';
import type { RecordEntry, StoredLeaf } from '../../../gateway/store/port.ts';
import { encodeLeaf } from '../../../protocol/audit/leaf.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';
import { health, messageId, noon, police, school } from '../store/synthetic-messages.ts';

const id = messageId(1);
const words = {
  agency: (agency: string) => agency.toUpperCase(),
  category: (category: string) => category,
  purpose: (purpose: string) => purpose,
};

function tell(entry: RecordEntry, code?: ErrorCode): string | undefined {
  const leaf: StoredLeaf = {
    ...{ index: 0, at: noon, entry, case: id, erased: false },
    leaf: encodeLeaf({ kind: entry.kind, at: noon, ...(code === undefined ? {} : { code }) }),
  };
  return tellCase(id, [leaf], words)[0]?.text;
}

const alert = {
  ...{ kind: 'alert.raised', message: id, thread: id, pattern: 'p', version: 2, title: 'Three agencies' },
  ...{ level: 'suspect', tier: 'same', dispositionBy: Date.UTC(2026, 6, 1, 12, 30) },
  ...{ events: [2, 3, 4].map(messageId), sources: [police, police, health], links: [], missing: [] },
  agencies: ['nhs-lanarkshire', 'strathclyde-police'],
};

test('tells why an alert was raised, with the agencies, and by when an answer was wanted', () => {
  expect(tell(alert)).toBe(
    'An alert was raised by the pattern “Three agencies” (version 2, level “suspect”): 3 notices of NHS-LANARKSHIRE and ' +
      'STRATHCLYDE-POLICE speak of the same child. An answer was wanted by 1 July 2026 at 13:30.',
  );
  expect(tell({ ...alert, tier: 'possible', events: [messageId(2)], agencies: ['a'] })).toContain(
    '1 notice of A speaks of what may be the same child.',
  );
});

test('tells of an alert that could not be sent why, and what it would have said', () => {
  const unsent = { ...alert, kind: 'alert.unsent', code: 'recipient-unknown' };
  expect(tell({ ...unsent, tries: 0 })).toMatch(
    /^An alert of the pattern “Three agencies” .* reached nobody: \w.*\. It says that 3 notices of NHS-LANARKSHIRE/,
  );
  expect(tell({ ...unsent, tries: 4 })).toContain('reached nobody: it was refused 4 times.');
});

test('tells of an alert without an answer by when one was wanted of whom, and who was reminded', () => {
  const overdue = { kind: 'alert.overdue', dispositionBy: Date.UTC(2026, 11, 1, 9), recipients: [health] };
  expect(tell({ ...overdue, reminded: [school] })).toBe(
    'By 1 December 2026 at 09:00 the alert had no answer from NHS-LANARKSHIRE (child protection). ' +
      'NORTH-LANARKSHIRE-EDUCATION (wishaw) was reminded of it.',
  );
  expect(tell({ ...overdue, reminded: [school, police] })).toContain(') were reminded of it.');
  expect(tell(overdue)).toMatch(/Nobody was reminded of it\.$/);
});

test('tells who answered an alert, and what', () => {
  const disposed = { kind: 'alert.disposed', source: health, disposition: 'not-this-child' };
  expect(tell(disposed)).toMatch(
    /^NHS-LANARKSHIRE \(.*\) answered the alert: the notices do not speak of one child\.$/,
  );
  expect(tell({ ...disposed, disposition: 'something-new' })).toBe('The log notes alert.disposed.');
});

test('tells of a notice under the id of another one as that, and not as one that could not be read', () => {
  const refused = { kind: 'message.refused', source: police };
  expect(tell({ ...refused, of: 3 }, 'id-conflict')).toBe(
    'STRATHCLYDE-POLICE (concern hub) wanted to send a different notice under the id of the one of leaf 3. The gateway refused it ' +
      'and passed nothing on: A different message with this id has been submitted before.',
  );
  expect(tell(refused, 'envelope-malformed')).toContain('wanted to send a notice that could not be read.');
});
