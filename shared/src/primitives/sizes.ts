/**
 * Guards the size of what our own code hands in, the same for all backends.
 * @throws RangeError that names the argument and says nothing of its bytes.
 */
export function requireSize(name: string, bytes: Uint8Array, size: number): void {
  if (bytes.length !== size) throw new RangeError(`${name} must have ${size} bytes, not ${bytes.length}`);
}
