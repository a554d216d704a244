import assert from 'node:assert/strict';
import { toUtf8 } from '@crypt2chat/shared/bytes';
import { encodeRatchet, openEphemeral, sealEphemeral } from '@crypt2chat/shared/ratchet';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { limits } from '@crypt2chat/shared/wire';
import { makeSession } from '../x3dh/make-session.ts';
import { Party } from './party.ts';

describe('an ephemeral envelope', () => {
  const randomness = seededRandomness('ephemeral');
  const session = makeSession(randomness);
  const alice = new Party(session.ours, randomness);
  const bob = new Party(session.theirs, randomness);
  const notice = toUtf8('typing');
  const read = (party: Party, sealed: Uint8Array): string | undefined => {
    const opened = openEphemeral(party.state, sealed);
    return opened && new TextDecoder().decode(opened);
  };

  it('opens before and after the first message of its chain, and changes no state', () => {
    const [before, sealed] = [encodeRatchet(alice.state), sealEphemeral(alice.state, notice, randomness)];
    assert.deepEqual(encodeRatchet(alice.state), before);
    assert.equal(read(bob, sealed), 'typing');
    bob.read(alice.send('a'));
    assert.equal(read(bob, sealed), 'typing');
    const back = sealEphemeral(bob.state, notice, randomness);
    assert.equal(read(alice, back), 'typing');
    alice.read(bob.send('b'));
    assert.equal(read(alice, back), 'typing');
    assert.equal(read(bob, sealEphemeral(alice.state, notice, randomness)), 'typing');
  });

  it('opens for nobody else, not for its sender, and with no byte changed', () => {
    const sealed = sealEphemeral(alice.state, notice, randomness);
    assert.equal(read(new Party(makeSession(randomness).theirs, randomness), sealed), undefined);
    assert.equal(read(alice, sealed), undefined);
    for (let at = 0; at < sealed.length; at++) {
      assert.equal(openEphemeral(bob.state, sealed.with(at, sealed[at]! ^ 1)), undefined);
    }
  });

  it('is no message, and a message is none', () => {
    const sealed = sealEphemeral(alice.state, new Uint8Array(400), randomness);
    assert.equal(bob.read(sealed), '(not-ours)');
    assert.equal(read(bob, alice.send('x')), undefined);
  });

  it('fits into what the relay takes, or is refused', () => {
    assert.ok(
      sealEphemeral(alice.state, new Uint8Array(3072), randomness).length + 16 <= limits.ephemeralBytes,
    );
    assert.throws(() => sealEphemeral(alice.state, new Uint8Array(3073), randomness), RangeError);
    assert.throws(() => sealEphemeral(session.theirs, notice, randomness), RangeError);
    for (const size of [0, 1, 47, 48, limits.ephemeralBytes + 1]) {
      assert.equal(openEphemeral(bob.state, new Uint8Array(size)), undefined);
    }
  });
});
