/**
 * Which encodings of public values on Curve448 and Edwards448 we take. The rules are checked here, before any
 * backend is asked, because libraries differ in what they let through.
 *
 * - X448 (RFC 7748): u < p, and u not 0, 1 or p - 1. These are all the u of points whose order divides the
 *   cofactor 4, on the curve and on its twist alike.
 * - Ed448 (RFC 8032 §5.2.3): y < p, the seven spare bits of the last byte zero, and y not 0, 1 or p - 1: these
 *   are all the y of the four points of small order (and with x = 0 gone, the sign bit is never redundant).
 *   Points that are a point of small order away from the main subgroup stay acceptable; the verification
 *   equation of RFC 8032 §5.2.7, multiplied by the cofactor, does not tell them apart, in either backend.
 * - S < L (RFC 8032 §5.2.7), without which a signature could be altered into another that verifies.
 *
 * All values here are public: time may depend on them. Integers are little-endian.
 */

/** p - 1 = 2^448 - 2^224 - 2. What is below it is canonical, and is not -1. */
const minusOne = new Uint8Array(56).fill(0xff);
minusOne[0] = 0xfe;
minusOne[28] = 0xfe;

/** L = 2^446 - 13818066809895115352007386748515426880336692474882178609894547503885. */
const groupOrder = Uint8Array.of(
  ...[0xf3, 0x44, 0x58, 0xab, 0x92, 0xc2, 0x78, 0x23, 0x55, 0x8f, 0xc5, 0x8d, 0x72, 0xc2],
  ...[0x6c, 0x21, 0x90, 0x36, 0xd6, 0xae, 0x49, 0xdb, 0x4e, 0xc4, 0xe9, 0x23, 0xca, 0x7c],
  ...new Array<number>(27).fill(0xff),
  0x3f,
);

/** @param u 56 bytes. */
export function isAcceptableU(u: Uint8Array): boolean {
  return u.length === 56 && isBelow(u, minusOne) && !isZeroOrOne(u);
}

/** @param point 57 bytes: y, then the sign of x in the highest bit. */
export function isAcceptablePoint(point: Uint8Array): boolean {
  return point.length === 57 && (point[56]! & 0x7f) === 0 && isAcceptableU(point.subarray(0, 56));
}

/** @param scalar 57 bytes. */
export function isAcceptableScalar(scalar: Uint8Array): boolean {
  return scalar.length === 57 && scalar[56] === 0 && isBelow(scalar.subarray(0, 56), groupOrder);
}

function isBelow(value: Uint8Array, limit: Uint8Array): boolean {
  for (let i = limit.length - 1; i >= 0; i--) {
    if (value[i]! !== limit[i]!) return value[i]! < limit[i]!;
  }
  return false;
}

function isZeroOrOne(value: Uint8Array): boolean {
  return value[0]! <= 1 && value.subarray(1).every((byte) => byte === 0);
}
