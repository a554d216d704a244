import type { Middleware } from 'koa';
import type { Log } from '../log.ts';

/**
 * One line for each request: method, route template, status, duration. It stands outside the error middleware, so
 * that it sees the status that goes out. Who keeps a relay's log learns from it when somebody wrote or fetched, so
 * a request that went as it should is logged at `debug` only.
 */
export function logRequests(log: Log): Middleware {
  return async (ctx, next) => {
    const startedAt = performance.now();
    await next();
    const route: unknown = ctx['_matchedRoute'];
    const line = {
      method: ctx.method,
      route: typeof route === 'string' ? route : 'none',
      status: ctx.status,
      durationMs: Math.round((performance.now() - startedAt) * 10) / 10,
    };
    if (ctx.status >= 500) log.warn(line, 'request');
    else log.debug(line, 'request');
  };
}
