/** What the relay answers when it does not do what was asked. The middleware turns it into `{ code, message }`. */
import { CodedError } from '@crypt2chat/shared/errors';
import { relayErrors, type RelayErrorCode } from '@crypt2chat/shared/wire';

export class Refusal extends CodedError<RelayErrorCode> {
  readonly status: number;
  /** Goes out as `Retry-After`. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: RelayErrorCode, message: string, retryAfterSeconds?: number) {
    super(code, message);
    this.name = 'Refusal';
    this.status = relayErrors[code];
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export function deviceRevoked(): Refusal {
  return new Refusal('ERR_DEVICE_REVOKED', 'This device has been revoked.');
}

export function accountBlocked(): Refusal {
  return new Refusal('ERR_ACCOUNT_BLOCKED', 'The operator of this relay has blocked this account.');
}
