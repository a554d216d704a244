import assert from 'node:assert/strict';
import { fromHex, toHex } from '@crypt2chat/shared/bytes';
import { hasCode } from '@crypt2chat/shared/errors';
import { deriveDhKeyPair, dh, generateDhKeyPair } from '@crypt2chat/shared/primitives';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { exchange, iterations, multiplications } from '../vectors/x448.ts';
import { describeEachBackend } from './each-backend.ts';

const p = 2n ** 448n - 2n ** 224n - 1n;
const order = 2n ** 446n - 13818066809895115352007386748515426880336692474882178609894547503885n;
const anyPrivateKey = fromHex(exchange.alicePrivate);

function littleEndian(value: bigint, size = 56): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

const isKeyError = (error: unknown): boolean => hasCode(error, 'ERR_CRYPTO_KEY');

describeEachBackend('X448', () => {
  for (const vector of multiplications) {
    it(`multiplies: ${vector.name}`, () => {
      assert.equal(toHex(dh(fromHex(vector.private), fromHex(vector.public))), vector.shared);
    });
  }

  it('iterates as RFC 7748 §5.2 does, 1,000 times', function () {
    this.timeout(60_000);
    let [scalar, u] = [fromHex(iterations.start), fromHex(iterations.start)];
    for (let round = 1; round <= 1000; round++) {
      [scalar, u] = [new Uint8Array(dh(scalar, u)), scalar];
      if (round === 1) assert.equal(toHex(scalar), iterations.after1);
    }
    assert.equal(toHex(scalar), iterations.after1000);
  });

  it('agrees with the exchange of RFC 7748 §6.2', () => {
    const alice = deriveDhKeyPair(fromHex(exchange.alicePrivate));
    const bob = deriveDhKeyPair(fromHex(exchange.bobPrivate));
    assert.equal(toHex(alice.publicKey), exchange.alicePublic);
    assert.equal(toHex(bob.publicKey), exchange.bobPublic);
    assert.equal(toHex(dh(alice.privateKey, bob.publicKey)), exchange.shared);
    assert.equal(toHex(dh(bob.privateKey, alice.publicKey)), exchange.shared);
  });

  it('refuses the points of small order', () => {
    for (const u of [0n, 1n, p - 1n]) assert.throws(() => dh(anyPrivateKey, littleEndian(u)), isKeyError);
  });

  it('refuses what is not canonical, though RFC 7748 would take it', () => {
    for (const u of [p, p + 1n, p + 2n, p + 5n, 2n ** 448n - 2n, 2n ** 448n - 1n]) {
      assert.throws(() => dh(anyPrivateKey, littleEndian(u)), isKeyError);
    }
    assert.equal(dh(anyPrivateKey, littleEndian(p - 2n)).length, 56);
    assert.equal(dh(anyPrivateKey, littleEndian(2n)).length, 56);
  });

  it('refuses an all-zero result: the private key 4 L', () => {
    const privateKey = littleEndian(4n * order);
    assert.throws(() => deriveDhKeyPair(privateKey), isKeyError);
    assert.throws(() => dh(privateKey, fromHex(exchange.bobPublic)), isKeyError);
  });

  it('refuses other sizes: a public key with a code, a private key as a mistake of ours', () => {
    for (const size of [0, 55, 57]) {
      assert.throws(() => dh(anyPrivateKey, new Uint8Array(size).fill(5)), isKeyError);
      assert.throws(() => dh(new Uint8Array(size).fill(5), fromHex(exchange.bobPublic)), RangeError);
      assert.throws(() => deriveDhKeyPair(new Uint8Array(size).fill(5)), RangeError);
    }
  });

  it('keeps the private key as drawn', () => {
    const drawn = seededRandomness('dh').bytes(56);
    assert.deepEqual(generateDhKeyPair(seededRandomness('dh')).privateKey, drawn);
  });
});
