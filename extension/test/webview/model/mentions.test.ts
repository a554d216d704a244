import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mentions } from '@crypt2chat/shared/engine';
import type { ViewMember } from '../../../src/ipc/index.ts';
import { mentionAt, mentionsIn, offered } from '../../../src/webview/model/index.ts';

const names = new Set(['alice', 'al', 'bob', 'bob.', 'a.b-c_d', 'x-']);
const found = (text: string) => mentionsIn(text, names).map(({ name }) => name);

describe('mentions', () => {
  it('are the names of members behind an @, wherever a word may begin', () => {
    assert.deepEqual(found('@alice, (@bob) and\n@a.b-c_d: look'), ['alice', 'bob', 'a.b-c_d']);
    assert.deepEqual(found('@Alice @BOB'), []);
    assert.deepEqual(found('alice bob'), []);
  });

  it('end where the longest name ends, and the sentence goes on', () => {
    assert.deepEqual(found('ask @alice.'), ['alice']);
    assert.deepEqual(found('ask @alice... or @alice--'), ['alice', 'alice']);
    assert.deepEqual(found('@bob..'), ['bob.']);
    assert.deepEqual(found('@x-'), ['x-']);
    const [mention] = mentionsIn('ask @alice.', names);
    assert.deepEqual([mention?.start, mention?.end], [4, 10]);
  });

  it('are no parts of other words, addresses and paths', () => {
    assert.deepEqual(found('mail@alice me@bob.example @@alice -@alice .@bob'), []);
    assert.deepEqual(found('@alicette @ali @carol @'), []);
    assert.deepEqual(found('é@alice'), []);
  });

  it('are found in no time whatever the text is', () => {
    for (const piece of ['@', '@a.', '@a-_.', '.@', '@alice@']) {
      const text = piece.repeat(16_384 / piece.length);
      const began = performance.now();
      mentionsIn(text, names);
      mentionAt(text, text.length);
      assert.ok(performance.now() - began < 200, piece);
    }
  });

  it('are those that the engine finds', () => {
    const parts = fc.constantFrom(
      '@',
      '@alice',
      '@al',
      'bob',
      '.',
      '-',
      '_',
      ' ',
      'É',
      'A',
      '#',
      '/',
      'x',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(parts), fc.constantFrom(...names), (list, name) => {
        const text = list.join('');
        assert.equal(
          mentionsIn(text, new Set([name])).length > 0,
          mentions({ kind: 'text', text }, name),
          text,
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('lie within the text, one after the other', () => {
    const parts = fc.constantFrom('@', 'alice', 'al', 'bob.', '.', '-', ' ', 'É', '#', '\n');
    fc.assert(
      fc.property(fc.array(parts), (list) => {
        const text = list.join('');
        let at = 0;
        for (const { start, end, name } of mentionsIn(text, names)) {
          assert.ok(start >= at);
          assert.equal(text.slice(start, end), `@${name}`);
          at = end;
        }
      }),
    );
  });
});

describe('a mention that is being typed', () => {
  it('begins with its @ and ends at the caret', () => {
    assert.deepEqual(mentionAt('hello @', 7), { start: 6, typed: '' });
    assert.deepEqual(mentionAt('hello @Ca and more', 9), { start: 6, typed: 'ca' });
    assert.deepEqual(mentionAt('(@c', 3), { start: 1, typed: 'c' });
    assert.equal(mentionAt('hello @ca ', 10), undefined);
    assert.equal(mentionAt('me@ca', 5), undefined);
    assert.equal(mentionAt('hello', 5), undefined);
    assert.equal(mentionAt(`@${'a'.repeat(33)}`, 34), undefined);
  });

  const member = (name: string, more: Partial<ViewMember> = {}): ViewMember => ({
    name,
    own: false,
    verified: true,
    ...more,
  });

  it('may mean the others, whose names begin so first', () => {
    const members = [member('oscar'), member('carol'), member('bob'), member('cat', { own: true })];
    assert.deepEqual(
      offered(members, 'ca').map(({ name }) => name),
      ['carol', 'oscar'],
    );
    assert.deepEqual(
      offered(members, '').map(({ name }) => name),
      ['bob', 'carol', 'oscar'],
    );
    assert.equal(
      offered(
        Array.from({ length: 30 }, (_, i) => member(`p${i}`)),
        'p',
      ).length,
      8,
    );
  });

  it('means nobody whose name could not be mentioned', () => {
    for (const name of ['<b>', 'a b', 'a\u202eb', 'A', 'x'.repeat(33), '', '@a'])
      assert.deepEqual(offered([member(name)], ''), [], name);
  });
});
