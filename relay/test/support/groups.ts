/** A group as its members see it: secrets of its epochs, and requests that name nobody. */
import assert from 'node:assert/strict';
import type * as v from 'valibot';
import { concat, toBase64url, toUtf8 } from '@crypt2chat/shared/bytes';
import { decodeCbor, encodeCbor } from '@crypt2chat/shared/cbor';
import { accessHashOf } from '@crypt2chat/shared/groups';
import { hash32 } from '@crypt2chat/shared/primitives';
import {
  cborMediaType,
  groupAccessHeader,
  groupEventsResponseSchema,
  type groupLinkRequestSchema,
  groupLinkResponseSchema,
  type groupMessagesRequestSchema,
  groupMessagesResponseSchema,
  groupWelcomeResponseSchema,
} from '@crypt2chat/shared/wire';
import { type Answer, ask, askCbor, type Person } from './people.ts';

type Entries = v.InferInput<typeof groupMessagesRequestSchema>['entries'];
type Link = v.InferInput<typeof groupLinkRequestSchema>;

/** An entry that only this number gives. */
export function entry(number: number, size = 100): { id: Uint8Array; entry: Uint8Array } {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(0, number);
  return { id, entry: new Uint8Array(size).fill(number % 251) };
}

export function numberOf({ id }: { readonly id: Uint8Array }): number {
  return new DataView(id.buffer, id.byteOffset).getUint32(0);
}

export class Group {
  readonly url: string;
  readonly id: Uint8Array;

  constructor(url: string, name = 'a group') {
    this.url = url;
    this.id = hash32('test/group', toUtf8(name));
  }

  /** The access secret of an epoch. */
  secret(epoch: number): Uint8Array {
    return hash32('test/group-access', concat(this.id, Uint8Array.of(epoch >> 8, epoch & 255)));
  }

  accessHash(epoch: number): Uint8Array {
    return accessHashOf(this.secret(epoch));
  }

  right(epoch: number): Record<string, string> {
    return { [groupAccessHeader]: toBase64url(this.secret(epoch)) };
  }

  path(rest: string): string {
    return `/v1/groups/${toBase64url(this.id)}/${rest}`;
  }

  create(person: Person, welcome: Uint8Array = toUtf8('welcome')): Promise<Answer> {
    const body = { id: this.id, accessHash: this.accessHash(0), welcome };
    return askCbor(this.url, '/v1/groups', body, person.auth);
  }

  /** To `epoch`, with the secret of `as`. */
  post(entries: Entries, epoch = 0, as = epoch): Promise<Answer> {
    return askCbor(this.url, this.path('messages'), { epoch, entries }, this.right(as));
  }

  async messages(numbers: readonly number[], epoch = 0): Promise<readonly number[]> {
    return placesOf(
      await this.post(
        numbers.map((number) => entry(number)),
        epoch,
      ),
    );
  }

  link(number: number, more: Partial<Link> = {}, as = more.epoch ?? 0): Promise<Answer> {
    const body = { epoch: 0, links: 0, ...entry(number), ...more };
    return askCbor(this.url, this.path('links'), body, this.right(as));
  }

  /** A link that closes `epoch` in a log of `links` links, and opens the next. */
  close(number: number, epoch: number, links = epoch, welcome?: Uint8Array): Promise<Answer> {
    const opens = { accessHash: this.accessHash(epoch + 1), ...(welcome && { welcome }) };
    return this.link(number, { epoch, links, opens });
  }

  askWelcome(epoch: number): Promise<Answer> {
    return ask(this.url, 'GET', this.path('welcome'), { headers: this.right(epoch) });
  }

  async welcome(epoch: number): Promise<v.InferOutput<typeof groupWelcomeResponseSchema>> {
    const answer = await this.askWelcome(epoch);
    assert.equal(answer.status, 200);
    return decodeCbor(groupWelcomeResponseSchema, answer.bytes, 3 * 1024 * 1024);
  }

  ephemeral(envelope: Uint8Array, epoch = 0): Promise<Answer> {
    return askCbor(this.url, this.path('ephemeral'), { envelope }, this.right(epoch));
  }
}

/** What a poll asks of one group. */
export interface Reading {
  readonly group: Group;
  /** Whose access secret is shown. */
  readonly epoch?: number;
  readonly after?: number;
}

export type GroupEvents = v.InferOutput<typeof groupEventsResponseSchema>['groups'];

export function pollGroups(readings: readonly Reading[], wait = 0, signal?: AbortSignal): Promise<Answer> {
  const groups = readings.map(({ group, epoch = 0, after = 0 }) => ({
    id: group.id,
    access: group.secret(epoch),
    after,
  }));
  return ask(readings[0]!.group.url, 'POST', `/v1/groups/events?wait=${wait}`, {
    headers: { 'content-type': cborMediaType },
    body: encodeCbor({ groups }),
    ...(signal && { signal }),
  });
}

export function parseGroupEvents(answer: Answer): GroupEvents {
  assert.equal(answer.status, 200);
  return decodeCbor(groupEventsResponseSchema, answer.bytes, 5 * 1024 * 1024).groups;
}

/** At once, of one group: the numbers of its entries, `link 1` for a link, `closing 1` where it opens an epoch. */
export async function read(reading: Reading): Promise<(number | string)[]> {
  const [found] = parseGroupEvents(await pollGroups([reading]));
  return found === undefined ? [] : namesOf(found);
}

export function namesOf(events: GroupEvents[number]): (number | string)[] {
  assert.equal(events.status, 'ok');
  return events.entries.map((one) => {
    if (one.opens) return `closing ${numberOf(one)}`;
    return one.link ? `link ${numberOf(one)}` : numberOf(one);
  });
}

export function placesOf(answer: Answer): readonly number[] {
  assert.equal(answer.status, 200);
  return decodeCbor(groupMessagesResponseSchema, answer.bytes, 4096).places;
}

export function placeOf(answer: Answer): number {
  assert.equal(answer.status, 200);
  return decodeCbor(groupLinkResponseSchema, answer.bytes, 64).place;
}
