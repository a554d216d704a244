/** The part of the contract about prekeys. */
import assert from 'node:assert/strict';
import type { Bundle, NewPrekeys, Prekey } from '../../src/store/index.ts';
import { alice, aliceAccount, bytes, kems, keys, prekeys, type StoreFixture } from './store-fixture.ts';

export function prekeysContract(f: StoreFixture): void {
  describe('prekeys', () => {
    it('are counted, given out once, lowest id first, and then without one-time keys', async () => {
      const published = prekeys(alice.deviceId, 1);
      assert.deepEqual(await f.store.claimBundles(aliceAccount.accountId), []);
      assert.equal(await f.store.claimBundles(bytes(32, 9)), undefined);
      assert.deepEqual(await f.store.publishPrekeys(published), { oneTimePrekeys: 3, oneTimeKemKeys: 2 });
      const { signed, signature } = published;
      const bundle = { deviceId: alice.deviceId, signed, signature };
      const claim = async (): Promise<readonly Bundle[] | undefined> =>
        f.store.claimBundles(aliceAccount.accountId);
      const kem = (i: number) => ({
        id: published.oneTimeKemKeys[i]!.id,
        key: published.oneTimeKemKeys[i]!.key,
      });
      const [first, second, third] = published.oneTimePrekeys as [Prekey, Prekey, Prekey];
      assert.deepEqual(await claim(), [{ ...bundle, oneTimePrekey: first, oneTimeKem: kem(0) }]);
      await f.reopen();
      assert.deepEqual(await f.store.countPrekeys(alice.deviceId), { oneTimePrekeys: 2, oneTimeKemKeys: 1 });
      assert.deepEqual(await claim(), [{ ...bundle, oneTimePrekey: second, oneTimeKem: kem(1) }]);
      assert.deepEqual(await claim(), [{ ...bundle, oneTimePrekey: third }]);
      assert.deepEqual(await claim(), [bundle]);
    });

    it('give each one-time key to one of many who claim at once', async () => {
      await f.store.publishPrekeys(prekeys(alice.deviceId, 1, { oneTimePrekeys: keys(10, 30) }));
      const claims = await Promise.all(
        Array.from({ length: 100 }, () => f.store.claimBundles(aliceAccount.accountId)),
      );
      const given = claims.flatMap((bundles) => bundles![0]!.oneTimePrekey?.id ?? []);
      assert.equal(given.length, 30);
      assert.equal(new Set(given).size, 30);
    });

    it('have ids that only grow, except for signed keys that stay', async () => {
      const first = prekeys(alice.deviceId, 1);
      await f.store.publishPrekeys(first);
      const second = prekeys(alice.deviceId, 100);
      const invalid: NewPrekeys[] = [
        { ...second, oneTimePrekeys: keys(51, 1) },
        { ...second, oneTimeKemKeys: kems(20, 1) },
        { ...second, signedKeys: keys(4, 1) },
        { ...second, signedKeys: [{ id: 1, key: bytes(56, 99) }] },
      ];
      for (const request of invalid) assert.equal(await f.store.publishPrekeys(request), 'invalid');
      assert.deepEqual(await f.store.countPrekeys(alice.deviceId), { oneTimePrekeys: 3, oneTimeKemKeys: 2 });
      assert.notEqual(await f.store.publishPrekeys({ ...second, signedKeys: first.signedKeys }), 'invalid');
      // Keys that were in the signed part before the last one have left it for good.
      assert.notEqual(await f.store.publishPrekeys(prekeys(alice.deviceId, 200)), 'invalid');
      const back = prekeys(alice.deviceId, 300, { signedKeys: first.signedKeys });
      assert.equal(await f.store.publishPrekeys(back), 'invalid');
    });

    it('take the same request twice without change', async () => {
      const request = prekeys(alice.deviceId, 1);
      await f.store.publishPrekeys(request);
      await f.store.claimBundles(aliceAccount.accountId);
      assert.deepEqual(await f.store.publishPrekeys(request), { oneTimePrekeys: 2, oneTimeKemKeys: 1 });
    });

    it('drop one-time KEM keys that the signed part no longer lists', async () => {
      const first = prekeys(alice.deviceId, 1);
      await f.store.publishPrekeys(first);
      const second = prekeys(alice.deviceId, 100);
      const kept = first.oneTimeKemKeys[1]!;
      const count = await f.store.publishPrekeys({ ...second, kemHashes: [...second.kemHashes, kept.hash] });
      assert.deepEqual(count, { oneTimePrekeys: 6, oneTimeKemKeys: 3 });
      const [bundle] = (await f.store.claimBundles(aliceAccount.accountId))!;
      assert.equal(bundle!.oneTimeKem?.id, kept.id);
    });

    it('are bounded, and a refused upload changes nothing', async () => {
      await f.store.publishPrekeys(prekeys(alice.deviceId, 1));
      const many = prekeys(alice.deviceId, 100);
      assert.equal(await f.store.publishPrekeys({ ...many, maxOneTimePrekeys: 5 }), 'invalid');
      assert.equal(await f.store.publishPrekeys({ ...many, maxOneTimeKemKeys: 1 }), 'invalid');
      assert.deepEqual(await f.store.countPrekeys(alice.deviceId), { oneTimePrekeys: 3, oneTimeKemKeys: 2 });
      assert.deepEqual(await f.store.publishPrekeys({ ...many, maxOneTimeKemKeys: 2 }), {
        oneTimePrekeys: 6,
        oneTimeKemKeys: 2,
      });
    });
  });
}
