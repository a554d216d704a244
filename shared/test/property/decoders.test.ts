import assert from 'node:assert/strict';
import fc from 'fast-check';
import { toHex, toUtf8 } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
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
import { attempt, type Decoder, itIsTotal, mutation, mutated } from './any-bytes.ts';

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

const decoders: readonly Decoder[] = [
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

describe('decoders', () => {
  for (const decoder of decoders) itIsTotal(decoder);

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
