/**
 * A disk that writes down everything done to it, and can say what might be left of that had the power gone at any
 * moment.
 *
 * The model: what fsync returned for is there, of one that took a while what was written before it began. Of what
 * was written to a file since, each sector of 512 bytes is there or not, by itself; so is each change of a file's length. Names of files made or removed since the folder's
 * last fsync are there up to some point in their order, as on a file system with a journal. Writing to a file makes
 * no promise for its name, nor the other way round.
 */
import { constants } from 'node:fs';
import { basename } from 'node:path';
import { type FileSystem } from '../../src/database/file-system.ts';
import { PassingDisk } from './disks.ts';

const sectorSize = 512;

type Change = { kind: 'write'; offset: number; bytes: Uint8Array } | { kind: 'truncate'; length: number };
type Step =
  | { kind: 'create' | 'unlink' | 'sync' | 'flush begins' | 'flush'; name: string }
  | { kind: 'change'; name: string; change: Change }
  | { kind: 'sync folder' }
  | { kind: 'acknowledge'; sequence: number };

export class RecordingDisk extends PassingDisk {
  readonly #folder: string;
  readonly #steps: Step[] = [];

  constructor(folder: string) {
    super();
    this.#folder = folder;
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** From here on, what was written up to `sequence` may not be lost. */
  acknowledge(sequence: number): void {
    this.#steps.push({ kind: 'acknowledge', sequence });
  }

  override openSync(path: string, flags: number, mode: number): number {
    const isThere = this.#isThere(path);
    const descriptor = super.openSync(path, flags, mode);
    if (!isThere) this.#steps.push({ kind: 'create', name: basename(path) });
    if ((flags & constants.O_TRUNC) !== 0) this.#change(descriptor, { kind: 'truncate', length: 0 });
    return descriptor;
  }
  override writeSync(...args: Parameters<FileSystem['writeSync']>): number {
    const [descriptor, from, start, , offset] = args;
    const written = super.writeSync(...args);
    this.#change(descriptor, { kind: 'write', offset, bytes: from.slice(start, start + written) });
    return written;
  }
  override ftruncateSync(descriptor: number, length: number): void {
    super.ftruncateSync(descriptor, length);
    this.#change(descriptor, { kind: 'truncate', length });
  }
  override fsyncSync(descriptor: number): void {
    super.fsyncSync(descriptor);
    const path = this.pathOf(descriptor);
    this.#steps.push(
      path === this.#folder ? { kind: 'sync folder' } : { kind: 'sync', name: basename(path) },
    );
  }
  override fsync(descriptor: number, done: (error: Error | null) => void): void {
    const name = basename(this.pathOf(descriptor));
    this.#steps.push({ kind: 'flush begins', name });
    super.fsync(descriptor, (error) => {
      if (error === null) this.#steps.push({ kind: 'flush', name });
      done(error);
    });
  }
  override unlinkSync(path: string): void {
    super.unlinkSync(path);
    this.#steps.push({ kind: 'unlink', name: basename(path) });
  }
  override renameSync(): void {
    throw new Error('this model knows no renaming');
  }

  #change(descriptor: number, change: Change): void {
    this.#steps.push({ kind: 'change', name: basename(this.pathOf(descriptor)), change });
  }

  #isThere(path: string): boolean {
    try {
      this.lstatSync(path, { bigint: true });
      return true;
    } catch {
      return false;
    }
  }
}

/** A file as the disk has it, and what is still on the way there. */
class CrashedFile {
  #bytes = new Uint8Array(0);
  #pending: Change[] = [];
  /** So many of them will be on the disk when the flush under way is done. */
  #flushing = 0;

  add(change: Change): void {
    this.#pending.push(change);
  }

  beginFlush(): void {
    this.#flushing = this.#pending.length;
  }

  endFlush(): void {
    this.settle(() => true, this.#flushing);
  }

  /** Brings what is on the way (the first `count` of it) to the disk, each sector or length only if `keeps` says so. */
  settle(keeps: () => boolean, count = this.#pending.length): Uint8Array {
    for (const change of this.#pending.splice(0, count)) {
      if (change.kind === 'truncate') {
        if (keeps()) this.#resize(change.length);
        continue;
      }
      const { offset, bytes } = change;
      for (let start = 0; start < bytes.length;) {
        const end = Math.min(bytes.length, start + sectorSize - ((offset + start) % sectorSize));
        if (keeps()) {
          if (offset + end > this.#bytes.length) this.#resize(offset + end);
          this.#bytes.set(bytes.subarray(start, end), offset + start);
        }
        start = end;
      }
    }
    this.#flushing = Math.max(0, this.#flushing - count);
    return this.#bytes;
  }

  #resize(length: number): void {
    const bytes = new Uint8Array(length);
    bytes.set(this.#bytes.subarray(0, length));
    this.#bytes = bytes;
  }
}

export type CrashImage = {
  /** The files that are there, by name. */
  files: ReadonlyMap<string, Uint8Array>;
  /** The last entry that was acknowledged before the power went. */
  acknowledged: number;
};

/** What may be left when the power goes after `steps`, if each unsynced sector stays with probability `keep`. */
export function crashAfter(steps: readonly Step[], keep: number, random: () => number): CrashImage {
  const visible = new Map<string, CrashedFile>();
  const durable = new Map<string, CrashedFile>();
  let pendingNames: { name: string; file: CrashedFile | undefined }[] = [];
  let acknowledged = 0;
  const settleNames = (count: number): void => {
    for (const { name, file } of pendingNames.slice(0, count)) {
      if (file === undefined) durable.delete(name);
      else durable.set(name, file);
    }
    pendingNames = [];
  };
  for (const step of steps) {
    switch (step.kind) {
      case 'create': {
        const file = new CrashedFile();
        visible.set(step.name, file);
        pendingNames.push({ name: step.name, file });
        break;
      }
      case 'unlink':
        visible.delete(step.name);
        pendingNames.push({ name: step.name, file: undefined });
        break;
      case 'change':
        visible.get(step.name)?.add(step.change);
        break;
      case 'sync':
        visible.get(step.name)?.settle(() => true);
        break;
      case 'flush begins':
        visible.get(step.name)?.beginFlush();
        break;
      case 'flush':
        visible.get(step.name)?.endFlush();
        break;
      case 'sync folder':
        settleNames(pendingNames.length);
        break;
      case 'acknowledge':
        acknowledged = step.sequence;
        break;
    }
  }
  settleNames(Math.floor(random() * (pendingNames.length + 1)));
  const files = new Map([...durable].map(([name, file]) => [name, file.settle(() => random() < keep)]));
  return { files, acknowledged };
}
