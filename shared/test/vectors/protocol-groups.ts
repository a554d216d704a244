import { toUtf8 } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import {
  accessHashOf,
  addMembers,
  advanceChain,
  beginTranscript,
  changePolicy,
  commitTo,
  createGroup,
  deriveChains,
  deriveEpochKeys,
  devicesOf,
  type EpochName,
  extendTranscript,
  type Group,
  openGroupEphemeral,
  openGroupMessage,
  openLink,
  openWelcome,
  parseEntry,
  parseStatement,
  removeMembers,
  renameGroup,
  rotateGroup,
  sealGroupEphemeral,
  sealGroupMessage,
  sealLink,
  sealWelcome,
  welcomeHashOf,
} from '@crypt2chat/shared/groups';
import { addDevice, generateDevice } from '@crypt2chat/shared/identity';
import type { LinkBytes } from '@crypt2chat/shared/log';
import type { Randomness } from '@crypt2chat/shared/primitives';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { deriveWelcomeKey } from '../../src/groups/epoch.ts';
import { type Account, makeAccount } from '../identity/make-account.ts';

const atMs = 1_750_000_000_000;

function people(randomness: Randomness): [Account, Account, Account] {
  return [makeAccount('alice', randomness), makeAccount('bob', randomness), makeAccount('carol', randomness)];
}

/** A group of Alice and Bob, whose epoch 0 is that of `secret`. */
function begin([alice, bob]: readonly Account[], randomness: Randomness) {
  const secret = randomness.bytes(32);
  const change = createGroup({
    signer: alice!.device.sign,
    at: atMs,
    counter: 1,
    secret,
    name: 'Team 👋',
    mayAdd: 'anyone',
    admins: [alice!.identity.accountId],
    members: [alice!.links, bob!.links],
  });
  return { secret, ...change };
}

const nameOf = ({ group, epoch, epochLink: link }: Group): EpochName => ({ group, epoch, link });

function stateOf(group: Group): unknown {
  const { name, mayAdd, relay, epoch, epochLink, commitment, head, at, conversation, continues } = group;
  return {
    ...{ group: group.group, conversation, continues, name, mayAdd, relay },
    ...{ epoch, epochLink, commitment, head, at },
    members: group.members.map(({ identity, admin, since }) => ({
      account: identity.accountId,
      head: identity.head,
      devices: identity.devices.map(({ id }) => id),
      admin,
      since,
    })),
    speakers: group.speakers,
    former: group.former,
  };
}

/** §11.1 and §11.2: a log with links of all kinds, the last of which begins a group that continues it. */
export function groupLog(): unknown {
  const randomness = seededRandomness('group log vectors');
  const [alice, bob, carol] = people(randomness);
  const second = generateDevice(randomness);
  const grown = addDevice(bob.identity, bob.device, second, atMs);
  const { secret, ...created } = begin([alice, bob], randomness);
  const steps: { what: string; secret?: Uint8Array; link: LinkBytes; result: unknown }[] = [];
  const note = (what: string, change: { link: LinkBytes; group: Group }, opened?: Uint8Array): Group => {
    const { link, group } = change;
    steps.push({ what, ...(opened && { secret: opened }), link, result: stateOf(group) });
    return group;
  };
  const signing = (by: Account, counter: number) => ({ signer: by.device.sign, at: atMs + counter, counter });
  const opening = (of: Group, opened: Uint8Array) => ({
    secret: opened,
    seen: beginTranscript(of.epochLink).position,
    identities: [],
  });
  const secrets = Array.from({ length: 4 }, () => randomness.bytes(32)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];

  let group = note('create', created, secret);
  group = note('rename', renameGroup(group, { ...signing(alice, 2), name: 'The team' }));
  group = note(
    'add',
    addMembers(group, {
      ...signing(bob, 3),
      ...opening(group, secrets[0]),
      identities: [{ account: bob.identity.accountId, links: [grown.link] }],
      members: [carol.links],
      shared: 20,
    }),
    secrets[0],
  );
  const admins = [alice.identity.accountId, carol.identity.accountId];
  group = note('policy', changePolicy(group, { ...signing(alice, 4), mayAdd: 'admins', admins }));
  const [chain] = deriveChains(secrets[0], nameOf(group), [alice.identity.devices[0]!.id]);
  const leave = sealGroupMessage({
    content: encodeCbor({ v: 1, kind: 'leave' }),
    chain: chain!,
    keys: deriveEpochKeys(secrets[0], nameOf(group)),
    name: nameOf(group),
    seen: beginTranscript(group.epochLink).position,
    signer: alice.device.sign,
    randomness,
  }).signed;
  group = note(
    'remove',
    removeMembers(group, {
      ...signing({ ...bob, device: second }, 5),
      ...opening(group, secrets[1]),
      accounts: [alice.identity.accountId],
      left: [leave],
    }),
    secrets[1],
  );
  // The clock went back: the time stands still.
  group = note(
    'rotate',
    rotateGroup(group, { ...signing(carol, 6), at: atMs, ...opening(group, secrets[2]) }),
    secrets[2],
  );
  const { conversation, head } = group;
  const continuing = createGroup({
    ...signing(carol, 7),
    secret: secrets[3],
    name: 'The team',
    mayAdd: 'admins',
    admins: [carol.identity.accountId],
    members: [carol.links, [...bob.links, grown.link]],
    continues: { group: group.group, head, conversation },
  });
  note('create, continuing', continuing, secrets[3]);
  return {
    accounts: [alice, bob, carol].map(({ links, device }) => ({ log: links, device })),
    secondDevice: second,
    steps,
  };
}

