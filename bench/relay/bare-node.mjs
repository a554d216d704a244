/** The ceiling of everything that is HTTP on Node: reads the body, answers, keeps nothing. */
import { createServer } from 'node:http';

const answer = Buffer.from('ok');
const server = createServer((request, response) => {
  request.resume();
  request.once('end', () => {
    response.writeHead(200, { 'content-type': 'application/cbor', 'content-length': answer.length });
    response.end(answer);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  console.log(JSON.stringify({ msg: 'listening', url: `http://127.0.0.1:${address.port}` }));
});
process.once('SIGTERM', () => process.exit(0));
