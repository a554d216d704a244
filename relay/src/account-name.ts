import { fromBase64url } from '@crypt2chat/shared/bytes';

const accountIdBytes = 32;

/** The id where `text` is one in base64url. Ids are longer than any name, so a text is never both. */
export function accountIdOf(text: string): Uint8Array | undefined {
  try {
    const bytes = fromBase64url(text);
    return bytes.length === accountIdBytes ? bytes : undefined;
  } catch {
    return undefined;
  }
}
