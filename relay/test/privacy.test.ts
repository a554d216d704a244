import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { toBase64url, toHex, toUtf8 } from '@crypt2chat/shared/bytes';
import { hash32 } from '@crypt2chat/shared/primitives';
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
});

function filesOf(folder: string): Buffer[] {
  const files = readdirSync(folder).map((name) => join(folder, name));
  return files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file));
}
