import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { catalogue, CausewayError, errorCodes } from '../../protocol/errors.ts';
import { exitCodeFor } from '../../terminal/exit-codes.ts';
import {
  durationMs,
  parseJsonInput,
  parseMoment,
  plainText,
  readInput,
  wholeNumber,
} from '../../terminal/input.ts';
import { requireListenName, startListening } from '../../terminal/listening.ts';
import { takeReaderGone, whileRead } from '../../terminal/standard-output.ts';
import { createPaint, showable, showableLine, showsColour } from '../../terminal/paint.ts';
import { layOutTable, wrapText } from '../../terminal/table.ts';
import { createTerminal } from '../../terminal/terminal.ts';
import { UnreadOutput } from '../../terminal/unread-output.ts';

function openTerminal(options: { json?: boolean; isTTY?: boolean; env?: NodeJS.ProcessEnv } = {}) {
  const { json = false, isTTY = false, env = {} } = options;
  const openStream = () => Object.assign(new PassThrough(), { isTTY, columns: 80 });
  const [stdout, stderr] = [openStream(), openStream()];
  const terminal = createTerminal({ stdout, stderr, env, json });
  const read = (stream: PassThrough): string => String(stream.read() ?? '');
  return { terminal, stdout: () => read(stdout), stderr: () => read(stderr) };
}

describe('what a command is given', () => {
  it('is read up to its limit from what never ends', async () => {
    await expect(readInput('/dev/zero', new PassThrough(), 1_000)).rejects.toMatchObject({
      code: 'payload-too-large',
    });
    await expect(readInput('/', new PassThrough(), 1_000_000)).rejects.toMatchObject({
      code: 'usage-invalid',
      detail: '/ cannot be read: it is a folder.',
    });
  });

  it('as words for people is one line that says something', () => {
    const read = plainText(20);
    expect(read('  the Committee, 4.2 ')).toBe('the Committee, 4.2');
    for (const bad of ['', ' ', 'two\nlines', 'a\u001b[2J', 'right\u202eleft', 'x'.repeat(21)])
      expect(() => read(bad)).toThrow('It must');
  });
});

describe('work that ends with the reader of its output', () => {
  it('ends with a reason of its own where there is one', async () => {
    const endsWith = async (error: Error | undefined): Promise<unknown> => {
      const stdout = new PassThrough();
      const work = whileRead(stdout, async () => {
        takeReaderGone(stdout, Object.assign(new Error(), { code: 'EPIPE' }));
        return error === undefined ? Promise.resolve() : Promise.reject(error);
      });
      return work.catch((thrown: unknown) => thrown);
    };
    expect(await endsWith(undefined)).toBeInstanceOf(UnreadOutput);
    expect(await endsWith(new CausewayError('aborted'))).toBeInstanceOf(UnreadOutput);
    const halted = new CausewayError('log-halted');
    expect(await endsWith(halted)).toBe(halted);
  });
});

describe('a server of a command', () => {
  it('says why it cannot listen', async () => {
    const start = (): Promise<never> => Promise.reject(Object.assign(new Error(), { code: 'EADDRINUSE' }));
    await expect(startListening('127.0.0.1', 8444, start)).rejects.toMatchObject({
      code: 'configuration-invalid',
      detail: 'It cannot listen on 127.0.0.1, port 8444: another program listens there.',
    });
    await expect(startListening('::1', 1, () => Promise.reject(new Error('else')))).rejects.toThrow('else');
  });
});

describe('the next step after a home that cannot be used', () => {
  const told = (detail: string): string => {
    const { terminal, stderr } = openTerminal();
    terminal.fail(new CausewayError('home-invalid', { detail }));
    return stderr();
  };

  it('is said once: not beside a detail that has a step of its own', () => {
    const readable =
      'Other users of this machine may read /gw/log.key. If none has, run: chmod 600 /gw/log.key';
    expect(told(readable)).not.toContain('next');
    expect(told('audit.key is another one. Put the one from the backup in its place.')).not.toContain('next');
    expect(told('/gw/ca.key is not a file.')).toContain('next   Where another folder is meant, name it.');
  });
});

