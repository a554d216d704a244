/**
 * Getting an account. Everything is made and stored before the relay hears of it, and each step may be repeated:
 * whoever is interrupted goes on where they were.
 */
import * as v from 'valibot';
import { equalBytes, fromUtf8, toBase64url, toUtf8 } from '../bytes/index.ts';
import { CodedError, hasCode } from '../errors/index.ts';
import {
  createIdentity,
  deriveRecovery,
  type DeviceSecrets,
  encodeIdentity,
  extendIdentity,
  generateDevice,
  generateRecoveryPhrase,
  type Identity,
  normaliseUsername,
  parseRecoveryPhrase,
  parseRelayOrigin,
  parseUsername,
  recoverIdentity,
  verifyIdentity,
} from '../identity/index.ts';
import type { LinkBytes } from '../log/index.ts';
import { inviteSchema } from '../wire/index.ts';
import type { Core } from './core.ts';
import type { Clock } from '../clock/index.ts';
import type { Transport } from './ports.ts';
import { accounts, type AccountRecord } from './records.ts';
import { RelayClient } from './relay-client.ts';
import type { RelayAbout } from './types.ts';

export interface Registration {
  /** As typed: a host, or an origin. */
  readonly relay: string;
  readonly username: string;
  readonly invite?: string;
}

/** @throws CodedError `ERR_RELAY_ADDRESS`, `ERR_RELAY_UNREACHABLE`, `ERR_RELAY_ANSWER` when it is not a relay. */
export async function askAbout(transport: Transport, clock: Clock, relay: string): Promise<RelayAbout> {
  const origin = originOf(relay);
  const { version, registration, retentionDays } = await new RelayClient(origin, transport, clock).about();
  return { origin, version, registration, retentionDays };
}

/**
 * Makes the account in the vault, or takes up one that was begun with the same name at the same relay.
 * @throws CodedError `ERR_ACCOUNT_EXISTS`, `ERR_RELAY_ADDRESS`, `ERR_USERNAME`, `ERR_INVITE_INVALID`.
 */
export function beginRegistration(core: Core, { relay, username, invite }: Registration): AccountRecord {
  const origin = originOf(relay);
  const name = usernameOf(username);
  const begun = core.account;
  if (begun?.stage === 'ready') throw new CodedError('ERR_ACCOUNT_EXISTS', 'there is an account already');
  if (invite !== undefined && (!v.is(inviteSchema, invite) || fromUtf8(toUtf8(invite)) !== invite))
    throw new CodedError('ERR_INVITE_INVALID', 'no relay gives such an invite');
  if (begun?.stage === 'registering' && begun.relay === origin && begun.username === name) {
    return save(core, { ...begun, ...(invite === undefined ? {} : { invite }) });
  }
  const phrase = generateRecoveryPhrase(core.randomness);
  const recovery = deriveRecovery(phrase);
  const device = generateDevice(core.randomness);
  const { link, identity } = createIdentity({
    username: name,
    relay: origin,
    device,
    recoveryPublicKey: recovery.signing.publicKey,
    at: core.clock.now(),
  });
  return core.transaction(() => {
    core.vault.setPhraseKey(recovery.vaultKey);
    return save(core, newAccount(core, identity, [link], device, phrase, 'registering', invite));
  });
}

/** Tells the relay. @throws CodedError `ERR_NAME_TAKEN` and what else the relay says. */
export async function finishRegistration(core: Core, relay: RelayClient): Promise<void> {
  const account = core.requireAccount();
  const [link] = account.links;
  if (!link) throw new TypeError('an account without a log');
  const { accountId } = await relay.register(account.username, link, account.invite);
  if (!equalBytes(accountId, core.identityOf(account).accountId)) {
    throw new CodedError('ERR_RELAY_ANSWER', 'the relay registered another account');
  }
  becomeReady(core);
}

/**
 * Takes an account over to this device by its recovery phrase (protocol §3): all earlier devices are revoked.
 * @throws CodedError `ERR_ACCOUNT_EXISTS`, `ERR_PHRASE_INVALID`, `ERR_PHRASE_WRONG` when the phrase is not that account's, `ERR_ACCOUNT_UNKNOWN`.
 */
