import assert from 'node:assert/strict';
import { concat, toHex } from '@crypt2chat/shared/bytes';
import { seededRandomness } from '@crypt2chat/shared/testing';

describe('seeded randomness', () => {
  it('gives the stream of its seed, however it is drawn', () => {
    const whole = seededRandomness('alice').bytes(300);
    const pieces = seededRandomness('alice');
    assert.deepEqual(concat(...[1, 63, 64, 65, 0, 107].map((size) => pieces.bytes(size))), whole);
  });

  it('gives other bytes for another seed, and fresh arrays', () => {
    const alice = seededRandomness('alice');
    const first = alice.bytes(32);
    assert.notDeepEqual(seededRandomness('bob').bytes(32), first);
    const kept = toHex(first);
    alice.bytes(32).fill(0);
    assert.equal(toHex(first), kept);
  });

  it('is frozen', () => {
    assert.equal(toHex(seededRandomness('crypt2chat').bytes(16)), '73070d8f8561be5228bd39926acbba61');
  });
});
