import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as v from 'valibot';
import { concat, toHex, toUtf8 } from '@crypt2chat/shared/bytes';
import { type CborValue, decodeCbor, encodeCbor } from '@crypt2chat/shared/cbor';
import {
  addMembers,
  advanceChain,
  createGroup,
  decodeGroup,
  encodeGroup,
  extendGroup,
  isGroupName,
  isLeave,
  openGroupEphemeral,
  openLink,
  openWelcome,
  parseEntry,
  parseStatement,
  readLink,
  removeMembers,
  sealLink,
  sealWelcome,
  verifyGroup,
  verifyStatement,
  welcomeHashOf,
} from '@crypt2chat/shared/groups';
import { parseLink } from '@crypt2chat/shared/log';
import { pad, sealSalted, sign } from '@crypt2chat/shared/primitives';
import { deriveWelcomeKey, epochContext } from '../../src/groups/epoch.ts';
import { groupKind } from '../../src/groups/rules.ts';
import {
  add,
  deviceOf,
  idOf,
  idsOf,
  leaving,
  logsOf,
  opening,
  remove,
  rotate,
} from '../groups/make-group.ts';
import { alice, bob, carol, group, keys, mallory, name, randomness, Seat, secret } from '../groups/seats.ts';
import { withDevices } from '../identity/make-account.ts';
import { anyCbor, attempt, type Decoder, itIsTotal, mutated, mutation } from './any-bytes.ts';

const unsignedOf = (link: Uint8Array): Uint8Array => parseLink(groupKind(), link).unsigned;

/** What a member can do: sign anything at all as a link. */
function signed(unsigned: Uint8Array): Uint8Array {
  const label = 'crypt2chat/v1/log/group';
  return encodeCbor({ unsigned, signatures: [sign(alice.device.sign.privateKey, label, unsigned)] });
}

/** What anybody in the epoch can do: seal anything at all as Alice's first message. */
function sealed(plaintext: Uint8Array): Uint8Array {
  const context = epochContext(name);
  const chain = new Seat(bob).chainOf(deviceOf(alice))!;
  const head = concat(chain.device, new Uint8Array(4));
  const header = sealSalted(keys.header, 'crypt2chat/v1/group/header', context, head, randomness);
  const { messageKey } = advanceChain(chain, 0);
  const aad = concat(context, header);
  return concat(header, sealSalted(messageKey, 'crypt2chat/v1/group/message', aad, plaintext, randomness));
}

/** What anybody who has the secret can do: seal anything at all as a welcome. */
function opened(plaintext: Uint8Array) {
  const key = deriveWelcomeKey(secret, name);
  const made = sealSalted(key, 'crypt2chat/v1/group/welcome', epochContext(name), plaintext, randomness);
  return openWelcome(made, welcomeHashOf(made), secret, name);
}

const two = withDevices(bob, 1, randomness);
const update = { account: idOf(bob), links: two.links.slice(1) };
const links = {
  create: createGroup({
    ...opening(alice),
    name: 'a group',
    mayAdd: 'anyone',
    admins: [idOf(alice)],
    members: logsOf([alice, bob]),
    continues: { group: idOf(carol), head: { seq: 1, hash: idOf(carol) }, conversation: idOf(carol) },
  }).link,
  add: addMembers(group, { ...opening(alice, [update]), members: logsOf([mallory]), shared: 3 }).link,
  remove: removeMembers(group, {
    ...opening(alice, [update]),
    accounts: idsOf([carol]),
    left: [leaving(group, carol)],
  }).link,
};
const stored = remove(rotate(add(group, alice, [mallory]), bob), alice, [mallory]);
const message = new Seat(alice).seal('hello');

function takes(type: string, link: Uint8Array): unknown {
  return type === 'create' ? verifyGroup([link]) : extendGroup(group, link);
}

/** A value with what stands at a random place in it replaced. */
function grafted(value: CborValue, path: readonly number[], graft: CborValue): CborValue {
  const [at, ...deeper] = path;
  if (at === undefined || value === null || typeof value !== 'object' || value instanceof Uint8Array)
    return graft;
  const entries = Object.entries(value) as [string, CborValue][];
  const [key, inner] = entries[at % entries.length] ?? [];
  if (key === undefined || inner === undefined) return graft;
  const changed = grafted(inner, deeper, graft);
  if (Array.isArray(value)) return (value as readonly CborValue[]).with(Number(key), changed);
  return { ...Object.fromEntries(entries), [key]: changed };
}

