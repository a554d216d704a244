/** Three people in a group: made, talked in, joined by one and left to two. */
import { GroupDriver } from './group-driver.mjs';
import { perform } from './stage.mjs';

const crew = 'release-crew';

const poll = `const proxyPatienceMs = 20_000;

export async function poll(relay: Relay, cursor: number) {
  const waitMs = 25_000;
  for (;;) {
    const news = await relay.events(cursor, { waitMs });
    if (news.length > 0) return news;
  }
}
`;

export async function groupDemo() {
  await perform({
    cast: [
      { name: 'alice', theme: 'Default Dark Modern' },
      { name: 'bob', theme: 'Default High Contrast' },
      { name: 'carol', theme: 'Default Light Modern' },
    ],
    driver: GroupDriver,
    file: ['poll.ts', poll],
    picture: 'group-',
    act: async ([alice, bob, carol]) => {
      if (alice === undefined || bob === undefined || carol === undefined) {
        throw new TypeError('three people talk');
      }
      await play(alice, bob, carol);
      const people = [alice, bob, carol];
      const lines = await Promise.all(people.map((person) => person.lines()));
      return people.flatMap(({ name }, i) => check(name, lines[i] ?? []));
    },
  });
}

/**
 * @param {GroupDriver} alice
 * @param {GroupDriver} bob
 * @param {GroupDriver} carol
 */
async function play(alice, bob, carol) {
  const everybody = [alice, bob, carol];
  for (const person of everybody) {
    await person.openChat();
    await person.register();
  }
  console.log('All are registered.');
  await alice.newGroup(crew, ['bob']);
  await bob.accept(crew);
  console.log('Alice made a group with Bob; Bob accepted.');
  await say(alice, 'CI for 2.4 is red, on arm64 only.', [bob]);
  await say(bob, 'Since the merge? It was green on Tuesday.', [alice]);
  await say(alice, 'Yes. It is the poll, every time.', [bob]);

  await alice.addPeople(['carol'], 2);
  await carol.accept(crew);
  await carol.sees('It is the poll, every time.');
  await bob.seesEvent('alice added carol');
  console.log('Alice added Carol and gave her the last two messages.');
  await alice.mention('carol', 'you have such a machine. Can you look?');
  await carol.sees('Can you look?');
  await bob.sees('Can you look?');
  await carol.sendSelection('poll.ts', { fromLine: 3, lines: 4 }, 'On it. A 25 s poll meets a 20 s proxy:');
  await alice.sees('a 20 s proxy');
  await bob.sees('a 20 s proxy');
  await say(bob, 'Then I can leave for the other team. Thanks, all!', [alice, carol]);
  await bob.seesProgress('read');

  await alice.withMember('bob', 'Remove from Group');
  await alice.confirm('Remove');
  await bob.seesEvent('alice removed you');
  await carol.seesEvent('alice removed bob');
  console.log('Alice removed Bob.');
  await say(carol, 'Fixed: it waits for 15 s now. All green.', [alice]);
  await say(alice, 'Ship it.', [carol]);
  await alice.seesProgress('read');
  await carol.seesProgress('read');
}

/**
 * @param {GroupDriver} person
 * @param {string} text
 * @param {readonly GroupDriver[]} others
 */
async function say(person, text, others) {
  await person.write(text);
  await Promise.all(others.map((other) => other.sees(text)));
}

/** What is said and done, as it looks to each: `{…}` is “You” or “you” to whoever is named. */
const script = [
  { by: '', shows: '{Alice} created the group with {bob}', for: ['alice', 'bob'] },
  { by: 'alice', shows: 'CI for 2.4 is red, on arm64 only.', for: ['alice', 'bob'] },
  { by: 'bob', shows: 'Since the merge? It was green on Tuesday.' },
  { by: 'alice', shows: 'Yes. It is the poll, every time.' },
  { by: '', shows: '{Alice} added {carol} and shared the last 2 messages' },
  { by: 'alice', shows: '@carol you have such a machine. Can you look?' },
  { by: 'carol', shows: 'On it. A 25 s poll meets a 20 s proxy:' },
  { by: 'bob', shows: 'Then I can leave for the other team. Thanks, all!' },
  { by: '', shows: '{Alice} removed {bob}' },
  { by: 'carol', shows: 'Fixed: it waits for 15 s now. All green.', for: ['alice', 'carol'] },
  { by: 'alice', shows: 'Ship it.', for: ['alice', 'carol'] },
];

/**
 * Prints what a person sees, and compares it with what was said.
 *
 * @param {string} name
 * @param {readonly string[]} lines
 * @returns {string[]} what is not as it should be
 */
function check(name, lines) {
  console.log(`\n${name}'s window`);
  for (const line of lines) console.log(`  ${line}`);
  const wanted = script
    .filter((line) => line.for === undefined || line.for.includes(name))
    .map(({ by, shows }) => {
      const text = shows.replaceAll(/\{(\w+)\}/g, (_, who) => called(String(who), name));
      return by === '' ? text : `${by === name ? 'You' : by}: ${text}`;
    });
  if (wanted.join('\n') === lines.join('\n')) return [];
  return [`${name} should see:\n  ${wanted.join('\n  ')}`];
}

/**
 * @param {string} who begins with a capital where a sentence does
 * @param {string} reader
 */
function called(who, reader) {
  const name = who.toLowerCase();
  if (name !== reader) return name;
  return who === name ? 'you' : 'You';
}
