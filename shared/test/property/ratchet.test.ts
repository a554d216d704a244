import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hasCode } from '@crypt2chat/shared/errors';
import { matchesHeader } from '@crypt2chat/shared/ratchet';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { Party } from '../ratchet/party.ts';
import { makeSession } from '../x3dh/make-session.ts';

type Side = 'alice' | 'bob';
const peerOf = { alice: 'bob', bob: 'alice' } as const;

type Step =
  | { readonly do: 'send'; readonly side: Side; readonly text: string }
  /** `pick` chooses among what is on its way to `side`, or what it has seen. */
  | { readonly do: 'deliver' | 'drop' | 'replay'; readonly side: Side; readonly pick: number }
  | {
      readonly do: 'tamper';
      readonly side: Side;
      readonly pick: number;
      readonly at: number;
      readonly mask: number;
    };

const side = fc.constantFrom<Side>('alice', 'bob');
const pick = fc.nat(1000);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      side,
      text: fc.string({ unit: 'binary', maxLength: 300 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('deliver' as const), side, pick }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('drop' as const, 'replay' as const), side, pick }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('tamper' as const),
      side,
      pick,
      at: fc.nat(2000),
      mask: fc.integer({ min: 1, max: 255 }),
    }),
  },
);

interface Sent {
  readonly text: string;
  readonly message: Uint8Array;
}

const randomness = seededRandomness('ratchet properties');
const { ours, theirs } = makeSession(randomness);

/** Runs the steps against the simplest model there is: what is on its way, and what has been seen. */
function run(steps: readonly Step[]): void {
  const parties = { alice: new Party(ours, randomness), bob: new Party(theirs, randomness) };
  const onTheWay: Record<Side, Sent[]> = { alice: [], bob: [] };
  const seen: Record<Side, Sent[]> = { alice: [], bob: [] };
  const take = (to: Side, at: number): Sent | undefined =>
    onTheWay[to].splice(at % Math.max(1, onTheWay[to].length), 1)[0];

  const deliver = (to: Side, sent: Sent): void => {
    assert.ok(matchesHeader(parties[to].state, sent.message));
    assert.equal(parties[to].read(sent.message), sent.text);
    seen[to].push(sent);
  };

  for (const one of steps) {
    const party = parties[one.side];
    switch (one.do) {
      case 'send':
        if (party.state.sending === null) assert.throws(() => party.send(one.text), RangeError);
        else onTheWay[peerOf[one.side]].push({ text: one.text, message: party.send(one.text) });
        break;
      case 'deliver': {
        const sent = take(one.side, one.pick);
        if (sent) deliver(one.side, sent);
        break;
      }
      case 'drop':
        take(one.side, one.pick);
        break;
      case 'replay': {
        const old = seen[one.side][one.pick % Math.max(1, seen[one.side].length)];
        if (old) assert.match(party.read(old.message), /^\((duplicate|not-ours)\)$/);
        break;
      }
      case 'tamper': {
        const sent = onTheWay[one.side][one.pick % Math.max(1, onTheWay[one.side].length)];
        if (!sent) break;
        const at = one.at % sent.message.length;
        const changed = sent.message.with(at, sent.message[at]! ^ one.mask);
        if (at < 112) assert.equal(party.receive(changed).kind, 'not-ours');
        else
          assert.throws(
            () => party.receive(changed),
            (error) => hasCode(error, 'ERR_CRYPTO_OPEN'),
          );
        break;
      }
    }
  }
  // Whatever was on its way still opens, from the last to the first, and nothing opens twice.
  for (const to of ['alice', 'bob'] as const) {
    for (const sent of onTheWay[to].splice(0).reverse()) deliver(to, sent);
    for (const { message } of seen[to]) assert.notEqual(parties[to].receive(message).kind, 'opened');
  }
}

describe('any conversation', () => {
  it('opens each message once, whatever happens on the way', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 60, size: 'max' }), run), { numRuns: 60 });
  }).timeout(120_000);

  it('opens any order of one chain', () => {
    const texts = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    fc.assert(
      fc.property(fc.shuffledSubarray(texts, { minLength: 1 }), (order) => {
        const alice = new Party(ours, randomness);
        const bob = new Party(theirs, randomness);
        const messages = new Map(texts.map((text) => [text, alice.send(text)]));
        for (const text of order) assert.equal(bob.read(messages.get(text)!), text);
        const kept = bob.state.skipped.reduce((sum, { keys }) => sum + keys.length, 0);
        assert.equal(kept, texts.indexOf([...order].sort().at(-1)!) + 1 - order.length);
      }),
      { numRuns: 40 },
    );
  }).timeout(60_000);
});
