import assert from 'node:assert/strict';
import { toBase64url } from '@crypt2chat/shared/bytes';
import type { RunningRelay } from '../src/testing.ts';
import { ask, askJson, assertRefused, Person } from './support/people.ts';
import { Bench } from './support/relay.ts';

describe('sessions', () => {
  let bench: Bench;
  let relay: RunningRelay;
  let alice: Person;

  beforeEach(async () => {
    bench = new Bench();
    relay = await bench.start();
    alice = new Person(relay.origin, 'alice', bench.clock.now());
    await alice.register();
  });
  afterEach(() => bench.end());

  it('last an hour', async () => {
    await alice.signIn();
    assert.equal((await alice.poll({ wait: 0 })).status, 200);
    bench.clock.advance(3_600_000 - 1);
    assert.equal((await alice.poll({ wait: 0 })).status, 200);
    bench.clock.advance(1);
    assertRefused(await alice.poll({ wait: 0 }), 'ERR_UNAUTHENTICATED');
  });

  it('survive a restart, and so does that a challenge is spent', async () => {
    const challenge = await alice.challenge();
    assert.equal((await alice.answerChallenge(challenge)).status, 201);
    const unanswered = await alice.challenge();
    await alice.signIn();
    const { port } = relay;
    await relay.stop();
    relay = await bench.start({ port });
    assert.equal((await alice.poll({ wait: 0 })).status, 200);
    assertRefused(await alice.answerChallenge(challenge), 'ERR_CHALLENGE_INVALID');
    assert.equal((await alice.answerChallenge(unanswered)).status, 201);
  });

  it('begin with a challenge that is used once, within a minute, by the device that asked', async () => {
    const challenge = await alice.challenge();
    const answers = await Promise.all([1, 2, 3].map(() => alice.answerChallenge(challenge)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 401, 401]);
    for (const answer of answers.filter(({ status }) => status === 401)) {
      assertRefused(answer, 'ERR_CHALLENGE_INVALID');
    }

    const late = await alice.challenge();
    bench.clock.advance(60_000);
    assertRefused(await alice.answerChallenge(late), 'ERR_CHALLENGE_INVALID');

    const bob = new Person(relay.origin, 'bob', bench.clock.now());
    await bob.register();
    assertRefused(await bob.answerChallenge(await alice.challenge()), 'ERR_CHALLENGE_INVALID');
    assertRefused(await alice.answerChallenge(new Uint8Array(32)), 'ERR_CHALLENGE_INVALID');
  });

  it('bind the origin, so that a challenge cannot be passed on', async () => {
    const passedOn = await alice.answerChallenge(await alice.challenge(), 'https://evil.example');
    assertRefused(passedOn, 'ERR_UNAUTHENTICATED');
  });

  it('tell nobody whether a device is there', async () => {
    const stranger = new Person(relay.origin, 'stranger', bench.clock.now());
    const challenge = await stranger.challenge();
    assert.equal(challenge.length, 32);
    const unknown = await stranger.answerChallenge(challenge);
    const wrong = await alice.answerChallenge(await alice.challenge(), 'https://evil.example');
    assertRefused(unknown, 'ERR_UNAUTHENTICATED');
    assert.deepEqual(unknown.json, wrong.json);
    // A device of another account is as unknown.
    const body = { accountId: stranger.accountId, deviceId: alice.deviceId };
    assert.equal((await askJson(relay.origin, 'POST', '/v1/challenges', body)).status, 200);
  });

  it('are needed, whole and well-formed', async () => {
    await alice.signIn();
    const events = (authorization: string) =>
      ask(relay.origin, 'GET', '/v1/events?wait=0', { headers: { authorization } });
    assert.equal((await events(`bearer ${alice.bearer}`)).status, 200);
    const wrong = [
      '',
      'Bearer',
      alice.bearer,
      `Basic ${alice.bearer}`,
      `Bearer ${alice.bearer} x`,
      `Bearer ${alice.bearer}=`,
      `Bearer ${alice.bearer.slice(1)}`,
      `Bearer ${toBase64url(new Uint8Array(32))}`,
      `Bearer ${'A'.repeat(4000)}`,
    ];
    for (const authorization of wrong) {
      const answer = await events(authorization);
      assertRefused(answer, 'ERR_UNAUTHENTICATED');
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
    }
    for (const [method, path] of [
      ['GET', '/v1/device/prekeys/count'],
      ['PUT', '/v1/device/prekeys'],
      ['PUT', '/v1/device/capability'],
      ['POST', `/v1/accounts/${alice.accountId}/bundles`],
      ['POST', `/v1/mailboxes/${alice.deviceId}`],
      ['POST', `/v1/mailboxes/${alice.deviceId}/ephemeral`],
    ] as const) {
      assertRefused(await askJson(relay.origin, method, path), 'ERR_UNAUTHENTICATED');
    }
  });

  it('refuse requests of another form', async () => {
    const post = (path: string, body: unknown) => askJson(relay.origin, 'POST', path, body);
    const names = { accountId: alice.accountId, deviceId: alice.deviceId };
    for (const body of [{}, [], null, 'x', { ...names, more: 1 }, { ...names, deviceId: 'x' }]) {
      assertRefused(await post('/v1/challenges', body), 'ERR_REQUEST_INVALID');
      assertRefused(await post('/v1/sessions', body), 'ERR_REQUEST_INVALID');
    }
  });
});
