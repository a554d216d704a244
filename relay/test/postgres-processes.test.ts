import assert from 'node:assert/strict';
import { hasCode } from '@crypt2chat/shared/errors';
import type { Store } from '../src/store/index.ts';
import { makeSchema, type Schema } from './support/postgres.ts';
import { deliver, Processes } from './support/processes.ts';
import { until } from './support/relay.ts';
import {
  account,
  alice,
  aliceAccount,
  at,
  bodies,
  bytes,
  envelopes,
  keys,
  prekeys,
} from './support/store-fixture.ts';

describe('PostgreSQL under several processes', () => {
  let schema: Schema;
  let processes: Processes;

  beforeEach(async () => {
    schema = await makeSchema();
    processes = new Processes(schema.url);
  });
  afterEach(async () => {
    await processes.close();
    await schema.drop();
  });

  it('is made once by all who begin at the same time', async () => {
    const stores = await Promise.all(['a', 'b', 'c', 'd'].map((name) => processes.open(name)));
    const secrets = new Set(stores.map(({ secret }) => Buffer.from(secret).toString('hex')));
    assert.equal(secrets.size, 1);
    assert.equal((await schema.query('SELECT * FROM schema_version')).length, 1);
  });

  it('is refused when a newer version made it, and left as it is', async () => {
    await (await processes.open()).close();
    await schema.query('UPDATE schema_version SET version = version + 1');
    const before = await schema.query('SELECT * FROM schema_version');
    await assert.rejects(processes.open(), (error) => hasCode(error, 'ERR_DATABASE_NEWER'));
    assert.deepEqual(await schema.query('SELECT * FROM schema_version'), before);
  });

  it('is refused when it belongs to something else', async () => {
    await schema.query('CREATE TABLE accounts (number integer)');
    await assert.rejects(processes.open(), (error) => hasCode(error, 'ERR_DATABASE_UNSUPPORTED'));
    assert.deepEqual(await schema.query('SELECT * FROM accounts'), []);
  });

  it('is refused where the server does not let the user in', async () => {
    const url = new URL(schema.url);
    url.pathname = '/no_such_database';
    await assert.rejects(processes.open('first', { url: url.href }), (error) =>
      hasCode(error, 'ERR_DATABASE_LOGIN'),
    );
  });

  it('has one winner for each name, device, challenge, link and key, whoever asks where', async () => {
    const stores = await Promise.all(['a', 'b', 'c'].map((name) => processes.open(name)));
    const inAll = <T>(count: number, act: (store: Store, i: number) => Promise<T>): Promise<T[]> =>
      Promise.all(Array.from({ length: count }, (_, i) => act(stores[i % stores.length]!, i)));
    const [store] = stores as [Store];

    const named = await inAll(12, (one, i) => one.register({ ...account(100 + i), username: 'one' }));
    assert.equal(named.filter((outcome) => outcome === 'created').length, 1);
    assert.equal(named.filter((outcome) => outcome === 'name-taken').length, 11);
    const sharing = await inAll(12, (one, i) => one.register(account(200 + i, [alice])));
    assert.equal(sharing.filter((outcome) => outcome === 'created').length, 1);
    assert.equal(sharing.filter((outcome) => outcome === 'device-taken').length, 11);
    const accountId = account(200 + sharing.indexOf('created')).accountId;

    const linked = await inAll(12, (one, i) =>
      one.appendLink({ accountId, seq: 1, link: bytes(90, i), devices: [alice] }),
    );
    assert.equal(linked.filter((outcome) => outcome === 'appended').length, 1);

    await store.publishPrekeys(prekeys(alice.deviceId, 1, { oneTimePrekeys: keys(10, 25) }));
    const claimed = await inAll(60, (one) => one.claimBundles(accountId));
    const given = claimed.flatMap((bundles) => bundles?.[0]?.oneTimePrekey?.id ?? []);
    assert.deepEqual(
      given.sort((a, b) => a - b),
      Array.from({ length: 25 }, (_, i) => 10 + i),
    );

    const stored = await inAll(60, (one, i) => deliver(one, i % 20));
    assert.equal(stored.flat().filter((outcome) => outcome === 'stored').length, 20);
    const waiting = await store.envelopes(alice.deviceId, 0, 100);
    assert.equal(waiting.length, 20);
    assert.equal(new Set(waiting.map(({ seq }) => seq)).size, 20);
  });

  it('tells each process what happened in the others, and itself once', async () => {
    const [here, there] = [await processes.open('here'), await processes.open('there')];
    await here.register(aliceAccount);
    const heard: string[] = [];
    for (const [name, store] of [
      ['here', here],
      ['there', there],
    ] as const) {
      store.listen({
        delivered: () => heard.push(`${name} delivered`),
        ephemeral: (id, envelope) => heard.push(`${name} ephemeral ${id.length} ${envelope.length}`),
        grew: (id, accessHash) => heard.push(`${name} grew ${id.length} ${accessHash.length}`),
        groupEphemeral: (...passed) =>
          heard.push(`${name} group ${passed.map((one) => one.length).join(' ')}`),
        blocked: () => heard.push(`${name} blocked`),
        revoked: () => heard.push(`${name} revoked`),
        missed: () => heard.push(`${name} missed`),
      });
    }
    const untilBoth = async (what: string): Promise<void> => {
      await until(() => heard.includes(`there ${what}`), what);
      assert.deepEqual(heard.splice(0).sort(), [`here ${what}`, `there ${what}`]);
    };
    await deliver(here, 1);
    await untilBoth('delivered');
    await here.pass(alice.deviceId, bytes(4096, 1));
    await untilBoth('ephemeral 32 4096');
    const access = { groupId: bytes(32, 1), accessHash: bytes(32, 2) };
    await here.createGroup({ ...access, welcome: bytes(10, 1), at });
    await here.appendGroupMessages({
      ...access,
      epoch: 0,
      entries: [{ id: bytes(16, 1), entry: bytes(10, 1) }],
      at,
      maxMessages: 10,
      maxBytes: 1000,
    });
    await untilBoth('grew 32 32');
    await here.passToGroup(access, bytes(4096, 1));
    await untilBoth('group 32 32 4096');
    await here.setBlocked(aliceAccount.accountId, true);
    await untilBoth('blocked');
    const link = { accountId: aliceAccount.accountId, seq: 1, link: bytes(90, 1), devices: [] };
    await here.appendLink(link);
    await untilBoth('revoked');
  });

  it('makes others look again who could not be told of something that was done', async () => {
    const [here, there] = [await processes.open('here'), await processes.open('there')];
    await here.register(aliceAccount);
    // The third notice goes through.
    await schema.query(`
      CREATE SEQUENCE notices;
      CREATE FUNCTION pg_notify(channel text, payload text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('notices') < 3 THEN RAISE EXCEPTION 'made up'; END IF;
        PERFORM pg_catalog.pg_notify(channel, payload);
      END $$`);
    const url = new URL(schema.url);
    url.searchParams.set('options', `${url.searchParams.get('options')!},pg_catalog`);
    const mute = await processes.open('mute', { url: url.href });
    const heard: string[] = [];
    there.listen({ delivered: () => heard.push('delivered'), missed: () => heard.push('missed') });
    assert.deepEqual(await deliver(mute, 1), ['stored']);
    await until(() => heard.length > 0, 'the other one is told to look again');
    assert.deepEqual(heard, ['missed']);
    await deliver(mute, 2);
    await until(() => heard.length > 1, 'notices go on');
    assert.deepEqual(heard, ['missed', 'delivered']);
  });

  it('makes places visible in their order, whichever transaction takes longer', async () => {
    const [slow, quick] = [await processes.open('slow'), await processes.open('quick')];
    await slow.register(aliceAccount);
    // Inserting waits: the place is given, and not yet committed.
    await schema.query(`
      CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(0.3) FROM (SELECT) AS once WHERE octet_length(NEW.envelope) = 77; RETURN NEW; END $$;
      CREATE TRIGGER linger BEFORE INSERT ON envelopes FOR EACH ROW EXECUTE FUNCTION linger()`);
    const first = deliver(slow, 1, 1, 77);
    const isLingering = async () =>
      (await schema.query("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).length > 0;
    await until(isLingering, 'the first transaction lingers');
    const second = deliver(quick, 2);
    const seen: number[] = [];
    let isOver = false;
    const reading = (async () => {
      while (!isOver) {
        const found = await quick.envelopes(alice.deviceId, seen.at(-1) ?? 0, 10);
        for (const { seq } of found) seen.push(seq);
      }
    })();
    await Promise.all([first, second]);
    await until(() => seen.length === 2, 'both are seen');
    isOver = true;
    await reading;
    assert.deepEqual(await quick.envelopes(alice.deviceId, seen[1]!, 10), []);
  });

  it('rests on nothing that a server or a database may have set otherwise', async () => {
    const url = new URL(schema.url);
    const settings = [
      'bytea_output=escape',
      'default_transaction_isolation=serializable',
      'default_transaction_read_only=on',
      'synchronous_commit=off',
    ];
    const options = settings.map((setting) => ` -c ${setting}`).join('');
    url.searchParams.set('options', url.searchParams.get('options')! + options);
    await (await processes.open()).close();
    const store = await processes.open('first', { url: url.href });
    await store.register(aliceAccount);
    await deliver(store, 1, 3);
    assert.deepEqual(bodies(await store.envelopes(alice.deviceId, 0, 10)), bodies(envelopes(1, 3)));
  });
});
