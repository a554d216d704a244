/** From nothing to an open engine, with the real thread, real vault files and a real relay. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type RunningRelay, startRelay } from '@crypt2chat/relay/testing';
import type { EngineChange } from '@crypt2chat/shared/engine';
import { systemRandomness } from '@crypt2chat/shared/primitives';
import { FetchTransport, type SecretStore, Session, type SessionState, VaultFolder } from '../../src/host/session/index.ts';
import { bundleWorker } from './worker-bundle.ts';

type Secrets = SecretStore & { readonly values: Map<string, string> };

function memorySecrets(): Secrets {
  const values = new Map<string, string>();
  return {
    values,
    get: async (name) => values.get(name),
    store: async (name, value) => {
      values.set(name, value);
    },
  };
}

const silent: SecretStore = {
  get: () => Promise.reject(new Error('no keyring')),
  store: () => Promise.reject(new Error('no keyring')),
};

describe('a session', function () {
  this.timeout(60_000);
  let folder: string;
  let worker: { workerFile: string; wasmFile: string };
  let relay: RunningRelay;
  let names = 0;
  const sessions: Session[] = [];
  const logged: string[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'crypt2chat-session-'));
    worker = await bundleWorker(folder);
    relay = await startRelay({ dataFolder: join(folder, 'relay') });
  });

  after(async () => {
    await relay.stop();
    await rm(folder, { recursive: true, maxRetries: 5 });
  });

  beforeEach(() => {
    logged.length = 0;
  });

  afterEach(async () => {
    await Promise.all(sessions.splice(0).map((session) => session.close()));
  });

  function sessionAt(storage: string, secrets: SecretStore, workerFile = worker.workerFile): Session {
    const session = new Session({
      folder: new VaultFolder(storage),
      secrets,
      randomness: systemRandomness,
      transport: new FetchTransport(globalThis.fetch),
      workerFile,
      wasmFile: worker.wasmFile,
      log: (code) => logged.push(code),
      lock: { retryForMs: 0 },
      restartDelaysMs: [10, 20, 30],
    });
    sessions.push(session);
    return session;
  }

  async function newStorage(): Promise<string> {
    return mkdtemp(join(folder, 'storage-'));
  }

  const vaultFile = (storage: string) => new VaultFolder(storage).file;
  const newName = () => `person-${++names}`;

  /** Waits for a state that `accept` likes; the test's own timeout is the limit. */
  function stateOf(session: Session, accept: (state: SessionState) => boolean): Promise<SessionState> {
    return new Promise((resolve) => {
      const look = () => {
        if (!accept(session.state)) return;
        unsubscribe();
        resolve(session.state);
      };
      const unsubscribe = session.subscribe({ onState: look, onChange: look });
      look();
    });
  }

  function changeOf(session: Session, accept: (change: EngineChange) => boolean): Promise<EngineChange> {
    return new Promise((resolve) => {
      const unsubscribe = session.subscribe({
        onState: () => undefined,
        onChange: (change) => {
          if (!accept(change)) return;
          unsubscribe();
          resolve(change);
        },
      });
    });
  }

  const hasAccount = (state: SessionState) => state.kind === 'open' && state.engine.account !== undefined;

  async function registered(storage: string, secrets: SecretStore, workerFile?: string): Promise<Session> {
    const session = sessionAt(storage, secrets, workerFile);
    assert.equal((await session.start()).kind, 'fresh');
    await session.register({ relay: relay.origin, username: newName() });
    await stateOf(session, hasAccount);
    return session;
  }

  function accountOf({ state }: Session): string | undefined {
    return state.kind === 'open' ? state.engine.account?.address : undefined;
  }

  it('makes nothing before somebody registers, and asks a relay without a vault', async () => {
    const storage = await newStorage();
    const secrets = memorySecrets();
    const session = sessionAt(storage, secrets);
    assert.deepEqual(session.state, { kind: 'asleep' });
    assert.deepEqual(await session.start(), { kind: 'fresh' });
    const { origin, registration } = await session.checkRelay(relay.origin);
    assert.deepEqual([origin, registration], [relay.origin, 'open']);
    assert.equal(secrets.values.size, 0);
    assert.equal(await new VaultFolder(storage).exists(), false);
  });

  it('registers, and is there again after it was closed', async () => {
    const storage = await newStorage();
    const secrets = memorySecrets();
    const first = await registered(storage, secrets);
    const address = accountOf(first);
    assert.ok(address);
    await first.close();
    await assert.rejects(first.call('recoveryPhrase', undefined), { code: 'ERR_NOT_OPEN' });

    const second = sessionAt(storage, secrets);
    assert.equal((await second.start()).kind, 'open');
    assert.equal(accountOf(second), address);
  });

  it('keeps the form when registering fails, and goes on where it was', async () => {
    const storage = await newStorage();
    const taken = await registered(await newStorage(), memorySecrets());
    const name = accountOf(taken)?.split('#')[0] ?? '';
    const session = sessionAt(storage, memorySecrets());
    await session.start();
    await assert.rejects(session.register({ relay: relay.origin, username: name }), { code: 'ERR_NAME_TAKEN' });
    assert.ok(session.state.kind === 'open' && session.state.engine.account === undefined);
    await session.register({ relay: relay.origin, username: newName() });
    await stateOf(session, hasAccount);
  });

  it('makes no vault while the secret cannot be kept', async () => {
    const storage = await newStorage();
    for (const secrets of [silent, { get: async () => undefined, store: async () => undefined }]) {
      const session = sessionAt(storage, secrets);
      await session.start();
      await assert.rejects(session.register({ relay: relay.origin, username: newName() }), (error: { code: string }) =>
        ['ERR_SECRETS_UNAVAILABLE', 'ERR_NOT_OPEN'].includes(error.code),
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
      storage = await newStorage();
      secrets = memorySecrets();
      const session = await registered(storage, secrets);
      address = accountOf(session);
      phrase = await session.call('recoveryPhrase', undefined);
      await session.close();
      vault = await readFile(vaultFile(storage));
    });

    /** Nobody registers over it, nothing of it changes, and a wrong phrase does not help. */
    async function staysLocked(session: Session, reason: string) {
      assert.deepEqual(await session.start(), { kind: 'locked', reason });
      assert.deepEqual(await session.retry(), { kind: 'locked', reason });
      await assert.rejects(session.register({ relay: relay.origin, username: newName() }), { code: 'ERR_NOT_OPEN' });
      await assert.rejects(session.recover({ relay: relay.origin, username: newName(), phrase }), {
        code: 'ERR_NOT_OPEN',
      });
      assert.deepEqual(await readFile(vaultFile(storage)), vault);
    }

    async function opensAgain(store: SecretStore) {
      const again = sessionAt(storage, store);
      await again.start();
      assert.equal(accountOf(again), address);
    }

    it('is lost, asks for the phrase and takes no other', async () => {
      secrets.values.clear();
      const session = sessionAt(storage, secrets);
      await staysLocked(session, 'secret-lost');
      assert.equal(secrets.values.size, 0);
      const words = phrase.split(' ');
      await assert.rejects(session.unlock(words.slice(1).join(' ')), { code: 'ERR_PHRASE_INVALID' });
      const other = await (await registered(await newStorage(), memorySecrets())).call('recoveryPhrase', undefined);
      await assert.rejects(session.unlock(other), { code: 'ERR_PHRASE_WRONG' });
      assert.equal(session.state.kind, 'locked');
      await session.unlock(phrase);
      assert.equal(accountOf(session), address);
      await session.close();
      await opensAgain(secrets);
    });

    it('is corrupt, keeps everything and says so', async () => {
      secrets.values.set('wrapping-key', 'half of a k');
      const session = sessionAt(storage, secrets);
      await staysLocked(session, 'secret-corrupt');
      assert.equal(secrets.values.get('wrapping-key'), 'half of a k');
      await session.unlock(phrase);
      await session.close();
      assert.equal(secrets.values.get('wrapping-key.set-aside'), 'half of a k');
      await opensAgain(secrets);
    });

    it('is not told by the keychain, waits for it', async () => {
      const session = sessionAt(storage, silent);
      await staysLocked(session, 'secret-unavailable');
      await session.close();
      await opensAgain(secrets);
    });

    it('is another one, wraps the vault under that one and leaves it as it is', async () => {
      const others = memorySecrets();
      await (await registered(await newStorage(), others)).close();
      const other = others.values.get('wrapping-key');
      const session = sessionAt(storage, others);
      await staysLocked(session, 'secret-lost');
      await session.unlock(phrase);
      await session.close();
      assert.equal(others.values.get('wrapping-key'), other);
      await opensAgain(others);
    });
  });

  it('leaves a vault alone that is not one', async () => {
    const storage = await newStorage();
    const secrets = memorySecrets();
    await (await registered(storage, secrets)).close();
    const file = vaultFile(storage);
    const garbage = Buffer.from('this is no database, and it is somebody’s only copy of it');
    await writeFile(file, garbage);
    const session = sessionAt(storage, secrets);
    assert.deepEqual(await session.start(), { kind: 'locked', reason: 'vault-corrupt' });
    assert.deepEqual(await readFile(file), garbage);
  });

  it('goes to one window; another says where it is, and takes over when asked to once it is free', async () => {
    const storage = await newStorage();
    const secrets = memorySecrets();
    const first = await registered(storage, secrets);
    const address = accountOf(first);
    const second = sessionAt(storage, secrets);
    assert.deepEqual(await second.start(), { kind: 'elsewhere' });
    assert.deepEqual(await second.retry(), { kind: 'elsewhere' });
    await assert.rejects(second.startOver(new Date()), { code: 'ERR_NOT_OPEN' });
    await assert.rejects(second.call('recoveryPhrase', undefined), { code: 'ERR_NOT_OPEN' });
    assert.equal(accountOf(first), address);
    await first.close();
    assert.equal(second.state.kind, 'elsewhere');
    assert.equal((await second.retry()).kind, 'open');
    assert.equal(accountOf(second), address);
  });

  it('opens what another window registered meanwhile, instead of a second vault', async () => {
    const storage = await newStorage();
    const secrets = memorySecrets();
    const slow = sessionAt(storage, secrets);
    assert.equal((await slow.start()).kind, 'fresh');
    const fast = await registered(storage, secrets);
    const address = accountOf(fast);
    await assert.rejects(slow.register({ relay: relay.origin, username: newName() }), { code: 'ERR_NOT_OPEN' });
    assert.equal(slow.state.kind, 'elsewhere');
    await fast.close();
    await slow.retry();
    assert.equal(accountOf(slow), address);
  });

  it('starts over beside the old vault, which still opens', async () => {
    const storage = await newStorage();
    const secrets = memorySecrets();
    const session = await registered(storage, secrets);
    const address = accountOf(session);
    const aside = await session.startOver(new Date('2026-03-12T10:00:00.000Z'));
    assert.equal(aside, join(storage, 'vault-set-aside-20260312T100000000Z'));
    assert.deepEqual(session.state, { kind: 'fresh' });
    await session.register({ relay: relay.origin, username: newName() });
    assert.notEqual(accountOf(session), address);
    await session.close();

    await rm(dirname(vaultFile(storage)), { recursive: true });
    await mkdir(dirname(vaultFile(storage)));
    for (const name of await readdir(aside)) {
      await writeFile(join(dirname(vaultFile(storage)), name), await readFile(join(aside, name)));
    }
    const again = sessionAt(storage, secrets);
    await again.start();
    assert.equal(accountOf(again), address);
  });

  it('recovers an account on another computer by its phrase', async () => {
    const first = await registered(await newStorage(), memorySecrets());
    const address = accountOf(first);
    const phrase = await first.call('recoveryPhrase', undefined);
    const second = sessionAt(await newStorage(), memorySecrets());
    await second.start();
    await second.recover({ relay: relay.origin, username: address?.split('#')[0] ?? '', phrase });
    await stateOf(second, hasAccount);
    assert.equal(accountOf(second), address);
  });

  it('starts a thread again that ended by itself, and not without end', async () => {
    const storage = await newStorage();
    const secrets = memorySecrets();
    const crash = join(storage, 'crash');
    const fragile = join(storage, 'fragile.cjs');
    await writeFile(
      fragile,
      `const { watch, existsSync, rmSync } = require('node:fs');
       require(${JSON.stringify(worker.workerFile)});
       watch(${JSON.stringify(storage)}, () => {
         if (!existsSync(${JSON.stringify(crash)})) return;
         rmSync(${JSON.stringify(crash)}, { force: true });
         process.exit(1);
       }).unref();`,
    );
    const session = await registered(storage, secrets, fragile);
    const address = accountOf(session);
    const pending = assert.rejects(session.checkRelay('https://192.0.2.1'), (error: { code: string }) =>
      ['ERR_ENGINE_STOPPED', 'ERR_RELAY_UNREACHABLE'].includes(error.code),
    );
    await writeFile(crash, '');
    await stateOf(session, ({ kind }) => kind === 'opening');
    await assert.rejects(session.call('recoveryPhrase', undefined), { code: 'ERR_NOT_OPEN' });
    await pending;
    await stateOf(session, hasAccount);
    assert.equal(accountOf(session), address);
    assert.ok(logged.includes('ERR_ENGINE_STOPPED'));

    for (const reason of [1, 2]) {
      await writeFile(crash, String(reason));
      await stateOf(session, ({ kind }) => kind === 'opening');
      await stateOf(session, hasAccount);
    }
    await writeFile(crash, 'the last');
    assert.deepEqual(await stateOf(session, ({ kind }) => kind === 'locked'), {
      kind: 'locked',
      reason: 'engine-stopped',
    });
    assert.equal((await session.retry()).kind, 'open');
    assert.equal(accountOf(session), address);
  });

  it('carries a message from one person to another', async () => {
    const alice = await registered(await newStorage(), memorySecrets());
    const bob = await registered(await newStorage(), memorySecrets());
    const { key } = await alice.call('openConversation', { address: accountOf(bob) ?? '' });
    const arrival = changeOf(bob, (change) => change.kind === 'message' && change.arrived);
    const sent = await alice.call('send', { conversation: key, draft: { kind: 'text', text: 'hello' } });
    assert.equal(sent.state, 'pending');
    const change = await arrival;
    assert.ok(change.kind === 'message' && change.message.body.kind === 'text');
    assert.equal(change.message.body.text, 'hello');
    const request = await stateOf(bob, (state) => state.kind === 'open' && state.engine.conversations.length === 1);
    assert.ok(request.kind === 'open' && request.engine.conversations[0]?.status === 'request');
    await bob.call('answerRequest', { conversation: key, answer: 'accept' });
    const delivered = changeOf(alice, (each) => each.kind === 'message' && each.message.state === 'delivered');
    assert.ok(await delivered);
    const page = await bob.call('page', { conversation: key, limit: 10 });
    assert.deepEqual(
      page.messages.map(({ body }) => body),
      [{ kind: 'text', text: 'hello' }],
    );
  });
});
