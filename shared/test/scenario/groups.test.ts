import assert from 'node:assert/strict';
import { fromBase64url, toUtf8 } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { type Person, textOf, World } from './world.ts';

/** The group that a person is in, by its name. */
function group(person: Person, name = 'crew') {
  const found = person.engine.state().conversations.find(({ title, group }) => group && title === name);
  assert.ok(found, `${person.name} has no group ${name}`);
  return found;
}

function isIn(person: Person, name = 'crew'): boolean {
  return person.engine
    .state()
    .conversations.some((one) => one.title === name && one.group?.standing === 'ready');
}

function texts(person: Person, name = 'crew'): string[] {
  return person.engine
    .page(group(person, name).key, { limit: 200 })
    .messages.filter(({ body }) => body.kind !== 'event')
    .map(({ body }) => textOf(body));
}

function events(person: Person, name = 'crew'): string[] {
  return person.engine
    .page(group(person, name).key, { limit: 200 })
    .messages.flatMap(({ body }) => (body.kind === 'event' ? [body.event] : []));
}

function say(person: Person, text: string): void {
  person.engine.send(group(person).key, { kind: 'text', text });
}

describe('groups', () => {
  let world: World;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  beforeEach(async () => {
    world = new World();
    await world.startRelay();
    [alice, bob] = await world.pair();
    carol = await world.register('carol');
  });
  afterEach(() => world.close());

  it('three people talk in one; one is added, one is removed, and the others talk on', async () => {
    await alice.engine.groups.create('crew', ['bob', 'carol']);
    await bob.until('bob is in', () => isIn(bob));
    await carol.until('carol is in', () => isIn(carol));
    assert.equal(group(bob).status, 'active');
    assert.equal(group(carol).status, 'request');
    assert.equal(group(carol).group?.invitedBy, 'alice');
    carol.engine.answerRequest(group(carol).key, 'accept');
    say(alice, 'one');
    await bob.until('one is there', () => texts(bob).length === 1);
    say(bob, 'two');
    await carol.until('two is there', () => texts(carol).length === 2);
    say(carol, 'three');
    for (const person of [alice, bob, carol])
      await person.until('all is there', () => texts(person).join() === 'one,two,three');
    await alice.until('both have it', () => {
      const [first] = alice.engine
        .page(group(alice).key, { limit: 50 })
        .messages.filter(({ own, body }) => own && body.kind === 'text');
      return first?.progress?.delivered === 2 && first.state === 'delivered';
    });
    const dave = await world.register('dave');
    await bob.engine.groups.add(group(bob).key, ['dave'], 2);
    await dave.until('dave is in', () => isIn(dave));
    assert.deepEqual(texts(dave), ['two', 'three']);
    dave.engine.answerRequest(group(dave).key, 'accept');
    await alice.until('alice sees dave', () => group(alice).group?.people === 4);
    say(dave, 'hello');
    for (const person of [alice, bob, carol])
      await person.until('dave was heard', () => texts(person).at(-1) === 'hello');
    const { members } = alice.engine.groups.view(group(alice).key);
    alice.engine.groups.remove(group(alice).key, members.find(({ name }) => name === 'bob')!.account);
    await bob.until('bob sees it', () => group(bob).group?.standing === 'removed');
    for (const person of [alice, carol, dave])
      await person.until('bob is gone', () => group(person).group?.people === 3);
    say(carol, 'without bob');
    await alice.until('it is there', () => texts(alice).at(-1) === 'without bob');
    await dave.until('it is there', () => texts(dave).at(-1) === 'without bob');
    assert.equal(texts(bob).at(-1), 'hello');
    assert.throws(() => say(bob, 'nobody hears me'), { code: 'ERR_GROUP_NOT_MEMBER' });
    assert.deepEqual(events(alice), ['created', 'added', 'removed']);
  });

  it('one that the relay denies for a while is read again by itself, and keeps nothing busy meanwhile', async () => {
    await alice.engine.groups.create('crew', ['bob']);
    await bob.until('bob is in', () => isIn(bob));
    let denied = 0;
    const id = fromBase64url(group(bob).key);
    const nothing = { id, status: 'denied', entries: [], ephemeral: [], more: false };
    const refusal = { status: 403, body: toUtf8('{"code":"ERR_ACCESS_INVALID","message":""}') };
    bob.wire.intercept = (request, pass) => {
      if (!request.url.includes('/v1/groups/')) return pass();
      if (!request.url.includes('/events?')) return Promise.resolve(refusal);
      denied++;
      return Promise.resolve({ status: 200, body: encodeCbor({ groups: [nothing] }) });
    };
    say(alice, 'while it is denied');
    // The poll that waits since before is answered, and the next ones are denied.
    await bob.until('bob has asked again and again', () => denied >= 3);
    assert.equal(group(bob).trouble, 'ERR_ACCESS_INVALID');
    bob.wire.intercept = undefined;
    say(alice, 'and afterwards');
    await bob.until('it is read again', () => texts(bob).at(-1) === 'and afterwards');
    assert.equal(group(bob).trouble, undefined);
    const runs = world.clock.waitsMs.filter((waitMs) => waitMs === 0).length;
    assert.ok(runs < 300, `${runs} runs without a pause`);
  });

  it('who blocks whoever added them is out of the group, and hears no more of them', async () => {
    await alice.engine.groups.create('crew', ['bob', 'carol']);
    await carol.until('carol was added', () => isIn(carol));
    const { key } = group(carol);
    carol.engine.answerRequest(key, 'block');
    await alice.until('carol is gone', () => group(alice).group?.people === 2);
    assert.equal(group(carol).status, 'blocked');
    assert.equal(group(carol).group?.invitedBy, 'alice');
    const direct = () => carol.engine.state().conversations.find(({ title }) => title === 'alice');
    assert.equal(direct()?.status, 'blocked');
    await alice.engine.groups.create('another', ['bob', 'carol']);
    await bob.until('bob is in the other one', () => isIn(bob, 'another'));
    const { key: toCarol } = await alice.engine.openConversation('carol');
    const { key: message } = alice.engine.send(toCarol, { kind: 'text', text: 'hello?' });
    const sent = () =>
      alice.engine.page(toCarol, { limit: 10 }).messages.find((each) => each.key === message)?.state;
    await alice.until('it has left', () => sent() === 'sent');
    // Bob's word comes after all of that.
    const { key: fromBob } = await bob.engine.openConversation('carol');
    bob.engine.send(fromBob, { kind: 'text', text: 'are you there?' });
    await carol.until('bob wrote', () =>
      carol.engine.state().conversations.some(({ title }) => title === 'bob'),
    );
    assert.ok(!carol.engine.state().conversations.some(({ title }) => title === 'another'));
    assert.equal(direct()?.unread, 0);
  });
});
