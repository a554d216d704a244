import assert from 'node:assert/strict';
import { toHex } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  addMembers,
  decodeGroup,
  encodeGroup,
  extendGroup,
  type Group,
  type GroupBody,
  hasLink,
  type KnownIdentities,
  maxGroupBytes,
  maxGroupDevices,
  maxGroupLinks,
  maxGroupSpeakers,
  readLink,
  renameGroup,
  rotateGroup,
  verifyGroup,
} from '@crypt2chat/shared/groups';
import {
  decodeIdentity,
  encodeIdentity,
  extendIdentity,
  type Identity,
  maxDevices,
  maxLinks,
  verifyIdentity,
} from '@crypt2chat/shared/identity';
import { cosignLink, parseLink } from '@crypt2chat/shared/log';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { groupKind } from '../../src/groups/rules.ts';
import { makeAccount, startMs, withDevices } from '../identity/make-account.ts';
import {
  add,
  encoded,
  forged,
  fork,
  founded,
  idOf,
  invalid,
  knownFrom,
  opening,
  remove,
  rename,
  rotate,
  signing,
} from './make-group.ts';

const randomness = seededRandomness('following groups');
const alice = makeAccount('alice');
const bob = withDevices(makeAccount('bob'), 1, randomness);
const carol = makeAccount('carol');
const mallory = makeAccount('mallory');
const begun = founded([alice, bob]);
const { group } = begun;
const first = renameGroup(group, { ...signing(alice), name: 'one' });
const second = rotateGroup(first.group, opening(bob));

describe('a group that is known', () => {
  it('takes the link that follows', () => {
    const next = extendGroup(first.group, second.link);
    assert.equal(encoded(next), encoded(second.group));
    assert.equal(encoded(verifyGroup([begun.link, first.link, second.link])), encoded(next));
    assert.equal(next.length, 3);
    assert.ok(hasLink(next, 1, first.group.head.hash));
    assert.ok(!hasLink(next, 2, first.group.head.hash));
    assert.ok(!hasLink(next, 3, next.head.hash));
  });

  it('stays itself with a link that it holds', () => {
    for (const link of [begun.link, first.link, second.link])
      assert.equal(extendGroup(second.group, link), second.group);
  });

  it('refuses gaps, other groups and links of another kind', () => {
    assert.throws(() => extendGroup(group, second.link), invalid);
    assert.throws(() => extendGroup(group, founded([alice, bob], { name: 'other' }).link), invalid);
    for (const wrong of [alice.links[0]!, new Uint8Array(0), first.link.slice(0, -1)])
      assert.throws(() => extendGroup(group, wrong), invalid);
  });

  it('refuses a wrong signature, and more than one', () => {
    const { link } = first;
    assert.throws(() => extendGroup(group, link.with(link.length - 1, link.at(-1)! ^ 1)), invalid);
    assert.throws(() => extendGroup(group, cosignLink(groupKind(), link, bob.device.sign)), invalid);
  });

  it('calls it a fork where a member has signed another link for a known place', () => {
    const body: GroupBody = { type: 'rename', counter: 1, name: 'two' };
    const other = renameGroup(group, { ...signing(alice), name: 'two' });
    assert.throws(() => extendGroup(second.group, other.link), fork);
    // Where no rule could let it through either: the place is taken, and its signer has taken it twice.
    assert.throws(() => extendGroup(second.group, forged(group, body, bob)), fork);
    assert.throws(() => extendGroup(first.group, rotateGroup(other.group, opening(bob)).link), fork);
    const gone = remove(rotate(group, bob), alice, [bob]);
    assert.throws(() => extendGroup(gone, forged(group, body, bob)), fork);
  });

  it('raises no alarm for what no member has signed', () => {
    const body: GroupBody = { type: 'rename', counter: 1, name: 'two' };
    assert.throws(() => extendGroup(second.group, forged(group, body, mallory)), invalid);
    const { unsigned } = parseLink(groupKind(), forged(group, body, alice));
    const unproven = encodeCbor({ unsigned, signatures: [new Uint8Array(114)] });
    assert.throws(() => extendGroup(second.group, unproven), invalid);
    assert.throws(() => extendGroup(second.group, forged(first.group, body, mallory)), invalid);
  });

  it('is not changed by what it refuses', () => {
    const before = encoded(group);
    assert.throws(() => extendGroup(group, second.link), invalid);
    assert.throws(() => rename(group, bob), invalid);
    assert.equal(encoded(group), before);
  });
});

describe('a link', () => {
  it('is read before it is verified', () => {
    const { hash, seq, at, signer, body } = readLink(second.link);
    assert.equal(toHex(hash), toHex(second.group.head.hash));
    assert.deepEqual([seq, at, body.type], [2, startMs, 'rotate']);
    assert.equal(toHex(signer), toHex(bob.device.sign.publicKey));
    assert.throws(() => readLink(alice.links[0]!), invalid);
  });
});

