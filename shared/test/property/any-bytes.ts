/** Bytes of every sort, and what decoders may do with them: refuse them with a code, or understand them. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { toHex } from '@crypt2chat/shared/bytes';
import { type CborValue, encodeCbor } from '@crypt2chat/shared/cbor';
import { hasCode } from '@crypt2chat/shared/errors';

export interface Decoder {
  readonly name: string;
  readonly valid: Uint8Array;
  /**
   * Throws a coded error, or gives the input back as it was understood (undefined where there is nothing to compare).
   */
  readonly decode: (bytes: Uint8Array) => Uint8Array | undefined;
}

/** `undefined` where `bytes` were refused with a code. Any other error fails the test. */
export function attempt<T>(decode: () => T): { value: T } | undefined {
  try {
    return { value: decode() };
  } catch (error) {
    assert.ok(hasCode(error), String(error));
    return undefined;
  }
}

/** Values with sizes and keys that occur in our structures. */
export const anyCbor: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.string({ maxLength: 12 }),
    fc.constantFrom(32, 56, 57, 114).chain((size) => fc.uint8Array({ minLength: size, maxLength: size })),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.constantFrom(
        'v',
        'log',
        'seq',
        'unsigned',
        'signatures',
        'head',
        'device',
        'handshake',
        'message',
        'skipped',
        'type',
        'members',
        'links',
        'shared',
        'hash',
      ),
      tie('value'),
      { maxKeys: 6 },
    ) as fc.Arbitrary<CborValue>,
  ),
})).value;

/** One small change: a byte replaced, taken out, put in, or the end cut off. */
export const mutation = fc.record({
  kind: fc.constantFrom('replace', 'remove', 'insert', 'cut'),
  at: fc.nat(),
  byte: fc.integer({ min: 0, max: 255 }),
});

export function mutated(
  valid: Uint8Array,
  { kind, at, byte }: { kind: string; at: number; byte: number },
): Uint8Array {
  const place = at % valid.length;
  const bytes = [...valid];
  if (kind === 'replace') bytes[place] = byte;
  if (kind === 'remove') bytes.splice(place, 1);
  if (kind === 'insert') bytes.splice(place, 0, byte);
  return Uint8Array.from(kind === 'cut' ? bytes.slice(0, place) : bytes);
}

/** Tries a decoder on arbitrary bytes, on arbitrary CBOR, and on a valid input with one change. */
export function itIsTotal({ name, valid, decode }: Decoder): void {
  it(`of ${name} refuse or understand any bytes, and throw nothing without a code`, () => {
    const check = (bytes: Uint8Array): void => {
      const given = toHex(bytes);
      const result = attempt(() => decode(bytes));
      if (result?.value) assert.equal(toHex(result.value), given);
      assert.equal(toHex(bytes), given);
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), check), { numRuns: 100 });
    fc.assert(
      fc.property(
        anyCbor.map((value) => encodeCbor(value)),
        check,
      ),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(
        mutation.map((one) => mutated(valid, one)),
        check,
      ),
      { numRuns: 300 },
    );
  }).timeout(60_000);
}
