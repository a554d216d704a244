/** Bundled by bundle.test.ts: uses the database through its door and prints what came of it. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { hasCode } from '../../src/errors/index.ts';
import { openDatabase } from '../../src/database/index.ts';

type Task = { file: string; wasm?: string; wrongWasm?: string };

const schema = ['CREATE TABLE notes (id INTEGER PRIMARY KEY, body BLOB) STRICT'];

async function perform({ file, wasm, wrongWasm }: Task): Promise<unknown> {
  const options = { file, schema, applicationId: 7, ...(wasm === undefined ? {} : { wasm }) };
  let refused: unknown;
  if (wrongWasm !== undefined) {
    refused = await openDatabase({ ...options, wasm: wrongWasm }).catch((error: unknown) =>
      hasCode(error) ? error.code : 'no code',
    );
  }
  const database = await openDatabase(options);
  database.run('INSERT INTO notes (body) VALUES (?)', [new Uint8Array(1000)]);
  // Enough for SQLite's memory to grow: the module must not say so on the console.
  const largest = database.get('SELECT length(zeroblob(60000000)) AS size, ? AS blob', [
    new Uint8Array(40_000_000),
  ]);
  const rows = database.all('SELECT id, length(body) AS size FROM notes');
  database.close();
  return { rows, size: largest?.['size'], refused };
}

async function main(): Promise<void> {
  const [task, inWorker] = process.argv.slice(2);
  if (!isMainThread) parentPort?.postMessage(await perform(workerData as Task));
  else if (inWorker === undefined) console.log(JSON.stringify(await perform(JSON.parse(task ?? '') as Task)));
  else {
    const worker = new Worker(process.argv[1]!, { workerData: JSON.parse(task ?? '') as Task });
    worker.once('message', (result) => console.log(JSON.stringify(result)));
  }
}

void main();
