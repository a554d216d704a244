import { manualClock, seededRandomness } from '@crypt2chat/shared/testing';
import { createLog } from '../src/log.ts';
import { openPostgresStore } from '../src/store/index.ts';
import { makeSchema } from './support/postgres.ts';
import { storeContract } from './support/store-contract.ts';

storeContract('PostgreSQL', async () => {
  const { url, drop } = await makeSchema();
  const clock = manualClock();
  const randomness = seededRandomness('store');
  const log = createLog('silent');
  return {
    open: (by) =>
      openPostgresStore({
        url,
        maxConnections: 10,
        isRelay: by === 'relay',
        onFatal: (error) => {
          throw error;
        },
        clock,
        randomness,
        log,
      }),
    destroy: drop,
  };
});
