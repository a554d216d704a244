import assert from 'node:assert/strict';
import { concat, toHex, toUtf8 } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  accessHashOf,
  advanceChain,
  type Chain,
  commitTo,
  deriveChains,
  deriveEpochKeys,
  type EpochName,
  maxGeneration,
} from '@crypt2chat/shared/groups';
import { hash32, hkdf, hmacSha512 } from '@crypt2chat/shared/primitives';
import { deriveWelcomeKey } from '../../src/groups/epoch.ts';
import { wipedBy } from './wiped-by.ts';

const filled = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const secret = filled(1);
const name: EpochName = { group: filled(2), epoch: 3, link: filled(4) };
const devices = [filled(5), filled(6)];
const context = encodeCbor([name.group, name.epoch, name.link]);
const [chain] = deriveChains(secret, name, devices) as [Chain];

describe('the keys of an epoch', () => {
  it('are each what the specification says', () => {
    const derived = (info: Uint8Array): string => toHex(hkdf(secret, context, info, 32));
    const keys = deriveEpochKeys(secret, name);
    for (const [what, key] of Object.entries({ ...keys, welcome: deriveWelcomeKey(secret, name) }))
      assert.equal(toHex(key), derived(toUtf8(`crypt2chat/v1/group/${what}`)), what);
    const chains = deriveChains(secret, name, devices);
    assert.deepEqual(
      chains.map(({ device, generation, chainKey }) => [toHex(device), generation, toHex(chainKey)]),
      devices.map((device) => [
        toHex(device),
        0,
        derived(concat(toUtf8('crypt2chat/v1/group/chain'), Uint8Array.of(0), device)),
      ]),
    );
    assert.equal(toHex(commitTo(secret)), toHex(hash32('crypt2chat/v1/group/commitment', secret)));
    assert.equal(toHex(accessHashOf(keys.access)), toHex(hash32('crypt2chat/v1/group/access', keys.access)));
  });

  it('are all different, and different in each epoch', () => {
    const all = (of: EpochName, from = secret): string[] =>
      [
        ...Object.values<Uint8Array>({ ...deriveEpochKeys(from, of) }),
        deriveWelcomeKey(from, of),
        ...deriveChains(from, of, devices).map(({ chainKey }) => chainKey),
      ].map(toHex);
    const others = [
      all(name),
      all({ ...name, group: filled(9) }),
      all({ ...name, epoch: 4 }),
      all({ ...name, link: filled(9) }),
      all(name, filled(9)),
    ].flat();
    assert.equal(new Set(others).size, 5 * 6);
  });

  it('come from a secret of 32 bytes', () => {
    for (const size of [0, 31, 33]) assert.throws(() => commitTo(new Uint8Array(size)), RangeError);
  });
});

describe('a sending chain', () => {
  const keysOf = (from: Chain, count: number): string[] => {
    let at = from;
    return Array.from({ length: count }, () => {
      const step = advanceChain(at, at.generation);
      at = step.chain;
      return toHex(step.messageKey);
    });
  };

  it('gives a key for each generation, one HMAC after the other', () => {
    const [first, second] = keysOf(chain, 2);
    assert.equal(first, toHex(hmacSha512(chain.chainKey, Uint8Array.of(1)).slice(0, 32)));
    const next = hmacSha512(chain.chainKey, Uint8Array.of(2)).slice(0, 32);
    assert.equal(second, toHex(hmacSha512(next, Uint8Array.of(1)).slice(0, 32)));
  });

  it('gives the same keys whatever was left out', () => {
    const keys = keysOf(chain, 12);
    assert.equal(new Set(keys).size, 12);
    for (const generation of [0, 1, 2, 11]) {
      const { messageKey, chain: next } = advanceChain(chain, generation);
      assert.equal(toHex(messageKey), keys[generation]);
      assert.equal(next.generation, generation + 1);
      assert.equal(toHex(next.device), toHex(chain.device));
      assert.deepEqual(keysOf(next, 11 - generation), keys.slice(generation + 1));
    }
  });

  it('is not changed, nor wiped, by going on', () => {
    const before = toHex(chain.chainKey);
    const { chain: next, messageKey } = advanceChain(chain, 5);
    assert.equal(toHex(chain.chainKey), before);
    assert.equal(chain.generation, 0);
    const after = toHex(next.chainKey);
    const further = advanceChain(next, 6);
    assert.equal(toHex(next.chainKey), after);
    for (const key of [messageKey, next.chainKey, further.messageKey, further.chain.chainKey])
      assert.notEqual(toHex(key), toHex(new Uint8Array(32)));
  });

  it('wipes the keys that it leaves out, and no others', () => {
    const chainKeys = [toHex(chain.chainKey)];
    const messageKeys: string[] = [];
    for (let at = chain; at.generation < 4;) {
      const step = advanceChain(at, at.generation);
      at = step.chain;
      chainKeys.push(toHex(at.chainKey));
      messageKeys.push(toHex(step.messageKey));
    }
    const { wiped } = wipedBy(() => advanceChain(chain, 3));
    const left = (keys: readonly string[]): boolean[] => keys.map((key) => !wiped.includes(key));
    assert.deepEqual(left(chainKeys), [true, false, false, false, true]);
    assert.deepEqual(left(messageKeys), [false, false, false, true]);
  });

  it('does not go back', () => {
    const { chain: next } = advanceChain(chain, 5);
    for (const generation of [0, 4, 5]) assert.throws(() => advanceChain(next, generation), RangeError);
    advanceChain(next, 6);
  });

  it('ends', () => {
    const { chain: ended, messageKey } = advanceChain(
      { ...chain, generation: maxGeneration - 2 },
      maxGeneration,
    );
    assert.equal(messageKey.length, 32);
    assert.equal(ended.generation, maxGeneration + 1);
    const isEnd = (error: unknown): boolean => hasCode(error, 'ERR_TOO_MANY_SKIPPED');
    assert.throws(() => advanceChain(ended, maxGeneration + 1), isEnd);
    assert.throws(() => advanceChain(chain, maxGeneration + 1), isEnd);
  });
});
