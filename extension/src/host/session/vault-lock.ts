/**
 * One engine per vault: who holds the lock may open the vault. The lock is a listening socket, because the system
 * takes it away from a process however that process ends; its name is the SHA-256 of the vault's real path, because
 * socket paths beside the vault are cut silently at 104 to 108 bytes and two vaults would then share one.
 *
 * - Linux: an abstract socket. Windows: a named pipe. Both exist once, and vanish with their holder.
 * - Elsewhere: a socket file in a folder that only its owner may enter. A file outlives its process, so it must be
 *   replaced, and two who find it stale may both replace it: each renames its own socket onto the name (the last one
 *   stays), waits a moment, connects to the name and looks for its own token there. The holder goes on looking, so
 *   that even a process that was suspended in the middle of this cannot leave two holders for long.
 *
 * Whoever connects is told the holder's token, and may answer with 32 bytes that ask the holder to hand over. Other
 * users of the computer can connect too, so what they say proves itself or is nothing (see session.ts).
 */
import { createHash, randomBytes } from 'node:crypto';
import { lstat, mkdir, realpath, rename, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CodedError } from '@crypt2chat/shared/errors';

export type LockKind = 'abstract' | 'pipe' | 'file';

export interface LockOptions {
  /** How long to go on trying while another process holds it. */
  readonly retryForMs?: number;
  /** Called at each refusal, with the time since the first try. */
  readonly onRefused?: (afterMs: number) => void;
  /** Somebody asks the holder to hand over. The proof, 32 bytes, is about the holder's token, 16 bytes. */
  readonly onAsked?: (token: Uint8Array, proof: Uint8Array) => void;
  /** Called when a lock that was held is found to be somebody else's. Only `file` locks can be lost. */
  readonly onLost?: () => void;
  readonly signal?: AbortSignal;
  /** For tests: another platform's way. */
  readonly kind?: LockKind;
  /** For tests: where `file` locks lie. */
  readonly folder?: string;
  /** For tests: how often a `file` lock looks whether it is still there. */
  readonly recheckEveryMs?: number;
}

export interface VaultLock {
  /** Idempotent. */
  release(): Promise<void>;
}

const retryEveryMs = 250;
const probeTimeoutMs = 2_000;
/** Far longer than anybody takes between finding a socket stale and replacing it. */
const settleMs = 250;
const defaultRecheckEveryMs = 5_000;
const tokenBytes = 16;
const proofBytes = 32;
/** A whole `sun_path`: some versions of Node pad shorter names, some do not, and theirs would be two names. */
const abstractNameBytes = 108;

/**
 * @param vaultFile need not exist; its folder must.
 * @returns undefined when another process holds it. Within one process, the second caller is refused like any other.
 * @throws CodedError `ERR_DATABASE_IO` when there is no place for the lock; `ERR_ABORTED`.
 */
export async function acquireVaultLock(
  vaultFile: string,
  options: LockOptions = {},
): Promise<VaultLock | undefined> {
  const { retryForMs = 0, onRefused, signal } = options;
  const digest = await digestOf(vaultFile);
  const startedAt = performance.now();
  for (;;) {
    if (signal?.aborted) throw new CodedError('ERR_ABORTED', 'called off');
    const lock = await tryOnce(digest, options);
    if (lock) return lock;
    const afterMs = performance.now() - startedAt;
    onRefused?.(afterMs);
    if (afterMs + retryEveryMs > retryForMs) return undefined;
    await pause(retryEveryMs);
  }
}

async function digestOf(vaultFile: string): Promise<string> {
  const folder = await realpath(dirname(vaultFile));
  return createHash('sha256')
    .update(join(folder, basename(vaultFile)))
    .digest('hex');
}

/**
 * Asks the holder of a vault's lock to hand over. It may or may not: whether it did shows when the lock is tried.
 * @param prove makes the 32 bytes that convince the holder, out of its token (16 bytes).
 */
export async function askForVault(
  vaultFile: string,
  prove: (token: Uint8Array) => Uint8Array,
  options: Pick<LockOptions, 'kind' | 'folder'> = {},
): Promise<void> {
  await probe(await pathOf(await digestOf(vaultFile), options), prove);
}

async function tryOnce(digest: string, options: LockOptions): Promise<VaultLock | undefined> {
  const path = await pathOf(digest, options);
  if (kindOf(options) === 'file') return bindFile(path, options);
  // A name that the system gives to one process at a time.
  const server = await listen(path, randomBytes(tokenBytes), options);
  return server && { release: () => close(server) };
}

