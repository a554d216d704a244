/**
 * A person at the same relay whose client is not ours: it says and does what the protocol's formats allow, and
 * keeps none of its manners.
 */
import assert from 'node:assert/strict';
import { toBase64url } from '@crypt2chat/shared/bytes';
import {
  accountId,
  addDevice,
  createIdentity,
  deriveRecovery,
  deviceId,
  type DeviceSecrets,
  deviceIdOf,
  generateDevice,
  generateOneTimePrekeys,
  generateRecoveryPhrase,
  generateSignedPrekeys,
  type Identity,
  publicKeysOf,
  publicPrekeyOf,
  signPrekeys,
  verifyBundle,
  verifyIdentity,
} from '@crypt2chat/shared/identity';
import { systemRandomness as randomness } from '@crypt2chat/shared/primitives';
import { encrypt, type RatchetState, startAsInitiator } from '@crypt2chat/shared/ratchet';
import { type Content, encodeContent, encodeEnvelope } from '@crypt2chat/shared/wire';
import { type Handshake, initiate, sealFirstMessage } from '@crypt2chat/shared/x3dh';
import { directConversationId } from '../../src/engine/conversations.ts';
import { RelayClient } from '../../src/engine/relay-client.ts';
import { Wire, type World } from './world.ts';

type Said = Pick<Content, 'kind' | 'body'> &
  Partial<Pick<Content, 'id' | 'counter' | 'heads' | 'capability'>>;

interface Session {
  readonly peer: Identity;
  readonly handshake: Handshake;
  readonly sealingKey: { readonly id: number; readonly key: Uint8Array };
  ratchet: RatchetState;
}

export class Stranger {
  readonly name: string;
  readonly device: DeviceSecrets;
  readonly links: Uint8Array[];
  identity: Identity;
  readonly #world: World;
  readonly #relay: RelayClient;
  #nextPrekeyId = 1;
  #session: Session | undefined;

