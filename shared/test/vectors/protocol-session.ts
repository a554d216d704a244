import { toUtf8 } from '@crypt2chat/shared/bytes';
import { deviceIdOf, publicKeysOf, publicPrekeyOf } from '@crypt2chat/shared/identity';
import { seededRandomness } from '@crypt2chat/shared/testing';
import {
  decrypt,
  encodeRatchet,
  encrypt,
  openEphemeral,
  type RatchetState,
  sealEphemeral,
} from '@crypt2chat/shared/ratchet';
import { openFirstMessage, sealFirstMessage } from '@crypt2chat/shared/x3dh';
import { makeAccount, makePrekeys } from '../identity/make-account.ts';
import { answer, begin, makeSession } from '../x3dh/make-session.ts';

const nowMs = 1_750_000_000_000;

/** §5: the handshake with and without one-time keys. */
export function x3dh(): unknown {
  const randomness = seededRandomness('x3dh vectors');
  const alice = makeAccount('alice', randomness);
  const bob = makeAccount('bob', randomness);
  const prekeys = makePrekeys(bob, randomness);
  const { upload: _, bundle, bareBundle, ...privateHalves } = prekeys;
  const sides = [alice, bob].map(({ identity, device }) => ({ accountId: identity.accountId, device }));
  return {
    alice: sides[0],
    bob: { ...sides[1], ...privateHalves },
    handshakes: [bundle, bareBundle].map((claimed, round) => {
      const {
        handshake,
        signedPrekeyPublic: __,
        ...initiator
      } = begin(alice, bob, claimed, randomness, round);
      return { handshake, initiator, responder: answer(bob, prekeys, alice, { handshake }) };
    }),
  };
}

/** §5 and §6: a first message in its seal. */
export function firstMessage(): unknown {
  const randomness = seededRandomness('first message vectors');
  const { alice, bob, prekeys, initiation, ours } = makeSession(randomness);
  const { message } = encrypt(ours, toUtf8('a first message'), { randomness });
  const device = deviceIdOf(publicKeysOf(alice.device));
  const first = { log: alice.links, device, handshake: initiation.handshake, message };
  const recipient = { accountId: bob.identity.accountId, deviceId: deviceIdOf(publicKeysOf(bob.device)) };
  const sealingKey = publicPrekeyOf(prekeys.sealingKey);
  const body = sealFirstMessage({ ...recipient, sealingKey, first, randomness });
  const opened = openFirstMessage({ ...recipient, body, sealingKey: prekeys.sealingKey });
  return { recipient: { ...recipient, sealingKey: prekeys.sealingKey }, body, opened };
}

/** §6.2: one message, with the states before and after it at both ends; §7.1: typing under the same states. */
export function ratchet(): unknown {
  const randomness = seededRandomness('ratchet vectors');
  const { ours, theirs } = makeSession(randomness);
  const content = toUtf8('a message');
  const sent = encrypt(ours, content, { randomness });
  const got = decrypt(theirs, sent.message, { randomness, nowMs });
  if (got.kind !== 'opened') throw new TypeError('the message did not open');
  const ephemeral = sealEphemeral(ours, toUtf8('typing'), randomness);
  return {
    initiator: { before: encodeRatchet(ours), after: encodeRatchet(sent.state) },
    responder: { before: encodeRatchet(theirs), after: encodeRatchet(got.state) },
    content,
    message: sent.message,
    opened: got.content,
    ephemeral: { sealed: ephemeral, opened: openEphemeral(theirs, ephemeral) },
  };
}

/** What is said in the conversation, in the order of sending. */
const script = [
  { from: 'alice', text: 'Have you seen the build?' },
  { from: 'alice', text: 'It broke at 9:40.' },
  { from: 'bob', text: 'Looking.' },
  { from: 'alice', text: 'Thanks.' },
  { from: 'bob', text: 'A missing semicolon ;' },
  { from: 'bob', text: 'Fixed.' },
  { from: 'alice', text: '👍' },
] as const;

/**
 * §5 to §6: a whole conversation. Each message is opened when it arrives; the second one of Alice's arrives last,
 * after its chain has ended.
 */
export function conversation(): unknown {
  const randomness = seededRandomness('conversation vectors');
  const { alice, bob, prekeys, initiation, ours, theirs } = makeSession(randomness);
  const states: Record<'alice' | 'bob', RatchetState> = { alice: ours, bob: theirs };
  const peers = { alice: 'bob', bob: 'alice' } as const;
  const deliver = (to: 'alice' | 'bob', message: Uint8Array): Uint8Array => {
    const result = decrypt(states[to], message, { randomness, nowMs });
    if (result.kind !== 'opened') throw new TypeError('the message did not open');
    states[to] = result.state;
    return result.content;
  };
  let late: { to: 'alice' | 'bob'; message: Uint8Array } | undefined;
  const steps = script.map(({ from, text }, i) => {
    const { state, message } = encrypt(states[from], toUtf8(text), { randomness });
    states[from] = state;
    const to = peers[from];
    if (i === 1) late = { to, message };
    return { from, text, message, opened: i === 1 ? 'later' : deliver(to, message) };
  });
  const lateOpened = late && deliver(late.to, late.message);
  const { upload: _, bareBundle: __, bundle, ...privateHalves } = prekeys;
  return {
    alice: { log: alice.links, device: alice.device },
    bob: { log: bob.links, device: bob.device, ...privateHalves },
    bundle,
    handshake: initiation.handshake,
    steps,
    lateOpened,
    states: { alice: encodeRatchet(states.alice), bob: encodeRatchet(states.bob) },
  };
}
