import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fromUtf8, toHex } from '@crypt2chat/shared/bytes';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  agrees,
  beginTranscript,
  extendTranscript,
  parseStatement,
  type Transcript,
  verifyStatement,
} from '@crypt2chat/shared/groups';
import { alice, bob, carol, group, name, Seat } from '../groups/seats.ts';

const people = [alice, bob, carol];

type Step =
  | { readonly do: 'send'; readonly who: number; readonly text: string }
  /** Sealed, and never in the log. */
  | { readonly do: 'lose'; readonly who: number }
  /** What a relay, or anybody in the group, can put in the log. */
  | { readonly do: 'replay'; readonly pick: number }
  | { readonly do: 'tamper'; readonly pick: number; readonly at: number; readonly mask: number };

const who = fc.nat(people.length - 1);
const pick = fc.nat(1000);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      who,
      text: fc.string({ unit: 'binary', maxLength: 300 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('replay' as const), pick }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('tamper' as const),
      pick,
      at: pick,
      mask: fc.integer({ min: 1, max: 255 }),
    }),
  },
);

/** What the log says to one reader, entry by entry. */
function readAll(seat: Seat, log: readonly Uint8Array[]): string[] {
  return log.map((entry) => {
    const before = seat.chains();
    try {
      const opened = seat.open(entry);
      if (opened.kind === 'opened') return fromUtf8(opened.statement.content);
      assert.equal(seat.chains(), before);
      return '(passed)';
    } catch (error) {
      assert.ok(hasCode(error), String(error));
      assert.equal(seat.chains(), before);
      return '(refused)';
    }
  });
}

describe('any log of an epoch', () => {
  it('says the same to all, each message once, and to nobody what was not said', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
        const seats = people.map((one) => new Seat(one));
        const log: Uint8Array[] = [];
        const said: string[] = [];
        for (const one of steps) {
          switch (one.do) {
            case 'send':
              log.push(seats[one.who]!.seal(one.text).entry);
              said.push(one.text);
              break;
            case 'lose':
              seats[one.who]!.seal('lost');
              break;
            case 'replay':
            case 'tamper': {
              const entry = log[one.pick % Math.max(1, log.length)];
              if (!entry) break;
              const at = one.do === 'tamper' ? one.at % entry.length : 0;
              log.push(one.do === 'tamper' ? entry.with(at, entry[at]! ^ one.mask) : entry);
              break;
            }
          }
        }
        const [first, ...others] = people.map((one) => readAll(new Seat(one), log)) as [
          string[],
          ...string[][],
        ];
        assert.deepEqual(
          first.filter((text) => text !== '(passed)' && text !== '(refused)'),
          said.filter((text) => text !== '(passed)' && text !== '(refused)'),
        );
        for (const other of others) assert.deepEqual(other, first);
      }),
      { numRuns: 60 },
    );
  }).timeout(120_000);

  it('parts those to whom different entries are shown, at the first that one of them writes', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        fc.array(bytes, { maxLength: 40, size: 'max' }),
        fc.nat(),
        bytes,
        (entries, some, other) => {
          const at = some % (entries.length + 1);
          const read = (log: readonly Uint8Array[]): Transcript =>
            log.reduce(extendTranscript, beginTranscript(name.link));
          const ours = read([...entries.slice(0, at), other, ...entries.slice(at)]);
          const theirs = read(entries);
          assert.ok(!agrees(theirs, ours.position));
          const isSame = entries.every((entry, i) => i < at || toHex(entry) === toHex(other));
          assert.equal(agrees(ours, theirs.position), isSame);
          for (let i = 0; i <= at; i++) assert.ok(agrees(ours, read(entries.slice(0, i)).position));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('leaves every message provable to who joins later', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 50 }), { maxLength: 10 }), (texts) => {
        const sender = new Seat(carol);
        for (const text of texts) {
          const statement = parseStatement(sender.seal(text).signed);
          assert.equal(fromUtf8(statement.content), text);
          assert.equal(toHex(verifyStatement(statement, group).account), toHex(carol.identity.accountId));
        }
      }),
      { numRuns: 30 },
    );
  });
});
