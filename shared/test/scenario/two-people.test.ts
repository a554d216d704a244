import assert from 'node:assert/strict';
import { World } from './world.ts';

describe('two people', () => {
  let world: World;
  beforeEach(async () => {
    world = new World();
    await world.startRelay();
  });
  afterEach(() => world.close());

  it('a stranger asks, is accepted, and both read each other in order', async () => {
    const alice = await world.register('alice');
    const bob = await world.register('bob');
    await alice.say(bob, 'hello');
    await alice.say(bob, 'are you there?');
    await bob.until('both messages came', () => bob.messages(alice).length === 2);
    assert.equal(bob.engine.state().conversations[0]?.status, 'request');
    await alice.until('both are sent', () => alice.messages(bob).every(({ state }) => state === 'sent'));
    bob.engine.answerRequest(await bob.with(alice), 'accept');
    await alice.until('both are delivered', () =>
      alice.messages(bob).every(({ state }) => state === 'delivered'),
    );
    await bob.say(alice, 'yes');
    await alice.until('the answer came', () => alice.messages(bob).length === 3);
    const key = await alice.with(bob);
    const last = alice.messages(bob)[2]!;
    alice.engine.markRead(key, last);
    await bob.until('it was read', () => bob.messages(alice)[2]?.state === 'read');
    assert.deepEqual(alice.texts(bob), ['hello', 'are you there?', 'yes']);
    assert.deepEqual(bob.texts(alice), alice.texts(bob));
  });

  it('what is deleted unseen is not unread, and what waits for who is blocked and accepted again still goes', async () => {
    const [alice, bob] = await world.pair();
    await alice.say(bob, 'one');
    await bob.until('it came', () => bob.texts(alice).includes('one'));
    const key = await bob.with(alice);
    const unread = () => bob.engine.state().conversations[0]!.unread;
    assert.equal(unread(), 2);
    bob.engine.deleteMessage(key, bob.messages(alice)[1]!.key);
    assert.equal(unread(), 1);
    bob.engine.markRead(key, bob.messages(alice)[0]!);
    assert.equal(unread(), 0);
    bob.wire.cut();
    await alice.say(bob, 'two');
    bob.wire.mend();
    bob.engine.retryNow();
    await bob.until('it came', () => bob.texts(alice).includes('two'));
    bob.engine.answerRequest(key, 'block');
    bob.engine.answerRequest(key, 'accept');
    await alice.until('all is told', () => alice.messages(bob)[2]?.state === 'delivered');
    assert.equal(alice.messages(bob)[0]?.state, 'read');
  });

  it('what was read before it was accepted is told as read, and only then', async () => {
    const alice = await world.register('alice');
    const bob = await world.register('bob');
    await alice.say(bob, 'seen');
    await bob.until('it came', () => bob.texts(alice).length === 1);
    const key = await bob.with(alice);
    bob.engine.markRead(key, bob.messages(alice)[0]!);
    await alice.say(bob, 'not yet seen');
    await bob.until('it came', () => bob.texts(alice).length === 2);
    assert.ok(alice.messages(bob).every(({ state }) => state === 'sent' || state === 'pending'));
    bob.engine.answerRequest(key, 'accept');
    await alice.until('both are confirmed', () => alice.messages(bob).every(({ state }) => state !== 'sent'));
    assert.deepEqual(
      alice.messages(bob).map(({ state }) => state),
      ['read', 'delivered'],
    );
  });
}).timeout(120_000);
