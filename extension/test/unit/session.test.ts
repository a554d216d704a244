/** From nothing to an open engine, with the real thread, real vault files and a real relay. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type SecretStore, type Session, VaultFolder } from '../../src/host/session/index.ts';
import { addressOf, change, hasAccount, memorySecrets, People, type Secrets, until } from './people.ts';

const silent: SecretStore = {
  get: () => Promise.reject(new Error('no keyring')),
  store: () => Promise.reject(new Error('no keyring')),
};

describe('a session', function () {
  this.timeout(60_000);
  let people: People;
  const vaultFile = (storage: string) => new VaultFolder(storage).file;

  before(async () => {
    people = await People.gather();
  });
  after(() => people.leave());
  afterEach(() => people.closeSessions());

  it('makes nothing before somebody registers, and asks a relay without a vault', async () => {
    const storage = await people.newStorage();
    const secrets = memorySecrets();
    const session = people.session(storage, secrets);
    assert.deepEqual(session.state, { kind: 'asleep' });
    assert.deepEqual(await session.start(), { kind: 'fresh' });
    const { origin, registration } = await session.checkRelay(people.relay.origin);
    assert.deepEqual([origin, registration], [people.relay.origin, 'open']);
    assert.equal(secrets.values.size, 0);
    assert.equal(await new VaultFolder(storage).exists(), false);
  });

  it('registers, and is there again after it was closed', async () => {
    const storage = await people.newStorage();
    const secrets = memorySecrets();
    const first = await people.register(storage, secrets);
    const address = addressOf(first);
    assert.ok(address);
    await first.close();
    await assert.rejects(first.call('recoveryPhrase', undefined), { code: 'ERR_NOT_OPEN' });

    const second = people.session(storage, secrets);
    assert.equal((await second.start()).kind, 'open');
    assert.equal(addressOf(second), address);
  });

  it('keeps the form when registering fails, and goes on where it was', async () => {
    const storage = await people.newStorage();
    const taken = await people.register();
    const name = addressOf(taken)?.split('#')[0] ?? '';
    const session = people.session(storage, memorySecrets());
    await session.start();
    await assert.rejects(session.register({ relay: people.relay.origin, username: name }), {
      code: 'ERR_NAME_TAKEN',
    });
    assert.ok(session.state.kind === 'open' && session.state.engine.account === undefined);
    await session.register({ relay: people.relay.origin, username: people.newName() });
    await until(session, hasAccount);
  });

  it('makes no vault while the secret cannot be kept', async () => {
    const storage = await people.newStorage();
    for (const secrets of [silent, { get: async () => undefined, store: async () => undefined }]) {
      const session = people.session(storage, secrets);
      await session.start();
      await assert.rejects(
        session.register({ relay: people.relay.origin, username: people.newName() }),
        (error: { code: string }) => ['ERR_SECRETS_UNAVAILABLE', 'ERR_NOT_OPEN'].includes(error.code),
      );
      assert.equal(await new VaultFolder(storage).exists(), false);
      await session.close();
    }
  });

  describe('with a vault whose secret', () => {
    let storage: string;
    let secrets: Secrets;
    let address: string | undefined;
    let phrase: string;
    let vault: Buffer;

    beforeEach(async () => {
      storage = await people.newStorage();
      secrets = memorySecrets();
      const session = await people.register(storage, secrets);
      address = addressOf(session);
      phrase = await session.call('recoveryPhrase', undefined);
      await session.close();
      vault = await readFile(vaultFile(storage));
    });

    /** Nobody registers over it, nothing of it changes, and a wrong phrase does not help. */
    async function staysLocked(session: Session, reason: string) {
      assert.deepEqual(await session.start(), { kind: 'locked', reason });
      assert.deepEqual(await session.retry(), { kind: 'locked', reason });
      await assert.rejects(session.register({ relay: people.relay.origin, username: people.newName() }), {
        code: 'ERR_NOT_OPEN',
      });
      await assert.rejects(
        session.recover({ relay: people.relay.origin, username: people.newName(), phrase }),
        {
          code: 'ERR_NOT_OPEN',
        },
      );
      assert.deepEqual(await readFile(vaultFile(storage)), vault);
    }

    async function opensAgain(store: SecretStore) {
      const again = people.session(storage, store);
      await again.start();
      assert.equal(addressOf(again), address);
    }

    it('is lost, asks for the phrase and takes no other', async () => {
      secrets.values.clear();
      const session = people.session(storage, secrets);
      await staysLocked(session, 'secret-lost');
      assert.equal(secrets.values.size, 0);
      const words = phrase.split(' ');
      await assert.rejects(session.unlock(words.slice(1).join(' ')), { code: 'ERR_PHRASE_INVALID' });
      const other = await (await people.register()).call('recoveryPhrase', undefined);
      await assert.rejects(session.unlock(other), { code: 'ERR_PHRASE_WRONG' });
      assert.equal(session.state.kind, 'locked');
      await session.unlock(phrase);
      assert.equal(addressOf(session), address);
      await session.close();
      await opensAgain(secrets);
    });

    it('is corrupt, keeps everything and says so', async () => {
      secrets.values.set('wrapping-key', 'half of a k');
      const session = people.session(storage, secrets);
      await staysLocked(session, 'secret-corrupt');
      assert.equal(secrets.values.get('wrapping-key'), 'half of a k');
      await session.unlock(phrase);
      await session.close();
      assert.equal(secrets.values.get('wrapping-key.set-aside'), 'half of a k');
      await opensAgain(secrets);
    });

    it('is not told by the keychain, waits for it', async () => {
      const session = people.session(storage, silent);
      await staysLocked(session, 'secret-unavailable');
      await session.close();
      await opensAgain(secrets);
    });

    it('is another one, wraps the vault under that one and leaves it as it is', async () => {
      const others = memorySecrets();
      await (await people.register(undefined, others)).close();
      const other = others.values.get('wrapping-key');
      const session = people.session(storage, others);
      await staysLocked(session, 'secret-lost');
      await session.unlock(phrase);
      await session.close();
      assert.equal(others.values.get('wrapping-key'), other);
      await opensAgain(others);
    });
  });

  it('leaves a vault alone that is not one', async () => {
    const storage = await people.newStorage();
    const secrets = memorySecrets();
    await (await people.register(storage, secrets)).close();
    const file = vaultFile(storage);
    const garbage = Buffer.from('this is no database, and it is somebody’s only copy of it');
    await writeFile(file, garbage);
    const session = people.session(storage, secrets);
    assert.deepEqual(await session.start(), { kind: 'locked', reason: 'vault-corrupt' });
    assert.deepEqual(await readFile(file), garbage);
  });

  it('goes to one window; another says where it is, and gets it when asked to and not before', async () => {
    const storage = await people.newStorage();
    const secrets = memorySecrets();
    const first = await people.register(storage, secrets);
    const address = addressOf(first);
    const second = people.session(storage, secrets);
    assert.deepEqual(await second.start(), { kind: 'elsewhere' });
    await assert.rejects(second.startOver(new Date()), { code: 'ERR_NOT_OPEN' });
    await assert.rejects(second.call('recoveryPhrase', undefined), { code: 'ERR_NOT_OPEN' });
    assert.equal(addressOf(first), address);

    assert.equal((await second.retry()).kind, 'open');
    assert.equal(addressOf(second), address);
    assert.deepEqual(first.state, { kind: 'elsewhere' });
    await assert.rejects(first.call('recoveryPhrase', undefined), { code: 'ERR_NOT_OPEN' });

    assert.equal((await first.retry()).kind, 'open');
    await first.close();
    assert.equal(second.state.kind, 'elsewhere');
    assert.equal((await second.retry()).kind, 'open');
  });

  it('is handed over to nobody who lacks the secret', async () => {
    const storage = await people.newStorage();
    const first = await people.register(storage, memorySecrets());
    const others = memorySecrets();
    await (await people.register(undefined, others)).close();
    for (const secrets of [others, memorySecrets(), silent]) {
      const second = people.session(storage, secrets, { askedMs: 2_000 });
      assert.deepEqual(await second.start(), { kind: 'elsewhere' });
      assert.deepEqual(await second.retry(), { kind: 'elsewhere' });
    }
    assert.ok(hasAccount(first.state));
  });

  it('opens what another window registered meanwhile, instead of a second vault', async () => {
    const storage = await people.newStorage();
    const secrets = memorySecrets();
    const slow = people.session(storage, secrets);
    assert.equal((await slow.start()).kind, 'fresh');
    const fast = await people.register(storage, secrets);
    const address = addressOf(fast);
    await assert.rejects(slow.register({ relay: people.relay.origin, username: people.newName() }), {
      code: 'ERR_NOT_OPEN',
    });
    assert.equal(slow.state.kind, 'elsewhere');
    await fast.close();
    await slow.retry();
    assert.equal(addressOf(slow), address);
  });

  it('starts over beside the old vault, which still opens', async () => {
    const storage = await people.newStorage();
    const secrets = memorySecrets();
    const session = await people.register(storage, secrets);
    const address = addressOf(session);
    const aside = await session.startOver(new Date('2026-03-12T10:00:00.000Z'));
    assert.equal(aside, join(storage, 'vault-set-aside-20260312T100000000Z'));
    assert.deepEqual(session.state, { kind: 'fresh' });
    await session.register({ relay: people.relay.origin, username: people.newName() });
    assert.notEqual(addressOf(session), address);
    await session.close();

    await rm(dirname(vaultFile(storage)), { recursive: true });
    await mkdir(dirname(vaultFile(storage)));
    for (const name of await readdir(aside)) {
      await writeFile(join(dirname(vaultFile(storage)), name), await readFile(join(aside, name)));
    }
    const again = people.session(storage, secrets);
    await again.start();
    assert.equal(addressOf(again), address);
  });

  it('recovers an account on another computer by its phrase', async () => {
    const first = await people.register();
    const address = addressOf(first);
    const phrase = await first.call('recoveryPhrase', undefined);
    const second = people.session(await people.newStorage(), memorySecrets());
    await second.start();
    await second.recover({ relay: people.relay.origin, username: address?.split('#')[0] ?? '', phrase });
    await until(second, hasAccount);
    assert.equal(addressOf(second), address);
  });

  it('starts a thread again that ended by itself, and not without end', async () => {
    const storage = await people.newStorage();
    const secrets = memorySecrets();
    const crash = join(storage, 'crash');
    const fragile = join(storage, 'fragile.cjs');
    await writeFile(
      fragile,
      `const { watch, existsSync, rmSync } = require('node:fs');
       require(${JSON.stringify(people.workerFile)});
       watch(${JSON.stringify(storage)}, () => {
         if (!existsSync(${JSON.stringify(crash)})) return;
         rmSync(${JSON.stringify(crash)}, { force: true });
         process.exit(1);
       }).unref();`,
    );
    const session = await people.register(storage, secrets, fragile);
    const address = addressOf(session);
    const pending = assert.rejects(session.checkRelay('https://192.0.2.1'), (error: { code: string }) =>
      ['ERR_ENGINE_STOPPED', 'ERR_RELAY_UNREACHABLE'].includes(error.code),
    );
    await writeFile(crash, '');
    await until(session, ({ kind }) => kind === 'opening');
    await assert.rejects(session.call('recoveryPhrase', undefined), { code: 'ERR_NOT_OPEN' });
    await pending;
    await until(session, hasAccount);
    assert.equal(addressOf(session), address);
    assert.ok(people.logged.includes('ERR_ENGINE_STOPPED'));

    for (const reason of [1, 2]) {
      await writeFile(crash, String(reason));
      await until(session, ({ kind }) => kind === 'opening');
      await until(session, hasAccount);
    }
    await writeFile(crash, 'the last');
    assert.deepEqual(await until(session, ({ kind }) => kind === 'locked'), {
      kind: 'locked',
      reason: 'engine-stopped',
    });
    assert.equal((await session.retry()).kind, 'open');
    assert.equal(addressOf(session), address);
  });

  it('carries a message from one person to another', async () => {
    const alice = await people.register();
    const bob = await people.register();
    const { key } = await alice.call('openConversation', { address: addressOf(bob) ?? '' });
    const arrival = change(bob, (each) => each.kind === 'message' && each.arrived);
    const sent = await alice.call('send', { conversation: key, draft: { kind: 'text', text: 'hello' } });
    assert.equal(sent.state, 'pending');
    const arrived = await arrival;
    assert.ok(arrived.kind === 'message' && arrived.message.body.kind === 'text');
    assert.equal(arrived.message.body.text, 'hello');
    const request = await until(
      bob,
      (state) => state.kind === 'open' && state.engine.conversations.length === 1,
    );
    assert.ok(request.kind === 'open' && request.engine.conversations[0]?.status === 'request');
    await bob.call('answerRequest', { conversation: key, answer: 'accept' });
    const delivered = change(alice, (each) => each.kind === 'message' && each.message.state === 'delivered');
    assert.ok(await delivered);
    const page = await bob.call('page', { conversation: key, limit: 10 });
    assert.deepEqual(
      page.messages.map(({ body }) => body),
      [{ kind: 'text', text: 'hello' }],
    );
  });
});
