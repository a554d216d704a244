/** The ceiling of everything that is Koa: reads the body, answers, keeps nothing. A GET waits until its client goes. */
import { createRequire } from 'node:module';

// Koa is the relay's own dependency.
const Koa = createRequire(new URL('../../relay/package.json', import.meta.url))('koa');
const answer = Buffer.from('ok');
const app = new Koa();
app.use(async (/** @type {any} */ ctx) => {
  if (ctx.method === 'GET') {
    await new Promise((resolve) => ctx.res.once('close', resolve));
    return;
  }
  const parts = [];
  for await (const part of ctx.req) parts.push(part);
  ctx.type = 'application/cbor';
  ctx.body = answer;
});
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(JSON.stringify({ msg: 'listening', url: `http://127.0.0.1:${address.port}` }));
});
process.once('SIGTERM', () => process.exit(0));
