import { concat, toUtf8 } from '../bytes/index.ts';
import { sha512, type Randomness } from '../primitives/index.ts';

/**
 * Bytes that depend on `seed` alone: the stream SHA-512(seed || 0x00 || n), n = 0, 1, … as uint32 big-endian.
 * It does not matter in which portions it is drawn, so a frozen vector survives a reordering of small draws.
 */
export function seededRandomness(seed: string): Randomness {
  const prefix = concat(toUtf8(seed), new Uint8Array(1));
  let block = new Uint8Array(0);
  let counter = 0;

  const next = (): Uint8Array => {
    const index = new Uint8Array(4);
    new DataView(index.buffer).setUint32(0, counter++);
    return sha512(concat(prefix, index));
  };

  return {
    bytes(size) {
      const out = new Uint8Array(size);
      let filled = 0;
      while (filled < size) {
        if (block.length === 0) block = new Uint8Array(next());
        const part = block.subarray(0, size - filled);
        out.set(part, filled);
        filled += part.length;
        block = block.subarray(part.length);
      }
      return out;
    },
  };
}
