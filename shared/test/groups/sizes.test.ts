import assert from 'node:assert/strict';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import {
  maxGroupDevices,
  maxGroupLinkBytes,
  maxWelcomeBytes,
  openLink,
  parseEntry,
  sealGroupEphemeral,
  sealGroupMessage,
  sealLink,
  sealWelcome,
  verifyGroup,
} from '@crypt2chat/shared/groups';
import { maxDevices } from '@crypt2chat/shared/identity';
import { paddedSize } from '@crypt2chat/shared/primitives';
import { seededRandomness } from '@crypt2chat/shared/testing';
import {
  encodeEphemeral,
  groupLinkRequestSchema,
  groupWelcomeResponseSchema,
  limits,
} from '@crypt2chat/shared/wire';
import * as v from 'valibot';
import { withDevices } from '../identity/make-account.ts';
import { founded, knownFrom, makeAccounts } from './make-group.ts';
import { alice, keys, name, randomness, Seat, secret } from './seats.ts';

describe('what a group sends', () => {
  it('has as many devices as the relay speaks of', () => {
    assert.equal(maxGroupDevices, limits.groupDevices);
  });

  it('fits in a link and in a welcome, for the largest group there is', () => {
    const one = makeAccounts(maxGroupDevices);
    const made = seededRandomness('sizes');
    const full = one
      .slice(0, maxGroupDevices / maxDevices)
      .map((each) => withDevices(each, maxDevices - 1, made));
    for (const members of [one, full]) {
      const { link } = founded(members, { known: knownFrom(members) });
      assert.ok(link.length < maxGroupLinkBytes / 4, String(link.length));
      assert.equal(verifyGroup([link], knownFrom(members)).members.length, members.length);
      const entry = sealLink(link, keys, name, randomness);
      const welcome = sealWelcome({ links: [link], shared: [] }, secret, name, randomness);
      const request = { epoch: 0, links: 0, id: new Uint8Array(16), entry };
      v.parse(groupLinkRequestSchema, { ...request, opens: { accessHash: secret, welcome } });
    }
  }).timeout(60_000);

  it('is taken by the relay where it is as large as can be', () => {
    const entry = sealLink(new Uint8Array(maxGroupLinkBytes), keys, name, randomness);
    assert.ok(entry.length <= limits.groupLinkBytes);
    assert.equal(openLink(parseEntry(entry).body, keys, name).length, maxGroupLinkBytes);
    const largest = { links: [new Uint8Array(maxWelcomeBytes - 50)], shared: [] };
    const welcome = sealWelcome(largest, secret, name, randomness);
    assert.ok(welcome.length <= limits.groupWelcomeBytes);
    assert.ok(welcome.length >= paddedSize(maxWelcomeBytes - 50));
    v.parse(groupWelcomeResponseSchema, { epoch: 0, place: 0, links: 0, welcome });
    const request = encodeCbor({
      epoch: 3_000,
      links: 3_000,
      id: new Uint8Array(16),
      entry,
      opens: { accessHash: secret, welcome },
    });
    assert.ok(request.length <= limits.requestBytes);
  });

  it('is a message of the size of an envelope at most, whatever is said', () => {
    const seen = { count: 2 ** 32, hash: new Uint8Array(32) };
    const chain = new Seat(alice).chainOf(alice.identity.devices[0]!.id)!;
    const content = new Uint8Array(22 * 1024 - 1);
    const base = {
      chain,
      keys,
      name: { ...name, epoch: 2_999 },
      seen,
      signer: alice.device.sign,
      randomness,
    };
    assert.ok(sealGroupMessage({ ...base, content }).entry.length <= limits.envelopeBytes / 2);
  });

  it('is typing of the size of an ephemeral envelope', () => {
    const typing = encodeEphemeral({ v: 1, conversation: secret, sentAt: 2 ** 53 - 1, typing: true });
    assert.ok(sealGroupEphemeral(typing, keys, name, randomness).length <= limits.ephemeralBytes);
  });
});
