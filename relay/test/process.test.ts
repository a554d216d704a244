import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  entry,
  Group,
  type GroupEvents,
  numberOf,
  parseGroupEvents,
  placeOf,
  placesOf,
  pollGroups,
} from './support/groups.ts';
import {
  type Answer,
  askCbor,
  envelope,
  parseEvents,
  Person,
  resultsOf,
  withCapability,
} from './support/people.ts';
import { runToEnd, startProcess, type RelayProcess } from './support/process.ts';
import { until } from './support/relay.ts';

const capability = new Uint8Array(32).fill(7);
const origin = 'https://relay.example';
const killRounds = 4;
/** Disks that others use at the same time can take long. */
const loadTimeoutMs = 60_000;
const senders = 8;
/** So many messages are written in an epoch before somebody opens the next. */
const perEpoch = 10;
/** Above the ids of all messages. */
const firstLinkId = 1_000_000;

describe('the relay as a process', function () {
  this.timeout(300_000);
  let folder: string;
  let env: Record<string, string>;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'c2c-process-'));
    env = { CRYPT2CHAT_DATA: folder, CRYPT2CHAT_ORIGIN: origin };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Bob has registered; his requests go to where the relay listens now. */
  async function bobAt(
    relay: RelayProcess,
  ): Promise<{ bob: Person; post: (...ids: number[]) => Promise<string[]> }> {
    const bob = new Person(origin, 'bob', 1, undefined, relay.origin);
    await bob.register();
    await bob.signIn();
    await bob.setCapability(capability);
    const post = async (...ids: number[]): Promise<string[]> => {
      const path = `/v1/mailboxes/${bob.deviceId}`;
      const sent = ids.map((id) => envelope(id, 1024));
      const answer = await askCbor(relay.origin, path, sent, withCapability(capability));
      return answer.status === 200 ? [...resultsOf(answer)] : ids.map(() => answer.code ?? '');
    };
    return { bob, post };
  }

  /** What the access secrets of all epochs read, one after the other. */
  async function wholeLog(
    group: Group,
  ): Promise<{ entries: GroupEvents[number]['entries']; epochs: number }> {
    const entries: GroupEvents[number]['entries'] = [];
    for (let epoch = 0; ;) {
      const [found] = parseGroupEvents(await pollGroups([{ group, epoch, after: entries.length }]));
      if (found?.status === 'denied') return { entries, epochs: epoch };
      entries.push(...(found?.entries ?? []));
      if (found?.more !== true) epoch += 1;
    }
  }

  /** Fetches and acknowledges everything. */
  async function drain(bob: Person): Promise<number[]> {
    const ids: number[] = [];
    let after: string | undefined;
    for (;;) {
      const events = parseEvents(await bob.poll(after === undefined ? { wait: 0 } : { after, wait: 0 }));
      if (events.envelopes.length === 0) break;
      for (const { id } of events.envelopes) ids.push(new DataView(id.buffer, id.byteOffset).getUint32(0));
      after = events.cursor;
    }
    return ids;
  }

  it('says in one line where it listens, answers its poll and ends with 0 after SIGTERM', async () => {
    const relay = await startProcess({ env });
    const { bob } = await bobAt(relay);
    assert.equal(existsSync(join(folder, 'relay.sock')), true);
    const waiting = bob.poll({ wait: 55 });
    // Answered after the poll was taken, on whichever connection it came.
    await bob.setCapability(capability);
    const begin = Date.now();
    const code = await relay.end('SIGTERM');
    assert.equal(code, 0);
    assert.ok(Date.now() - begin < 8000);
    const { status } = await waiting;
    assert.ok(status === 200 || status === 503);
    assert.equal(existsSync(join(folder, 'relay.sock')), false);
    const messages = relay.lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    assert.deepEqual(messages, ['listening', 'stopping', 'stopped']);
  });

  it('refuses a second one in the same folder, and not after the first was killed', async () => {
    const first = await startProcess({ env });
    const second = await runToEnd({ env });
    assert.equal(second.code, 1);
    assert.match(second.output, /Another relay is running/);
    await first.end('SIGKILL');
    assert.equal(existsSync(join(folder, 'relay.sock')), true);
    const third = await startProcess({ env });
    assert.equal(await third.end('SIGINT'), 0);
  });

  it('is asked by commands in processes of their own, which end by themselves', async () => {
    const relay = await startProcess({ env, args: ['serve'] });
    const command = (...args: string[]) =>
      runToEnd({ env: { ...env, CRYPT2CHAT_PORT: new URL(relay.origin).port }, args });
    const stats = await command('stats', '--json');
    assert.equal(stats.code, 0);
    assert.notEqual((JSON.parse(stats.output) as { running: unknown }).running, null);
    assert.equal((await command('ready')).code, 0);
    assert.equal((await command('invites', 'revoke', '1')).code, 1);
    assert.equal((await command('nonsense')).code, 2);
    assert.equal((await command('--config', join(folder, 'none'))).code, 2);
    assert.equal((await command('serve', '--prot', '1')).code, 2);
    assert.equal(await relay.end('SIGTERM'), 0);
    assert.equal((await command('ready')).code, 1);
  });

  it('says what is wrong with its configuration and ends with 2', async () => {
    const { code, output } = await runToEnd({ env: { ...env, CRYPT2CHAT_PROT: '1', CRYPT2CHAT_HOST: '' } });
    assert.equal(code, 2);
    assert.match(output, /CRYPT2CHAT_PROT/);
    assert.match(output, /CRYPT2CHAT_HOST/);
  });

  it('ends with 1 when the port is taken or the database is none', async () => {
    const first = await startProcess({ env });
    const elsewhere = mkdtempSync(join(tmpdir(), 'c2c-process-'));
    try {
      const port = new URL(first.origin).port;
      const taken = await runToEnd({ env: { CRYPT2CHAT_DATA: elsewhere, CRYPT2CHAT_PORT: port } });
      assert.equal(taken.code, 1);
      assert.equal(existsSync(join(elsewhere, 'relay.sock')), false);
      writeFileSync(join(elsewhere, 'relay.db'), 'this is not a database, and it is not to become one');
      rmSync(join(elsewhere, 'relay.db-wal'), { force: true });
      const none = await runToEnd({ env: { CRYPT2CHAT_DATA: elsewhere } });
      assert.equal(none.code, 1);
    } finally {
      rmSync(elsewhere, { recursive: true });
      await first.end('SIGTERM');
    }
  });

  it('loses nothing that it acknowledged when it is killed under load', async () => {
    let nextId = 1;
    const stored = new Set<number>();
    const received = new Set<number>();
    for (let round = 0; round < killRounds; round++) {
      const relay = await startProcess({ env });
      const { bob, post } = await bobAt(relay);
      for (const id of await drain(bob)) received.add(id);
      const lost = [...stored].filter((id) => !received.has(id));
      assert.deepEqual(lost, [], 'stored, and gone after a kill');

      const enough = 60 + round * 37;
      const over = new AbortController();
      const isOver = () => over.signal.aborted;
      const begun = stored.size;
      const load = Array.from({ length: senders }, async () => {
        while (!isOver()) {
          const id = nextId++;
          try {
            const [result] = await post(id);
            assert.equal(result, 'stored');
            stored.add(id);
          } catch (error) {
            if (!isOver()) throw error;
          }
        }
      });
      await until(() => stored.size - begun >= enough, 'envelopes are stored', loadTimeoutMs);
      over.abort();
      await relay.end('SIGKILL');
      await Promise.all(load);
    }
    const relay = await startProcess({ env });
    const { bob } = await bobAt(relay);
    for (const id of await drain(bob)) received.add(id);
    assert.deepEqual(
      [...stored].filter((id) => !received.has(id)),
      [],
    );
    assert.ok(stored.size >= 60 * killRounds);
    assert.deepEqual(await drain(bob), []);
    await relay.end('SIGTERM');
  });

  it('loses no entry of a group that it acknowledged, and no order, when it is killed under load', async () => {
    const acknowledged = new Map<number, number>();
    let epoch = 0;
    let nextId = 1;
    for (let round = 0; round <= killRounds; round++) {
      const relay = await startProcess({ env });
      const { bob } = await bobAt(relay);
      const group = new Group(relay.origin);
      assert.equal((await group.create(bob)).status, round === 0 ? 201 : 200);
      const log = await wholeLog(group);
      epoch = log.epochs - 1;
      const places = new Map(log.entries.map((one) => [numberOf(one), one.place]));
      for (const [id, place] of acknowledged)
        assert.equal(places.get(id), place, 'where it was acknowledged');
      assert.deepEqual(
        log.entries.map(({ place }) => place),
        log.entries.map((_, i) => i + 1),
      );
      assert.equal(places.size, log.entries.length, 'no entry twice');
      if (round === killRounds) {
        assert.equal(await relay.end('SIGTERM'), 0);
        break;
      }

      const enough = 60 + round * 37;
      const over = new AbortController();
      const isOver = () => over.signal.aborted;
      const begun = acknowledged.size;
      /** Appends, in whatever epoch it is then; what the kill leaves open is for the next round to find. */
      const append = async (id: number, post: (inEpoch: number) => Promise<Answer>): Promise<boolean> => {
        for (;;) {
          const inEpoch = epoch;
          const answer = await post(inEpoch);
          if (answer.code === 'ERR_EPOCH_STALE') {
            if (isOver()) return false;
            continue;
          }
          acknowledged.set(id, id >= firstLinkId ? placeOf(answer) : placesOf(answer)[0]!);
          return true;
        }
      };
      const busy = async (work: () => Promise<unknown>): Promise<void> => {
        while (!isOver()) {
          try {
            await work();
          } catch (error) {
            if (!isOver()) throw error;
          }
        }
      };
      const load = Array.from({ length: senders }, () =>
        busy(() => {
          const id = nextId++;
          return append(id, (inEpoch) => group.post([entry(id, 1024)], inEpoch));
        }),
      );
      const committer = busy(async () => {
        const id = firstLinkId + epoch;
        if (await append(id, (inEpoch) => group.close(id, inEpoch))) epoch += 1;
        const { size } = acknowledged;
        await until(
          () => isOver() || acknowledged.size >= size + perEpoch,
          'an epoch is used',
          loadTimeoutMs,
        );
      });
      await until(() => acknowledged.size - begun >= enough, 'entries are acknowledged', loadTimeoutMs);
      over.abort();
      await relay.end('SIGKILL');
      await Promise.all([...load, committer]);
    }
    assert.ok(acknowledged.size >= 60 * killRounds);
    assert.ok(epoch > killRounds, 'epochs were opened under load');
  });

  it('answers 507 when there is no room, goes on reading, and loses nothing', async () => {
    const stored: number[] = [];
    const relay = await startProcess({ env, maxFileBlocks: 3000 });
    const { bob, post } = await bobAt(relay);
    let full = '';
    for (let id = 1; full === '' && id < 9000; id += 10) {
      const ids = Array.from({ length: 10 }, (_, i) => id + i);
      const results = await post(...ids);
      if (results.every((result) => result === 'stored')) stored.push(...ids);
      else full = results[0]!;
    }
    assert.equal(full, 'ERR_STORAGE_FULL');
    const wanted = stored.slice(0, 64);
    let found: number[] = [];
    const end = Date.now() + 10_000;
    while (found.length === 0 && Date.now() < end) {
      const answer = await bob.poll({ wait: 0 });
      if (answer.status === 507) continue;
      found = parseEvents(answer).envelopes.map(({ id }) =>
        new DataView(id.buffer, id.byteOffset).getUint32(0),
      );
    }
    assert.deepEqual(found, wanted);
    assert.equal(await relay.end('SIGTERM'), 0);

    const again = await startProcess({ env });
    const later = await bobAt(again);
    const received = await drain(later.bob);
    assert.deepEqual(received.slice(0, stored.length), stored);
    assert.deepEqual(await later.post(100_000), ['stored']);
    await again.end('SIGTERM');
  });
});
