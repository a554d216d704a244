import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commands } from '../src/admin/commands/index.ts';
import { askOwner } from '../src/store/index.ts';
import type { RunningRelay } from '../src/testing.ts';
import { Commands } from './support/command.ts';
import {
  askCbor,
  askJson,
  assertRefused,
  envelope,
  Person,
  resultsOf,
  withCapability,
} from './support/people.ts';
import { Bench, until } from './support/relay.ts';

const capability = new Uint8Array(32).fill(7);
const dayMs = 24 * 3600 * 1000;

describe('the command line', () => {
  let bench: Bench;
  let relay: RunningRelay;
  let relayCommands: Commands;

  beforeEach(async () => {
    bench = new Bench();
    relay = await bench.start({ config: { registration: 'invite' } });
    relayCommands = new Commands(bench.folder, bench.clock, { CRYPT2CHAT_REGISTRATION: 'invite' });
  });
  afterEach(() => bench.end());

  const run = (...args: string[]) => relayCommands.run(...args);
  const json = (...args: string[]) => relayCommands.json(...args);

  async function person(username: string): Promise<Person> {
    const made = (await json('invites', 'make')) as { code: string };
    const someone = new Person(relay.origin, username, bench.clock.now());
    const answer = await someone.register(made.code);
    assert.equal(answer.status, 201);
    await someone.signIn();
    await someone.setCapability(capability);
    return someone;
  }

  const send = async (to: Person, ...ids: number[]) =>
    resultsOf(
      await askCbor(
        relay.origin,
        `/v1/mailboxes/${to.deviceId}`,
        ids.map((id) => envelope(id)),
        withCapability(capability),
      ),
    );

  /** Each test that is about data runs twice: asking the relay, and on the data that it left. */
  function whetherOrNotItRuns(title: string, test: () => Promise<void>): void {
    it(`${title}, by asking the relay that runs`, test);
    it(`${title}, on the data of a relay that is stopped`, async () => {
      await relay.stop();
      await test();
    });
  }

  describe('invites', () => {
    it('are made, used, listed and revoked', async () => {
      const made = (await json('invites', 'make', '--uses', '2', '--days', '3', '--note', 'the team')) as {
        code: string;
        number: number;
      };
      const register = (name: string) =>
        new Person(relay.origin, name, bench.clock.now()).register(made.code);
      assert.equal((await register('alice')).status, 201);
      const listed = (await json('invites')) as Record<string, unknown>[];
      const { number } = made;
      assert.deepEqual(
        listed.find((invite) => invite['number'] === number),
        {
          number,
          state: 'good',
          uses: 1,
          maxUses: 2,
          madeAt: bench.clock.now(),
          expiresAt: bench.clock.now() + 3 * dayMs,
          note: 'the team',
        },
      );
      assert.equal((await run('invites', 'revoke', String(number))).code, 0);
      assertRefused(await register('bob'), 'ERR_INVITE_INVALID');
      const { text } = await run('invites', 'list');
      assert.match(text, /revoked +1\/2/);
      assert.equal(text.includes(made.code), false);
    });

    it('that are over or used up are called so', async () => {
      await person('alice');
      bench.clock.advance(8 * dayMs);
      const states = ((await json('invites')) as { state: string }[]).map(({ state }) => state);
      assert.deepEqual(states, ['over', 'used up']);
    });

    whetherOrNotItRuns('are made', async () => {
      const { code, text } = await run('invites', 'make');
      assert.equal(code, 0);
      assert.match(text, /^([0-9A-Z]{4}-){3}[0-9A-Z]{4}\n/);
    });

    it('are refused with exit code 1 where there is none, 2 where the words are wrong', async () => {
      assert.equal((await run('invites', 'revoke', '99')).code, 1);
      for (const args of [
        ['revoke', 'x'],
        ['revoke'],
        ['make', '--uses', '0'],
        ['make', 'much'],
        ['make', '--uses'],
      ]) {
        assert.equal((await run('invites', ...args)).code, 2, args.join(' '));
      }
    });
  });

  describe('accounts', () => {
    it('are listed and shown, by name or id, with their devices', async () => {
      const alice = await person('alice');
      const bob = await person('bob');
      await send(bob, 1, 2);
      const listed = (await json('accounts')) as { username: string; accountId: string }[];
      assert.deepEqual(
        listed.map(({ username }) => username),
        ['alice', 'bob'],
      );
      assert.equal(listed[0]?.accountId, alice.accountId);
      assert.deepEqual(((await json('accounts', '--after', 'alice')) as unknown[]).length, 1);
      assert.deepEqual(await json('accounts', 'show', 'bob'), await json('accounts', 'show', bob.accountId));
      const devices = (await json('devices', 'bob')) as { deviceId: string; waiting: unknown }[];
      assert.equal(devices[0]?.deviceId, bob.deviceId);
      assert.deepEqual(devices[0].waiting, { envelopes: 2, bytes: 200 });
      assert.match((await run('accounts', 'show', 'bob')).text, /2 envelopes, 200 bytes/);
    });

    it('are listed to the last, however many there are', async () => {
      const count = 1203;
      const numbered = (i: number) => `name${String(i).padStart(4, '0')}`;
      const bytes = (i: number) =>
        new Uint8Array(32).map((_, at) => (at === 0 ? i & 255 : at === 1 ? i >> 8 : 1));
      await Promise.all(
        Array.from({ length: count }, (_, i) =>
          relay.store.register({ accountId: bytes(i), username: numbered(i), link: bytes(i), devices: [] }),
        ),
      );
      const names = ((await json('accounts')) as { username: string }[]).map(({ username }) => username);
      assert.deepEqual(
        names,
        Array.from({ length: count }, (_, i) => numbered(i)),
      );
    });

    it('are blocked at once, and let in again', async () => {
      const alice = await person('alice');
      const poll = alice.poll({ wait: 55 });
      await until(() => relay.waitingPolls() === 1, 'the poll waits');
      assert.equal((await run('accounts', 'block', 'alice')).code, 0);
      assertRefused(await poll, 'ERR_ACCOUNT_BLOCKED');
      assertRefused(await alice.answerChallenge(await alice.challenge()), 'ERR_ACCOUNT_BLOCKED');
      assert.match((await run('accounts')).text, /blocked/);
      assert.equal((await run('accounts', 'unblock', alice.accountId)).code, 0);
      await alice.signIn();
    });

    whetherOrNotItRuns('that are not there are said so', async () => {
      for (const args of [
        ['accounts', 'show'],
        ['accounts', 'block'],
        ['devices'],
        ['audit'],
        ['purge', 'account'],
      ]) {
        const { code, error } = await run(...args, 'nobody');
        assert.equal(code, 1, args.join(' '));
        assert.match(error, /no account nobody/);
      }
    });
  });

  describe('purge', () => {
    it('deletes nothing unless it is told to', async () => {
      const alice = await person('alice');
      await send(alice, 1);
      for (const args of [
        ['account', 'alice'],
        ['mailbox', 'alice'],
        ['older', '0'],
      ]) {
        const { code, text } = await run('purge', ...args);
        assert.equal(code, 1);
        assert.match(text, /Nothing was deleted/);
      }
      assert.equal((await alice.events({ wait: 0 })).envelopes.length, 1);
    });

    it('empties a mailbox, forgets what is old, and deletes an account', async () => {
      const alice = await person('alice');
      const bob = await person('bob');
      await send(alice, 1, 2);
      assert.deepEqual(await json('purge', 'mailbox', 'alice', '--yes'), { envelopes: 2, bytes: 200 });
      assert.equal((await alice.events({ wait: 0 })).envelopes.length, 0);
      await send(bob, 1);
      bench.clock.advance(2 * dayMs);
      await send(bob, 2, 3);
      assert.deepEqual(await json('purge', 'older', '1', '--yes'), {
        envelopes: 1,
        bytes: 100,
        groupMessages: 0,
      });
      assert.equal((await run('purge', 'account', 'bob', '--yes')).code, 0);
      assertRefused(await askJson(relay.origin, 'GET', '/v1/accounts/bob'), 'ERR_ACCOUNT_UNKNOWN');
    });
  });

  describe('stats', () => {
    it('count what there is, and tell of the relay that runs', async () => {
      const alice = await person('alice');
      await send(alice, 1);
      const stats = (await json('stats')) as Record<string, unknown>;
      assert.equal(stats['accounts'], 1);
      assert.deepEqual(stats['waiting'], { envelopes: 1, bytes: 100 });
      assert.equal((stats['running'] as { waitingPolls: number }).waitingPolls, 0);
      await relay.stop();
      assert.equal(((await json('stats')) as Record<string, unknown>)['running'], null);
      assert.match((await run('stats')).text, /running +no/);
    });
  });

  describe('audit', () => {
    it('tells every row in words, whether the relay runs or not', async () => {
      const alice = await person('alice');
      await send(alice, 1, 2);
      const { text } = await run('audit', 'alice');
      for (const words of [
        'alice',
        alice.accountId,
        alice.deviceId,
        'envelopes: 2 rows',
        'sealed: 100 bytes',
        'invites:',
      ]) {
        assert.ok(text.includes(words), words);
      }
      const asked = await json('audit', 'alice');
      await relay.stop();
      assert.deepEqual(await json('audit', 'alice'), asked);
    });
  });

  describe('words', () => {
    it('of every command are explained, and every one of them can be asked for help', async () => {
      const { code, text } = await run('--help');
      assert.equal(code, 0);
      for (const { name } of commands) {
        assert.ok(text.includes(`relay ${name}`), name);
        const help = await run('help', ...name.split(' '));
        assert.deepEqual(help, await run(...name.split(' '), '--help'));
        assert.ok(help.code === 0 && help.text.startsWith(`relay ${name}`));
      }
    });

    it('that are no command end with 2 and a guess', async () => {
      for (const [typed, meant] of [
        ['invits', 'invites'],
        ['stat', 'stats'],
        ['account', 'accounts'],
      ] as const) {
        const { code, error } = await run(typed);
        assert.equal(code, 2);
        assert.ok(error.includes(meant), error);
      }
      assert.equal((await run('purge')).code, 2);
      assert.equal((await run('stats', '--jsn')).code, 2);
      assert.equal((await run('stats', 'too', 'many')).code, 2);
    });

    it('about a folder without a database make none', async () => {
      const empty = mkdtempSync(join(tmpdir(), 'c2c-empty-'));
      try {
        const { code, error } = await new Commands(empty, bench.clock).run('stats');
        assert.equal(code, 1);
        assert.match(error, /no database/);
        assert.deepEqual(readdirSync(empty), []);
      } finally {
        rmSync(empty, { recursive: true });
      }
    });
  });

  describe('config', () => {
    it('check says what is wrong, line by line, and ends with 2', async () => {
      const file = join(bench.folder, 'relay.env');
      writeFileSync(file, 'CRYPT2CHAT_PROT=1\nCRYPT2CHAT_RETENTION_DAYS=0\n');
      const wrong = await run('config', 'check', file);
      assert.equal(wrong.code, 2);
      assert.equal(wrong.text.trim().split('\n').length, 2);
      assert.equal((await run('stats', '--config', file)).code, 2);
      writeFileSync(file, 'CRYPT2CHAT_PORT=1\n');
      assert.equal((await run('config', 'check', file)).code, 0);
      assert.equal((await run('config', 'check', '--config', file)).code, 0);
    });

    it('check gives advice that is no error', async () => {
      const env = { CRYPT2CHAT_ORIGIN: 'https://chat.example.org', CRYPT2CHAT_WAITING_POLLS: '1000000' };
      const check = (await new Commands(bench.folder, bench.clock, env).json('config', 'check')) as {
        advice: string[];
      };
      const about = ['CRYPT2CHAT_TRUST_PROXY', 'CRYPT2CHAT_REGISTRATION', 'CRYPT2CHAT_WAITING_POLLS'];
      for (const name of process.platform === 'linux' ? about : about.slice(0, 2)) {
        assert.ok(
          check.advice.some((line) => line.includes(name)),
          name,
        );
      }
      const everywhere = { CRYPT2CHAT_HOST: '0.0.0.0' };
      const other = (await new Commands(bench.folder, bench.clock, everywhere).json(
        'config',
        'check',
      )) as typeof check;
      assert.ok(other.advice.some((line) => line.includes('CRYPT2CHAT_ORIGIN')));
    });

    it('list shows values and where they come from', async () => {
      const rows = (await json('config', 'list')) as { name: string; value: string; from: string }[];
      const row = (name: string) => rows.find((one) => one.name === name);
      assert.equal(row('CRYPT2CHAT_REGISTRATION')?.value, 'invite');
      assert.equal(row('CRYPT2CHAT_REGISTRATION')?.from, 'environment');
      assert.equal(row('CRYPT2CHAT_PORT')?.from, 'default');
    });
  });

  describe('health', () => {
    it('is told by an exit code, and looked at by the doctor', async () => {
      const asked = new Commands(bench.folder, bench.clock, {
        CRYPT2CHAT_PORT: String(relay.port),
        CRYPT2CHAT_ORIGIN: relay.origin,
      });
      assert.equal((await asked.run('ready')).code, 0);
      const checks = (await asked.json('doctor')) as { state: string; words: string }[];
      assert.deepEqual(
        checks.filter(({ state }) => state === 'bad'),
        [],
      );
      assert.ok(checks.some(({ words }) => words.includes('A relay runs')));
      const files = readdirSync(bench.folder);
      await relay.stop();
      assert.equal((await asked.run('ready')).code, 1);
      const { code, text } = await asked.run('doctor');
      assert.equal(code, 1);
      assert.match(text, /WRONG/);
      assert.deepEqual(
        files.filter((name) => name.startsWith('doctor')),
        [],
      );
    });
  });

  describe('the socket', () => {
    it('refuses what is no request, and another version, and goes on', async () => {
      const ask = (request: unknown) =>
        askOwner(bench.folder, typeof request === 'string' ? request : JSON.stringify(request), 5000);
      const good = { version: '0.1.0', operation: 'stats', args: {} };
      const errorOf = async (request: unknown) =>
        (JSON.parse((await ask(request)) ?? '{}') as { error?: string }).error;
      assert.equal(await errorOf(good), undefined);
      assert.match((await errorOf({ ...good, version: '9.9.9' })) ?? '', /version 0\.1\.0/);
      for (const bad of [
        '',
        'hello',
        '{}',
        { ...good, operation: 'constructor' },
        { ...good, args: { x: 1 } },
      ]) {
        assert.equal(typeof (await errorOf(bad)), 'string');
      }
      await assert.rejects(ask('x'.repeat(70_000)));
      assert.equal(await errorOf(good), undefined);
    });
  });
});
