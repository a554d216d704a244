import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { toUtf8, wipe } from '../bytes/index.ts';
import { CodedError } from '../errors/index.ts';
import {
  deriveSigningKeyPair,
  hkdf,
  type Randomness,
  signingKeyBytes,
  type SigningKeyPair,
} from '../primitives/index.ts';

const entropyBytes = 32;
const phraseWords = 24;
const words: ReadonlySet<string> = new Set(wordlist);

/** What is wrong with a phrase. It never holds a word of it. */
export class PhraseError extends CodedError<'ERR_PHRASE_INVALID'> {
  /**
   * `word`: the word at `wordNumber` is not in the list. `length`: all are, but they are not 24. `checksum`: a
   * word of the list stands where another belongs.
   */
  readonly reason: 'length' | 'word' | 'checksum';
  /** Counts from 1; only with the reason `word`. */
  readonly wordNumber: number | undefined;

  constructor(reason: 'length' | 'word' | 'checksum', wordNumber?: number) {
    super('ERR_PHRASE_INVALID', 'not a recovery phrase');
    this.reason = reason;
    this.wordNumber = wordNumber;
  }
}

/** 24 words of BIP-39 (English), from 32 random bytes. */
export function generateRecoveryPhrase(randomness: Randomness): string {
  const entropy = randomness.bytes(entropyBytes);
  try {
    return entropyToMnemonic(entropy, wordlist);
  } finally {
    wipe(entropy);
  }
}

/**
 * Takes a phrase as somebody typed it: any white space, any case.
 * @returns its one form: lower case, single spaces.
 * @throws PhraseError
 */
export function parseRecoveryPhrase(text: string): string {
  const given = text.normalize('NFKD').toLowerCase().match(/\S+/g) ?? [];
  const unknown = given.findIndex((word) => !words.has(word));
  if (unknown >= 0) throw new PhraseError('word', unknown + 1);
  if (given.length !== phraseWords) throw new PhraseError('length');
  const phrase = given.join(' ');
  wipe(entropyOf(phrase));
  return phrase;
}

/**
 * The keys that a phrase stands for (docs/protocol.md §3.1): the account's recovery key (Ed448) and the vault's
 * second wrapping key, 32 bytes.
 * @throws PhraseError
 */
export function deriveRecovery(phrase: string): {
  readonly signing: SigningKeyPair;
  readonly vaultKey: Uint8Array;
} {
  const entropy = entropyOf(parseRecoveryPhrase(phrase));
  const derive = (label: string, size: number): Uint8Array =>
    hkdf(entropy, new Uint8Array(0), toUtf8(`crypt2chat/v1/recovery/${label}`), size);
  try {
    return { signing: deriveSigningKeyPair(derive('key', signingKeyBytes)), vaultKey: derive('vault', 32) };
  } finally {
    wipe(entropy);
  }
}

function entropyOf(phrase: string): Uint8Array {
  try {
    return mnemonicToEntropy(phrase, wordlist);
  } catch {
    throw new PhraseError('checksum');
  }
}
