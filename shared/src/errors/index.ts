/**
 * One base class for everything that can go wrong at run time. Callers branch on `code`, never on `message`;
 * messages hold no plaintext, key, token or name. A wrong argument from our own code is a TypeError or
 * RangeError instead.
 */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CodedError';
    this.code = code;
  }
}

/** Whether `error` is a {@link CodedError} with one of `codes` (any code when none is given). */
export function hasCode<Code extends string>(
  error: unknown,
  ...codes: readonly Code[]
): error is CodedError<Code> {
  return error instanceof CodedError && (codes.length === 0 || codes.includes(error.code as Code));
}

/** Failures of the cryptographic primitives. Every AEAD and signature failure is one code, without a cause. */
export type CryptoErrorCode =
  'ERR_CRYPTO_OPEN' | 'ERR_CRYPTO_SIGNATURE' | 'ERR_CRYPTO_KEY' | 'ERR_CRYPTO_SELF_TEST';

/** What a decoder says of bytes from outside. */
export type FormatErrorCode = 'ERR_FORMAT' | 'ERR_NEWER_VERSION';

/** Signed logs and what stands on them. */
export type LogErrorCode =
  'ERR_LOG_INVALID' | 'ERR_LOG_FORK' | 'ERR_NAME_FORK' | 'ERR_BUNDLE_INVALID' | 'ERR_BUNDLE_EXPIRED';

/** What somebody typed as their recovery phrase. */
export type IdentityErrorCode = 'ERR_PHRASE_INVALID';

/** X3DH and the Double Ratchet. */
export type SessionErrorCode =
  'ERR_PREKEY_UNKNOWN' | 'ERR_HANDSHAKE_REPLAYED' | 'ERR_TOO_MANY_SKIPPED' | 'ERR_NO_SESSION';

/** Groups: what a person asked for, and what stands in the way of a group's conversation. */
export type GroupErrorCode =
  | 'ERR_GROUP_KEYS_MISSING'
  | 'ERR_GROUP_NAME'
  | 'ERR_GROUP_NOT_ALLOWED'
  | 'ERR_GROUP_NOT_MEMBER'
  | 'ERR_GROUP_STUCK'
  | 'ERR_GROUP_TOO_LARGE'
  | 'ERR_GROUP_WITHHELD'
  | 'ERR_MEMBER_UNKNOWN';

/** The database module. */
export type DatabaseErrorCode =
  | 'ERR_DATABASE_BUSY'
  | 'ERR_DATABASE_CONSTRAINT'
  | 'ERR_DATABASE_CORRUPT'
  | 'ERR_DATABASE_EXISTS'
  | 'ERR_DATABASE_FULL'
  | 'ERR_DATABASE_IO'
  | 'ERR_DATABASE_NEWER'
  | 'ERR_DATABASE_READ_ONLY'
  | 'ERR_DATABASE_UNSUPPORTED';

/** The vault that the engine keeps its state in. */
export type VaultErrorCode =
  | 'ERR_VAULT_CORRUPT'
  | 'ERR_VAULT_EXISTS'
  | 'ERR_VAULT_MISSING'
  | 'ERR_VAULT_SECRET_WRONG'
  | 'ERR_PHRASE_WRONG';

/** What the engine says of what it was asked to do. */
export type EngineErrorCode =
  | 'ERR_ABORTED'
  | 'ERR_ACCOUNT_EXISTS'
  | 'ERR_CONVERSATION_UNKNOWN'
  | 'ERR_DRAFT_INVALID'
  | 'ERR_BUNDLES_LIMITED'
  | 'ERR_LOG_WITHHELD'
  | 'ERR_MESSAGE_UNKNOWN'
  | 'ERR_NO_ACCOUNT'
  | 'ERR_NOT_ACCEPTED'
  | 'ERR_RELAY_ADDRESS'
  | 'ERR_RELAY_ANSWER'
  | 'ERR_RELAY_FAILED'
  | 'ERR_RELAY_UNREACHABLE'
  | 'ERR_SELF'
  | 'ERR_TEXT_TOO_LONG'
  | 'ERR_USERNAME';
