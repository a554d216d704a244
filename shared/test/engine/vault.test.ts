import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toUtf8 } from '@crypt2chat/shared/bytes';
import { createVault, openVault, reopenVault, type VaultLocation } from '@crypt2chat/shared/engine';
import { deriveRecovery, generateRecoveryPhrase } from '@crypt2chat/shared/identity';
import { systemRandomness } from '@crypt2chat/shared/primitives';
import * as v from 'valibot';
import { openDatabase } from '../../src/database/index.ts';
import { conversations, maxOwed } from '../../src/engine/records.ts';
import { defineTable } from '../../src/engine/vault/index.ts';

const at = v.pipe(v.number(), v.minValue(0));
const schema = v.strictObject({ name: v.string(), group: v.string(), at, text: v.string() });
const notes = defineTable<v.InferOutput<typeof schema>>({
  name: 'note',
  schema,
  key: ({ name }) => toUtf8(name),
  scope: ({ group }) => toUtf8(group),
  rank: ({ at }) => at,
  tie: ({ name }) => toUtf8(name),
});
/** Rank and tie stand in the clear, by design: these have none that tell anything. */
const { tie: _tie, ...secretNotes } = notes;
const cachedNotes = { ...notes, name: 'cached-note', cached: true };
const note = (name: string, at = 1, group = 'g', text = 'text') => ({ name, group, at, text });

