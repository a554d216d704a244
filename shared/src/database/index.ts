/**
 * SQLite on a real file, for Node: sql.js's WebAssembly with its file calls answered by node:fs. One commit is one
 * fsync, or a flush is one for many; a kill or a loss of power takes nothing that was acknowledged.
 *
 * To bundle: esbuild with `platform: 'node'` takes sql.js's script in by itself; its `sql-wasm-debug.wasm` goes
 * beside the bundle, or anywhere, and its path into the option `wasm`. A CommonJS bundle defines
 * `import.meta.url` where the option is left out. An ES module begins with a banner that defines `require`,
 * `__filename` and `__dirname`, which sql.js's script uses.
 */
export { openDatabase, type DatabaseOptions } from './open.ts';
export { type Database, type Migration, type MigrationStep } from './database.ts';
export { type Param, type Row, type Value } from './statement.ts';
