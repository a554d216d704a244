import { createServer, type Server } from 'node:http';
import type { Metrics } from './metrics.ts';

const headersTimeoutMs = 5000;
const maxConnections = 16;

/** Answers `GET /metrics` on a port of its own, and nothing else. @throws what the system says of the address */
export async function serveMetrics(
  metrics: Metrics,
  { host, port }: { host: string; port: number },
): Promise<Server> {
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: headersTimeoutMs,
      connectionsCheckingInterval: headersTimeoutMs,
    },
    (request, response) => {
      const isAsked = request.method === 'GET' && request.url === '/metrics';
      const answer = isAsked ? metrics.exposition() : Promise.resolve(undefined);
      answer.then(
        (found) =>
          response
            .writeHead(found ? 200 : 404, { 'Content-Type': found?.type ?? 'text/plain' })
            .end(found?.text),
        () => response.writeHead(500).end(),
      );
    },
  );
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}
