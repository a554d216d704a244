import assert from 'node:assert/strict';
import { toUtf8 } from '@crypt2chat/shared/bytes';
import type { Draft } from '@crypt2chat/shared/engine';
import { systemRandomness } from '@crypt2chat/shared/primitives';
import fc from 'fast-check';
import { Backoff } from '../../src/engine/backoff.ts';
import { keptDraft, parseDraft } from '../../src/engine/drafts.ts';
import { Loop } from '../../src/engine/loop.ts';
import type { Clock } from '@crypt2chat/shared/clock';
import type { TransportResponse } from '../../src/engine/ports.ts';
import { RelayClient } from '../../src/engine/relay-client.ts';

describe('a draft', () => {
  const code = {
    kind: 'code',
    text: 'x',
    language: 'ts',
    path: 'src/a.ts',
    startLine: 1,
    endLine: 2,
  } as const;
  const refused: [string, Draft, string][] = [
    ['nothing', { kind: 'text', text: '' }, 'ERR_DRAFT_INVALID'],
    ['too much', { kind: 'text', text: 'é'.repeat(8193) }, 'ERR_TEXT_TOO_LONG'],
    ['half a character', { kind: 'text', text: 'a\ud800' }, 'ERR_DRAFT_INVALID'],
    ['a path out of the workspace', { ...code, path: '../secret' }, 'ERR_DRAFT_INVALID'],
    ['an absolute path', { ...code, path: '/etc/passwd' }, 'ERR_DRAFT_INVALID'],
    ['a path with a drive', { ...code, path: 'C:/x' }, 'ERR_DRAFT_INVALID'],
    ['lines in the wrong order', { ...code, startLine: 3 }, 'ERR_DRAFT_INVALID'],
    ['half a character in a note', { ...code, note: 'a\ud800' }, 'ERR_DRAFT_INVALID'],
    ['a language of two lines', { ...code, language: 'a\nb' }, 'ERR_DRAFT_INVALID'],
  ];
  for (const [what, draft, expected] of refused) {
    it(`of ${what} is refused`, () => {
      assert.throws(() => parseDraft(draft), { code: expected });
    });
  }
  it('of exactly as much as fits is taken', () => {
    const draft = { kind: 'text', text: 'é'.repeat(8192) } as const;
    assert.equal(parseDraft(draft), draft);
    assert.equal(parseDraft(code), code);
  });
});

describe('a draft that is kept', () => {
  it('is cut at the end of a character, and stays text', () => {
    assert.equal(keptDraft('a\ud800'), 'a\ufffd');
    assert.equal(keptDraft(`${'a'.repeat(32 * 1024 - 1)}\u{1f600}`).length, 32 * 1024);
    assert.equal(keptDraft('\u{1f600}'), '\u{1f600}');
  });
});

describe('backing off', () => {
  it('doubles up to a minute, with chance in the upper half, and no sooner than asked', () => {
    const backoff = new Backoff(systemRandomness);
    for (const ceiling of [1, 2, 4, 8, 16, 32, 60, 60]) {
      const ms = backoff.nextMs();
      assert.ok(ms >= ceiling * 500 && ms <= ceiling * 1000, `${ms} of ${ceiling} s`);
    }
    assert.equal(backoff.nextMs(90_000), 90_000);
    backoff.reset();
    assert.ok(backoff.nextMs() <= 1000);
  });
});

describe('a loop', () => {
  const clock: Clock = { now: () => 0, setTimer: () => () => undefined };

  it('runs once at a time, and once more for all who woke it meanwhile', async () => {
    let running = 0;
    let runs = 0;
    let release = (): void => undefined;
    const loop = new Loop(clock, async () => {
      assert.equal(++running, 1);
      runs++;
      await new Promise<void>((resolve) => (release = resolve));
      running--;
      return undefined;
    });
    loop.wake();
    for (let i = 0; i < 5; i++) loop.wake();
    release();
    await turn();
    assert.equal(runs, 2);
    release();
    await turn();
    assert.equal(running, 0);
    loop.wake();
    assert.equal(runs, 3);
    const stopped = loop.stop();
    release();
    await stopped;
    loop.wake();
    assert.equal(runs, 3);
  });

  it('tells its work when it is stopped, and waits for it', async () => {
    let given: AbortSignal | undefined;
    const loop = new Loop(clock, (signal) => {
      given = signal;
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          resolve(undefined);
        });
      });
    });
    loop.wake();
    await loop.stop();
    assert.equal(given?.aborted, true);
  });

  function turn(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
});

describe('a relay that answers anything', () => {
  const clock: Clock = { now: () => 0, setTimer: () => () => undefined };
  const answering = (response: TransportResponse) =>
    new RelayClient('https://relay.example', { request: () => Promise.resolve(response) }, clock);
  const codes = /^ERR_(RELAY_ANSWER|RELAY_FAILED|[A-Z_]{1,40})$/;

  it('is refused with a code, whatever bytes and status it sends', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 200, max: 599 }),
        fc.oneof(
          fc.uint8Array({ maxLength: 400 }),
          fc.json().map(toUtf8),
          fc.object().map((o) => toUtf8(JSON.stringify(o))),
        ),
        async (status, body) => {
          const relay = answering({ status, body });
          const calls = [
            relay.about(),
            relay.account('bob'),
            relay.register('bob', new Uint8Array(3), undefined),
            relay.deliver(new Uint8Array(32), [], { capability: new Uint8Array(32) }),
          ];
          for (const call of calls)
            await assert.rejects(call, (error: { code?: string }) => codes.test(error.code ?? ''));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('its own code is taken over, its own words are not', async () => {
    const body = toUtf8(JSON.stringify({ code: 'ERR_NAME_TAKEN', message: 'secret words' }));
    await assert.rejects(answering({ status: 409, body }).about(), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_NAME_TAKEN');
      assert.ok(!error.message.includes('secret'));
      return true;
    });
  });

  it('a code of ours from its mouth is not ours: no broken vault, no fork, no lost account', async () => {
    for (const code of [
      'ERR_VAULT_CORRUPT',
      'ERR_DATABASE_FULL',
      'ERR_LOG_FORK',
      'ERR_NAME_FORK',
      'toString',
    ]) {
      const body = toUtf8(JSON.stringify({ code, message: '' }));
      await assert.rejects(answering({ status: 403, body }).about(), { code: 'ERR_RELAY_ANSWER' });
      await assert.rejects(answering({ status: 500, body }).about(), { code: 'ERR_RELAY_FAILED' });
    }
  });

  it('asks for a rest of any length, and gets an hour at most', async () => {
    for (const [retryAfterSeconds, expected] of [
      [30, 30_000],
      [1e12, 3_600_000],
      [Number.POSITIVE_INFINITY, 3_600_000],
      [-5, undefined],
      [Number.NaN, undefined],
    ] as const) {
      const busy = answering({ status: 429, body: new Uint8Array(0), retryAfterSeconds });
      await assert.rejects(busy.about(), { retryAfterMs: expected });
    }
  });

  it('more links, bundles or envelopes than there can be are no answer', async () => {
    const links = Array.from({ length: 65 }, () => 'AAAA');
    const body = toUtf8(JSON.stringify({ accountId: 'A'.repeat(43), username: 'bob', links }));
    await assert.rejects(answering({ status: 200, body }).account('bob'), { code: 'ERR_RELAY_ANSWER' });
  });
});
