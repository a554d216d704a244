import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { hasCode } from '@crypt2chat/shared/errors';
import { chooseBackends, sha512 } from '@crypt2chat/shared/primitives';
import type { Algorithm, Backend } from '../../src/primitives/backends/algorithms.ts';
import { unsafeChooseFrom } from '../../src/primitives/backends/choose.ts';
import { noble } from '../../src/primitives/backends/noble.ts';
import { choices } from './each-backend.ts';

const algorithms: readonly Algorithm[] = ['aead', 'sha512', 'hmac', 'hkdf', 'x448', 'ed448', 'kem'];
const isSelfTestError = (error: unknown): boolean => hasCode(error, 'ERR_CRYPTO_SELF_TEST');

const throwing = (): never => {
  throw new Error('not supported');
};
const altered = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte));

/** Ways in which a real backend could be broken, each with the algorithm that the self-test has to refuse. */
const faults: readonly (readonly [string, Algorithm, Backend])[] = [
  ['AES-GCM is missing', 'aead', { aead: { seal: throwing, open: throwing } }],
  [
    'AES-GCM seals wrongly',
    'aead',
    { aead: { ...noble.aead, seal: (...all) => altered(noble.aead.seal(...all)) } },
  ],
  [
    'AES-GCM opens wrongly',
    'aead',
    { aead: { ...noble.aead, open: (...all) => altered(noble.aead.open(...all)) } },
  ],
  [
    'AES-GCM opens a forgery',
    'aead',
    {
      aead: {
        ...noble.aead,
        open: (key, nonce, aad, sealed) => {
          const decrypted = noble.aead.seal(key, nonce, aad, sealed.subarray(0, -16));
          return decrypted.slice(0, sealed.length - 16);
        },
      },
    },
  ],
  ['SHA-512 is wrong', 'sha512', { sha512: { hash: (data) => altered(noble.sha512.hash(data)) } }],
  ['HMAC is wrong', 'hmac', { hmac: { mac: (key, data) => noble.hmac.mac(data, key) } }],
  [
    'HKDF is wrong',
    'hkdf',
    { hkdf: { ...noble.hkdf, extract: (salt, ikm) => noble.hkdf.extract(ikm, salt) } },
  ],
  ['X448 is missing', 'x448', { x448: { publicKey: throwing, sharedSecret: throwing } }],
  ['X448 gives wrong public keys', 'x448', { x448: { ...noble.x448, publicKey: (key) => key.slice() } }],
  ['X448 gives wrong secrets', 'x448', { x448: { ...noble.x448, sharedSecret: (_, key) => key.slice() } }],
  ['Ed448 is missing', 'ed448', { ed448: { publicKey: throwing, sign: throwing, verify: throwing } }],
  ['Ed448 derives wrongly', 'ed448', { ed448: { ...noble.ed448, publicKey: (seed) => seed.slice() } }],
  [
    'Ed448 signs wrongly',
    'ed448',
    { ed448: { ...noble.ed448, sign: (seed, message) => altered(noble.ed448.sign(seed, message)) } },
  ],
  ['Ed448 takes every signature', 'ed448', { ed448: { ...noble.ed448, verify: () => true } }],
  ['Ed448 takes no signature', 'ed448', { ed448: { ...noble.ed448, verify: () => false } }],
  [
    'Ed448 does not look at the message',
    'ed448',
    {
      ed448: {
        ...noble.ed448,
        verify: (key, _, signature) => noble.ed448.verify(key, Uint8Array.of(3), signature),
      },
    },
  ],
  [
    'ML-KEM derives wrongly',
    'kem',
    { kem: { ...noble.kem, publicKey: (seed) => altered(noble.kem.publicKey(seed)) } },
  ],
  [
    'ML-KEM does not reject',
    'kem',
    {
      kem: {
        ...noble.kem,
        decapsulate: (seed, ciphertext) =>
          noble.kem.decapsulate(
            seed,
            ciphertext.map((byte, i) => (i === 0 ? byte & 0xfe : byte)),
          ),
      },
    },
  ],
];

describe('the choice of a backend', () => {
  afterEach(() => unsafeChooseFrom(undefined));

  it('is node:crypto for all that it has, and noble for ML-KEM', () => {
    unsafeChooseFrom(choices.node);
    const of448 = 'electron' in process.versions ? 'noble' : 'node';
    assert.deepEqual(chooseBackends(), {
      ...{ aead: 'node', sha512: 'node', hmac: 'node', hkdf: 'node' },
      ...{ x448: of448, ed448: of448, kem: 'noble' },
    });
  });

  for (const [title, algorithm, fault] of faults) {
    it(`falls to the next where ${title}, for that algorithm alone`, () => {
      unsafeChooseFrom([
        ['node', { ...noble, ...fault }],
        ['noble', noble],
      ]);
      const expected = Object.fromEntries(
        algorithms.map((name) => [name, name === algorithm ? 'noble' : 'node']),
      );
      assert.deepEqual(chooseBackends(), expected);
    });
  }

  it('is an error where none is right', () => {
    for (const [, , fault] of faults) {
      unsafeChooseFrom([
        ['node', fault],
        ['noble', { ...noble, ...fault }],
      ]);
      assert.throws(chooseBackends, isSelfTestError);
    }
    unsafeChooseFrom([]);
    assert.throws(() => sha512(new Uint8Array(0)), isSelfTestError);
  });

  it('is made once, at the first use of each algorithm', () => {
    let asked = 0;
    const counting: Backend = {
      sha512: {
        hash(data) {
          asked += 1;
          return noble.sha512.hash(data);
        },
      },
    };
    unsafeChooseFrom([['node', counting]]);
    assert.equal(asked, 0);
    sha512(new Uint8Array(1));
    const afterFirst = asked;
    sha512(new Uint8Array(1));
    assert.equal(asked, afterFirst + 1);
  });

  describe('by CRYPT2CHAT_CRYPTO', () => {
    const report = (wish: string): string => {
      const door = new URL('../../src/primitives/index.ts', import.meta.url).href;
      const script = `import { chooseBackends } from ${JSON.stringify(door)};
        try { console.log(Object.values(chooseBackends()).join()) } catch (error) { console.log(error.name) }`;
      return execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
        cwd: fileURLToPath(new URL('../../..', import.meta.url)),
        env: { ...process.env, CRYPT2CHAT_CRYPTO: wish },
        encoding: 'utf8',
        timeout: 60_000,
      }).trim();
    };

    it('can be noble for all', () =>
      assert.equal(report('noble'), algorithms.map(() => 'noble').join())).timeout(60_000);
    it('cannot be a word that means nothing', () => assert.equal(report('nobel'), 'RangeError')).timeout(
      60_000,
    );
  });
});
