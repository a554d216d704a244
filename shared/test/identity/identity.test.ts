import assert from 'node:assert/strict';
import { equalBytes, toHex } from '@crypt2chat/shared/bytes';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  acceptDevice,
  accountIdOfLog,
  activeDevice,
  addDevice,
  createIdentity,
  decodeIdentity,
  type Device,
  deviceId,
  deviceIdOf,
  type DeviceSecrets,
  encodeIdentity,
  extendIdentity,
  generateDevice,
  type Identity,
  isLogOf,
  maxDeviceLinks,
  maxDevices,
  maxLinkBytes,
  maxLinks,
  proposeDevice,
  publicKeysOf,
  recoverIdentity,
  replaceRecovery,
  revokeDevice,
  verifyIdentity,
} from '@crypt2chat/shared/identity';
import { generateSigningKeyPair } from '@crypt2chat/shared/primitives';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { limits } from '@crypt2chat/shared/wire';
import { makeAccount, startMs, withDevices } from './make-account.ts';

const invalid = (error: unknown): boolean => hasCode(error, 'ERR_LOG_INVALID');
const idOf = (device: DeviceSecrets) => deviceIdOf(publicKeysOf(device));
const idsOf = (identity: Identity): string[] => identity.devices.map(({ id }) => toHex(id));

