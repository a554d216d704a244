import assert from 'node:assert/strict';
import { toBase64url } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { addDevice, type DeviceSecrets, generateDevice } from '@crypt2chat/shared/identity';
import { systemRandomness as randomness } from '@crypt2chat/shared/primitives';
import { learnLinks, mustGet } from '../../src/engine/contacts.ts';
import { groupLinks, loadGroups, storeGroup } from '../../src/engine/group-records.ts';
import { intend } from '../../src/engine/groups/committing.ts';
import { type Device, type Line, unreachable } from '../schedules/device.ts';
import {
  accountOf,
  Crew,
  eventsOf,
  groupAt,
  keyOf,
  losing,
  messagesOf,
  peopleOf,
  record,
  remove,
  say,
  standing,
  textsOf,
  write,
} from './crew.ts';

/** A link by which the account gets another device. */
function grow(crew: Crew, { core }: Device, device: DeviceSecrets): Uint8Array {
  const account = core.requireAccount();
  return addDevice(core.identityOf(account), core.deviceOf(account), device, crew.clock.now()).link;
}

/** The relay serves `more` behind the log of `account`. */
function serving(account: Device, ...more: readonly Uint8Array[]): Line {
  return async (request, pass) => {
    const response = await pass();
    if (!request.url.endsWith(`/v1/accounts/${toBase64url(accountOf(account))}`)) return response;
    const { links, ...rest } = JSON.parse(new TextDecoder().decode(response.body)) as { links: string[] };
    const body = JSON.stringify({ ...rest, links: [...links, ...more.map((link) => toBase64url(link))] });
    return { ...response, body: new TextEncoder().encode(body) };
  };
}

const noPrekeys = {
  status: 409,
  body: new TextEncoder().encode(JSON.stringify({ code: 'ERR_NO_PREKEYS', message: '' })),
};

function both(one: Line, other: Line): Line {
  return (request, pass) => one(request, () => other(request, pass));
}

function learn({ core }: Device, other: Device, link: Uint8Array): void {
  const links = [...other.core.requireAccount().links, link];
  core.transaction(() => learnLinks(core, mustGet(core, accountOf(other)), links));
}

/** Counts what a device asks the relay for accounts. */
function counting(device: Device): { asked: number } {
  const count = { asked: 0 };
  const { line } = device;
  device.line = (request, pass) => {
    if (request.url.includes('/v1/accounts/')) count.asked++;
    return line(request, pass);
  };
  return count;
}

