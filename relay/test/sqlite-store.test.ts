import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manualClock, seededRandomness } from '@crypt2chat/shared/testing';
import { openSqliteStore } from '../src/store/index.ts';
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