describe('a log of an account that is known', () => {
  const [link] = carol.links as [Uint8Array];
  const unproven = link.with(link.length - 1, link.at(-1)! ^ 1);
  const adding = (members: readonly (readonly Uint8Array[])[]): Uint8Array => {
    const { commitment, seen } = readLink(second.link).body as GroupBody & { type: 'rotate' };
    const body: GroupBody = {
      type: 'add',
      counter: 1,
      commitment,
      seen,
      identities: [],
      members: members.map((log) => [...log]),
      shared: 0,
    };
    return forged(group, body, alice);
  };
  const known: [string, KnownIdentities][] = [
    ['the same', knownFrom([carol, bob])],
    ['an earlier one', () => verifyIdentity(bob.links.slice(0, 1))],
    ['a later one', () => withDevices(carol, 2, randomness).identity],
    ['another', () => mallory.identity],
    ['as an earlier version stored it', () => withoutBytes(carol.identity)],
    ['extended', () => extendIdentity(verifyIdentity(bob.links.slice(0, 1)), bob.links)],
    ['out of storage', () => decodeIdentity(encodeIdentity(carol.identity))],
  ];

  for (const [what, lookUp] of known) {
    it(`is judged as by somebody who does not know it, where ${what} is known`, () => {
      const [bare] = founded([alice], { known: lookUp }).group.members;
      assert.equal(bare?.identity.username, 'alice');
      for (const [log, holds] of [
        [carol.links, true],
        [[unproven], false],
        [[], false],
        [[...carol.links, ...carol.links], false],
        [withDevices(carol, 1, randomness).links, true],
      ] as const) {
        const attempt = (with_?: KnownIdentities) => (): Group => extendGroup(group, adding([log]), with_);
        if (!holds) {
          assert.throws(attempt(), invalid);
          assert.throws(attempt(lookUp), invalid);
        } else assert.equal(encoded(attempt(lookUp)()), encoded(attempt()()));
      }
    });
  }

  it('is not verified again', () => {
    // What is known is taken as it is: here, as somebody who never was.
    const marked: Identity = { ...carol.identity, username: 'marked' };
    const options = { ...opening(alice), members: [carol.links], shared: 0, known: () => marked };
    const { group: next } = addMembers(group, options);
    assert.equal(next.members.at(-1)?.identity.username, 'marked');
    assert.equal(founded([carol], { known: () => marked }).group.members[0]?.identity.username, 'marked');
  });
});

describe('a group in storage', () => {
  it('comes back as it was, and goes on', () => {
    const grown = remove(add(second.group, alice, [carol]), alice, [carol]);
    for (const one of [group, first.group, second.group, grown]) {
      const { hashAt: _, ...original } = one;
      const { hashAt: __, ...restored } = decodeGroup(encodeGroup(one));
      assert.deepEqual(plain(restored), plain(original));
      assert.equal(encoded(decodeGroup(encodeGroup(one))), encoded(one));
    }
    const next = rotateGroup(grown, opening(bob)).link;
    assert.equal(
      encoded(extendGroup(decodeGroup(encodeGroup(grown)), next)),
      encoded(extendGroup(grown, next)),
    );
  });

  it('that continues another remembers which', () => {
    const continues = { group: idOf(bob), head: { seq: 1, hash: idOf(carol) } };
    const one: Group = { ...group, continues };
    assert.deepEqual(decodeGroup(encodeGroup(one)).continues, continues);
  });

  it('fits, however long it has been there', () => {
    const id = new Uint8Array(32).fill(0xff);
    const many = <Value>(length: number, value: Value): Value[] => Array.from({ length }, () => value);
    const seq = 2 ** 32;
    const longest: Identity = {
      ...alice.identity,
      username: 'a'.repeat(32),
      relay: `https://${'a'.repeat(247)}`,
      revoked: many(maxLinks, alice.identity.devices[0]!.id),
      length: maxLinks,
      hashAt: () => id,
    };
    const devices = (count: number) => many(count, alice.identity.devices[0]!);
    const member = (count: number) => ({
      identity: { ...longest, devices: devices(count) },
      admin: false,
      since: seq,
    });
    const speaker = { ...group.speakers[0]!, from: seq, until: seq };
    const full: Group = {
      ...group,
      members: many(maxGroupDevices, member(1)),
      speakers: many(maxGroupSpeakers, speaker),
      former: many(maxGroupSpeakers, { account: id, head: { seq, hash: id } }),
      epochLinks: many(maxGroupLinks, id),
      length: maxGroupLinks,
      hashAt: () => id,
    };
    assert.ok(encodeGroup(full).length <= maxGroupBytes);
    const crowded = { ...full, members: many(maxGroupDevices / maxDevices, member(maxDevices)) };
    assert.ok(encodeGroup(crowded).length <= maxGroupBytes);
    assert.equal(decodeGroup(encodeGroup(full)).members.length, maxGroupDevices);
  });

  it('is refused where it is something else', () => {
    const bytes = encodeGroup(group);
    for (const wrong of [bytes.slice(0, -1), new Uint8Array(0), encodeIdentity(alice.identity)])
      assert.throws(
        () => decodeGroup(wrong),
        (error) => hasCode(error, 'ERR_FORMAT'),
      );
  });
});

/** What can be compared of a value: bytes as text, and no functions. */
function plain(value: object): unknown {
  const readable = (_: string, each: unknown) => (each instanceof Uint8Array ? toHex(each) : each);
  return JSON.parse(JSON.stringify(value, readable));
}

function withoutBytes({ bytesHash: _, ...identity }: Identity): Identity {
  return identity;
}