describe('a group goes on', function () {
  this.timeout(120_000);
  let crew: Crew;
  let alice: Device;
  let bob: Device;
  let mallory: Device;
  let trudy: Device;
  beforeEach(async () => {
    crew = await Crew.of('alice', 'bob', 'mallory', 'trudy');
    [alice, bob, mallory, trudy] = ['alice', 'bob', 'mallory', 'trudy'].map((name) => crew.named(name)) as [
      Device,
      Device,
      Device,
      Device,
    ];
  });
  afterEach(() => crew.close());

  it('where the logs of two members name one device: one of them is followed, and people are removed all the same', async () => {
    const shared = generateDevice(randomness);
    for (const member of [mallory, trudy]) {
      const link = grow(crew, member, shared);
      for (const device of [alice, bob]) {
        learn(device, member, link);
        device.line = both(device.line, serving(member, link));
      }
    }
    remove(alice, bob);
    await crew.settle([alice, bob]);
    assert.equal(standing(bob), 'removed');
    const epoch = groupAt(alice).epoch;
    await crew.settle([alice]);
    const count = counting(alice);
    for (let i = 0; i < 20; i++) await alice.step('work');
    assert.ok(count.asked < 5, `asked ${count.asked} times for nothing`);
    assert.ok(groupAt(alice).epoch <= epoch + 1);
  });

  it('where the relay withholds what is new in the log of a member', async () => {
    const link = grow(crew, mallory, generateDevice(randomness));
    const without: Line = (request, pass) =>
      request.url.endsWith(`/v1/accounts/${toBase64url(accountOf(mallory))}`)
        ? Promise.resolve({
            status: 404,
            body: new TextEncoder().encode('{"code":"ERR_ACCOUNT_UNKNOWN","message":""}'),
          })
        : pass();
    for (const device of [alice, bob]) {
      learn(device, mallory, link);
      device.line = without;
    }
    const { epoch } = groupAt(alice);
    for (let i = 0; i < 15; i++) await crew.round();
    assert.ok(groupAt(alice).epoch <= epoch + 1, `${groupAt(alice).epoch - epoch} epochs for nothing`);
    say(bob, 'still here');
    await crew.settle();
    assert.ok(textsOf(alice).includes('still here'));
  });

  it('where the log of a member holds a link of a newer version', async () => {
    const link = grow(crew, mallory, generateDevice(randomness));
    for (const device of [alice, bob]) {
      learn(device, mallory, link);
      const newer = encodeCbor({ unsigned: encodeCbor({ v: 2 }), signatures: [new Uint8Array(114)] });
      device.line = serving(mallory, link, newer);
    }
    await crew.settle([alice, bob]);
    assert.equal(await alice.step('work'), false);
    say(alice, 'none the less');
    await crew.settle([alice, bob]);
    assert.ok(textsOf(bob).includes('none the less'));
  });

  it('where its links fill a welcome: nobody can be added, and all else goes on', async () => {
    const zoe = await crew.register('zoe');
    const { group, length } = groupAt(alice);
    const { core } = alice;
    core.transaction(() => {
      for (let i = 0; i < 2; i++)
        core.vault.put(groupLinks, { group, seq: length + 1_000 + i, link: new Uint8Array(800_000) });
      // Asked for before there were so many.
      intend(core, group, { kind: 'add', logs: [[...zoe.core.requireAccount().links]], shared: 0 });
      intend(core, group, { kind: 'rotate', welcome: true });
    });
    await assert.rejects(alice.commands.add(keyOf(alice), ['zoe'], 0), { code: 'ERR_GROUP_TOO_LARGE' });
    const { epoch } = groupAt(alice);
    await crew.settle();
    assert.equal(groupAt(bob).epoch, epoch + 1);
    assert.equal(standing(zoe), undefined);
  });

  it('and others can invite somebody to whom a stranger promises groups that are none', async () => {
    const promise = () =>
      write(mallory, trudy, {
        action: 'share',
        group: randomness.bytes(32),
        epoch: 0,
        link: randomness.bytes(32),
        secret: randomness.bytes(32),
        welcome: randomness.bytes(32),
      });
    for (let i = 0; i < 120; i++) promise();
    await mallory.step('post');
    await trudy.step('mail');
    let asked = 0;
    const { line } = trudy;
    trudy.line = (request, pass) => {
      if (request.url.endsWith('/welcome')) asked++;
      return line(request, pass);
    };
    for (let i = 0; i < 5; i++) await trudy.step('work');
    assert.ok(asked <= 10, `asked ${asked} times`);
    const begun = await alice.commands.create('another', ['trudy']);
    await crew.settle();
    assert.ok(loadGroups(trudy.core, 200).some((each) => toBase64url(each.id) === begun.key && each.keys));
    crew.clock.advance(31 * 24 * 60 * 60 * 1000);
    await trudy.step('work');
    assert.equal(loadGroups(trudy.core, 200).length, 2);
  });

  it('on a computer whose clock was set back while its keys were missing', async () => {
    for (const device of [alice, bob, mallory]) device.line = losing(trudy);
    alice.rotate();
    for (let i = 0; i < 4; i++) await crew.round();
    assert.equal(standing(trudy), 'keys-missing');
    const before = record(trudy);
    const day = 24 * 60 * 60 * 1000;
    trudy.core.transaction(() => {
      storeGroup(trudy.core, { ...before, since: before.since + day, askedAt: before.askedAt + day });
    });
    for (let i = 0; i < 2; i++) await crew.round();
    assert.equal(record(trudy).asked, before.asked + 1);
  });

  it('without a message that was written before its author was removed', async () => {
    const away = bob.line;
    bob.line = () => Promise.reject(unreachable());
    say(bob, 'too late');
    remove(alice, bob);
    await crew.settle([alice, mallory, trudy]);
    bob.line = away;
    await crew.settle();
    assert.equal(standing(bob), 'removed');
    const late = messagesOf(bob).find(({ own, body }) => own && body.kind === 'text');
    assert.equal(late?.state, 'failed');
    assert.equal(late.failure, 'ERR_GROUP_NOT_MEMBER');
    await alice.commands.add(keyOf(alice), ['bob'], 0);
    await crew.settle();
    assert.equal(standing(bob), 'ready');
    assert.deepEqual(textsOf(alice), []);
  });

  it('without somebody who left while their keys were missing, once they have them', async () => {
    for (const device of [alice, bob, mallory]) device.line = losing(trudy);
    alice.rotate();
    await crew.round();
    await crew.round();
    assert.equal(standing(trudy), 'keys-missing');
    trudy.commands.leave(keyOf(trudy));
    trudy.commands.leave(keyOf(trudy));
    for (const device of [alice, bob, mallory]) device.line = (_request, pass) => pass();
    await crew.settle(crew.devices, 8);
    assert.equal(standing(trudy), 'left');
    assert.deepEqual(eventsOf(trudy), ['created', 'left']);
    for (const device of [alice, bob, mallory])
      assert.deepEqual(peopleOf(device), ['alice', 'bob', 'mallory']);
  });

  it('without somebody whose word of leaving was heard by none of those who are left but a newcomer', async () => {
    bob.commands.leave(keyOf(bob));
    await crew.round([bob]);
    await crew.round([alice, mallory, trudy], ['read']);
    const zoe = await crew.register('zoe');
    await alice.commands.add(keyOf(alice), ['zoe'], 0);
    for (const step of ['work', 'post', 'work'] as const) await alice.step(step);
    for (let i = 0; i < 2; i++) await crew.round([zoe], ['mail', 'work']);
    zoe.acceptAll();
    assert.ok(peopleOf(zoe).includes('bob'));
    assert.ok(eventsOf(zoe).includes('left'));
    await crew.settle([zoe], 8);
    assert.deepEqual(peopleOf(zoe), ['alice', 'mallory', 'trudy', 'zoe']);
  });

  it('without somebody who left when they were alone and somebody was on their way in', async () => {
    for (const other of [bob, mallory, trudy]) remove(alice, other);
    await crew.settle();
    assert.deepEqual(peopleOf(alice), ['alice']);
    const zoe = await crew.register('zoe');
    await alice.commands.add(keyOf(alice), ['zoe'], 0);
    for (const step of ['work', 'post', 'work'] as const) await alice.step(step);
    alice.commands.leave(keyOf(alice));
    await crew.settle([alice, zoe], 8);
    assert.equal(standing(alice), 'left');
    assert.deepEqual(peopleOf(zoe), ['zoe']);
  });

  it('for somebody who was added and comes when others were added after them: with all that was said since', async () => {
    const [zoe, yves] = [await crew.register('zoe'), await crew.register('yves')];
    const online = crew.devices.filter((device) => device !== zoe);
    await alice.commands.add(keyOf(alice), ['zoe'], 0);
    await crew.settle(online);
    say(bob, 'for zoe');
    await crew.settle(online);
    await alice.commands.add(keyOf(alice), ['yves'], 0);
    await crew.settle(online);
    say(bob, 'for both');
    await crew.settle();
    zoe.acceptAll();
    await crew.settle();
    assert.deepEqual(textsOf(zoe), ['for zoe', 'for both']);
    assert.deepEqual(textsOf(yves), ['for both']);
  });

  /** Alice adds Zoe, who is told of nothing before Bob adds Yves, and Alice is gone. */
  async function toldOfTheNextEpoch(): Promise<Device> {
    const [zoe, yves] = [await crew.register('zoe'), await crew.register('yves')];
    alice.line = (request, pass) => (request.url.includes('/bundles') ? Promise.resolve(noPrekeys) : pass());
    await alice.commands.add(keyOf(alice), ['zoe'], 0);
    const online = [alice, bob, mallory, trudy];
    await crew.settle(online);
    say(bob, 'for zoe');
    await crew.settle(online);
    alice.line = () => Promise.reject(unreachable());
    await bob.commands.add(keyOf(bob), ['yves'], 0);
    await crew.settle([bob, mallory, trudy, yves]);
    for (let i = 0; i < 10; i++) await crew.round([zoe]);
    assert.equal(standing(zoe), undefined);
    return zoe;
  }

  it('for somebody who is told of a later epoch before the one that they came with: with all that was said', async () => {
    const zoe = await toldOfTheNextEpoch();
    alice.line = (_request, pass) => pass();
    await crew.settle(crew.devices, 8);
    zoe.acceptAll();
    await crew.settle();
    assert.deepEqual(textsOf(zoe), ['for zoe']);
  });

  it('for somebody who is never told of the epoch that they came with: a minute later', async () => {
    const zoe = await toldOfTheNextEpoch();
    for (let i = 0; i < 3; i++) await crew.round([zoe]);
    assert.equal(standing(zoe), 'ready');
  });

  it('for somebody who was removed and let in again before they came', async () => {
    const online = crew.devices.filter((device) => device !== bob);
    say(alice, 'before');
    await crew.settle(online);
    remove(alice, bob);
    await crew.settle(online);
    say(alice, 'without bob');
    await crew.settle(online);
    await alice.commands.add(keyOf(alice), ['bob'], 0);
    await crew.settle(online);
    say(alice, 'with bob again');
    await crew.settle();
    assert.equal(standing(bob), 'ready');
    assert.deepEqual(textsOf(bob), ['before', 'with bob again']);
  });

  it('for somebody whose keys are missing: without what the one who helps has not said yet', async () => {
    for (const device of [alice, bob, mallory]) device.line = losing(trudy);
    alice.rotate();
    await crew.settle([alice, bob, mallory]);
    for (const device of [alice, mallory]) device.line = () => Promise.reject(unreachable());
    bob.line = (request, pass) =>
      request.url.endsWith('/messages') ? Promise.reject(unreachable()) : pass();
    say(bob, 'not said yet');
    await crew.settle([bob, trudy], 16);
    assert.equal(standing(trudy), 'ready');
    assert.deepEqual(textsOf(trudy), []);
    bob.line = (_request, pass) => pass();
    await crew.settle([bob, trudy], 16);
    assert.deepEqual(textsOf(trudy), ['not said yet']);
  });

  it('for somebody whose keys are missing when a welcome comes: with what was said meanwhile', async () => {
    for (const device of [alice, bob, mallory]) device.line = losing(trudy);
    const online = [alice, bob, mallory];
    alice.rotate();
    await crew.settle(online);
    say(bob, 'trudy misses this');
    await crew.settle(online);
    for (const device of online) device.line = (_request, pass) => pass();
    await crew.register('zoe');
    await alice.commands.add(keyOf(alice), ['zoe'], 0);
    await crew.settle(online);
    await crew.settle(crew.devices, 16);
    assert.equal(standing(trudy), 'ready');
    assert.deepEqual(textsOf(trudy), ['trudy misses this']);
  });
});
