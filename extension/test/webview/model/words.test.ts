import assert from 'node:assert/strict';
import fc from 'fast-check';
import { limits, relayErrors, usernamePattern as wireUsername } from '@crypt2chat/shared/wire';
import {
  maxTextBytes,
  screenSchema,
  sentenceOf,
  sentenceOfLocked,
  sentenceOfUnreadable,
  usernamePattern,
} from '../../../src/ipc/index.ts';
import {
  anchorName,
  avatarColour,
  avatarColours,
  clockTime,
  codeToShow,
  connectionLine,
  dayInWords,
  fullTime,
  initials,
  oneLine,
  proseToShow,
  quietMs,
  TypingNotice,
  untilMidnightMs,
  utf8Length,
} from '../../../src/webview/model/index.ts';

describe('words of the view', () => {
  it('let no character through in a name that turns, hides or breaks what is around it', () => {
    const bad =
      '\u202e\u202d\u2066\u2069\u200b\u200e\u200f\u0000\u001b\u0085\u2028\u2029\ufeff\u{e0041}\u00ad';
    assert.equal(oneLine(`a${bad}b`), `a${'\ufffd'.repeat(Array.from(bad).length)}b`);
    assert.equal(oneLine('a\nb\tc'), 'a b c');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(oneLine(text), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });

  it('keep names of all scripts, and emoji, as they are', () => {
    for (const name of ['Zoë', 'Ιωάννης', 'علي', 'क्षेत्र', '山田', '👩‍💻', '🏳️‍🌈'])
      assert.equal(oneLine(name), name);
  });

  it('show in code what would make it read otherwise than it runs', () => {
    assert.equal(codeToShow('a\u202eb\r\nc\td'), 'a[U+202E]b\nc\td');
    assert.equal(codeToShow('\u{e0041}'), '[U+E0041]');
  });

  it('take the overrides out of prose and leave the marks that scripts need', () => {
    assert.equal(proseToShow('a\u202eb\u200f\nc'), 'a\ufffdb\u200f\nc');
  });

  it('make a face of any name', () => {
    assert.equal(initials('bob'), 'BO');
    assert.equal(initials('.x'), 'X');
    assert.equal(initials('山田'), '山田');
    assert.equal(initials('…'), '?');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const colour = avatarColour(name);
        assert.ok(Number.isInteger(colour) && colour >= 0 && colour < avatarColours);
        assert.ok(initials(name) !== '');
      }),
    );
  });

  it('name the place of code', () => {
    assert.equal(anchorName('src/net/retry.ts', 41, 46), 'retry.ts:41–46');
    assert.equal(anchorName('retry.ts', 4, 4), 'retry.ts:4');
    assert.equal(anchorName('a/b\u202ests.exe', 1, 1), 'b\ufffdsts.exe:1');
  });

  it('count bytes as UTF-8 has them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        assert.equal(utf8Length(text), Buffer.byteLength(text));
      }),
    );
  });
});

describe('times in words', () => {
  const now = new Date(2025, 4, 14, 9, 30).getTime();

  it('say today, yesterday, the weekday, the date', () => {
    assert.equal(dayInWords(now - 3_600_000, now), 'Today');
    assert.equal(dayInWords(new Date(2025, 4, 13, 23, 59).getTime(), now), 'Yesterday');
    assert.equal(
      dayInWords(new Date(2025, 4, 10, 1).getTime(), now),
      new Intl.DateTimeFormat(undefined, { weekday: 'long' }).format(new Date(2025, 4, 10)),
    );
    assert.match(dayInWords(new Date(2024, 0, 2).getTime(), now), /2024/);
  });

  it('come out of any number that the contract lets through', () => {
    for (const time of [0, Number.MAX_SAFE_INTEGER, 8_640_000_000_000_000]) {
      for (const said of [dayInWords(time, now), clockTime(time), fullTime(time)]) assert.ok(said.length > 0);
    }
  });

  it('know how long the day is yet', () => {
    assert.equal(untilMidnightMs(now), 14.5 * 3_600_000);
  });
});