  private constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
    this.device = generateDevice(randomness);
    const { link, identity } = createIdentity({
      username: name,
      relay: world.relay.origin,
      device: this.device,
      recoveryPublicKey: deriveRecovery(generateRecoveryPhrase(randomness)).signing.publicKey,
      at: world.clock.now(),
    });
    this.links = [link];
    this.identity = identity;
    this.#relay = new RelayClient(world.relay.origin, new Wire(), world.clock, {
      accountId: identity.accountId,
      deviceId: this.deviceId,
      signingKey: this.device.sign.privateKey,
    });
  }

  static async register(world: World, name: string): Promise<Stranger> {
    const stranger = new Stranger(world, name);
    await stranger.#relay.register(name, stranger.links[0]!, undefined);
    return stranger;
  }

  /** Somebody whom the relay made up: it knows how to write, and stands nowhere. */
  static madeUp(world: World, name: string): Stranger {
    return new Stranger(world, name);
  }

  get deviceId() {
    return deviceIdOf(publicKeysOf(this.device));
  }

  /** The log as the relay tells it. */
  async lookUp(name: string): Promise<Identity> {
    return verifyIdentity((await this.#relay.account(name)).links);
  }

  /** Begins a session, as if it were the handshake number `round`, with a bundle that `other` claimed, if need be. */
  async begin(name: string, round = 0, other: Stranger = this): Promise<void> {
    const peer = await other.lookUp(name);
    const { bundles } = await other.#relay.claimBundles(peer.accountId);
    const { deviceId: claimed, ...signed } = bundles[0]!;
    const outcome = verifyBundle(signed, peer, deviceId(claimed), this.#world.clock.now());
    assert.ok(outcome.kind === 'verified');
    const { bundle } = outcome;
    const begun = initiate({
      ours: { accountId: this.identity.accountId, device: this.device },
      theirs: {
        accountId: accountId(peer.accountId),
        deviceId: deviceId(claimed),
        keys: peer.devices[0]!.keys,
        bundle,
      },
      round,
      randomness,
    });
    this.#session = {
      peer,
      handshake: begun.handshake,
      sealingKey: bundle.sealingKey,
      ratchet: startAsInitiator({ ...begun, randomness }),
    };
  }

  /** Which signed prekey the session was begun with. */
  get signedPrekeyId(): number {
    assert.ok(this.#session, 'no session was begun');
    return this.#session.handshake.signedPrekeyId;
  }

  get publicDeviceId(): string {
    return toBase64url(this.deviceId);
  }

  /** An envelope of the session that was begun last. */
  seal({ kind, body, ...rest }: Said): Uint8Array {
    const session = this.#session;
    assert.ok(session, 'no session was begun');
    const { peer } = session;
    const content = encodeContent({
      v: 1,
      id: randomness.bytes(16),
      conversation: directConversationId(this.identity.accountId, peer.accountId),
      counter: 1,
      sentAt: this.#world.clock.now(),
      heads: {
        ours: { seq: this.identity.head.seq, hash: this.identity.head.hash },
        theirs: { seq: peer.head.seq, hash: peer.head.hash },
      },
      ...rest,
      kind,
      body,
    } as Content);
    const { state, message } = encrypt(session.ratchet, content, { randomness });
    session.ratchet = state;
    return this.#enclose(session, message);
  }

  /** Its header fits the session, and its body is nothing. */
  sealBroken(): Uint8Array {
    const session = this.#session;
    assert.ok(session, 'no session was begun');
    const { message } = encrypt(session.ratchet, new Uint8Array(1), { randomness });
    message.fill(0, message.length - 16);
    return this.#enclose(session, message);
  }

  /** The heads of a content, with this one as one's own. */
  headsWith(ours: Content['heads']['ours']): Content['heads'] {
    assert.ok(this.#session, 'no session was begun');
    const { head } = this.#session.peer;
    return { ours, theirs: { seq: head.seq, hash: head.hash } };
  }

  #enclose(session: Session, message: Uint8Array): Uint8Array {
    const { peer } = session;
    const first = { log: this.links, device: this.deviceId, handshake: session.handshake, message };
    const { accountId: to } = peer;
    const at = deviceId(peer.devices[0]!.id);
    return encodeEnvelope({
      kind: 'handshake',
      body: sealFirstMessage({
        accountId: to,
        deviceId: at,
        sealingKey: session.sealingKey,
        first,
        randomness,
      }),
    });
  }

  sealText(text: string, counter = 1): Uint8Array {
    return this.seal({ kind: 'text', body: { text }, counter });
  }

  async deliver(...envelopes: Uint8Array[]): Promise<void> {
    assert.ok(this.#session, 'no session was begun');
    const mailbox = this.#session.peer.devices[0]!.id;
    const wrapped = envelopes.map((envelope) => ({ id: randomness.bytes(16), envelope }));
    const { results } = await this.#relay.deliver(mailbox, wrapped, 'session');
    assert.ok(results.every((result) => result === 'stored'));
  }

  /** Puts an envelope of `other`'s into the mailbox that their session is with. */
  async deliverFor(other: Stranger, envelope: Uint8Array): Promise<void> {
    assert.ok(other.#session, 'no session was begun');
    const mailbox = other.#session.peer.devices[0]!.id;
    await this.#relay.deliver(mailbox, [{ id: randomness.bytes(16), envelope }], 'session');
  }

  async publishPrekeys(): Promise<void> {
    const first = this.#nextPrekeyId;
    const set = generateSignedPrekeys(first, randomness);
    const oneTime = generateOneTimePrekeys(first + 3, 5, randomness);
    this.#nextPrekeyId = first + 8;
    const { signed, signature } = signPrekeys({
      ...set,
      accountId: this.identity.accountId,
      device: this.device,
      head: this.identity.head,
      oneTimeKems: [],
      notAfter: this.#world.clock.now() + 21 * 24 * 3600 * 1000,
    });
    await this.#relay.putPrekeys({
      signed: toBase64url(signed),
      signature: toBase64url(signature),
      oneTimePrekeys: oneTime.map((prekey) => ({
        id: prekey.id,
        key: toBase64url(publicPrekeyOf(prekey).key),
      })),
      oneTimeKemKeys: [],
    });
  }

  /** One more device in the log, which never does anything. */
  async addDevice(): Promise<void> {
    const { link, identity } = addDevice(
      this.identity,
      this.device,
      generateDevice(randomness),
      this.#world.clock.now(),
    );
    await this.#relay.appendLink(this.identity.accountId, link);
    this.links.push(link);
    this.identity = identity;
  }
}
