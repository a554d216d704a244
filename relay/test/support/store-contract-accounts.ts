/** The part of the contract about accounts and sessions. */
import assert from 'node:assert/strict';
import {
  account,
  alice,
  maxAccountBytes,
  aliceAccount,
  at,
  bytes,
  device,
  envelopes,
  prekeys,
  session,
  type StoreFixture,
} from './store-fixture.ts';

export function accountsContract(f: StoreFixture): void {
  describe('accounts', () => {
    it('are found by name and by id, also after a restart', async () => {
      await f.reopen();
      const expected = {
        accountId: aliceAccount.accountId,
        username: 'name1',
        blocked: false,
        links: [aliceAccount.link],
      };
      assert.deepEqual(await f.store.accountByName('name1'), expected);
      assert.deepEqual(await f.store.accountById(aliceAccount.accountId), expected);
      assert.equal(await f.store.accountByName('name2'), undefined);
      assert.equal(await f.store.accountById(bytes(32, 9)), undefined);
      assert.deepEqual(await f.store.device(alice.deviceId), {
        ...alice,
        accountId: aliceAccount.accountId,
        revoked: false,
        blocked: false,
      });
      assert.equal(await f.store.device(bytes(32, 9)), undefined);
    });

    it('have names and devices of their own', async () => {
      assert.equal(await f.store.register(aliceAccount), 'exists');
      assert.equal(await f.store.register({ ...account(2), username: 'name1' }), 'name-taken');
      assert.equal(await f.store.register(account(2, [alice])), 'device-taken');
      assert.equal(await f.store.accountByName('name2'), undefined);
      const outcomes = await Promise.all(
        [3, 4, 5].map((number) => f.store.register({ ...account(number), username: 'one' })),
      );
      assert.deepEqual(outcomes.sort(), ['created', 'name-taken', 'name-taken']);
    });

    it('take a link only at the end of the log', async () => {
      const link = {
        accountId: aliceAccount.accountId,
        seq: 1,
        link: bytes(90, 2),
        devices: [alice, device(2)],
      };
      assert.equal(await f.store.appendLink({ ...link, seq: 2 }), 'conflict');
      assert.equal(await f.store.appendLink({ ...link, accountId: bytes(32, 9) }), 'unknown');
      assert.equal(await f.store.appendLink(link), 'appended');
      assert.equal(await f.store.appendLink(link), 'exists');
      assert.equal(await f.store.appendLink({ ...link, link: bytes(90, 3) }), 'conflict');
      await f.reopen();
      assert.deepEqual((await f.store.accountByName('name1'))?.links, [aliceAccount.link, link.link]);
      assert.equal((await f.store.device(device(2).deviceId))?.revoked, false);
      await f.store.register(account(3));
      const taken = { ...link, seq: 2, link: bytes(90, 4), devices: [alice, device(3)] };
      assert.equal(await f.store.appendLink(taken), 'device-taken');
      assert.equal((await f.store.accountByName('name1'))?.links.length, 2);
    });

    it('let one of two links at a place win', async () => {
      const links = [2, 3, 4].map((number) => ({
        accountId: aliceAccount.accountId,
        seq: 1,
        link: bytes(90, number),
        devices: [alice, device(number)],
      }));
      const outcomes = await Promise.all(links.map((link) => f.store.appendLink(link)));
      assert.deepEqual(outcomes.sort(), ['appended', 'conflict', 'conflict']);
    });

    it('take everything from a revoked device', async () => {
      const bob = device(2);
      const revoked: Uint8Array[] = [];
      f.store.listen({ revoked: (id) => revoked.push(id) });
      const link = { accountId: aliceAccount.accountId, seq: 1, link: bytes(90, 2), devices: [alice, bob] };
      await f.store.appendLink(link);
      await f.store.createSession(session(bob.deviceId, 1));
      await f.store.publishPrekeys(prekeys(bob.deviceId, 1));
      await f.store.deliver({
        deviceId: bob.deviceId,
        envelopes: envelopes(1),
        at,
        maxWaiting: 10,
        maxAccountBytes,
      });
      assert.equal(
        await f.store.appendLink({ ...link, seq: 2, link: bytes(90, 3), devices: [alice] }),
        'appended',
      );

      assert.deepEqual(revoked, [bob.deviceId]);
      assert.equal((await f.store.device(bob.deviceId))?.revoked, true);
      assert.equal(await f.store.session(bytes(32, 1), at), undefined);
      assert.equal(await f.store.createSession(session(bob.deviceId, 2)), 'unknown');
      assert.equal(await f.store.mailbox(bob.deviceId), undefined);
      assert.deepEqual(await f.store.envelopes(bob.deviceId, 0, 10), []);
      const again = { deviceId: bob.deviceId, envelopes: envelopes(9), at, maxWaiting: 10, maxAccountBytes };
      assert.equal(await f.store.deliver(again), undefined);
      assert.equal(await f.store.publishPrekeys(prekeys(bob.deviceId, 100)), 'unknown');
      assert.deepEqual(await f.store.claimBundles(aliceAccount.accountId), []);
      assert.deepEqual(await f.store.countPrekeys(bob.deviceId), { oneTimePrekeys: 0, oneTimeKemKeys: 0 });
    });
  });

  describe('sessions', () => {
    it('are found by the hash of their bearer until they expire', async () => {
      assert.equal(await f.store.createSession(session(alice.deviceId, 1)), 'created');
      await f.reopen();
      assert.deepEqual((await f.store.session(bytes(32, 1), at))?.deviceId, alice.deviceId);
      assert.equal(await f.store.session(bytes(32, 1), at + 3_600_000), undefined);
      assert.equal(await f.store.session(bytes(32, 2), at), undefined);
    });

    it('spend their challenge', async () => {
      assert.equal(await f.store.createSession(session(bytes(32, 9), 1)), 'unknown');
      const attempts = [1, 2, 3].map((number) => ({
        ...session(alice.deviceId, number),
        challenge: bytes(32, 1),
      }));
      const outcomes = await Promise.all(attempts.map((attempt) => f.store.createSession(attempt)));
      assert.deepEqual(outcomes.sort(), ['challenge-spent', 'challenge-spent', 'created']);
      await f.reopen();
      assert.equal(await f.store.createSession(attempts[1]!), 'challenge-spent');
    });
  });
}
