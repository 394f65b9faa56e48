import { describe } from 'vitest';
import { holdsAtFirstConnection } from './kit/change-at-start.ts';

describe('while a gateway starts on its own file', () => {
  holdsAtFirstConnection(() => Promise.resolve({}));
});
