/**
 * The device's prekeys over time (protocol §4): made and stored before they are published, published again until the
 * relay has them, renewed weekly, refilled when they run low, and deleted when nobody can need them any more.
 */
import { toBase64url } from '../bytes/index.ts';
import { hasCode } from '../errors/index.ts';
import {
  generateOneTimeKems,
  generateOneTimePrekeys,
  generateSignedPrekeys,
  type Prekey,
  publicPrekeyOf,
  signPrekeys,
} from '../identity/index.ts';
import { hash32 } from '../primitives/index.ts';
import { limits } from '../wire/index.ts';
import type { Core } from './core.ts';
import { handshakes, prekeyKey, prekeys, type PrekeyRecord } from './records.ts';
import type { RelayClient } from './relay-client.ts';

const dayMs = 24 * 60 * 60 * 1000;
const renewAfterMs = 7 * dayMs;
const validForMs = 21 * dayMs;
/** Private halves outlive their replacement by this, so that what waits in the mailbox can be opened. */
const keepReplacedMs = 28 * dayMs;
/** One-time keys that were handed out and never used are kept up to this number, so that a relay cannot fill the vault. */
const maxOneTimeHeld = 1_000;
/** More prekeys than a device ever holds. */
const maxHeld = 4 * maxOneTimeHeld;

/**
 * Publishes what the relay lacks; costs one request when there is nothing to do. To be called when the mailbox has
 * been drained, because it deletes what only old envelopes could need.
 */
export async function tendPrekeys(core: Core, relay: RelayClient, signal: AbortSignal): Promise<void> {
  await publishCapability(core, relay, signal);
  core.transaction(() => {
    makeSignedPrekeys(core);
    deleteOutdated(core);
  });
  if (unpublished(core).length > 0 || core.requireAccount().prekeysSignedAt === 0)
    await publish(core, relay, signal);
  const { oneTimePrekeys, oneTimeKemKeys } = await relay.prekeyCount(signal);
  core.transaction(() => {
    if (oneTimePrekeys < limits.oneTimePrekeysRefillBelow) {
      makePrekeys(core, limits.oneTimePrekeys - oneTimePrekeys, (first, n) =>
        generateOneTimePrekeys(first, n, core.randomness),
      );
    }
    if (oneTimeKemKeys < limits.oneTimeKemKeysRefillBelow) {
      makePrekeys(core, limits.oneTimeKemKeys - oneTimeKemKeys, (first, n) =>
        generateOneTimeKems(first, n, core.randomness),
      );
    }
  });
  if (unpublished(core).length > 0) await publish(core, relay, signal);
}

async function publishCapability(core: Core, relay: RelayClient, signal: AbortSignal): Promise<void> {
  const { capability, capabilityPublished } = core.requireAccount();
  if (capabilityPublished) return;
  await relay.putCapability(hash32('crypt2chat/v1/capability', capability), signal);
  core.transaction(() => {
    core.updateAccount({ capabilityPublished: true });
  });
}

function held(core: Core): PrekeyRecord[] {
  return core.vault.list(prekeys, { limit: maxHeld });
}

function unpublished(core: Core): PrekeyRecord[] {
  return held(core).filter(({ published }) => !published);
}

/** The present signed set, newest of each kind. */
function current<Kind extends Prekey['kind']>(
  records: readonly PrekeyRecord[],
  kind: Kind,
): Extract<Prekey, { kind: Kind }> {
  const found = records.findLast(
    ({ prekey, replacedAt }) => prekey.kind === kind && replacedAt === undefined,
  );
  if (!found) throw new TypeError(`no prekey of the kind ${kind}`);
  return found.prekey as Extract<Prekey, { kind: Kind }>;
}

