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
}).timeout(120_000);
