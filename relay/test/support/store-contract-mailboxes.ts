/** The part of the contract about mailboxes, listeners and the sweep. */
import assert from 'node:assert/strict';
import { firstPlaceAt } from '../../src/store/index.ts';
import {
  account,
  alice,
  at,
  bodies,
  bytes,
  device,
  envelopes,
  maxAccountBytes,
  session,
  type StoreFixture,
} from './store-fixture.ts';

/** Where the n-th envelope stands, if all came at the same time. */
const place = (n: number) => firstPlaceAt(at) + n;

export function mailboxesContract(f: StoreFixture): void {
  describe('mailboxes', () => {
    it('have a capability once it is set', async () => {
      assert.deepEqual(await f.store.mailbox(alice.deviceId), { capabilityHash: null });
      for (const number of [5, 6]) {
        await f.store.setCapability(alice.deviceId, bytes(32, number));
        const { capabilityHash } = (await f.store.mailbox(alice.deviceId))!;
        assert.deepEqual(capabilityHash, bytes(32, number));
      }
      await f.reopen();
      assert.deepEqual(await f.store.mailbox(alice.deviceId), { capabilityHash: bytes(32, 6) });
      assert.equal(await f.store.mailbox(bytes(32, 9)), undefined);
    });

    it('keep envelopes in order of arrival until they are acknowledged', async () => {
      assert.deepEqual(await f.deliver(envelopes(1, 2)), ['stored', 'stored']);
      assert.deepEqual(await f.deliver(envelopes(3)), ['stored']);
      await f.reopen();
      const found = await f.store.envelopes(alice.deviceId, 0, 100);
      assert.deepEqual(
        found,
        envelopes(1, 3).map((one, i) => ({ ...one, seq: place(i) })),
      );
      assert.deepEqual(await f.waiting(place(0), 1), bodies(envelopes(2)));
      await f.store.acknowledge(alice.deviceId, place(1));
      await f.reopen();
      assert.deepEqual(await f.waiting(), bodies(envelopes(3)));
      await f.store.acknowledge(alice.deviceId, place(0));
      await f.store.acknowledge(alice.deviceId, place(2));
      await f.store.acknowledge(bytes(32, place(8)), 3);
      assert.deepEqual(await f.waiting(), []);
      await f.deliver(envelopes(4));
      assert.equal((await f.store.envelopes(alice.deviceId, 0, 1))[0]?.seq, place(3));
    });

    it('give places that grow with the clock, and also when it goes back', async () => {
      const placeOf = async (id: number, when: number) => {
        await f.deliver(envelopes(id), 10, when);
        return (await f.store.envelopes(alice.deviceId, 0, 100)).at(-1)?.seq;
      };
      assert.equal(await placeOf(1, at + 5), firstPlaceAt(at + 5));
      assert.equal(await placeOf(2, at), firstPlaceAt(at + 5) + 1);
      assert.equal(await placeOf(3, at + 6), firstPlaceAt(at + 6));
    });

    it('take an id once: in a batch, at the same time, after acknowledgement, after a restart', async () => {
      assert.deepEqual(await f.deliver([...envelopes(1), ...envelopes(1)]), ['stored', 'duplicate']);
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => f.deliver(envelopes(2))));
      assert.equal(outcomes.flat().filter((outcome) => outcome === 'stored').length, 1);
      await f.store.acknowledge(alice.deviceId, place(1));
      await f.reopen();
      assert.deepEqual(await f.deliver(envelopes(1, 3)), ['duplicate', 'duplicate', 'stored']);
      assert.deepEqual(await f.waiting(), bodies(envelopes(3)));
    });

    it('are full for each envelope by itself', async () => {
      assert.deepEqual(await f.deliver(envelopes(1, 3), 2), ['stored', 'stored', 'mailbox-full']);
      assert.deepEqual(await f.deliver(envelopes(2, 2), 2), ['duplicate', 'mailbox-full']);
      await f.store.acknowledge(alice.deviceId, place(0));
      assert.deepEqual(await f.deliver(envelopes(3, 2), 2), ['stored', 'mailbox-full']);
      assert.deepEqual(await f.waiting(), bodies(envelopes(2, 2)));
    });

    it('store nothing behind what found no room', async () => {
      const sized = [...envelopes(1, 1, 400), ...envelopes(2, 1, 700), ...envelopes(3, 1, 100)];
      const deliver = (maxAccountBytes: number) =>
        f.store.deliver({
          deviceId: alice.deviceId,
          envelopes: sized,
          at,
          maxWaiting: 100,
          maxAccountBytes,
        });
      assert.deepEqual(await deliver(1000), ['stored', 'mailbox-full', 'mailbox-full']);
      assert.deepEqual(await deliver(1200), ['duplicate', 'stored', 'stored']);
      assert.deepEqual(await f.waiting(), bodies(sized));
    });

    it('share what may wait for an account, of all its devices together', async () => {
      const bob = device(2);
      const link = { accountId: account(1).accountId, seq: 1, link: bytes(90, 2), devices: [alice, bob] };
      await f.store.appendLink(link);
      await f.store.register(account(3));
      const to = (deviceId: Uint8Array, from: number, count: number) =>
        f.store.deliver({
          deviceId,
          envelopes: envelopes(from, count, 1000),
          at,
          maxWaiting: 100,
          maxAccountBytes: 3500,
        });
      assert.deepEqual(await to(alice.deviceId, 1, 2), ['stored', 'stored']);
      assert.deepEqual(await to(bob.deviceId, 1, 2), ['stored', 'mailbox-full']);
      assert.deepEqual(await to(alice.deviceId, 1, 3), ['duplicate', 'duplicate', 'mailbox-full']);
      assert.deepEqual(await to(device(3).deviceId, 1, 2), ['stored', 'stored']);
      await f.store.acknowledge(alice.deviceId, place(0));
      assert.deepEqual(await to(bob.deviceId, 2, 2), ['stored', 'mailbox-full']);
      await f.store.sweep({ now: at, keepFrom: at + 1, limit: 100 });
      assert.deepEqual(await to(bob.deviceId, 3, 4), ['stored', 'stored', 'stored', 'mailbox-full']);
    });

    it('are apart from each other', async () => {
      const other = account(2);
      await f.store.register(other);
      await f.deliver(envelopes(1));
      const elsewhere = {
        deviceId: device(2).deviceId,
        envelopes: envelopes(1),
        at,
        maxWaiting: 10,
        maxAccountBytes,
      };
      assert.deepEqual(await f.store.deliver(elsewhere), ['stored']);
      await f.store.acknowledge(device(2).deviceId, place(0));
      assert.deepEqual(await f.waiting(), bodies(envelopes(1)));
      assert.equal(await f.store.deliver({ ...elsewhere, deviceId: bytes(32, 9) }), undefined);
    });

    it('hold envelopes of every size up to 64 KiB', async () => {
      const sizes = [4, 1000, 4096, 65_536];
      const sent = sizes.flatMap((size, i) => envelopes(i, 1, size));
      await f.deliver(sent);
      await f.reopen();
      assert.deepEqual(await f.waiting(), bodies(sent));
    });
  });

  describe('listeners', () => {
    it('hear what was stored once it can be read, and nothing of duplicates', async () => {
      const heard: Promise<number>[] = [];
      const stop = f.store.listen({
        delivered: () => heard.push(f.store.envelopes(alice.deviceId, 0, 10).then((found) => found.length)),
      });
      await f.deliver(envelopes(1, 2));
      await f.deliver(envelopes(1, 2));
      assert.deepEqual(await Promise.all(heard), [2]);
      stop();
      await f.deliver(envelopes(3));
      assert.equal(heard.length, 1);
    });

    it('get what is passed, which is kept nowhere', async () => {
      const heard: Uint8Array[] = [];
      f.store.listen({ ephemeral: (_, envelope) => heard.push(envelope) });
      await f.store.pass(alice.deviceId, bytes(100, 1));
      assert.deepEqual(heard, [bytes(100, 1)]);
      assert.deepEqual(await f.waiting(), []);
    });
  });

  it('knows when the newest came', async () => {
    assert.equal(await f.store.newest(), 0);
    await f.deliver(envelopes(1, 1), 10, at + 5000);
    await f.deliver(envelopes(2, 1), 10, at);
    assert.equal(await f.store.newest(), at + 5000);
  });

  describe('sweep', () => {
    it('forgets envelopes, ids, sessions and challenges when their time is over, in portions', async () => {
      await f.deliver(envelopes(1, 3), 10, at);
      await f.store.acknowledge(alice.deviceId, place(0));
      await f.deliver(envelopes(10, 2), 10, at + 1000);
      await f.store.createSession(session(alice.deviceId, 1));
      const sweep = (keepFrom: number, now = at, limit = 2) => f.store.sweep({ now, keepFrom, limit });

      assert.equal(await sweep(at), false);
      assert.equal(await sweep(at + 1000), true);
      assert.equal(await sweep(at + 1000), false);
      assert.deepEqual(await f.waiting(), bodies(envelopes(10, 2)));
      // There is room again for what was forgotten, and it is no longer a duplicate.
      assert.deepEqual(await f.deliver(envelopes(1, 2), 3), ['stored', 'mailbox-full']);

      await sweep(0, at + 60_001);
      assert.equal(
        await f.store.createSession({ ...session(alice.deviceId, 2), challenge: bytes(32, 1) }),
        'created',
      );
      assert.notEqual(await f.store.session(bytes(32, 1), at), undefined);
      await sweep(0, at + 3_600_001);
      assert.equal(await f.store.session(bytes(32, 1), at), undefined);
    });
  });
}
