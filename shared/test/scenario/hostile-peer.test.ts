import assert from 'node:assert/strict';
import { decodeCbor, encodeCbor } from '@crypt2chat/shared/cbor';
import { deliverRequestSchema, limits } from '@crypt2chat/shared/wire';
import { contacts, sessions } from '../../src/engine/records.ts';
import { Stranger } from './stranger.ts';
import { isDelivery } from './tampering.ts';
import { type Person, textOf, unreachable, World } from './world.ts';

describe('a peer without manners', () => {
  let world: World;
  let alice: Person;
  let mallory: Stranger;
  beforeEach(async () => {
    world = new World();
    await world.startRelay();
    alice = await world.register('alice');
    mallory = await Stranger.register(world, 'mallory');
  });
  afterEach(() => world.close());

  const conversation = () => alice.engine.state().conversations.find(({ title }) => title === 'mallory');
  const texts = () =>
    alice.engine.page(conversation()!.key, { limit: 200 }).messages.map(({ body }) => textOf(body));

  async function accepted(round = 0): Promise<void> {
    await mallory.publishPrekeys();
    await mallory.begin('alice', round);
    await mallory.deliver(mallory.sealText('hello'));
    await alice.until('the request came', () => conversation()?.unread === 1);
    alice.engine.answerRequest(conversation()!.key, 'accept');
  }

  it('who begins at the last round there is does not end the engine: the session is renewed all the same', async () => {
    await accepted(2 ** 32 - 1);
    await mallory.deliver(mallory.sealBroken());
    await alice.until('it is said that it does not open', () => texts().includes('(tampered)'));
    await stillWrites();
  });

  it('a head that is never served makes no storm of questions', async () => {
    await accepted();
    let asked = 0;
    alice.wire.intercept = (request, pass) => {
      if (request.method === 'GET' && request.url.includes('/v1/accounts/')) asked++;
      return pass();
    };
    const heads = mallory.headsWith({ seq: 5, hash: new Uint8Array(32) });
    await mallory.deliver(mallory.seal({ kind: 'text', body: { text: 'from the future' }, heads }));
    await alice.until('it is said', () => conversation()?.trouble === 'ERR_LOG_WITHHELD');
    await stillWrites();
    assert.ok(asked < 12, `${asked} questions`);
  });

  it('a device that the log names only while a message is being sealed does not end the engine', async () => {
    await mallory.publishPrekeys();
    await alice.engine.openConversation('mallory');
    await mallory.addDevice();
    await mallory.publishPrekeys();
    const { key } = conversation()!;
    alice.engine.send(key, { kind: 'text', text: 'hello' });
    await alice.until('it is said why it waits', () => conversation()?.trouble === 'ERR_NO_PREKEYS');
    await stillWrites();
  });

  it('an invite of any length is refused, and leaves nothing behind that closes the vault', async () => {
    const carol = await world.meet('carol');
    for (const invite of ['x'.repeat(1_000), 'a\ud800'])
      await assert.rejects(carol.engine.register({ relay: world.relay.origin, username: 'carol', invite }), {
        code: 'ERR_INVITE_INVALID',
      });
    await carol.restart();
    assert.equal(carol.engine.state().account, undefined);
  });

  it('a name in a stranger’s own log does not stand before whom the relay gives it to', async () => {
    const bob = await world.register('bob');
    const impostor = Stranger.madeUp(world, 'bob');
    await impostor.begin('alice', 0, mallory);
    await mallory.deliverFor(impostor, impostor.sealText('I am bob'));
    await alice.until('the request came', () => alice.engine.state().conversations.length === 1);
    const { address } = await alice.engine.openConversation('bob');
    assert.equal(address, bob.engine.state().account!.address);
  });

  it('a stranger who says nothing that can be shown is not kept', async () => {
    await mallory.begin('alice');
    await mallory.deliver(mallory.seal({ kind: 'control', body: { action: 'hello' } }));
    const bob = await world.register('bob');
    await bob.say(alice, 'after it');
    await alice.until('what came later is there', () => alice.texts(bob).length === 1);
    await alice.stop();
    assert.equal(await alice.count(contacts), 1);
    assert.equal(await alice.count(sessions), 1);
    await alice.start();
    await mallory.deliver(mallory.sealText('and now a word'));
    await alice.until('it came', () => conversation()?.unread === 1);
    assert.deepEqual(texts(), ['and now a word']);
  });

  it('a mailbox that takes nothing keeps nobody else waiting', async () => {
    await mallory.publishPrekeys();
    await alice.engine.openConversation('mallory');
    let tried = 0;
    alice.wire.intercept = async (request, pass) => {
      if (!isDelivery(request) || !request.url.endsWith(mallory.publicDeviceId)) return pass();
      tried++;
      const sent = decodeCbor(deliverRequestSchema, request.body!, limits.requestBytes);
      return { status: 200, body: encodeCbor({ results: sent.map(() => 'mailbox-full') }) };
    };
    for (let n = 0; n < 300; n++) alice.engine.send(conversation()!.key, { kind: 'text', text: `${n}` });
    for (let n = 1; n <= 7; n++) {
      await alice.until('it was tried again', () => tried >= n);
      alice.engine.retryNow();
    }
    await stillWrites();
    assert.ok(alice.engine.page(conversation()!.key, { limit: 1 }).messages[0]?.state === 'pending');
  });

  it('a relay that has one-time keys refilled all the time does not keep a signed prekey from growing old', async () => {
    await mallory.begin('alice');
    const first = mallory.signedPrekeyId;
    let published = 0;
    alice.wire.intercept = async (request, pass) => {
      const response = await pass();
      if (request.method === 'PUT' && request.url.endsWith('/prekeys') && response.status === 200)
        published++;
      if (!request.url.endsWith('/prekeys/count')) return response;
      const none = { oneTimePrekeys: 24, oneTimeKemKeys: 20 };
      return { status: 200, body: Buffer.from(JSON.stringify(none)) };
    };
    for (const days of [6, 2]) {
      const before = published;
      world.clock.advance(days * 24 * 60 * 60 * 1000);
      await alice.restart();
      await alice.until('the keys were tended', () => published > before);
    }
    await mallory.begin('alice');
    assert.notEqual(mallory.signedPrekeyId, first);
  });

  it('a registration whose answer was lost is completed at the next start, and that is told', async () => {
    const carol = await world.meet('carol');
    carol.wire.intercept = async (_, pass) => {
      await pass();
      throw unreachable();
    };
    const registered = carol.engine.register({ relay: world.relay.origin, username: 'carol' });
    await assert.rejects(registered, { code: 'ERR_RELAY_UNREACHABLE' });
    carol.wire.mend();
    await carol.restart();
    await carol.until('it is told', () => carol.changes.some(({ kind }) => kind === 'account'));
    assert.equal(carol.engine.state().account?.username, 'carol');
  });

  it('two registrations at once: one account, which the relay knows', async () => {
    const carol = await world.meet('carol');
    const register = (username: string) => carol.engine.register({ relay: world.relay.origin, username });
    const outcomes = await Promise.allSettled([register('carol'), register('caroline'), register('carol')]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected'],
    );
    await carol.until('the relay was reached', () => carol.engine.state().connection.state === 'online');
    assert.equal(carol.engine.state().account?.username, 'carol');
    assert.equal((await mallory.lookUp('carol')).username, 'carol');
    await assert.rejects(mallory.lookUp('caroline'), { code: 'ERR_ACCOUNT_UNKNOWN' });
  });

  async function stillWrites(): Promise<void> {
    const bob = await world.register('bob');
    for (let n = 1; n <= 5; n++) {
      await alice.say(bob, `still here ${n}`);
      await bob.until('the engine goes on', () => bob.texts(alice).length === n, 10_000);
    }
  }
}).timeout(120_000);