async function pathOf(digest: string, options: Pick<LockOptions, 'kind' | 'folder'>): Promise<string> {
  switch (kindOf(options)) {
    case 'abstract':
      return `\0crypt2chat-${digest}`.padEnd(abstractNameBytes, '-');
    case 'pipe':
      return `\\\\.\\pipe\\crypt2chat-${digest}`;
    case 'file':
      // 32 of the 64 digits keep the path well below 104 bytes.
      return join(options.folder ?? (await privateFolder()), `${digest.slice(0, 32)}.sock`);
  }
}

function kindOf({ kind }: Pick<LockOptions, 'kind'>): LockKind {
  if (kind) return kind;
  if (process.platform === 'linux') return 'abstract';
  return process.platform === 'win32' ? 'pipe' : 'file';
}

async function bindFile(path: string, options: LockOptions): Promise<VaultLock | undefined> {
  const { onLost, recheckEveryMs = defaultRecheckEveryMs } = options;
  if ((await probe(path)).kind !== 'nobody') return undefined;

  const token = randomBytes(tokenBytes);
  const ownPath = join(dirname(path), `${token.toString('hex').slice(0, 16)}.new`);
  const server = await listen(ownPath, token, options);
  if (!server) return undefined;
  const isOurs = async () => {
    const found = await probe(path);
    return found.kind === 'token' && found.token.equals(token);
  };
  try {
    await rename(ownPath, path);
    await pause(settleMs);
    if (!(await isOurs())) {
      await close(server);
      return undefined;
    }
  } catch (error) {
    await close(server);
    throw ioError(error);
  }

  let released: Promise<void> | undefined;
  const recheck = setInterval(() => {
    void isOurs().then((ours) => {
      if (ours || released) return;
      clearInterval(recheck);
      onLost?.();
    });
  }, recheckEveryMs);
  recheck.unref();
  const release = async () => {
    clearInterval(recheck);
    if (await isOurs()) await unlink(path).catch(() => undefined);
    await close(server);
  };
  return { release: () => (released ??= release()) };
}

/** Short, not below a home folder, and entered by nobody else. */
async function privateFolder(): Promise<string> {
  const { uid } = userInfo();
  const base = process.platform === 'darwin' ? '/tmp' : tmpdir();
  const folder = join(base, `crypt2chat-${uid}`);
  try {
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
    const status = await lstat(folder);
    if (status.isDirectory() && status.uid === uid && (status.mode & 0o077) === 0) return folder;
  } catch (error) {
    throw ioError(error);
  }
  throw ioError();
}

/** A server that tells its token to whoever connects; undefined when the name is taken. */
async function listen(
  path: string,
  token: Uint8Array,
  { onAsked }: Pick<LockOptions, 'onAsked'>,
): Promise<Server | undefined> {
  const server = createServer((socket) => {
    let said = Buffer.alloc(0);
    socket.setTimeout(probeTimeoutMs, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (part) => {
      said = Buffer.concat([said, part]);
      if (said.length < proofBytes) return;
      socket.destroy();
      if (said.length === proofBytes) onAsked?.(token, said);
    });
    socket.write(token);
  });
  server.maxConnections = 16;
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isPipe = path.startsWith('\\\\');
      // Windows may refuse the second holder of a pipe's name with EACCES.
      if (error.code === 'EADDRINUSE' || (isPipe && error.code === 'EACCES')) resolve(undefined);
      else reject(ioError(error));
    });
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

type Probe =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'token'; readonly token: Buffer }
  /** Somebody listens there and says nothing in time: a process that hangs still holds its vault. */
  | { readonly kind: 'silent' };

/** Asks whoever listens at `path` for their token; with `prove`, says something about it then, and waits for the end. */
function probe(path: string, prove?: (token: Uint8Array) => Uint8Array): Promise<Probe> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let connected = false;
    let received = Buffer.alloc(0);
    const finish = (result: Probe) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => finish({ kind: 'silent' }), probeTimeoutMs);
    socket.once('connect', () => {
      connected = true;
    });
    socket.on('data', (part) => {
      const before = received.length;
      received = Buffer.concat([received, part]).subarray(0, tokenBytes);
      if (before === tokenBytes || received.length < tokenBytes) return;
      if (prove) socket.end(prove(received));
      else finish({ kind: 'token', token: received });
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const nobody = !connected && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT');
      finish({ kind: nobody ? 'nobody' : 'silent' });
    });
    socket.once('close', () => finish({ kind: 'silent' }));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

function ioError(cause?: unknown): CodedError {
  return new CodedError('ERR_DATABASE_IO', 'there is no place for the lock of the vault', { cause });
}
