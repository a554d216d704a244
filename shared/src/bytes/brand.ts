/** Types branded by meaning: a `DeviceId` is not an `AccountId`, though both are 32 bytes. */

declare const brand: unique symbol;

/** `T`, known to have been checked as a `Name`. Only a checking constructor makes one. */
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/**
 * A constructor that brands byte strings of exactly `size` bytes.
 * @throws RangeError (from the constructor it returns) for another length.
 */
export function brandBytes<Name extends string>(
  name: Name,
  size: number,
): (bytes: Uint8Array) => Branded<Uint8Array, Name> {
  return (bytes) => {
    if (bytes.length !== size) throw new RangeError(`${name} must have ${size} bytes, not ${bytes.length}`);
    return bytes as Branded<Uint8Array, Name>;
  };
}
