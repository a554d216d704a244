/** What the contract's tests do with the logs of groups. */
import assert from 'node:assert/strict';
import type { GroupReading, NewGroupLink, NewGroupMessages } from '../../src/store/index.ts';
import { at, bytes, type StoreFixture } from './store-fixture.ts';

export const groupId = bytes(32, 70);
export const otherGroupId = bytes(32, 71);
/** The hash of an epoch's access secret. */
export const secretOf = (epoch: number) => bytes(32, 500 + epoch);

export function messages(from: number, count = 1, size = 300): NewGroupMessages['entries'] {
  return Array.from({ length: count }, (_, i) => ({ id: bytes(16, from + i), entry: bytes(size, from + i) }));
}

/** `1` for the message 1, `link 1` for the link 1, `closing 1` where it opens an epoch. */
export function namesOf(reading: GroupReading | undefined): (number | string)[] {
  assert.ok(typeof reading === 'object');
  return reading.entries.map(({ id, isLink, opens }) => {
    const number = new DataView(id.buffer, id.byteOffset).getUint32(0);
    if (opens) return `closing ${number}`;
    return isLink ? `link ${number}` : number;
  });
}

/** Over one group, unless a test says otherwise. */
export function groupOf(f: StoreFixture) {
  const begin = () => f.store.createGroup({ groupId, accessHash: secretOf(0), welcome: bytes(2000, 0), at });
  const write = (entries: NewGroupMessages['entries'], more: Partial<NewGroupMessages> = {}) =>
    f.store.appendGroupMessages({
      groupId,
      accessHash: secretOf(more.epoch ?? 0),
      epoch: 0,
      entries,
      at,
      maxMessages: 1000,
      maxBytes: 100_000_000,
      ...more,
    });
  const link = (number: number, more: Partial<NewGroupLink> = {}) =>
    f.store.appendGroupLink({
      groupId,
      accessHash: secretOf(more.epoch ?? 0),
      epoch: 0,
      links: 0,
      id: bytes(16, number),
      entry: bytes(900, number),
      at,
      maxLinks: 1000,
      maxBytes: 100_000_000,
      ...more,
    });
  /** A link that closes `epoch` in a log of so many links. */
  const close = (number: number, epoch: number, links = epoch, welcome?: Uint8Array) => {
    const opens = { accessHash: secretOf(epoch + 1), ...(welcome && { welcome }) };
    return link(number, { epoch, links, opens });
  };
  const read = async (epoch = 0, after = 0, maxEntries = 100, maxBytes = 100_000) => {
    const [reading] = await f.store.readGroups([{ groupId, accessHash: secretOf(epoch), after }], {
      maxEntries,
      maxBytes,
    });
    return reading;
  };
  const names = async (epoch = 0, after = 0) => namesOf(await read(epoch, after));
  return { begin, write, link, close, read, names };
}
