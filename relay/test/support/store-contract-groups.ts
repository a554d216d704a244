/** The part of the contract about what is written into the logs of groups. */
import assert from 'node:assert/strict';
import { at, bytes, type StoreFixture } from './store-fixture.ts';
import { groupId, groupOf, messages, otherGroupId, secretOf } from './store-group-fixture.ts';

export function groupsContract(f: StoreFixture): void {
  const { begin, write, link, close, read, names } = groupOf(f);

  describe('groups', () => {
    it('begin once, and are found again by who began them', async () => {
      const group = { groupId, accessHash: secretOf(0), welcome: bytes(2000, 0), at };
      const outcomes = await Promise.all([1, 2, 3].map(() => f.store.createGroup(group)));
      assert.deepEqual(outcomes.sort(), ['created', 'exists', 'exists']);
      await f.reopen();
      assert.equal(await begin(), 'exists');
      assert.equal(await f.store.createGroup({ ...group, accessHash: secretOf(1) }), 'taken');
      await close(1, 0);
      assert.equal(await begin(), 'exists');
      // The access secret of a later epoch began nothing.
      assert.equal(await f.store.createGroup({ ...group, accessHash: secretOf(1) }), 'taken');
      assert.deepEqual(await names(), ['closing 1']);
    });

    it('are unknown before they begin, and denied to who has no secret of theirs', async () => {
      const strange = { groupId, accessHash: bytes(32, 9) };
      for (const outcome of ['unknown', 'denied'] as const) {
        assert.equal(await f.store.groupAccess(strange), outcome);
        assert.equal(await write(messages(1), strange), outcome);
        assert.equal(await link(1, strange), outcome);
        assert.equal(await f.store.groupWelcome(strange), outcome);
        assert.equal(await f.store.passToGroup(strange, bytes(10, 1)), outcome);
        const readings = await f.store.readGroups([{ ...strange, after: 0 }], { maxEntries: 1, maxBytes: 1 });
        assert.deepEqual(readings, [outcome]);
        await begin();
      }
      assert.deepEqual(await names(), []);
    });

    it('keep messages and links in one order of places without gaps', async () => {
      await begin();
      assert.deepEqual(await write(messages(1, 2)), [1, 2]);
      assert.equal(await link(3), 3);
      assert.deepEqual(await write(messages(4)), [4]);
      assert.equal(await link(5, { links: 1 }), 5);
      await f.reopen();
      assert.deepEqual(await write(messages(6)), [6]);
      assert.deepEqual(await names(), [1, 2, 'link 3', 4, 'link 5', 6]);
      assert.deepEqual(await names(0, 4), ['link 5', 6]);
      assert.deepEqual(await read(0, 2, 2), {
        entries: [
          { place: 3, id: bytes(16, 3), epoch: 0, isLink: true, opens: false, entry: bytes(900, 3) },
          { place: 4, id: bytes(16, 4), epoch: 0, isLink: false, opens: false, entry: bytes(300, 4) },
        ],
        more: true,
      });
    });

    it('of a new life of old data go on at places that nothing lost can have had', async () => {
      await begin();
      await write(messages(1, 2));
      await f.beginAnew();
      const [place] = (await write(messages(3))) as number[];
      assert.ok(place! > 2 ** 32 && place! < 2 ** 40, String(place));
      assert.equal(await link(4), place! + 1);
      assert.deepEqual(await names(), [1, 2, 3, 'link 4']);
    });

    it('are apart from each other, also under the same secret', async () => {
      await begin();
      const other = { groupId: otherGroupId, accessHash: secretOf(0) };
      await f.store.createGroup({ ...other, welcome: bytes(10, 1), at });
      assert.deepEqual(await write(messages(1, 2)), [1, 2]);
      assert.deepEqual(await write(messages(1), other), [1]);
      assert.equal(await link(9, { ...other, opens: { accessHash: secretOf(1) } }), 2);
      assert.deepEqual(await names(), [1, 2]);
      assert.deepEqual(await write(messages(3)), [3]);
      assert.equal(await f.store.groupAccess({ groupId, accessHash: secretOf(1) }), 'denied');
    });

    it('take an id once: in a request, at the same time, after a restart, in a later epoch', async () => {
      await begin();
      assert.deepEqual(await write([...messages(1), ...messages(1)]), [1, 1]);
      const places = await Promise.all(Array.from({ length: 20 }, () => write(messages(2))));
      assert.deepEqual(new Set(places.flat()), new Set([2]));
      assert.equal(await close(3, 0), 3);
      await f.reopen();
      // Whatever else the request says, and with the access secret of either epoch.
      assert.deepEqual(await write(messages(1, 2)), [1, 2]);
      assert.deepEqual(await write(messages(1, 2), { epoch: 1 }), [1, 2]);
      assert.deepEqual(await write(messages(1), { epoch: 9, accessHash: secretOf(0), maxMessages: 0 }), [1]);
      assert.equal(await close(3, 0), 3);
      assert.equal(await link(3, { epoch: 1, links: 7, maxLinks: 0 }), 3);
      assert.deepEqual(await names(1), []);
      assert.deepEqual(await names(0), [1, 2, 'closing 3']);
    });

    it('take all messages of a request or none', async () => {
      await begin();
      await write(messages(1));
      assert.equal(await write(messages(1, 3), { maxMessages: 2 }), 'full');
      assert.equal(await write(messages(1, 3), { epoch: 1, accessHash: secretOf(0) }), 'stale');
      assert.deepEqual(await names(), [1]);
      assert.deepEqual(await write([...messages(2), ...messages(1), ...messages(3)]), [2, 1, 3]);
      assert.deepEqual(await names(), [1, 2, 3]);
    });

    it('bound their messages and, apart from them, their links', async () => {
      await begin();
      assert.deepEqual(await write(messages(1, 2), { maxMessages: 2 }), [1, 2]);
      assert.equal(await write(messages(3), { maxMessages: 2 }), 'full');
      assert.equal(await link(4, { maxLinks: 1 }), 3);
      assert.equal(await link(5, { links: 1, maxLinks: 1 }), 'full');
      assert.deepEqual(await write(messages(3), { maxMessages: 3 }), [4]);
    });

    it('bound the bytes of their messages and, apart from them, of links and welcomes', async () => {
      await begin();
      assert.deepEqual(await write(messages(1, 2), { maxBytes: 600 }), [1, 2]);
      // What is there already takes no room.
      assert.deepEqual(await write([...messages(1, 2), ...messages(1)], { maxBytes: 600 }), [1, 2, 1]);
      assert.equal(await write(messages(3), { maxBytes: 899 }), 'full');
      assert.deepEqual(await write(messages(3), { maxBytes: 900 }), [3]);
      // Beside the welcome of 2000 bytes that the group began with.
      assert.equal(await link(4, { maxBytes: 2899 }), 'full');
      assert.equal(await link(4, { maxBytes: 2900 }), 4);
      const opens = { accessHash: secretOf(1), welcome: bytes(1000, 1) };
      assert.equal(await link(5, { links: 1, opens, maxBytes: 4799 }), 'full');
      assert.equal(await link(5, { links: 1, opens, maxBytes: 4800 }), 5);

      // What was forgotten leaves its room: 900 bytes of messages, and the welcomes; the links of 1800 bytes stay.
      while (await f.store.sweep({ now: at + 1, keepFrom: at + 1, limit: 100 }));
      assert.deepEqual(await write(messages(6, 3), { epoch: 1, maxBytes: 900 }), [6, 7, 8]);
      assert.equal(await link(9, { epoch: 1, links: 2, maxBytes: 2699 }), 'full');
      assert.equal(await link(9, { epoch: 1, links: 2, maxBytes: 2700 }), 9);
    });

    it('take messages for the current epoch alone, with its secret', async () => {
      await begin();
      await write(messages(1));
      await close(2, 0);
      assert.equal(await write(messages(3)), 'stale');
      assert.equal(await write(messages(3), { epoch: 1, accessHash: secretOf(0) }), 'stale');
      assert.equal(await write(messages(3), { epoch: 0, accessHash: secretOf(1) }), 'stale');
      assert.equal(await write(messages(3), { epoch: 2, accessHash: secretOf(1) }), 'stale');
      assert.deepEqual(await write(messages(3), { epoch: 1 }), [3]);
    });

    it('take a link for the current epoch and the number of links that there are', async () => {
      await begin();
      assert.equal(await link(1, { links: 1 }), 'stale');
      assert.equal(await link(1, { epoch: 1, accessHash: secretOf(0) }), 'stale');
      assert.equal(await link(1), 1);
      assert.equal(await link(2), 'stale');
      assert.equal(await close(2, 0, 1), 2);
      assert.equal(await link(3, { links: 2 }), 'stale');
      assert.equal(await link(3, { epoch: 0, links: 2, accessHash: secretOf(1) }), 'stale');
      assert.equal(await link(3, { epoch: 1, links: 2 }), 3);
      assert.deepEqual(await names(1), ['link 3']);
    });

    it('let one of many links win, and messages only before it', async () => {
      await begin();
      const race = await Promise.all(
        Array.from({ length: 30 }, async (_, i) =>
          i % 3 === 2
            ? { kind: 'link', outcome: await close(100 + i, 0) }
            : { kind: 'message', outcome: await write(messages(100 + i)) },
        ),
      );
      const links = race.filter(({ kind }) => kind === 'link').map(({ outcome }) => outcome);
      const [closing] = links.filter((outcome) => outcome !== 'stale') as number[];
      assert.equal(links.filter((outcome) => outcome === 'stale').length, links.length - 1);
      const written = race.filter(({ kind, outcome }) => kind === 'message' && outcome !== 'stale');
      const places = written.flatMap(({ outcome }) => outcome as readonly number[]);
      assert.deepEqual(
        places.sort((a, b) => a - b),
        Array.from({ length: closing! - 1 }, (_, i) => i + 1),
      );
      assert.equal((await names(0)).length, closing);
    });

    it('never open an epoch with a secret that they have had', async () => {
      await begin();
      const again = (epoch: number, reused: number) =>
        link(10 + epoch, { epoch, links: epoch, opens: { accessHash: secretOf(reused) } });
      assert.equal(await again(0, 0), 'spent');
      assert.equal(await close(1, 0), 1);
      assert.equal(await again(1, 0), 'spent');
      assert.equal(await again(1, 1), 'spent');
      assert.deepEqual(await names(1), []);
      assert.equal(await close(2, 1), 2);
    });
  });
}
