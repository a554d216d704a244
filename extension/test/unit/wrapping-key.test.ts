import assert from 'node:assert/strict';
import { systemRandomness } from '@crypt2chat/shared/primitives';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { ensureWrappingKey, readWrappingKey, type SecretStore } from '../../src/host/session/wrapping-key.ts';

/** What VS Code offers, on a Map. */
function memoryStore(initial: Record<string, string> = {}) {
  const values = new Map(Object.entries(initial));
  const store: SecretStore = {
    get: async (name) => values.get(name),
    store: async (name, value) => {
      values.set(name, value);
    },
  };
  return { values, store };
}

const broken = new Error('the keyring is locked');
const good = `crypt2chat-key-1:${'A'.repeat(43)}`;

describe('the wrapping key in SecretStorage', () => {
  it('is absent only when nothing stands there', async () => {
    assert.deepEqual(await readWrappingKey(memoryStore().store), { kind: 'absent' });
  });

  it('is present when it parses', async () => {
    const { store } = memoryStore({ 'wrapping-key': good });
    assert.deepEqual(await readWrappingKey(store), { kind: 'present', key: new Uint8Array(32) });
  });

  for (const [what, value] of [
    ['empty', ''],
    ['of another form', 'hello'],
    ['too short', good.slice(0, -1)],
    ['too long', `${good}A`],
    ['not base64url', good.replace('AAA', 'A+A')],
    ['with bits left over', `${good.slice(0, -1)}B`],
    ['of a newer version', good.replace('key-1', 'key-2')],
  ] as const) {
    it(`is corrupt, and never absent, when it is ${what}`, async () => {
      const { store, values } = memoryStore({ 'wrapping-key': value });
      assert.deepEqual(await readWrappingKey(store), { kind: 'corrupt' });
      await assert.rejects(ensureWrappingKey(store, systemRandomness), { code: 'ERR_SECRETS_UNAVAILABLE' });
      assert.equal(values.get('wrapping-key'), value);
    });
  }

  it('is unavailable when the storage does not answer', async () => {
    const store: SecretStore = { get: () => Promise.reject(broken), store: () => Promise.reject(broken) };
    assert.deepEqual(await readWrappingKey(store), { kind: 'unavailable' });
    await assert.rejects(ensureWrappingKey(store, systemRandomness, true), {
      code: 'ERR_SECRETS_UNAVAILABLE',
    });
  });

  it('is made once, and the same ever after', async () => {
    const { store } = memoryStore();
    const first = await ensureWrappingKey(store, seededRandomness('one'));
    assert.equal(first.length, 32);
    assert.deepEqual(await ensureWrappingKey(store, seededRandomness('two')), first);
    assert.deepEqual(await readWrappingKey(store), { kind: 'present', key: first });
  });

  it('is not used when the storage forgets what it was given', async () => {
    const store: SecretStore = { get: async () => undefined, store: async () => undefined };
    await assert.rejects(ensureWrappingKey(store, systemRandomness), { code: 'ERR_SECRETS_UNAVAILABLE' });
  });

  it('is the one that was read back, when another window stored its own meanwhile', async () => {
    const store: SecretStore = { get: memoryStore().store.get, store: async () => undefined };
    let stored = false;
    const racing: SecretStore = {
      get: async (name) => (stored ? good : store.get(name)),
      store: async () => {
        stored = true;
      },
    };
    assert.deepEqual(await ensureWrappingKey(racing, systemRandomness), new Uint8Array(32));
  });

  it('sets a corrupt value aside before another takes its place', async () => {
    const { store, values } = memoryStore({ 'wrapping-key': 'from a newer version' });
    const key = await ensureWrappingKey(store, systemRandomness, true);
    assert.equal(values.get('wrapping-key.set-aside'), 'from a newer version');
    assert.deepEqual(await readWrappingKey(store), { kind: 'present', key });
  });
});
