import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemRandomness } from '@crypt2chat/shared/primitives';
import { manualClock } from '@crypt2chat/shared/testing';
import { Core } from '../../src/engine/core.ts';
import { owedThrough } from '../../src/engine/owed.ts';
import { conversations } from '../../src/engine/records.ts';
import { upgradeRecords } from '../../src/engine/upgrade.ts';
import { createVault } from '../../src/engine/vault/index.ts';

describe('records of earlier versions', () => {
  it('receipts that waited in a conversation wait in their own table, once, and the conversation stays', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'crypt2chat-upgrade-'));
    const randomness = systemRandomness;
    const vault = await createVault({ file: join(folder, 'vault'), randomness }, randomness.bytes(32));
    try {
      const core = new Core(vault, manualClock(), randomness);
      const [arrived, read] = [randomness.bytes(16), randomness.bytes(16)];
      const conversation = {
        id: randomness.bytes(32),
        peer: randomness.bytes(32),
        status: 'active' as const,
        draft: 'half a thought',
        counter: 7,
        unread: 2,
        owesHello: false,
        awaited: [],
      };
      vault.put(conversations, { ...conversation, owedDelivered: [arrived], owedRead: [read] });
      for (let again = 0; again < 2; again++) {
        upgradeRecords(core);
        assert.deepEqual(vault.get(conversations, conversation.id), conversation);
        const owed = owedThrough(core, conversation.id).sort((a, b) => a.state.localeCompare(b.state));
        assert.deepEqual(
          owed.map(({ state, ids }) => [state, ids]),
          [
            ['delivered', [arrived]],
            ['read', [read]],
          ],
        );
      }
    } finally {
      vault.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
