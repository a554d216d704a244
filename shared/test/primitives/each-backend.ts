import { noble } from '../../src/primitives/backends/noble.ts';
import { node } from '../../src/primitives/backends/node.ts';
import { unsafeChooseFrom, type Candidates } from '../../src/primitives/backends/choose.ts';

/** The two ways that production can go. */
export const choices: Readonly<Record<'node' | 'noble', Candidates>> = {
  node: [
    ['node', node],
    ['noble', noble],
  ],
  noble: [['noble', noble]],
};

/** Describes `title` twice: with node:crypto where it has the algorithm, and with noble alone. */
export function describeEachBackend(title: string, body: () => void): void {
  for (const name of ['node', 'noble'] as const) {
    describe(`${title} (${name})`, () => {
      before(() => unsafeChooseFrom(choices[name]));
      after(() => unsafeChooseFrom(undefined));
      body();
    });
  }
}

/** What each way gives, in the order node, noble. Each call chooses anew, self-tests included. */
export function onBoth<T>(compute: () => T): readonly [T, T] {
  try {
    unsafeChooseFrom(choices.node);
    const first = compute();
    unsafeChooseFrom(choices.noble);
    return [first, compute()];
  } finally {
    unsafeChooseFrom(undefined);
  }
}
