import assert from 'node:assert/strict';
import * as v from 'valibot';
import { toHex } from '@crypt2chat/shared/bytes';
import { decodeCbor, encodeCbor } from '@crypt2chat/shared/cbor';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  addDevice,
  type Bundle,
  deviceIdOf,
  type DeviceId,
  generateDevice,
  generateOneTimeKems,
  type Identity,
  maxSignedPrekeysBytes,
  parseSignedPrekeys,
  prekeySchema,
  publicKeysOf,
  publicPrekeyOf,
  revokeDevice,
  signPrekeys,
  verifyBundle,
  verifySignedPrekeys,
} from '@crypt2chat/shared/identity';
import { sign } from '@crypt2chat/shared/primitives';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { dayMs, makeAccount, makePrekeys, startMs, withDevices } from './make-account.ts';

describe('prekeys', () => {
  const randomness = seededRandomness('prekeys');
  const bob = withDevices(makeAccount('bob', randomness), 1, randomness);
  const { identity, device } = bob;
  const id = deviceIdOf(publicKeysOf(device));
  const prekeys = makePrekeys(bob, randomness);

  const codeOf = (bundle: Bundle, of: Identity = identity, who: DeviceId = id, nowMs = startMs): string => {
    try {
      return verifyBundle(bundle, of, who, nowMs).kind;
    } catch (error) {
      assert.ok(hasCode(error));
      return error.code;
    }
  };

  it('make a bundle that its claimant can verify', () => {
    const outcome = verifyBundle(prekeys.bundle, identity, id, startMs);
    assert.ok(outcome.kind === 'verified');
    const { bundle } = outcome;
    assert.equal(toHex(bundle.accountId), toHex(identity.accountId));
    assert.equal(toHex(bundle.deviceId), toHex(id));
    assert.deepEqual(bundle.signedPrekey, publicPrekeyOf(prekeys.signedPrekey));
    assert.deepEqual(bundle.sealingKey, publicPrekeyOf(prekeys.sealingKey));
    assert.deepEqual(bundle.oneTimePrekey, publicPrekeyOf(prekeys.oneTimePrekey));
    assert.deepEqual(bundle.kem, publicPrekeyOf(prekeys.oneTimeKem));
    assert.equal(bundle.notAfter, startMs + 21 * dayMs);
  });

  it('fall back on the last-resort key', () => {
    const outcome = verifyBundle(prekeys.bareBundle, identity, id, startMs);
    assert.ok(outcome.kind === 'verified');
    assert.deepEqual(outcome.bundle.kem, publicPrekeyOf(prekeys.lastResortKem));
    assert.ok(!('oneTimePrekey' in outcome.bundle));
  });

  it('expire', () => {
    assert.equal(codeOf(prekeys.bundle, identity, id, startMs + 21 * dayMs), 'verified');
    assert.equal(codeOf(prekeys.bundle, identity, id, startMs + 21 * dayMs + 1), 'ERR_BUNDLE_EXPIRED');
  });

  it('are refused with any byte of them changed', () => {
    const { signed, signature } = prekeys.bundle;
    const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, bytes[at]! ^ 0x80);
    for (let at = 0; at < signed.length; at += 7) {
      assert.equal(codeOf({ ...prekeys.bundle, signed: flip(signed, at) }), 'ERR_BUNDLE_INVALID');
    }
    for (let at = 0; at < signature.length; at++) {
      assert.equal(codeOf({ ...prekeys.bundle, signature: flip(signature, at) }), 'ERR_BUNDLE_INVALID');
    }
  }).timeout(20_000);

  it('are refused of another device, another account and a revoked device', () => {
    const other = deviceIdOf(publicKeysOf(bob.added[0]!));
    assert.equal(codeOf(prekeys.bundle, identity, other), 'ERR_BUNDLE_INVALID');
    assert.equal(codeOf(prekeys.bundle, makeAccount('mallory').identity, id), 'ERR_BUNDLE_INVALID');
    const revoked = revokeDevice(identity, bob.added[0]!, id, startMs).identity;
    assert.equal(codeOf(prekeys.bundle, revoked), 'ERR_BUNDLE_INVALID');
  });

  it('are refused where the device signs them for another account or device', () => {
    const set = { ...prekeys, device, head: identity.head, oneTimeKems: [], notAfter: startMs };
    const astray = signPrekeys({ ...set, accountId: makeAccount('mallory').identity.accountId });
    assert.equal(codeOf(astray), 'ERR_BUNDLE_INVALID');
    const crossed = signPrekeys({
      ...set,
      accountId: identity.accountId,
      device: { ...device, dh: bob.added[0]!.dh },
    });
    assert.equal(codeOf(crossed), 'ERR_BUNDLE_INVALID');
  });

  it('tell of a log that is ahead, and of one that is another', () => {
    const ahead = addDevice(identity, device, generateDevice(randomness), startMs).identity;
    const later = makePrekeys({ ...bob, identity: ahead }, randomness).bundle;
    const outcome = verifyBundle(later, identity, id, startMs);
    assert.ok(outcome.kind === 'log-behind');
    assert.deepEqual(outcome.head, ahead.head);
    assert.equal(codeOf(later, ahead), 'verified');
    const forked = addDevice(identity, device, generateDevice(randomness), startMs).identity;
    assert.equal(codeOf(later, forked), 'ERR_LOG_FORK');
  });

  it('take a one-time KEM key only if it was signed', () => {
    const [foreign] = generateOneTimeKems(9, 1, randomness);
    assert.equal(codeOf({ ...prekeys.bundle, oneTimeKem: publicPrekeyOf(foreign!) }), 'ERR_BUNDLE_INVALID');
    const lastResort = { ...prekeys.bundle, oneTimeKem: publicPrekeyOf(prekeys.lastResortKem) };
    assert.equal(codeOf(lastResort), 'ERR_BUNDLE_INVALID');
  });

  it('refuse a one-time prekey that is none', () => {
    assert.equal(
      codeOf({ ...prekeys.bundle, oneTimePrekey: { id: 4, key: new Uint8Array(55) } }),
      'ERR_BUNDLE_INVALID',
    );
  });

  it('of a newer version say so', () => {
    const signed = encodeCbor({ v: 2, whatever: 1 });
    const signature = sign(device.sign.privateKey, 'crypt2chat/v1/prekeys', signed);
    assert.equal(codeOf({ signed, signature }), 'ERR_NEWER_VERSION');
  });

  it('are checked by the relay in the same way', () => {
    assert.deepEqual(
      verifySignedPrekeys(prekeys.upload, identity, id),
      parseSignedPrekeys(prekeys.upload.signed),
    );
  });

  it('fit their bound with all one-time keys, and not with more', () => {
    const kems = Array.from({ length: 201 }, () => ({ publicKey: prekeys.oneTimeKem.publicKey }));
    const set = { ...prekeys, accountId: identity.accountId, device, head: identity.head, notAfter: startMs };
    assert.ok(signPrekeys({ ...set, oneTimeKems: kems.slice(1) }).signed.length < maxSignedPrekeysBytes);
    assert.throws(() => signPrekeys({ ...set, oneTimeKems: kems }), RangeError);
  });

  it('are kept as plain values', () => {
    for (const one of [
      prekeys.signedPrekey,
      prekeys.sealingKey,
      prekeys.oneTimePrekey,
      prekeys.lastResortKem,
      prekeys.oneTimeKem,
    ]) {
      assert.deepEqual(decodeCbor(prekeySchema, encodeCbor({ ...one }), 4096), one);
      assert.ok(!v.is(prekeySchema, { ...one, kind: 'other' }));
    }
  });
});
