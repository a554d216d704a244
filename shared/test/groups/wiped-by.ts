import { toHex } from '@crypt2chat/shared/bytes';

/** What `act` overwrites with zeros, in hexadecimal. Keys are wiped by `fill`, wherever that happens. */
export function wipedBy<T>(act: () => T): { readonly wiped: readonly string[]; readonly value: T } {
  const wiped: string[] = [];
  const fill = Object.getOwnPropertyDescriptor(
    Object.getPrototypeOf(Uint8Array.prototype) as object,
    'fill',
  )!;
  const original = fill.value as typeof Uint8Array.prototype.fill;
  Object.defineProperty(Uint8Array.prototype, 'fill', {
    configurable: true,
    value(this: Uint8Array, ...args: Parameters<typeof original>) {
      if (args[0] === 0) wiped.push(toHex(this));
      return original.apply(this, args);
    },
  });
  try {
    return { value: act(), wiped };
  } finally {
    delete (Uint8Array.prototype as { fill?: unknown }).fill;
  }
}
