/** The part of the contract about what the operator sees and does. */
import assert from 'node:assert/strict';
import type { AuditedTable, DeviceSummary } from '../../src/store/index.ts';
import {
  account,
  alice,
  aliceAccount,
  at,
  bytes,
  device,
  envelopes,
  maxAccountBytes,
  prekeys,
  session,
  type StoreFixture,
} from './store-fixture.ts';

const bob = device(2);
const nobody = bytes(32, 9999);

export function operatorContract(f: StoreFixture): void {
  const deliverTo = (deviceId: Uint8Array, from: number, count = 1, size = 1000) =>
    f.store.deliver({
      deviceId,
      envelopes: envelopes(from, count, size),
      at,
      maxWaiting: 100,
      maxAccountBytes,
    });

  /** Alice with a second device, which is Bob's no more; both with everything that a device can have. */
  async function giveAliceEverything(): Promise<void> {
    const link = { accountId: aliceAccount.accountId, seq: 1, link: bytes(90, 2), devices: [alice, bob] };
    assert.equal(await f.store.appendLink(link), 'appended');
    for (const [i, { deviceId }] of [alice, bob].entries()) {
      await f.store.createSession(session(deviceId, i + 1));
      await f.store.publishPrekeys(prekeys(deviceId, 1));
      await f.store.setCapability(deviceId, bytes(32, 5));
      await deliverTo(deviceId, 10 * i, 2);
    }
  }

  describe('the operator’s view', () => {
    it('lists accounts by name, in portions', async () => {
      for (const number of [3, 2, 4]) await f.store.register(account(number));
      await deliverTo(alice.deviceId, 1, 3);
      await f.store.setBlocked(account(3).accountId, true);
      const all = await f.store.accounts('', 100);
      assert.deepEqual(
        all.map(({ username, blocked }) => [username, blocked]),
        [
          ['name1', false],
          ['name2', false],
          ['name3', true],
          ['name4', false],
        ],
      );
      assert.deepEqual(all[0], {
        accountId: aliceAccount.accountId,
        username: 'name1',
        blocked: false,
        devices: 1,
        waiting: { envelopes: 3, bytes: 3000 },
      });
      const names = async (after: string, limit: number) =>
        (await f.store.accounts(after, limit)).map(({ username }) => username);
      assert.deepEqual(await names('name1', 2), ['name2', 'name3']);
      assert.deepEqual(await names('name4', 2), []);
    });

    it('lists names in the order of their code points', async () => {
      const names = ['a_b', 'a-b', 'a.b', 'a0', 'ab', 'z', '0a'];
      for (const [i, username] of names.entries()) await f.store.register({ ...account(10 + i), username });
      const listed = await f.store.accounts('', 100);
      assert.deepEqual(
        listed.map(({ username }) => username),
        [...names, 'name1'].sort(),
      );
    });

    it('shows devices with what there is for each', async () => {
      await giveAliceEverything();
      const full = (deviceId: Uint8Array): DeviceSummary => ({
        deviceId,
        revoked: false,
        sessions: 1,
        hasPrekeys: true,
        oneTimePrekeys: 3,
        oneTimeKemKeys: 2,
        waiting: { envelopes: 2, bytes: 2000 },
      });
      assert.deepEqual(await f.store.devicesOf(aliceAccount.accountId, at), [
        full(alice.deviceId),
        full(bob.deviceId),
      ]);
      const later = await f.store.devicesOf(aliceAccount.accountId, at + 3_600_000);
      assert.deepEqual(
        later.map(({ sessions }) => sessions),
        [0, 0],
      );
      assert.deepEqual(await f.store.devicesOf(nobody, at), []);
      const revocation = { accountId: aliceAccount.accountId, seq: 2, link: bytes(90, 3), devices: [alice] };
      await f.store.appendLink(revocation);
      assert.deepEqual((await f.store.devicesOf(aliceAccount.accountId, at))[1], {
        deviceId: bob.deviceId,
        revoked: true,
        sessions: 0,
        hasPrekeys: false,
        oneTimePrekeys: 0,
        oneTimeKemKeys: 0,
        waiting: { envelopes: 0, bytes: 0 },
      });
    });

    it('counts everything', async () => {
      await giveAliceEverything();
      await f.store.register(account(3));
      await f.store.setBlocked(account(3).accountId, true);
      await f.store.addInvite({
        codeHash: bytes(32, 1),
        note: '',
        madeAt: at,
        expiresAt: at + 1,
        maxUses: 1,
      });
      await f.store.addInvite({ codeHash: bytes(32, 2), note: '', madeAt: at, expiresAt: at, maxUses: 1 });
      const access = { groupId: bytes(32, 7), accessHash: bytes(32, 8) };
      await f.store.createGroup({ ...access, welcome: bytes(10, 1), at });
      const { schemaVersion, databaseBytes, relays, ...counts } = await f.store.stats(at);
      assert.ok(relays === undefined || relays === 1);
      assert.ok(Number.isInteger(schemaVersion) && schemaVersion > 0);
      assert.ok(databaseBytes > 0);
      assert.deepEqual(counts, {
        accounts: 2,
        blockedAccounts: 1,
        devices: 3,
        sessions: 2,
        waiting: { envelopes: 4, bytes: 4000 },
        groups: 1,
        groupMessages: 0,
        invites: 1,
      });
    });
  });

  describe('a blocked account', () => {
    it('is told by its devices and itself, loses its sessions and keeps its mail', async () => {
      const told: Uint8Array[] = [];
      f.store.listen({ blocked: (id) => told.push(id) });
      await f.store.createSession(session(alice.deviceId, 1));
      await deliverTo(alice.deviceId, 1);
      assert.equal(await f.store.setBlocked(aliceAccount.accountId, true), true);
      await f.heard(() => told.length === 1);
      assert.deepEqual(told, [alice.deviceId]);
      await f.reopen();
      assert.equal((await f.store.device(alice.deviceId))?.blocked, true);
      assert.equal((await f.store.accountByName('name1'))?.blocked, true);
      assert.equal(await f.store.session(bytes(32, 1), at), undefined);
      assert.deepEqual(await deliverTo(alice.deviceId, 2), ['stored']);
      assert.equal((await f.waiting()).length, 2);
    });

    it('is as before when it is unblocked', async () => {
      await f.store.setBlocked(aliceAccount.accountId, true);
      assert.equal(await f.store.setBlocked(aliceAccount.accountId, false), true);
      await f.store.createSession(session(alice.deviceId, 1));
      assert.equal((await f.store.session(bytes(32, 1), at))?.blocked, false);
      assert.equal(await f.store.setBlocked(nobody, true), false);
    });
  });

  describe('the operator’s broom', () => {
    it('empties the mailboxes of an account, which take no id twice all the same', async () => {
      await giveAliceEverything();
      assert.deepEqual(await f.store.emptyMailboxes(aliceAccount.accountId), { envelopes: 4, bytes: 4000 });
      assert.deepEqual(await f.waiting(), []);
      assert.deepEqual(await deliverTo(alice.deviceId, 0, 3), ['duplicate', 'duplicate', 'stored']);
      assert.deepEqual(await f.store.emptyMailboxes(aliceAccount.accountId), { envelopes: 1, bytes: 1000 });
      assert.deepEqual(await f.store.emptyMailboxes(nobody), { envelopes: 0, bytes: 0 });
    });

    it('deletes an account without a trace, and its name is free', async () => {
      const gone: Uint8Array[] = [];
      f.store.listen({ revoked: (id) => gone.push(id) });
      await f.store.register(account(3));
      await deliverTo(device(3).deviceId, 1);
      await giveAliceEverything();
      assert.equal(await f.store.deleteAccount(aliceAccount.accountId), true);
      await f.heard(() => gone.length === 2);
      assert.deepEqual(gone, [alice.deviceId, bob.deviceId]);
      assert.equal(await f.store.deleteAccount(aliceAccount.accountId), false);
      assert.equal(await f.store.accountByName('name1'), undefined);
      assert.equal(await f.store.audit(aliceAccount.accountId), undefined);
      assert.equal(await deliverTo(alice.deviceId, 1), undefined);
      const { accounts, devices, sessions, waiting } = await f.store.stats(at);
      assert.deepEqual([accounts, devices, sessions, waiting.envelopes], [1, 1, 0, 1]);
      assert.equal(await f.store.register({ ...aliceAccount, devices: [alice, bob] }), 'created');
      const again = (await f.store.audit(aliceAccount.accountId))!;
      assert.deepEqual(again.flatMap(({ table, rows }) => rows.map(() => table)).sort(), [
        'accounts',
        ...['devices', 'devices'],
        'links',
        ...['mailboxes', 'mailboxes'],
      ]);
    });
  });

  describe('an audit', () => {
    const countsOf = (found: readonly AuditedTable[]) =>
      Object.fromEntries(found.map(({ table, rows }) => [table, rows.length]));

    it('finds every row about an account and none of another’s', async () => {
      await f.store.register(account(3));
      await f.store.createSession(session(device(3).deviceId, 3));
      await deliverTo(device(3).deviceId, 50, 7);
      await giveAliceEverything();
      const found = await f.store.audit(aliceAccount.accountId);
      assert.ok(found);
      assert.deepEqual(countsOf(found), {
        accounts: 1,
        links: 2,
        devices: 2,
        sessions: 2,
        prekey_sets: 2,
        signed_keys: 6,
        one_time_prekeys: 6,
        one_time_kems: 4,
        mailboxes: 2,
        envelopes: 4,
        envelope_ids: 4,
      });
      const others = await f.store.audit(account(3).accountId);
      assert.equal(countsOf(others!)['envelopes'], 7);
      assert.equal(await f.store.audit(nobody), undefined);
    });

    it('gives values as they are, and of what is sealed the size alone', async () => {
      await deliverTo(alice.deviceId, 1, 1, 1234);
      const rowOf = (found: readonly AuditedTable[] | undefined, name: string) =>
        found?.find(({ table }) => table === name)?.rows[0];
      const found = await f.store.audit(aliceAccount.accountId);
      const row = rowOf(found, 'accounts');
      assert.deepEqual([row?.['account_id'], row?.['username']], [aliceAccount.accountId, 'name1']);
      assert.deepEqual(rowOf(found, 'links')?.['link'], { bytes: aliceAccount.link.length });
      assert.deepEqual(rowOf(found, 'envelopes')?.['envelope'], { bytes: 1234 });
      assert.equal(rowOf(found, 'envelope_ids')?.['seen_at'], at);
      assert.equal(rowOf(found, 'mailboxes')?.['capability_hash'], null);
    });
  });

  describe('a new life of old data', () => {
    it('has other secrets, and nothing in it that may have been given out', async () => {
      await giveAliceEverything();
      const { secret, incarnation } = f.store;
      await f.beginAnew();
      assert.notDeepEqual(f.store.secret, secret);
      assert.notDeepEqual(f.store.incarnation, incarnation);
      assert.deepEqual([f.store.secret.length, f.store.incarnation.length], [32, 16]);
      assert.equal(await f.store.session(bytes(32, 1), at), undefined);
      assert.deepEqual(await f.store.countPrekeys(alice.deviceId), { oneTimePrekeys: 0, oneTimeKemKeys: 0 });
      const bundles = await f.store.claimBundles(aliceAccount.accountId);
      assert.deepEqual(
        bundles?.map((bundle) => [bundle.oneTimePrekey, bundle.oneTimeKem]),
        [
          [undefined, undefined],
          [undefined, undefined],
        ],
      );
      assert.equal((await f.waiting()).length, 2);
      assert.equal((await f.store.accountByName('name1'))?.links.length, 2);
    });
  });
}
