/** A registered device whose mailbox takes a known capability: what a sender needs to have in front of it. */
import * as v from 'valibot';
import { toBase64url } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { createIdentity, deviceIdOf, generateDevice, publicKeysOf } from '@crypt2chat/shared/identity';
import { generateSigningKeyPair, hash32, sign, systemRandomness } from '@crypt2chat/shared/primitives';
import {
  challengeResponseSchema,
  registerResponseSchema,
  sessionResponseSchema,
} from '@crypt2chat/shared/wire';

/** @returns the mailbox's path. */
export async function openMailbox(origin: string, username: string, capability: Uint8Array): Promise<string> {
  const ask = async <Schema extends v.GenericSchema>(
    schema: Schema,
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<v.InferOutput<Schema>> => {
    const response = await fetch(origin + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return v.parse(schema, await response.json());
  };

  const device = generateDevice(systemRandomness);
  const { link, identity } = createIdentity({
    username,
    relay: origin,
    device,
    recoveryPublicKey: generateSigningKeyPair(systemRandomness).publicKey,
    at: Date.now(),
  });
  await ask(registerResponseSchema, 'POST', '/v1/accounts', { username, link: toBase64url(link) });
  const account = identity.accountId;
  const id = deviceIdOf(publicKeysOf(device));
  const names = { accountId: toBase64url(account), deviceId: toBase64url(id) };
  const { challenge } = await ask(challengeResponseSchema, 'POST', '/v1/challenges', names);
  const statement = encodeCbor([origin, challenge, account, id]);
  const { bearer } = await ask(sessionResponseSchema, 'POST', '/v1/sessions', {
    ...names,
    challenge: toBase64url(challenge),
    signature: toBase64url(sign(device.sign.privateKey, 'crypt2chat/v1/relay/session', statement)),
  });
  const capabilityHash = toBase64url(hash32('crypt2chat/v1/capability', capability));
  const authorization = `Bearer ${toBase64url(bearer)}`;
  await ask(v.unknown(), 'PUT', '/v1/device/capability', { capabilityHash }, { authorization });
  return `/v1/mailboxes/${names.deviceId}`;
}
