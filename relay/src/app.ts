import Koa from 'koa';
import Router from 'koa-router';
import type { Handler } from './http-server.ts';
import type { Log } from './log.ts';
import { answerErrors, describe, watchRequests } from './middleware/index.ts';
import { addOpenapiRoute } from './openapi/index.ts';
import { Refusal } from './refusal.ts';
import {
  addAccountRoutes,
  addEventRoutes,
  addGroupRoutes,
  addMailboxRoutes,
  addPrekeyRoutes,
  addSessionRoutes,
  addStatusRoutes,
  clientAddress,
  type Services,
} from './routes/index.ts';

const retrySeconds = 5;

/** The relay as a request listener, over services that somebody else opens and closes. */
export function createApp(services: Services, log: Log): Handler {
  const router = new Router({ strict: true, sensitive: true });
  addStatusRoutes(router, services);
  addAccountRoutes(router, services);
  addSessionRoutes(router, services);
  addPrekeyRoutes(router, services);
  addMailboxRoutes(router, services);
  addEventRoutes(router, services);
  addGroupRoutes(router, services);
  addOpenapiRoute(router, services);

  const app = new Koa({ env: 'production' });
  app.use(watchRequests(log, services.metrics));
  app.use(answerErrors(log, services.metrics));
  app.use(admit(services));
  app.use(router.routes());
  app.use(router.allowedMethods());
  // What reaches Koa is what went wrong while an answer was being written, most often to a client that had gone.
  app.on('error', (error: unknown) => log.debug(describe(error), 'an answer could not be written'));
  return app.callback();
}

/**
 * Who may come in and, at last, what was not there; the router's own answers get the form that all others have, and
 * its `Allow` header stays. One function, because each costs half a kilobyte for every poll that waits.
 */
function admit(services: Services): Koa.Middleware {
  return async (ctx, next) => {
    if (!hasPath(ctx)) throw new Refusal('ERR_REQUEST_INVALID', 'This is not a place to ask for.');
    if (ctx.path.startsWith('/v1/')) {
      if (services.isStopping()) {
        throw new Refusal('ERR_SHUTTING_DOWN', 'The relay is about to stop.', retrySeconds);
      }
      services.limits.addresses.take(clientAddress(ctx, services));
    }
    await next();
    if (ctx.status === 405 || ctx.status === 501 || ctx.method === 'OPTIONS') {
      throw new Refusal('ERR_METHOD_NOT_ALLOWED', 'This route does not take this method.');
    }
    if (ctx.status === 404) throw new Refusal('ERR_NOT_FOUND', 'There is nothing here.');
  };
}

/** A target like `http://[::1` is no URL, which Koa finds when it is first asked for the path, and throws. */
function hasPath(ctx: Koa.Context): boolean {
  try {
    return ctx.path !== '';
  } catch {
    return false;
  }
}
