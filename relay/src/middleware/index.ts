/** What stands between HTTP and the routes: bodies, credentials, limits, errors, the request log. */
export { addressOf } from './address.ts';
export { parseValue, readCbor, readJson, readQuery } from './body.ts';
export {
  assertActive,
  authenticate,
  bearerHash,
  capabilityHashOf,
  groupAccessHash,
  groupAccessHashOf,
  invalidCapability,
  invalidGroupAccess,
  refuseCredentials,
} from './credentials.ts';
export { answerErrors, describe } from './errors.ts';
export { RateLimit } from './rate-limit.ts';
export { watchRequests } from './watch-requests.ts';
