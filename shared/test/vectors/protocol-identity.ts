import {
  acceptDevice,
  accountId,
  createIdentity,
  deriveRecovery,
  deviceIdOf,
  formatAddress,
  generateDevice,
  generateRecoveryPhrase,
  generateSignedPrekeys,
  generateOneTimeKems,
  generateOneTimePrekeys,
  type Identity,
  kemHashOf,
  parseSignedPrekeys,
  proposeDevice,
  publicKeysOf,
  recoverIdentity,
  replaceRecovery,
  revokeDevice,
  safetyNumber,
  signPrekeys,
  verifyBundle,
  verifyIdentity,
} from '@crypt2chat/shared/identity';
import { type LinkBytes, signLink } from '@crypt2chat/shared/log';
import * as v from 'valibot';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { publicPrekeyOf } from '@crypt2chat/shared/identity';

const atMs = 1_750_000_000_000;

/** §2: a link of a made-up kind, so that nothing but the machinery shows. */
export function link(): unknown {
  const signer = generateDevice(seededRandomness('link')).sign;
  const kind = {
    name: 'example',
    maxLinks: 2,
    maxLinkBytes: 512,
    bodySchema: v.strictObject({ say: v.string() }),
  };
  const inputs = { seq: 1, prev: new Uint8Array(32).fill(0xab), at: atMs, body: { say: 'hello' } };
  return { signer, log: kind.name, ...inputs, link: signLink(kind, inputs, signer) };
}

/** §3: an account through all kinds of links. */
export function identity(): unknown {
  const randomness = seededRandomness('identity vectors');
  const [first, second, third] = [0, 1, 2].map(() => generateDevice(randomness));
  const [recovery, nextRecovery] = [0, 1].map(
    () => deriveRecovery(generateRecoveryPhrase(randomness)).signing,
  );
  const steps: { what: string; link: LinkBytes; result: unknown }[] = [];
  const note = (what: string, change: { link: LinkBytes; identity: Identity }): Identity => {
    const { username, relay, recovery: key, devices, revoked, head, at } = change.identity;
    steps.push({
      what,
      link: change.link,
      result: { username, relay, recovery: key, devices, revoked, head, at },
    });
    return change.identity;
  };
  let log = note(
    'create',
    createIdentity({
      username: 'alice',
      relay: 'https://relay.example:8443',
      device: first!,
      recoveryPublicKey: recovery!.publicKey,
      at: atMs,
    }),
  );
  const proposal = proposeDevice(log, first!, publicKeysOf(second!), atMs + 1);
  log = note('add-device', acceptDevice(log, proposal, second!));
  log = note('revoke-device', revokeDevice(log, second!, deviceIdOf(publicKeysOf(first!)), atMs + 2));
  log = note('replace-recovery', replaceRecovery(log, recovery!, nextRecovery!.publicKey, atMs + 3));
  // The clock went back: the time stands still.
  log = note('recover', recoverIdentity(log, nextRecovery!, third!, atMs));
  const { head } = verifyIdentity(steps.map((step) => step.link));
  const address = formatAddress('alice', log.accountId);
  return {
    devices: [first, second, third],
    recoveries: [recovery, nextRecovery],
    proposal,
    steps,
    accountId: log.accountId,
    address,
    head,
  };
}

/** §3.1 */
export function recovery(): unknown {
  const phrases = [
    generateRecoveryPhrase({ bytes: (size) => new Uint8Array(size) }),
    generateRecoveryPhrase(seededRandomness('recovery vectors')),
  ];
  return phrases.map((phrase) => ({ phrase, ...deriveRecovery(phrase) }));
}

/** §3.2 */
export function safetyNumbers(): unknown {
  const ids = [0x00, 0x11, 0xff].map((byte) => accountId(new Uint8Array(32).fill(byte)));
  return [
    [0, 1],
    [1, 0],
    [1, 2],
  ].map(([a, b]) => ({ a: ids[a!], b: ids[b!], safetyNumber: safetyNumber(ids[a!]!, ids[b!]!) }));
}

/** §4 */
export function prekeys(): unknown {
  const randomness = seededRandomness('prekey vectors');
  const device = generateDevice(randomness);
  const recoveryKey = generateDevice(randomness).sign.publicKey;
  const { identity: owner, link: created } = createIdentity({
    username: 'bob',
    relay: 'https://relay.example',
    device,
    recoveryPublicKey: recoveryKey,
    at: atMs,
  });
  const set = generateSignedPrekeys(1, randomness);
  const [oneTimePrekey] = generateOneTimePrekeys(4, 1, randomness);
  const oneTimeKems = generateOneTimeKems(5, 2, randomness);
  const inputs = { accountId: owner.accountId, head: owner.head, notAfter: atMs + 21 * 24 * 3600 * 1000 };
  const upload = signPrekeys({ ...inputs, ...set, device, oneTimeKems });
  const bundle = {
    ...upload,
    oneTimePrekey: publicPrekeyOf(oneTimePrekey!),
    oneTimeKem: publicPrekeyOf(oneTimeKems[1]!),
  };
  return {
    log: [created],
    device,
    ...set,
    oneTimePrekey,
    oneTimeKems: oneTimeKems.map((kem) => ({ ...kem, hash: kemHashOf(kem.publicKey) })),
    bundle,
    parsed: parseSignedPrekeys(upload.signed),
    outcome: verifyBundle(bundle, owner, deviceIdOf(publicKeysOf(device)), atMs),
  };
}
