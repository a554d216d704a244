import assert from 'node:assert/strict';
import { hkdfSync } from 'node:crypto';
import { toHex } from '@crypt2chat/shared/bytes';
import {
  deriveRecovery,
  generateRecoveryPhrase,
  parseRecoveryPhrase,
  PhraseError,
} from '@crypt2chat/shared/identity';
import { deriveSigningKeyPair, systemRandomness } from '@crypt2chat/shared/primitives';

/** Of BIP-39's own vectors: 32 zero bytes. */
const zeros = `${'abandon '.repeat(23)}art`;

function faultOf(text: string): { reason: string; wordNumber: number | undefined } {
  try {
    parseRecoveryPhrase(text);
  } catch (error) {
    assert.ok(error instanceof PhraseError);
    assert.equal(error.code, 'ERR_PHRASE_INVALID');
    for (const word of text.split(/\s+/).filter(Boolean)) assert.ok(!error.message.includes(word));
    return { reason: error.reason, wordNumber: error.wordNumber };
  }
  assert.fail('the phrase was taken');
}

describe('a recovery phrase', () => {
  it('is BIP-39 of 32 bytes', () => {
    assert.equal(generateRecoveryPhrase({ bytes: (size) => new Uint8Array(size) }), zeros);
    const phrase = generateRecoveryPhrase(systemRandomness);
    assert.equal(phrase.split(' ').length, 24);
    assert.equal(parseRecoveryPhrase(phrase), phrase);
  });

  it('is taken in any case and with any white space', () => {
    assert.equal(parseRecoveryPhrase(`\n\t${zeros.toUpperCase().replaceAll(' ', '\r\n  ')}\u00a0`), zeros);
  });

  it('says which word is unknown, and never the word', () => {
    assert.deepEqual(faultOf(zeros.replace('art', 'qwert')), { reason: 'word', wordNumber: 24 });
    assert.deepEqual(faultOf('zorro'), { reason: 'word', wordNumber: 1 });
  });

  it('says that words are missing, or that one is wrong', () => {
    assert.deepEqual(faultOf(''), { reason: 'length', wordNumber: undefined });
    assert.deepEqual(faultOf('abandon '.repeat(23)), { reason: 'length', wordNumber: undefined });
    assert.deepEqual(faultOf(`${'abandon '.repeat(11)}about`), { reason: 'length', wordNumber: undefined });
    assert.deepEqual(faultOf('abandon '.repeat(24)), { reason: 'checksum', wordNumber: undefined });
  });

  it('stands for a signing key and a vault key, as the specification says', () => {
    const { signing, vaultKey } = deriveRecovery(zeros);
    const derive = (info: string, size: number): Uint8Array =>
      new Uint8Array(hkdfSync('sha512', new Uint8Array(32), '', `crypt2chat/v1/recovery/${info}`, size));
    assert.equal(toHex(signing.publicKey), toHex(deriveSigningKeyPair(derive('key', 57)).publicKey));
    assert.equal(toHex(vaultKey), toHex(derive('vault', 32)));
  });
});