describe('a name to listen on', () => {
  const failing = (code: string) => () => Promise.reject(Object.assign(new Error(), { code }));

  it('is refused where nothing has it, and only then', async () => {
    await expect(requireListenName('foo', failing('ENOTFOUND'))).rejects.toMatchObject({
      code: 'configuration-invalid',
      detail: expect.stringMatching(/^It cannot listen on foo: there is no such address\./) as string,
    });
    await requireListenName('foo', failing('EAI_AGAIN'));
    await requireListenName('::1', failing('ENOTFOUND'));
  });
});

describe('an error on the terminal', () => {
  const problems = [{ at: 'agencies.yaml', line: 3, column: 5, message: 'names an unknown sector' }];

  it('speaks to people of what they gave, and not of a protocol', () => {
    const { terminal, stderr } = openTerminal();
    terminal.fail(
      new CausewayError('request-malformed', { detail: 'This home has another key for epoch 1.' }),
    );
    terminal.fail(new CausewayError('not-found', { detail: 'No notice with this id was sent from here.' }));
    const [first, , second] = stderr().split('\n');
    expect(first).toBe('error  That cannot be used. This home has another key for epoch 1.');
    expect(second).toBe('error  There is no such thing. No notice with this id was sent from here.');
  });

  it('says what went wrong, where, and what to do next', () => {
    const { terminal, stdout, stderr } = openTerminal();
    expect(terminal.fail(new CausewayError('policy-invalid', { problems }))).toBe(2);
    expect(stdout()).toBe('');
    expect(stderr()).toBe(
      'error  The policy folder is not valid.\n' +
        '       agencies.yaml:3:5: names an unknown sector\n' +
        'next   Correct the lines named, then run `causeway policy check` again.\n' +
        'code   policy-invalid\n',
    );
  });

  it('does not repeat the whole of something long that was handed in, only its ends', () => {
    for (const given of ['x'.repeat(100_000), 'two words '.repeat(10_000)]) {
      for (const json of [false, true]) {
        const { terminal, stderr } = openTerminal({ json });
        terminal.fail(new CausewayError('usage-invalid', { detail: `Not good: ${given} is no address.` }));
        const told = stderr();
        expect(told.length).toBeLessThan(2_500);
        expect(told).toMatch(/Not good: [^]* \[…\] [^]* is no address\./);
      }
    }
  });

  it('is one object with --json', () => {
    const { terminal, stderr } = openTerminal({ json: true });
    terminal.fail(new CausewayError('gateway-unreachable', { detail: 'ECONNREFUSED.' }));
    expect(JSON.parse(stderr())).toMatchObject({
      type: 'error',
      code: 'gateway-unreachable',
      text: 'The gateway cannot be reached. ECONNREFUSED.',
      retryable: true,
    });
  });

  it('of the file system says which file it is about, and why', () => {
    const { terminal, stderr } = openTerminal();
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    const denied = Object.assign(new Error('no'), { code: 'EACCES', path: '/srv/gateway' });
    expect([terminal.fail(full), terminal.fail(denied)]).toEqual([3, 3]);
    expect(stderr()).toMatch(
      /A file cannot be used: the disk is full\.[^]*\/srv\/gateway cannot be used: permission/,
    );
    const inDatabase = Object.assign(new Error('full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 });
    expect(terminal.fail(inDatabase)).toBe(3);
    expect(stderr()).toContain('A file cannot be used: the disk is full.');
    // Without a path it is about something else, such as a port.
    terminal.fail(Object.assign(new Error('no'), { code: 'EACCES' }));
    expect(stderr()).toContain('did not expect: Error (EACCES)');
  });

  it('that nobody expected keeps its words and its stack to itself, unless asked', () => {
    const error = new TypeError('the name of a child');
    const quiet = openTerminal();
    expect(quiet.terminal.fail(error)).toBe(1);
    const words = quiet.stderr();
    expect(words).toContain('TypeError');
    expect(words).not.toMatch(/child|^ +at /m);
    const debugging = openTerminal({ env: { CAUSEWAY_DEBUG: '1' } });
    debugging.terminal.fail(error);
    expect(debugging.stderr()).toMatch(/^ +at /m);
  });
});

describe('JSON on the terminal', () => {
  it('steers no screen, and means the same', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('\u007f', '\u009b', '\u202e', '\u2066'),
        (text, mark) => {
          const { terminal, stdout } = openTerminal({ json: true });
          terminal.json({ text: text + mark });
          const line = stdout();
          expect(line).not.toMatch(/[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
          expect(JSON.parse(line)).toEqual({ text: text + mark });
        },
      ),
    );
  });
});

describe('exit codes', () => {
  it('tell a script whether to try again, for every code of the catalogue', () => {
    for (const code of errorCodes) {
      const exit = exitCodeFor(new CausewayError(code));
      const expected = code === 'aborted' ? [130] : catalogue[code].retryable ? [3] : [1, 2];
      expect(expected, code).toContain(exit);
    }
    expect(exitCodeFor(new Error('x'))).toBe(1);
    expect(exitCodeFor(new CausewayError('dataset-invalid'))).toBe(2);
    expect(exitCodeFor(new CausewayError('policy-denied'))).toBe(1);
    // What a gateway has sent is nobody's input.
    expect(exitCodeFor(new CausewayError('frame-malformed'))).toBe(1);
    expect(exitCodeFor(new CausewayError('frame-unexpected'))).toBe(1);
  });
});

describe('what is shown', () => {
  it('has colours on a terminal only, and not where NO_COLOR or a dumb terminal says so', () => {
    expect(showsColour(true, {})).toBe(true);
    expect(showsColour(false, {})).toBe(false);
    expect(showsColour(true, { NO_COLOR: '1' })).toBe(false);
    expect(showsColour(true, { NO_COLOR: '' })).toBe(true);
    expect(showsColour(true, { TERM: 'dumb' })).toBe(false);
    expect(createPaint(false).bad('x')).toBe('x');
    expect(createPaint(true).bad('x')).not.toBe('x');
  });

  it('can never move the cursor, whatever a message says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(showable(text)).not.toMatch(
          /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u,
        );
        expect(showableLine(text)).not.toContain('\n');
      }),
    );
    expect(showable('Größe 1\n\tzwei')).toBe('Größe 1\n  zwei');
  });

  it('stands in columns, colours or not', () => {
    const { bad } = createPaint(true);
    expect(
      layOutTable([
        ['a', 'b'],
        [bad('long'), 'c'],
      ]),
    ).toEqual(['a     b', `${bad('long')}  c`]);
  });

  it('is wrapped at spaces, and loses no word', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,9}$/)),
        fc.integer({ min: 10, max: 40 }),
        (words, columns) => {
          const lines = wrapText(words.join(' '), columns);
          expect(lines.join(' ')).toBe(words.join(' '));
          expect(lines.every((line) => line.length <= columns)).toBe(true);
        },
      ),
    );
  });

  it('that nobody reads any more ends in silence what does nothing else', async () => {
    const { terminal, stderr } = openTerminal();
    terminal.stdout.destroy();
    const error = await terminal.deliver('x').catch((cause: unknown) => cause);
    expect([terminal.fail(error), stderr()]).toEqual([141, '']);
  });

  it('keeps hints away from scripts', () => {
    const { terminal, stderr } = openTerminal({ json: true });
    terminal.hint('for people');
    expect(stderr()).toBe('');
  });
});

