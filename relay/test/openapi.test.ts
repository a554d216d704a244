/** The OpenAPI document, against its specification, the router, and what really travels. */
import assert from 'node:assert/strict';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import * as v from 'valibot';
import { decodeCbor } from '@crypt2chat/shared/cbor';
import { relayErrors, routes } from '@crypt2chat/shared/wire';
import { operations, refusalsOf } from '../src/openapi/index.ts';
import type { RunningRelay } from '../src/testing.ts';
import { Group, pollGroups } from './support/groups.ts';
import { ask, askCbor, askJson, envelope, Person, withCapability } from './support/people.ts';
import { Bench, until } from './support/relay.ts';

const capability = new Uint8Array(32).fill(7);
const maxCborBytes = 5 * 1024 * 1024;

type Media = Readonly<Record<string, { readonly schema: object }>>;

interface Described {
  readonly security: readonly Record<string, unknown>[];
  readonly requestBody?: { readonly content: Media };
  readonly responses: Readonly<Record<string, { readonly headers?: object; readonly content?: Media }>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
}

/** A request and its answer, as they were on the wire. */
interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly sent: { readonly type: string; readonly bytes: Uint8Array } | undefined;
  readonly status: number;
  readonly got: { readonly type: string; readonly bytes: Uint8Array };
}