const decoders: readonly Decoder[] = [
  {
    name: 'an entry',
    valid: message.entry,
    decode: (bytes) => {
      const { kind, body } = parseEntry(bytes);
      return encodeCbor([1, kind === 'link' ? 1 : 0, body]);
    },
  },
  { name: 'a statement', valid: message.signed, decode: (bytes) => void parseStatement(bytes) },
  { name: 'a link of a group', valid: links.add, decode: (bytes) => void readLink(bytes) },
  { name: 'a log of a group', valid: links.create, decode: (bytes) => void verifyGroup([bytes]) },
  ...Object.entries(links).map(([type, link]) => ({
    name: `what is signed to ${type}`,
    valid: unsignedOf(link),
    decode: (bytes: Uint8Array) => {
      takes(type, signed(bytes));
      return undefined;
    },
  })),
  {
    name: 'what is under the seal of a message',
    valid: pad(message.signed),
    decode: (bytes) => void new Seat(bob).openBody(sealed(bytes)),
  },
  {
    name: 'a group in storage',
    valid: encodeGroup(stored),
    decode: (bytes) => encodeGroup(decodeGroup(bytes)),
  },
  {
    name: 'a welcome',
    valid: encodeCbor({ v: 1, links: [links.create], shared: [message.signed] }),
    decode: (bytes) => encodeCbor({ v: 1, ...opened(pad(bytes)) }),
  },
  {
    name: 'what is under the seal of a welcome',
    valid: new Uint8Array(256),
    decode: (bytes) => void opened(bytes),
  },
];

describe('decoders of groups', () => {
  for (const decoder of decoders) itIsTotal(decoder);

  for (const [type, link] of Object.entries(links)) {
    it(`of links to ${type} refuse or understand whatever a member puts in one`, () => {
      const valid = decodeCbor(v.custom<CborValue>(Boolean), unsignedOf(link), 1_000_000);
      assert.ok(attempt(() => takes(type, signed(encodeCbor(valid)))));
      const path = fc.array(fc.nat(20), { minLength: 1, maxLength: 4 });
      fc.assert(
        fc.property(path, anyCbor, (at, graft) => {
          attempt(() => takes(type, signed(encodeCbor(grafted(valid, at, graft)))));
        }),
        { numRuns: 300 },
      );
    }).timeout(60_000);
  }

  it('of links and statements take none that was mutated', () => {
    const tried: [Uint8Array, (bytes: Uint8Array) => unknown][] = [
      [links.create, (bytes) => verifyGroup([bytes])],
      [links.add, (bytes) => extendGroup(group, bytes)],
      [links.remove, (bytes) => extendGroup(group, bytes)],
      [message.signed, (bytes) => verifyStatement(parseStatement(bytes), group)],
    ];
    for (const [valid, take] of tried) {
      fc.assert(
        fc.property(
          mutation.map((one) => mutated(valid, one)),
          (bytes) => {
            assert.equal(attempt(() => take(bytes)) !== undefined, toHex(bytes) === toHex(valid));
          },
        ),
        { numRuns: 200 },
      );
    }
  }).timeout(60_000);

  it('of sealed bytes open none that was mutated, and none that was made up', () => {
    const { body } = parseEntry(message.entry);
    const welcome = sealWelcome({ links: [links.create], shared: [] }, secret, name, randomness);
    const hash = welcomeHashOf(welcome);
    const link = parseEntry(sealLink(links.create, keys, name, randomness)).body;
    const opens = (bytes: Uint8Array) => {
      return {
        message: attempt(() => new Seat(bob).openBody(bytes))?.value.kind === 'opened',
        link: attempt(() => openLink(bytes, keys, name)) !== undefined,
        welcome: attempt(() => openWelcome(bytes, hash, secret, name)) !== undefined,
        forged: attempt(() => openWelcome(bytes, welcomeHashOf(bytes), secret, name)) !== undefined,
        typing: openGroupEphemeral(bytes, keys, name) !== undefined,
      };
    };
    const check = (bytes: Uint8Array): void => {
      const is = (valid: Uint8Array): boolean => toHex(bytes) === toHex(valid);
      assert.deepEqual(opens(bytes), {
        message: is(body),
        link: is(link),
        welcome: is(welcome),
        forged: is(welcome),
        typing: false,
      });
    };
    for (const valid of [body, link, welcome]) {
      check(valid);
      fc.assert(
        fc.property(
          mutation.map((one) => mutated(valid, one)),
          check,
        ),
        { numRuns: 100 },
      );
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600, size: 'max' }), check), { numRuns: 100 });
  }).timeout(60_000);

  it('of names and contents say yes or no to anything', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 80 }),
        fc.uint8Array({ maxLength: 80 }),
        (text, bytes) => {
          isGroupName(text);
          isLeave(bytes);
          isLeave(toUtf8(text));
        },
      ),
      { numRuns: 500 },
    );
  });
});
