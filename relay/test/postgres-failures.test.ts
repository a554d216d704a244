import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import pg from 'pg';
import { hasCode } from '@crypt2chat/shared/errors';
import { manualClock } from '@crypt2chat/shared/testing';
import type { Store } from '../src/store/index.ts';
import { makeSchema, PostgresServer, type Schema } from './support/postgres.ts';
import { deliver, Processes } from './support/processes.ts';
import { until } from './support/relay.ts';
import { alice, aliceAccount, bodies, bytes, envelopes } from './support/store-fixture.ts';

const isUnavailable = (error: unknown) => hasCode(error, 'ERR_STORAGE_UNAVAILABLE');

describe('PostgreSQL where a statement fails', () => {
  let schema: Schema;
  let processes: Processes;
  let store: Store;

  /** Inserting an envelope fails with `code` so often. */
  async function fail(code: string, times: number): Promise<void> {
    await schema.query(`
        CREATE SEQUENCE attempts;
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF nextval('attempts') <= ${times} THEN RAISE EXCEPTION 'made up' USING ERRCODE = '${code}'; END IF;
          RETURN NEW;
        END $$;
        CREATE TRIGGER fail BEFORE INSERT ON envelopes FOR EACH STATEMENT EXECUTE FUNCTION fail()`);
  }

  beforeEach(async () => {
    schema = await makeSchema();
    processes = new Processes(schema.url);
    store = await processes.open();
    await store.register(aliceAccount);
  });
  afterEach(async () => {
    await processes.close();
    await schema.drop();
  });

  it('by a deadlock or a lost race, it is tried again, but not for ever', async () => {
    await fail('40P01', 3);
    assert.deepEqual(await deliver(store, 1), ['stored']);
    await schema.query('DROP TRIGGER fail ON envelopes; DROP FUNCTION fail; DROP SEQUENCE attempts');
    await fail('40001', 1000);
    await assert.rejects(deliver(store, 2), isUnavailable);
    assert.equal((await schema.query('SELECT last_value::int AS tried FROM attempts'))[0]?.['tried'], 5);
    assert.deepEqual(bodies(await store.envelopes(alice.deviceId, 0, 10)), bodies(envelopes(1)));
  });

  it('because the disk is full, that is said, and the next one may go well', async () => {
    await fail('53100', 1);
    await assert.rejects(deliver(store, 1), (error) => hasCode(error, 'ERR_STORAGE_FULL'));
    assert.deepEqual(await deliver(store, 1), ['stored']);
  });

  it('because it took too long, nobody says that it was stored', async () => {
    await fail('57014', 1);
    await assert.rejects(deliver(store, 1), isUnavailable);
    assert.deepEqual(await store.envelopes(alice.deviceId, 0, 10), []);
    assert.deepEqual(await deliver(store, 1), ['stored']);
  });

  it('because of a mistake, it is not called anything else', async () => {
    await fail('22012', 1);
    await assert.rejects(deliver(store, 1), (error) => error instanceof Error && !hasCode(error));
    assert.deepEqual(await deliver(store, 1), ['stored']);
  });

  it('for one of many that came together, the others are stored', async () => {
    await schema.query('ALTER TABLE envelopes ADD CHECK (octet_length(envelope) <> 77)');
    const outcomes = await Promise.allSettled([
      deliver(store, 1, 2),
      deliver(store, 3, 1, 77),
      deliver(store, 4, 1),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.equal((await store.envelopes(alice.deviceId, 0, 10)).length, 3);
  });
});

describe('PostgreSQL when it goes away', function () {
  this.timeout(120_000);
  let server: PostgresServer;
  let schema: Schema;
  let processes: Processes;
  let store: Store;
  let operators: pg.Client[];

  before(async () => {
    server = new PostgresServer();
    await server.start();
  });
  after(() => server.destroy());
  beforeEach(async () => {
    operators = [];
    schema = await makeSchema(server.url);
    processes = new Processes(schema.url);
    store = await processes.open();
    await store.register(aliceAccount);
  });
  afterEach(async () => {
    for (const operator of operators) await operator.end();
    await processes.close();
    await schema.drop();
  });

  for (const how of ['stop', 'crash'] as const) {
    it(`refuses what it cannot do, says so, and goes on by itself afterwards (${how})`, async () => {
      await deliver(store, 1);
      let missed = 0;
      store.listen({ missed: () => (missed += 1) });
      const underWay = Promise.allSettled(Array.from({ length: 50 }, (_, i) => deliver(store, 100 + i)));
      await server[how]();
      const outcomes = await underWay;
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') assert.ok(isUnavailable(outcome.reason));
        else assert.deepEqual(outcome.value, ['stored']);
      }
      await assert.rejects(deliver(store, 2), isUnavailable);
      await assert.rejects(store.envelopes(alice.deviceId, 0, 10), isUnavailable);
      await assert.rejects(store.ping(), isUnavailable);
      await assert.rejects(store.pass(alice.deviceId, bytes(10, 1)), isUnavailable);
      assert.ok(processes.said('the database does not answer'));
      assert.ok(processes.said('the connection that listens to other processes is lost'));
      assert.equal(missed, 0);

      await server.start();
      await until(() => missed > 0, 'everybody is told to look again');
      await store.ping();
      assert.ok(processes.said('other processes are heard again'));
      assert.ok(processes.said('the database answers again'));
      const stored = outcomes.filter(({ status }) => status === 'fulfilled').length;
      const waiting = await store.envelopes(alice.deviceId, 0, 100);
      assert.ok(waiting.length > stored, 'what was answered is there, and the one from before');
      const again = await Promise.all(Array.from({ length: 50 }, (_, i) => deliver(store, 100 + i)));
      const duplicates = again.flat().filter((result) => result === 'duplicate').length;
      assert.equal(duplicates, waiting.length - 1);
      assert.equal((await store.envelopes(alice.deviceId, 0, 100)).length, 51);
    });
  }

  it('is waited for when the relay starts first', async () => {
    await store.close();
    await server.stop();
    const opening = processes.open();
    await until(() => processes.said('waiting for the database'), 'it waits');
    await server.start();
    await (await opening).ping();
  });

  it('notices that its connection is dead although nobody said so', async () => {
    const { hostname, port } = new URL(schema.url);
    const sockets: Socket[] = [];
    let isDead = false;
    const between = createServer((near) => {
      const far = connect(Number(port), hostname);
      sockets.push(near, far);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        from.on('error', () => undefined);
        from.on('data', (bytes) => isDead || to.write(bytes));
        from.on('close', () => isDead || to.destroy());
      }
    });
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
    const url = new URL(schema.url);
    url.port = String((between.address() as AddressInfo).port);
    const clock = manualClock();
    const far = await processes.open('far', { url: url.href, clock });
    try {
      let missed = 0;
      far.listen({ missed: () => (missed += 1) });
      isDead = true;
      clock.advance(10_000);
      await until(
        () => processes.said('the connection that listens to other processes is lost'),
        'it is noticed',
      );
      await assert.rejects(far.ping(), isUnavailable);
      isDead = false;
      await until(() => {
        clock.advance(1000);
        return missed > 0;
      }, 'it listens again');
    } finally {
      await far.close();
      for (const socket of sockets) socket.destroy();
      between.close();
    }
  });

  it('hears of a connection that was ended by the operator of the server', async () => {
    const other = await processes.open('other');
    let missed = 0;
    const delivered = [0, 0];
    other.listen({ missed: () => (missed += 1), delivered: () => (delivered[1]! += 1) });
    await endListening();
    await until(() => missed > 0, 'everybody is told to look again');
    const answers = () =>
      store.ping().then(
        () => true,
        () => false,
      );
    await until(answers, 'the other one listens again, too');
    await deliver(store, 7);
    await until(() => delivered[1]! > 0, 'notices come again');
  });

  it('is left for good by a relay whose data began a new life while it could not hear', async () => {
    // The new life is begun, and not yet committed, when the relay comes back.
    const operator = await connectOperator();
    await operator.query(`BEGIN; UPDATE meta SET value = '\\x00' WHERE key = 'incarnation'`);
    const [lock] = await relayLocks();
    const alone = operator.query('SELECT pg_advisory_xact_lock($1, $2)', [lock!['classid'], lock!['objid']]);
    await endListening();
    await alone;
    const isWaiting = async () =>
      (await schema.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).length > 0;
    await until(isWaiting, 'it looks in which life the data are');
    await assert.rejects(store.envelopes(alice.deviceId, 0, 10), isUnavailable);
    await assert.rejects(deliver(store, 1), isUnavailable);
    await operator.query('COMMIT');
    await until(() => processes.ends.length > 0, 'it ends');
    assert.ok(hasCode(processes.ends[0], 'ERR_DATABASE_REPLACED'));
    await assert.rejects(store.ping(), isUnavailable);
    assert.equal((await relayLocks()).length, 0);
    assert.equal(processes.ends.length, 1);
  });

  it('begins a new life only where no relay runs, and lets relays in when it has', async () => {
    const other = await makeSchema(server.url);
    const elsewhere = new Processes(other.url);
    try {
      const command = await processes.open('command', { isRelay: false });
      const isInUse = (error: unknown) => hasCode(error, 'ERR_DATABASE_IN_USE');
      const second = await processes.open('second');
      assert.equal((await command.stats(0)).relays, 2);
      await store.close();
      await assert.rejects(command.beginAnew(), isInUse);
      await second.close();
      // In another schema of the same database, one runs.
      await elsewhere.open('elsewhere');
      assert.equal((await command.stats(0)).relays, 0);
      await command.beginAnew();
      await (await processes.open('after')).ping();
    } finally {
      await elsewhere.close();
      await other.drop();
    }
  });

  it('forgets a relay that is closed while it comes back', async () => {
    const operator = await connectOperator();
    await operator.query('BEGIN; LOCK TABLE meta');
    await endListening();
    await until(async () => (await relayLocks()).length > 0, 'it has come back, and looks');
    await store.close();
    await operator.query('COMMIT');
    await until(async () => (await relayLocks()).length === 0, 'it is not counted');
    assert.deepEqual(processes.ends, []);
  });

  function relayLocks() {
    return schema.query(
      "SELECT classid, objid FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'",
    );
  }

  async function connectOperator(): Promise<pg.Client> {
    const operator = new pg.Client(schema.url);
    await operator.connect();
    operators.push(operator);
    return operator;
  }

  /** The connections that relays listen on, and count by. */
  function endListening() {
    return schema.query(
      "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'",
    );
  }
});
