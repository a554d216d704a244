/** The part of the contract about who reads the logs of groups, who hears of them, and what is forgotten. */
import assert from 'node:assert/strict';
import { groupEntryFrameBytes as frameBytes, type GroupReading } from '../../src/store/index.ts';
import { at, bytes, type StoreFixture } from './store-fixture.ts';
import { groupId, groupOf, messages, namesOf, otherGroupId, secretOf } from './store-group-fixture.ts';

export function groupReadersContract(f: StoreFixture): void {
  const { begin, write, link, close, read, names } = groupOf(f);

  describe('readers of groups', () => {
    it('give each secret its own epoch to read, from behind the link that opened it up to the one that closed it', async () => {
      await begin();
      await write(messages(1, 2));
      assert.equal(await close(3, 0), 3);
      await write(messages(4), { epoch: 1 });
      assert.equal(await link(5, { epoch: 1, links: 1 }), 5);
      assert.equal(await close(6, 1, 2), 6);
      await write(messages(7), { epoch: 2 });
      for (const after of [0, 2]) {
        assert.deepEqual(await names(0, after), [1, 2, 'closing 3'].slice(after));
        assert.deepEqual(await names(1, after), [4, 'link 5', 'closing 6']);
        assert.deepEqual(await names(2, after), [7]);
      }
      assert.deepEqual(await names(0, 3), []);
      assert.deepEqual(await names(0, 2 ** 50), []);
      assert.deepEqual(await names(1, 4), ['link 5', 'closing 6']);
      for (const [epoch, right] of ['former', 'former', 'current'].entries()) {
        assert.equal(await f.store.groupAccess({ groupId, accessHash: secretOf(epoch) }), right);
      }
    });

    it('give many reads at once, bounded for each and for all', async () => {
      await begin();
      const other = { groupId: otherGroupId, accessHash: secretOf(0) };
      await f.store.createGroup({ ...other, welcome: bytes(10, 1), at });
      await write(messages(1, 5));
      await write(messages(11, 2, 100), other);
      const reads = [
        { groupId, accessHash: secretOf(0), after: 0 },
        { groupId: bytes(32, 9), accessHash: secretOf(0), after: 0 },
        { groupId, accessHash: bytes(32, 9), after: 0 },
        { ...other, after: 0 },
        { ...other, after: 2 },
      ];
      const seen = async (maxEntries: number, maxBytes: number) =>
        (await f.store.readGroups(reads, { maxEntries, maxBytes })).map((reading) =>
          typeof reading === 'string' ? reading : [...namesOf(reading), reading.more],
        );
      const refused = ['unknown', 'denied'];
      const large = 300 + frameBytes;
      const small = 100 + frameBytes;
      assert.deepEqual(await seen(9, 9999), [[1, 2, 3, 4, 5, false], ...refused, [11, 12, false], [false]]);
      assert.deepEqual(await seen(2, 9999), [[1, 2, true], ...refused, [11, 12, false], [false]]);
      const exactly = 5 * large + 2 * small;
      assert.deepEqual(await seen(9, exactly), [
        [1, 2, 3, 4, 5, false],
        ...refused,
        [11, 12, false],
        [false],
      ]);
      assert.deepEqual(await seen(9, exactly - 1), [[1, 2, 3, 4, 5, false], ...refused, [11, true], [false]]);
      // Another group goes on where there is no room for one.
      assert.deepEqual(await seen(9, 2 * large + small), [[1, 2, true], ...refused, [11, true], [false]]);
      assert.deepEqual(await seen(9, 1), [[1, true], ...refused, [true], [false]]);
      assert.deepEqual(await f.store.readGroups([], { maxEntries: 1, maxBytes: 1 }), []);
    });

    it('never pass over what is too large for something smaller behind it', async () => {
      await begin();
      await write([...messages(1, 1, 100), ...messages(2, 1, 900), ...messages(3, 1, 100)]);
      const found = await read(0, 0, 9, 2 * (100 + frameBytes));
      assert.ok(typeof found === 'object');
      assert.deepEqual([...namesOf(found), found.more], [1, true]);
    });

    it('give a welcome to who has the secret of the epoch that it came with', async () => {
      await begin();
      await write(messages(1));
      await close(2, 0, 0, bytes(3000, 2));
      await close(3, 1);
      await f.reopen();
      const welcome = (epoch: number) => f.store.groupWelcome({ groupId, accessHash: secretOf(epoch) });
      assert.deepEqual(await welcome(0), { epoch: 0, place: 0, links: 0, welcome: bytes(2000, 0) });
      assert.deepEqual(await welcome(1), { epoch: 1, place: 2, links: 1, welcome: bytes(3000, 2) });
      assert.deepEqual(await welcome(2), { epoch: 2, place: 3, links: 2, welcome: null });
      assert.equal(await welcome(3), 'denied');
    });

    it('hold entries and welcomes of every size', async () => {
      const large = bytes(2_560 * 1024, 1);
      await f.store.createGroup({ groupId, accessHash: secretOf(0), welcome: large, at });
      const entries = [0, 4096, 65_536].flatMap((size, i) => messages(i, 1, Math.max(4, size)));
      await write([...entries, { id: bytes(16, 50), entry: new Uint8Array(0) }]);
      await link(60, { entry: bytes(1024 * 1024, 60) });
      await f.reopen();
      const found = await read(0, 0, 100, 9_000_000);
      assert.ok(typeof found === 'object');
      assert.deepEqual(
        found.entries.map(({ entry }) => entry),
        [...entries.map(({ entry }) => entry), new Uint8Array(0), bytes(1024 * 1024, 60)],
      );
      const welcome = await f.store.groupWelcome({ groupId, accessHash: secretOf(0) });
      assert.ok(typeof welcome === 'object');
      assert.deepEqual(welcome.welcome, large);
    });
  });

  describe('listeners of groups', () => {
    it('hear who can read what came, once it can be read, and nothing of what came before', async () => {
      await begin();
      const heard: { readonly who: Uint8Array; readonly found: Promise<readonly GroupReading[]> }[] = [];
      const stop = f.store.listen({
        grew: (id, accessHash) => {
          const found = f.store.readGroups([{ groupId: id, accessHash, after: 0 }], {
            maxEntries: 9,
            maxBytes: 9999,
          });
          heard.push({ who: accessHash, found });
        },
      });
      await write(messages(1));
      // What is read now is what was there when it was heard of.
      await heard[0]?.found;
      await write(messages(1));
      await close(2, 0);
      await close(2, 0);
      await write(messages(3));
      await write(messages(4), { epoch: 1 });
      const told = await Promise.all(heard.map(async ({ who, found }) => [who, namesOf((await found)[0])]));
      assert.deepEqual(told, [
        [secretOf(0), [1]],
        [secretOf(0), [1, 'closing 2']],
        [secretOf(1), [4]],
      ]);
      stop();
      await write(messages(5), { epoch: 1 });
      assert.equal(heard.length, 3);
    });

    it('get what is passed in the current epoch, which is kept nowhere', async () => {
      await begin();
      const heard: unknown[] = [];
      f.store.listen({ groupEphemeral: (...passed) => heard.push(passed) });
      const pass = (epoch: number, number: number) =>
        f.store.passToGroup({ groupId, accessHash: secretOf(epoch) }, bytes(4096, number));
      assert.equal(await pass(0, 1), 'passed');
      await close(2, 0);
      assert.equal(await pass(0, 3), 'stale');
      assert.equal(await pass(1, 4), 'passed');
      assert.deepEqual(heard, [
        [groupId, secretOf(0), bytes(4096, 1)],
        [groupId, secretOf(1), bytes(4096, 4)],
      ]);
      assert.deepEqual(await names(), ['closing 2']);
    });
  });

  describe('sweep of groups', () => {
    const sweep = (keepFrom: number, limit = 2) => f.store.sweep({ now: at, keepFrom, limit });

    it('forgets messages and their ids in portions, and keeps links and places', async () => {
      await begin();
      await write(messages(1, 3));
      await link(4);
      await write(messages(5), { at: at + 1000 });
      assert.equal(await sweep(at), false);
      assert.deepEqual(await names(), [1, 2, 3, 'link 4', 5]);
      while (await sweep(at + 1000));
      assert.deepEqual(await names(), ['link 4', 5]);
      assert.deepEqual(await read(0, 0, 1), {
        entries: [{ place: 4, id: bytes(16, 4), epoch: 0, isLink: true, opens: false, entry: bytes(900, 4) }],
        more: true,
      });
      // Room again, and what was forgotten is no duplicate; its place is not given out again.
      assert.deepEqual(await write(messages(1, 2), { maxMessages: 3 }), [6, 7]);
      assert.equal(await write(messages(8), { maxMessages: 3 }), 'full');
      assert.equal(await link(4, { links: 9 }), 4);
      while (await sweep(at + 5000));
      assert.deepEqual(await names(), ['link 4']);
      assert.deepEqual(await write(messages(9), { at: at + 5000 }), [8]);
      await f.reopen();
      assert.deepEqual(await names(), ['link 4', 9]);
    });

    it('forgets at most so many in one call', async () => {
      await begin();
      await write(messages(1, 5));
      const left: number[] = [];
      let hasMore = true;
      while (hasMore) {
        hasMore = await sweep(at + 1, 2);
        left.push((await names()).length);
      }
      assert.deepEqual(left.slice(0, 3), [3, 1, 0]);
    });

    it('forgets welcomes, and who may read stays known', async () => {
      await begin();
      await f.store.createGroup({
        groupId: otherGroupId,
        accessHash: secretOf(0),
        welcome: bytes(100, 1),
        at: at + 1000,
      });
      await close(1, 0, 0, bytes(100, 2));
      while (await sweep(at + 1000));
      const welcome = async (id: Uint8Array, epoch: number) => {
        const found = await f.store.groupWelcome({ groupId: id, accessHash: secretOf(epoch) });
        assert.ok(typeof found === 'object');
        return found.welcome;
      };
      assert.equal(await welcome(groupId, 0), null);
      assert.equal(await welcome(groupId, 1), null);
      assert.deepEqual(await welcome(otherGroupId, 0), bytes(100, 1));
      assert.deepEqual(await names(0), ['closing 1']);
      assert.equal(await close(2, 1), 2);
    });
  });
}
