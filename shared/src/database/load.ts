/**
 * Starts SQLite as sql.js compiled it to WebAssembly, and puts it on real files.
 *
 * sql.js by itself keeps a database in memory. Its loader hands over the imports of its module before it starts
 * (Emscripten's `instantiateWasm`), and there the calls that reach files are replaced (syscalls.ts). The debug
 * build is used because only its imports bear their plain names. The JavaScript that sql.js puts above the
 * module is left aside: it opens no file by name and drops SQLite's result codes.
 *
 * sql.js starts one module per JavaScript realm; the databases of a process share it, each in a mount of its own.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import initSqlJs from 'sql.js/dist/sql-wasm-debug.js';
import { failure } from './failures.ts';
import { Mounts } from './mounts.ts';
import { functionNames, type Functions, type Memory, Sqlite } from './sqlite.ts';
import { createSyscalls, type Syscall } from './syscalls.ts';
import { type Imports, type Instance, webAssembly } from './web-assembly.ts';

let loading: Promise<Sqlite> | undefined;

/**
 * The one SQLite of this realm; the first call decides where its module is read from.
 * @param wasm path of sql.js's `sql-wasm-debug.wasm`; by default the one beside the bundle, else the
 *   one in the installed package
 * @throws CodedError ERR_DATABASE_UNSUPPORTED when the module does not have what we call, or replace
 */
export async function loadSqlite(wasm?: string): Promise<Sqlite> {
  loading ??= load(wasm);
  try {
    return await loading;
  } catch (error) {
    loading = undefined;
    throw error;
  }
}

async function load(wasm: string | undefined): Promise<Sqlite> {
  const module = await webAssembly.compile(await readFile(wasm ?? findWasm()));
  const mounts = new Mounts();
  const running: { sqlite?: Sqlite } = {};
  const syscalls = createSyscalls(mounts, () => running.sqlite!);
  syscalls.set('emscripten_resize_heap', quietly);
  assertHas(webAssembly.Module.imports(module), syscalls.keys());
  assertHas(webAssembly.Module.exports(module), ['memory', ...functionNames]);
  // sql.js remembers its first start, even one that failed: whatever can be checked has been by now.
  await new Promise((resolve, reject) => {
    initSqlJs({
      print: () => undefined,
      printErr: () => undefined,
      instantiateWasm: (imports: Imports, done: (instance: Instance) => void) => {
        try {
          replace(imports, syscalls);
          const instance = new webAssembly.Instance(module, imports);
          running.sqlite = fromExports(mounts, instance);
          done(instance);
        } catch (error) {
          reject(error instanceof Error ? error : failure('ERR_DATABASE_UNSUPPORTED'));
        }
        return undefined;
      },
    }).then(resolve, reject);
  });
  return running.sqlite!;
}

/** Beside a bundle, or in the installed package. */
function findWasm(): string {
  const name = 'sql-wasm-debug.wasm';
  const beside = fileURLToPath(new URL(name, import.meta.url));
  return existsSync(beside) ? beside : createRequire(import.meta.url).resolve(`sql.js/dist/${name}`);
}

/** The debug build writes to the console at each growth of its memory, and offers no way to stop that. */
function quietly(own: Syscall): Syscall {
  return (...args) => {
    const before = Object.getOwnPropertyDescriptor(console, 'warn');
    // Where VS Code has made the console its own, an assignment would be ignored.
    Object.defineProperty(console, 'warn', { value: () => undefined, configurable: true, writable: true });
    try {
      return own(...args);
    } finally {
      if (before === undefined) Reflect.deleteProperty(console, 'warn');
      else Object.defineProperty(console, 'warn', before);
    }
  };
}

/** Fails closed after a change of sql.js: a call that we failed to replace would keep data in memory. */
function assertHas(present: readonly { readonly name: string }[], wanted: Iterable<string>): void {
  const names = new Set(present.map(({ name }) => name));
  for (const name of wanted) {
    if (!names.has(name)) throw failure('ERR_DATABASE_UNSUPPORTED', `sql.js without ${name}`);
  }
}

function replace(imports: Imports, syscalls: ReadonlyMap<string, (own: Syscall) => Syscall>): void {
  for (const [name, wrap] of syscalls) {
    // Both of Emscripten's import modules may be one object: replace each name once.
    const holder = Object.values(imports).find((candidate) => name in candidate);
    const own = holder?.[name];
    if (holder === undefined || !isSyscall(own)) {
      throw failure('ERR_DATABASE_UNSUPPORTED', `sql.js without ${name}`);
    }
    const replacement = wrap(own);
    for (const candidate of Object.values(imports)) if (name in candidate) candidate[name] = replacement;
  }
}

function isSyscall(value: unknown): value is Syscall {
  return typeof value === 'function';
}

function fromExports(mounts: Mounts, { exports }: Instance): Sqlite {
  return new Sqlite(mounts, exports as Functions, exports['memory'] as Memory);
}
