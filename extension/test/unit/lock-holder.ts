/** A process that takes a vault's lock and says so: `node lock-holder.ts VAULT KIND FOLDER [RETRY_FOR_MS]`. */
import { acquireVaultLock, type LockKind } from '../../src/host/session/vault-lock.ts';

const [vault = '', kind = '', folder = '', retryForMs = '0'] = process.argv.slice(2);
// The lock by itself keeps no process alive.
const staying = setInterval(() => undefined, 60_000);
const lock = await acquireVaultLock(vault, {
  kind: kind as LockKind,
  folder,
  retryForMs: Number(retryForMs),
  onRefused: () => process.stdout.write('refused\n'),
  onLost: () => process.stdout.write('lost\n'),
});
process.stdout.write(lock ? 'held\n' : 'elsewhere\n');
process.stdin.once('data', () => {
  void lock?.release().then(() => {
    process.stdout.write('released\n');
    clearInterval(staying);
    process.stdin.destroy();
  });
});
if (!lock) process.exit(0);
