import assert from 'node:assert/strict';
import { explain } from '../src/explain.ts';

describe('what the operator is told of a failure', () => {
  it('names the place that the system does not let this user use', () => {
    const denied = (place: object) =>
      explain(Object.assign(new Error('EACCES'), { code: 'EACCES', ...place }));
    for (const [place, words] of [
      [{ path: '/data/relay.db' }, 'use /data/relay.db.'],
      [{ address: '/data/relay.sock', port: -1 }, 'use /data/relay.sock.'],
      [{ address: '127.0.0.1', port: 80 }, 'use 127.0.0.1:80.'],
    ] as const) {
      assert.ok(denied(place).endsWith(words), denied(place));
    }
  });
});
