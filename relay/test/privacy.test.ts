import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { toBase64url, toHex, toUtf8 } from '@crypt2chat/shared/bytes';
import { openDatabase, type Row } from '@crypt2chat/shared/database';
import { hash32 } from '@crypt2chat/shared/primitives';
import { bearerHash } from '../src/middleware/index.ts';
import { migrations } from '../src/store/migrations/index.ts';
import { entry, Group, pollGroups } from './support/groups.ts';
import { ask, askCbor, askJson, type Person, resultsOf, withCapability } from './support/people.ts';
import { Bench, until } from './support/relay.ts';

/**
 * Marked values go through every route; then the log and the files are searched for them. Names stand in the
 * database, in the identity logs that the relay is there to serve; what may not stand there are secrets.
 */
describe('what the relay keeps and logs', () => {
  it('names nobody in its log and holds no secret in its files', async () => {
    const bench = new Bench();
    try {
      const relay = await bench.start({ config: { logLevel: 'debug' } });
      const alice = await bench.person(relay, 'canary-alice');
      const bob = await bench.person(relay, 'canary-bob');
      const capability = hash32('test', toUtf8('canary capability'));
      await bob.setCapability(capability);
      await bob.putPrekeys(bob.prekeysBody().body);
      await alice.claim(bob.accountId);
      await ask(relay.origin, 'GET', '/v1/accounts/canary-bob');
      await ask(relay.origin, 'GET', '/v1/accounts/canary-nobody?after=1');
      await ask(relay.origin, 'GET', '/canary-path');
      await askJson(relay.origin, 'POST', '/v1/accounts', { username: 'canary-bad', link: 'canary' });
      await askJson(relay.origin, 'POST', '/v1/accounts', undefined, { 'x-forwarded-for': '198.51.100.77' });

      const ephemeral = toUtf8('canary ephemeral envelope');
      const poll = bob.poll({ wait: 55 });
      await until(() => relay.waitingPolls() === 1, 'the poll waits');
      await askCbor(
        relay.origin,
        `/v1/mailboxes/${bob.deviceId}/ephemeral`,
        { envelope: ephemeral },
        withCapability(capability),
      );
      await poll;
      const sent = { id: toUtf8('canary-envelope!'), envelope: toUtf8('canary envelope') };
      const path = `/v1/mailboxes/${bob.deviceId}`;
      assert.deepEqual(resultsOf(await askCbor(relay.origin, path, [sent], withCapability(capability))), [
        'stored',
      ]);
      const { cursor } = await bob.events({ wait: 0 });
      await bob.events({ wait: 0, after: cursor });
      await bob.poll({ after: `${cursor}canary`, wait: 0 });

      const log = bench.logLines.join('\n');
      assert.ok(log.includes('"route":"/v1/mailboxes/:id"'), 'requests are logged by their template');
      const secrets = [alice, bob].flatMap((person: Person) => [
        Buffer.from(person.bearer, 'base64url'),
        person.device.sign.privateKey,
        person.device.dh.privateKey,
      ]);
      const named = [alice, bob].flatMap((person) => [person.identity.accountId, person.deviceIdBytes]);
      for (const bytes of [...secrets, ...named, capability, ephemeral, sent.id, sent.envelope]) {
        for (const text of [toBase64url(bytes), toHex(bytes), Buffer.from(bytes).toString('base64')]) {
          assert.equal(log.includes(text), false);
        }
      }
      for (const text of ['canary', cursor, '127.0.0.1', '198.51.100.77']) {
        assert.equal(log.includes(text), false, `the log holds ${text}`);
      }

      const holds = (bytes: Uint8Array): boolean =>
        filesOf(bench.folder).some((file) => file.includes(Buffer.from(bytes)));
      assert.equal(holds(toUtf8('canary-alice')), true, 'the search finds what is there');
      for (const bytes of [...secrets, capability, ephemeral]) assert.equal(holds(bytes), false);
      for (const person of [alice, bob]) assert.equal(holds(toUtf8(person.bearer)), false);
      assert.equal(holds(toUtf8('127.0.0.1:')), true, 'the origin in the identity logs');
    } finally {
      await bench.end();
    }
  });

  it('knows no member of a group, and nobody who reads or writes in it', async () => {
    const bench = new Bench();
    try {
      const relay = await bench.start({ config: { logLevel: 'debug' } });
      const alice = await bench.person(relay, 'canary-alice');
      const group = new Group(relay.origin, 'canary group');
      await group.create(alice, toUtf8('canary welcome'));
      const ephemeral = toUtf8('canary ephemeral of a group');
      const waiting = pollGroups([{ group }], 55);
      await until(() => relay.waitingPolls() === 1, 'the poll waits');
      await group.ephemeral(ephemeral);
      await waiting;
      await group.messages([1]);
      await group.close(2, 0);
      await group.welcome(0);
      await group.post([entry(3)], 7, 0);
      await group.post([entry(3)], 0, 7);
      await pollGroups([{ group }, { group: new Group(relay.origin, 'canary nowhere') }]);
      await relay.stop();

      const log = bench.logLines.join('\n');
      assert.ok(log.includes('"route":"/v1/groups/:id/messages"'), 'requests are logged by their template');
      assert.ok(log.includes('"route":"/v1/groups/events"'));
      const secrets = [0, 1, 7].map((epoch) => group.secret(epoch));
      for (const bytes of [group.id, group.accessHash(0), entry(1).id, ephemeral, ...secrets])
        for (const text of [toBase64url(bytes), toHex(bytes), Buffer.from(bytes).toString('base64')])
          assert.equal(log.includes(text), false);

      const files = filesOf(bench.folder);
      const holds = (bytes: Uint8Array) => files.some((file) => file.includes(Buffer.from(bytes)));
      assert.equal(holds(group.accessHash(0)), true, 'the search finds what is there');
      for (const bytes of [...secrets, ephemeral]) assert.equal(holds(bytes), false);
      const rows = await groupRowsOf(bench.folder);
      assert.equal(rows.length, 1 + 2 + 1 + 2, 'a group, its epochs, its welcome, its entries');
      const { accountId } = alice.identity;
      for (const value of rows.flatMap((row) => Object.values(row))) {
        const isName = typeof value === 'string';
        const bytes = value instanceof Uint8Array ? toHex(value) : '';
        assert.equal(isName, false);
        for (const named of [
          accountId,
          alice.deviceIdBytes,
          bearerHash(Buffer.from(alice.bearer, 'base64url')),
        ])
          assert.equal(bytes.includes(toHex(named)), false);
      }
      // Numbers are what is left of which a person could be counted by: none of these points to an account or a device.
      const columns = new Set(rows.flatMap((row) => Object.keys(row)));
      assert.deepEqual(
        [...columns].filter((name) => /account|device|member|sender|session/.test(name)),
        [],
      );
    } finally {
      await bench.end();
    }
  });
});

/** All rows of all tables that are about groups. */
async function groupRowsOf(folder: string): Promise<Row[]> {
  const db = await openDatabase({
    file: join(folder, 'relay.db'),
    schema: migrations,
    applicationId: 0x43324372,
  });
  const tables = db.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'group%'");
  const rows = tables.flatMap(({ name }) => db.all(`SELECT * FROM ${String(name)}`));
  db.close();
  return rows;
}

function filesOf(folder: string): Buffer[] {
  const files = readdirSync(folder).map((name) => join(folder, name));
  return files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file));
}
