import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { accountId, safetyNumber } from '@crypt2chat/shared/identity';

const [a, b, c] = [1, 2, 3].map((byte) => accountId(new Uint8Array(32).fill(byte))) as [
  ReturnType<typeof accountId>,
  ReturnType<typeof accountId>,
  ReturnType<typeof accountId>,
];

describe('a safety number', () => {
  it('is the same for both sides, and another for anybody else', () => {
    assert.equal(safetyNumber(a, b), safetyNumber(b, a));
    assert.equal(new Set([safetyNumber(a, b), safetyNumber(a, c), safetyNumber(b, c)]).size, 3);
  });

  it('is twelve groups of five digits', () => {
    assert.match(safetyNumber(a, b), /^\d{5}( \d{5}){11}$/);
  });

  it('is what the specification says', () => {
    const hash = (...parts: (string | Uint8Array)[]): Buffer => {
      const sum = createHash('sha512');
      for (const part of parts) sum.update(part);
      return sum.digest();
    };
    let digest = hash('crypt2chat/v1/safety-number\0', a, b);
    for (let i = 0; i < 5200; i++) digest = hash(digest, a, b);
    const groups = Array.from({ length: 12 }, (_, i) =>
      String(digest.readUIntBE(5 * i, 5) % 100_000).padStart(5, '0'),
    );
    assert.equal(safetyNumber(a, b), groups.join(' '));
  });
});
