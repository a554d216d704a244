import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection } from '../../src/database/connection.ts';
import { openSample, type SampleOptions } from './sample.ts';

/** A folder for each test of a suite. What is left open in it is let go, and it is removed, after the test. */
export function useFolder(): {
  at: (name?: string) => string;
  open: (options?: SampleOptions, name?: string) => Promise<Connection>;
} {
  let folder = '';
  let opened: Connection[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'crypt2chat-database-'));
    opened = [];
  });
  afterEach(() => {
    for (const connection of opened) connection.abandon();
    rmSync(folder, { recursive: true, force: true });
  });
  const at = (name = 'test.db'): string => join(folder, name);
  return {
    at,
    open: async (options, name) => {
      const connection = await openSample(at(name), options);
      opened.push(connection);
      return connection;
    },
  };
}
