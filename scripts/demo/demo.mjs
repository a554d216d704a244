/** Two people find each other and talk. */
import { Driver } from './driver.mjs';
import { perform } from './stage.mjs';

const retry = `type Op<T> = () => Promise<T>;

export async function retry<T>(op: Op<T>, times = 3) {
  for (let i = 0; i < times; i++) {
    try {
      return await op();
    } catch {}
    // falls through without throwing
  }
}
`;

const repaired = `for (let i = 1; ; i++) {
  try {
    return await op();
  } catch (error) {
    if (i === times) throw error;
  }
}`;

/** What is said, and what of it must be on both screens. */
const script = [
  { by: 'alice', shows: 'The flaky test is back. Same stack as last week.' },
  { by: 'bob', shows: 'Which one, retry?' },
  { by: 'alice', shows: 'Yes, this one. It swallows the last error:' },
  { by: 'bob', shows: 'Then it should throw what it caught. Try this:' },
  { by: 'alice', shows: 'Applied, and all green. Thank you!' },
  { by: 'bob', shows: 'Ship it.' },
];

export async function demo() {
  await perform({
    cast: [
      { name: 'alice', theme: 'Default Dark Modern' },
      { name: 'bob', theme: 'Default Light Modern' },
    ],
    driver: Driver,
    file: ['retry.ts', retry],
    picture: '',
    act: async (people) => {
      const [alice, bob] = people;
      if (alice === undefined || bob === undefined) throw new TypeError('two people talk');
      await talk(alice, bob);
      const failures = [];
      for (const person of people) failures.push(...check(person, await person.transcript()));
      return failures;
    },
  });
}

/**
 * @param {Driver} alice
 * @param {Driver} bob
 */
async function talk(alice, bob) {
  await Promise.all([alice.openChat(), bob.openChat()]);
  await Promise.all([alice.register(), bob.register()]);
  console.log('Both are registered.');
  await alice.find('bob');
  await alice.write(line(0));
  await bob.accept('alice');
  console.log('Alice found Bob and wrote; Bob accepted.');
  await bob.sees(line(0));
  await bob.write(line(1));
  await alice.sees(line(1));
  await alice.sendSelection('retry.ts', { fromLine: 3, lines: 8 }, line(2));
  await bob.sees(line(2));
  await bob.write(`${line(3)}\n\n\`\`\`ts\n${repaired}\n\`\`\``);
  await alice.sees(line(3));
  await alice.write(line(4));
  await bob.sees(line(4));
  await bob.write(line(5));
  await alice.sees(line(5));
  await Promise.all([alice.seesAllDelivered(), bob.seesAllDelivered()]);
}

/** @param {number} index */
function line(index) {
  return script[index]?.shows ?? '';
}

/**
 * Prints what a person sees, and compares it with what was said.
 *
 * @param {Driver} person
 * @param {{ author: string, text: string, state: string }[]} transcript
 * @returns {string[]} what is not as it should be
 */
function check({ name }, transcript) {
  console.log(`\n${name}'s window`);
  for (const { author, text, state } of transcript) {
    console.log(`  ${author}${state === '' ? '' : ` (${state})`}: ${text.replaceAll('\n', '\n    ')}`);
  }
  const failures = [];
  if (transcript.length !== script.length) {
    failures.push(`${name} sees ${String(transcript.length)} messages instead of ${String(script.length)}.`);
  }
  script.forEach(({ by, shows }, i) => {
    const shown = transcript[i];
    const author = by === name ? 'You' : by;
    if (shown === undefined || !shown.text.startsWith(shows) || shown.author !== author) {
      failures.push(`${name} does not see “${shows}” by ${author} in place ${String(i + 1)}.`);
    }
  });
  for (const [i, code] of [
    [2, 'falls through without throwing'],
    [3, 'if (i === times) throw error'],
  ]) {
    if (transcript[Number(i)]?.text.includes(String(code)) !== true) {
      failures.push(`${name} does not see the code in place ${String(Number(i) + 1)}.`);
    }
  }
  return failures;
}
