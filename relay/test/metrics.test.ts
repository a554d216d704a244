import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { toBase64url, toHex } from '@crypt2chat/shared/bytes';
import { relayErrors, routes } from '@crypt2chat/shared/wire';
import type { Config, RunningRelay } from '../src/testing.ts';
import { Group } from './support/groups.ts';
import { ask, askCbor, assertRefused, envelope, type Person, withCapability } from './support/people.ts';
import { Bench, until } from './support/relay.ts';

const capability = new Uint8Array(32).fill(7);

/** `name{labels} value`, without the figures of Node itself. */
interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

describe('metrics', () => {
  let bench: Bench;
  let relay: RunningRelay;
  let alice: Person;
  let bob: Person;

  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench.end());

  async function start(metrics: Config['metrics']): Promise<void> {
    relay = await bench.start({ config: { metrics, envelopesPerMailbox: 3 } });
    alice = await bench.person(relay, 'canary-alice');
    bob = await bench.person(relay, 'canary-bob');
    await bob.setCapability(capability);
  }

  async function samples(): Promise<Sample[]> {
    const { bytes } = await ask(relay.origin, 'GET', '/metrics');
    return samplesIn(Buffer.from(bytes).toString());
  }

  async function value(
    name: string,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<number | undefined> {
    const found = (await samples()).filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
    );
    assert.ok(found.length <= 1, `${name} is one`);
    return found[0]?.value;
  }

  const send = (...ids: number[]) =>
    askCbor(
      relay.origin,
      `/v1/mailboxes/${bob.deviceId}`,
      ids.map((id) => envelope(id)),
      withCapability(capability),
    );

  it('count what comes in, what goes out, and what is refused', async () => {
    await start('on');
    await send(1, 2, 1);
    await send(3, 4);
    await bob.poll({ wait: 0 });
    assertRefused(await bob.poll({ wait: 0, after: 'x' }), 'ERR_CURSOR_INVALID');
    const group = new Group(relay.origin);
    await group.create(alice);
    await group.messages([1, 2]);
    await group.close(3, 0);
    const envelopes = (result: string) => value('crypt2chat_envelopes_total', { result });
    assert.deepEqual(
      [await envelopes('stored'), await envelopes('duplicate'), await envelopes('mailbox-full')],
      [3, 1, 1],
    );
    assert.equal(await value('crypt2chat_envelopes_fetched_total'), 3);
    assert.equal(await value('crypt2chat_group_entries_total', { kind: 'message' }), 2);
    assert.equal(await value('crypt2chat_group_entries_total', { kind: 'link' }), 1);
    assert.equal(await value('crypt2chat_refusals_total', { code: 'ERR_CURSOR_INVALID' }), 1);
    const route = routes.mailbox;
    assert.equal(await value('crypt2chat_requests_total', { route, method: 'POST', status: '200' }), 2);
    assert.equal(await value('crypt2chat_request_seconds_count', { route }), 2);
    assert.equal(await value('crypt2chat_request_seconds_count', { route: routes.events }), undefined);
  });

  it('tell how much there is, looked at once a minute', async () => {
    await start('on');
    await send(1, 2);
    assert.equal(await value('crypt2chat_envelopes_waiting'), 2);
    assert.equal(await value('crypt2chat_envelope_bytes_waiting'), 200);
    assert.deepEqual([await value('crypt2chat_accounts'), await value('crypt2chat_devices')], [2, 2]);
    await send(3);
    assert.equal(await value('crypt2chat_envelopes_waiting'), 2);
    bench.clock.advance(60_000);
    assert.equal(await value('crypt2chat_envelopes_waiting'), 3);
    assert.equal(await value('crypt2chat_store_up'), 1);
    assert.equal(await value('crypt2chat_info', { store: 'sqlite' }), 1);
    assert.ok(((await value('crypt2chat_connections')) ?? 0) >= 1);
    assert.ok(((await value('process_resident_memory_bytes')) ?? 0) > 1e6);
    const poll = bob.poll({ wait: 55, after: (await bob.events({ wait: 0 })).cursor });
    await until(() => relay.waitingPolls() === 1, 'the poll waits');
    assert.equal(await value('crypt2chat_polls_waiting'), 1);
    bench.clock.advance(55_000);
    await poll;
  });

  it('name nobody: labels have few values, which stand in the sources', async () => {
    await start('on');
    await send(1);
    await bob.poll({ wait: 0 });
    await ask(relay.origin, 'GET', '/v1/accounts/canary-bob');
    await ask(relay.origin, 'GET', '/canary-path');
    await ask(relay.origin, 'PROPFIND', '/v1/accounts/canary-bob');
    const text = Buffer.from((await ask(relay.origin, 'GET', '/metrics')).bytes).toString();
    const ids = [alice, bob].flatMap((person) => [person.identity.accountId, person.deviceIdBytes]);
    for (const secret of ['canary', '127.0.0.1', ...ids.flatMap((id) => [toBase64url(id), toHex(id)])]) {
      assert.equal(text.includes(secret), false, secret);
    }
    const allowed: Readonly<Record<string, (label: string) => boolean>> = {
      route: (label) =>
        label === 'none' ||
        ['/metrics', '/healthz', '/readyz', ...Object.values<string>(routes)].includes(label),
      method: (label) => /^[A-Z]{3,12}$/.test(label),
      status: (label) => /^[1-5][0-9]{2}$/.test(label),
      code: (label) => Object.hasOwn(relayErrors, label),
      result: (label) => ['stored', 'duplicate', 'mailbox-full'].includes(label),
      kind: (label) => ['message', 'link'].includes(label),
      store: (label) => label === 'sqlite',
      version: (label) => label === '0.1.0',
      le: (label) => label === '+Inf' || Number(label) > 0,
    };
    const ours = samplesIn(text).filter(({ name }) => name.startsWith('crypt2chat_'));
    assert.ok(ours.length > 30);
    for (const { name, labels } of ours) {
      for (const [key, label] of Object.entries(labels))
        assert.ok(allowed[key]?.(label), `${name} ${key}=${label}`);
    }
  });

  it('are all there that the example dashboard shows', async () => {
    await start('on');
    await send(1);
    const names = new Set((await samples()).map(({ name }) => name));
    const file = new URL('../../docs/grafana-dashboard.json', import.meta.url);
    const { panels } = JSON.parse(readFileSync(file, 'utf8')) as {
      panels: { targets: { expr: string }[] }[];
    };
    const shown = panels.flatMap(({ targets }) =>
      targets.flatMap(({ expr }) => expr.match(/\b(crypt2chat|process|nodejs)_\w+/g) ?? []),
    );
    assert.ok(shown.length >= panels.length);
    // Counters with labels appear with their first count.
    const later = ['crypt2chat_refusals_total', 'crypt2chat_group_entries_total'];
    for (const name of shown) assert.ok(names.has(name) || later.includes(name), name);
  });

  it('are for nobody unless they are asked for', async () => {
    await start('off');
    assertRefused(await ask(relay.origin, 'GET', '/metrics'), 'ERR_NOT_FOUND');
  });

  it('may have a port of their own, which has nothing else, and is not reached otherwise', async () => {
    const port = await freePort();
    await start({ host: '127.0.0.1', port });
    assertRefused(await ask(relay.origin, 'GET', '/metrics'), 'ERR_NOT_FOUND');
    const own = `http://127.0.0.1:${port}`;
    const found = await fetch(`${own}/metrics`);
    assert.equal(found.status, 200);
    assert.match(found.headers.get('content-type') ?? '', /^text\/plain/);
    assert.ok((await found.text()).includes('crypt2chat_accounts 2'));
    for (const path of ['/', '/v1/about', '/healthz']) assert.equal((await fetch(own + path)).status, 404);
    assert.equal((await fetch(`${own}/metrics`, { method: 'POST' })).status, 404);
    await relay.stop();
    await assert.rejects(fetch(`${own}/metrics`));
  });

  it('keep the relay from starting where their port is taken, and nothing stays behind', async () => {
    await start('off');
    const { port } = relay;
    const other = new Bench();
    try {
      await assert.rejects(other.start({ config: { metrics: { host: '127.0.0.1', port } } }));
      await other.start();
    } finally {
      await other.end();
    }
  });
});

function samplesIn(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', number] = /^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(/([a-z]+)="([^"]*)"/g)].map(([, key = '', label = '']) => [key, label]);
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(number) }];
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
