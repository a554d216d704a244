/**
 * A group whose devices go step by step (see schedules/device.ts), at a relay that keeps everything that ever passed
 * through it, for tests in which somebody is hostile: the relay, a member, a former member, a thief.
 */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningRelay, startRelay } from '@crypt2chat/relay/testing';
import { toBase64url, toHex } from '@crypt2chat/shared/bytes';
import { decodeCbor, encodeCbor } from '@crypt2chat/shared/cbor';
import type { Group } from '@crypt2chat/shared/groups';
import type { TransportRequest, TransportResponse } from '@crypt2chat/shared/engine';
import { manualClock } from '@crypt2chat/shared/testing';
import {
  deliverRequestSchema,
  groupEventsResponseSchema,
  groupLinkRequestSchema,
  groupMessagesRequestSchema,
  type Letter,
} from '@crypt2chat/shared/wire';
import { ensureConversation } from '../../src/engine/conversations.ts';
import { type GroupRecord, loadGroup } from '../../src/engine/group-records.ts';
import { groupOf } from '../../src/engine/group-summary.ts';
import { sendLetter } from '../../src/engine/outgoing.ts';
import { contacts, conversations, letters, messages, type MessageRecord } from '../../src/engine/records.ts';
import { type GroupEvents, RelayClient } from '../../src/engine/relay-client.ts';
import { Device, type Line, type Step, steps } from '../schedules/device.ts';
import { send } from './wire.ts';

const maxBytes = 8 * 1024 * 1024;
/** Rounds until nothing happens any more; a crew that still moves then never rests. */
const maxRounds = 60;

/** What passed through the relay, in its order: more than it ever has at a time. */
export interface Tape {
  /** Sealed messages and links of groups. */
  readonly entries: { readonly id: Uint8Array; readonly entry: Uint8Array; readonly link: boolean }[];
  readonly welcomes: Uint8Array[];
  readonly envelopes: { readonly mailbox: string; readonly envelope: Uint8Array }[];
}

export class Crew {
  readonly clock = manualClock();
  readonly tape: Tape = { entries: [], welcomes: [], envelopes: [] };
  readonly devices: Device[] = [];
  readonly #folder: string;
  readonly #seed: string;
  #relay: RunningRelay | undefined;

  private constructor(seed: string) {
    this.#seed = seed;
    const memory = '/dev/shm';
    this.#folder = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'crypt2chat-crew-'));
  }

  /** People who are all in one group, which the first of them began and where anybody may add others. */
  static async of(...names: readonly string[]): Promise<Crew> {
    const crew = new Crew(names.join());
    crew.#relay = await startRelay({ dataFolder: join(crew.#folder, 'relay'), clock: crew.clock });
    for (const name of names) await crew.register(name);
    const [first] = crew.devices;
    await first!.commands.create('crew', names.slice(1));
    await crew.settle();
    for (const device of crew.devices) device.acceptAll();
    await crew.settle();
    for (const device of crew.devices) assert.equal(standing(device), 'ready', device.name);
    return crew;
  }

