import assert from 'node:assert/strict';
import { type Delivered, flipped, handOut, makeUp, record } from './tampering.ts';
import { type Person, World } from './world.ts';

describe('a relay that delivers as it likes', () => {
  let world: World;
  let alice: Person;
  let bob: Person;
  beforeEach(async () => {
    world = new World();
    await world.startRelay();
    [alice, bob] = await world.pair();
  });
  afterEach(() => world.close());

  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => `message ${from + i}`);

  async function sendWhileAway(texts: readonly string[]): Promise<void> {
    await bob.stop();
    for (const text of texts) await alice.say(bob, text);
    await alice.until('all are sent', () =>
      alice
        .messages(bob)
        .slice(1)
        .every(({ state }) => state === 'sent'),
    );
  }

  it('out of order: each message stands in its place', async () => {
    const texts = numbers(1, 12);
    await sendWhileAway(texts);
    bob.wire.intercept = handOut((envelopes) => [...envelopes].reverse());
    await bob.start();
    await bob.until('all are there', () => bob.texts(alice).length === 13);
    assert.deepEqual(bob.texts(alice), ['hello', ...texts]);
    await alice.until('all are delivered', () =>
      alice.messages(bob).every(({ state }) => state === 'delivered'),
    );
  });

  it('twice, and again with later polls: each message is shown once', async () => {
    const texts = numbers(1, 5);
    const all: Delivered[] = [];
    await sendWhileAway(texts);
    bob.wire.intercept = handOut((envelopes) => {
      all.push(...envelopes);
      return envelopes.length === 0 ? [] : [...envelopes, ...all].slice(0, 64);
    });
    await bob.start();
    await bob.until('all are there', () => bob.texts(alice).length === 6);
    await alice.say(bob, 'one more');
    await bob.until('the last is there', () => bob.texts(alice).includes('one more'));
    assert.deepEqual(bob.texts(alice), ['hello', ...texts, 'one more']);
  });

  it('not at all: what is left opens, and what was dropped is never called delivered', async () => {
    await sendWhileAway(numbers(1, 6));
    bob.wire.intercept = handOut((envelopes) => envelopes.filter((_, i) => i % 2 === 0));
    await bob.start();
    await bob.until('the rest is there', () => bob.texts(alice).length === 4);
    await alice.until('the rest is delivered', () => alice.messages(bob)[5]?.state === 'delivered');
    assert.deepEqual(bob.texts(alice), ['hello', 'message 1', 'message 3', 'message 5']);
    const states = alice.messages(bob).map(({ state }) => state);
    assert.deepEqual(states, ['delivered', 'delivered', 'sent', 'delivered', 'sent', 'delivered', 'sent']);
  });

  it('replayed from another day: nothing happens, also after a restart', async () => {
    const old: Delivered[] = [];
    bob.wire.intercept = record(old);
    await alice.say(bob, 'one');
    await bob.until('it is there', () => bob.texts(alice).includes('one'));
    await bob.say(alice, 'two');
    await alice.until('it is there', () => alice.texts(bob).includes('two'));
    await alice.say(bob, 'three');
    await bob.until('it is there', () => bob.texts(alice).includes('three'));
    assert.ok(old.length >= 2);
    await bob.stop();
    let replayed = false;
    bob.wire.intercept = handOut((envelopes) => {
      if (replayed) return envelopes;
      replayed = true;
      return [...old, ...envelopes].slice(0, 64);
    });
    await bob.start();
    await alice.say(bob, 'four');
    await bob.until('it is there', () => bob.texts(alice).includes('four'));
    assert.deepEqual(bob.texts(alice), ['hello', 'one', 'two', 'three', 'four']);
  });

  it('with any byte changed: it opens as nothing, breaks nothing, and the true one still opens', async () => {
    await sendWhileAway(['the true one']);
    const [genuine] = await intercepted();
    const forged = Array.from({ length: genuine.envelope.length }, (_, i) => ({
      id: genuine.id,
      envelope: flipped(genuine.envelope, i),
    }));
    bob.wire.intercept = makeUp([...inBatches(forged), [genuine]]);
    await bob.start();
    await bob.until('the true one is there', () => bob.texts(alice).includes('the true one'));
    const shown = bob.texts(alice).filter((text) => !text.startsWith('('));
    assert.deepEqual(shown, ['hello', 'the true one']);
    bob.wire.mend();
    await bob.say(alice, 'still here');
    await alice.until('it is there', () => alice.texts(bob).includes('still here'));
    await bob.until('the places held are given up', () =>
      bob.texts(alice).every((text) => !text.startsWith('(')),
    );
  });

  it('a first message with any byte changed opens as nothing, and the true one still opens', async () => {
    const carol = await world.register('carol');
    await bob.stop();
    await carol.say(bob, 'from a stranger');
    await carol.until('it is sent', () => carol.messages(bob)[0]?.state === 'sent');
    const [genuine] = await intercepted();
    const every = Math.ceil(genuine.envelope.length / 400);
    const forged = Array.from({ length: Math.floor(genuine.envelope.length / every) }, (_, i) => ({
      id: genuine.id,
      envelope: flipped(genuine.envelope, i * every),
    }));
    bob.wire.intercept = makeUp([...inBatches(forged), [genuine]]);
    await bob.start();
    await bob.until('the true one is there', () => bob.texts(carol).length > 0);
    assert.deepEqual(bob.texts(carol), ['from a stranger']);
  });

  /** What waits for bob at the relay, taken without his knowledge. */
  async function intercepted(): Promise<[Delivered]> {
    const seen: Delivered[] = [];
    bob.wire.intercept = handOut((envelopes) => {
      seen.push(...envelopes);
      return [];
    });
    await bob.start();
    await bob.until('the relay was reached', () => bob.engine.state().connection.state === 'online');
    await bob.stop();
    assert.equal(seen.length, 1);
    return [seen[0]!];
  }
}).timeout(120_000);

function inBatches(envelopes: readonly Delivered[]): Delivered[][] {
  return Array.from({ length: Math.ceil(envelopes.length / 64) }, (_, i) =>
    envelopes.slice(i * 64, i * 64 + 64),
  );
}
