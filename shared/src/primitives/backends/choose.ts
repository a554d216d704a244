/**
 * Which backend computes what: for each algorithm the first that passes its self-test, decided once, at the
 * first use or by {@link chooseBackends}. Electron lacks X448 and Ed448, so each algorithm is chosen on its own.
 *
 * The environment variable CRYPT2CHAT_CRYPTO=noble leaves noble alone to choose from. It makes things slower and
 * never weaker; tests and benchmarks run under it to see in Node what Electron will do.
 */
import { CodedError } from '../../errors/index.ts';
import type { Algorithm, Algorithms, Backend, BackendName } from './algorithms.ts';
import { noble } from './noble.ts';
import { node } from './node.ts';
import { selfTests } from './self-test.ts';

/** Best first. */
export type Candidates = readonly (readonly [BackendName, Backend])[];

const all: Candidates = [
  ['node', node],
  ['noble', noble],
];

type Choice<A extends Algorithm> = readonly [BackendName, Algorithms[A]];
type Choices = { [A in Algorithm]?: Choice<A> };

let candidates: Candidates | undefined;
let choices: Choices = {};

/**
 * The implementation of `algorithm` that was chosen.
 * @throws CodedError `ERR_CRYPTO_SELF_TEST` where no backend computes it rightly.
 */
export function backend<A extends Algorithm>(algorithm: A): Algorithms[A] {
  return choice(algorithm)[1];
}

/**
 * Chooses for all algorithms now, so that a start-up fails at the start (and pays for the self-tests there:
 * in a cold process some 100 ms of processor time, with noble alone 200).
 * @returns which backend computes what.
 * @throws CodedError `ERR_CRYPTO_SELF_TEST` where no backend computes an algorithm rightly.
 */
export function chooseBackends(): Readonly<Record<Algorithm, BackendName>> {
  return {
    aead: choice('aead')[0],
    sha512: choice('sha512')[0],
    hmac: choice('hmac')[0],
    hkdf: choice('hkdf')[0],
    x448: choice('x448')[0],
    ed448: choice('ed448')[0],
    kem: choice('kem')[0],
  };
}

/**
 * For tests: chooses anew, from `others` alone, or as in production when there are none. Not exported from the
 * door of primitives.
 */
export function unsafeChooseFrom(others: Candidates | undefined): void {
  candidates = others;
  choices = {};
}

function choice<A extends Algorithm>(algorithm: A): Choice<A> {
  const known: Choices[A] = choices[algorithm];
  if (known !== undefined) return known;
  candidates ??= candidatesFromEnvironment();
  for (const [name, candidate] of candidates) {
    const implementation = candidate[algorithm];
    if (implementation === undefined || !passes(algorithm, implementation)) continue;
    const found: Choice<A> = [name, implementation];
    choices = { ...choices, [algorithm]: found };
    return found;
  }
  throw new CodedError('ERR_CRYPTO_SELF_TEST', `no implementation of ${algorithm} gives right answers`);
}

function passes<A extends Algorithm>(algorithm: A, implementation: Algorithms[A]): boolean {
  try {
    return selfTests[algorithm](implementation);
  } catch {
    return false;
  }
}

function candidatesFromEnvironment(): Candidates {
  const wish = process.env['CRYPT2CHAT_CRYPTO'] ?? '';
  if (wish === '') return all;
  if (wish === 'noble') return all.filter(([name]) => name === wish);
  throw new RangeError('CRYPT2CHAT_CRYPTO can be noble, or must be left out');
}
