/** People with real keys, who speak to a relay as the client does: by fetch, with the schemas of the wire. */
import assert from 'node:assert/strict';
import * as v from 'valibot';
import { toBase64url, toUtf8 } from '@crypt2chat/shared/bytes';
import { decodeCbor, encodeCbor, type CborValue } from '@crypt2chat/shared/cbor';
import {
  addDevice,
  createIdentity,
  type DeviceId,
  deviceIdOf,
  type DeviceSecrets,
  generateDevice,
  generateOneTimeKems,
  generateOneTimePrekeys,
  generateSignedPrekeys,
  type Identity,
  publicKeysOf,
  publicPrekeyOf,
  type PublicPrekey,
  signPrekeys,
} from '@crypt2chat/shared/identity';
import { deriveSigningKeyPair, hash32, type Randomness, sign } from '@crypt2chat/shared/primitives';
import { seededRandomness } from '@crypt2chat/shared/testing';
import {
  capabilityHeader,
  cborMediaType,
  challengeResponseSchema,
  deliverResponseSchema,
  errorResponseSchema,
  eventsResponseSchema,
  relayErrors,
  sessionResponseSchema,
} from '@crypt2chat/shared/wire';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  /** The body as JSON. */
  readonly json: unknown;
  /** The code of an error. */
  readonly code: string | undefined;
}

export async function ask(
  origin: string,
  method: string,
  path: string,
  init: RequestInit = {},
): Promise<Answer> {
  const response = await fetch(origin + path, { method, signal: AbortSignal.timeout(20_000), ...init });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  const json: unknown = isJson ? JSON.parse(Buffer.from(bytes).toString()) : undefined;
  const code = response.status >= 400 ? v.parse(errorResponseSchema, json).code : undefined;
  return { status: response.status, headers: response.headers, bytes, json, code };
}

export function askJson(
  origin: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const init = body === undefined ? { headers } : jsonBody(body, headers);
  return ask(origin, method, path, init);
}

function jsonBody(body: unknown, headers: Record<string, string>): RequestInit {
  return { headers: { 'content-type': 'application/json', ...headers }, body: toUtf8(JSON.stringify(body)) };
}

export function askCbor(
  origin: string,
  path: string,
  body: CborValue,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return ask(origin, 'POST', path, {
    headers: { 'content-type': cborMediaType, ...headers },
    body: encodeCbor(body),
  });
}

/** Asserts that `answer` is the error `code`, with the status that the wire gives it. */
export function assertRefused(answer: Answer, code: keyof typeof relayErrors): void {
  assert.equal(answer.code, code);
  assert.equal(answer.status, relayErrors[code]);
}

export class Person {
  readonly origin: string;
  readonly url: string;
  readonly username: string;
  readonly device: DeviceSecrets;
  readonly randomness: Randomness;
  identity: Identity;
  readonly links: Uint8Array[];
  bearer = '';
  #nextPrekey = 1;

  /** @param url where the relay listens, if that is not its origin. */
  constructor(
    origin: string,
    username: string,
    at: number,
    device?: { secrets: DeviceSecrets; of: Person },
    url = origin,
  ) {
    this.origin = origin;
    this.url = url;
    this.username = username;
    this.randomness = seededRandomness(`${username} ${device ? 'second' : 'first'} device`);
    if (device === undefined) {
      this.device = generateDevice(this.randomness);
      const recovery = deriveSigningKeyPair(this.randomness.bytes(57));
      const { link, identity } = createIdentity({
        username,
        relay: origin,
        device: this.device,
        recoveryPublicKey: recovery.publicKey,
        at,
      });
      this.identity = identity;
      this.links = [link];
    } else {
      this.device = device.secrets;
      const { link, identity } = addDevice(device.of.identity, device.of.device, device.secrets, at);
      this.identity = identity;
      this.links = [...device.of.links, link];
      device.of.identity = identity;
      device.of.links.push(link);
    }
  }

  get accountId(): string {
    return toBase64url(this.identity.accountId);
  }

  get deviceIdBytes(): DeviceId {
    return deviceIdOf(publicKeysOf(this.device));
  }

  get deviceId(): string {
    return toBase64url(this.deviceIdBytes);
  }

  get auth(): Record<string, string> {
    return { authorization: `Bearer ${this.bearer}` };
  }

  register(invite?: string): Promise<Answer> {
    const link = toBase64url(this.links[0]!);
    const body = { username: this.username, link, ...(invite === undefined ? {} : { invite }) };
    return askJson(this.url, 'POST', '/v1/accounts', body);
  }