describe('the connection in words', () => {
  const offline = { state: 'offline', code: 'ERR_RELAY_UNREACHABLE', retryAt: 112_000 } as const;

  it('is quiet for the first seconds, and while all is well', () => {
    assert.equal(connectionLine({ state: 'online' }, 0, 1e9), undefined);
    assert.equal(connectionLine({ state: 'idle' }, 0, 1e9), undefined);
    assert.equal(connectionLine(offline, 100_000, 100_000 + quietMs - 1), undefined);
    assert.equal(connectionLine({ state: 'connecting' }, 100_000, 100_000), undefined);
  });

  it('says when it tries again', () => {
    assert.match(connectionLine(offline, 90_000, 100_000)?.text ?? '', / 12 s\.$/);
    assert.match(connectionLine({ ...offline, retryAt: 400_000 }, 90_000, 100_000)?.text ?? '', / 5 min\.$/);
    assert.doesNotMatch(connectionLine(offline, 90_000, 200_000)?.text ?? '', /\d/);
  });

  it('speaks at once, with what to do, where trying again cannot help', () => {
    const line = connectionLine({ ...offline, code: 'ERR_DEVICE_REVOKED' }, 100_000, 100_000);
    assert.equal(line?.remedy, 'recover');
  });
});

describe('the notice of typing', () => {
  function notice() {
    const told: [number, boolean][] = [];
    let now = 0;
    let timer: { at: number; act: () => void } | undefined;
    const clock = {
      now: () => now,
      setTimer(afterMs: number, act: () => void) {
        const mine = { at: now + afterMs, act };
        timer = mine;
        return () => {
          if (timer === mine) timer = undefined;
        };
      },
    };
    const pass = (ms: number): void => {
      const until = now + ms;
      while (timer !== undefined && timer.at <= until) {
        now = timer.at;
        const { act } = timer;
        timer = undefined;
        act();
      }
      now = until;
    };
    return { told, pass, typing: new TypingNotice(clock, (typing) => told.push([now, typing])) };
  }

  it('goes out at most every four seconds, and ends six seconds after the last key', () => {
    const { told, pass, typing } = notice();
    for (let i = 0; i < 10; i++) {
      typing.typed(false);
      pass(1000);
    }
    pass(20_000);
    assert.deepEqual(told, [
      [0, true],
      [4000, true],
      [8000, true],
      [15_000, false],
    ]);
  });

  it('ends when nothing is left, and once only', () => {
    const { told, pass, typing } = notice();
    typing.typed(false);
    typing.typed(true);
    typing.typed(true);
    pass(20_000);
    assert.deepEqual(
      told.map(([, on]) => on),
      [true, false],
    );
  });

  it('is not taken back after sending, and begins at once with the next message', () => {
    const { told, pass, typing } = notice();
    typing.typed(false);
    typing.sent();
    pass(1000);
    typing.typed(false);
    pass(20_000);
    assert.deepEqual(told, [
      [0, true],
      [1000, true],
      [7000, false],
    ]);
  });
});

describe('sentences', () => {
  it('are there for every answer of a relay, plain and without a code', () => {
    for (const code of Object.keys(relayErrors)) {
      assert.match(sentenceOf(code).text, /^[A-Z].*\.$/, code);
      assert.doesNotMatch(sentenceOf(code).text, /ERR_/, code);
    }
  });

  it('name a code that is not known, also one that is a name in every object', () => {
    assert.match(sentenceOf('ERR_NEVER_HEARD').text, /ERR_NEVER_HEARD/);
    for (const code of ['__proto__', 'constructor', 'toString'])
      assert.ok(sentenceOf(code).text.includes(code));
  });

  it('are there for all that cannot be read, and for every lock', () => {
    for (const reason of [
      'tampered',
      'no-session',
      'prekey-gone',
      'too-many-skipped',
      'newer-version',
      'malformed',
    ] as const) {
      assert.match(sentenceOfUnreadable(reason).text, /^[A-Z].*\.$/);
    }
    const locked = screenSchema.options.find((option) => 'reason' in option.entries);
    assert.ok(locked !== undefined && 'reason' in locked.entries);
    for (const reason of locked.entries.reason.options) assert.match(sentenceOfLocked(reason).text, /\.$/);
  });

  it('rest on the limits of the protocol', () => {
    assert.equal(maxTextBytes, limits.textBytes);
    assert.equal(usernamePattern.source, wireUsername.source);
  });
});