describe('progress', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  /** What stands on stderr while some work goes on, and what is written when it ends. */
  async function show(options: Parameters<typeof openTerminal>[0], workMs: number) {
    vi.useFakeTimers();
    const { terminal, stdout, stderr } = openTerminal(options);
    let end = (): void => undefined;
    const work = terminal.during('Counting', () => new Promise<void>((resolve) => (end = resolve)));
    vi.advanceTimersByTime(workMs);
    const meanwhile = stderr();
    end();
    await work;
    vi.advanceTimersByTime(workMs);
    return { meanwhile, afterwards: stderr(), stdout: stdout() };
  }

  it('is silent of what is quick', async () => {
    const nothing = { meanwhile: '', afterwards: '', stdout: '' };
    expect(await show({}, 999)).toEqual(nothing);
    expect(await show({ isTTY: true }, 999)).toEqual(nothing);
  });

  it('is kept away from scripts, however long the work takes', async () => {
    const nothing = { meanwhile: '', afterwards: '', stdout: '' };
    expect(await show({ json: true }, 60_000)).toEqual(nothing);
    expect(await show({ json: true, isTTY: true }, 60_000)).toEqual(nothing);
  });

  it('is one line in a file, after a second', async () => {
    expect(await show({}, 60_000)).toEqual({ meanwhile: 'Counting …\n', afterwards: '', stdout: '' });
  });

  it('makes way for a hint, and goes on below it', () => {
    vi.useFakeTimers();
    const { terminal, stderr } = openTerminal({ isTTY: true });
    const progress = terminal.progress('Counting');
    vi.advanceTimersByTime(1_000);
    terminal.hint('for people');
    terminal.hint('and more');
    vi.advanceTimersByTime(120);
    progress.end();
    const clear = '\r\u001b[2K';
    expect(stderr()).toBe(`${clear}⠋ Counting${clear}for people\nand more\n${clear}⠙ Counting${clear}`);
  });

  it('moves on a terminal, and leaves nothing there', async () => {
    const { meanwhile, afterwards, stdout } = await show({ isTTY: true }, 1_300);
    expect(meanwhile.split('\r\u001b[2K').slice(1)).toEqual(['⠋ Counting', '⠙ Counting', '⠸ Counting']);
    expect({ afterwards, stdout }).toEqual({ afterwards: '\r\u001b[2K', stdout: '' });
  });
});