/** Weekly; the first time it also starts the one-time keys. */
function makeSignedPrekeys(core: Core): void {
  const { prekeysSignedAt } = core.requireAccount();
  const now = core.clock.now();
  const fresh = prekeysSignedAt !== 0 && now - prekeysSignedAt < renewAfterMs;
  const records = held(core);
  const started = records.some(
    ({ prekey, replacedAt, published }) =>
      prekey.kind === 'signed' && replacedAt === undefined && (fresh || !published),
  );
  if (started) return;
  for (const record of records) {
    const { kind } = record.prekey;
    if (
      record.replacedAt === undefined &&
      (kind === 'signed' || kind === 'sealing' || kind === 'last-resort-kem')
    ) {
      core.vault.put(prekeys, { ...record, replacedAt: now });
    }
  }
  makePrekeys(core, 3, (first) => Object.values(generateSignedPrekeys(first, core.randomness)) as Prekey[]);
  if (records.length === 0) {
    makePrekeys(core, limits.oneTimePrekeys, (first, n) => generateOneTimePrekeys(first, n, core.randomness));
    makePrekeys(core, limits.oneTimeKemKeys, (first, n) => generateOneTimeKems(first, n, core.randomness));
  }
}

function makePrekeys(
  core: Core,
  count: number,
  generate: (firstId: number, count: number) => readonly Prekey[],
): void {
  const first = core.requireAccount().nextPrekeyId;
  for (const prekey of generate(first, count)) core.vault.put(prekeys, { prekey, published: false });
  core.updateAccount({ nextPrekeyId: first + count });
}

async function publish(core: Core, relay: RelayClient, signal: AbortSignal): Promise<void> {
  const account = core.requireAccount();
  const identity = core.identityOf(account);
  const now = core.clock.now();
  const records = held(core);
  const kems = records.flatMap(({ prekey }) => (prekey.kind === 'one-time-kem' ? [prekey] : []));
  const { signed, signature } = signPrekeys({
    signedPrekey: current(records, 'signed'),
    sealingKey: current(records, 'sealing'),
    lastResortKem: current(records, 'last-resort-kem'),
    accountId: identity.accountId,
    device: core.deviceOf(account),
    head: identity.head,
    oneTimeKems: kems.slice(-limits.oneTimeKemHashes),
    notAfter: now + validForMs,
  });
  const added = records.filter(({ published }) => !published).map(({ prekey }) => prekey);
  const wire = (kind: Prekey['kind']) =>
    added
      .filter((prekey) => prekey.kind === kind)
      .map((prekey) => ({ id: prekey.id, key: toBase64url(publicPrekeyOf(prekey).key) }));
  try {
    await relay.putPrekeys(
      {
        signed: toBase64url(signed),
        signature: toBase64url(signature),
        oneTimePrekeys: wire('one-time'),
        oneTimeKemKeys: wire('one-time-kem'),
      },
      signal,
    );
  } catch (error) {
    // An earlier try arrived although its answer did not: the relay has these ids, and refuses them a second time.
    if (!hasCode(error, 'ERR_PREKEYS_INVALID') || added.length === 0) throw error;
  }
  core.transaction(() => {
    for (const { id } of added) {
      const record = core.vault.get(prekeys, prekeyKey(id));
      if (record) core.vault.put(prekeys, { ...record, published: true });
    }
    // The age of the signed prekey: one-time keys that are added to it do not make it younger.
    if (added.some(({ kind }) => kind === 'signed')) core.updateAccount({ prekeysSignedAt: now });
  });
}

/** Only called when the mailbox has been drained. */
function deleteOutdated(core: Core): void {
  const now = core.clock.now();
  for (const kind of ['one-time', 'one-time-kem'] as const) {
    const spare = held(core).filter(({ prekey }) => prekey.kind === kind);
    for (const { prekey } of spare.slice(0, -maxOneTimeHeld))
      core.vault.delete(prekeys, prekeyKey(prekey.id));
  }
  let oldestSigned: number | undefined;
  for (const { prekey, replacedAt } of held(core)) {
    if (replacedAt !== undefined && now - replacedAt > keepReplacedMs)
      core.vault.delete(prekeys, prekeyKey(prekey.id));
    else if (prekey.kind === 'signed') oldestSigned ??= prekey.id;
  }
  if (oldestSigned !== undefined) core.vault.deleteBelow(handshakes, oldestSigned);
}
