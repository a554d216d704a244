/** Everything that the relay answers when it does not do what was asked, with the status that goes with it. */
import * as v from 'valibot';

export const relayErrors = {
  ERR_REQUEST_INVALID: 400,
  ERR_CURSOR_INVALID: 400,
  ERR_LOG_INVALID: 400,
  ERR_NEWER_VERSION: 400,
  ERR_PREKEYS_INVALID: 400,
  ERR_UNAUTHENTICATED: 401,
  ERR_CHALLENGE_INVALID: 401,
  ERR_DEVICE_REVOKED: 403,
  ERR_ACCOUNT_BLOCKED: 403,
  ERR_CAPABILITY_INVALID: 403,
  ERR_ACCESS_INVALID: 403,
  ERR_REGISTRATION_CLOSED: 403,
  ERR_INVITE_INVALID: 403,
  ERR_ACCOUNT_UNKNOWN: 404,
  ERR_MAILBOX_UNKNOWN: 404,
  ERR_GROUP_UNKNOWN: 404,
  ERR_NO_PREKEYS: 404,
  ERR_NOT_FOUND: 404,
  ERR_METHOD_NOT_ALLOWED: 405,
  ERR_NAME_TAKEN: 409,
  ERR_LOG_CONFLICT: 409,
  ERR_GROUP_EXISTS: 409,
  ERR_EPOCH_STALE: 409,
  ERR_GROUP_FULL: 409,
  ERR_TOO_LARGE: 413,
  ERR_MEDIA_TYPE: 415,
  ERR_RATE_LIMITED: 429,
  ERR_POLLS_EXHAUSTED: 429,
  ERR_INTERNAL: 500,
  ERR_SHUTTING_DOWN: 503,
  ERR_STORAGE_UNAVAILABLE: 503,
  ERR_STORAGE_FULL: 507,
} as const;

export type RelayErrorCode = keyof typeof relayErrors;

/** The body of every answer with a status from 400 up. `Retry-After` stands in the header where it applies. */
export const errorResponseSchema = v.strictObject({
  code: v.pipe(v.string(), v.regex(/^ERR_[A-Z_]{1,40}$/)),
  message: v.pipe(v.string(), v.maxLength(300)),
});
