/** The description of the relay's interface, made of the schemas that check it. */
import type Router from 'koa-router';
import { routes } from '@crypt2chat/shared/wire';
import type { Services } from '../routes/index.ts';
import { openapiDocument } from './document.ts';

export { refusalsOf } from './document.ts';
export { operations } from './operations.ts';

export function addOpenapiRoute(router: Router, { config }: Services): void {
  let made: string | undefined;
  router.get(routes.openapi, (ctx) => {
    // At the first question: few relays are ever asked.
    made ??= JSON.stringify(openapiDocument(config.origin));
    ctx.type = 'application/json';
    ctx.body = made;
  });
}
