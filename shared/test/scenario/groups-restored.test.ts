/**
 * The relay is restored from a backup: it has forgotten what was appended since then, and nobody who was in a group is
 * out of it for that.
 */
import assert from 'node:assert/strict';
import { Crash, type Device } from '../schedules/device.ts';
import {
  Crew,
  eventsOf,
  groupAt,
  keyOf,
  peopleOf,
  record,
  remove,
  say,
  showing,
  standing,
  textsOf,
} from './crew.ts';

describe('a group whose relay was restored from a backup', () => {
  let crew: Crew;
  let alice: Device;
  let bob: Device;
  let trudy: Device;

  beforeEach(async () => {
    crew = await Crew.of('alice', 'bob', 'mallory', 'trudy');
    [alice, bob, , trudy] = crew.devices as [Device, Device, Device, Device];
  });

  afterEach(() => crew.close());

  /** Everybody says something, and everybody reads it. */
  async function talk(among: readonly Device[] = crew.devices): Promise<void> {
    for (const device of among) say(device, `${device.name} again`);
    await crew.settle();
    const said = among.map(({ name }) => `${name} again`).sort();
    for (const device of among) {
      assert.equal(standing(device), 'ready', device.name);
      assert.equal(record(device).trouble, undefined, device.name);
      assert.equal(groupAt(device).epoch, groupAt(alice).epoch, device.name);
      const heard = textsOf(device).filter((text) => text.endsWith(' again'));
      assert.deepEqual(heard.sort(), said, device.name);
    }
  }

  const withoutTrudy = () => crew.devices.filter((device) => device !== trudy);

  it('goes on where epochs were lost, with those who had not read of them and with who came in them', async () => {
    say(bob, 'before');
    await crew.settle();
    const zoe = await crew.register('zoe');
    const backup = await crew.backUp();
    alice.commands.rename(keyOf(alice), 'crew of old');
    await crew.settle(withoutTrudy());
    alice.rotate();
    await crew.settle(withoutTrudy());
    await bob.commands.add(keyOf(bob), ['zoe'], 0);
    await crew.settle(withoutTrudy());
    zoe.acceptAll();
    say(bob, 'lost');
    await crew.settle(withoutTrudy());
    await crew.restore(backup);
    await crew.settle(crew.devices, 16);
    for (const device of crew.devices) {
      assert.deepEqual(peopleOf(device), ['alice', 'bob', 'mallory', 'trudy', 'zoe'], device.name);
      assert.equal(groupAt(device).name, 'crew of old');
    }
    assert.deepEqual(textsOf(alice), ['before', 'lost']);
    assert.ok(eventsOf(trudy).includes('lost'));
    await talk();
  });

  it('goes on where whoever brought it back stopped before they knew that they had', async () => {
    const zoe = await crew.register('zoe');
    const backup = await crew.backUp();
    await bob.commands.add(keyOf(bob), ['zoe'], 0);
    const online = crew.devices.filter((device) => device !== zoe);
    await crew.settle(online);
    await crew.restore(backup);
    alice.line = async (request, pass) => {
      const answer = await pass();
      if (request.url.endsWith('/links')) throw new Crash('here');
      return answer;
    };
    await alice.step('read');
    await assert.rejects(alice.step('work'), Crash);
    alice.line = (_request, pass) => pass();
    await alice.restart();
    // Whoever is told of the rotation first waits for the share that they came with.
    await crew.settle(crew.devices, 16);
    zoe.acceptAll();
    await talk();
  });

  it('goes on where only messages were lost: what is said afterwards is read by all', async () => {
    const backup = await crew.backUp();
    for (const text of ['one', 'two', 'three']) {
      say(bob, text);
      await crew.settle(withoutTrudy());
    }
    await crew.restore(backup);
    await talk();
    const said = textsOf(alice).filter((text) => !text.endsWith(' again'));
    assert.deepEqual(said, ['one', 'two', 'three']);
    assert.ok(eventsOf(trudy).includes('lost'));
  });

  it('goes on where only a change of its name was lost: others can be made on top of it', async () => {
    const backup = await crew.backUp();
    alice.commands.rename(keyOf(alice), 'crew of old');
    await crew.settle(withoutTrudy());
    await crew.restore(backup);
    alice.rotate();
    await crew.settle(crew.devices, 16);
    assert.equal(groupAt(trudy).name, 'crew of old');
    assert.equal(groupAt(alice).epoch, 2);
    await talk();
  });

  it('goes on where the whole group was lost', async () => {
    const backup = await crew.backUp();
    const key = (await alice.commands.create('later', ['bob'])).key;
    await crew.settle();
    bob.acceptAll();
    await crew.settle();
    await crew.restore(backup);
    await crew.settle(crew.devices, 16);
    alice.say(key, 'here');
    bob.say(key, 'as well');
    await crew.settle();
    for (const device of [alice, bob]) assert.equal(device.countTexts(key), 2, device.name);
  });

  it('keeps out who was removed, once somebody has come who had read of it', async () => {
    const backup = await crew.backUp();
    const mallory = crew.named('mallory');
    remove(alice, mallory);
    await crew.settle([alice, bob, mallory]);
    const { access } = record(trudy).keys!;
    const held = access.slice();
    await crew.restore(backup);
    const id = record(alice).id.slice();
    await crew.client().groupWelcome(id, { access: held });
    await crew.settle(crew.devices, 16);
    assert.deepEqual(peopleOf(trudy), ['alice', 'bob', 'trudy']);
    assert.equal(standing(mallory), 'removed');
    await assert.rejects(
      crew.client().appendMessages(id, { access: held }, 0, [{ id: new Uint8Array(16), entry: held }]),
      { code: 'ERR_EPOCH_STALE' },
    );
    await talk([alice, bob, trudy]);
  });

  it('asks a relay that lets nobody in ever more rarely', async () => {
    alice.rotate();
    await crew.settle();
    let asked = 0;
    const isDenied = showing((events) => ({ ...events, status: 'denied', entries: [] }));
    alice.line = (request, pass) => {
      const { pathname } = new URL(request.url);
      if (pathname.endsWith('/welcome')) asked++;
      if (pathname === '/v1/groups/events') return isDenied(request, pass);
      if (!pathname.startsWith('/v1/groups/')) return pass();
      const body = JSON.stringify({ code: 'ERR_ACCESS_INVALID', message: '' });
      return Promise.resolve({ status: 403, body: new TextEncoder().encode(body) });
    };
    say(bob, 'so that there is something to be told');
    for (let i = 0; i < 100; i++) await crew.round([bob, alice]);
    assert.equal(record(alice).trouble, 'ERR_ACCESS_INVALID');
    assert.ok(asked < 50, String(asked));
  });
});
