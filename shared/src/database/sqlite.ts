/**
 * SQLite's C interface (https://www.sqlite.org/c3ref/intro.html) in the module's own terms: numbers that point
 * into its memory.
 */
import { toUtf8 } from '../bytes/index.ts';
import { resultCodes, SqliteFailure } from './failures.ts';
import { type Mounts } from './mounts.ts';
import { type Heap } from './syscalls.ts';
import { webAssembly } from './web-assembly.ts';

export const functionNames = [
  'malloc',
  'free',
  'sqlite3_open',
  'sqlite3_close_v2',
  'sqlite3_errmsg',
  'sqlite3_prepare_v2',
  'sqlite3_bind_blob',
  'sqlite3_bind_double',
  'sqlite3_bind_int',
  'sqlite3_bind_text',
  'sqlite3_clear_bindings',
  'sqlite3_step',
  'sqlite3_reset',
  'sqlite3_finalize',
  'sqlite3_changes',
  'sqlite3_column_count',
  'sqlite3_column_name',
  'sqlite3_column_type',
  'sqlite3_column_blob',
  'sqlite3_column_bytes',
  'sqlite3_column_double',
  'sqlite3_column_text',
] as const;

/** What most statements need for their parameters. */
const scratchBytes = 64 * 1024;

type FunctionName = (typeof functionNames)[number];
export type Functions = Record<FunctionName, (...args: number[]) => number>;
export type Memory = { readonly buffer: ArrayBuffer };

export class Sqlite implements Heap {
  readonly mounts: Mounts;
  /** The module has trapped: its memory can no longer be trusted, and only a new process or worker helps. */
  isBroken = false;
  readonly #functions: Functions;
  readonly #memory: Memory;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  /** Allocated once and lent to one at a time; 0 before its first use. */
  #scratch = 0;
  #isScratchLent = false;

  constructor(mounts: Mounts, functions: Functions, memory: Memory) {
    this.mounts = mounts;
    this.#functions = functions;
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  /**
   * Calls a function of the module; what it does not take is left out.
   *
   * Every call goes through this one place, which sees so many functions that V8 leaves it alone. A place with one
   * function of WebAssembly is inlined into optimised code, and there Node 20 crashes when the function calls back
   * into JavaScript, as these do for files (`--no-turbo-inline-js-wasm-calls` shows it).
   */
  call(name: FunctionName, a = 0, b = 0, c = 0, d = 0, e = 0): number {
    return this.#functions[name](a, b, c, d, e);
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.#bytes.buffer !== this.#memory.buffer) this.#bytes = new Uint8Array(this.#memory.buffer);
    return this.#bytes;
  }

  get view(): DataView {
    if (this.#view.buffer !== this.#memory.buffer) this.#view = new DataView(this.#memory.buffer);
    return this.#view;
  }

  /** Whether `error` is the module's own end rather than an answer of SQLite's. */
  isTrap(error: unknown): boolean {
    if (error instanceof webAssembly.RuntimeError) this.isBroken = true;
    return this.isBroken;
  }

  /** @throws SqliteFailure when the module can have no more memory. */
  allocate(size: number): number {
    const pointer = this.call('malloc', size);
    if (pointer === 0) throw new SqliteFailure(resultCodes.noMemory, 'out of memory');
    return pointer;
  }

  /**
   * Memory until {@link giveBack}, without asking the module where the scratch is large enough and free.
   * @throws SqliteFailure when the module can have no more memory.
   */
  borrow(size: number): number {
    if (size > scratchBytes || this.#isScratchLent) return this.allocate(size);
    if (this.#scratch === 0) this.#scratch = this.allocate(scratchBytes);
    this.#isScratchLent = true;
    return this.#scratch;
  }

  giveBack(pointer: number): void {
    if (pointer === this.#scratch) this.#isScratchLent = false;
    else this.call('free', pointer);
  }

  /** Lends `text` to `use` as a terminated string; `size` counts its bytes without the terminator. */
  withText<T>(text: string, use: (pointer: number, size: number) => T): T {
    const encoded = toUtf8(text);
    const pointer = this.allocate(encoded.length + 1);
    try {
      this.bytes.set(encoded, pointer);
      this.bytes[pointer + encoded.length] = 0;
      return use(pointer, encoded.length);
    } finally {
      this.call('free', pointer);
    }
  }

  /** Lends room for `count` pointers that SQLite fills. */
  withPointers<T>(count: number, use: (pointer: number) => T): T {
    const pointer = this.allocate(4 * count);
    try {
      this.bytes.fill(0, pointer, pointer + 4 * count);
      return use(pointer);
    } finally {
      this.call('free', pointer);
    }
  }

  pointerAt(address: number): number {
    return this.view.getUint32(address, true);
  }

  /** A terminated string of SQLite's. */
  textAt(pointer: number): string {
    const { bytes } = this;
    return Buffer.from(bytes.subarray(pointer, bytes.indexOf(0, pointer))).toString();
  }
}