/** §11.3 */
export function groupEpoch(): unknown {
  const randomness = seededRandomness('group epoch vectors');
  const [group, link, secret, ...devices] = Array.from({ length: 5 }, () => randomness.bytes(32));
  const name = { group: group!, epoch: 7, link: link! };
  const keys = deriveEpochKeys(secret!, name);
  return {
    secret,
    name,
    commitment: commitTo(secret!),
    keys: { ...keys, welcome: deriveWelcomeKey(secret!, name) },
    accessHash: accessHashOf(keys.access),
    chains: deriveChains(secret!, name, devices).map((chain) => ({
      ...chain,
      generations: [0, 1, 5].map((generation) => {
        const { messageKey, chain: next } = advanceChain(chain, generation);
        return { generation, messageKey, nextChainKey: next.chainKey };
      }),
    })),
  };
}

/** §11.4 and §11.5: what two devices write into the log of an epoch, and where each entry leaves its readers. */
export function groupEntries(): unknown {
  const randomness = seededRandomness('group entry vectors');
  const [alice, bob] = people(randomness);
  const { secret, link: created, group } = begin([alice, bob], randomness);
  const name = nameOf(group);
  const keys = deriveEpochKeys(secret, name);
  const chains = [...deriveChains(secret, name, devicesOf(group))];
  const writers = [alice, bob];
  let transcript = beginTranscript(name.link);
  const begun = transcript.position;

  const write = (by: number, text: string): unknown => {
    const before = chains[by]!;
    const seen = transcript.position;
    const content = toUtf8(text);
    const { sign: signer } = writers[by]!.device;
    const sealed = sealGroupMessage({ content, chain: before, keys, name, seen, signer, randomness });
    const { body } = parseEntry(sealed.entry);
    const opened = openGroupMessage({ body, keys, name, speakers: group.speakers, chainOf: () => before });
    if (opened.kind !== 'opened') throw new TypeError('the message did not open');
    const { isSignedBy: _, ...statement } = parseStatement(opened.signed);
    chains[by] = sealed.chain;
    transcript = extendTranscript(transcript, sealed.entry);
    const { entry, signed } = sealed;
    return { text, entry, signed, statement, speaker: opened.speaker, position: transcript.position };
  };

  const messages = [write(0, 'Have you seen the build?'), write(1, 'Looking.'), write(1, 'Fixed.')];
  const change = { signer: alice.device.sign, at: atMs, counter: 2, name: 'The team' };
  const { link } = renameGroup(group, change);
  const entry = sealLink(link, keys, name, randomness);
  transcript = extendTranscript(transcript, entry);
  const typing = sealGroupEphemeral(toUtf8('typing'), keys, name, randomness);
  return {
    devices: writers.map(({ device }) => device),
    secret,
    created,
    begun,
    messages,
    link: {
      link,
      entry,
      opened: openLink(parseEntry(entry).body, keys, name),
      position: transcript.position,
    },
    ephemeral: { sealed: typing, opened: openGroupEphemeral(typing, keys, name) },
  };
}

/** §11.6 */
export function groupWelcome(): unknown {
  const randomness = seededRandomness('group welcome vectors');
  const { secret, link, group } = begin(people(randomness), randomness);
  const name = nameOf(group);
  const shared = [toUtf8('a signed statement')];
  const sealed = sealWelcome({ links: [link], shared }, secret, name, randomness);
  const hash = welcomeHashOf(sealed);
  return { secret, name, sealed, hash, opened: openWelcome(sealed, hash, secret, name) };
}
