import assert from 'node:assert/strict';
import { fromHex, toHex, toUtf8 } from '@crypt2chat/shared/bytes';
import { deriveSigningKeyPair, generateSigningKeyPair, sign, verify } from '@crypt2chat/shared/primitives';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { unsafeSignUnlabelled, unsafeVerifyUnlabelled } from '../../src/primitives/sign.ts';
import {
  rfc8032,
  wycheproofInvalid,
  wycheproofKey,
  wycheproofSpecial,
  wycheproofValid,
} from '../vectors/ed448.ts';
import { describeEachBackend } from './each-backend.ts';

describeEachBackend('Ed448', () => {
  for (const vector of rfc8032) {
    it(`derives, signs and verifies: RFC 8032, ${vector.name}`, () => {
      const [seed, message] = [fromHex(vector.seed), fromHex(vector.message)];
      assert.equal(toHex(deriveSigningKeyPair(seed).publicKey), vector.public);
      assert.equal(toHex(unsafeSignUnlabelled(seed, message)), vector.signature);
      assert.equal(unsafeVerifyUnlabelled(fromHex(vector.public), message, fromHex(vector.signature)), true);
    });
  }

  it('verifies the right signatures of Wycheproof', () => {
    for (const { message, signature } of wycheproofValid) {
      assert.equal(
        unsafeVerifyUnlabelled(fromHex(wycheproofKey), fromHex(message), fromHex(signature)),
        true,
      );
    }
  });

  it('refuses the special values of Wycheproof for R and S', () => {
    for (const r of wycheproofSpecial.r) {
      for (const s of wycheproofSpecial.s) {
        const signature = fromHex(r + s);
        assert.equal(signature.length, 114);
        const message = fromHex(wycheproofSpecial.message);
        assert.equal(unsafeVerifyUnlabelled(fromHex(wycheproofKey), message, signature), false);
      }
    }
  });

  for (const vector of wycheproofInvalid) {
    it(`refuses: Wycheproof ${vector.name}`, () => {
      const [message, signature] = [fromHex(vector.message), fromHex(vector.signature)];
      assert.equal(unsafeVerifyUnlabelled(fromHex(wycheproofKey), message, signature), false);
    });
  }

  it('binds the label, the message and the key', () => {
    const alice = generateSigningKeyPair(seededRandomness('alice'));
    const bob = generateSigningKeyPair(seededRandomness('bob'));
    const message = toUtf8('message');
    const signature = sign(alice.privateKey, 'label', message);
    assert.equal(signature.length, 114);
    assert.equal(verify(alice.publicKey, 'label', message, signature), true);
    assert.equal(verify(alice.publicKey, 'labe', message, signature), false);
    assert.equal(verify(alice.publicKey, 'label', toUtf8('messag'), signature), false);
    assert.equal(verify(bob.publicKey, 'label', message, signature), false);
    assert.equal(unsafeVerifyUnlabelled(alice.publicKey, toUtf8('label\0message'), signature), true);
  });

  it('refuses every byte of a signature that was altered', () => {
    const { publicKey, privateKey } = generateSigningKeyPair(seededRandomness('alice'));
    const signature = sign(privateKey, 'label', toUtf8('message'));
    for (let i = 0; i < signature.length; i++) {
      const altered = signature.map((byte, at) => (at === i ? byte ^ (1 << (i % 8)) : byte));
      assert.equal(verify(publicKey, 'label', toUtf8('message'), altered), false);
    }
  });

  it('refuses keys of other sizes: a public key quietly, a private key as a mistake of ours', () => {
    for (const size of [0, 56, 58]) {
      assert.equal(verify(new Uint8Array(size), 'label', toUtf8('message'), new Uint8Array(114)), false);
      assert.throws(() => sign(new Uint8Array(size), 'label', toUtf8('message')), RangeError);
      assert.throws(() => deriveSigningKeyPair(new Uint8Array(size)), RangeError);
    }
  });
});
