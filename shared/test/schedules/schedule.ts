/**
 * Random schedules of a group (property): devices send, add, remove, leave, rename, rotate, go away for long, crash
 * between any two requests and come back, commit two at a time, while letters are reordered and doubled, answers are
 * lost and old ones come again. At the end all members have one log and the same messages, each of those whom it was
 * for and nobody else.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRelay } from '@crypt2chat/relay/testing';
import { toBase64url, toHex } from '@crypt2chat/shared/bytes';
import { encodeCbor, decodeCbor } from '@crypt2chat/shared/cbor';
import { hasCode } from '@crypt2chat/shared/errors';
import { type Group, parseStatement } from '@crypt2chat/shared/groups';
import type { TransportResponse } from '@crypt2chat/shared/engine';
import { manualClock, seededRandomness } from '@crypt2chat/shared/testing';
import { eventsResponseSchema } from '@crypt2chat/shared/wire';
import { groupOf } from '../../src/engine/group-summary.ts';
import { messageKey, originals, type MessageRecord } from '../../src/engine/records.ts';
import { conversationOf, messagesOf, recordOf } from '../scenario/crew.ts';
import { send } from '../scenario/wire.ts';
import { Crash, Device, type Step, steps, unreachable } from './device.ts';

const dayMs = 24 * 60 * 60 * 1000;
/** Rounds of everybody after the schedule; a group that is not at rest by then never is. */
const maxSettlingRounds = 60;
/** Rounds in which nothing happens any more: longer than what has failed is left alone. */
const quietRounds = 8;

export interface ScheduleReport {
  readonly seed: string;
  readonly devices: number;
  readonly operations: number;
  readonly sent: number;
  readonly members: number;
  readonly epochs: number;
  readonly crashes: number;
}

