/** What members of a group are told of each other, and what they are spared. */
import assert from 'node:assert/strict';
import { toBase64url } from '@crypt2chat/shared/bytes';
import type { Device } from '../schedules/device.ts';
import {
  accountOf,
  Crew,
  eventsOf,
  groupAt,
  keyOf,
  messagesOf,
  peopleOf,
  remove,
  say,
  textsOf,
} from './crew.ts';

describe('a group', () => {
  let crew: Crew;
  let alice: Device;
  let bob: Device;
  let mallory: Device;
  let trudy: Device;

  beforeEach(async () => {
    crew = await Crew.of('alice', 'bob', 'mallory', 'trudy');
    [alice, bob, mallory, trudy] = crew.devices as [Device, Device, Device, Device];
  });

  afterEach(() => crew.close());

  it('is read by somebody who has not accepted it no further than strangers may write, and whole when they do', async () => {
    const zoe = await crew.register('zoe');
    await alice.commands.add(keyOf(alice), ['zoe'], 0);
    await crew.settle();
    for (let i = 0; i < 150; i++) say(alice, `message ${i}`);
    alice.rotate();
    await crew.settle();
    assert.equal(textsOf(alice).length, 150);
    assert.ok(messagesOf(zoe).length < 100, String(messagesOf(zoe).length));
    zoe.acceptAll();
    await crew.settle();
    assert.deepEqual(textsOf(zoe), textsOf(alice));
    assert.equal(groupAt(zoe).epoch, groupAt(alice).epoch);
  });

  it('counts receipts without somebody who is gone, and without who came later', async () => {
    const online = crew.devices.filter((device) => device !== trudy);
    say(alice, 'heard by two of three');
    await crew.settle(online);
    const progress = () => messagesOf(alice).find(({ body }) => body.kind === 'text')!;
    assert.deepEqual(progress().progress, { delivered: 2, read: 0, of: 3 });
    assert.equal(progress().state, 'sent');
    const zoe = await crew.register('zoe');
    await alice.commands.add(keyOf(alice), ['zoe'], 0);
    await crew.settle([...online, zoe]);
    const key = toBase64url(progress().id);
    const names = () =>
      alice.commands.receipts(keyOf(alice), key).map(({ name, state }) => `${name} ${state}`);
    assert.deepEqual(names(), ['bob delivered', 'mallory delivered', 'trudy sent']);
    remove(alice, zoe);
    await crew.settle([...online, zoe]);
    assert.deepEqual(progress().progress, { delivered: 2, read: 0, of: 3 });
    remove(alice, trudy);
    await crew.settle(online);
    assert.deepEqual(progress().progress, { delivered: 2, read: 0, of: 2 });
    assert.equal(progress().state, 'delivered');
    assert.deepEqual(names(), ['bob delivered', 'mallory delivered']);
  });

  it('tells somebody whose change it does not allow any more', async () => {
    alice.commands.setAdmin(keyOf(alice), toBase64url(accountOf(bob)), true);
    await crew.settle();
    alice.commands.setAdmin(keyOf(alice), toBase64url(accountOf(bob)), false);
    await crew.settle([alice]);
    bob.commands.rename(keyOf(bob), 'band of bob');
    remove(bob, mallory);
    await crew.settle();
    assert.equal(groupAt(bob).name, 'crew');
    assert.ok(peopleOf(bob).includes('mallory'));
    const refused = messagesOf(bob).flatMap(({ body }) =>
      body.kind === 'event' && body.event === 'refused' ? [body.people] : [],
    );
    assert.deepEqual(refused, [[], ['mallory']]);
    for (const device of [alice, mallory]) assert.ok(!eventsOf(device).includes('refused'));
  });
});
