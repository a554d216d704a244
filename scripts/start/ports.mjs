/** Whether a port is free, asked before anything is fetched or built for it. */
import { createServer } from 'node:net';
import { Problem } from '../say.mjs';

/** @param {number} port */
export async function requireFreePort(port) {
  const server = createServer();
  await new Promise((resolve, reject) => {
    server.once('error', (/** @type {NodeJS.ErrnoException} */ error) => {
      const why = error.code === 'EACCES' ? 'may not be used here' : 'is taken by another program';
      reject(
        new Problem(
          `Port ${String(port)} of 127.0.0.1 ${why}.\n` +
            'End that program, or take another port and folder: npm start -- --port PORT --data FOLDER',
        ),
      );
    });
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      resolve(undefined);
    });
  });
  await new Promise((resolve) => {
    server.close(resolve);
  });
}
