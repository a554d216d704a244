import assert from 'node:assert/strict';
import fc from 'fast-check';
import { toHex, toUtf8 } from '@crypt2chat/shared/bytes';
import { type CborValue, encodeCbor } from '@crypt2chat/shared/cbor';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  decodeIdentity,
  deviceIdOf,
  encodeIdentity,
  parseAddress,
  parseRecoveryPhrase,
  parseRelayOrigin,
  parseSignedPrekeys,
  parseUsername,
  publicKeysOf,
  publicPrekeyOf,
  verifyIdentity,
} from '@crypt2chat/shared/identity';
import { pad, sealHpke } from '@crypt2chat/shared/primitives';
import {
  decodeRatchet,
  decrypt,
  encodeRatchet,
  encrypt,
  matchesHeader,
  openEphemeral,
  sealEphemeral,
} from '@crypt2chat/shared/ratchet';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { openFirstMessage, parseFirstMessage } from '@crypt2chat/shared/x3dh';
import { withDevices } from '../identity/make-account.ts';
import { makeSession } from '../x3dh/make-session.ts';

const randomness = seededRandomness('decoders');
const session = makeSession(randomness);
const alice = withDevices(session.alice, 1, randomness);
const { bob, prekeys, initiation } = session;
const { message, state } = encrypt(session.ours, toUtf8('hello'), { randomness });
const bobs = { accountId: bob.identity.accountId, deviceId: deviceIdOf(publicKeysOf(bob.device)) };
const sealingKey = publicPrekeyOf(prekeys.sealingKey);

/** What a stranger can do: seal anything at all as a first message. */
function sealedByStranger(plaintext: Uint8Array): Uint8Array {
  const aad = encodeCbor([bobs.accountId, bobs.deviceId, sealingKey.id]);
  const sealed = sealHpke(sealingKey.key, toUtf8('crypt2chat/v1/first-message'), aad, plaintext, randomness);
  return encodeCbor([sealingKey.id, sealed]);
}

const received = decrypt(session.theirs, message, { randomness, nowMs: 0 });
assert.ok(received.kind === 'opened');
const bobState = received.state;

/**
 * Each decoder of bytes from outside: a valid input, and a function that either throws a coded error or gives the
 * input back as it was understood (undefined where there is nothing to compare).
 */
const decoders: readonly {
  name: string;
  valid: Uint8Array;
  decode: (bytes: Uint8Array) => Uint8Array | undefined;
}[] = [
  {
    name: 'a link',
    valid: alice.links[1]!,
    decode: (bytes) => void verifyIdentity([alice.links[0]!, bytes]),
  },
  {
    name: 'signed prekeys',
    valid: prekeys.upload.signed,
    decode: (bytes) => {
      const { accountId: account, deviceId: device, ...rest } = parseSignedPrekeys(bytes);
      const { signedPrekey, sealingKey: sealing, lastResortKem, head } = rest;
      const published = {
        signedPrekey: { ...signedPrekey },
        sealingKey: { ...sealing },
        lastResortKem: { ...lastResortKem },
      };
      return encodeCbor({ v: 1, account, device, ...rest, ...published, head: { ...head } });
    },
  },
  {
    name: 'an identity',
    valid: encodeIdentity(alice.identity),
    decode: (bytes) => encodeIdentity(decodeIdentity(bytes)),
  },
  {
    name: 'a ratchet state',
    valid: encodeRatchet(state),
    decode: (bytes) => encodeRatchet(decodeRatchet(bytes)),
  },
  {
    name: 'the frame of a first message',
    valid: encodeCbor([7, new Uint8Array(400)]),
    decode: (bytes) => void parseFirstMessage(bytes),
  },
  {
    name: 'a first message',
    valid: encodeCbor({
      v: 1,
      log: alice.links,
      device: deviceIdOf(publicKeysOf(alice.device)),
      handshake: { ...initiation.handshake },
      message,
    }),
    decode: (bytes) => {
      const body = sealedByStranger(pad(bytes));
      const first = openFirstMessage({ ...bobs, body, sealingKey: prekeys.sealingKey });
      return encodeCbor({ v: 1, ...first, handshake: { ...first.handshake } });
    },
  },
  {
    name: 'what is under the seal of a first message',
    valid: new Uint8Array(256),
    decode: (bytes) =>
      void openFirstMessage({ ...bobs, body: sealedByStranger(bytes), sealingKey: prekeys.sealingKey }),
  },
];

/** `undefined` where `bytes` were refused with a code. Any other error fails the test. */
function attempt<T>(decode: () => T): { value: T } | undefined {
  try {
    return { value: decode() };
  } catch (error) {
    assert.ok(hasCode(error), String(error));
    return undefined;
  }
}

const cbor: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>((tie) => ({
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
      ),
      tie('value'),
      { maxKeys: 6 },
    ) as fc.Arbitrary<CborValue>,
  ),
})).value;

/** One small change: a byte replaced, taken out, put in, or the end cut off. */
const mutation = fc.record({
  kind: fc.constantFrom('replace', 'remove', 'insert', 'cut'),
  at: fc.nat(),
  byte: fc.integer({ min: 0, max: 255 }),
});

function mutated(
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

describe('decoders', () => {
  for (const { name, valid, decode } of decoders) {
    it(`of ${name} refuse or understand any bytes, and throw nothing without a code`, () => {
      const check = (bytes: Uint8Array): void => {
        const result = attempt(() => decode(bytes));
        if (result?.value) assert.equal(toHex(result.value), toHex(bytes));
      };
      fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), check), { numRuns: 100 });
      fc.assert(
        fc.property(
          cbor.map((value) => encodeCbor(value)),
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

  it('of links take none that was mutated', () => {
    const valid = alice.links[1]!;
    fc.assert(
      fc.property(
        mutation.map((one) => mutated(valid, one)),
        (bytes) => {
          const taken = attempt(() => verifyIdentity([alice.links[0]!, bytes])) !== undefined;
          assert.equal(taken, toHex(bytes) === toHex(valid));
        },
      ),
      { numRuns: 300 },
    );
  }).timeout(60_000);

  it('of sealed bytes open none that was mutated, and none that was made up', () => {
    const valid = encrypt(state, toUtf8('next'), { randomness }).message;
    const sealed = sealEphemeral(state, toUtf8('typing'), randomness);
    const opens = (bytes: Uint8Array): boolean =>
      attempt(() => decrypt(bobState, bytes, { randomness, nowMs: 0 }))?.value.kind === 'opened';
    assert.ok(opens(valid));
    const check = (bytes: Uint8Array): void => {
      assert.equal(opens(bytes), toHex(bytes) === toHex(valid));
      attempt(() => matchesHeader(bobState, bytes));
      assert.equal(openEphemeral(bobState, bytes) !== undefined, toHex(bytes) === toHex(sealed));
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600, size: 'max' }), check), { numRuns: 200 });
    fc.assert(
      fc.property(
        mutation.map((one) => mutated(valid, one)),
        check,
      ),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(
        mutation.map((one) => mutated(sealed, one)),
        check,
      ),
      { numRuns: 300 },
    );
  }).timeout(60_000);

  it('of text refuse or understand anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        for (const parse of [parseUsername, parseRelayOrigin, parseAddress, parseRecoveryPhrase]) {
          attempt(() => parse(text));
        }
        const origin = attempt(() => parseRelayOrigin(`https://${text}`));
        if (origin) assert.equal(parseRelayOrigin(origin.value), origin.value);
      }),
      { numRuns: 500 },
    );
  });
});
