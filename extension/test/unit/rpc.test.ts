import assert from 'node:assert/strict';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { CodedError } from '@crypt2chat/shared/errors';
import fc from 'fast-check';
import * as v from 'valibot';
import { type Handlers, type Methods, Peer } from '../../src/ipc/index.ts';

const methods = {
  double: { params: v.strictObject({ n: v.number() }), result: v.number(), timeoutMs: 5_000 },
  wrong: { params: v.void(), result: v.string(), timeoutMs: 5_000 },
  coded: { params: v.void(), result: v.void(), timeoutMs: 5_000 },
  broken: { params: v.void(), result: v.void(), timeoutMs: 5_000 },
  wait: { params: v.void(), result: v.void(), timeoutMs: 5_000 },
  hurried: { params: v.void(), result: v.void(), timeoutMs: 20 },
} as const satisfies Methods;

describe('calls between threads', () => {
  const ports: MessagePort[] = [];
  const faults: string[] = [];
  const events: string[] = [];
  let aborted = 0;

  function untilAborted(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        aborted++;
        resolve();
      });
    });
  }

  const handlers: Handlers<typeof methods> = {
    double: ({ n }) => 2 * n,
    // What the other side says is checked there, whatever the types say here.
    wrong: () => JSON.parse('7') as string,
    coded: () => {
      throw new CodedError('ERR_TEST', 'a secret that must not travel');
    },
    broken: () => {
      throw new TypeError('a secret that must not travel');
    },
    wait: (_, signal) => untilAborted(signal),
    hurried: (_, signal) => untilAborted(signal),
  };

  function connect() {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1, port2);
    const nobody = { ours: {}, handlers: {}, theirs: {}, onFault: (code: string) => void faults.push(code) };
    const server = new Peer({
      ...nobody,
      ours: methods,
      handlers,
      post: (frame) => port1.postMessage(frame),
      event: v.never(),
      onEvent: () => undefined,
    });
    const client = new Peer({
      ...nobody,
      theirs: methods,
      post: (frame) => port2.postMessage(frame),
      event: v.string(),
      onEvent: (event) => void events.push(event),
    });
    const frames: unknown[] = [];
    port1.on('message', (data: unknown) => server.receive(data));
    port2.on('message', (data: unknown) => {
      frames.push(data);
      client.receive(data);
    });
    return { server, client, frames };
  }

  beforeEach(() => {
    faults.length = 0;
    events.length = 0;
    aborted = 0;
  });

  afterEach(() => {
    for (const port of ports.splice(0)) port.close();
  });

  it('are answered, each its own', async () => {
    const { client } = connect();
    const answers = await Promise.all([1, 2, 3].map((n) => client.call('double', { n })));
    assert.deepEqual(answers, [2, 4, 6]);
  });

  it('fail with the code of the other side and nothing else of it', async () => {
    const { client, frames } = connect();
    await assert.rejects(client.call('coded', undefined), { code: 'ERR_TEST' });
    await assert.rejects(client.call('broken', undefined), { code: 'ERR_ENGINE_INTERNAL' });
    assert.deepEqual(faults, ['ERR_ENGINE_INTERNAL']);
    assert.ok(!JSON.stringify(frames).includes('secret'));
  });

  it('are refused when they have another form, on the way there and back', async () => {
    const { client } = connect();
    await assert.rejects(client.call('double', JSON.parse('{"n":"1"}') as { n: number }), {
      code: 'ERR_IPC_INVALID',
    });
    await assert.rejects(client.call('wrong', undefined), { code: 'ERR_IPC_INVALID' });
  });

  it('are called off at the other side too', async () => {
    const { client } = connect();
    const controller = new AbortController();
    const waiting = client.call('wait', undefined, controller.signal);
    await client.call('double', { n: 1 });
    controller.abort();
    await assert.rejects(waiting, { code: 'ERR_ABORTED' });
    await client.call('double', { n: 1 });
    assert.equal(aborted, 1);
    await assert.rejects(client.call('wait', undefined, AbortSignal.abort()), { code: 'ERR_ABORTED' });
  });

  it('are given up in time', async () => {
    const { client } = connect();
    await assert.rejects(client.call('hurried', undefined), { code: 'ERR_ENGINE_TIMEOUT' });
    await client.call('double', { n: 1 });
    assert.equal(aborted, 1);
  });

  it('end with the other side', async () => {
    const { client, server } = connect();
    const waiting = client.call('wait', undefined);
    await client.call('double', { n: 1 });
    server.end();
    client.end();
    await assert.rejects(waiting, { code: 'ERR_ENGINE_STOPPED' });
    await assert.rejects(client.call('double', { n: 1 }), { code: 'ERR_ENGINE_STOPPED' });
    assert.equal(aborted, 1);
  });

  it('are bounded in number', async () => {
    const { client } = connect();
    const waiting = Array.from({ length: 1_000 }, () =>
      client.call('wait', undefined).catch(() => undefined),
    );
    await assert.rejects(client.call('double', { n: 1 }), { code: 'ERR_ENGINE_BUSY' });
    client.end();
    await Promise.all(waiting);
  });

  it('carry events in the order in which they were told', async () => {
    const { client, server } = connect();
    server.emit('one');
    server.emit('two');
    server.emit(3);
    await client.call('double', { n: 1 });
    assert.deepEqual(events, ['one', 'two']);
    assert.deepEqual(faults, ['ERR_IPC_INVALID']);
  });

  it('survive whatever the other side says', () => {
    const lone = {
      ours: methods,
      handlers,
      theirs: methods,
      post: () => undefined,
      event: v.string(),
      onEvent: () => undefined,
      onFault: () => undefined,
    };
    const peer = new Peer(lone);
    void peer.call('wait', undefined).catch(() => undefined);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.anything(),
          fc.record({
            type: fc.constantFrom('call', 'cancel', 'answer', 'failure', 'event'),
            id: fc.oneof(fc.nat(3), fc.anything()),
            method: fc.constantFrom('toString', '__proto__', 'constructor', 'nothing'),
            params: fc.anything(),
          }),
        ),
        (frame) => {
          peer.receive(frame);
        },
      ),
    );
    peer.end();
  });
});
