import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hasCode } from '@crypt2chat/shared/errors';
import { pad, paddedSize, unpad } from '@crypt2chat/shared/primitives';

const isFormatError = (error: unknown): boolean => hasCode(error, 'ERR_FORMAT');

/** As the protocol's §1 says it, with integers and bit by bit. */
function padmeOf(size: number): number {
  let exponent = 0;
  while (2 ** (exponent + 1) <= size) exponent++;
  let bits = 0;
  while (2 ** bits <= exponent) bits++;
  const step = 2 ** Math.max(exponent - bits, 0);
  let rounded = size;
  while (rounded % step !== 0) rounded++;
  return rounded;
}

describe('padding', () => {
  it('pads to the sizes of Padmé, 256 at least', () => {
    const sizes = [
      0, 1, 254, 255, 256, 300, 511, 512, 513, 1000, 4095, 4096, 16_384, 65_535, 100_000, 1_048_576,
    ];
    const padded = [
      256, 256, 256, 256, 272, 304, 512, 544, 544, 1024, 4096, 4352, 17_408, 65_536, 100_352, 1_081_344,
    ];
    assert.deepEqual(sizes.map(paddedSize), padded);
  });

  it('is Padmé for every size up to 5,000 and around powers of two', () => {
    const around = Array.from({ length: 30 }, (_, i) => 2 ** (i + 8)).flatMap((n) => [
      n - 2,
      n - 1,
      n,
      n + 1,
    ]);
    for (const size of [...Array.from({ length: 5000 }, (_, i) => i), ...around.filter((n) => n < 2 ** 27)]) {
      assert.equal(paddedSize(size), padmeOf(Math.max(size + 1, 256)), `size ${size}`);
    }
  });

  it('adds at most 12 % above the minimum, and only grows', () => {
    for (let size = 256; size < 70_000; size++) {
      assert.ok(paddedSize(size) <= (size + 1) * 1.12);
      assert.ok(paddedSize(size) >= paddedSize(size - 1));
    }
  });

  it('returns what was padded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (plaintext) => {
        const padded = pad(plaintext);
        assert.equal(padded.length, paddedSize(plaintext.length));
        assert.deepEqual(unpad(padded), plaintext);
      }),
    );
    for (const plaintext of [
      Uint8Array.of(),
      Uint8Array.of(0x80),
      Uint8Array.of(0x80, 0, 0),
      new Uint8Array(300),
    ]) {
      assert.deepEqual(unpad(pad(plaintext)), plaintext);
    }
  });

  it('takes one padding for each plaintext', () => {
    const wrong = [
      new Uint8Array(0),
      new Uint8Array(256),
      new Uint8Array(256).fill(0x81, 255),
      pad(new Uint8Array(3)).subarray(0, 255),
      new Uint8Array([...pad(new Uint8Array(3)), 0]),
      new Uint8Array([...pad(new Uint8Array(3)), ...new Uint8Array(16)]),
      Uint8Array.of(0x80),
    ];
    for (const padded of wrong) assert.throws(() => unpad(padded), isFormatError);
  });

  it('refuses all else with one code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        try {
          assert.deepEqual(pad(unpad(bytes)), bytes);
        } catch (error) {
          assert.ok(isFormatError(error));
        }
      }),
    );
  });
});
