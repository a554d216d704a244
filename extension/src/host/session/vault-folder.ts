/** Where the vault lies below the extension's storage, and how it is put aside. Nothing here deletes anything. */
import { access, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '@crypt2chat/shared/errors';

export class VaultFolder {
  /** Need not exist; its folder does once `prepare` has run. */
  readonly file: string;
  readonly #storage: string;
  readonly #folder: string;

  /** @param storage the extension's own global storage, an absolute path. */
  constructor(storage: string) {
    this.#storage = storage;
    this.#folder = join(storage, 'vault');
    this.file = join(this.#folder, 'vault.sqlite');
  }

  /** @throws CodedError `ERR_DATABASE_IO`. */
  async prepare(): Promise<void> {
    await asDatabaseError(mkdir(this.#folder, { recursive: true, mode: 0o700 }));
  }

  /**
   * Whether there is a vault. What cannot be told is an error and never “no”.
   * @throws CodedError `ERR_DATABASE_IO`.
   */
  async exists(): Promise<boolean> {
    try {
      await access(this.file);
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw ioError(error);
    }
  }

  /**
   * Gives the vault, with all that belongs to it, another name beside its place.
   * @param suffix tells this one from others: made of letters, digits and hyphens.
   * @returns the new folder, or undefined where there was none. @throws CodedError `ERR_DATABASE_IO`.
   */
  async setAside(suffix: string): Promise<string | undefined> {
    const target = join(this.#storage, `vault-set-aside-${suffix}`);
    try {
      await rename(this.#folder, target);
      return target;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw ioError(error);
    }
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

async function asDatabaseError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw ioError(error);
  }
}

function ioError(cause: unknown): CodedError {
  return new CodedError('ERR_DATABASE_IO', 'the storage folder cannot be used', { cause });
}
