/** Figures for who watches over the relay. */
export { createMetrics, type Metrics } from './metrics.ts';
export { serveMetrics } from './server.ts';
