import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@crypt2chat/shared/database';
import { migrations } from '../src/store/migrations/index.ts';
import type { RunningRelay } from '../src/testing.ts';
import { Commands } from './support/command.ts';
import {
  ask,
  askCbor,
  assertRefused,
  envelope,
  type Person,
  resultsOf,
  withCapability,
} from './support/people.ts';
import { Bench } from './support/relay.ts';

const capability = new Uint8Array(32).fill(7);
const applicationId = 0x43324372;

describe('backup and restore', () => {
  let bench: Bench;
  let relay: RunningRelay;
  let elsewhere: string;
  let backup: string;
  let bob: Person;
  let run: Commands['run'];

  beforeEach(async () => {
    bench = new Bench();
    relay = await bench.start();
    elsewhere = mkdtempSync(join(tmpdir(), 'c2c-backup-'));
    backup = join(elsewhere, 'relay.backup');
    const commands = new Commands(bench.folder, bench.clock);
    run = (...args) => commands.run(...args);
    bob = await bench.person(relay, 'bob');
    await bob.setCapability(capability);
    await bob.putPrekeys(bob.prekeysBody(3, 2).body);
  });
  afterEach(async () => {
    await bench.end();
    rmSync(elsewhere, { recursive: true });
  });

  const send = async (...ids: number[]) =>
    resultsOf(
      await askCbor(
        relay.origin,
        `/v1/mailboxes/${bob.deviceId}`,
        ids.map((id) => envelope(id)),
        withCapability(capability),
      ),
    );
  const received = async () =>
    (await bob.events({ wait: 0 })).envelopes.map(({ id }) =>
      new DataView(id.buffer, id.byteOffset).getUint32(0),
    );
  const makeBackup = async () => {
    const { code, error } = await run('backup', backup);
    assert.equal(code, 0, error);
  };

  /** Stops the relay, restores the backup over its data, and starts it at the same port. */
  async function restore(): Promise<void> {
    const { port } = relay;
    await relay.stop();
    const { code, error } = await run('restore', backup, '--replace');
    assert.equal(code, 0, error);
    relay = await bench.start({ port });
  }

  /** Does something to the backup as a database. */
  async function spoil(...sql: string[]): Promise<void> {
    const db = await openDatabase({ file: backup, schema: migrations, applicationId });
    for (const statement of sql) db.run(statement);
    db.close();
  }

  it('bring back what was there, beside what goes on meanwhile', async () => {
    await send(1, 2);
    let isOver = false;
    let id = 10;
    const stored: number[] = [];
    const load = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (!isOver) {
          const mine = id++;
          if (stored.length < 60 && (await send(mine))[0] === 'stored') stored.push(mine);
        }
      }),
    );
    const before = stored.slice();
    await makeBackup();
    isOver = true;
    await load;
    await restore();
    await bob.signIn();
    const found = new Set(await received());
    for (const known of [1, 2, ...before]) assert.ok(found.has(known), `${known} was acknowledged before`);
    assert.deepEqual(await send(1), ['duplicate']);
    assert.deepEqual(await send(5000), ['stored']);
  });

  it('begin a new life: what may have been given out since is void, and no old cursor counts', async () => {
    await send(1);
    const alice = await bench.person(relay, 'alice');
    const { cursor } = await bob.events({ wait: 0 });
    const challenge = await bob.challenge();
    await makeBackup();
    assert.equal((await alice.claim(bob.accountId)).status, 200);
    await restore();
    assertRefused(await bob.poll({ wait: 0 }), 'ERR_UNAUTHENTICATED');
    assertRefused(await bob.answerChallenge(challenge), 'ERR_CHALLENGE_INVALID');
    await bob.signIn();
    assertRefused(await bob.poll({ wait: 0, after: cursor }), 'ERR_CURSOR_INVALID');
    assert.deepEqual(await received(), [1]);
    const count = await ask(relay.origin, 'GET', '/v1/device/prekeys/count', { headers: bob.auth });
    assert.deepEqual(count.json, { oneTimePrekeys: 0, oneTimeKemKeys: 0 });
    await alice.signIn();
    const claimed = (await alice.claim(bob.accountId)).json as { bundles: Record<string, unknown>[] };
    assert.deepEqual(Object.keys(claimed.bundles[0]!).sort(), ['deviceId', 'signature', 'signed']);
    const refilled = await bob.putPrekeys(bob.prekeysBody(3, 2).body);
    assert.deepEqual(refilled.json, { oneTimePrekeys: 3, oneTimeKemKeys: 2 });
  });

  it('give the same on standard output, and leave nothing in the folder', async () => {
    await send(1, 2, 3);
    const files = readdirSync(bench.folder);
    const { code, bytes } = await run('backup', '-');
    assert.equal(code, 0);
    assert.deepEqual(readdirSync(bench.folder), files);
    writeFileSync(backup, bytes);
    const verified = await run('restore', '--verify', backup);
    assert.equal(verified.code, 0, verified.text);
    assert.match(verified.text, /1 account, 3 envelopes/);
  });

  it('are refused where they would write over something, or while a relay runs', async () => {
    await makeBackup();
    const bytes = readFileSync(backup);
    assert.equal((await run('backup', backup)).code, 1);
    assert.deepEqual(readFileSync(backup), bytes);
    assert.equal((await run('backup', join(elsewhere, 'relay.backup', 'file'))).code, 1);
    assert.equal((await run('restore', backup, '--replace')).code, 1);
    assert.equal((await run('restore', '--in-place')).code, 1);
    await relay.stop();
    const files = readdirSync(bench.folder);
    assert.equal((await run('restore', backup)).code, 1);
    assert.deepEqual(readdirSync(bench.folder), files);
    assert.equal((await run('restore')).code, 2);
    assert.equal((await run('restore', backup, '--in-place')).code, 2);
  });

  it('keep what was replaced', async () => {
    await makeBackup();
    await send(1);
    await restore();
    const [aside] = readdirSync(bench.folder).filter((name) => /^relay\.db\.[0-9T]+$/.test(name));
    assert.ok(aside);
    copyFileSync(join(bench.folder, aside), join(elsewhere, 'aside'));
    const verified = await run('restore', '--verify', join(elsewhere, 'aside'));
    assert.match(verified.text, /1 account, 1 envelope\b/);
  });

  it('go into an empty folder', async () => {
    await send(1);
    await makeBackup();
    const folder = join(elsewhere, 'new');
    const there = new Commands(folder, bench.clock);
    assert.equal((await there.run('restore', backup)).code, 0);
    assert.deepEqual(readdirSync(folder), ['relay.db']);
    assert.match((await there.run('stats')).text, /1 envelope,/);
  });

  it('of data that were set back by other means begin a new life in place', async () => {
    const { port } = relay;
    await relay.stop();
    assert.equal((await run('restore', '--in-place')).code, 0);
    relay = await bench.start({ port });
    assertRefused(await bob.poll({ wait: 0 }), 'ERR_UNAUTHENTICATED');
    await bob.signIn();
    const count = await ask(relay.origin, 'GET', '/v1/device/prekeys/count', { headers: bob.auth });
    assert.deepEqual(count.json, { oneTimePrekeys: 0, oneTimeKemKeys: 0 });
  });

  describe('a backup that is not well', () => {
    beforeEach(async () => {
      await send(1, 2);
      await makeBackup();
    });

    /** It is called so, and nothing takes its place. */
    async function assertRefusedBackup(): Promise<string> {
      const verified = await run('restore', '--verify', backup);
      assert.equal(verified.code, 1);
      if (!relay.isStopped()) await relay.stop();
      const files = readdirSync(bench.folder);
      const restored = await run('restore', backup, '--replace');
      assert.equal(restored.code, 1);
      assert.deepEqual(readdirSync(bench.folder), files);
      return verified.text + verified.error;
    }

    it('is found by its bytes', async () => {
      const bytes = readFileSync(backup);
      const page = 4096;
      for (let at = page * 3 + 8; at < bytes.length; at += page) bytes.fill(0xff, at, at + 100);
      writeFileSync(backup, bytes);
      await assertRefusedBackup();
    });

    it('is found by its length', async () => {
      writeFileSync(backup, readFileSync(backup).subarray(0, 60_000));
      await assertRefusedBackup();
    });

    it('is found by what its rows say of each other', async () => {
      await spoil('UPDATE mailboxes SET waiting = waiting + 1');
      assert.match(await assertRefusedBackup(), /another number/);
    });

    it('is found by the signatures in its logs', async () => {
      await spoil('UPDATE links SET link = CAST(substr(link, 1, length(link) - 20) || zeroblob(20) AS BLOB)');
      assert.match(await assertRefusedBackup(), /1 identity logs do not verify/);
    });

    it('is found by a device that no log names', async () => {
      await spoil('UPDATE devices SET revoked = 1', 'DELETE FROM mailboxes', 'DELETE FROM envelopes');
      assert.match(await assertRefusedBackup(), /identity logs/);
    });

    it('may be of a newer version, or something else altogether', async () => {
      const extra = 'CREATE TABLE extra (number INTEGER PRIMARY KEY) STRICT';
      const db = await openDatabase({ file: backup, schema: [...migrations, extra], applicationId });
      db.close();
      assert.match(await assertRefusedBackup(), /newer/);
      writeFileSync(backup, 'this is a letter to somebody');
      await assertRefusedBackup();
      rmSync(backup);
      const other = await openDatabase({ file: backup, schema: [extra], applicationId: 1 });
      other.close();
      assert.match(await assertRefusedBackup(), /not a backup/);
    });

    it('may be a copied database without its log', async () => {
      const copied = join(elsewhere, 'copied.db');
      copyFileSync(join(bench.folder, 'relay.db'), copied);
      copyFileSync(join(bench.folder, 'relay.db-wal'), `${copied}-wal`);
      assert.ok(existsSync(`${copied}-wal`));
      const { code, error } = await run('restore', '--verify', copied);
      assert.equal(code, 1);
      assert.match(error, /--in-place/);
    });
  });
});
