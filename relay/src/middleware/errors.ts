import type { Middleware } from 'koa';
import { hasCode } from '@crypt2chat/shared/errors';
import type { RelayErrorCode } from '@crypt2chat/shared/wire';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics/index.ts';
import { Refusal } from '../refusal.ts';

/** What a fault in a request's own bytes is called, by the codes of the modules that parse them. */
const translations: Readonly<Record<string, readonly [RelayErrorCode, string]>> = {
  ERR_FORMAT: ['ERR_REQUEST_INVALID', 'The request does not have the form that this route wants.'],
  ERR_NEWER_VERSION: ['ERR_NEWER_VERSION', 'This was made by a newer version than the relay knows.'],
  ERR_LOG_INVALID: ['ERR_LOG_INVALID', 'The link does not verify.'],
  ERR_LOG_FORK: ['ERR_LOG_CONFLICT', 'Another link stands at this place.'],
  ERR_BUNDLE_INVALID: ['ERR_PREKEYS_INVALID', 'The prekeys do not verify.'],
};

/**
 * The one place where errors become answers: `{ code, message }` with the status of the code. What nobody foresaw
 * is 500, says nothing about why, and is logged by its kind and place; never by its message, which may hold data.
 */
export function answerErrors(log: Log, metrics: Metrics | undefined): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const refusal = refusalOf(error);
      metrics?.refused(refusal.code);
      if (refusal.code === 'ERR_INTERNAL') log.error(describe(error), 'a request failed');
      ctx.status = refusal.status;
      ctx.body = { code: refusal.code, message: refusal.message };
      if (refusal.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(refusal.retryAfterSeconds));
      if (refusal.status === 401) ctx.set('WWW-Authenticate', 'Bearer');
      if (refusal.status === 503) ctx.set('Connection', 'close');
    }
  };
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (hasCode(error)) {
    const translation = translations[error.code];
    if (translation !== undefined) return new Refusal(...translation);
  }
  return new Refusal('ERR_INTERNAL', 'Something went wrong in the relay.');
}

/** The kind and place of an error, without its message. */
export function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { kind: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  return { kind: error.name, ...('code' in error && { code: error.code }), stack: frames.slice(0, 12) };
}
