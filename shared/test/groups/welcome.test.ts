import assert from 'node:assert/strict';
import { toHex, toUtf8 } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  type EpochName,
  maxGroupLinkBytes,
  maxShared,
  maxStatementBytes,
  maxWelcomeBytes,
  openWelcome,
  sealWelcome,
  type Welcome,
  welcomeHashOf,
} from '@crypt2chat/shared/groups';
import { pad, sealSalted } from '@crypt2chat/shared/primitives';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { deriveWelcomeKey, epochContext } from '../../src/groups/epoch.ts';

const randomness = seededRandomness('welcomes');
const filled = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const secret = filled(1);
const name: EpochName = { group: filled(2), epoch: 3, link: filled(4) };
const welcome: Welcome = { links: [toUtf8('one'), toUtf8('two')], shared: [toUtf8('said')] };
const sealed = sealWelcome(welcome, secret, name, randomness);
const hash = welcomeHashOf(sealed);

const cannotOpen = (error: unknown): boolean => hasCode(error, 'ERR_CRYPTO_OPEN');
const malformed = (error: unknown): boolean => hasCode(error, 'ERR_FORMAT');
const plain = ({ links, shared }: Welcome) => [links.map(toHex), shared.map(toHex)];

/** Whatever somebody who has the secret seals. */
function insider(bytes: Uint8Array): () => Welcome {
  const key = deriveWelcomeKey(secret, name);
  const made = sealSalted(key, 'crypt2chat/v1/group/welcome', epochContext(name), bytes, randomness);
  return () => openWelcome(made, welcomeHashOf(made), secret, name);
}

describe('a welcome', () => {
  it('opens for who has its hash and the secret', () => {
    assert.deepEqual(plain(openWelcome(sealed, hash, secret, name)), plain(welcome));
    const bare = sealWelcome({ links: [toUtf8('one')], shared: [] }, secret, name, randomness);
    assert.deepEqual(openWelcome(bare, welcomeHashOf(bare), secret, name).shared, []);
  });

  it('does not open as another, in another epoch or with another secret', () => {
    const other = sealWelcome(welcome, secret, name, randomness);
    assert.throws(() => openWelcome(other, hash, secret, name), cannotOpen);
    assert.throws(() => openWelcome(sealed, hash, filled(9), name), cannotOpen);
    for (const wrong of [{ group: filled(9) }, { epoch: 4 }, { link: filled(9) }])
      assert.throws(() => openWelcome(sealed, hash, secret, { ...name, ...wrong }), cannotOpen);
  });

  it('does not open with any byte changed, even by who makes the hash fit', () => {
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.with(at, sealed[at]! ^ 1);
      assert.throws(() => openWelcome(changed, hash, secret, name), cannotOpen);
      assert.throws(() => openWelcome(changed, welcomeHashOf(changed), secret, name), cannotOpen);
    }
    for (const size of [0, 31, 47, sealed.length - 1])
      assert.throws(() => openWelcome(sealed.slice(0, size), hash, secret, name), cannotOpen);
  });

  it('has the form that it has', () => {
    const good = { v: 1, links: [toUtf8('one')], shared: [] };
    insider(pad(encodeCbor(good)))();
    for (const wrong of [
      { ...good, links: [] },
      { ...good, more: 1 },
      { ...good, links: ['one'] },
      { ...good, links: [new Uint8Array(maxGroupLinkBytes + 1)] },
      { ...good, shared: [new Uint8Array(maxStatementBytes + 1)] },
      { ...good, shared: Array.from({ length: maxShared + 1 }, () => new Uint8Array(1)) },
      { links: [toUtf8('one')], shared: [] },
    ]) {
      assert.throws(insider(pad(encodeCbor(wrong))), malformed);
    }
    assert.throws(insider(encodeCbor(good)), malformed);
    assert.throws(insider(new Uint8Array(256)), malformed);
  });

  it('of a newer version is called so', () => {
    assert.throws(insider(pad(encodeCbor({ v: 2, other: true }))), (error) =>
      hasCode(error, 'ERR_NEWER_VERSION'),
    );
  });

  it('is not made where it could not be opened', () => {
    const shared = Array.from({ length: maxShared + 1 }, () => new Uint8Array(1));
    assert.throws(() => sealWelcome({ ...welcome, shared }, secret, name, randomness), RangeError);
    sealWelcome({ ...welcome, shared: shared.slice(1) }, secret, name, randomness);
    const links = [new Uint8Array(maxGroupLinkBytes), new Uint8Array(maxWelcomeBytes - maxGroupLinkBytes)];
    assert.throws(() => sealWelcome({ links, shared: [] }, secret, name, randomness), RangeError);
    const least = [links[0]!, links[1]!.slice(100)];
    const largest = sealWelcome({ links: least, shared: [] }, secret, name, randomness);
    assert.equal(openWelcome(largest, welcomeHashOf(largest), secret, name).links.length, 2);
  });
});
