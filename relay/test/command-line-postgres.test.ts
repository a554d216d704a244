/** The command line where the data are in PostgreSQL: it talks to the database, whether a relay runs or not. */
import assert from 'node:assert/strict';
import type { RunningRelay } from '../src/testing.ts';
import { Commands } from './support/command.ts';
import { askCbor, assertRefused, envelope, Person, resultsOf, withCapability } from './support/people.ts';
import { makeSchema } from './support/postgres.ts';
import { Bench, until } from './support/relay.ts';

const capability = new Uint8Array(32).fill(7);

describe('the command line, with PostgreSQL', function () {
  this.timeout(120_000);
  let bench: Bench;
  let relay: RunningRelay;
  let commands: Commands;
  let schema: Awaited<ReturnType<typeof makeSchema>>;

  beforeEach(async () => {
    bench = new Bench();
    schema = await makeSchema();
    relay = await bench.start({ config: { registration: 'invite', databaseUrl: schema.url } });
    commands = new Commands(bench.folder, bench.clock, { DATABASE_URL: schema.url });
  });
  afterEach(async () => {
    await bench.end();
    await schema.drop();
  });

  const run = (...args: string[]) => commands.run(...args);
  const json = (...args: string[]) => commands.json(...args);

  async function person(username: string): Promise<Person> {
    const { code } = (await json('invites', 'make')) as { code: string };
    const someone = new Person(relay.origin, username, bench.clock.now());
    assert.equal((await someone.register(code)).status, 201);
    await someone.signIn();
    await someone.setCapability(capability);
    return someone;
  }

  it('lists, counts and audits what the relays hold', async () => {
    const alice = await person('alice');
    const path = `/v1/mailboxes/${alice.deviceId}`;
    const sent = await askCbor(relay.origin, path, [envelope(1), envelope(2)], withCapability(capability));
    assert.deepEqual(resultsOf(sent), ['stored', 'stored']);
    const [account] = (await json('accounts')) as { accountId: string; waiting: unknown }[];
    assert.deepEqual([account?.accountId, account?.waiting], [alice.accountId, { envelopes: 2, bytes: 200 }]);
    const stats = (await json('stats')) as Record<string, unknown>;
    assert.deepEqual([stats['accounts'], stats['relays']], [1, 1]);
    assert.match((await run('stats')).text, /^running +1 relay$/m);
    assert.match((await run('doctor')).text, /One relay runs on it\./);
    assert.doesNotMatch((await run('doctor')).text, /disk/);
    const { text } = await run('audit', 'alice');
    for (const words of [alice.accountId, alice.deviceId, 'envelopes: 2 rows', 'sealed: 100 bytes']) {
      assert.ok(text.includes(words), words);
    }
    assert.equal((await run('migrate')).code, 0);
  });

  it('blocks an account at once, in relays that run in other processes', async () => {
    const alice = await person('alice');
    const poll = alice.poll({ wait: 55 });
    await until(() => relay.waitingPolls() === 1, 'the poll waits');
    assert.equal((await run('accounts', 'block', 'alice')).code, 0);
    assertRefused(await poll, 'ERR_ACCOUNT_BLOCKED');
    assert.equal((await run('purge', 'account', 'alice', '--yes')).code, 0);
    assert.equal((await run('accounts', 'show', 'alice')).code, 1);
  });

  it('leaves backups to PostgreSQL, and begins a new life after one was restored', async () => {
    const alice = await person('alice');
    await alice.putPrekeys(alice.prekeysBody(3, 2).body);
    const { code, error } = await run('backup', `${bench.folder}/backup`);
    assert.equal(code, 1);
    assert.match(error, /pg_dump/);
    assert.match((await run('restore', `${bench.folder}/backup`)).error, /pg_restore/);
    const refused = await run('restore', '--in-place');
    assert.equal(refused.code, 1);
    assert.match(refused.error, /stop all of them first/);
    assert.equal((await alice.poll({ wait: 0 })).status, 200);
    const { port } = relay;
    await relay.stop();
    assert.match((await run('stats')).text, /^running +no$/m);
    assert.equal((await run('restore', '--in-place')).code, 0);
    relay = await bench.start({ port, config: { registration: 'invite', databaseUrl: schema.url } });
    assertRefused(await alice.poll({ wait: 0 }), 'ERR_UNAUTHENTICATED');
    await alice.signIn();
    const [device] = (await json('devices', 'alice')) as { oneTimePrekeys: number }[];
    assert.equal(device?.oneTimePrekeys, 0);
  });

  it('says at once that the server does not answer, and not its address', async () => {
    const url = 'postgres://user:secret@127.0.0.1:1/none';
    const { code, error } = await new Commands(bench.folder, bench.clock, { DATABASE_URL: url }).run('stats');
    assert.equal(code, 1);
    assert.match(error, /DATABASE_URL/);
    assert.equal(error.includes('secret'), false);
    const listed = await new Commands(bench.folder, bench.clock, { DATABASE_URL: url }).run('config', 'list');
    assert.equal(listed.text.includes('secret'), false);
  });
});
