/**
 * Preloaded into a relay that is tortured (NODE_OPTIONS=--require): a disk that forgets, a clock that jumps, and a
 * look at the memory. What is to happen stands as JSON in RELAY_FAULTS:
 *
 *   disk     "volatile": what was written and not synced lives in this process alone, so a kill takes it away as a
 *            loss of power would. Of each sector of 512 bytes a part (`keep`, 0 to 1) reaches the file at once
 *            nevertheless. "lying": the same, and fsync is done before the bytes are there: the fault that a judge
 *            has to notice.
 *   folder   where the relay's database is
 *   keep     0 to 1
 *   commit   "early": PostgreSQL may answer COMMIT before it is durable, where its own settings say so. The relay
 *            would put that right.
 *   control  a file of JSON, { clockOffsetMs }, read at the start and at each SIGUSR2
 *
 * After each SIGUSR2 it collects garbage and says on standard error in one line of JSON what the memory holds:
 * { faults: { clockOffsetMs, rss, heapUsed, … } }.
 */
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const v8 = require('node:v8');
const vm = require('node:vm');

/** @type {{ disk?: 'volatile' | 'lying', folder?: string, keep?: number, commit?: 'early', control?: string }} */
const plan = JSON.parse(process.env['RELAY_FAULTS'] ?? '{}');
const sectorBytes = 512;
/** A disk that lies has the bytes so much later. */
const lieMs = 60;
/** So long, at most, does an fsync take that nobody waits for in the thread: time for a kill. */
const flushMs = 10;

if (plan.disk !== undefined) forget(plan.disk === 'lying', plan.keep ?? 0);
if (plan.commit === 'early') commitEarly();
listenToSignals();

/**
 * @param {boolean} isLying
 * @param {number} keep
 */
