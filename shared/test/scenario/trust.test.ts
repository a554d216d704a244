import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBase64url, toBase64url } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import {
  createIdentity,
  deriveRecovery,
  generateDevice,
  generateRecoveryPhrase,
  replaceRecovery,
  verifyIdentity,
} from '@crypt2chat/shared/identity';
import { systemRandomness } from '@crypt2chat/shared/primitives';
import { isDelivery, isPoll } from './tampering.ts';
import { type Person, World } from './world.ts';

interface AccountAnswer {
  readonly accountId: string;
  readonly username: string;
  readonly links: readonly string[];
}

describe('who is who', () => {
  let world: World;
  beforeEach(async () => {
    world = new World();
    await world.startRelay();
  });
  afterEach(() => world.close());

  /** An account of the name that the relay itself made up. */
  function impostor(username: string): AccountAnswer {
    const recovery = deriveRecovery(generateRecoveryPhrase(systemRandomness));
    const { link, identity } = createIdentity({
      username,
      relay: world.relay.origin,
      device: generateDevice(systemRandomness),
      recoveryPublicKey: recovery.signing.publicKey,
      at: world.clock.now(),
    });
    return { accountId: toBase64url(identity.accountId), username, links: [toBase64url(link)] };
  }

  /** Asked for this name, the relay gives another account from now on. */
  function lieTo(person: Person, answer: AccountAnswer): void {
    person.wire.intercept = async (request, pass) => {
      const response = await pass();
      return request.url.includes(`/v1/accounts/${answer.username}`)
        ? { status: 200, body: Buffer.from(JSON.stringify(answer)) }
        : response;
    };
  }

  it('an address with an id leads to that account or to nobody', async () => {
    const alice = await world.register('alice');
    const bob = await world.register('bob');
    const { address } = bob.engine.state().account!;
    lieTo(alice, impostor('bob'));
    await assert.rejects(alice.engine.openConversation(address), { code: 'ERR_NAME_FORK' });
    alice.wire.mend();
    const { verified } = await alice.engine.openConversation(address);
    assert.equal(verified, true);
  });

  it('a name alone is called unverified, and another name or relay in the log is refused', async () => {
    const alice = await world.register('alice');
    await world.register('bob');
    lieTo(alice, { ...impostor('bobby'), username: 'bob' });
    await assert.rejects(alice.engine.openConversation('bob'), { code: 'ERR_RELAY_ANSWER' });
    alice.wire.mend();
    assert.equal((await alice.engine.openConversation('bob')).verified, false);
    await assert.rejects(alice.engine.openConversation('nobody'), { code: 'ERR_ACCOUNT_UNKNOWN' });
    await assert.rejects(alice.engine.openConversation('alice'), { code: 'ERR_SELF' });
    await assert.rejects(alice.engine.openConversation('not a name!'), { code: 'ERR_FORMAT' });
  });

  it('a stranger whose name belongs to somebody else at the relay is shown as such, and not written to', async () => {
    const alice = await world.register('alice');
    const bob = await world.register('bob');
    lieTo(bob, impostor('alice'));
    await alice.say(bob, 'hello');
    await bob.until(
      'the name was found out',
      () => bob.engine.state().conversations[0]?.trouble === 'ERR_NAME_FORK',
    );
    const key = await bob.with(alice);
    bob.engine.answerRequest(key, 'accept');
    bob.engine.send(key, { kind: 'text', text: 'hello?' });
    await bob.say(alice, 'still here?');
    const carol = await world.register('carol');
    await bob.say(carol, 'written later');
    await carol.until('what was written later came', () => carol.texts(bob).includes('written later'));
    assert.ok(
      bob
        .messages(alice)
        .filter(({ own }) => own)
        .every(({ state }) => state === 'pending'),
    );
  });

  it('a recovered account goes on under the same name: new device, old messages still arrive, the old device is out', async () => {
    const [alice, bob] = await world.pair();
    const phrase = bob.engine.recoveryPhrase();
    bob.wire.cut();
    await bob.stop();
    await alice.say(bob, 'before');
    await alice.until('it is sent', () => alice.messages(bob)[1]?.state === 'sent');
    const again = await world.meet('bob-again');
    await assert.rejects(
      again.engine.recover({
        relay: world.relay.origin,
        username: 'bob',
        phrase: generateRecoveryPhrase(systemRandomness),
      }),
      { code: 'ERR_PHRASE_WRONG' },
    );
    await again.engine.recover({ relay: world.relay.origin, username: 'bob', phrase });
    await again.until('the relay was reached', () => again.engine.state().connection.state === 'online');
    const conversation = (await again.engine.openConversation('alice')).key;
    again.engine.send(conversation, { kind: 'text', text: 'I am back' });
    await alice.until('it came', () => alice.texts(bob).includes('I am back'));
    await alice.say(bob, 'after');
    await again.until('all came', () => again.texts(alice).includes('after'));
    await again.until('also what the old device never fetched', () => again.texts(alice).includes('before'));
    await alice.until('all are delivered', () =>
      alice.messages(bob).every(({ own, state }) => !own || state === 'delivered'),
    );
    bob.wire.mend();
    await bob.start();
    await bob.until('the relay refused', () => {
      const { connection } = bob.engine.state();
      return connection.state === 'offline' && connection.code !== 'ERR_RELAY_UNREACHABLE';
    });
    assert.ok(!bob.texts(alice).includes('after'));
  });

  it('a device that was revoked is not read any more, though the relay takes what it sends by capability', async () => {
    const [alice, thief] = await world.pair();
    await alice.say(thief, 'answered');
    await thief.say(alice, 'by capability from here on');
    await alice.until('it came', () => alice.texts(thief).includes('by capability from here on'));
    const phrase = thief.engine.recoveryPhrase();
    await thief.stop();
    const bob = await world.meet('bob-again');
    await bob.engine.recover({ relay: world.relay.origin, username: 'bob', phrase });
    bob.engine.send((await bob.engine.openConversation('alice')).key, { kind: 'text', text: 'it is me' });
    await alice.until('it came', () => alice.texts(thief).includes('it is me'));
    // The stolen engine is told that all is well, so that it sends.
    let delivered = 0;
    thief.wire.intercept = async (request, pass) => {
      const answer = (body: object) => ({ status: 200, body: Buffer.from(JSON.stringify(body)) });
      const nothing = toBase64url(new Uint8Array(32));
      if (isPoll(request))
        return { status: 200, body: encodeCbor({ cursor: 'c', envelopes: [], ephemeral: [], more: false }) };
      if (request.url.endsWith('/challenges')) return answer({ challenge: nothing });
      if (request.url.endsWith('/sessions')) return answer({ bearer: nothing, expiresInSeconds: 3600 });
      if (request.url.endsWith('/count')) return answer({ oneTimePrekeys: 100, oneTimeKemKeys: 20 });
      const response = await pass();
      if (isDelivery(request) && response.status === 200) delivered++;
      return response;
    };
    await thief.start();
    await thief.say(alice, 'from the stolen device');
    await thief.until('the relay took it', () => delivered > 0);
    await bob.say(alice, 'after that');
    await alice.until('it came', () => alice.texts(thief).includes('after that'));
    assert.ok(!alice.texts(thief).includes('from the stolen device'));
  });

  it('a state of our own log that only somebody else was shown is a fork, and is shown', async () => {
    const alice = await world.register('alice');
    const bob = await world.register('bob');
    const answer = await lookUp(world, 'alice');
    lieTo(bob, { ...answer, links: [...answer.links, replacedRecovery(alice, answer)] });
    await bob.say(alice, 'hello');
    await alice.until(
      'it was found out',
      () => alice.engine.state().conversations[0]?.trouble === 'ERR_LOG_FORK',
    );
    assert.deepEqual(alice.texts(bob), ['hello']);
  });

  it('a state of a log that was shown and is not served stops sending, until it is served', async () => {
    const [alice, bob] = await world.pair();
    const answer = await lookUp(world, 'alice');
    const link = replacedRecovery(alice, answer);
    const appended = await fetch(`${world.relay.origin}/v1/accounts/${answer.accountId}/links`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ link }),
    });
    assert.equal(appended.status, 201);
    await alice.restart();
    await alice.until('the relay was reached', () => alice.engine.state().connection.state === 'online');
    bob.wire.intercept = async (request, pass) => {
      const response = await pass();
      if (request.method !== 'GET' || !request.url.includes(`/v1/accounts/${answer.accountId}`))
        return response;
      return { status: 200, body: Buffer.from(JSON.stringify({ ...answer, links: [] })) };
    };
    await alice.say(bob, 'from the later state');
    await bob.until('it came', () => bob.texts(alice).includes('from the later state'));
    await bob.say(alice, 'held back');
    await bob.until('it is said', () => bob.engine.state().conversations[0]?.trouble === 'ERR_LOG_WITHHELD');
    assert.equal(bob.messages(alice).at(-1)?.state, 'pending');
    bob.wire.mend();
    bob.engine.retryNow();
    await alice.until('it came', () => alice.texts(bob).includes('held back'));
    assert.equal(bob.engine.state().conversations[0]?.trouble, undefined);
  });

  /** The next link of her log, which alice's phrase signed and her engine knows nothing of. */
  function replacedRecovery(alice: Person, { links }: AccountAnswer): string {
    const before = verifyIdentity(links.map(fromBase64url));
    const present = deriveRecovery(alice.engine.recoveryPhrase()).signing;
    const next = deriveRecovery(generateRecoveryPhrase(systemRandomness)).signing;
    return toBase64url(replaceRecovery(before, present, next.publicKey, world.clock.now()).link);
  }

  it('a stranger has only so many words, and is not answered before being accepted', async () => {
    const alice = await world.register('alice');
    const bob = await world.register('bob');
    for (let n = 1; n <= 25; n++) await alice.say(bob, `word ${n}`);
    await alice.until('all are sent', () => alice.messages(bob).every(({ state }) => state === 'sent'));
    await bob.until('as many as may are there', () => bob.texts(alice).length === 20);
    const key = await bob.with(alice);
    assert.throws(() => bob.engine.send(key, { kind: 'text', text: 'no' }), { code: 'ERR_NOT_ACCEPTED' });
  });

  it('who is blocked is heard no more and not told; who is ignored is kept quietly', async () => {
    const bob = await world.register('bob');
    const [alice, carol, dave] = [
      await world.register('alice'),
      await world.register('carol'),
      await world.register('dave'),
    ];
    for (const person of [alice, carol]) {
      await person.say(bob, 'hello');
      await bob.until('the request came', () => bob.texts(person).length === 1);
    }
    bob.engine.answerRequest(await bob.with(alice), 'block');
    bob.engine.answerRequest(await bob.with(carol), 'ignore');
    for (const person of [alice, carol]) {
      await person.say(bob, 'once more');
      await person.until('it is sent', () => person.messages(bob).every(({ state }) => state === 'sent'));
    }
    await dave.say(bob, 'sent later');
    await bob.until('what was sent later came', () => bob.texts(dave).length === 1);
    const statuses = bob.engine.state().conversations.map(({ title, status }) => [title, status]);
    assert.deepEqual(Object.fromEntries(statuses), { alice: 'blocked', carol: 'ignored', dave: 'request' });
    assert.deepEqual(bob.texts(alice), ['hello']);
    assert.deepEqual(bob.texts(carol), ['hello', 'once more']);
    for (const person of [alice, carol]) assert.equal(person.messages(bob).at(-1)?.state, 'sent');
  });

  it('the relay holds no word of what was said: not in its files, not in its log', async () => {
    const alice = await world.register('alice');
    const bob = await world.register('bob');
    const canary = 'canary-7f3a91-plaintext';
    await alice.say(bob, canary);
    alice.engine.send(await alice.with(bob), {
      kind: 'code',
      text: canary,
      language: 'canary-7f3a91-language',
      path: 'canary-7f3a91/file.ts',
      startLine: 1,
      endLine: 2,
    });
    await bob.until('both came', () => bob.texts(alice).length === 2);
    const folder = join(world.folder, 'relay');
    const held = Buffer.concat(
      readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => readFileSync(join(folder, name))),
    );
    assert.ok(held.includes('alice'), 'the search finds what is there');
    assert.ok(!held.includes('canary-7f3a91'));
    assert.ok(!world.relayLog.join('\n').includes('canary-7f3a91'));
    assert.ok(world.relayLog.length > 0);
    assert.ok(!world.relayLog.join('\n').includes('alice'));
  });
}).timeout(120_000);

async function lookUp(world: World, name: string): Promise<AccountAnswer> {
  return (await (await fetch(`${world.relay.origin}/v1/accounts/${name}`)).json()) as AccountAnswer;
}
