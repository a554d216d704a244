import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as v from 'valibot';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { aboutResponseSchema, limits } from '@crypt2chat/shared/wire';
import type { RunningRelay } from '../src/testing.ts';
import {
  ask,
  askCbor,
  askJson,
  assertRefused,
  envelope,
  type Person,
  resultsOf,
  withCapability,
} from './support/people.ts';
import { Group } from './support/groups.ts';
import { openRaw, sendRaw } from './support/raw-http.ts';
import { Bench, until } from './support/relay.ts';

const capability = new Uint8Array(32).fill(7);
const cbor = 'application/cbor';
const json = 'application/json';
const timeouts = { headersMs: 300, requestMs: 600, answerMs: 500, checkMs: 50 };

describe('HTTP', () => {
  let bench: Bench;
  let relay: RunningRelay;
  let alice: Person;
  let group: Group;

  before(async () => {
    bench = new Bench();
    relay = await bench.start({ timeouts });
    alice = await bench.person(relay, 'alice');
    await alice.setCapability(capability);
    group = new Group(relay.origin);
    await group.create(alice);
  });
  after(() => bench.end());

  const mailbox = () => `/v1/mailboxes/${alice.deviceId}`;
  const isWell = async () => assert.equal((await ask(relay.origin, 'GET', '/healthz')).status, 200);

  it('tells what the relay is, whether it lives and whether it is ready', async () => {
    const about = v.parse(aboutResponseSchema, (await ask(relay.origin, 'GET', '/v1/about')).json);
    assert.equal(about.registration, 'open');
    assert.equal(about.retentionDays, limits.retentionDays);
    assert.equal(about.limits.envelopesPerMailbox, limits.envelopesPerMailbox);
    for (const path of ['/healthz', '/readyz'])
      assert.deepEqual((await ask(relay.origin, 'GET', path)).json, {});
  });

  it('refuses unknown paths and methods in the form of all errors', async () => {
    for (const path of [
      '/',
      '/v1',
      '/v1/',
      '/v2/about',
      '/v1/about/',
      '/V1/about',
      '/v1/accounts/a/b/c',
      '/%',
    ]) {
      assertRefused(await ask(relay.origin, 'GET', path), 'ERR_NOT_FOUND');
    }
    const wrong = [
      ['DELETE', '/v1/about'],
      ['POST', '/v1/events'],
      ['GET', '/v1/accounts'],
      ['PATCH', '/v1/device/prekeys'],
      ['OPTIONS', '/v1/sessions'],
      ['GET', mailbox()],
      ['GET', '/v1/groups'],
      ['GET', '/v1/groups/events'],
      ['POST', group.path('welcome')],
      ['PUT', group.path('links')],
    ] as const;
    for (const [method, path] of wrong) {
      const answer = await ask(relay.origin, method, path);
      assertRefused(answer, 'ERR_METHOD_NOT_ALLOWED');
      assert.ok(answer.headers.get('allow'), `${method} ${path}`);
    }
  });

  it('takes the media type of the route and no other', async () => {
    const post = (path: string, type: string, body: Uint8Array, more: Record<string, string> = {}) =>
      ask(relay.origin, 'POST', path, {
        headers: { 'content-type': type, ...withCapability(capability), ...more },
        body: Buffer.from(body),
      });
    const batch = encodeCbor([envelope(1)]);
    for (const type of [json, 'text/plain', 'application/cbor-seq', 'x']) {
      assertRefused(await post(mailbox(), type, batch), 'ERR_MEDIA_TYPE');
    }
    assertRefused(await post(mailbox(), cbor, batch, { 'content-encoding': 'gzip' }), 'ERR_MEDIA_TYPE');
    assert.deepEqual(resultsOf(await post(mailbox(), 'Application/CBOR; x=y', batch)), ['stored']);
    assertRefused(await post('/v1/challenges', cbor, batch), 'ERR_MEDIA_TYPE');
    const bare = await ask(relay.origin, 'POST', '/v1/challenges');
    assertRefused(bare, 'ERR_MEDIA_TYPE');
  });

  it('stops reading at the limit, whether the length is announced or not', async () => {
    const tooLarge = Buffer.alloc(limits.requestBytes + 1);
    const headers = { 'content-type': cbor, ...withCapability(capability) };
    const announced = await ask(relay.origin, 'POST', mailbox(), { headers, body: tooLarge });
    assertRefused(announced, 'ERR_TOO_LARGE');
    const stream = new Blob([tooLarge]).stream();
    const init: RequestInit & { duplex: 'half' } = { headers, body: stream, duplex: 'half' };
    assertRefused(await ask(relay.origin, 'POST', mailbox(), init), 'ERR_TOO_LARGE');
    const waiting = openRaw(relay.origin);
    const length = `Content-Type: ${cbor}\r\nContent-Length: ${limits.requestBytes + 1}\r\n`;
    const right = `Delivery-Capability: ${withCapability(capability)['delivery-capability']}\r\n`;
    waiting.socket.write(`POST ${mailbox()} HTTP/1.1\r\nHost: x\r\n${length}${right}\r\n`);
    // Not a byte of the body was sent: it is refused for what it says of itself, and not for coming late.
    assert.match(await waiting.answer, /^HTTP\/1\.1 413 .*"ERR_TOO_LARGE"/s);
    const control = { username: 'x'.repeat(5000), link: '' };
    assertRefused(await askJson(relay.origin, 'POST', '/v1/accounts', control), 'ERR_TOO_LARGE');
    await isWell();
  });

  it('takes a batch as large as a request may be', async () => {
    const many = Array.from({ length: 63 }, (_, i) => envelope(1000 + i, limits.envelopeBytes));
    const body = Buffer.from(encodeCbor(many));
    assert.ok(body.length > limits.requestBytes * 0.98);
    const headers = { 'content-type': cbor, ...withCapability(capability) };
    const answer = await ask(relay.origin, 'POST', mailbox(), { headers, body });
    assert.equal(resultsOf(answer).filter((result) => result === 'stored').length, 63);
    const { cursor } = await alice.events({ wait: 0 });
    await alice.events({ wait: 0, after: cursor });
  });

  it('is not led astray by any body', async () => {
    const routes: [string, string, string, Record<string, string>?][] = [
      ['POST', '/v1/accounts', json],
      ['POST', `/v1/accounts/${alice.accountId}/links`, json],
      ['POST', `/v1/accounts/${alice.accountId}/bundles`, json],
      ['POST', '/v1/challenges', json],
      ['POST', '/v1/sessions', json],
      ['PUT', '/v1/device/prekeys', json],
      ['PUT', '/v1/device/capability', json],
      ['POST', mailbox(), cbor],
      ['POST', `${mailbox()}/ephemeral`, cbor],
      ['POST', '/v1/groups', cbor],
      ['POST', group.path('messages'), cbor, group.right(0)],
      ['POST', group.path('links'), cbor, group.right(0)],
      ['POST', group.path('ephemeral'), cbor, group.right(0)],
      ['POST', '/v1/groups/events?wait=0', cbor, {}],
    ];
    const jsonBodies = fc.oneof(fc.json(), fc.uint8Array({ maxLength: 200 }), requestLike());
    const cborBodies = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      cborValue().map((value) => encodeCbor(value)),
    );
    const cases = fc
      .constantFrom(...routes)
      .chain(([method, path, type, credential = alice.auth]) =>
        (type === json ? jsonBodies : cborBodies).map((body) => ({ method, path, type, credential, body })),
      );
    await fc.assert(
      fc.asyncProperty(cases, async ({ method, path, type, credential, body }) => {
        const headers = { 'content-type': type, ...credential };
        const sent = typeof body === 'string' ? body : Buffer.from(body);
        const { status } = await ask(relay.origin, method, path, { headers, body: sent });
        assert.ok(status < 500, `${status} from ${method} ${path}`);
      }),
      { numRuns: 600 },
    );
  });

  it('is not led astray by any path or query', async () => {
    const parts = fc.array(
      fc.constantFrom(
        'v1',
        'accounts',
        'events',
        'mailboxes',
        'groups',
        'welcome',
        '%',
        '%00',
        '..',
        'é',
        '?',
        'a',
      ),
      {
        maxLength: 6,
      },
    );
    await fc.assert(
      fc.asyncProperty(parts, fc.string({ maxLength: 30 }), async (path, query) => {
        const url = `/${path.join('/')}?wait=0&${encodeURI(query.replaceAll(/[\ud800-\udfff]/g, ''))}`;
        const { status } = await ask(relay.origin, 'GET', url, { headers: alice.auth });
        assert.ok(status < 500, `${status} from ${url}`);
      }),
      { numRuns: 200 },
    );
  });

  it('answers what is not HTTP with 400 and goes on', async () => {
    for (const text of [
      'hello\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'GET /v1/about HTTP/1.1\r\nno colon\r\n\r\n',
      'POST /v1/accounts HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
      'POST /v1/accounts HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      `GET /v1/about HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`,
      'GET http://[::1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
    ]) {
      assert.match(await sendRaw(relay.origin, text), /^HTTP\/1\.1 400 .*"ERR_REQUEST_INVALID"/s);
    }
    await isWell();
  });

  it('does not wait for those who take their time', async () => {
    const head = `POST ${mailbox()} HTTP/1.1\r\nHost: x\r\nContent-Type: ${cbor}\r\n`;
    const slowHeader = openRaw(relay.origin);
    slowHeader.socket.write(head);
    assert.match(await slowHeader.answer, /^HTTP\/1\.1 408 /);

    const slowBody = openRaw(relay.origin);
    const withLength = `${head}Delivery-Capability: ${withCapability(capability)['delivery-capability']}\r\n`;
    slowBody.socket.write(`${withLength}Content-Length: 100\r\n\r\nabc`);
    assert.match(await slowBody.answer, /^(HTTP\/1\.1 4|$)/);

    const brokenOff = openRaw(relay.origin);
    brokenOff.socket.write(`${withLength}Content-Length: 100\r\n\r\nabc`);
    brokenOff.socket.end();
    await brokenOff.answer;
    await isWell();
  });

  it('does not wait for those who do not take their answers', async () => {
    const carol = await bench.person(relay, 'carol');
    await carol.setCapability(capability);
    const batch = Array.from({ length: 60 }, (_, id) => envelope(id, limits.envelopeBytes));
    const right = withCapability(capability);
    const results = resultsOf(await askCbor(relay.origin, `/v1/mailboxes/${carol.deviceId}`, batch, right));
    assert.ok(results.every((result) => result === 'stored'));

    const asked = 8;
    const credential = `Authorization: Bearer ${carol.bearer}`;
    const request = `GET /v1/events?wait=0 HTTP/1.1\r\nHost: x\r\n${credential}\r\n\r\n`;
    const { socket, answer } = openRaw(relay.origin);
    socket.pause();
    socket.write(request.repeat(asked));
    const begin = Date.now();
    await until(() => Date.now() - begin > 3 * timeouts.answerMs, 'more than the time for an answer');
    socket.resume();
    // What the system held is there; the rest is not, and the connection has ended.
    const { length } = await answer;
    assert.ok(length > 0 && length < asked * batch.length * limits.envelopeBytes);
    await isWell();
  });

  it('keeps a poll longer than a request may take', async () => {
    const poll = alice.poll({ wait: 2 });
    await until(() => relay.waitingPolls() === 1, 'the poll waits');
    const begin = Date.now();
    await until(
      () => Date.now() - begin > timeouts.requestMs + 2 * timeouts.checkMs,
      'more than the time of a request',
    );
    bench.clock.advance(2000);
    assert.equal((await poll).status, 200);
  });
});