  appendLink(link: Uint8Array): Promise<Answer> {
    return askJson(this.url, 'POST', `/v1/accounts/${this.accountId}/links`, { link: toBase64url(link) });
  }

  async challenge(): Promise<Uint8Array> {
    const body = { accountId: this.accountId, deviceId: this.deviceId };
    const answer = await askJson(this.url, 'POST', '/v1/challenges', body);
    return v.parse(challengeResponseSchema, answer.json).challenge;
  }

  answerChallenge(challenge: Uint8Array, origin = this.origin): Promise<Answer> {
    const statement = encodeCbor([origin, challenge, this.identity.accountId, this.deviceIdBytes]);
    const signature = sign(this.device.sign.privateKey, 'crypt2chat/v1/relay/session', statement);
    return askJson(this.url, 'POST', '/v1/sessions', {
      accountId: this.accountId,
      deviceId: this.deviceId,
      challenge: toBase64url(challenge),
      signature: toBase64url(signature),
    });
  }

  async signIn(): Promise<this> {
    const answer = await this.answerChallenge(await this.challenge());
    assert.equal(answer.status, 201);
    this.bearer = toBase64url(v.parse(sessionResponseSchema, answer.json).bearer);
    return this;
  }

  prekeysBody(oneTime = 3, kems = 2, options: { keep?: ReturnType<typeof generateSignedPrekeys> } = {}) {
    const signed = options.keep ?? generateSignedPrekeys(this.#takeIds(3), this.randomness);
    const oneTimePrekeys = generateOneTimePrekeys(this.#takeIds(oneTime), oneTime, this.randomness);
    const oneTimeKems = generateOneTimeKems(this.#takeIds(kems), kems, this.randomness);
    const part = signPrekeys({
      ...signed,
      accountId: this.identity.accountId,
      device: this.device,
      head: this.identity.head,
      oneTimeKems,
      notAfter: Date.UTC(2040, 0, 1),
    });
    return {
      keys: signed,
      body: {
        signed: toBase64url(part.signed),
        signature: toBase64url(part.signature),
        oneTimePrekeys: oneTimePrekeys.map((key) => inJson(publicPrekeyOf(key))),
        oneTimeKemKeys: oneTimeKems.map((key) => inJson(publicPrekeyOf(key))),
      },
    };
  }

  putPrekeys(body: unknown): Promise<Answer> {
    return askJson(this.url, 'PUT', '/v1/device/prekeys', body, this.auth);
  }

  claim(accountId: string): Promise<Answer> {
    return askJson(this.url, 'POST', `/v1/accounts/${accountId}/bundles`, {}, this.auth);
  }

  setCapability(capability: Uint8Array): Promise<Answer> {
    const capabilityHash = toBase64url(hash32('crypt2chat/v1/capability', capability));
    return askJson(this.url, 'PUT', '/v1/device/capability', { capabilityHash }, this.auth);
  }

  poll(query: { after?: string; wait?: number } = {}, signal?: AbortSignal): Promise<Answer> {
    const params = new URLSearchParams();
    if (query.after !== undefined) params.set('after', query.after);
    if (query.wait !== undefined) params.set('wait', String(query.wait));
    const init = signal === undefined ? { headers: this.auth } : { headers: this.auth, signal };
    return ask(this.url, 'GET', `/v1/events?${params.toString()}`, init);
  }

  async events(
    query: { after?: string; wait?: number } = {},
  ): Promise<v.InferOutput<typeof eventsResponseSchema>> {
    return parseEvents(await this.poll(query));
  }

  #takeIds(count: number): number {
    const first = this.#nextPrekey;
    this.#nextPrekey += count;
    return first;
  }
}

export function parseEvents(answer: Answer): v.InferOutput<typeof eventsResponseSchema> {
  assert.equal(answer.status, 200);
  return decodeCbor(eventsResponseSchema, answer.bytes, 5 * 1024 * 1024);
}

export function resultsOf(answer: Answer): readonly string[] {
  assert.equal(answer.status, 200);
  return decodeCbor(deliverResponseSchema, answer.bytes, 4096).results;
}

export function withCapability(capability: Uint8Array): Record<string, string> {
  return { [capabilityHeader]: toBase64url(capability) };
}

export function envelope(id: number, size = 100): { id: Uint8Array; envelope: Uint8Array } {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(0, id);
  return { id: bytes, envelope: new Uint8Array(size).fill(id % 251) };
}

function inJson({ id, key }: PublicPrekey): { id: number; key: string } {
  return { id, key: toBase64url(key) };
}
