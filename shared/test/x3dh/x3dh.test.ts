import assert from 'node:assert/strict';
import { createHash, hkdfSync } from 'node:crypto';
import { concat, toHex } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { hasCode } from '@crypt2chat/shared/errors';
import { deviceIdOf, generateOneTimePrekeys, publicKeysOf } from '@crypt2chat/shared/identity';
import { decapsulate } from '@crypt2chat/shared/primitives';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { handshakeHashOf, initiate, maxRound, respond } from '@crypt2chat/shared/x3dh';
import { makeAccount, makePrekeys } from '../identity/make-account.ts';
import { answer, begin, verified } from './make-session.ts';
import { nodeX448 } from './node-x448.ts';

describe('X3DH', () => {
  const randomness = seededRandomness('x3dh');
  const alice = makeAccount('alice', randomness);
  const bob = makeAccount('bob', randomness);
  const mallory = makeAccount('mallory', randomness);
  const prekeys = makePrekeys(bob, randomness);
  const initiator = { accountId: alice.identity.accountId, deviceId: deviceIdOf(publicKeysOf(alice.device)) };

  for (const [what, bundle] of [
    ['with one-time keys', prekeys.bundle],
    ['without', prekeys.bareBundle],
    ['with a one-time prekey only', { ...prekeys.upload, oneTimePrekey: prekeys.bundle.oneTimePrekey }],
    ['with a one-time KEM key only', { ...prekeys.upload, oneTimeKem: prekeys.bundle.oneTimeKem }],
  ] as const) {
    it(`gives both sides the same ${what}`, () => {
      const begun = begin(alice, bob, bundle, randomness, 7);
      const { handshake, signedPrekeyPublic, ...agreement } = begun;
      assert.deepEqual(answer(bob, prekeys, alice, begun), agreement);
      assert.deepEqual(signedPrekeyPublic, prekeys.signedPrekey.publicKey);
      assert.equal(handshake.round, 7);
      assert.deepEqual(handshakeHashOf(initiator, handshake), agreement.handshakeHash);
      const { rootKey, headerKeyA, nextHeaderKeyB } = agreement.keys;
      const all = [agreement.handshakeHash, agreement.ad, rootKey, headerKeyA, nextHeaderKeyB];
      const sizes = all.map((bytes) => bytes.length);
      assert.deepEqual(sizes, [32, 64, 32, 32, 32]);
    });
  }

  it('gives other keys each time', () => {
    const [one, other] = [0, 1].map(() => begin(alice, bob, prekeys.bareBundle, randomness));
    assert.notDeepEqual(one!.keys.rootKey, other!.keys.rootKey);
    assert.notDeepEqual(one!.handshakeHash, other!.handshakeHash);
  });

  it('gives other keys where anything that the two sides see differs', () => {
    const begun = begin(alice, bob, prekeys.bundle, randomness);
    const { handshake } = begun;
    const genuine = {
      ours: { accountId: bob.identity.accountId, device: bob.device },
      prekeys: {
        signedPrekey: prekeys.signedPrekey,
        oneTimePrekey: prekeys.oneTimePrekey,
        kem: prekeys.oneTimeKem,
      },
      theirs: { accountId: alice.identity.accountId, keys: publicKeysOf(alice.device) },
      handshake,
    };
    const other = makePrekeys(bob, randomness);
    const variants = [
      { ...genuine, ours: { ...genuine.ours, accountId: mallory.identity.accountId } },
      { ...genuine, ours: { ...genuine.ours, device: { ...bob.device, sign: mallory.device.sign } } },
      { ...genuine, ours: { ...genuine.ours, device: { ...bob.device, dh: mallory.device.dh } } },
      { ...genuine, theirs: { ...genuine.theirs, accountId: mallory.identity.accountId } },
      {
        ...genuine,
        theirs: { ...genuine.theirs, keys: { ...genuine.theirs.keys, sign: mallory.device.sign.publicKey } },
      },
      {
        ...genuine,
        theirs: { ...genuine.theirs, keys: { ...genuine.theirs.keys, dh: mallory.device.dh.publicKey } },
      },
      { ...genuine, prekeys: { ...genuine.prekeys, signedPrekey: other.signedPrekey } },
      { ...genuine, prekeys: { ...genuine.prekeys, oneTimePrekey: other.oneTimePrekey } },
      { ...genuine, prekeys: { ...genuine.prekeys, kem: other.oneTimeKem } },
      { ...genuine, handshake: { ...handshake, round: 1 } },
      { ...genuine, handshake: { ...handshake, ephemeral: mallory.device.dh.publicKey } },
      {
        ...genuine,
        handshake: {
          ...handshake,
          kemCiphertext: handshake.kemCiphertext.with(9, handshake.kemCiphertext[9]! ^ 1),
        },
      },
    ];
    assert.deepEqual(respond(genuine).keys, begun.keys);
    const seen = new Set([
      toHex(begun.keys.rootKey),
      ...variants.map((variant) => toHex(respond(variant).keys.rootKey)),
    ]);
    assert.equal(seen.size, variants.length + 1);
  });

  it('takes the prekeys that the handshake names, and no others', () => {
    const { handshake } = begin(alice, bob, prekeys.bundle, randomness);
    const [another] = generateOneTimePrekeys(99, 1, randomness);
    const base = {
      ours: { accountId: bob.identity.accountId, device: bob.device },
      theirs: { accountId: alice.identity.accountId, keys: publicKeysOf(alice.device) },
      handshake,
    };
    const { signedPrekey, oneTimePrekey, oneTimeKem: kem, lastResortKem } = prekeys;
    for (const wrong of [
      { signedPrekey, kem },
      { signedPrekey, kem, oneTimePrekey: another! },
      { signedPrekey, kem: lastResortKem, oneTimePrekey },
    ]) {
      assert.throws(() => respond({ ...base, prekeys: wrong }), RangeError);
    }
  });

  it('refuses keys of small order from either side', () => {
    const zero = new Uint8Array(56);
    const begun = begin(alice, bob, prekeys.bundle, randomness);
    const forged = { handshake: { ...begun.handshake, ephemeral: zero } };
    assert.throws(
      () => answer(bob, prekeys, alice, forged),
      (error) => hasCode(error, 'ERR_CRYPTO_OPEN'),
    );
    const bundle = { ...prekeys.bundle, oneTimePrekey: { id: 4, key: zero } };
    assert.throws(
      () => begin(alice, bob, bundle, randomness),
      (error) => hasCode(error, 'ERR_BUNDLE_INVALID'),
    );
  });

  it('refuses a bundle of another device, and a round that is none', () => {
    const keys = publicKeysOf(bob.device);
    const theirs = {
      accountId: bob.identity.accountId,
      deviceId: deviceIdOf(keys),
      keys,
      bundle: verified(bob, prekeys.bundle),
    };
    const ours = { accountId: alice.identity.accountId, device: alice.device };
    initiate({ ours, theirs, round: maxRound, randomness });
    for (const round of [-1, 0.5, maxRound + 1]) {
      assert.throws(() => initiate({ ours, theirs, round, randomness }), RangeError);
    }
    const astray = [
      { ...theirs, accountId: mallory.identity.accountId },
      { ...theirs, deviceId: initiator.deviceId },
    ];
    for (const wrong of astray)
      assert.throws(() => initiate({ ours, theirs: wrong, round: 0, randomness }), RangeError);
  });

  it('is what the specification says, computed by other means', () => {
    const begun = begin(alice, bob, prekeys.bundle, randomness, 3);
    const { handshake } = begun;
    const [a, b] = [publicKeysOf(alice.device), publicKeysOf(bob.device)];
    const transcript = encodeCbor([
      1,
      alice.identity.accountId,
      bob.identity.accountId,
      a.sign,
      a.dh,
      b.sign,
      b.dh,
      prekeys.signedPrekey.publicKey,
      prekeys.oneTimePrekey.publicKey,
      prekeys.oneTimeKem.publicKey,
      handshake.ephemeral,
      handshake.kemCiphertext,
      3,
    ]);
    const ad = createHash('sha512').update('crypt2chat/v1/x3dh/transcript\0').update(transcript).digest();
    const ikm = concat(
      new Uint8Array(57).fill(0xff),
      nodeX448(prekeys.signedPrekey.privateKey, a.dh),
      nodeX448(bob.device.dh.privateKey, handshake.ephemeral),
      nodeX448(prekeys.signedPrekey.privateKey, handshake.ephemeral),
      nodeX448(prekeys.oneTimePrekey.privateKey, handshake.ephemeral),
      decapsulate(prekeys.oneTimeKem.seed, handshake.kemCiphertext),
    );
    const keys = Buffer.from(hkdfSync('sha512', ikm, ad, 'crypt2chat/v1/x3dh', 96));
    const { rootKey, headerKeyA, nextHeaderKeyB } = begun.keys;
    assert.equal(toHex(begun.ad), toHex(ad));
    assert.equal(toHex(concat(rootKey, headerKeyA, nextHeaderKeyB)), toHex(keys));
  });
});
