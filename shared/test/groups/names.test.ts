import assert from 'node:assert/strict';
import { isGroupName } from '@crypt2chat/shared/groups';
import { makeAccount } from '../identity/make-account.ts';
import { founded, invalid, rename } from './make-group.ts';

describe('the name of a group', () => {
  const cases: [string, boolean][] = [
    ['a', true],
    ['Relay & friends', true],
    ['größer 👩‍👩‍👧', true],
    ['x'.repeat(64), true],
    ['é'.repeat(64), true],
    ['漢'.repeat(64), true],
    ['👍'.repeat(32), true],
    ['', false],
    ['x'.repeat(65), false],
    ['👍'.repeat(33), false],
    [' a', false],
    ['a ', false],
    ['\u00a0a', false],
    ['\ufeffa', false],
    [' ', false],
    ['a\nb', false],
    ['a\tb', false],
    ['a\u0000b', false],
    ['a\u0085b', false],
    ['a\u2028b', false],
    ['a\u2029b', false],
    ['a\ud800b', false],
  ];
  for (const [name, fits] of cases) {
    it(`${JSON.stringify(name)} is ${fits ? 'taken' : 'refused'}`, () => {
      assert.equal(isGroupName(name), fits);
    });
  }

  it('is held to that in links', () => {
    const alice = makeAccount('alice');
    const { group } = founded([alice], { name: 'x'.repeat(64) });
    assert.throws(() => founded([alice], { name: 'x'.repeat(65) }), invalid);
    assert.throws(() => rename(group, alice, 'a\nb'), invalid);
    assert.equal(rename(group, alice, 'ab').name, 'ab');
  });
});
