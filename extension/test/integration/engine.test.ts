/**
 * The engine where it really runs: its thread as the VSIX brings it, started by an extension host, with that host's own
 * `fetch` and a relay in a process of its own.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineChange } from '@crypt2chat/shared/engine';
import { extensions } from 'vscode';
import { FetchTransport, Session, VaultFolder } from '../../src/host/session/index.ts';

const dist = join(extensions.getExtension('crypt2chat.crypt2chat')?.extensionPath ?? '', 'dist');
const relay = process.env['TEST_RELAY_URL'] ?? '';
const transport = new FetchTransport((input, init) => globalThis.fetch(input, init));

describe('the engine in the extension host', () => {
  let folder: string;
  const sessions: Session[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'crypt2chat-host-'));
  });

  after(async () => {
    await Promise.all(sessions.map((session) => session.close()));
    await rm(folder, { recursive: true, maxRetries: 5 });
  });

  async function register(username: string): Promise<Session> {
    const secrets = new Map<string, string>();
    const session = new Session({
      folder: new VaultFolder(await mkdtemp(join(folder, 'storage-'))),
      secrets: {
        get: async (name) => secrets.get(name),
        store: async (name, value) => {
          secrets.set(name, value);
        },
      },
      randomness: { bytes: (size) => new Uint8Array(randomBytes(size)) },
      transport,
      workerFile: join(dist, 'worker.cjs'),
      wasmFile: join(dist, 'sql-wasm-debug.wasm'),
      log: () => undefined,
    });
    sessions.push(session);
    assert.equal((await session.start()).kind, 'fresh');
    await session.register({ relay, username });
    return session;
  }

  function change(session: Session, accept: (change: EngineChange) => boolean): Promise<EngineChange> {
    return new Promise((resolve) => {
      const unsubscribe = session.subscribe({
        onState: () => undefined,
        onChange: (each) => {
          if (!accept(each)) return;
          unsubscribe();
          resolve(each);
        },
      });
    });
  }

  it('registers two people and carries a message there and back', async () => {
    const [carol, dave] = await Promise.all([register('carol'), register('dave')]);
    const address = dave.state.kind === 'open' ? dave.state.engine.account?.address : undefined;
    const { key } = await carol.call('openConversation', { address: address ?? '' });
    const arrives = (session: Session, text: string) =>
      change(session, (each) => {
        return (
          each.kind === 'message' && each.message.body.kind === 'text' && each.message.body.text === text
        );
      });
    const there = arrives(dave, 'there');
    await carol.call('send', { conversation: key, draft: { kind: 'text', text: 'there' } });
    await there;
    await dave.call('answerRequest', { conversation: key, answer: 'accept' });
    const back = arrives(carol, 'and back');
    await dave.call('send', { conversation: key, draft: { kind: 'text', text: 'and back' } });
    await back;
  });

  it('follows no redirect, reads no more than it asked for, and can be called off', async () => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      if (request.url === '/redirect') response.writeHead(302, { location: '/large' }).end();
      else if (request.url === '/large') response.end(Buffer.alloc(100_000));
      else response.writeHead(200).write('half');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const request = (path: string, timeoutMs = 10_000, signal?: AbortSignal) =>
        transport.request(
          { method: 'GET', url: `http://127.0.0.1:${port}${path}`, headers: {}, timeoutMs, maxBytes: 50_000 },
          signal,
        );
      await assert.rejects(request('/redirect'), { code: 'ERR_RELAY_UNREACHABLE' });
      assert.deepEqual(asked, ['/redirect']);
      await assert.rejects(request('/large'), { code: 'ERR_RELAY_UNREACHABLE' });
      await assert.rejects(request('/half', 300), { code: 'ERR_RELAY_UNREACHABLE' });
      const controller = new AbortController();
      const waiting = request('/half', 10_000, controller.signal);
      controller.abort();
      await assert.rejects(waiting, { code: 'ERR_ABORTED' });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
