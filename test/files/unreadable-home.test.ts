import { expect, test } from 'vitest';
import { unreadableHome } from '../../files/unreadable-home.ts';

const told = (found?: string[], file = 'signing.key'): string =>
  unreadableHome('endpoint', '/homes/desk', file, found);

test('a folder that is not there, or is empty, is told with what makes one', () => {
  expect(told()).toMatch(/^There is no folder \/homes\/desk .*`causeway enrol` makes one; .* --home/);
  expect(told([])).toMatch(/^\/homes\/desk is empty.*`causeway enrol`/);
  const ofGateway = unreadableHome('gateway', '/g', 'gateway.yaml', []);
  expect(ofGateway).toContain('`causeway gateway init`');
  // `gateway start` and `check` take the folder as their argument.
  expect(ofGateway).not.toContain('--dir');
});

test('the home of somebody else is told as what it is', () => {
  expect(told(['ca.key', 'gateway.yaml'])).toBe(
    '/homes/desk is the home of a gateway, not of an endpoint: it holds gateway.yaml and no identity.json.',
  );
  expect(unreadableHome('gateway', '/g', 'gateway.yaml', ['witness.json'])).toContain('of a witness');
});

test('a home that lacks one file is sent to its backup', () => {
  expect(told(['identity.json', 'tls.pem'])).toBe(
    '/homes/desk/signing.key is missing, and the rest is there: restore it from a backup.',
  );
  expect(told(['identity.json', 'signing.key'])).toContain('cannot be read');
});

test('any other folder is told by what it holds', () => {
  expect(told(['1', '2', '3', '4', '5', '6', '7'])).toMatch(
    /is no home of an endpoint: it holds 1, 2, 3, 4, 5 and 2 more, and no identity\.json\./,
  );
});
