import assert from 'node:assert/strict';
import { createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { concat, toHex, toUtf8 } from '@crypt2chat/shared/bytes';
import { decrypt, encrypt, openEphemeral, sealEphemeral } from '@crypt2chat/shared/ratchet';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { makeSession } from '../x3dh/make-session.ts';
import { nodeX448 } from '../x3dh/node-x448.ts';

/** §1 of docs/protocol.md, opened with node:crypto alone. */
function openSaltedByHand(key: Uint8Array, info: string, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  const derived = Buffer.from(hkdfSync('sha512', key, sealed.slice(0, 32), `crypt2chat/v1/${info}`, 44));
  const opener = createDecipheriv('aes-256-gcm', derived.subarray(0, 32), derived.subarray(32));
  opener.setAAD(aad);
  opener.setAuthTag(sealed.slice(-16));
  return concat(opener.update(sealed.slice(32, -16)), opener.final());
}

/** §6: KDF_RK, then the first message key of the chain. */
function turn(rootKey: Uint8Array, privateKey: Uint8Array, publicKey: Uint8Array) {
  const derived = Buffer.from(
    hkdfSync('sha512', nodeX448(privateKey, publicKey), rootKey, 'crypt2chat/v1/ratchet/root', 96),
  );
  const chainKey = derived.subarray(32, 64);
  const messageKey = createHmac('sha512', chainKey).update(Uint8Array.of(1)).digest().subarray(0, 32);
  return { rootKey: derived.subarray(0, 32), messageKey, nextHeaderKey: derived.subarray(64) };
}

function readByHand(
  ad: Uint8Array,
  headerKey: Uint8Array,
  messageKey: Uint8Array,
  message: Uint8Array,
): string {
  const body = openSaltedByHand(
    messageKey,
    'ratchet/message',
    concat(ad, message.slice(0, 112)),
    message.slice(112),
  );
  assert.equal(openSaltedByHand(headerKey, 'ratchet/header', ad, message.slice(0, 112)).length, 64);
  return new TextDecoder().decode(body.slice(0, body.lastIndexOf(0x80)));
}

describe('the double ratchet, computed by other means', () => {
  const randomness = seededRandomness('by hand');
  const { ours, theirs, agreement, prekeys } = makeSession(randomness);
  const { ad, keys } = agreement;

  it('is what the specification says, for a message and its answer', () => {
    const { message } = encrypt(ours, toUtf8('a question'), { randomness });
    const header = openSaltedByHand(keys.headerKeyA, 'ratchet/header', ad, message.slice(0, 112));
    assert.equal(toHex(header.slice(56)), '0000000000000000');
    const question = turn(keys.rootKey, prekeys.signedPrekey.privateKey, header.slice(0, 56));
    assert.equal(readByHand(ad, keys.headerKeyA, question.messageKey, message), 'a question');

    const got = decrypt(theirs, message, { randomness, nowMs: 0 });
    assert.ok(got.kind === 'opened');
    const reply = encrypt(got.state, toUtf8('an answer'), { randomness }).message;
    const replyHeader = openSaltedByHand(keys.nextHeaderKeyB, 'ratchet/header', ad, reply.slice(0, 112));
    const answered = turn(question.rootKey, ours.ours.privateKey, replyHeader.slice(0, 56));
    assert.equal(readByHand(ad, keys.nextHeaderKeyB, answered.messageKey, reply), 'an answer');

    const heard = decrypt(ours, reply, { randomness, nowMs: 0 });
    assert.ok(heard.kind === 'opened');
    const third = encrypt(heard.state, toUtf8('a third'), { randomness }).message;
    const thirdHeader = openSaltedByHand(question.nextHeaderKey, 'ratchet/header', ad, third.slice(0, 112));
    assert.equal(toHex(thirdHeader.slice(56)), '0000000000000000');
    const last = turn(answered.rootKey, got.state.ours.privateKey, thirdHeader.slice(0, 56));
    assert.equal(readByHand(ad, question.nextHeaderKey, last.messageKey, third), 'a third');
  });

  it('counts in its headers', () => {
    const first = encrypt(ours, toUtf8('0'), { randomness });
    const second = encrypt(first.state, toUtf8('1'), { randomness });
    const header = openSaltedByHand(keys.headerKeyA, 'ratchet/header', ad, second.message.slice(0, 112));
    assert.equal(toHex(header.slice(56)), '0000000000000001');
  });

  it('seals ephemerals under the header key', () => {
    const sealed = sealEphemeral(ours, toUtf8('typing'), randomness);
    const opened = openSaltedByHand(keys.headerKeyA, 'ratchet/ephemeral', ad, sealed);
    assert.equal(opened.length, 256);
    assert.equal(new TextDecoder().decode(opened.slice(0, 6)), 'typing');
    assert.ok(openEphemeral(theirs, sealed));
  });
});