  get relay(): RunningRelay {
    assert.ok(this.#relay);
    return this.#relay;
  }

  async register(name: string): Promise<Device> {
    const device = new Device({
      name,
      folder: this.#folder,
      clock: this.clock,
      origin: this.relay.origin,
      send: (request, signal) => this.#pass(request, signal),
      seed: this.#seed,
    });
    await device.create();
    this.devices.push(device);
    return device;
  }

  named(name: string): Device {
    const device = this.devices.find((each) => each.name === name);
    assert.ok(device, name);
    return device;
  }

  /** Everybody, or those given, does everything until nothing happens any more for `rounds` of five seconds. */
  async settle(devices: readonly Device[] = this.devices, rounds = 2): Promise<void> {
    for (let round = 0, quiet = 0; round < maxRounds && quiet < rounds; round++) {
      const before = this.#picture();
      await this.round(devices);
      quiet = this.#picture() === before ? quiet + 1 : 0;
    }
  }

  async round(devices: readonly Device[] = this.devices, which: readonly Step[] = steps): Promise<void> {
    for (const device of devices) for (const step of which) await device.step(step);
    this.clock.advance(5_000);
  }

  async close(): Promise<void> {
    for (const device of this.devices) device.close();
    await this.#relay?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** @returns a file with all that the relay has now. */
  async backUp(): Promise<string> {
    const file = join(this.#folder, `backup-${this.tape.envelopes.length}.db`);
    await this.relay.store.backup!(file);
    return file;
  }

  /** The relay goes on from the backup, as `relay restore` has it. */
  async restore(backup: string): Promise<void> {
    const dataFolder = join(this.#folder, 'relay');
    const { clock } = this;
    const { port } = this.relay;
    await this.relay.stop();
    rmSync(dataFolder, { recursive: true });
    mkdirSync(dataFolder);
    copyFileSync(backup, join(dataFolder, 'relay.db'));
    const restored = await startRelay({ dataFolder, clock });
    await restored.store.beginAnew();
    await restored.stop();
    this.#relay = await startRelay({ dataFolder, clock, port });
  }

  /** The relay's interface as anybody can use it who has an access secret. */
  client(): RelayClient {
    return new RelayClient(
      this.relay.origin,
      { request: (request, signal) => this.#pass(request, signal) },
      this.clock,
    );
  }

  #pass(request: TransportRequest, signal?: AbortSignal): Promise<TransportResponse> {
    this.#record(request);
    return send(request, signal);
  }

  #record({ url, method, body }: TransportRequest): void {
    if (method !== 'POST' || !body) return;
    const { pathname } = new URL(url);
    const mailbox = /^\/v1\/mailboxes\/([^/]+)$/.exec(pathname)?.[1];
    if (mailbox !== undefined)
      for (const { envelope } of decodeCbor(deliverRequestSchema, body, maxBytes))
        this.tape.envelopes.push({ mailbox, envelope });
    else if (/^\/v1\/groups\/[^/]+\/messages$/.test(pathname))
      for (const { id, entry } of decodeCbor(groupMessagesRequestSchema, body, maxBytes).entries)
        this.tape.entries.push({ id, entry, link: false });
    else if (/^\/v1\/groups\/[^/]+\/links$/.test(pathname)) {
      const { id, entry, opens } = decodeCbor(groupLinkRequestSchema, body, maxBytes);
      this.tape.entries.push({ id, entry, link: true });
      if (opens?.welcome) this.tape.welcomes.push(opens.welcome);
    }
  }

  #picture(): string {
    const of = (device: Device) => {
      const found = recordOf(device);
      const group = found && groupOf(found);
      const states = messagesOf(device).map(({ state }) => state);
      return [found?.standing, found?.place, found?.asked, group && toHex(group.head.hash), ...states].join();
    };
    return [...this.devices.map(of), this.tape.envelopes.length].join('\n');
  }
}

/** The conversation of the group that the device is in, or was. */
export function conversationOf({ core }: Device) {
  return core.vault.list(conversations, { limit: 100 }).find(({ group }) => group !== undefined);
}

export function keyOf(device: Device): string {
  const conversation = conversationOf(device);
  assert.ok(conversation, `${device.name} has no group`);
  return toBase64url(conversation.id);
}

export function recordOf(device: Device): GroupRecord | undefined {
  const id = conversationOf(device)?.group;
  return id && loadGroup(device.core, id);
}

export function record(device: Device): GroupRecord {
  const found = recordOf(device);
  assert.ok(found, `${device.name} has no group`);
  return found;
}

export function groupAt(device: Device): Group {
  const group = groupOf(record(device));
  assert.ok(group, `${device.name} has not joined`);
  return group;
}

export function standing(device: Device): GroupRecord['standing'] | undefined {
  return recordOf(device)?.standing;
}

export function messagesOf(device: Device): MessageRecord[] {
  const conversation = conversationOf(device);
  return conversation ? device.core.vault.list(messages, { scope: conversation.id, limit: 5_000 }) : [];
}

/** Texts as they are, unreadable ones as their reason in brackets. */
export function textsOf(device: Device): string[] {
  return messagesOf(device).flatMap(({ body }) => {
    if (body.kind === 'text') return [body.text];
    return body.kind === 'unreadable' ? [`(${body.reason})`] : [];
  });
}

export function eventsOf(device: Device): string[] {
  return messagesOf(device).flatMap(({ body }) => (body.kind === 'event' ? [body.event] : []));
}

export function say(device: Device, text: string): void {
  device.say(keyOf(device), text);
}

export function accountOf({ core }: Device): Uint8Array {
  return core.identityOf(core.requireAccount()).accountId;
}

export function deviceIdOf({ core }: Device): Uint8Array {
  return core.deviceIdOf(core.requireAccount());
}

export function peopleOf(device: Device): string[] {
  return groupAt(device)
    .members.map(({ identity }) => identity.username)
    .sort();
}

export function remove(device: Device, other: Device): void {
  device.commands.remove(keyOf(device), toBase64url(accountOf(other)));
}

/** A letter of the device's to `to`, whatever an honest engine would have written. */
export function write(device: Device, to: Device, letter: Letter): void {
  const { core } = device;
  core.transaction(() => {
    const contact = core.vault.get(contacts, accountOf(to));
    assert.ok(contact, `${device.name} does not know ${to.name}`);
    const conversation = ensureConversation(core, contact, 'silent');
    const nth = core.vault.count(letters);
    sendLetter(core, conversation, 'group', { ...letter }, nth);
  });
}

/** What the relay makes of the entries of a group before it hands them out. */
export function showing(change: (events: GroupEvents) => GroupEvents): Line {
  return async (request, pass) => {
    const response = await pass();
    if (!request.url.includes('/v1/groups/events') || response.status !== 200) return response;
    const answer = decodeCbor(groupEventsResponseSchema, response.body, maxBytes);
    const groups = answer.groups.map((events) => ({ ...change(events) }));
    return {
      ...response,
      body: encodeCbor({
        groups: groups.map((each) => ({ ...each, entries: each.entries.map((entry) => ({ ...entry })) })),
      }),
    };
  };
}

/** The relay loses what is delivered into the mailboxes of `devices`, and says that it has it. */
export function losing(...devices: readonly Device[]): Line {
  return (request, pass) => {
    const path = new URL(request.url).pathname;
    const isLost =
      request.method === 'POST' &&
      devices.some((device) => path === `/v1/mailboxes/${toBase64url(deviceIdOf(device))}`);
    if (!isLost || !request.body) return pass();
    const count = decodeCbor(deliverRequestSchema, request.body, maxBytes).length;
    const body = encodeCbor({ results: Array.from({ length: count }, () => 'stored') });
    return Promise.resolve({ status: 200, body });
  };
}
