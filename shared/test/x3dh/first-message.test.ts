import assert from 'node:assert/strict';
import { toUtf8 } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  addDevice,
  deviceIdOf,
  generateDevice,
  maxDeviceLinks,
  maxDevices,
  publicKeysOf,
  publicPrekeyOf,
  recoverIdentity,
  revokeDevice,
} from '@crypt2chat/shared/identity';
import { pad, sealHpke } from '@crypt2chat/shared/primitives';
import { encrypt, maxContentBytes } from '@crypt2chat/shared/ratchet';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { encodeEnvelope, parseEnvelope } from '@crypt2chat/shared/wire';
import { openFirstMessage, parseFirstMessage, sealFirstMessage } from '@crypt2chat/shared/x3dh';
import { makeAccount, startMs } from '../identity/make-account.ts';
import { makeSession } from './make-session.ts';

describe('a first message', () => {
  const randomness = seededRandomness('first message');
  const { alice, bob, prekeys, initiation, ours } = makeSession(randomness);
  const { message } = encrypt(ours, toUtf8('hello'), { randomness });
  const first = {
    log: alice.links,
    device: deviceIdOf(publicKeysOf(alice.device)),
    handshake: initiation.handshake,
    message,
  };
  const recipient = { accountId: bob.identity.accountId, deviceId: deviceIdOf(publicKeysOf(bob.device)) };
  const sealingKey = publicPrekeyOf(prekeys.sealingKey);
  const body = sealFirstMessage({ ...recipient, sealingKey, first, randomness });
  const mine = { ...recipient, sealingKey: prekeys.sealingKey };

  const codeOf = (attempt: () => unknown): string => {
    try {
      attempt();
    } catch (error) {
      assert.ok(hasCode(error));
      return error.code;
    }
    assert.fail('it opened');
  };
  const sealed = (plaintext: Uint8Array): Uint8Array =>
    encodeCbor([
      sealingKey.id,
      sealHpke(
        sealingKey.key,
        toUtf8('crypt2chat/v1/first-message'),
        encodeCbor([recipient.accountId, recipient.deviceId, sealingKey.id]),
        plaintext,
        randomness,
      ),
    ]);

  it('comes out as it went in', () => {
    assert.deepEqual(parseFirstMessage(body), { sealingKeyId: sealingKey.id });
    assert.deepEqual(openFirstMessage({ ...mine, body }), first);
  });

  it('opens for nobody else', () => {
    const other = makeAccount('mallory', randomness);
    const elsewhere = {
      accountId: other.identity.accountId,
      deviceId: deviceIdOf(publicKeysOf(other.device)),
    };
    for (const wrong of [
      { accountId: elsewhere.accountId },
      { deviceId: elsewhere.deviceId },
      { sealingKey: { ...prekeys.sealingKey, ...other.device.dh } },
    ]) {
      assert.equal(
        codeOf(() => openFirstMessage({ ...mine, ...wrong, body })),
        'ERR_CRYPTO_OPEN',
      );
    }
    const renamed = { ...prekeys.sealingKey, id: 99 };
    assert.throws(() => openFirstMessage({ ...mine, sealingKey: renamed, body }), RangeError);
  });

  it('opens with no byte changed', () => {
    // Every byte of the frame and of enc, then some of the long ciphertext, and the tag.
    const places = body.map((_, at) => at).filter((at) => at < 80 || at % 97 === 0 || at >= body.length - 16);
    for (const at of places) {
      const changed = body.with(at, body[at]! ^ 1);
      assert.match(
        codeOf(() => {
          const { sealingKeyId } = parseFirstMessage(changed);
          openFirstMessage({
            ...mine,
            sealingKey: { ...prekeys.sealingKey, id: sealingKeyId },
            body: changed,
          });
        }),
        /^ERR_(CRYPTO_OPEN|FORMAT)$/,
      );
    }
  });

  it('is refused when what was sealed is not one', () => {
    const plaintext = {
      v: 1,
      log: alice.links,
      device: first.device,
      handshake: { ...first.handshake },
      message,
    };
    assert.deepEqual(openFirstMessage({ ...mine, body: sealed(pad(encodeCbor(plaintext))) }), first);
    const wrong = [
      { ...plaintext, log: [] },
      { ...plaintext, log: Array<Uint8Array>(65).fill(new Uint8Array(1)) },
      { ...plaintext, log: [new Uint8Array(1025)] },
      { ...plaintext, device: new Uint8Array(31) },
      { ...plaintext, handshake: { ...plaintext.handshake, round: 2 ** 32 } },
      { ...plaintext, handshake: { ...plaintext.handshake, ephemeral: new Uint8Array(57) } },
      { ...plaintext, more: 1 },
    ];
    for (const one of wrong) {
      assert.equal(
        codeOf(() => openFirstMessage({ ...mine, body: sealed(pad(encodeCbor(one))) })),
        'ERR_FORMAT',
      );
    }
    const unpadded = sealed(encodeCbor(plaintext));
    assert.equal(
      codeOf(() => openFirstMessage({ ...mine, body: unpadded })),
      'ERR_FORMAT',
    );
    const newer = sealed(pad(encodeCbor({ ...plaintext, v: 2 })));
    assert.equal(
      codeOf(() => openFirstMessage({ ...mine, body: newer })),
      'ERR_NEWER_VERSION',
    );
  });

  it('fits into an envelope with the longest log and the largest content', () => {
    const owner = makeAccount('b'.repeat(32), randomness);
    const links = [...owner.links];
    let { identity, device } = owner;
    const take = (change: { link: Uint8Array; identity: typeof identity }): void => {
      identity = change.identity;
      links.push(change.link);
    };
    // Full houses, each ended by a recovery, are the longest that 64 links can be.
    while (identity.length < maxDeviceLinks) {
      while (identity.devices.length < maxDevices && identity.length < maxDeviceLinks) {
        take(addDevice(identity, device, generateDevice(randomness), startMs));
      }
      const saved = generateDevice(randomness);
      take(recoverIdentity(identity, owner.recovery, saved, startMs));
      device = saved;
    }
    while (identity.length < 64) {
      device = generateDevice(randomness);
      take(recoverIdentity(identity, owner.recovery, device, startMs));
    }
    assert.throws(() => revokeDevice(identity, device, identity.devices[0]!.id, startMs));
    const logBytes = links.reduce((sum, link) => sum + link.length, 0);
    assert.ok(logBytes < 38_000);
    const spare = 38_000 - logBytes;
    const largest = encrypt(ours, new Uint8Array(maxContentBytes), { randomness }).message;
    // What the longest username and origin would add, and more.
    const padded = new Uint8Array(largest.length + spare);
    const full = { ...first, log: links, message: padded };
    const envelope = encodeEnvelope({
      kind: 'handshake',
      body: sealFirstMessage({ ...recipient, sealingKey, first: full, randomness }),
    });
    assert.ok(envelope.length <= 65_536);
    assert.deepEqual(openFirstMessage({ ...mine, body: parseEnvelope(envelope).body }), full);
    assert.throws(() => encrypt(ours, new Uint8Array(maxContentBytes + 1), { randomness }), RangeError);
  }).timeout(20_000);
});