describe('what is typed', () => {
  it('takes a time as a day, a minute with its zone, or a span before now, and nothing that is in no calendar', () => {
    const now = Date.parse('2026-11-30T12:00Z');
    const read = (text: string, end = false): string | undefined => {
      const at = parseMoment(text, now, end);
      return at === undefined ? undefined : new Date(at).toISOString().slice(0, 16);
    };
    expect([read('2026-11-23'), read('2026-11-23', true)]).toEqual(['2026-11-23T00:00', '2026-11-24T00:00']);
    expect([read('2026-11-23T09:30'), read('2026-11-23T09:30+02:00', true)]).toEqual([
      '2026-11-23T09:30',
      '2026-11-23T07:30',
    ]);
    expect([read('7d'), read('90m'), read('0d')]).toEqual([
      '2026-11-23T12:00',
      '2026-11-30T10:30',
      '2026-11-30T12:00',
    ]);
    for (const text of ['2026-04-31', '2026-13-45', '2026-11-23T25:00', '7w', 'now', ''])
      expect(read(text), text).toBeUndefined();
  });

  it('is a time span only with a unit', () => {
    expect([durationMs('45m'), durationMs('24h'), durationMs('7d'), durationMs('1s')]).toEqual([
      2_700_000, 86_400_000, 604_800_000, 1_000,
    ]);
    for (const text of ['', '5', 'h', '-1h', '1.5h', '0h', '1w'])
      expect(() => durationMs(text)).toThrow('time span');
  });

  it('is a whole number within its bounds', () => {
    const parse = wholeNumber(1, 10);
    expect(parse('7')).toBe(7);
    for (const text of ['0', '11', '1e1', ' 1', '', '0x1']) expect(() => parse(text)).toThrow('from 1 to 10');
  });

  it('names a field twice in a group nowhere: one of the two values would be lost', () => {
    const read = (text: string) => () => parseJsonInput('report.json', Buffer.from(text));
    expect(read('{\n "a": {"b": 1},\n "b": 2\n}')()).toEqual({ a: { b: 1 }, b: 2 });
    expect(read('{\n "a": [{"b": 1,\n  "b": 2}]\n}')).toThrow(
      'report.json names a field twice in one group, here again: line 3, column 3.',
    );
  });

  it('is refused with its place where it is not UTF-8, and taken with a byte order mark', () => {
    const latin1 = Buffer.from('{\n "caf\u00e9": "M\u00fcller"}', 'latin1');
    expect(() => parseJsonInput('-', latin1)).toThrow(
      'stdin is not text in UTF-8 (line 2, column 6). Save it as UTF-8.',
    );
    const cut = Buffer.from('{"a": "M\u00fc').subarray(0, -1);
    expect(() => parseJsonInput('report.json', cut)).toThrow('(line 1, column 9)');
    expect(parseJsonInput('report.json', Buffer.from('\ufeff{"a": "\ufffd"}'))).toEqual({ a: '\ufffd' });
  });

  it('is never repeated when it is not JSON', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{4,20}$/), (word) => {
        fc.pre(
          !['null', 'true', 'false'].includes(word) &&
            !'stdin is not valid line column the command was used as its help describes'.includes(word),
        );
        expect(() => parseJsonInput('-', Buffer.from(`{"a": ${word}}`))).toThrow(
          expect.objectContaining({ message: expect.not.stringContaining(word) as string }) as Error,
        );
      }),
    );
  });
});
