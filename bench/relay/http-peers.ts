/** Peers that speak HTTP: the ceilings, and servers that keep what they are sent. */
import { createRequire } from 'node:module';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OneAtATime, request } from '../http-sender.ts';
import { startServer } from '../measure.ts';
import { message, type Peer, type Running, type Sender } from './peer.ts';
import { ask, find, freePort, launch } from './programs.ts';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const koaVersion = (
  createRequire(here('../../relay/package.json'))('koa/package.json') as { readonly version: string }
).version;

async function poster(origin: string, line: string, body: () => Uint8Array): Promise<Sender> {
  const connection = new OneAtATime(origin);
  return {
    async send() {
      const { status } = await connection.send(
        request(line, { 'content-type': 'application/octet-stream' }, body()),
      );
      if (status !== 200) throw new Error(`answered ${status}`);
    },
    close: () => connection.close(),
  };
}

async function startBare(file: string): Promise<Running & { readonly origin: string }> {
  const server = await startServer([here(file)], {});
  return { ...server, sender: () => poster(server.origin, 'POST /', message) };
}

export const bareNode: Peer = {
  name: 'node',
  title: 'bare node:http, keeps nothing',
  batches: false,
  keeps: false,
  settings: `Node ${process.version}`,
  missing: () => undefined,
  start: () => startBare('bare-node.mjs'),
};

export const bareKoa = {
  name: 'koa',
  title: 'bare Koa, keeps nothing',
  batches: false,
  keeps: false,
  settings: `Koa ${koaVersion}`,
  missing: () => undefined,
  start: () => startBare('bare-koa.mjs'),
} satisfies Peer;

/** The first Python that has what is needed, of the user's own and the system's. */
function pythonWithFastapi(): { readonly python: string; readonly version: string } | undefined {
  for (const python of [find('python3'), '/usr/bin/python3']) {
    if (python === undefined) continue;
    const version = ask(python, [
      '-c',
      'import fastapi, uvicorn; print(fastapi.__version__, uvicorn.__version__)',
    ]);
    if (version !== undefined) return { python, version };
  }
  return undefined;
}

const fastapiOptions = ['--workers', '1', '--no-access-log', '--log-level', 'warning'];
const fastapiFound = pythonWithFastapi();

export const fastapi: Peer = {
  name: 'fastapi',
  title: 'FastAPI with SQLite',
  batches: false,
  keeps: true,
  settings: `FastAPI and uvicorn ${fastapiFound?.version ?? ''}, ${fastapiOptions.join(' ')}; WAL, synchronous=FULL`,
  missing: () => (fastapiFound === undefined ? 'no Python with fastapi and uvicorn' : undefined),
  async start(folder, env) {
    const port = await freePort();
    const server = await launch(fastapiFound!.python, {
      args: [
        '-m',
        'uvicorn',
        'fastapi_relay:app',
        '--app-dir',
        here('.'),
        '--port',
        String(port),
        ...fastapiOptions,
      ],
      env: { ...env, DATABASE: join(folder, 'messages.db'), PYTHONDONTWRITEBYTECODE: '1' },
      log: join(folder, 'log'),
      port,
    });
    return {
      ...server,
      sender: (index) => poster(`http://127.0.0.1:${port}`, `POST /mailboxes/${index}`, message),
    };
  },
};

export const ntfy: Peer = {
  name: 'ntfy',
  title: 'ntfy',
  batches: false,
  keeps: true,
  settings:
    'cache-file in SQLite (journal_mode=WAL, synchronous=FULL), limits lifted; written in Go: its fsync is the real one',
  missing: () => (find('ntfy') === undefined ? 'no program called ntfy' : undefined),
  async start(folder, env) {
    const port = await freePort();
    chmodSync(folder, 0o777);
    const limits = ['request-limit-burst', 'message-daily-limit', 'subscription-limit'];
    const server = await launch(find('ntfy')!, {
      args: [
        ...['serve', '--listen-http', `127.0.0.1:${port}`, '--cache-file', join(folder, 'cache.db')],
        ...['--cache-startup-queries', 'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;'],
        ...limits.flatMap((limit) => [`--visitor-${limit}`, '100000000']),
      ],
      env,
      log: join(folder, 'log'),
      port,
    });
    const text = (): Uint8Array => message().fill('x', 8).fill('y', 0, 8);
    return { ...server, sender: (index) => poster(`http://127.0.0.1:${port}`, `POST /t${index}`, text) };
  },
};