class Chance {
  readonly #source;
  constructor(seed: string) {
    this.#source = seededRandomness(seed);
  }
  below(n: number): number {
    const bytes = this.#source.bytes(4);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) % n;
  }
  happens(percent: number): boolean {
    return this.below(100) < percent;
  }
  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

export async function runSchedule(seed: string): Promise<ScheduleReport> {
  const memory = '/dev/shm';
  const folder = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'crypt2chat-schedule-'));
  const schedule = new Schedule(seed, folder);
  try {
    return await schedule.run();
  } catch (error) {
    throw new Error(`the schedule ${seed} does not hold\n${schedule.trace.slice(-80).join('\n')}`, {
      cause: error,
    });
  } finally {
    await schedule.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

class Schedule {
  readonly trace: string[] = [];
  readonly #seed: string;
  readonly #folder: string;
  readonly #chance: Chance;
  readonly #clock = manualClock();
  readonly #devices: Device[] = [];
  /** Devices that are away until the given operation. */
  readonly #away = new Map<Device, number>();
  readonly #lastEvents = new Map<Device, TransportResponse>();
  #relay: Awaited<ReturnType<typeof startRelay>> | undefined;
  #sent = 0;
  #crashes = 0;

  constructor(seed: string, folder: string) {
    this.#seed = seed;
    this.#folder = folder;
    this.#chance = new Chance(`${seed}/schedule`);
  }

  async run(): Promise<ScheduleReport> {
    const chance = this.#chance;
    this.#relay = await startRelay({ dataFolder: join(this.#folder, 'relay'), clock: this.#clock });
    const count = 3 + chance.below(10);
    for (let i = 0; i < count; i++) await this.#addDevice(`person-${i}`);
    const [first] = this.#devices;
    assert.ok(first);
    const begin = 2 + chance.below(count - 2);
    await first.commands.create(
      'crew',
      this.#devices.slice(1, begin + 1).map(({ name }) => name),
    );
    for (let round = 0; round < 3; round++) await this.#round();
    for (const device of this.#devices) device.acceptAll();
    const operations = 300 + chance.below(300);
    for (let at = 0; at < operations; at++) {
      if (chance.happens(22)) await this.#operate(at);
      else await this.#stepOf(chance.of(this.#present(at)), at);
      this.#clock.advance(chance.below(1500));
    }
    await this.#settle();
    return {
      seed: this.#seed,
      devices: count,
      operations,
      sent: this.#sent,
      ...this.#judge(),
      crashes: this.#crashes,
    };
  }

  async close(): Promise<void> {
    for (const device of this.#devices) device.close();
    await this.#relay?.stop();
  }

  async #addDevice(name: string): Promise<void> {
    assert.ok(this.#relay);
    const { origin } = this.#relay;
    const options = { name, folder: this.#folder, clock: this.#clock, origin, send, seed: this.#seed };
    const device = new Device(options);
    await device.create();
    this.#devices.push(device);
  }

  #present(at: number): Device[] {
    const present = this.#devices.filter((device) => (this.#away.get(device) ?? 0) <= at);
    return present.length > 0 ? present : this.#devices;
  }

  /** A person does something, somewhere. */
  async #operate(at: number): Promise<void> {
    const chance = this.#chance;
    const device = chance.of(this.#present(at));
    const what = chance.below(100);
    if (what >= 96) {
      this.#away.set(device, at + 20 + chance.below(80));
      this.#note(device, 'goes away');
      return;
    }
    if (what >= 93) {
      this.#clock.advance(chance.of([3_600_000, dayMs, 8 * dayMs]));
      for (const each of this.#devices) if (!(await failsAsExpected(each.tend()))) continue;
      this.#note(device, 'time passes');
      return;
    }
    const key = keyOf(device);
    if (key === undefined) return;
    const members = device.commands.view(key).members;
    const other = chance.of(members.filter(({ own }) => !own).concat(members));
    const stranger = chance.of(this.#devices);
    this.#note(device, `operation ${what} on ${other.name} or ${stranger.name}`);
    await failsAsExpected(
      (async () => {
        if (what < 60) {
          if (!isIn(device)) return;
          device.say(key, `${device.name} says ${++this.#sent}`);
        } else if (what < 71) await device.commands.add(key, [stranger.name], chance.of([0, 0, 5]));
        else if (what < 75) device.commands.remove(key, other.account);
        else if (what < 77) device.commands.leave(key);
        else if (what < 80) device.rotate();
        else if (what < 82) device.commands.rename(key, chance.of(['crew', 'team', 'band']));
        else if (what < 85) device.commands.setAdmin(key, other.account, chance.happens(70));
        else if (what < 88) device.commands.setMayAdd(key, chance.of(['anyone', 'admins']));
        else device.acceptAll();
      })(),
    );
  }

  async #stepOf(device: Device, at: number): Promise<void> {
    const chance = this.#chance;
    const step = chance.of(steps);
    const crash = chance.happens(8);
    this.#disturb(device, crash);
    this.#note(device, `${step}${crash ? ' and may crash' : ''} (${at})`);
    await this.#stepSafely(device, step);
    device.line = (_request, pass) => pass();
  }

  async #stepSafely(device: Device, step: Step): Promise<void> {
    try {
      await device.step(step);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      this.#crashes++;
      this.#note(device, 'crashed');
      await device.restart();
    }
  }

  /** Answers are lost, letters come twice and in another order, what was read comes again; or the process ends. */
  #disturb(device: Device, crash: boolean): void {
    const chance = this.#chance;
    let until = 1 + chance.below(3);
    const lossy = chance.happens(10);
    const shuffled = chance.happens(25);
    const repeated = chance.happens(5);
    device.line = async (request, pass) => {
      if (crash && --until <= 0) {
        if (chance.happens(50)) await pass();
        throw new Crash('here');
      }
      if (lossy && chance.happens(50)) {
        if (chance.happens(50)) await pass();
        throw unreachable();
      }
      const isEvents = request.url.includes('/v1/groups/events');
      const last = this.#lastEvents.get(device);
      if (isEvents && repeated && last) return last;
      const answer = await pass();
      if (isEvents) this.#lastEvents.set(device, answer);
      return shuffled && request.url.includes('/v1/events') ? this.#shuffle(answer) : answer;
    };
  }

  #shuffle(answer: TransportResponse): TransportResponse {
    if (answer.status !== 200) return answer;
    const events = decodeCbor(eventsResponseSchema, answer.body, answer.body.length);
    const envelopes = [...events.envelopes];
    if (envelopes.length > 0 && this.#chance.happens(50)) envelopes.push(this.#chance.of(envelopes));
    for (let i = envelopes.length - 1; i > 0; i--) {
      const j = this.#chance.below(i + 1);
      [envelopes[i], envelopes[j]] = [envelopes[j]!, envelopes[i]!];
    }
    return { ...answer, body: encodeCbor({ ...events, envelopes }) };
  }

  /** Everybody is there, wants to be, and nothing goes wrong any more, until nothing happens any more. */
  async #settle(): Promise<void> {
    this.#away.clear();
    let quiet = 0;
    for (let round = 0; round < maxSettlingRounds && quiet < quietRounds; round++) {
      const before = this.#picture();
      for (const device of this.#devices) device.acceptAll();
      await this.#round();
      quiet = this.#picture() === before ? quiet + 1 : 0;
    }
  }

  /** Everybody does everything once, and nothing is in the way. */
  async #round(): Promise<void> {
    for (const device of this.#devices) for (const step of steps) await this.#stepSafely(device, step);
    this.#clock.advance(10_000);
  }

  #picture(): string {
    return this.#devices
      .map((device) => {
        const record = recordOf(device);
        const group = record && groupOf(record);
        return [
          record?.standing,
          record?.place,
          group && toHex(group.head.hash),
          textsOf(device).length,
        ].join();
      })
      .join('\n');
  }

  /** @returns how many were in it at the end, and how many epochs there were. */
  #judge(): { members: number; epochs: number } {
    const members = this.#devices.filter((device) => isIn(device));
    const groups = members.map((device) => requireGroup(device));
    const [group] = groups;
    // Everybody may have left or been removed: then there is nothing that has to be the same.
    if (!group) return { members: 0, epochs: 0 };
    for (const [i, other] of groups.entries())
      assert.equal(toHex(other.head.hash), toHex(group.head.hash), `${members[i]!.name} has another log`);
    const inLog = group.members.map(({ identity }) => identity.username).sort();
    assert.deepEqual(
      members.map(({ name }) => name).sort(),
      inLog,
      `who thinks that they are in the group: ${this.#devices.map((device) => `${device.name} ${recordOf(device)?.standing}`).join()}`,
    );
    const said = this.#collect();
    for (const device of this.#devices) this.#judgeMessages(device, group, said);
    for (const device of members) {
      const waiting = messagesOf(device).filter(({ own, state }) => own && state === 'pending');
      assert.deepEqual(waiting.map(textOf), [], `${device.name} could not send`);
      for (const { state, failure } of messagesOf(device))
        if (state === 'failed') assert.equal(failure, 'ERR_GROUP_NOT_MEMBER', device.name);
    }
    return { members: members.length, epochs: group.epoch + 1 };
  }

  /** Every message that is in the group's log, with the epochs that it was said in: by the authors' own signatures. */
  #collect(): Map<string, { epochs: Set<number>; text: string }> {
    const said = new Map<string, { epochs: Set<number>; text: string }>();
    for (const device of this.#devices) {
      for (const message of messagesOf(device)) {
        if (message.body.kind !== 'text') continue;
        // What has not left, or was given up when its author was put out, is in no log as far as they know.
        if (message.own && (message.state === 'pending' || message.state === 'failed')) continue;
        const id = toHex(message.id);
        const known = said.get(id) ?? { epochs: new Set(), text: message.body.text };
        known.epochs.add(epochOf(device, message));
        said.set(id, known);
      }
    }
    return said;
  }

  #judgeMessages(
    device: Device,
    group: Group,
    said: ReadonlyMap<string, { epochs: ReadonlySet<number>; text: string }>,
  ): void {
    const account = toHex(device.core.identityOf(device.core.requireAccount()).accountId);
    const stays = group.speakers.filter((speaker) => toHex(speaker.account) === account);
    const has = new Map(messagesOf(device).map((message) => [toHex(message.id), message]));
    for (const message of has.values()) {
      if (message.body.kind !== 'text' || message.own || message.sharedBy !== undefined) continue;
      const epoch = epochOf(device, message);
      const wasIn = stays.some(({ from, until }) => from <= epoch && (until === undefined || epoch < until));
      assert.ok(wasIn, `${device.name} has "${message.body.text}" of epoch ${epoch}, which was not for them`);
    }
    // Whoever was put out or left may have gone before they read on; nothing is promised to them.
    const since = stays.find(({ until }) => until === undefined)?.from;
    for (const [id, { epochs, text }] of said) {
      const isTheirs = since !== undefined && [...epochs].some((epoch) => epoch >= since);
      if (isTheirs) assert.ok(has.has(id), `${device.name} lacks "${text}" of epoch ${[...epochs].join()}`);
    }
    const texts = messagesOf(device).filter(({ body }) => body.kind === 'text');
    assert.equal(new Set(texts.map(textOf)).size, texts.length, `${device.name} has a message twice`);
    const broken = messagesOf(device).filter(({ body }) => body.kind === 'unreadable');
    assert.deepEqual(broken, [], `${device.name} has what cannot be read`);
  }

  #note(device: Device, what: string): void {
    this.trace.push(`${device.name}: ${what}`);
  }
}

async function failsAsExpected(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    if (!hasCode(error)) throw error;
    return true;
  }
}

function keyOf(device: Device): string | undefined {
  const found = conversationOf(device);
  return found && toBase64url(found.id);
}

function isIn(device: Device): boolean {
  return recordOf(device)?.standing === 'ready';
}

function requireGroup(device: Device): Group {
  const record = recordOf(device);
  const group = record && groupOf(record);
  assert.ok(group);
  return group;
}

function epochOf(device: Device, message: MessageRecord): number {
  const original = device.core.vault.get(originals, messageKey(message.conversation, message.id));
  assert.ok(original, `${device.name} has a message without its signature`);
  return parseStatement(original.signed).epoch;
}

function textsOf(device: Device): string[] {
  return messagesOf(device).map(textOf);
}

function textOf({ body }: MessageRecord): string {
  return body.kind === 'text' ? body.text : body.kind;
}
