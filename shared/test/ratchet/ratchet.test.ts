import assert from 'node:assert/strict';
import { equalBytes, toHex, toUtf8 } from '@crypt2chat/shared/bytes';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  decodeRatchet,
  decrypt,
  encodeRatchet,
  encrypt,
  matchesHeader,
  type RatchetState,
} from '@crypt2chat/shared/ratchet';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { makeSession } from '../x3dh/make-session.ts';
import { keptBy, makeAcquaintedPair, makePair, type Pair, Party, sendMany } from './party.ts';

const randomness = seededRandomness('ratchet');
const session = makeSession(randomness);
const notOpened = (error: unknown): boolean => hasCode(error, 'ERR_CRYPTO_OPEN');
const pair = (): Pair => makePair(session, randomness);
const acquainted = (): Pair => makeAcquaintedPair(session, randomness);

describe('the double ratchet', () => {
  it('carries messages both ways, turn by turn', () => {
    const { alice, bob } = pair();
    for (let turn = 0; turn < 5; turn++) {
      for (const text of ['one', 'two', '']) assert.equal(bob.read(alice.send(text)), text);
      for (const text of ['three', 'four']) assert.equal(alice.read(bob.send(text)), text);
    }
  });

  it('opens what comes out of order, within a turn and over turns', () => {
    const { alice, bob } = acquainted();
    const [first, second, third] = sendMany(alice, 3) as [Uint8Array, Uint8Array, Uint8Array];
    assert.equal(bob.read(third), '2');
    alice.read(bob.send('turn'));
    const later = alice.send('later');
    assert.equal(bob.read(later), 'later');
    assert.equal(bob.read(first), '0');
    assert.equal(bob.read(second), '1');
    assert.equal(keptBy(bob), 0);
  });

  it('opens the first messages in any order', () => {
    const { alice, bob } = pair();
    const [first, second] = sendMany(alice, 2) as [Uint8Array, Uint8Array];
    assert.deepEqual([bob.read(second), bob.read(first)], ['1', '0']);
  });

  it('opens everything once', () => {
    const { alice, bob } = acquainted();
    const [first, second, third] = sendMany(alice, 3) as [Uint8Array, Uint8Array, Uint8Array];
    for (const message of [third, first]) bob.read(message);
    for (const message of [third, first]) assert.equal(bob.read(message), '(duplicate)');
    assert.equal(bob.read(second), '1');
    assert.equal(bob.read(second), '(duplicate)');
    // While something of an old chain is missing, its header key is kept, and replays are known for what they are.
    const [missing, seen] = sendMany(alice, 2) as [Uint8Array, Uint8Array];
    bob.read(seen);
    alice.read(bob.send('turn'));
    bob.read(alice.send('next'));
    assert.equal(bob.read(seen), '(duplicate)');
    assert.equal(bob.read(missing), '0');
    assert.equal(bob.read(seen), '(not-ours)');
  });

  it("is nobody else's", () => {
    const { alice, bob } = acquainted();
    const others = makeSession(randomness);
    const stranger = new Party(others.theirs, randomness);
    const message = alice.send('hello');
    assert.equal(stranger.read(message), '(not-ours)');
    assert.equal(matchesHeader(stranger.state, message), false);
    assert.equal(matchesHeader(bob.state, message), true);
    assert.equal(alice.read(message), '(not-ours)');
  });

  it('cannot send as the responder before it has opened something', () => {
    assert.throws(() => encrypt(session.theirs, toUtf8('x'), { randomness }), RangeError);
  });

  it('hides who, how many and how long', () => {
    const { alice } = acquainted();
    const sizes = ['', 'x', 'x'.repeat(255)].map((text) => alice.send(text).length);
    assert.deepEqual(new Set(sizes), new Set([112 + 32 + 256 + 16]));
    const [one, other] = [alice.send('same'), alice.send('same')];
    let equal = 0;
    for (const [i, byte] of one.entries()) if (byte === other[i]) equal += 1;
    assert.ok(equal < 20, 'two messages are alike');
  });

  it('never seals twice under one key and nonce, even from one state', () => {
    const { alice, bob } = acquainted();
    const [one, other] = ['this', 'that'].map(
      (text) => encrypt(alice.state, toUtf8(text), { randomness }).message,
    );
    assert.notDeepEqual(one!.slice(112, 144), other!.slice(112, 144));
    assert.equal(bob.read(one!), 'this');
    assert.equal(bob.read(other!), '(duplicate)');
  });

  it('opens nothing of which a byte was changed, and keeps the message that was meant', () => {
    const { alice, bob } = acquainted();
    // A message of the present chain, one of the next turn, and one whose key is kept.
    const [skipped, present] = sendMany(alice, 2) as [Uint8Array, Uint8Array];
    bob.read(present);
    const current = alice.send('current');
    const waiting = bob.send('waiting');
    alice.read(waiting);
    const turn = alice.send('turn');
    for (const [message, text] of [
      [skipped, '0'],
      [current, 'current'],
      [turn, 'turn'],
    ] as const) {
      for (let at = 0; at < message.length; at++) {
        const changed = message.with(at, message[at]! ^ 0x40);
        if (at < 112) assert.equal(bob.read(changed), '(not-ours)');
        else assert.throws(() => bob.receive(changed), notOpened);
      }
      assert.equal(bob.read(message), text);
    }
  }).timeout(30_000);

  it('opens no body under another header, and no header before another body', () => {
    const { alice, bob } = acquainted();
    const [first, second] = sendMany(alice, 2) as [Uint8Array, Uint8Array];
    const crossed = new Uint8Array([...first.slice(0, 112), ...second.slice(112)]);
    assert.throws(() => bob.receive(crossed), notOpened);
    assert.deepEqual([bob.read(first), bob.read(second)], ['0', '1']);
  });

  it('refuses sizes that no message has', () => {
    const { alice, bob } = acquainted();
    const message = alice.send('x');
    for (const wrong of [new Uint8Array(0), message.slice(0, 415), new Uint8Array(65_537)]) {
      assert.throws(
        () => bob.receive(wrong),
        (error) => hasCode(error, 'ERR_FORMAT'),
      );
      assert.throws(
        () => matchesHeader(bob.state, wrong),
        (error) => hasCode(error, 'ERR_FORMAT'),
      );
    }
    assert.throws(() => bob.receive(new Uint8Array([...message, 0])), notOpened);
  });

  it('heals: a state that was stolen opens nothing after two turns', () => {
    const { alice, bob } = acquainted();
    const stolen = bob.state;
    assert.equal(new Party(stolen, randomness).read(alice.send('before')), 'before');
    for (let turn = 0; turn < 2; turn++) {
      bob.read(alice.send('turn'));
      alice.read(bob.send('turn'));
    }
    assert.equal(new Party(stolen, randomness).read(alice.send('after')), '(not-ours)');
  });

  it('forgets: a state opens nothing that was opened before', () => {
    const { alice, bob } = acquainted();
    const messages = sendMany(alice, 3);
    for (const message of messages) bob.read(message);
    for (const message of messages)
      assert.equal(new Party(bob.state, randomness).read(message), '(duplicate)');
  });

  it('names what was spent: keys of the old state that the new one lacks', () => {
    const { alice, bob } = acquainted();
    const holds = (state: RatchetState, secret: Uint8Array): boolean =>
      toHex(encodeRatchet(state)).includes(toHex(secret));
    const before = bob.state;
    const turned = decrypt(before, alice.send('x'), { randomness, nowMs: 0 });
    assert.ok(turned.kind === 'opened');
    for (const secret of [
      before.rootKey,
      before.ours.privateKey,
      before.sending!.chainKey,
      before.receiving!.chainKey,
    ]) {
      assert.ok(turned.spent.includes(secret));
      assert.ok(!holds(turned.state, secret));
    }
    const sent = encrypt(before, toUtf8('x'), { randomness });
    assert.deepEqual(sent.spent, [before.sending!.chainKey]);
    assert.ok(!holds(sent.state, before.sending!.chainKey));
  });

  it('leaves the signed prekey to its owner', () => {
    const { privateKey } = session.prekeys.signedPrekey;
    const kept = privateKey.slice();
    const { alice, bob } = pair();
    bob.read(alice.send('x'));
    assert.ok(equalBytes(privateKey, kept));
  });

  it('refuses states that are none', () => {
    const bytes = encodeRatchet(acquainted().bob.state);
    assert.deepEqual(encodeRatchet(decodeRatchet(bytes)), bytes);
    for (const wrong of [bytes.slice(1), new Uint8Array(0), bytes.slice(0, -1)]) {
      assert.throws(
        () => decodeRatchet(wrong),
        (error) => hasCode(error, 'ERR_FORMAT'),
      );
    }
  });
});
