import assert from 'node:assert/strict';
import { toBase64url } from '@crypt2chat/shared/bytes';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { generateInviteCode, inviteHash } from '../src/invites.ts';
import { askJson, assertRefused, Person } from './support/people.ts';
import { startProcess } from './support/process.ts';
import { Bench } from './support/relay.ts';

const weekMs = 7 * 24 * 3600 * 1000;

describe('invite codes', () => {
  it('are sixteen letters that nobody mistakes, and never the same', () => {
    const randomness = seededRandomness('invites');
    const codes = Array.from({ length: 500 }, () => generateInviteCode(randomness));
    for (const code of codes) assert.match(code, /^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    assert.equal(new Set(codes).size, codes.length);
    const letters = new Set(codes.join('').replaceAll('-', ''));
    assert.equal(letters.size, 32);
  });

  it('use every bit of their randomness', () => {
    const codeOf = (bytes: number[]) => generateInviteCode({ bytes: () => Uint8Array.from(bytes) });
    assert.equal(codeOf([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), '0000-0000-0000-0000');
    assert.equal(codeOf([255, 255, 255, 255, 255, 255, 255, 255, 255, 255]), 'ZZZZ-ZZZZ-ZZZZ-ZZZZ');
    assert.equal(codeOf([0x08, 0, 0, 0, 0, 0, 0, 0, 0, 1]), '1000-0000-0000-0001');
  });

  it('are read as people type them', () => {
    const hash = inviteHash('7K40-M2X1-9TBA-W3HC');
    assert.equal(hash?.length, 32);
    for (const typed of ['7k40m2x19tbaw3hc', ' 7K4O-m2xi-9tba w3hc\n', '7k4o m2xL 9tba w3hc']) {
      assert.deepEqual(inviteHash(typed), hash, typed);
    }
    assert.notDeepEqual(inviteHash('7K40-M2X1-9TBA-W3HD'), hash);
    for (const none of [
      '',
      '7K40-M2X1-9TBA-W3H',
      '7K40-M2X1-9TBA-W3HCC',
      '7K40-M2X1-9TBA-W3HU',
      'é'.repeat(16),
    ]) {
      assert.equal(inviteHash(none), undefined, none);
    }
  });
});

describe('registration by invite', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench.end());

  async function startByInvite() {
    const codes: string[] = [];
    const relay = await bench.start({
      config: { registration: 'invite' },
      onFirstInvite: (code) => codes.push(code),
    });
    const register = (username: string, invite?: string) => {
      const { links } = new Person(relay.origin, username, bench.clock.now());
      const body = { username, link: toBase64url(links[0]!), ...(invite === undefined ? {} : { invite }) };
      return askJson(relay.origin, 'POST', '/v1/accounts', body);
    };
    return { relay, codes, register };
  }

  it('begins with one invite for who set the relay up', async () => {
    const { relay, codes, register } = await startByInvite();
    const [code] = codes;
    assert.ok(code);
    assert.equal((await register('alice', code.toLowerCase())).status, 201);
    assertRefused(await register('bob', code), 'ERR_INVITE_INVALID');
    assert.equal((await register('alice', code)).status, 200, 'whoever asks again has an account');
    assert.equal((await register('alice')).status, 200);
    assert.equal((await relay.store.invites()).length, 1);
  });

  it('refuses who has no code, a mistyped one, or one that is over or revoked, all alike', async () => {
    const { relay, codes, register } = await startByInvite();
    const [first] = codes;
    assert.ok(first);
    const answers = [
      await register('alice'),
      await register('alice', ''),
      await register('alice', 'hello'),
      await register('alice', '0000-0000-0000-0000'),
    ];
    await relay.store.revokeInvite((await relay.store.invites())[0]!.number);
    answers.push(await register('alice', first));
    for (const answer of answers) {
      assertRefused(answer, 'ERR_INVITE_INVALID');
      assert.deepEqual(answer.bytes, answers[0]?.bytes);
    }
  });

  it('ends when the invite does', async () => {
    const { codes, register } = await startByInvite();
    bench.clock.advance(weekMs);
    assertRefused(await register('alice', codes[0]), 'ERR_INVITE_INVALID');
  });

  it('asks nobody for an invite while registration is open', async () => {
    const relay = await bench.start({ onFirstInvite: () => assert.fail('no invite is needed') });
    await bench.person(relay, 'alice');
    assert.deepEqual(await relay.store.invites(), []);
  });

  it('tells the code once, on standard error, and never the same relay twice', async function () {
    this.timeout(60_000);
    const env = { CRYPT2CHAT_DATA: bench.folder, CRYPT2CHAT_REGISTRATION: 'invite' };
    const first = await startProcess({ env });
    assert.equal(await first.end('SIGTERM'), 0);
    const code = /invite to this relay: (\S+)/.exec(first.errorOutput())?.[1];
    assert.ok(code !== undefined && inviteHash(code) !== undefined);
    assert.equal(
      first.lines.some((line) => line.includes(code)),
      false,
    );
    const again = await startProcess({ env });
    assert.equal(await again.end('SIGTERM'), 0);
    assert.equal(again.errorOutput(), '');
  });
});
