import assert from 'node:assert/strict';
import * as v from 'valibot';
import { toBase64url } from '@crypt2chat/shared/bytes';
import { createIdentity, generateDevice, revokeDevice } from '@crypt2chat/shared/identity';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { accountResponseSchema, appendLinkResponseSchema } from '@crypt2chat/shared/wire';
import type { RunningRelay } from '../src/testing.ts';
import { ask, askCbor, askJson, assertRefused, envelope, Person, withCapability } from './support/people.ts';
import { Bench, until } from './support/relay.ts';

describe('accounts', () => {
  let bench: Bench;
  let relay: RunningRelay;

  beforeEach(async () => {
    bench = new Bench();
    relay = await bench.start();
  });
  afterEach(() => bench.end());

  const someone = (name: string) => new Person(relay.origin, name, bench.clock.now());
  const secondDevice = (of: Person) => {
    const secrets = generateDevice(seededRandomness('another device'));
    return new Person(relay.origin, of.username, bench.clock.now(), { secrets, of });
  };

  describe('registration', () => {
    it('is answered with the account id, and again for the same link', async () => {
      const alice = someone('alice');
      const first = await alice.register();
      assert.equal(first.status, 201);
      assert.deepEqual(first.json, { accountId: alice.accountId });
      const again = await alice.register();
      assert.equal(again.status, 200);
      assert.deepEqual(again.json, first.json);
    });

    it('refuses a name that somebody has', async () => {
      await someone('alice').register();
      const other = createIdentity({
        username: 'alice',
        relay: relay.origin,
        device: generateDevice(seededRandomness('x')),
        recoveryPublicKey: someone('carol').device.sign.publicKey,
        at: 1,
      });
      const body = { username: 'alice', link: toBase64url(other.link) };
      assertRefused(await askJson(relay.origin, 'POST', '/v1/accounts', body), 'ERR_NAME_TAKEN');
    });

    it('refuses a link that does not fit or does not verify', async () => {
      const alice = someone('alice');
      const link = alice.links[0]!;
      const register = (username: string, bytes: Uint8Array) =>
        askJson(relay.origin, 'POST', '/v1/accounts', { username, link: toBase64url(bytes) });
      assertRefused(await register('bob', link), 'ERR_LOG_INVALID');
      assertRefused(await register('alice', link.slice(1)), 'ERR_LOG_INVALID');
      const forged = link.slice();
      forged[forged.length - 1]! ^= 1;
      assertRefused(await register('alice', forged), 'ERR_LOG_INVALID');
      const elsewhere = new Person('https://elsewhere.example', 'alice', bench.clock.now());
      assertRefused(await register('alice', elsewhere.links[0]!), 'ERR_LOG_INVALID');
      assertRefused(await register('Alice', link), 'ERR_REQUEST_INVALID');
      assertRefused(await ask(relay.origin, 'GET', '/v1/accounts/alice'), 'ERR_ACCOUNT_UNKNOWN');
    });

    it('can be closed to new accounts', async () => {
      const alice = someone('alice');
      await alice.register();
      const { port } = relay;
      await relay.stop();
      relay = await bench.start({ port, config: { registration: 'closed' } });
      assertRefused(await someone('bob').register(), 'ERR_REGISTRATION_CLOSED');
      assert.equal((await alice.register()).status, 200);
    });
  });

  describe('lookup', () => {
    it('gives the log by name and by id, whole or after a link', async () => {
      const alice = someone('alice');
      await alice.register();
      const second = secondDevice(alice);
      assert.equal((await alice.appendLink(second.links[1]!)).status, 201);
      for (const name of ['alice', alice.accountId]) {
        const { json } = await ask(relay.origin, 'GET', `/v1/accounts/${name}`);
        const { accountId, username, links } = v.parse(accountResponseSchema, json);
        assert.deepEqual(accountId, new Uint8Array(alice.identity.accountId));
        assert.equal(username, 'alice');
        assert.deepEqual(links, alice.links);
      }
      const lookup = async (after: number) =>
        v.parse(
          accountResponseSchema,
          (await ask(relay.origin, 'GET', `/v1/accounts/alice?after=${after}`)).json,
        ).links;
      assert.deepEqual(await lookup(0), alice.links.slice(1));
      assert.deepEqual(await lookup(1), []);
      assert.deepEqual(await lookup(9), []);
    });

    it('refuses what is not there or is no name', async () => {
      const lookup = (name: string) => ask(relay.origin, 'GET', `/v1/accounts/${name}`);
      assertRefused(await lookup('nobody'), 'ERR_ACCOUNT_UNKNOWN');
      assertRefused(await lookup(toBase64url(new Uint8Array(32))), 'ERR_ACCOUNT_UNKNOWN');
      for (const name of ['UPPER', 'x', '%', '%00', '..%2f', 'a'.repeat(65), '%ff']) {
        assertRefused(await lookup(name), 'ERR_REQUEST_INVALID');
      }
      for (const query of ['after=-1', 'after=x', 'after=1&after=2', 'before=1']) {
        assertRefused(await lookup(`alice?${query}`), 'ERR_REQUEST_INVALID');
      }
    });
  });

  describe('links', () => {
    it('are appended once, and told of again', async () => {
      const alice = someone('alice');
      await alice.register();
      const link = secondDevice(alice).links[1]!;
      const { seq, hash } = alice.identity.head;
      for (const status of [201, 200]) {
        const answer = await alice.appendLink(link);
        assert.equal(answer.status, status);
        assert.deepEqual(v.parse(appendLinkResponseSchema, answer.json).head, { seq, hash });
      }
    });

    it('are refused at a place that is taken, with a gap, unsigned, or for an account that is not there', async () => {
      const alice = someone('alice');
      await alice.register();
      const unborn = someone('alice');
      const fork = secondDevice(unborn).links[1]!;
      const second = secondDevice(alice);
      const third = revokeDevice(second.identity, alice.device, second.deviceIdBytes, 5).link;
      assertRefused(await alice.appendLink(third), 'ERR_LOG_INVALID');
      const forged = second.links[1]!.slice();
      forged[forged.length - 1]! ^= 1;
      assertRefused(await alice.appendLink(forged), 'ERR_LOG_INVALID');
      assert.equal((await alice.appendLink(second.links[1]!)).status, 201);
      const another = revokeDevice(second.identity, alice.device, second.deviceIdBytes, 5).link;
      assert.equal((await alice.appendLink(another)).status, 201);
      const late = revokeDevice(second.identity, second.device, alice.deviceIdBytes, 6).link;
      assertRefused(await alice.appendLink(late), 'ERR_LOG_CONFLICT');
      assert.equal((await alice.appendLink(fork)).status, 200);
      assertRefused(await someone('nobody').appendLink(fork), 'ERR_ACCOUNT_UNKNOWN');
      const path = '/v1/accounts/short/links';
      assertRefused(
        await askJson(relay.origin, 'POST', path, { link: toBase64url(fork) }),
        'ERR_REQUEST_INVALID',
      );
    });

    it('that revoke a device take its sessions, prekeys, mailbox and poll at once', async () => {
      const alice = await bench.person(relay, 'alice');
      const bob = await bench.person(relay, 'bob');
      const second = secondDevice(alice);
      await alice.appendLink(second.links[1]!);
      await second.signIn();
      const capability = new Uint8Array(32).fill(3);
      await second.setCapability(capability);
      assert.equal((await second.putPrekeys(second.prekeysBody().body)).status, 200);
      const waiting = second.poll({ wait: 55 });
      await until(() => relay.waitingPolls() === 1, 'the poll waits');

      const { link } = revokeDevice(alice.identity, alice.device, second.deviceIdBytes, bench.clock.now());
      assert.equal((await alice.appendLink(link)).status, 201);
      assertRefused(await waiting, 'ERR_DEVICE_REVOKED');
      assertRefused(await second.poll(), 'ERR_UNAUTHENTICATED');
      assertRefused(await second.answerChallenge(await second.challenge()), 'ERR_DEVICE_REVOKED');
      assertRefused(await bob.claim(alice.accountId), 'ERR_NO_PREKEYS');
      const post = await askCbor(
        relay.origin,
        `/v1/mailboxes/${second.deviceId}`,
        [envelope(1)],
        withCapability(capability),
      );
      assertRefused(post, 'ERR_MAILBOX_UNKNOWN');
      assert.equal((await alice.poll({ wait: 0 })).status, 200);
    });

    it('survive a restart, after which the log is verified anew and goes on', async () => {
      const alice = someone('alice');
      await alice.register();
      const second = secondDevice(alice);
      await alice.appendLink(second.links[1]!);
      const { port } = relay;
      await relay.stop();
      relay = await bench.start({ port });
      const { link } = revokeDevice(alice.identity, second.device, alice.deviceIdBytes, bench.clock.now());
      assert.equal((await alice.appendLink(link)).status, 201);
      await second.signIn();
    });
  });
});
