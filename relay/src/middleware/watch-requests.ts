import type { Middleware } from 'koa';
import { routes } from '@crypt2chat/shared/wire';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics/index.ts';

/** These take as long as they are asked to, which says nothing about the relay. */
const polls: readonly string[] = [routes.events, routes.groupEvents];

/**
 * One line for each request: method, route template, status, duration; and the same for the figures. It stands outside
 * the error middleware, so that it sees the status that goes out. Who keeps a relay's log learns from it when somebody
 * wrote or fetched, so a request that went as it should is logged at `debug` only.
 */
export function watchRequests(log: Log, metrics: Metrics | undefined): Middleware {
  return async (ctx, next) => {
    const startedAt = performance.now();
    await next();
    const matched: unknown = ctx['_matchedRoute'];
    const route = typeof matched === 'string' ? matched : 'none';
    const { method, status } = ctx;
    const tookMs = performance.now() - startedAt;
    metrics?.request(route, method, status, polls.includes(route) ? undefined : tookMs / 1000);
    const line = { method, route, status, durationMs: Math.round(tookMs * 10) / 10 };
    if (status >= 500) log.warn(line, 'request');
    else log.debug(line, 'request');
  };
}
