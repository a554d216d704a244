/** The part of the contract about invites. */
import assert from 'node:assert/strict';
import type { NewInvite } from '../../src/store/index.ts';
import { account, alice, aliceAccount, at, bytes, type StoreFixture } from './store-fixture.ts';

const dayMs = 24 * 3600 * 1000;

function invite(number: number, options: Partial<NewInvite> = {}): NewInvite {
  return { codeHash: bytes(32, number), note: '', madeAt: at, expiresAt: at + dayMs, maxUses: 1, ...options };
}

export function invitesContract(f: StoreFixture): void {
  describe('invites', () => {
    const use = (number: number, when = at) => ({ codeHash: bytes(32, number), at: when });

    it('are kept with what the operator said of them, and are listed in order', async () => {
      const first = await f.store.addInvite(invite(2, { note: 'the team', maxUses: 20 }));
      const second = await f.store.addInvite(invite(1));
      assert.ok(second > first);
      await f.reopen();
      assert.deepEqual(await f.store.invites(), [
        { ...invite(2, { note: 'the team', maxUses: 20 }), number: first, uses: 0, revoked: false },
        { ...invite(1), number: second, uses: 0, revoked: false },
      ]);
    });

    it('let in as many as they are for, whoever comes at once', async () => {
      await f.store.addInvite(invite(1, { maxUses: 2 }));
      const outcomes = await Promise.all(
        [2, 3, 4, 5].map((number) => f.store.register(account(number), use(1))),
      );
      assert.deepEqual(outcomes.sort(), ['created', 'created', 'invite-invalid', 'invite-invalid']);
      assert.equal((await f.store.invites())[0]?.uses, 2);
    });

    it('are used by nothing but a new account', async () => {
      await f.store.addInvite(invite(1));
      assert.equal(await f.store.register(aliceAccount, use(1)), 'exists');
      assert.equal(await f.store.register({ ...account(2), username: 'name1' }, use(1)), 'name-taken');
      assert.equal(await f.store.register(account(2, [alice]), use(1)), 'device-taken');
      assert.equal((await f.store.invites())[0]?.uses, 0);
      assert.equal(await f.store.register(account(2), use(1)), 'created');
      assert.equal(await f.store.register(account(2), use(1)), 'exists');
      assert.equal(await f.store.register(account(2), use(9)), 'exists');
    });

    it('say nothing about names to who has none that is good', async () => {
      assert.equal(await f.store.register({ ...account(2), username: 'name1' }, use(9)), 'invite-invalid');
    });

    it('are good until they expire or are revoked', async () => {
      const number = await f.store.addInvite(invite(1, { maxUses: 9 }));
      assert.equal(await f.store.register(account(2), use(1, at + dayMs)), 'invite-invalid');
      assert.equal(await f.store.register(account(2), use(1, at + dayMs - 1)), 'created');
      assert.equal(await f.store.revokeInvite(number + 1), false);
      assert.equal(await f.store.revokeInvite(number), true);
      assert.equal(await f.store.register(account(3), use(1)), 'invite-invalid');
      await f.reopen();
      const [kept] = await f.store.invites();
      assert.deepEqual([kept?.uses, kept?.revoked], [1, true]);
    });

    it('that are long over are forgotten, and their numbers not given again', async () => {
      const first = await f.store.addInvite(invite(1));
      const sweep = (keepFrom: number) => f.store.sweep({ now: at, keepFrom, limit: 100 });
      await sweep(at + dayMs);
      assert.equal((await f.store.invites()).length, 1);
      await sweep(at + dayMs + 1);
      assert.deepEqual(await f.store.invites(), []);
      assert.ok((await f.store.addInvite(invite(2))) > first);
    });

    it('begin with a first one only where nobody is there', async () => {
      assert.equal(await f.store.addFirstInvite(invite(1)), false);
      assert.deepEqual(await f.store.invites(), []);
      await f.withEmptyStore(async (store) => {
        const attempts = [1, 2, 3].map((number) => store.addFirstInvite(invite(number)));
        assert.deepEqual((await Promise.all(attempts)).sort(), [false, false, true]);
        const later = { madeAt: at + dayMs, expiresAt: at + 2 * dayMs };
        assert.equal(await store.addFirstInvite(invite(4, later)), true);
        await store.revokeInvite((await store.invites())[1]!.number);
        assert.equal(await store.addFirstInvite(invite(5, later)), true);
      });
    });
  });
}
