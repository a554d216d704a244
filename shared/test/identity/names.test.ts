import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  accountId,
  formatAddress,
  normaliseUsername,
  parseAddress,
  parseRelayOrigin,
  parseUsername,
} from '@crypt2chat/shared/identity';

const malformed = (error: unknown): boolean => hasCode(error, 'ERR_FORMAT');

describe('names', () => {
  it('are taken as they stand', () => {
    for (const name of ['al', '0x', 'a.b_c-d', 'a'.repeat(32)]) assert.equal(parseUsername(name), name);
    for (const name of ['', 'a', 'A1', '.ab', '-ab', 'a b', 'ä1', 'a'.repeat(33), 'ab\n', ' ab']) {
      assert.throws(() => parseUsername(name), malformed);
    }
  });

  it('are normalised as they are typed', () => {
    assert.equal(normaliseUsername('  @Alice '), 'alice');
  });
});

describe("the relay's address", () => {
  const good = [
    ['relay.example', 'https://relay.example'],
    [' https://Relay.Example/ ', 'https://relay.example'],
    ['https://relay.example:443', 'https://relay.example'],
    ['https://relay.example:8443', 'https://relay.example:8443'],
    ['https://münchen.example', 'https://xn--mnchen-3ya.example'],
    ['https://[2001:db8::1]:8443', 'https://[2001:db8::1]:8443'],
    ['http://localhost:3000', 'http://localhost:3000'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['http://[::1]:3000', 'http://[::1]:3000'],
    ['localhost:3000', 'https://localhost:3000'],
  ] as const;
  for (const [typed, origin] of good) {
    it(`takes ${typed}`, () => {
      assert.equal(parseRelayOrigin(typed), origin);
      assert.equal(parseRelayOrigin(origin), origin);
    });
  }

  const bad = [
    '',
    'http://relay.example',
    'http://localhost.example',
    'http://127.0.0.1.example',
    'http://[::2]',
    'ftp://relay.example',
    'https://relay.example/path',
    'https://relay.example/?',
    'https://relay.example?q',
    'https://relay.example/#',
    'https://user@relay.example',
    'https://user:pass@relay.example',
    'https://relay.example:99999',
    'https://a b',
    'https://',
    'javascript://alert',
  ];
  for (const typed of bad)
    it(`refuses ${typed}`, () => assert.throws(() => parseRelayOrigin(typed), malformed));
});

describe('an address', () => {
  it('comes back as it was given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const id = accountId(bytes);
        assert.deepEqual(parseAddress(` ${formatAddress('alice', id)}\n`), { name: 'alice', accountId: id });
      }),
    );
  });

  it('may be a name alone', () => assert.deepEqual(parseAddress('@Alice'), { name: 'alice' }));

  it('is refused with half an id, a long one, or another alphabet', () => {
    const id = formatAddress('alice', accountId(new Uint8Array(32).fill(0xfb)));
    for (const text of [
      'alice#',
      '#',
      id.slice(0, -1),
      `${id}AA`,
      id.replaceAll('-', '+'),
      `${id}=`,
      `${id}#x`,
    ]) {
      assert.throws(() => parseAddress(text), malformed);
    }
  });
});
