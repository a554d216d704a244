/**
 * SQLite on a real file, for Node: sql.js's WebAssembly with its file calls answered by node:fs. One commit is one
 * fsync; a kill or a loss of power takes nothing that was acknowledged.
 *
 * To bundle: esbuild takes sql.js's script in by itself (platform node). A CommonJS bundle needs nothing else; an
 * ES module needs a banner that defines `require`, `__filename` and `__dirname`, which that script uses. Either
 * way, ship `sql.js/dist/sql-wasm-debug.wasm` beside the bundle and give its path as the option `wasm`.
 */
export { openDatabase, type DatabaseOptions } from './open.ts';
export { type Database, type Migration, type MigrationStep } from './database.ts';
export { type Param, type Row, type Value } from './statement.ts';