describe('the OpenAPI document', () => {
  let bench: Bench;
  let relay: RunningRelay;
  let document: Document;

  beforeEach(async () => {
    bench = new Bench();
    relay = await bench.start({ config: { envelopesPerMailbox: 3, waitingPolls: 1 } });
    document = (await ask(relay.origin, 'GET', routes.openapi)).json as Document;
  });
  afterEach(() => bench.end());

  it('is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document) as never);
    assert.deepEqual(errors ?? [], []);
    assert.ok(valid);
    assert.match(document.openapi, /^3\.1\./);
    const broken = { ...document, paths: { nowhere: {} } };
    assert.equal((await new Validator().validate(broken as never)).valid, false, 'the control');
  });

  it('has every route of the relay, with every method that it takes, and no other', async () => {
    for (const route of Object.values(routes)) {
      if (route === routes.openapi) continue;
      const described = document.paths[route.replace(/:([a-z]+)/g, '{$1}')];
      assert.ok(described, route);
      for (const method of ['get', 'post', 'put', 'delete', 'patch']) {
        const path = route.replace(/:[a-z]+/, 'x'.repeat(43));
        const { code } = await ask(relay.origin, method.toUpperCase(), path);
        const isTaken = code !== 'ERR_METHOD_NOT_ALLOWED' && code !== 'ERR_NOT_FOUND';
        assert.equal(isTaken, Object.hasOwn(described, method), `${method} ${route}`);
      }
    }
    assert.equal(Object.keys(document.paths).length, Object.keys(routes).length - 1);
  });

  it('knows every code that the relay has', () => {
    const known = new Set(operations.flatMap(refusalsOf));
    const elsewhere = ['ERR_NOT_FOUND', 'ERR_METHOD_NOT_ALLOWED'];
    for (const code of Object.keys(relayErrors)) {
      assert.ok(known.has(code as keyof typeof relayErrors) || elsewhere.includes(code), code);
    }
  });

  it('says of bytes how many there are, in JSON and in CBOR', () => {
    const bodyOf = (path: string, type: string) =>
      JSON.stringify(document.paths[path]?.['post']?.requestBody?.content[type]?.schema ?? {});
    assert.ok(bodyOf('/v1/challenges', 'application/json').includes('^[A-Za-z0-9_-]{43}$'));
    const deliver = bodyOf('/v1/mailboxes/{id}', 'application/cbor');
    assert.ok(deliver.includes('"x-cbor-type":"byte string"'));
    assert.ok(
      deliver.includes('"minLength":16,"maxLength":16') && deliver.includes('"maxLength":65536'),
      deliver,
    );
  });

  it('says where an answer tells when to try again', async () => {
    const alice = await bench.person(relay, 'alice');
    const { cursor } = await alice.events({ wait: 0 });
    const first = alice.poll({ after: cursor, wait: 25 });
    await until(() => relay.waitingPolls() === 1, 'a poll waits');
    const other = (await bench.person(relay, 'bob')).poll({ wait: 25 });
    const { status, headers } = await other;
    assert.match(headers.get('retry-after') ?? '', /^[1-9][0-9]*$/);
    assert.ok(document.paths['/v1/events']!['get']!.responses[String(status)]?.headers);
    bench.clock.advance(25_000);
    assert.equal((await first).headers.get('retry-after'), null);
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const { responses } of Object.values(methods)) {
        for (const [answered, { headers: described }] of Object.entries(responses)) {
          assert.equal(
            described !== undefined,
            ['429', '503', '507'].includes(answered),
            `${path} ${answered}`,
          );
        }
      }
    }
  });

  it('is what travels, whatever is asked', async () => {
    const { exchanges, end } = recordFetch();
    try {
      await askEverything();
    } finally {
      end();
    }
    const reached = new Set(exchanges.map((exchange) => assertDescribed(document, exchange)));
    const all = operations.map(({ method, path }) => `${method} ${path.replace(/:([a-z]+)/g, '{$1}')}`);
    assert.deepEqual(
      all.filter((name) => !reached.has(name)),
      [],
    );
    assert.ok(exchanges.filter(({ status }) => status < 400).length >= 25);
    assert.ok(exchanges.filter(({ status }) => status >= 400).length >= 15);
  });

  it('would not pass for what travels if it were another', () => {
    const bytes = Buffer.from(JSON.stringify({ challenge: 'short' }));
    const exchange = { method: 'post', path: '/v1/challenges', sent: undefined, status: 200 };
    assert.throws(() => assertDescribed(document, { ...exchange, got: { type: 'application/json', bytes } }));
    const got = { type: 'application/json', bytes: Buffer.from('{"code":"ERR_EPOCH_STALE","message":""}') };
    assert.throws(() => assertDescribed(document, { ...exchange, status: 409, got }));
  });

  /** Each operation as it goes well, and much that goes wrong. */
  async function askEverything(): Promise<void> {
    const alice = await bench.person(relay, 'alice');
    const bob = await bench.person(relay, 'bob');
    await ask(relay.origin, 'GET', '/v1/about');
    await alice.register();
    await alice.appendLink(alice.links[0]!);
    for (const path of ['alice', alice.accountId, 'nobody', 'NOBODY', 'alice?after=0', 'alice?after=x']) {
      await ask(relay.origin, 'GET', `/v1/accounts/${path}`);
    }
    await bob.setCapability(capability);
    await bob.putPrekeys(bob.prekeysBody(2, 1).body);
    await bob.putPrekeys({ ...bob.prekeysBody(2, 1).body, signature: 'A'.repeat(152) });
    await ask(relay.origin, 'GET', '/v1/device/prekeys/count', { headers: bob.auth });
    for (let i = 0; i < 3; i++) await alice.claim(bob.accountId);
    await alice.claim(alice.accountId);
    await alice.claim('A'.repeat(43));
    await alice.answerChallenge(new Uint8Array(32));

    const mailbox = `/v1/mailboxes/${bob.deviceId}`;
    const right = withCapability(capability);
    await askCbor(relay.origin, mailbox, [envelope(1), envelope(1), envelope(2)], right);
    await askCbor(relay.origin, mailbox, [envelope(3), envelope(4)], alice.auth);
    await askCbor(relay.origin, mailbox, [], right);
    await askCbor(relay.origin, mailbox, [envelope(5)], withCapability(new Uint8Array(32)));
    await askCbor(relay.origin, mailbox, [envelope(5)], {});
    await askCbor(relay.origin, `/v1/mailboxes/${alice.accountId}`, [envelope(5)], alice.auth);
    await askJson(relay.origin, 'POST', mailbox, [], right);
    await askCbor(relay.origin, `${mailbox}/ephemeral`, { envelope: new Uint8Array(9) }, right);
    const { cursor } = await bob.events({ wait: 0 });
    await bob.poll({ wait: 0, after: cursor });
    await bob.poll({ wait: 0, after: 'x' });
    await alice.poll({ wait: 99 });

    const group = new Group(relay.origin);
    await group.create(alice);
    await group.create(alice);
    await group.messages([1, 2]);
    await group.welcome(0);
    await group.ephemeral(new Uint8Array(9));
    await group.close(3, 0, 0, new Uint8Array(10));
    await group.post([], 0, 0);
    await group.askWelcome(7);
    await group.ephemeral(new Uint8Array(9), 0);
    await new Group(relay.origin, 'another').askWelcome(0);
    await pollGroups([{ group }, { group: new Group(relay.origin, 'another') }]);

    const { links } = new Person(relay.origin, 'carol', 1);
    const carol = { username: 'carol', link: Buffer.from(links[0]!).toString('base64url') };
    await askJson(relay.origin, 'POST', '/v1/accounts', { ...carol, username: 'dave' });
    await askJson(relay.origin, 'POST', '/v1/accounts', { ...carol, extra: 1 });
    await ask(relay.origin, 'POST', '/v1/accounts', { body: 'hello' });
    await relay.store.setBlocked(bob.identity.accountId, true);
    await bob.answerChallenge(await bob.challenge());
  }
});

