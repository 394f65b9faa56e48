import { expect, it } from 'vitest';
import { judgeBrokenRequest } from '../../../protocol/wire/broken-request.ts';

const broken = (code?: string): NodeJS.ErrnoException =>
  Object.assign(new Error('broken'), code === undefined ? {} : { code });

it('what is no HTTP is answered in the words of the catalogue, and the connection ends', () => {
  const { error, response = '' } = judgeBrokenRequest(broken('HPE_INVALID_METHOD'));
  expect(error.code).toBe('request-malformed');
  const [head = '', body = ''] = response.split('\r\n\r\n');
  expect(head.split('\r\n')).toEqual([
    'HTTP/1.1 400 request-malformed',
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]);
  expect(JSON.parse(body)).toMatchObject({ status: 400, code: 'request-malformed' });
});

it.each(['HPE_HEADER_OVERFLOW', 'HPE_CHUNK_EXTENSIONS_OVERFLOW'])('%s is called too large', (code) => {
  const { error, response } = judgeBrokenRequest(broken(code));
  expect(error.code).toBe('request-too-large');
  expect(response).toMatch(/^HTTP\/1\.1 413 /);
});

it.each(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_TLS_HANDSHAKE_TIMEOUT', undefined])(
  '%s has no answer: there is no connection to carry it',
  (code) => {
    expect(judgeBrokenRequest(broken(code)).response).toBeUndefined();
  },
);
