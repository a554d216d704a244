import assert from 'node:assert/strict';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  dropExpired,
  encodeRatchet,
  maxSkippedChains,
  maxSkippedPerChain,
  maxSkippedPerSession,
  skippedLifetimeMs,
} from '@crypt2chat/shared/ratchet';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { dayMs } from '../identity/make-account.ts';
import { makeSession } from '../x3dh/make-session.ts';
import { keptBy, makeAcquaintedPair, type Pair, sendMany } from './party.ts';

const randomness = seededRandomness('bounds');
const session = makeSession(randomness);
const tooMany = (error: unknown): boolean => hasCode(error, 'ERR_TOO_MANY_SKIPPED');
const acquainted = (): Pair => makeAcquaintedPair(session, randomness);

describe('the double ratchet, at its bounds,', () => {
  it(`passes over ${maxSkippedPerChain} messages, and over no more`, () => {
    const { alice, bob } = acquainted();
    const messages = sendMany(alice, maxSkippedPerChain + 2);
    assert.throws(() => bob.receive(messages.at(-1)!), tooMany);
    assert.equal(bob.read(messages.at(-2)!), String(maxSkippedPerChain));
    assert.equal(keptBy(bob), maxSkippedPerChain);
    assert.equal(bob.read(messages[0]!), '0');
    assert.equal(bob.read(messages.at(-1)!), String(maxSkippedPerChain + 1));
  }).timeout(20_000);

  it('passes over as many in each of two chains, at a turn', () => {
    const { alice, bob } = acquainted();
    const old = sendMany(alice, maxSkippedPerChain + 1);
    bob.read(old[0]!);
    alice.read(bob.send('turn'));
    const fresh = sendMany(alice, maxSkippedPerChain + 2);
    assert.throws(() => bob.receive(fresh.at(-1)!), tooMany);
    assert.equal(bob.read(fresh.at(-2)!), String(maxSkippedPerChain));
    assert.equal(keptBy(bob), maxSkippedPerSession);
    assert.equal(bob.read(old[1]!), '1');
    assert.equal(bob.read(fresh[0]!), '0');
  }).timeout(20_000);

  it('refuses a turn that leaves too much behind', () => {
    const { alice, bob } = acquainted();
    const [first] = sendMany(alice, maxSkippedPerChain + 2);
    bob.read(first!);
    alice.read(bob.send('turn'));
    assert.throws(() => bob.receive(alice.send('x')), tooMany);
  }).timeout(20_000);

  it('keeps so many keys for a chain and a session, and lets the oldest go', () => {
    const { alice, bob } = acquainted();
    const chains: Uint8Array[][] = [];
    for (let turn = 0; turn < 3; turn++) {
      const messages = sendMany(alice, 901);
      bob.read(messages.at(-1)!);
      chains.push(messages);
      alice.read(bob.send('turn'));
    }
    assert.equal(keptBy(bob), maxSkippedPerSession);
    assert.equal(bob.read(chains[0]![0]!), '(duplicate)');
    assert.equal(bob.read(chains[0]![899]!), '899');
    const more = sendMany(alice, 902);
    bob.read(more[900]!);
    bob.read(more[901]!);
    assert.equal(keptBy(bob), maxSkippedPerSession);
    const last = sendMany(alice, 201);
    bob.read(last.at(-1)!);
    assert.equal(bob.state.skipped.at(-1)?.keys.length, maxSkippedPerChain);
    assert.ok(encodeRatchet(bob.state).length < 110_000);
  }).timeout(30_000);

  it(`keeps keys of ${maxSkippedChains} chains`, () => {
    const { alice, bob } = acquainted();
    const lost: Uint8Array[] = [];
    for (let turn = 0; turn <= maxSkippedChains; turn++) {
      lost.push(alice.send(String(turn)));
      bob.read(alice.send('turn'));
      alice.read(bob.send('turn'));
    }
    assert.equal(bob.state.skipped.length, maxSkippedChains);
    assert.equal(bob.read(lost[0]!), '(not-ours)');
    for (const [turn, message] of lost.entries()) if (turn > 0) assert.equal(bob.read(message), String(turn));
    assert.equal(bob.state.skipped.length, 0);
  }).timeout(20_000);

  it('drops keys after 30 days', () => {
    const { alice, bob } = acquainted();
    const [early] = sendMany(alice, 2);
    bob.read(alice.send('x'));
    const start = bob.nowMs;
    bob.nowMs = start + 10 * dayMs;
    const [late] = sendMany(alice, 1);
    bob.read(alice.send('x'));
    assert.equal(keptBy(bob), 3);
    bob.nowMs = start + skippedLifetimeMs;
    assert.equal(dropExpired(bob.state, bob.nowMs).state, bob.state);
    bob.nowMs += 1;
    const { state, spent } = dropExpired(bob.state, bob.nowMs);
    assert.deepEqual([state.skipped[0]?.keys.length, spent.length], [1, 2]);
    assert.equal(bob.read(early!), '(duplicate)');
    assert.equal(bob.read(late!), '0');
    assert.equal(keptBy(bob), 0);
  });
});
