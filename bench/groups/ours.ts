/**
 * One round of ours: what the maker of a group and one of its members do, in full, with vaults and HTTP. The others
 * are away: what goes to them lies in their mailboxes. What is measured has been done once before, in a small group.
 */
import assert from 'node:assert/strict';
import type { EngineChange } from '@crypt2chat/shared/engine';
import { costOf } from '../measure.ts';
import { absentNames, maker, newcomers, openPerson, type Place, step, traffic } from './people.ts';
import type { Device } from '../../shared/test/schedules/device.ts';
import { type Measured, type Measures, middle } from './table.ts';

const text = 'A message as people write them in a team, about a hundred characters long: have you seen this?';
/** Sent one by one. */
const messagesOneByOne = 20;
/** The answer to a poll of a few groups in which there is nothing new behind it is smaller. */
const maxEmptyPollBytes = 8_192;

export async function measureOurs(
  place: Place,
  options: { readonly size: number; readonly round: number; readonly caughtUp: number },
): Promise<Measures> {
  const measured: Record<string, Measured> = {};
  const measure = async (name: string, work: () => unknown): Promise<void> => {
    const before = { ...traffic };
    const cost = await costOf(work);
    measured[name] = {
      ...cost,
      posted: traffic.posted - before.posted,
      fetched: traffic.fetched - before.fetched,
    };
  };

  const makes = await openPerson(place, maker);
  const names = newcomers(options.round);
  const follows = await openPerson(place, names.follower);
  const joins = await openPerson(place, names.joiner);
  try {
    await warmUp(makes, follows, joins);
    await readAll(makes);

    let group = '';
    await measure('create', async () => {
      const summary = await makes.commands.create(`group of ${options.size}`, [
        ...absentNames(options.size - 2),
        names.follower,
      ]);
      group = summary.key;
      await step(makes, 'post', 'work');
    });
    await measure('create: a member joins', () => step(follows, 'mail', 'work'));
    requireMembers(options.size, group, makes, follows);

    const sends: Measured[] = [];
    const opens: Measured[] = [];
    for (let i = 0; i < messagesOneByOne; i++) {
      await measure('send', async () => {
        makes.say(group, text);
        await step(makes, 'work');
      });
      await measure('open', () => step(follows, 'read'));
      sends.push(measured['send']!);
      opens.push(measured['open']!);
      if (i < messagesOneByOne - 1) continue;
      await measure('delivery: the member says it', () => step(follows, 'post'));
      await measure('delivery: the author hears it', () => step(makes, 'mail'));
    }
    measured['send'] = middle(sends);
    measured['open'] = middle(opens);
    // What the maker wrote comes back in the log; that is read before the changes are measured.
    await readAll(makes);

    await measure('add one', async () => {
      await makes.commands.add(group, [names.joiner], 0);
      await change(makes);
    });
    await measure('add one: a member follows', () => step(follows, 'mail', 'read'));
    await measure('add one: who was added joins', () => step(joins, 'mail', 'work'));
    requireMembers(options.size + 1, group, makes, follows, joins);

    await measure('rotate', async () => {
      makes.rotate(group);
      await change(makes);
    });
    await measure('rotate: a member follows', () => step(follows, 'mail', 'read'));
    await measure('rotate: the member acknowledges', () => step(follows, 'post'));
    await measure('rotate: the maker hears it', () => step(makes, 'mail'));

    await measure('remove one', async () => {
      const account = makes.commands.view(group).members.find(({ name }) => name === names.joiner)?.account;
      assert.ok(account);
      makes.commands.remove(group, account);
      await change(makes);
    });
    await measure('remove one: a member follows', () => step(follows, 'mail', 'read'));
    requireMembers(options.size, group, makes, follows);

    await measure('add a stranger', async () => {
      await makes.commands.add(group, [names.stranger], 0);
      await change(makes);
    });
    await step(follows, 'mail', 'read');
    requireMembers(options.size + 1, group, makes, follows);

    const before = follows.countTexts(group);
    await measure('send many', async () => {
      for (let i = 0; i < options.caughtUp; i++) makes.say(group, text);
      await step(makes, 'work');
    });
    const told: EngineChange[] = [];
    follows.core.subscribe((change) => told.push(change));
    await measure('catch up', () => readAll(follows));
    // Counted afterwards, so that the counting is not measured.
    assert.equal(follows.countTexts(group), before + options.caughtUp);
    await measure('host: takes what is told of it', () => {
      for (const change of told) handOver(change);
    });
    const { members } = makes.commands.view(group);
    await measure('host: takes the members', () => handOver(members));
    await readAll(makes);
    return measured;
  } finally {
    for (const device of [makes, follows, joins]) device.close();
  }
}

/** Whatever is compiled when it has run a while has been by then. */
async function warmUp(makes: Device, follows: Device, joins: Device): Promise<void> {
  const { key } = await makes.commands.create('warming up', [follows.name, joins.name]);
  await step(makes, 'post', 'work');
  await step(follows, 'mail', 'work');
  await step(joins, 'mail', 'work');
  for (let i = 0; i < 2 * messagesOneByOne; i++) {
    makes.say(key, text);
    await step(makes, 'work');
    await step(follows, 'read');
  }
  makes.rotate(key);
  await change(makes);
  await step(follows, 'mail', 'read', 'post');
  await step(joins, 'mail', 'read', 'post');
  await step(makes, 'mail', 'post');
}

/** Until the relay has no more. */
async function readAll(device: Device): Promise<void> {
  let before: number;
  do {
    before = traffic.fetched;
    await step(device, 'read');
  } while (traffic.fetched - before >= maxEmptyPollBytes);
}

/** From the wish to the epoch that it begins: shares, link, and the own link read in its place. */
function change(device: Device): Promise<void> {
  return step(device, 'work', 'post', 'work', 'read');
}

/** What the extension host does with what comes from the engine's thread: takes it, and hands it to its view as text. */
function handOver(message: unknown): void {
  JSON.stringify(structuredClone(message));
}

function requireMembers(count: number, group: string, ...devices: readonly Device[]): void {
  for (const { commands, name } of devices)
    assert.equal(commands.view(group).members.length, count, `${name} sees another group`);
}
