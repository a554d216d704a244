import assert from 'node:assert/strict';
import * as v from 'valibot';
import { toBase64url } from '@crypt2chat/shared/bytes';
import { deviceId, generateDevice, verifyBundle } from '@crypt2chat/shared/identity';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { bundlesResponseSchema } from '@crypt2chat/shared/wire';
import type { RunningRelay } from '../src/testing.ts';
import { type Answer, ask, assertRefused, Person } from './support/people.ts';
import { Bench } from './support/relay.ts';

function bundlesOf(answer: Answer) {
  assert.equal(answer.status, 200);
  return v.parse(bundlesResponseSchema, answer.json).bundles;
}

describe('prekeys', () => {
  let bench: Bench;
  let relay: RunningRelay;
  let alice: Person;
  let bob: Person;

  beforeEach(async () => {
    bench = new Bench();
    relay = await bench.start();
    alice = await bench.person(relay, 'alice');
    bob = await bench.person(relay, 'bob');
  });
  afterEach(() => bench.end());

  it('are counted and claimed, one of each sort at a time, and verify', async () => {
    const { status, json } = await bob.putPrekeys(bob.prekeysBody(2, 1).body);
    assert.equal(status, 200);
    assert.deepEqual(json, { oneTimePrekeys: 2, oneTimeKemKeys: 1 });
    const found: (readonly [boolean, boolean])[] = [];
    for (let i = 0; i < 3; i++) {
      const [bundle] = bundlesOf(await alice.claim(bob.accountId));
      assert.ok(bundle);
      const outcome = verifyBundle(bundle, bob.identity, deviceId(bundle.deviceId), bench.clock.now());
      assert.equal(outcome.kind, 'verified');
      found.push([bundle.oneTimePrekey !== undefined, bundle.oneTimeKem !== undefined]);
    }
    assert.deepEqual(found, [
      [true, true],
      [true, false],
      [false, false],
    ]);
    const count = await ask(relay.origin, 'GET', '/v1/device/prekeys/count', { headers: bob.auth });
    assert.deepEqual(count.json, { oneTimePrekeys: 0, oneTimeKemKeys: 0 });
  });

  it('come as one bundle for each active device that has published', async () => {
    const secrets = generateDevice(seededRandomness('another device'));
    const second = new Person(relay.origin, 'bob', bench.clock.now(), { secrets, of: bob });
    await bob.appendLink(second.links[1]!);
    await second.signIn();
    assertRefused(await alice.claim(bob.accountId), 'ERR_NO_PREKEYS');
    await bob.putPrekeys(bob.prekeysBody().body);
    await second.putPrekeys(second.prekeysBody().body);
    const bundles = bundlesOf(await alice.claim(bob.accountId));
    assert.deepEqual(
      bundles.map((bundle) => toBase64url(bundle.deviceId)),
      [bob.deviceId, second.deviceId],
    );
  });

  it('give each one-time key once to a hundred who claim at the same time, and never after a restart', async () => {
    await bob.putPrekeys(bob.prekeysBody(30, 5).body);
    const claims = await Promise.all(Array.from({ length: 100 }, () => alice.claim(bob.accountId)));
    const bundles = claims.flatMap((claim) => bundlesOf(claim));
    const prekeys = bundles.flatMap(({ oneTimePrekey }) => oneTimePrekey?.id ?? []);
    const kems = bundles.flatMap(({ oneTimeKem }) => oneTimeKem?.id ?? []);
    assert.equal(new Set(prekeys).size, 30);
    assert.equal(prekeys.length, 30);
    assert.equal(new Set(kems).size, 5);
    assert.equal(kems.length, 5);
    const { port } = relay;
    await relay.stop();
    relay = await bench.start({ port });
    const [bundle] = bundlesOf(await alice.claim(bob.accountId));
    assert.equal(bundle?.oneTimePrekey, undefined);
  });

  it('are replaced in their signed part and added to in the rest', async () => {
    const { keys } = await put(bob.prekeysBody(2, 1));
    await put(bob.prekeysBody(1, 1, { keep: keys }));
    const last = await put(bob.prekeysBody(1, 1));
    const count = await ask(relay.origin, 'GET', '/v1/device/prekeys/count', { headers: bob.auth });
    // Each signed part lists its own KEM keys only.
    assert.deepEqual(count.json, { oneTimePrekeys: 4, oneTimeKemKeys: 1 });
    const [bundle] = bundlesOf(await alice.claim(bob.accountId));
    assert.equal(toBase64url(bundle!.signed), last.body.signed);
  });

  async function put(published: ReturnType<Person['prekeysBody']>) {
    assert.equal((await bob.putPrekeys(published.body)).status, 200);
    return published;
  }

  it('may be sent twice, as when the answer was lost', async () => {
    const { body } = bob.prekeysBody(2, 1);
    await bob.putPrekeys(body);
    await alice.claim(bob.accountId);
    const again = await bob.putPrekeys(body);
    assert.deepEqual(again.json, { oneTimePrekeys: 1, oneTimeKemKeys: 0 });
  });

  it('are refused when they are not the device’s own or their ids do not grow', async () => {
    const { body } = bob.prekeysBody(2, 2);
    const [first, second] = body.oneTimePrekeys;
    const refused: [string, unknown][] = [
      ['another device', alice.prekeysBody().body],
      ['a wrong signature', { ...body, signature: alice.prekeysBody().body.signature }],
      ['an id twice', { ...body, oneTimePrekeys: [first, { ...second, id: first!.id }] }],
      ['an id of another sort', { ...body, oneTimeKemKeys: [{ ...body.oneTimeKemKeys[0], id: first!.id }] }],
      ['a KEM key that is not signed', { ...body, oneTimeKemKeys: alice.prekeysBody().body.oneTimeKemKeys }],
      ['not signed prekeys', { ...body, signed: toBase64url(new Uint8Array(10)) }],
    ];
    for (const [what, wrong] of refused) {
      const answer = await bob.putPrekeys(wrong);
      assert.equal(answer.code, 'ERR_PREKEYS_INVALID', what);
    }
    assert.equal((await bob.putPrekeys(body)).status, 200);
    const later = bob.prekeysBody(1, 1).body;
    assertRefused(await bob.putPrekeys({ ...later, oneTimePrekeys: [first] }), 'ERR_PREKEYS_INVALID');
  });

  it('are refused in too great a number', async () => {
    const many = (count: number) => bob.prekeysBody(count, 0).body;
    assertRefused(await bob.putPrekeys(many(101)), 'ERR_REQUEST_INVALID');
    assert.equal((await bob.putPrekeys(many(100))).status, 200);
    assert.equal((await bob.putPrekeys(many(100))).status, 200);
    assertRefused(await bob.putPrekeys(many(1)), 'ERR_PREKEYS_INVALID');
  });

  it('are claimed of accounts that are there, in a request of the right form', async () => {
    assertRefused(await alice.claim(toBase64url(new Uint8Array(32))), 'ERR_ACCOUNT_UNKNOWN');
    assertRefused(await alice.claim('bob'), 'ERR_REQUEST_INVALID');
    assertRefused(await bob.putPrekeys({}), 'ERR_REQUEST_INVALID');
  });
});