describe('the vault', () => {
  let folder: string;
  let location: VaultLocation;
  const secret = systemRandomness.bytes(32);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'crypt2chat-vault-'));
    location = { file: join(folder, 'vault.db'), randomness: systemRandomness };
  });
  afterEach(() => {
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true, force: true });
  });

  it('gives back what was put, after closing and opening with the same secret', async () => {
    const vault = await createVault(location, secret);
    vault.put(notes, note('a'));
    vault.put(notes, note('a', 2, 'g', 'changed'));
    vault.put(notes, note('b', 1));
    vault.delete(notes, toUtf8('b'));
    vault.close();
    const again = await openVault(location, secret);
    assert.deepEqual(again.get(notes, toUtf8('a')), note('a', 2, 'g', 'changed'));
    assert.equal(again.get(notes, toUtf8('b')), undefined);
    assert.equal(again.count(notes), 1);
    again.close();
  });

  it('takes nothing that it could not give back, and gives back the largest conversation there may be', async () => {
    const vault = await createVault(location, secret);
    assert.throws(() => vault.put(notes, { ...note('a'), at: -1 }), TypeError);
    assert.throws(() => vault.put(notes, note('a', 1, 'g', 'x'.repeat(3 * 1024 * 1024))), TypeError);
    const ids = Array.from({ length: maxOwed }, () => systemRandomness.bytes(16));
    const largest = {
      id: new Uint8Array(32),
      peer: new Uint8Array(32),
      status: 'active' as const,
      draft: '\u20ac'.repeat(32 * 1024),
      counter: 2 ** 40,
      unread: Number.MAX_SAFE_INTEGER,
      readUpTo: { counter: 2 ** 40, id: new Uint8Array(16) },
      lastActivityAt: Number.MAX_SAFE_INTEGER,
      owedDelivered: ids,
      owedRead: ids,
      owesHello: true,
      awaited: ids.slice(0, 100),
    };
    vault.put(conversations, largest);
    vault.close();
    const again = await openVault(location, secret);
    assert.deepEqual(again.get(conversations, largest.id), largest);
    again.close();
  });

  it('lists in the order of rank and tie, within a scope, before and after a place', async () => {
    const vault = await createVault(location, secret);
    for (const [name, at] of [
      ['c', 2],
      ['a', 2],
      ['b', 1],
      ['d', 3],
    ] as const)
      vault.put(notes, note(name, at));
    vault.put(notes, note('x', 1, 'other'));
    const names = (options: Parameters<typeof vault.list>[1]) =>
      vault.list(notes, options).map(({ name }) => name);
    const scope = toUtf8('g');
    assert.deepEqual(names({ scope, limit: 9 }), ['b', 'a', 'c', 'd']);
    assert.deepEqual(names({ scope, limit: 2, descending: true }), ['d', 'c']);
    assert.deepEqual(names({ scope, limit: 9, before: { rank: 2, tie: toUtf8('c') } }), ['b', 'a']);
    assert.deepEqual(names({ scope, limit: 9, after: { rank: 2, tie: toUtf8('a') } }), ['c', 'd']);
    assert.equal(vault.count(notes, toUtf8('other')), 1);
    vault.close();
  });

  it('undoes a transaction that fails, also what it has in memory, and an inner one alone', async () => {
    const vault = await createVault(location, secret);
    vault.put(cachedNotes, note('a', 1, 'g', 'before'));
    assert.throws(() => {
      vault.transaction(() => {
        vault.put(cachedNotes, note('a', 1, 'g', 'during'));
        vault.put(cachedNotes, note('b'));
        throw new Error('no');
      });
    }, /no/);
    assert.equal(vault.get(cachedNotes, toUtf8('a'))?.text, 'before');
    assert.equal(vault.get(cachedNotes, toUtf8('b')), undefined);
    vault.transaction(() => {
      vault.put(cachedNotes, note('outer'));
      assert.throws(() => {
        vault.transaction(() => {
          vault.put(cachedNotes, note('inner'));
          throw new Error('no');
        });
      });
    });
    assert.ok(vault.get(cachedNotes, toUtf8('outer')));
    assert.equal(vault.get(cachedNotes, toUtf8('inner')), undefined);
    vault.close();
  });

  it('holds no plaintext, key or scope in its file', async () => {
    const vault = await createVault(location, secret);
    vault.put(secretNotes, note('canary-key', 1, 'canary-scope', 'canary-text'));
    vault.put(secretNotes, note('canary-deleted', 1, 'canary-scope', 'canary-gone'));
    vault.delete(secretNotes, toUtf8('canary-deleted'));
    vault.close();
    const held = readFileSync(location.file);
    assert.ok(held.includes('note'), 'the search finds what is there');
    assert.ok(!held.includes('canary'));
    assert.ok(!held.includes(Buffer.from(secret)));
  });

  it('refuses another secret, and leaves the vault as it is', async () => {
    (await createVault(location, secret)).close();
    const before = readFileSync(location.file);
    await assert.rejects(openVault(location, systemRandomness.bytes(32)), { code: 'ERR_VAULT_SECRET_WRONG' });
    await assert.rejects(createVault(location, systemRandomness.bytes(32)), { code: 'ERR_VAULT_EXISTS' });
    assert.deepEqual(readFileSync(location.file), before);
    (await openVault(location, secret)).close();
  });

  it('finishes a vault whose making was interrupted before anything was in it', async () => {
    (await createVault(location, secret)).close();
    await meddle('DELETE FROM header');
    const vault = await openVault(location, secret);
    vault.put(notes, note('a'));
    vault.close();
    const again = await openVault(location, secret);
    assert.deepEqual(again.get(notes, toUtf8('a')), note('a'));
    again.close();
  });

  it('makes nothing when there is nothing to open', async () => {
    await assert.rejects(openVault(location, secret), { code: 'ERR_VAULT_MISSING' });
    await assert.rejects(reopenVault(location, generateRecoveryPhrase(systemRandomness), secret), {
      code: 'ERR_VAULT_MISSING',
    });
    assert.ok(!existsSync(location.file));
  });

  it('opens by its phrase under a new secret; the old secret is out; another phrase is refused', async () => {
    const phrase = generateRecoveryPhrase(systemRandomness);
    const vault = await createVault(location, secret);
    vault.put(notes, note('a'));
    vault.setPhraseKey(deriveRecovery(phrase).vaultKey);
    vault.close();
    await assert.rejects(reopenVault(location, generateRecoveryPhrase(systemRandomness), secret), {
      code: 'ERR_PHRASE_WRONG',
    });
    await assert.rejects(reopenVault(location, 'one two three', secret), { code: 'ERR_PHRASE_INVALID' });
    const fresh = systemRandomness.bytes(32);
    const again = await reopenVault(location, phrase.toUpperCase(), fresh);
    assert.deepEqual(again.get(notes, toUtf8('a')), note('a'));
    again.close();
    await assert.rejects(openVault(location, secret), { code: 'ERR_VAULT_SECRET_WRONG' });
    (await openVault(location, fresh)).close();
  });

  it('notices a row that was put in the place of another, or changed', async () => {
    const vault = await createVault(location, secret);
    vault.put(notes, note('a', 1, 'g', 'of a'));
    vault.put(notes, note('b', 2, 'g', 'of b'));
    vault.close();
    await meddle(
      'UPDATE rows SET sealed = (SELECT sealed FROM rows AS other WHERE other.rank = 2) WHERE rank = 1',
    );
    const again = await openVault(location, secret);
    assert.throws(() => again.get(notes, toUtf8('a')), { code: 'ERR_VAULT_CORRUPT' });
    assert.equal(again.get(notes, toUtf8('b'))?.text, 'of b');
    again.close();
    await meddle('UPDATE rows SET rank = 7 WHERE rank = 2');
    const third = await openVault(location, secret);
    assert.throws(() => third.get(notes, toUtf8('b')), { code: 'ERR_VAULT_CORRUPT' });
    third.close();
  });

  it('says what is wrong with a file that is corrupt or no vault, and changes nothing in it', async () => {
    writeFileSync(location.file, 'this is not a vault, but it may be all that is left of one');
    const before = readFileSync(location.file);
    for (const open of [openVault, createVault]) {
      await assert.rejects(open(location, secret), (error: { code?: string }) =>
        /^ERR_DATABASE_(CORRUPT|UNSUPPORTED)$/.test(error.code ?? ''),
      );
    }
    assert.deepEqual(readFileSync(location.file), before);
  });

  async function meddle(sql: string): Promise<void> {
    const database = await openDatabase({
      file: location.file,
      applicationId: 0x63326376,
      schema: ['SELECT 1'],
    });
    database.run(sql);
    database.close();
  }
});
