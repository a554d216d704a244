import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TransportRequest } from '@crypt2chat/shared/engine';
import { FetchTransport } from '../../src/host/session/index.ts';

describe('HTTP by fetch', () => {
  const transport = new FetchTransport(globalThis.fetch);
  let server: Server;
  let origin: string;
  let answer: RequestListener;
  const seen: IncomingMessage[] = [];

  before(async () => {
    server = createServer((request, response) => {
      seen.push(request);
      answer(request, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  beforeEach(() => {
    seen.length = 0;
  });

  after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const request = (more: Partial<TransportRequest> = {}): TransportRequest => ({
    method: 'GET',
    url: `${origin}/v1/about`,
    headers: {},
    timeoutMs: 5_000,
    maxBytes: 1_000,
    ...more,
  });

  it('carries method, headers and body out, status and body back', async () => {
    answer = (message, response) => {
      const parts: Buffer[] = [];
      message.on('data', (part: Buffer) => parts.push(part));
      message.on('end', () => response.writeHead(201).end(Buffer.concat(parts)));
    };
    const body = new Uint8Array([0, 255, 10, 13, 128]);
    const reply = await transport.request(request({ method: 'POST', headers: { 'x-test': 'yes' }, body }));
    assert.deepEqual(reply, { status: 201, body });
    assert.equal(seen[0]?.method, 'POST');
    assert.equal(seen[0].headers['x-test'], 'yes');
    assert.equal(seen[0].headers.cookie, undefined);
  });

  it('hands errors of the relay on, with the time to wait', async () => {
    answer = (_message, response) => response.writeHead(429, { 'retry-after': '7' }).end('{}');
    const { status, retryAfterSeconds } = await transport.request(request());
    assert.deepEqual([status, retryAfterSeconds], [429, 7]);
  });

  it('takes an answer of exactly the size allowed, and none that is larger', async () => {
    answer = (_message, response) => response.end(Buffer.alloc(1_000));
    assert.equal((await transport.request(request())).body.length, 1_000);
    answer = (_message, response) => response.end(Buffer.alloc(1_001));
    await assert.rejects(transport.request(request()), { code: 'ERR_RELAY_UNREACHABLE' });
  });

  it('stops reading an answer that does not end', async () => {
    let written = 0;
    const closed = new Promise<void>((resolve) => {
      answer = (_message, response) => {
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(64 * 1024))) written += 64 * 1024;
        };
        response.on('drain', more);
        response.on('close', resolve);
        more();
      };
    });
    await assert.rejects(transport.request(request()), { code: 'ERR_RELAY_UNREACHABLE' });
    await closed;
    assert.ok(written < 16 * 1024 * 1024, 'only what the buffers between take was written');
  });

  it('follows no redirect', async () => {
    answer = (message, response) => {
      if (message.url === '/elsewhere') response.end('followed');
      else response.writeHead(307, { location: '/elsewhere' }).end();
    };
    await assert.rejects(transport.request(request()), { code: 'ERR_RELAY_UNREACHABLE' });
    assert.equal(seen.length, 1);
  });

  it('gives up in time when no answer comes, and when one does not end', async () => {
    answer = () => undefined;
    await assert.rejects(transport.request(request({ timeoutMs: 50 })), { code: 'ERR_RELAY_UNREACHABLE' });
    answer = (_message, response) => response.writeHead(200).write('half');
    await assert.rejects(transport.request(request({ timeoutMs: 200 })), { code: 'ERR_RELAY_UNREACHABLE' });
  });

  it('is called off, before and after the answer began', async () => {
    const before = AbortSignal.abort();
    await assert.rejects(transport.request(request(), before), { code: 'ERR_ABORTED' });
    assert.equal(seen.length, 0);

    const controller = new AbortController();
    answer = (_message, response) => {
      response.writeHead(200).write('half');
      controller.abort();
    };
    await assert.rejects(transport.request(request(), controller.signal), { code: 'ERR_ABORTED' });
  });

  it('says that nobody is there', async () => {
    const gone = createServer();
    gone.listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const url = `http://127.0.0.1:${(gone.address() as AddressInfo).port}/`;
    gone.close();
    await once(gone, 'close');
    await assert.rejects(transport.request(request({ url })), { code: 'ERR_RELAY_UNREACHABLE' });
  });

  it('sends nothing in the clear beyond this computer, nor to what is not HTTP', async () => {
    const asked: unknown[] = [];
    const watched = new FetchTransport((input) => {
      asked.push(input);
      return Promise.reject(new Error('no network in this test'));
    });
    for (const url of [
      'http://relay.example.org/',
      'file:///etc/hosts',
      'https://a:b@relay.example.org/',
      'no',
    ]) {
      await assert.rejects(watched.request(request({ url })), { code: 'ERR_RELAY_UNREACHABLE' });
    }
    assert.deepEqual(asked, []);
    await assert.rejects(watched.request(request({ url: 'https://relay.example.org/' })));
    assert.equal(asked.length, 1);
  });
});
