/** The rules themselves, apart from the backends, which refuse much of this too. */
import assert from 'node:assert/strict';
import { isAcceptablePoint, isAcceptableScalar, isAcceptableU } from '../../src/primitives/curve448.ts';

const p = 2n ** 448n - 2n ** 224n - 1n;
const order = 2n ** 446n - 13818066809895115352007386748515426880336692474882178609894547503885n;

function littleEndian(value: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

describe('the encodings that are taken on Curve448', () => {
  const taken = [2n, 3n, 5n, 255n, 256n, 2n ** 224n, 2n ** 224n - 1n, 2n ** 447n, p - 3n, p - 2n];
  const refused = [
    0n,
    1n,
    p - 1n,
    p,
    p + 1n,
    p + 2n,
    2n ** 448n - 2n ** 224n,
    2n ** 448n - 2n,
    2n ** 448n - 1n,
  ];

  it('are, for X448, u from 2 to p - 2', () => {
    for (const u of taken) assert.equal(isAcceptableU(littleEndian(u, 56)), true, String(u));
    for (const u of refused) assert.equal(isAcceptableU(littleEndian(u, 56)), false, String(u));
    for (const size of [0, 55, 57]) assert.equal(isAcceptableU(littleEndian(5n, size)), false);
  });

  it('are, for points of Ed448, y from 2 to p - 2 with a sign and no other bit', () => {
    for (const sign of [0n, 2n ** 455n]) {
      for (const y of taken) assert.equal(isAcceptablePoint(littleEndian(y + sign, 57)), true, String(y));
      for (const y of refused) assert.equal(isAcceptablePoint(littleEndian(y + sign, 57)), false, String(y));
      for (let bit = 448n; bit < 455n; bit++) {
        assert.equal(isAcceptablePoint(littleEndian(5n + sign + 2n ** bit, 57)), false, String(bit));
      }
    }
    for (const size of [0, 56, 58]) assert.equal(isAcceptablePoint(littleEndian(5n, size)), false);
  });

  it('are, for scalars of Ed448, S from 0 to L - 1', () => {
    for (const s of [0n, 1n, 2n ** 445n, order - 2n, order - 1n]) {
      assert.equal(isAcceptableScalar(littleEndian(s, 57)), true, String(s));
    }
    for (const s of [order, order + 1n, 2n * order, 2n ** 446n, 2n ** 448n, 2n ** 455n, 2n ** 456n - 1n]) {
      assert.equal(isAcceptableScalar(littleEndian(s, 57)), false, String(s));
    }
    for (const size of [0, 56, 58]) assert.equal(isAcceptableScalar(littleEndian(5n, size)), false);
  });
});
