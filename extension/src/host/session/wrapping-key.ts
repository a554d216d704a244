/**
 * The one secret that SecretStorage holds: the 32-byte key under which vaults on this computer are wrapped. What can be
 * wrong with it has names of its own, and nothing that stands there is ever taken for nothing: a value that does not
 * parse is corrupt, a storage that does not answer is unavailable. A well-formed key is never replaced, because another
 * profile's vault may be wrapped under it.
 */
import { fromBase64url, toBase64url } from '@crypt2chat/shared/bytes';
import { CodedError } from '@crypt2chat/shared/errors';
import type { Randomness } from '@crypt2chat/shared/primitives';
import type { ExtensionErrorCode } from '../../ipc/index.ts';

/** VS Code's SecretStorage, or what stands for it. */
export interface SecretStore {
  get(name: string): PromiseLike<string | undefined>;
  store(name: string, value: string): PromiseLike<void>;
}

export type WrappingKeyResult =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present'; readonly key: Uint8Array }
  /** Something stands there that is not a key: damaged, or of a newer version. */
  | { readonly kind: 'corrupt' }
  | { readonly kind: 'unavailable' };

const keyBytes = 32;
const name = 'wrapping-key';
/** Where a corrupt value goes before another takes its place. */
const setAsideName = 'wrapping-key.set-aside';
const prefix = 'crypt2chat-key-1:';
/** A keyring that asks for its password may take a person a while; one that hangs must not hang us. */
const storeTimeoutMs = 60_000;

/** Never throws. */
export async function readWrappingKey(store: SecretStore): Promise<WrappingKeyResult> {
  let value: string | undefined;
  try {
    value = await withTimeout(store.get(name));
  } catch {
    return { kind: 'unavailable' };
  }
  if (value === undefined) return { kind: 'absent' };
  const key = parseKey(value);
  return key ? { kind: 'present', key } : { kind: 'corrupt' };
}

/**
 * The key that is there, else a new one that SecretStorage has been seen to give back. A corrupt value is set aside
 * first, and only where `replaceCorrupt` says that the person wants to go on without it.
 * @throws CodedError `ERR_SECRETS_UNAVAILABLE` when the storage does not answer or does not keep what it is given.
 */
export async function ensureWrappingKey(
  store: SecretStore,
  randomness: Randomness,
  replaceCorrupt = false,
): Promise<Uint8Array> {
  const found = await readWrappingKey(store);
  if (found.kind === 'present') return found.key;
  if (found.kind === 'unavailable' || (found.kind === 'corrupt' && !replaceCorrupt)) throw unavailable();
  try {
    if (found.kind === 'corrupt') {
      const old = await withTimeout(store.get(name));
      if (old !== undefined) await withTimeout(store.store(setAsideName, old));
    }
    await withTimeout(store.store(name, prefix + toBase64url(randomness.bytes(keyBytes))));
  } catch {
    throw unavailable();
  }
  // What is read back counts: another window may have stored its own in the meantime, and then that one stays.
  const kept = await readWrappingKey(store);
  if (kept.kind !== 'present') throw unavailable();
  return kept.key;
}

function parseKey(value: string): Uint8Array | undefined {
  if (!value.startsWith(prefix)) return undefined;
  try {
    const key = fromBase64url(value.slice(prefix.length));
    return key.length === keyBytes ? key : undefined;
  } catch {
    return undefined;
  }
}

async function withTimeout<T>(promise: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(unavailable()), storeTimeoutMs);
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}

function unavailable(): CodedError<ExtensionErrorCode> {
  return new CodedError('ERR_SECRETS_UNAVAILABLE', 'SecretStorage does not keep the key');
}
