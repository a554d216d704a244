/**
 * The guard of processes.mjs. Reads `+PID` and `-PID` lines from its parent; when the parent is gone, however it
 * went, ends the groups that are still listed.
 */
import { createInterface } from 'node:readline';
import { endGroup } from './process-group.mjs';

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.on(signal, () => undefined);

/** @type {Set<number>} */
const groups = new Set();
for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1));
  if (!Number.isSafeInteger(pid) || pid <= 1) continue;
  if (line.startsWith('+')) groups.add(pid);
  else groups.delete(pid);
}
await Promise.all([...groups].map((pid) => endGroup(pid, 5_000)));
