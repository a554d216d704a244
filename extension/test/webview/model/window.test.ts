import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  carriedOver,
  extendedDown,
  extendedUp,
  maxRows,
  rowsOf,
  withMessage,
  type Window,
  windowAround,
  windowAtEnd,
} from '../../../src/webview/model/index.ts';
import { message, messages } from './messages.ts';

function check({ start, end }: Window, length: number): void {
  assert.ok(start >= 0 && start <= end && end <= length, `${start}–${end} of ${length}`);
  assert.ok(end - start <= maxRows);
}

describe('the window over the messages', () => {
  it('stays within its bound and the list, however it is moved', () => {
    const list = messages(0, 2000);
    fc.assert(
      fc.property(fc.nat(1999), fc.array(fc.constantFrom('up', 'down'), { maxLength: 80 }), (at, moves) => {
        let window = windowAround(at, list.length);
        for (const move of moves) {
          window = move === 'up' ? extendedUp(window) : extendedDown(window, list.length);
          check(window, list.length);
        }
      }),
    );
  });

  it('reaches every message from the end by going up, and back by going down', () => {
    let window = windowAtEnd(2000);
    for (let i = 0; window.start > 0; i++) {
      assert.ok(i < 100);
      window = extendedUp(window);
    }
    assert.deepEqual(window, { start: 0, end: maxRows });
    for (let i = 0; window.end < 2000; i++) {
      assert.ok(i < 100);
      window = extendedDown(window, 2000);
    }
    assert.deepEqual(window, { start: 2000 - maxRows, end: 2000 });
  });

  it('shows the same messages after others came in front of them', () => {
    const before = messages(100, 200);
    const after = messages(0, 200);
    assert.deepEqual(carriedOver({ start: 10, end: 60 }, before, after, false), { start: 110, end: 160 });
  });

  it('follows the end while there is room, and beyond it only when asked to', () => {
    const before = messages(0, maxRows);
    const after = messages(0, maxRows + 5);
    const whole = { start: 0, end: maxRows };
    assert.deepEqual(carriedOver(whole, before, after, true), { start: 5, end: maxRows + 5 });
    assert.deepEqual(carriedOver(whole, before, after, false), whole);
    assert.deepEqual(carriedOver({ start: 9, end: maxRows }, before, after, false), {
      start: 9,
      end: maxRows + 5,
    });
  });

  it('survives that any of its messages go', () => {
    fc.assert(
      fc.property(
        fc.subarray(messages(0, 60)),
        fc.nat(60),
        fc.nat(60),
        fc.boolean(),
        (after, a, b, following) => {
          const window = { start: Math.min(a, b), end: Math.max(a, b) };
          check(carriedOver(window, messages(0, 60), after, following), after.length);
        },
      ),
    );
  });
});

describe('the rows of the list', () => {
  const whole = (length: number): Window => ({ start: 0, end: length });

  it('begin a run for another author, another day, and after five minutes', () => {
    const noon = new Date(2025, 4, 12, 12).getTime();
    const list = [
      message(0, { sentAt: noon }),
      message(1, { sentAt: noon + 1000 }),
      message(2, { sentAt: noon + 2000, own: true, author: 'alice' }),
      message(3, { sentAt: noon + 3000 }),
      message(4, { sentAt: noon + 3000 + 5 * 60_000 + 1 }),
      message(5, { sentAt: noon + 24 * 3_600_000 }),
    ];
    const rows = rowsOf(list, whole(6), undefined);
    assert.deepEqual(
      rows.map(({ head }) => head),
      [true, false, true, true, true, true],
    );
    assert.deepEqual(
      rows.map(({ newDay }) => newDay),
      [true, false, false, false, false, true],
    );
  });

  it('look at the message before the window', () => {
    const list = [message(0), message(1), message(2)];
    assert.equal(rowsOf(list, { start: 1, end: 3 }, undefined)[0]?.head, false);
  });

  it('have one “new” line, also where the message it stood before is gone', () => {
    const list = messages(0, 6);
    const lines = (rows: ReturnType<typeof rowsOf>): number[] =>
      rows.filter(({ unreadLine }) => unreadLine).map(({ message: { counter } }) => counter);
    assert.deepEqual(lines(rowsOf(list, whole(6), { counter: 3, key: message(3).key })), [3]);
    const without = list.toSpliced(3, 1);
    assert.deepEqual(lines(rowsOf(without, whole(5), { counter: 3, key: message(3).key })), [4]);
  });

  it('write “read” at the newest of ours that was', () => {
    const own = (counter: number, state: 'read' | 'sent') =>
      message(counter, { own: true, author: 'alice', state });
    const list = [own(0, 'read'), own(1, 'read'), own(2, 'sent'), message(3)];
    assert.deepEqual(
      rowsOf(list, whole(4), undefined).map(({ lastRead }) => lastRead),
      [false, true, false, false],
    );
  });

  it('take any time that an author can claim', () => {
    for (const sentAt of [0, Number.MAX_SAFE_INTEGER, 8_640_000_000_000_000]) {
      assert.equal(rowsOf([message(0), message(1, { sentAt })], whole(2), undefined).length, 2);
    }
  });

  it('come out the same for a list that was built one by one', () => {
    const list = messages(0, 30);
    let built: readonly (typeof list)[number][] = [];
    for (const one of list) built = withMessage(built, one);
    assert.deepEqual(rowsOf(built, whole(30), undefined), rowsOf(list, whole(30), undefined));
  });
});
