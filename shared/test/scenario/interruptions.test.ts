import assert from 'node:assert/strict';
import { isDelivery, isPoll } from './tampering.ts';
import { type Person, unreachable, World } from './world.ts';

const hourMs = 60 * 60 * 1000;

describe('interruptions', () => {
  let world: World;
  beforeEach(async () => {
    world = new World();
    await world.startRelay();
  });
  afterEach(() => world.close());

  it('a delivery whose answer is lost is made again, and shown once', async () => {
    const [alice, bob] = await world.pair();
    let lost = 0;
    alice.wire.intercept = async (request, pass) => {
      const response = await pass();
      if (isDelivery(request) && lost++ < 2) throw unreachable();
      return response;
    };
    await alice.say(bob, 'once');
    await alice.until('it is delivered', () => alice.messages(bob)[1]?.state === 'delivered');
    await alice.until('it was made again', () => lost > 2);
    assert.deepEqual(bob.texts(alice), ['hello', 'once']);
  });

  for (const status of [502, 503, 504]) {
    it(`a proxy's own answer (${status} and no body) is an interruption like any other`, async () => {
      const [alice, bob] = await world.pair();
      const answers = new Set<string>();
      for (const { wire } of [alice, bob]) {
        wire.intercept = async ({ method }) => {
          answers.add(method);
          return { status, body: Buffer.alloc(0) };
        };
      }
      await alice.say(bob, 'through the proxy');
      await alice.until('it is noticed', () => alice.engine.state().connection.state === 'offline');
      await bob.until('it is noticed', () => bob.engine.state().connection.state === 'offline');
      assert.equal(alice.messages(bob)[1]?.state, 'pending');
      alice.wire.mend();
      bob.wire.mend();
      await alice.until('it is delivered', () => alice.messages(bob)[1]?.state === 'delivered');
      assert.deepEqual(bob.texts(alice), ['hello', 'through the proxy']);
      assert.ok(answers.has('POST'));
    });
  }

  it('an acknowledgement that is lost brings the same again, and shows it once', async () => {
    const [alice, bob] = await world.pair();
    let lost = 0;
    bob.wire.intercept = async (request, pass) => {
      const response = await pass();
      if (isPoll(request) && lost++ < 3) throw unreachable();
      return response;
    };
    for (const text of ['one', 'two', 'three']) await alice.say(bob, text);
    await alice.until('all are delivered', () =>
      alice.messages(bob).every(({ state }) => state === 'delivered'),
    );
    assert.deepEqual(bob.texts(alice), ['hello', 'one', 'two', 'three']);
  });

  it('what is written while the relay is down for an hour goes out when it is back, in order, both ways', async () => {
    const [alice, bob] = await world.pair();
    await world.stopRelay();
    for (const n of [1, 2, 3]) {
      await alice.say(bob, `from alice ${n}`);
      await bob.say(alice, `from bob ${n}`);
    }
    await alice.until('it is noticed', () => alice.engine.state().connection.state === 'offline');
    assert.ok(
      alice
        .messages(bob)
        .slice(1)
        .every(({ own, state }) => !own || state === 'pending'),
    );
    world.clock.advance(hourMs + 1);
    await world.startRelay();
    await alice.until('all is there', () => alice.texts(bob).length === 7);
    await bob.until('all is there', () => bob.texts(alice).length === 7);
    assert.deepEqual(alice.texts(bob), bob.texts(alice));
    const own = (person: Person, peer: Person) => person.messages(peer).filter((message) => message.own);
    await alice.until('all are delivered', () => own(alice, bob).every(({ state }) => state === 'delivered'));
    assert.deepEqual(
      own(alice, bob)
        .slice(1)
        .map(({ body }) => 'text' in body && body.text),
      ['from alice 1', 'from alice 2', 'from alice 3'],
    );
  });

  it('both begin at once: one conversation, and everything arrives', async () => {
    const alice = await world.register('alice');
    const bob = await world.register('bob');
    const keys = [await alice.with(bob), await bob.with(alice)];
    assert.equal(keys[0], keys[1]);
    alice.engine.send(keys[0]!, { kind: 'text', text: 'from alice' });
    bob.engine.send(keys[1]!, { kind: 'text', text: 'from bob' });
    await alice.until('it came', () => alice.texts(bob).length === 2);
    await bob.until('it came', () => bob.texts(alice).length === 2);
    for (const n of [1, 2, 3]) {
      await alice.say(bob, `a${n}`);
      await bob.say(alice, `b${n}`);
    }
    await alice.until('all came', () => alice.texts(bob).length === 8);
    await bob.until('all came', () => bob.texts(alice).length === 8);
    assert.deepEqual(alice.texts(bob), bob.texts(alice));
    await alice.until('all are delivered', () =>
      alice.messages(bob).every(({ own, state }) => !own || state === 'delivered'),
    );
  });

  it('a signed prekey that was renewed while a first message was under way still opens it', async () => {
    const alice = await world.register('alice');
    const bob = await world.register('bob');
    let tried = 0;
    alice.wire.intercept = (request, pass) => {
      if (!isDelivery(request)) return pass();
      tried++;
      return Promise.reject(unreachable());
    };
    await alice.say(bob, 'sealed to the old keys');
    await alice.until('it was sealed', () => tried > 0);
    let renewed = 0;
    bob.wire.intercept = async (request, pass) => {
      const response = await pass();
      if (request.method === 'PUT' && request.url.endsWith('/prekeys') && response.status === 200) renewed++;
      return response;
    };
    world.clock.advance(8 * 24 * hourMs);
    await bob.restart();
    await bob.until('new keys are published', () => bob.engine.state().connection.state === 'online');
    await bob.until('the relay has them', () => renewed > 0);
    alice.wire.mend();
    alice.engine.retryNow();
    await bob.until('it is open', () => bob.texts(alice).length === 1);
    assert.deepEqual(bob.texts(alice), ['sealed to the old keys']);
  });

  it('without one-time keys the first contact goes on, and opens once', async () => {
    const alice = await world.register('alice');
    const bob = await world.register('bob');
    let stripped = 0;
    alice.wire.intercept = async (request, pass) => {
      const response = await pass();
      if (!request.url.endsWith('/bundles')) return response;
      const answer = JSON.parse(Buffer.from(response.body).toString()) as {
        bundles: Record<string, unknown>[];
      };
      for (const bundle of answer.bundles) {
        if (delete bundle['oneTimePrekey'] && delete bundle['oneTimeKem']) stripped++;
      }
      return { ...response, body: Buffer.from(JSON.stringify(answer)) };
    };
    await alice.say(bob, 'without');
    await bob.until('it is there', () => bob.texts(alice).length === 1);
    assert.equal(stripped, 1);
    bob.engine.answerRequest(await bob.with(alice), 'accept');
    await alice.until('it is delivered', () => alice.messages(bob)[0]?.state === 'delivered');
  });

  it('a vault restored from a copy: the session is renewed, and what could not be opened comes again', async () => {
    const [alice, bob] = await world.pair();
    await bob.stop();
    const copy = bob.copyVault();
    await bob.start();
    await bob.say(alice, 'one');
    await alice.until('it came', () => alice.texts(bob).includes('one'));
    await alice.say(bob, 'two');
    await bob.until('it came', () => bob.texts(alice).includes('two'));
    await bob.say(alice, 'three');
    await alice.until('it came', () => alice.texts(bob).includes('three'));
    await bob.stop();
    bob.restoreVault(copy);
    await alice.say(bob, 'four');
    await alice.until('it is sent', () => alice.messages(bob).at(-1)?.state === 'sent');
    await bob.start();
    await bob.until('it came again', () => bob.texts(alice).includes('four'));
    await alice.until('it is delivered', () => alice.messages(bob).at(-1)?.state === 'delivered');
    await bob.say(alice, 'five');
    await alice.until('it came', () => alice.texts(bob).includes('five'));
    assert.ok(alice.texts(bob).every((text) => !text.startsWith('(')));
  });

  for (const who of ['alice', 'bob'] as const) {
    for (const moment of ['before', 'after'] as const) {
      it(`${who} crashes ${moment} each request in turn: everything is shown once, in order`, async () => {
        const [alice, bob] = await world.pair();
        const victim = who === 'alice' ? alice : bob;
        const peer = who === 'alice' ? bob : alice;
        const said = ['hello'];
        for (let step = 0; step < 8; step++) {
          const crash = crashAt(victim, step, moment);
          for (let n = 0; !crash.happened; n++) {
            assert.ok(n < 10, `no request ${step} in ten messages`);
            const [first, second] = [`${who} ${step}.${n}`, `to ${who} ${step}.${n}`];
            await victim.say(peer, first);
            await peer.say(victim, second);
            said.push(first, second);
            await victim.until(
              'it crashed, or it came',
              () => crash.happened || victim.texts(peer).includes(second),
            );
          }
          victim.wire.mend();
          await victim.restart();
          await victim.until('all came', () => victim.texts(peer).length === said.length);
          await peer.until('all came', () => peer.texts(victim).length === said.length);
        }
        const delivered = (person: Person, other: Person) =>
          person.messages(other).every(({ own, state }) => !own || state === 'delivered');
        await victim.until('all are delivered', () => delivered(victim, peer));
        await peer.until('all are delivered', () => delivered(peer, victim));
        assert.deepEqual(victim.texts(peer), peer.texts(victim));
        assert.deepEqual([...victim.texts(peer)].sort(), [...said].sort());
      });
    }
  }

  it('the relay is killed and restarted between messages: nothing is lost, nothing comes twice', async () => {
    const [alice, bob] = await world.pair();
    for (let round = 0; round < 4; round++) {
      await alice.say(bob, `round ${round}`);
      await world.stopRelay();
      await bob.say(alice, `answer ${round}`);
      await world.startRelay();
      await bob.until('it came', () => bob.texts(alice).includes(`round ${round}`));
      await alice.until('it came', () => alice.texts(bob).includes(`answer ${round}`));
    }
    assert.equal(alice.texts(bob).length, 9);
    assert.deepEqual(alice.texts(bob), bob.texts(alice));
  });
}).timeout(120_000);

/**
 * From the request with this number on nothing comes through any more: it failed `before` it was sent, or `after` it
 * was answered.
 */
function crashAt(person: Person, number: number, moment: 'before' | 'after'): { readonly happened: boolean } {
  const crash = { happened: false };
  let count = 0;
  person.wire.intercept = async (_, pass) => {
    const now = count++;
    if (now < number) return pass();
    if (now === number && moment === 'after') await pass();
    crash.happened = true;
    throw unreachable();
  };
  return crash;
}