function forget(isLying, keep) {
  const real = { ...fs };
  /** Of each file: what is on its way to the disk, in order. @type {Map<string, { at: number, bytes: Buffer, since: number, number: number }[]>} */
  const pending = new Map();
  /** @type {Map<number, string>} */
  const names = new Map();
  let written = 0;

  /** @param {string} name */
  const onTheWay = (name) => {
    const list = pending.get(name) ?? [];
    pending.set(name, list);
    return list;
  };
  /** @param {string} name */
  const lengthOf = (name) =>
    onTheWay(name).reduce((end, { at, bytes }) => Math.max(end, at + bytes.length), 0);
  /**
   * @param {number} fd
   * @param {string} name
   * @param {(write: { since: number, number: number }) => boolean} isDue
   */
  const settle = (fd, name, isDue = () => true) => {
    const list = onTheWay(name);
    while (list[0] !== undefined && isDue(list[0])) {
      const { at, bytes } = list[0];
      list.shift();
      for (let done = 0; done < bytes.length;)
        done += real.writeSync(fd, bytes, done, bytes.length - done, at + done);
    }
  };

  Object.assign(fs, {
    /** @type {typeof fs.openSync} */
    openSync(file, flags, mode) {
      const fd = real.openSync(file, flags, mode);
      const name = path.resolve(String(file));
      if (path.dirname(name) === path.resolve(plan.folder ?? '') && /\.db(-wal)?$/.test(name)) {
        names.set(fd, name);
        if ((Number(flags) & fs.constants.O_TRUNC) !== 0) pending.delete(name);
      }
      return fd;
    },
    /** @type {typeof fs.closeSync} */
    closeSync(fd) {
      names.delete(fd);
      real.closeSync(fd);
    },
    /** @param {[number, Uint8Array, number, number, number]} args */
    writeSync(...args) {
      const [fd, from, start, length, at] = args;
      const name = names.get(fd);
      if (name === undefined) return /** @type {any} */ (real.writeSync)(...args);
      const bytes = Buffer.from(from.subarray(start, start + length));
      onTheWay(name).push({ at, bytes, since: Date.now(), number: ++written });
      for (let done = 0; keep > 0 && done < length;) {
        const end = Math.min(length, done + sectorBytes - ((at + done) % sectorBytes));
        if (Math.random() < keep) real.writeSync(fd, bytes, done, end - done, at + done);
        done = end;
      }
      return length;
    },
    /** @param {[number, Uint8Array, number, number, number]} args */
    readSync(...args) {
      const [fd, into, start, length, position] = args;
      const name = names.get(fd);
      let read = /** @type {any} */ (real.readSync)(...args);
      if (name === undefined) return read;
      for (const { at, bytes } of onTheWay(name)) {
        const first = Math.max(at, position);
        const end = Math.min(at + bytes.length, position + length);
        if (first >= end) continue;
        const gap = first - position - read;
        if (gap > 0) into.fill(0, start + read, start + read + gap);
        into.set(bytes.subarray(first - at, end - at), start + first - position);
        read = Math.max(read, end - position);
      }
      return read;
    },
    /** @param {number} fd */
    fsyncSync(fd) {
      const name = names.get(fd);
      if (name === undefined) return real.fsyncSync(fd);
      if (isLying) return undefined;
      settle(fd, name);
      return real.fsyncSync(fd);
    },
    /**
     * What was written before it began.
     * @param {number} fd
     * @param {(error: Error | null) => void} done
     */
    fsync(fd, done) {
      const name = names.get(fd);
      if (name === undefined) return void real.fsync(fd, done);
      if (isLying) return void setImmediate(done, null);
      const last = written;
      setTimeout(() => {
        if (names.get(fd) === name) settle(fd, name, ({ number }) => number <= last);
        real.fsync(fd, done);
      }, Math.random() * flushMs);
    },
    /** A change of length is on the disk at once, and what came before it: one of the things that may happen. */
    ftruncateSync(/** @type {number} */ fd, /** @type {number} */ length) {
      const name = names.get(fd);
      if (name !== undefined) settle(fd, name);
      real.ftruncateSync(fd, length);
    },
    /** @param {string} file */
    unlinkSync(file) {
      pending.delete(path.resolve(file));
      real.unlinkSync(file);
    },
    fstatSync(/** @type {number} */ fd, /** @type {any} */ options) {
      const stats = /** @type {any} */ (real.fstatSync(fd, options));
      return longer(stats, names.get(fd));
    },
    lstatSync(/** @type {string} */ file, /** @type {any} */ options) {
      return longer(/** @type {any} */ (real.lstatSync(file, options)), path.resolve(String(file)));
    },
  });

  /**
   * @param {any} stats
   * @param {string | undefined} name
   */
  function longer(stats, name) {
    if (name === undefined || !pending.has(name)) return stats;
    const length = lengthOf(name);
    if (length > Number(stats.size)) stats.size = typeof stats.size === 'bigint' ? BigInt(length) : length;
    return stats;
  }

  if (!isLying) return;
  setInterval(() => {
    for (const [fd, name] of names) settle(fd, name, ({ since }) => since <= Date.now() - lieMs);
  }, lieMs / 4).unref();
}

function commitEarly() {
  const asked = "current_setting('synchronous_commit') = 'off'";
  const never = "current_setting('synchronous_commit') = '---'";
  const { write } = net.Socket.prototype;
  net.Socket.prototype.write = /** @type {any} */ (
    /**
     * @this {net.Socket}
     * @param {unknown} chunk
     * @param {unknown[]} rest
     */
    function (chunk, ...rest) {
      if (chunk instanceof Uint8Array) {
        const at = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).indexOf(asked);
        if (at >= 0) Buffer.from(chunk.buffer, chunk.byteOffset).write(never, at);
      }
      return /** @type {any} */ (write).call(this, chunk, ...rest);
    }
  );
}

function listenToSignals() {
  const now = Date.now;
  let clockOffsetMs = 0;
  const read = () => {
    if (plan.control !== undefined && fs.existsSync(plan.control))
      ({ clockOffsetMs } = JSON.parse(fs.readFileSync(plan.control, 'utf8')));
  };
  read();
  Date.now = () => now() + clockOffsetMs;
  v8.setFlagsFromString('--expose-gc');
  const collectGarbage = vm.runInNewContext('gc');
  process.on('SIGUSR2', () => {
    read();
    collectGarbage();
    process.stderr.write(`${JSON.stringify({ faults: { clockOffsetMs, ...process.memoryUsage() } })}\n`);
  });
}
