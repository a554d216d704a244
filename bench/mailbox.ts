/** A registered device whose mailbox takes a known capability: what a sender needs to have in front of it. */
import { fromBase64url, toBase64url } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { createIdentity, deviceIdOf, generateDevice, publicKeysOf } from '@crypt2chat/shared/identity';
import { generateSigningKeyPair, hash32, sign, systemRandomness } from '@crypt2chat/shared/primitives';

/** @returns the mailbox's path. */
export async function openMailbox(origin: string, username: string, capability: Uint8Array): Promise<string> {
  const ask = async (
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<Record<string, string>> => {
    const response = await fetch(origin + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return (await response.json()) as Record<string, string>;
  };

  const device = generateDevice(systemRandomness);
  const { link, identity } = createIdentity({
    username,
    relay: origin,
    device,
    recoveryPublicKey: generateSigningKeyPair(systemRandomness).publicKey,
    at: Date.now(),
  });
  await ask('POST', '/v1/accounts', { username, link: toBase64url(link) });
  const account = identity.accountId;
  const id = deviceIdOf(publicKeysOf(device));
  const names = { accountId: toBase64url(account), deviceId: toBase64url(id) };
  const { challenge = '' } = await ask('POST', '/v1/challenges', names);
  const statement = encodeCbor([origin, fromBase64url(challenge), account, id]);
  const { bearer = '' } = await ask('POST', '/v1/sessions', {
    ...names,
    challenge,
    signature: toBase64url(sign(device.sign.privateKey, 'crypt2chat/v1/relay/session', statement)),
  });
  const capabilityHash = toBase64url(hash32('crypt2chat/v1/capability', capability));
  const authorization = `Bearer ${bearer}`;
  await ask('PUT', '/v1/device/capability', { capabilityHash }, { authorization });
  return `/v1/mailboxes/${names.deviceId}`;
}
