import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@crypt2chat/shared/database';
import { manualClock, seededRandomness } from '@crypt2chat/shared/testing';
import { openSqliteStore } from '../src/store/index.ts';
import { MailboxMemory } from '../src/store/sqlite-mailbox-memory.ts';
import { migrations } from '../src/store/migrations/index.ts';
import { storeContract } from './support/store-contract.ts';

storeContract('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'c2c-store-'));
  const clock = manualClock();
  const randomness = seededRandomness('store');
  return {
    open: () =>
      openSqliteStore({ folder, clock, randomness, onFatal: (error) => assert.fail(String(error)) }),
    destroy: async () => rmSync(folder, { recursive: true }),
  };
});

describe('the SQLite store', () => {
  it('brings a database of every earlier version to this one, and keeps what is in it', async () => {
    for (let version = 1; version < migrations.length; version++) {
      const folder = mkdtempSync(join(tmpdir(), 'c2c-store-'));
      try {
        const old = await openDatabase({
          file: join(folder, 'relay.db'),
          schema: migrations.slice(0, version),
          applicationId: 0x43324372,
        });
        old.run('INSERT INTO accounts (account_id, username) VALUES (?, ?)', [
          new Uint8Array(32),
          'from-before',
        ]);
        old.close();
        const store = await openSqliteStore({
          folder,
          clock: manualClock(),
          randomness: seededRandomness('upgrade'),
          onFatal: (error) => assert.fail(String(error)),
        });
        assert.deepEqual((await store.accountByName('from-before'))?.accountId, new Uint8Array(32));
        const group = { groupId: new Uint8Array(32), accessHash: new Uint8Array(32) };
        assert.equal(await store.createGroup({ ...group, welcome: new Uint8Array(1), at: 0 }), 'created');
        await store.close();
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
  });
});

describe('the memory of mailboxes', () => {
  it('takes nothing that was read before a change', () => {
    const memory = new MailboxMemory();
    const deviceId = new Uint8Array(32);
    const mailbox = { device: 1, capabilityHash: null, isOnlyOne: true };
    const { changes } = memory;
    memory.remember(deviceId, mailbox, changes);
    assert.equal(memory.get(deviceId), mailbox);
    memory.forgetAll();
    memory.remember(deviceId, mailbox, changes);
    assert.equal(memory.get(deviceId), undefined);
  });
});