export async function recoverAccount(
  core: Core,
  transport: Transport,
  { relay, username, phrase }: Omit<Registration, 'invite'> & { readonly phrase: string },
): Promise<void> {
  const client = new RelayClient(originOf(relay), transport, core.clock);
  const name = usernameOf(username);
  const normal = parseRecoveryPhrase(phrase);
  if (core.account?.stage === 'ready')
    throw new CodedError('ERR_ACCOUNT_EXISTS', 'there is an account already');
  const { links } = await client.account(name);
  const before = verifyIdentity(links);
  const recovery = deriveRecovery(normal);
  if (
    before.username !== name ||
    before.relay !== client.origin ||
    !equalBytes(before.recovery, recovery.signing.publicKey)
  ) {
    throw new CodedError('ERR_PHRASE_WRONG', 'the phrase is not that of the account');
  }
  const device = generateDevice(core.randomness);
  const { link, identity } = recoverIdentity(before, recovery.signing, device, core.clock.now());
  core.transaction(() => {
    core.vault.setPhraseKey(recovery.vaultKey);
    save(core, newAccount(core, identity, [...links, link], device, normal, 'recovering', undefined));
  });
  await finishRecovery(core, client);
}

/** @throws CodedError `ERR_LOG_CONFLICT` when the log has moved on meanwhile: begin anew. */
export async function finishRecovery(core: Core, relay: RelayClient): Promise<void> {
  const account = core.requireAccount();
  const link = account.links[account.links.length - 1];
  if (!link) throw new TypeError('an account without a log');
  await relay.appendLink(core.identityOf(account).accountId, link);
  becomeReady(core);
}

/** Follows the own log, which other devices and the recovery key may have extended. @throws as `extendIdentity` does. */
export async function refreshOwnLog(core: Core, relay: RelayClient): Promise<Identity> {
  const known = core.identityOf(core.requireAccount());
  const { links } = await relay.account(toBase64url(known.accountId), known.head.seq);
  const identity = extendIdentity(known, links);
  if (identity !== known) {
    core.transaction(() => {
      const account = core.requireAccount();
      core.updateAccount({
        identity: encodeIdentity(identity),
        // A relay may give again what is known: only the last ones are new.
        links: [...account.links, ...links.slice(known.length - identity.length)],
      });
    });
  }
  return identity;
}

function becomeReady(core: Core): void {
  core.transaction(() => {
    core.updateAccount({ stage: 'ready' });
  });
}

function newAccount(
  core: Core,
  identity: Identity,
  links: readonly LinkBytes[],
  device: DeviceSecrets,
  phrase: string,
  stage: AccountRecord['stage'],
  invite: string | undefined,
): AccountRecord {
  return {
    username: identity.username,
    relay: identity.relay,
    links: [...links],
    identity: encodeIdentity(identity),
    device: { sign: device.sign.privateKey, dh: device.dh.privateKey },
    phrase,
    capability: core.randomness.bytes(32),
    stage,
    capabilityPublished: false,
    nextPrekeyId: 1,
    prekeysSignedAt: 0,
    nextOutboxOrder: 0,
    phraseConfirmed: stage === 'recovering',
    ...(invite === undefined ? {} : { invite }),
  };
}

function save(core: Core, account: AccountRecord): AccountRecord {
  return core.transaction(() => {
    core.vault.put(accounts, account);
    return account;
  });
}

function originOf(relay: string): string {
  try {
    return parseRelayOrigin(relay);
  } catch (error) {
    if (hasCode(error, 'ERR_FORMAT')) throw new CodedError('ERR_RELAY_ADDRESS', 'not the address of a relay');
    throw error;
  }
}

function usernameOf(username: string): string {
  try {
    return parseUsername(normaliseUsername(username));
  } catch (error) {
    if (hasCode(error, 'ERR_FORMAT')) throw new CodedError('ERR_USERNAME', 'not a username');
    throw error;
  }
}
