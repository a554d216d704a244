/** The contract of `Store` as code: every driver runs it whole. */
import assert from 'node:assert/strict';
import { accountsContract } from './store-contract-accounts.ts';
import { groupReadersContract } from './store-contract-group-readers.ts';
import { groupsContract } from './store-contract-groups.ts';
import { invitesContract } from './store-contract-invites.ts';
import { mailboxesContract } from './store-contract-mailboxes.ts';
import { operatorContract } from './store-contract-operator.ts';
import { prekeysContract } from './store-contract-prekeys.ts';
import { envelopes, StoreFixture, type StoreUnderTest } from './store-fixture.ts';

export function storeContract(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    const f = new StoreFixture(makeStore);
    beforeEach(() => f.begin());
    afterEach(() => f.end());

    accountsContract(f);
    invitesContract(f);
    operatorContract(f);
    prekeysContract(f);
    mailboxesContract(f);
    groupsContract(f);
    groupReadersContract(f);

    it('keeps its secret and its incarnation, and answers until it is closed', async () => {
      const { secret, incarnation } = f.store;
      assert.equal(secret.length, 32);
      assert.equal(incarnation.length, 16);
      await f.reopen();
      assert.deepEqual([f.store.secret, f.store.incarnation], [secret, incarnation]);
      await f.store.ping();
      const last = f.deliver(envelopes(1));
      await f.store.close();
      assert.deepEqual(await last, ['stored']);
      await assert.rejects(f.store.ping());
      await assert.rejects(f.deliver(envelopes(2)));
    });
  });
}