describe('an identity', () => {
  const randomness = seededRandomness('identity');
  const alice = makeAccount('alice', randomness);
  const { identity, device, recovery } = alice;
  const second = generateDevice(randomness);

  it('begins with one device, and is named by its first link', () => {
    assert.equal(identity.username, 'alice');
    assert.equal(identity.relay, 'https://relay.example');
    assert.deepEqual(idsOf(identity), [toHex(idOf(device))]);
    assert.deepEqual(identity.accountId, identity.hashAt(0));
    assert.deepEqual(identity.accountId, accountIdOfLog(alice.links));
    assert.equal(identity.length, 1);
    assert.equal(identity.hashAt(1), undefined);
    assert.ok(Object.isFrozen(identity) && Object.isFrozen(identity.devices));
  });

  it('comes back from storage as it was', () => {
    const { identity: grown } = withDevices(alice, 2, randomness);
    const { identity: shrunk } = revokeDevice(grown, device, grown.devices[1]!.id, startMs + 5);
    const { hashAt: _, ...restored } = decodeIdentity(encodeIdentity(shrunk));
    const { hashAt: __, ...original } = shrunk;
    assert.deepEqual(restored, original);
    assert.deepEqual(encodeIdentity(decodeIdentity(encodeIdentity(shrunk))), encodeIdentity(shrunk));
    const next = addDevice(shrunk, device, second, startMs + 9);
    assert.equal(extendIdentity(decodeIdentity(encodeIdentity(shrunk)), [next.link]).devices.length, 3);
  });

  it('knows the bytes that it was verified from, which the hashes of its links do not cover', () => {
    const grown = withDevices(alice, 2, randomness);
    const [first, ...more] = grown.links as [Uint8Array, ...Uint8Array[]];
    const last = more.at(-1)!;
    const other = last.with(last.length - 1, last.at(-1)! ^ 1);
    assert.deepEqual(extendIdentity(grown.identity, [first, ...more.slice(0, -1), other]), grown.identity);
    const inParts = extendIdentity(verifyIdentity([first]), more.slice(0, 1));
    for (const known of [
      verifyIdentity(grown.links),
      extendIdentity(inParts, more),
      extendIdentity(inParts, more.slice(1)),
      decodeIdentity(encodeIdentity(grown.identity)),
    ]) {
      assert.ok(isLogOf(known, grown.links));
      assert.ok(!isLogOf(known, [first, ...more.slice(0, -1), other]));
      assert.ok(!isLogOf(known, grown.links.slice(0, -1)));
    }
    const { bytesHash: _, ...stored } = grown.identity;
    assert.ok(!isLogOf(decodeIdentity(encodeIdentity(stored)), grown.links));
    const { link, identity: longer } = revokeDevice(stored, device, stored.devices[1]!.id, startMs);
    assert.ok(!isLogOf(longer, [...grown.links, link]));
  });

  it('refuses names and origins in another than their one form', () => {
    const attempt = (username: string, relay: string) =>
      createIdentity({ username, relay, device, recoveryPublicKey: recovery.publicKey, at: startMs });
    attempt('al', 'http://127.0.0.1:8080');
    const bad = [
      ['Alice', 'https://relay.example'],
      ['a', 'https://relay.example'],
      ['alice', 'https://relay.example/'],
      ['alice', 'http://relay.example'],
      ['alice', 'https://relay.example:443'],
      ['alice', 'https://Relay.example'],
      ['alice', `https://${'a'.repeat(250)}`],
    ] as const;
    for (const [username, relay] of bad) assert.throws(() => attempt(username, relay), invalid);
  });

  it("refuses a recovery key that is the device's own", () => {
    const options = { username: 'alice', relay: 'https://relay.example', device, at: startMs };
    assert.throws(() => createIdentity({ ...options, recoveryPublicKey: device.sign.publicKey }), invalid);
  });

  it("adds a device by two signatures: an active device's and the new one's", () => {
    const proposal = proposeDevice(identity, device, publicKeysOf(second), startMs);
    assert.throws(() => extendIdentity(identity, [proposal]), invalid);
    const { link, identity: grown } = acceptDevice(identity, proposal, second);
    assert.deepEqual(idsOf(grown), [toHex(idOf(device)), toHex(idOf(second))]);
    assert.deepEqual(activeDevice(grown, idOf(second))?.keys, publicKeysOf(second));
    assert.deepEqual(verifyIdentity([...alice.links, link]).head, grown.head);
  });

  it('lets a new device sign only the proposal that adds it to the log that it knows', () => {
    const third = generateDevice(randomness);
    const grown = addDevice(identity, device, third, startMs).identity;
    const proposal = proposeDevice(identity, device, publicKeysOf(second), startMs);
    assert.throws(() => acceptDevice(identity, proposal, third), invalid);
    assert.throws(() => acceptDevice(grown, proposal, second), invalid);
    assert.throws(() => acceptDevice(makeAccount('mallory').identity, proposal, second), invalid);
    const revocation = revokeDevice(grown, device, idOf(third), startMs).link;
    assert.throws(() => acceptDevice(grown, revocation, third), invalid);
  });

  it('takes nothing from a device that is not active', () => {
    const stranger = generateDevice(randomness);
    assert.throws(() => addDevice(identity, stranger, second, startMs), invalid);
    const grown = addDevice(identity, device, second, startMs).identity;
    const { identity: shrunk } = revokeDevice(grown, device, idOf(second), startMs);
    assert.throws(() => addDevice(shrunk, second, stranger, startMs), invalid);
    assert.throws(() => revokeDevice(shrunk, second, idOf(device), startMs), invalid);
  });

  it('never takes a device back', () => {
    const grown = addDevice(identity, device, second, startMs).identity;
    assert.throws(() => addDevice(grown, device, second, startMs), invalid);
    const { identity: shrunk } = revokeDevice(grown, device, idOf(second), startMs);
    assert.deepEqual(shrunk.revoked.map(toHex), [toHex(idOf(second))]);
    assert.throws(() => addDevice(shrunk, device, second, startMs), invalid);
  });

  it('refuses a device that shares a key with another, or with the recovery', () => {
    const mixed = (sign: DeviceSecrets['sign'], dh: DeviceSecrets['dh']) => () =>
      addDevice(identity, device, { sign, dh }, startMs);
    assert.throws(mixed(device.sign, second.dh), invalid);
    assert.throws(mixed(second.sign, device.dh), invalid);
    assert.throws(mixed(recovery, second.dh), invalid);
    mixed(second.sign, second.dh)();
  });

  it('keeps the last device against a device link, and refuses to revoke what is not there', () => {
    assert.throws(() => revokeDevice(identity, device, idOf(device), startMs), invalid);
    assert.throws(() => revokeDevice(identity, device, idOf(second), startMs), invalid);
  });

  it('lets a device revoke itself, when another stays', () => {
    const grown = addDevice(identity, device, second, startMs).identity;
    assert.deepEqual(idsOf(revokeDevice(grown, device, idOf(device), startMs).identity), [
      toHex(idOf(second)),
    ]);
  });

  it(`has at most ${maxDevices} devices`, () => {
    const full = withDevices(alice, maxDevices - 1, randomness);
    assert.throws(() => addDevice(full.identity, device, generateDevice(randomness), startMs), invalid);
  });

  it('is recovered by the recovery key alone: the new device is the only one', () => {
    const grown = withDevices(alice, 3, randomness).identity;
    const { identity: recovered } = recoverIdentity(grown, recovery, second, startMs);
    assert.deepEqual(idsOf(recovered), [toHex(idOf(second))]);
    assert.equal(recovered.revoked.length, 4);
    assert.equal(recovered.accountId, recovered.hashAt(0));
    assert.throws(() => recoverIdentity(grown, device.sign, second, startMs), invalid);
    assert.throws(() => recoverIdentity(grown, recovery, device, startMs), invalid);
  });

  it('is recovered only by who names every active device', () => {
    const grown = withDevices(alice, 1, randomness).identity;
    const stale = recoverIdentity(identity, recovery, second, startMs).link;
    assert.throws(
      () => extendIdentity(grown, [stale]),
      (error) => hasCode(error, 'ERR_LOG_FORK'),
    );
    const [one, other] = grown.devices as [Device, Device];
    for (const devices of [[one], [one, one], [one, other, other], []]) {
      const { link } = recoverIdentity({ ...grown, devices }, recovery, second, startMs);
      assert.throws(() => extendIdentity(grown, [link]), invalid);
    }
  });

  it('replaces the recovery key by the one before it', () => {
    const fresh = generateSigningKeyPair(randomness);
    const { identity: replaced } = replaceRecovery(identity, recovery, fresh.publicKey, startMs);
    assert.ok(equalBytes(replaced.recovery, fresh.publicKey));
    assert.throws(() => recoverIdentity(replaced, recovery, second, startMs), invalid);
    assert.deepEqual(idsOf(recoverIdentity(replaced, fresh, second, startMs).identity), [
      toHex(idOf(second)),
    ]);
    assert.throws(() => replaceRecovery(identity, device.sign, fresh.publicKey, startMs), invalid);
    assert.throws(() => replaceRecovery(identity, recovery, recovery.publicKey, startMs), invalid);
    assert.throws(() => replaceRecovery(identity, recovery, device.sign.publicKey, startMs), invalid);
  });

  it('goes on after a link from the far future', () => {
    const far = addDevice(identity, device, second, Number.MAX_SAFE_INTEGER).identity;
    const { identity: recovered } = recoverIdentity(far, recovery, generateDevice(randomness), startMs);
    assert.equal(recovered.at, Number.MAX_SAFE_INTEGER);
  });

  it('tells a fork from another log, and from an earlier state', () => {
    const one = addDevice(identity, device, second, startMs);
    const other = addDevice(identity, device, generateDevice(randomness), startMs);
    assert.throws(
      () => extendIdentity(one.identity, [...alice.links, other.link]),
      (error) => hasCode(error, 'ERR_LOG_FORK'),
    );
    assert.throws(() => extendIdentity(one.identity, makeAccount('mallory').links), invalid);
    assert.equal(extendIdentity(one.identity, alice.links), one.identity);
  });

  it('cannot be filled up by a thief of a device before the owner recovers it', () => {
    let stolen = identity;
    const links = [...alice.links];
    const size = (): number => links.reduce((sum, link) => sum + link.length, 0);
    const grow = (change: { link: Uint8Array; identity: Identity }): void => {
      stolen = change.identity;
      links.push(change.link);
    };
    while (stolen.length < maxDeviceLinks) {
      const spare = stolen.devices[1];
      if (stolen.devices.length < maxDevices)
        grow(addDevice(stolen, device, generateDevice(randomness), startMs));
      else grow(revokeDevice(stolen, device, spare!.id, startMs));
    }
    assert.throws(() => revokeDevice(stolen, device, stolen.devices[1]!.id, startMs), invalid);
    const saved = generateDevice(randomness);
    grow(recoverIdentity(stolen, recovery, saved, startMs));
    assert.throws(() => addDevice(stolen, saved, generateDevice(randomness), startMs), invalid);
    while (stolen.length < maxLinks)
      grow(recoverIdentity(stolen, recovery, generateDevice(randomness), startMs));
    assert.throws(() => recoverIdentity(stolen, recovery, generateDevice(randomness), startMs), invalid);
    assert.deepEqual(verifyIdentity(links).head, stolen.head);
    assert.ok(size() < 38_000);
    assert.ok(Math.max(...links.map((link) => link.length)) <= maxLinkBytes);
  }).timeout(30_000);

  it('has the limits of the wire', () => {
    assert.deepEqual(
      [maxLinks, maxLinkBytes, maxDevices],
      [limits.linksPerIdentity, limits.linkBytes, limits.devicesPerAccount],
    );
  });

  it('makes ids of 32 bytes only', () => {
    for (const size of [0, 31, 33]) assert.throws(() => deviceId(new Uint8Array(size)), RangeError);
  });
});
