import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  brandBytes,
  compareBytes,
  concat,
  equalBytes,
  fromBase64url,
  fromHex,
  fromUtf8,
  toBase64url,
  toHex,
  toUtf8,
  wipe,
} from '@crypt2chat/shared/bytes';

const anyBytes = fc.uint8Array({ maxLength: 100 });

describe('base64url', () => {
  it('is that of RFC 4648 §10, without padding', () => {
    const vectors = {
      '': '',
      f: 'Zg',
      fo: 'Zm8',
      foo: 'Zm9v',
      foob: 'Zm9vYg',
      fooba: 'Zm9vYmE',
      foobar: 'Zm9vYmFy',
    };
    for (const [text, encoded] of Object.entries(vectors)) {
      assert.equal(toBase64url(toUtf8(text)), encoded);
      assert.equal(fromUtf8(fromBase64url(encoded)), text);
    }
    assert.equal(toBase64url(Uint8Array.of(0xfb, 0xff, 0xfe)), '-__-');
  });

  it('returns what it was given', () => {
    fc.assert(fc.property(anyBytes, (bytes) => assert.deepEqual(fromBase64url(toBase64url(bytes)), bytes)));
  });

  it('refuses padding, the other alphabet, white space, stray bits and what is not base64', () => {
    const padding = ['Zg==', 'Zm8=', 'Zm9v=', '=', 'Zg='];
    const alphabet = ['+__-', '-//-', '-__+', 'Zm9*', 'Zm\u00e9v', 'Zm9v\0', '\ud800AAA', '\uff21AAA'];
    const space = [' Zg', 'Zg ', 'Z g', 'Zg\n', '\tZg', 'Zm9v\r\n'];
    const bits = ['Zh', 'Zm9', 'Zm-', 'AB', '__', 'Z', 'Zm9vY', 'A'];
    for (const text of [...padding, ...alphabet, ...space, ...bits]) {
      assert.throws(() => fromBase64url(text), RangeError, JSON.stringify(text));
    }
  });

  it('has one text for each byte string', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 12, unit: fc.constantFrom(...Array.from('AQgZw-_+/= \n.')) }),
        (text) => {
          let bytes: Uint8Array;
          try {
            bytes = fromBase64url(text);
          } catch (error) {
            assert.ok(error instanceof RangeError);
            return;
          }
          assert.equal(toBase64url(bytes), text);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('hexadecimal', () => {
  it('returns what it was given', () => {
    assert.equal(toHex(Uint8Array.of(0, 1, 0xab, 0xff)), '0001abff');
    fc.assert(fc.property(anyBytes, (bytes) => assert.deepEqual(fromHex(toHex(bytes)), bytes)));
  });

  it('refuses capitals, odd lengths, white space and other digits', () => {
    for (const text of [
      'AB',
      'aB',
      'a',
      'abc',
      ' ab',
      'ab ',
      'a b',
      '0x00',
      'zz',
      'abzz',
      '\uff11\uff11',
      'ab\0',
    ]) {
      assert.throws(() => fromHex(text), RangeError, JSON.stringify(text));
    }
  });
});

describe('UTF-8', () => {
  it('returns every well-formed text, a byte order mark included', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(fromUtf8(toUtf8(text)), text)),
    );
    assert.equal(fromUtf8(toUtf8('\ufefftext')), '\ufefftext');
  });

  it('refuses what is malformed', () => {
    for (const hex of ['ff', '80', 'c080', 'c3', 'eda080', 'e08080', 'f4908080', 'f8888080', 'c328']) {
      assert.throws(() => fromUtf8(fromHex(hex)), TypeError, hex);
    }
  });

  it('does not carry half a character from one call to the next', () => {
    assert.throws(() => fromUtf8(fromHex('e282')), TypeError);
    assert.equal(fromUtf8(fromHex('61')), 'a');
  });
});

describe('arrays', () => {
  it('are joined into one of their own', () => {
    const parts = [Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3)];
    const joined = concat(...parts);
    assert.deepEqual(joined, Uint8Array.of(1, 2, 3));
    assert.equal(joined.buffer.byteLength, 3);
    parts[2]!.fill(0);
    assert.deepEqual(joined, Uint8Array.of(1, 2, 3));
    assert.deepEqual(concat(), new Uint8Array(0));
    assert.equal(Object.getPrototypeOf(concat(Buffer.from('a'))), Uint8Array.prototype);
  });

  it('are equal if all bytes are', () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, (a, b) => {
        assert.equal(equalBytes(a, b), toHex(a) === toHex(b));
        assert.equal(equalBytes(a, a.slice()), true);
        for (const [i] of a.entries()) {
          assert.equal(
            equalBytes(
              a,
              a.map((byte, at) => (at === i ? byte ^ 0x80 : byte)),
            ),
            false,
          );
        }
      }),
    );
  });

  it('are ordered as their hexadecimal is', () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, (a, b) => {
        const [left, right] = [toHex(a), toHex(b)];
        assert.equal(Math.sign(compareBytes(a, b)), left < right ? -1 : left > right ? 1 : 0);
      }),
    );
    assert.ok(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0)) < 0);
    assert.ok(compareBytes(Uint8Array.of(0xff), Uint8Array.of(1, 2)) > 0);
  });

  it('are wiped where they are', () => {
    const whole = Uint8Array.of(1, 2, 3, 4);
    wipe(whole.subarray(1, 2), whole.subarray(3));
    assert.deepEqual(whole, Uint8Array.of(1, 0, 3, 0));
  });

  it('are branded at their one size', () => {
    const deviceId = brandBytes('DeviceId', 32);
    const bytes = new Uint8Array(32);
    assert.equal(deviceId(bytes), bytes);
    for (const size of [0, 31, 33]) assert.throws(() => deviceId(new Uint8Array(size)), RangeError);
  });
});
