import assert from 'node:assert/strict';
import { fromHex } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import {
  encodeContent,
  encodeEnvelope,
  encodeEphemeral,
  isRelativePath,
  parseContent,
  parseEnvelope,
  parseEphemeral,
} from '@crypt2chat/shared/wire';
import fc from 'fast-check';
import { wire } from '../vectors/protocol-wire.ts';

const frozen = wire();
const decoders = {
  envelope: {
    parse: parseEnvelope,
    encode: encodeEnvelope,
    samples: frozen.envelopes.map(({ encoded }) => encoded),
  },
  content: { parse: parseContent, encode: encodeContent, samples: Object.values(frozen.contents) },
  ephemeral: { parse: parseEphemeral, encode: encodeEphemeral, samples: [frozen.ephemeral] },
} as const;

function refusesOrAgrees(
  { parse, encode }: (typeof decoders)[keyof typeof decoders],
  bytes: Uint8Array,
): void {
  let value;
  try {
    value = parse(bytes);
  } catch (error) {
    assert.match((error as { code?: string }).code ?? String(error), /^ERR_(FORMAT|NEWER_VERSION)$/);
    return;
  }
  assert.deepEqual(Buffer.from((encode as (value: unknown) => Uint8Array)(value)), Buffer.from(bytes));
}

for (const [name, decoder] of Object.entries(decoders)) {
  describe(`the decoder of an ${name}`, () => {
    it('takes what the encoder makes, and gives the same bytes again', () => {
      for (const sample of decoder.samples) {
        const bytes = fromHex(sample);
        const encode = decoder.encode as (value: unknown) => Uint8Array;
        assert.deepEqual(Buffer.from(encode(decoder.parse(bytes))), Buffer.from(bytes));
      }
    });

    it('refuses arbitrary bytes with a code, or they are an encoding', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
          refusesOrAgrees(decoder, bytes);
        }),
        { numRuns: 2_000 },
      );
    });

    it('refuses a true one with bytes changed, taken out or put in, or it is an encoding of something else', () => {
      const samples = decoder.samples.map(fromHex);
      const mutated = fc
        .tuple(fc.constantFrom(...samples), fc.nat(), fc.nat({ max: 3 }), fc.uint8Array({ maxLength: 4 }))
        .map(([sample, at, removed, added]) => {
          const i = at % (sample.length + 1);
          return Uint8Array.from([...sample.slice(0, i), ...added, ...sample.slice(i + removed)]);
        });
      fc.assert(
        fc.property(mutated, (bytes) => {
          refusesOrAgrees(decoder, bytes);
        }),
        { numRuns: 3_000 },
      );
    });
  });
}

describe('what a newer version made', () => {
  it('is called so, and never half-read', () => {
    assert.throws(() => parseEnvelope(encodeCbor([2, 'anything'])), { code: 'ERR_NEWER_VERSION' });
    const newer = { v: 2, kind: 'text', more: true };
    assert.throws(() => parseContent(encodeCbor(newer)), { code: 'ERR_NEWER_VERSION' });
    assert.throws(() => parseContent(encodeCbor({ v: 1, kind: 'poll' })), { code: 'ERR_NEWER_VERSION' });
    assert.throws(() => parseContent(encodeCbor({ v: 1, kind: 'text' })), { code: 'ERR_FORMAT' });
  });
});

describe('a path in a message', () => {
  const cases: [string, boolean][] = [
    ['src/a.ts', true],
    ['a', true],
    ['.github/x', true],
    ['', false],
    ['/etc/passwd', false],
    ['../up', false],
    ['a/../../b', false],
    ['a//b', false],
    ['C:/x', false],
    ['c:x', false],
    ['a\\b', false],
  ];
  for (const [path, fits] of cases) {
    it(`${JSON.stringify(path)} is ${fits ? 'taken' : 'refused'}`, () => {
      assert.equal(isRelativePath(path), fits);
    });
  }
});