/** JSON that has the keys that routes want, and whatever else in them. */
function requestLike(): fc.Arbitrary<string> {
  const text = fc.oneof(fc.base64String({ maxLength: 60 }), fc.string({ maxLength: 40 }));
  const value = fc.oneof(text, fc.integer(), fc.constant(null), fc.array(fc.object(), { maxLength: 3 }));
  const names = [
    'username',
    'link',
    'accountId',
    'deviceId',
    'challenge',
    'signature',
    'signed',
    'capabilityHash',
  ];
  return fc
    .dictionary(fc.constantFrom(...names, 'oneTimePrekeys', 'oneTimeKemKeys', 'invite', '__proto__'), value)
    .map((record) => JSON.stringify(record));
}

type Value = string | number | boolean | null | Uint8Array | Value[] | { [key: string]: Value };

const cborNames = [
  ...['id', 'envelope', 'x', 'accessHash', 'welcome', 'epoch', 'entries', 'entry', 'links', 'opens'],
  ...['groups', 'access', 'after'],
];

function cborValue(): fc.Arbitrary<Value> {
  const { tree } = fc.letrec<{ tree: Value }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      fc.uint8Array({ maxLength: 40 }),
      fc.string({ maxLength: 10 }),
      fc.nat(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom(...cborNames), tie('tree')),
    ),
  }));
  return tree;
}