/** Until `end`, keeps what is asked by fetch. */
function recordFetch(): { exchanges: Exchange[]; end(): void } {
  const exchanges: Exchange[] = [];
  const real = globalThis.fetch;
  globalThis.fetch = async (url, init) => {
    const request = new Request(url, init);
    const sent = new Uint8Array(await request.clone().arrayBuffer());
    const response = await real(request);
    const bytes = new Uint8Array(await response.clone().arrayBuffer());
    exchanges.push({
      method: request.method.toLowerCase(),
      path: new URL(request.url).pathname,
      sent: sent.length === 0 ? undefined : { type: typeOf(request.headers), bytes: sent },
      status: response.status,
      got: { type: typeOf(response.headers), bytes },
    });
    return response;
  };
  return {
    exchanges,
    end() {
      globalThis.fetch = real;
    },
  };
}

function typeOf(headers: Headers): string {
  return headers.get('content-type')?.split(';')[0] ?? '';
}

/** @returns the operation that it belongs to */
function assertDescribed(document: Document, { method, path, sent, status, got }: Exchange): string {
  const found = Object.entries(document.paths).find(([template, methods]) => {
    const pattern = new RegExp(`^${template.replace(/\{[a-z]+\}/g, '[^/]+')}$`);
    return pattern.test(path) && Object.hasOwn(methods, method);
  });
  assert.ok(found, `${method} ${path}`);
  const [template, methods] = found;
  const { requestBody, responses } = methods[method]!;
  const name = `${method} ${template}`;
  const response = responses[String(status)];
  assert.ok(response, `${name} may answer ${status}`);
  assertFits(response.content, got, `${name} ${status}`);
  if (status < 400 && requestBody !== undefined) {
    assert.ok(sent, name);
    assertFits(requestBody.content, sent, name);
  }
  return name;
}

const ajv = new Ajv2020({ strict: true }).addKeyword('x-cbor-type');
const validators = new Map<object, ValidateFunction>();

function assertFits(content: Media | undefined, { type, bytes }: Exchange['got'], what: string): void {
  if (content === undefined) {
    assert.equal(bytes.length, 0, `${what} has no body`);
    return;
  }
  const schema = content[type]?.schema;
  assert.ok(schema, `${what} may be ${type}`);
  const value =
    type === 'application/cbor'
      ? asJson(decodeCbor(v.unknown(), bytes, maxCborBytes))
      : (JSON.parse(Buffer.from(bytes).toString()) as unknown);
  const validate = validators.get(schema) ?? ajv.compile(schema);
  validators.set(schema, validate);
  assert.ok(validate(value), `${what}: ${JSON.stringify(validate.errors)}`);
}

/** Byte strings as strings of as many characters. */
function asJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (Array.isArray(value)) return value.map(asJson);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asJson(inner)]));
  }
  return value;
}
