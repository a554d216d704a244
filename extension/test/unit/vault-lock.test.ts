import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { acquireVaultLock, type LockKind } from '../../src/host/session/vault-lock.ts';

const holderFile = fileURLToPath(new URL('lock-holder.ts', import.meta.url));

class Holder {
  readonly child: ChildProcess;
  readonly #lines: string[] = [];
  #wake: () => void = () => undefined;

  constructor(args: string[]) {
    this.child = spawn(process.execPath, ['--import', 'tsx', holderFile, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
  }

  /** The first of `wanted` that it says. */
  async says(...wanted: string[]): Promise<string> {
    for (;;) {
      const found = this.#lines.find((line) => wanted.includes(line));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async release(): Promise<void> {
    this.child.stdin!.write('\n');
    await this.says('released');
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }
}

const kinds: LockKind[] = process.platform === 'win32' ? ['pipe'] : ['file'];
if (process.platform === 'linux') kinds.push('abstract');

for (const kind of kinds) {
  describe(`the lock of a vault (${kind})`, function () {
    this.timeout(60_000);
    let folder: string;
    let vault: string;
    const holders: Holder[] = [];

    const hold = (retryForMs = 0, file = vault) => {
      const holder = new Holder([file, kind, join(folder, 'locks'), String(retryForMs)]);
      holders.push(holder);
      return holder;
    };

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'crypt2chat-lock-'));
      await mkdir(join(folder, 'locks'));
      await mkdir(join(folder, 'vault'));
      vault = join(folder, 'vault', 'vault.sqlite');
    });

    afterEach(async () => {
      await Promise.all(holders.splice(0).map((holder) => holder.kill()));
      await rm(folder, { recursive: true });
    });

    it('goes to one process at a time, and on when that one lets go', async () => {
      const first = hold();
      assert.equal(await first.says('held', 'elsewhere'), 'held');
      assert.equal(await hold().says('held', 'elsewhere'), 'elsewhere');
      await first.release();
      assert.equal(await hold().says('held', 'elsewhere'), 'held');
    });

    it('is free again when its holder is killed', async () => {
      const first = hold();
      await first.says('held');
      const second = hold(30_000);
      await second.says('refused');
      await first.kill();
      assert.equal(await second.says('held', 'elsewhere'), 'held');
    });

    it('goes to exactly one of many who find a dead holder at once', async () => {
      const dead = hold();
      await dead.says('held');
      await dead.kill();
      const rivals = [hold(), hold(), hold(), hold()];
      const answers = await Promise.all(rivals.map((rival) => rival.says('held', 'elsewhere')));
      assert.deepEqual(answers.sort(), ['elsewhere', 'elsewhere', 'elsewhere', 'held']);
    });

    it('goes to exactly one of many within a process, dead holder or none', async () => {
      const options = { kind, folder: join(folder, 'locks') };
      const all = () => Promise.all(Array.from({ length: 12 }, () => acquireVaultLock(vault, options)));
      const first = (await all()).filter((lock) => lock !== undefined);
      assert.equal(first.length, 1);
      await first[0]?.release();
      const dead = hold();
      await dead.says('held');
      await dead.kill();
      const second = (await all()).filter((lock) => lock !== undefined);
      assert.equal(second.length, 1);
      await second[0]?.release();
    });

    it('knows a vault by its real path, and another vault as another', async () => {
      await symlink(join(folder, 'vault'), join(folder, 'link'), 'junction');
      await mkdir(join(folder, 'vault2'));
      await hold().says('held');
      const link = hold(0, join(folder, 'link', 'vault.sqlite'));
      const other = hold(0, join(folder, 'vault2', 'vault.sqlite'));
      assert.equal(await link.says('held', 'elsewhere'), 'elsewhere');
      assert.equal(await other.says('held', 'elsewhere'), 'held');
    });

    it('is held against the same process too, and leaves nothing behind', async () => {
      const options = { kind, folder: join(folder, 'locks') };
      const lock = await acquireVaultLock(vault, options);
      assert.ok(lock);
      assert.equal(await acquireVaultLock(vault, options), undefined);
      await lock.release();
      await lock.release();
      assert.deepEqual(await readdir(join(folder, 'locks')), []);
    });
  });
}

if (process.platform !== 'win32') {
  describe('a lock that is a file', () => {
    it('is given up by a holder that finds another socket in its place', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'crypt2chat-lock-'));
      const usurper = createServer((socket) => socket.end('somebody else’s'));
      try {
        let lose: () => void = () => undefined;
        const lost = new Promise<void>((resolve) => {
          lose = resolve;
        });
        const vault = join(folder, 'vault.sqlite');
        const lock = await acquireVaultLock(vault, {
          kind: 'file',
          folder,
          recheckEveryMs: 20,
          onLost: lose,
        });
        assert.ok(lock);
        const [name = ''] = await readdir(folder);
        usurper.listen(join(folder, 'other'));
        await once(usurper, 'listening');
        await rename(join(folder, 'other'), join(folder, name));
        await lost;
        await lock.release();
        assert.deepEqual(await readdir(folder), [name], 'the other one’s socket stays');
      } finally {
        usurper.close();
        await rm(folder, { recursive: true });
      }
    });
  });
}
