import assert from 'node:assert/strict';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { isDelivery, isPoll } from './tampering.ts';
import { FastClock, Person, World } from './world.ts';

describe('a relay that answers as it likes', () => {
  let world: World;
  beforeEach(async () => {
    world = new World();
    await world.startRelay();
  });
  afterEach(() => world.close());

  it('that limits claims of one person stops nobody else', async () => {
    const [alice, bob] = await world.pair();
    const carol = await world.register('carol');
    alice.wire.intercept = async (request, pass) =>
      request.url.endsWith('/bundles')
        ? {
            status: 429,
            retryAfterSeconds: 3600,
            body: Buffer.from(JSON.stringify({ code: 'ERR_RATE_LIMITED', message: 'later' })),
          }
        : pass();
    await alice.say(carol, 'waits');
    await alice.until('it is said', () =>
      alice.engine.state().conversations.some(({ trouble }) => trouble === 'ERR_BUNDLES_LIMITED'),
    );
    await alice.say(bob, 'goes');
    await bob.until('it came', () => bob.texts(alice).includes('goes'));
    alice.wire.mend();
    alice.engine.retryNow();
    await carol.until('it came', () => carol.texts(alice).includes('waits'));
  });

  it('that takes only small requests gets small ones, and what is too large by itself is said to be', async () => {
    const [alice, bob] = await world.pair();
    await world.stopRelay();
    for (let n = 0; n < 10; n++) await alice.say(bob, `small ${n}`);
    await alice.say(bob, 'x'.repeat(16_000));
    let refused = 0;
    alice.wire.intercept = async (request, pass) => {
      if (!isDelivery(request) || (request.body?.length ?? 0) < 4000) return pass();
      refused++;
      return { status: 413, body: Buffer.from('<html>Request Entity Too Large</html>') };
    };
    await world.startRelay();
    alice.engine.retryNow();
    await bob.until('the small ones came', () => bob.texts(alice).length === 11);
    await alice.until('the large one failed', () => alice.messages(bob).at(-1)?.state === 'failed');
    assert.equal(alice.messages(bob).at(-1)?.failure, 'ERR_TOO_LARGE');
    assert.ok(refused > 1);
  });

  it('that answers every poll at once with nothing is asked less and less', async () => {
    const bob = new Person('bob', world.folder, new FastClock());
    world.people.push(bob);
    await bob.create();
    await bob.engine.register({ relay: world.relay.origin, username: 'bob' });
    await bob.until('the relay was reached', () => bob.engine.state().connection.state === 'online');
    await bob.stop();
    let polls = 0;
    bob.wire.intercept = async (request, pass) => {
      if (!isPoll(request)) return pass();
      polls++;
      const cursor = new URL(request.url).searchParams.get('after') ?? '';
      return { status: 200, body: encodeCbor({ cursor, envelopes: [], ephemeral: [], more: false }) };
    };
    // A clock of his own: only his engine sets timers by it.
    const before = bob.clock.waitsMs.length;
    await bob.start();
    await bob.until('it was asked often', () => polls >= 12);
    const waits = bob.clock.waitsMs.slice(before);
    assert.ok(waits.filter((ms) => ms >= 500).length >= 4, `waits of ${waits.join(', ')} ms`);
    assert.ok(Math.max(...waits) >= 4_000);
  });
}).timeout(120_000);
