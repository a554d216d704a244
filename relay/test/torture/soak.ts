/**
 * A relay with 2,000 devices that wait, each on a connection of its own, and a constant traffic to them, for minutes.
 * The verdict is computed, from what was measured after the first quarter:
 *
 * - memory: the line through what is resident (every two seconds) rises over the whole time by no more than twice the
 *   spread of the points around it, or 3 % of their mean where that is more;
 * - descriptors: with all devices waiting, at the end at most 20 more than at the beginning, where idle connections of
 *   their registration may still be there, and one for each device at least; and when they have gone, at most 4 more
 *   than before they came;
 * - waiting time from sending to receiving: the median of the minutes' p99 in the second half is at most 1.5 times that
 *   of the first half, or 20 ms more;
 * - everything that was acknowledged came, once, and no device was refused.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { toBase64url } from '@crypt2chat/shared/bytes';
import { decodeCbor } from '@crypt2chat/shared/cbor';
import { capabilityHeader, deliverResponseSchema, eventsResponseSchema } from '@crypt2chat/shared/wire';
import { Person } from '../support/people.ts';
import { type RelayProcess, startProcess } from '../support/process.ts';
import { Client } from './client.ts';
import { bodyOf, idOf, Ledger, sumOf } from './ledger.ts';
import { origin, withoutLimits } from './relays.ts';
import { trendOf } from './trend.ts';
import { descriptorsOf, residentBytes } from './watch.ts';

const devices = 2000;
const perSecond = 50;
const envelopeBytes = 1024;
/** Spread, so that polls do not end together. */
const pollSeconds = { from: 20, to: 50 };
const sampleEveryMs = 2000;
const minuteMs = 60_000;
const registeringAtOnce = 16;
const settleTimeoutMs = 30_000;
const capability = new Uint8Array(32).fill(7);
const right = { [capabilityHeader]: toBase64url(capability) };
const maxAnswerBytes = 5 * 1024 * 1024;

export interface SoakOptions {
  readonly minutes: number;
  readonly say: (line: string) => void;
  readonly progress: (text: string) => void;
}

interface Device {
  readonly id: string;
  readonly auth: Record<string, string>;
  readonly ledger: Ledger;
  /** When what is under way to it was sent. */
  readonly sentAt: Map<string, number>;
}

export async function soak(options: SoakOptions): Promise<{ holds: boolean; text: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'c2c-torture-'));
  const relay = await startProcess({ env: { ...withoutLimits, CRYPT2CHAT_DATA: folder } });
  try {
    return await new Soak(relay, options).run();
  } finally {
    await relay.end('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

class Soak {
  readonly #relay: RelayProcess;
  readonly #options: SoakOptions;
  readonly #client = new Client();
  readonly #devices: Device[] = [];
  readonly #problems: string[] = [];
  readonly #resident: [at: number, bytes: number][] = [];
  /** Of each minute: the waiting times in it, in milliseconds. */
  readonly #minutes: number[][] = [];
  readonly #startedAt = performance.now();
  #isOver = false;

  constructor(relay: RelayProcess, options: SoakOptions) {
    this.#relay = relay;
    this.#options = options;
  }

  async run(): Promise<{ holds: boolean; text: string }> {
    await this.#register();
    const without = await this.#settled();
    const waiting = Promise.all(this.#devices.map((device, i) => this.#wait(device, i)));
    const withAll = await this.#settled((count) => count >= without + devices);
    const end = performance.now() + this.#options.minutes * minuteMs;
    const sampling = this.#sample(end);
    await this.#send(end);
    await sampling;
    const atEnd = descriptorsOf(this.#relay);
    // What is under way arrives; then everybody goes.
    await delay(2000);
    this.#isOver = true;
    this.#client.close();
    await waiting;
    const afterwards = await this.#settled((count) => count <= without + 4);
    return this.#judge({ without, withAll, atEnd, afterwards });
  }

  async #register(): Promise<void> {
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < devices) {
        const person = new Person(origin, `soak.${next++}`, 1, undefined, this.#relay.origin);
        await person.register();
        await person.signIn();
        await person.setCapability(capability);
        this.#devices.push({
          id: person.deviceId,
          auth: person.auth,
          ledger: new Ledger(),
          sentAt: new Map(),
        });
        if (next % 100 === 0) this.#options.progress(`${next} of ${devices} devices`);
      }
    };
    await Promise.all(Array.from({ length: registeringAtOnce }, work));
  }

  /** Polls and acknowledges until the end. */
  async #wait({ auth, ledger, sentAt }: Device, index: number): Promise<void> {
    const seconds = pollSeconds.from + (index % (pollSeconds.to - pollSeconds.from));
    let after: string | undefined;
    while (!this.#isOver) {
      const query = new URLSearchParams({ wait: String(seconds), ...(after !== undefined && { after }) });
      const path = `/v1/events?${query.toString()}`;
      const timeoutMs = seconds * 1000 + settleTimeoutMs;
      try {
        const reply = await this.#client.ask(this.#relay.origin, {
          method: 'GET',
          path,
          headers: auth,
          timeoutMs,
        });
        if (reply.status !== 200) throw new Error(`a poll was answered with ${reply.status}`);
        const { envelopes, cursor } = decodeCbor(eventsResponseSchema, reply.bytes, maxAnswerBytes);
        for (const { id, envelope } of envelopes) {
          ledger.receive({ id, body: envelope });
          const key = Buffer.from(id).toString('hex');
          this.#minutes.at(-1)?.push(performance.now() - (sentAt.get(key) ?? NaN));
          sentAt.delete(key);
        }
        after = cursor;
      } catch (error) {
        this.#problemOnTheWay(error);
        await delay(1000);
      }
    }
  }

  /** So many a second, to one device after the other. */
  async #send(end: number): Promise<void> {
    const begin = performance.now();
    const underWay = new Set<Promise<void>>();
    for (let nth = 0; performance.now() < end; nth++) {
      const due = begin + (nth * 1000) / perSecond;
      if (due > performance.now()) await delay(due - performance.now());
      const device = this.#devices[(nth * 7) % devices]!;
      const sending: Promise<void> = this.#sendOne(device, nth).finally(() => underWay.delete(sending));
      underWay.add(sending);
    }
    await Promise.all(underWay);
  }

  async #sendOne({ id: deviceId, ledger, sentAt }: Device, nth: number): Promise<void> {
    const id = idOf(1, nth);
    sentAt.set(Buffer.from(id).toString('hex'), performance.now());
    try {
      const body = [{ id, envelope: bodyOf(id, envelopeBytes) }];
      const reply = await this.#client.post(this.#relay.origin, `/v1/mailboxes/${deviceId}`, body, right);
      if (reply.status !== 200) throw new Error(`an envelope was answered with ${reply.status}`);
      const [result] = decodeCbor(deliverResponseSchema, reply.bytes, 100).results;
      if (result !== 'stored') throw new Error(`an envelope was ${result ?? 'not answered'}`);
      ledger.acknowledge(id);
    } catch (error) {
      this.#problem(String(error));
    }
  }

  async #sample(end: number): Promise<void> {
    const begin = performance.now();
    while (performance.now() < end) {
      const minute = Math.floor((performance.now() - begin) / minuteMs);
      if (minute >= this.#minutes.length) {
        if (minute > 0) this.#tell(minute);
        this.#minutes.push([]);
      }
      this.#resident.push([performance.now() - this.#startedAt, residentBytes(this.#relay)]);
      await delay(Math.min(sampleEveryMs, Math.max(1, end - performance.now())));
    }
    this.#tell(this.#minutes.length);
  }

  #tell(minute: number): void {
    const times = this.#minutes[minute - 1]!;
    const resident = residentBytes(this.#relay);
    this.#options.say(
      `minute ${minute}: ${times.length} envelopes, p50 ${ms(quantile(times, 0.5))}, p99 ${ms(quantile(times, 0.99))}, ` +
        `resident ${megabytes(resident)}, ${descriptorsOf(this.#relay)} descriptors, ${this.#problems.length} problems`,
    );
  }

  /** How many descriptors there are when they are as they should be, or when it has been waited for long enough. */
  async #settled(isReached: (count: number) => boolean = () => false): Promise<number> {
    const end = performance.now() + settleTimeoutMs;
    let last = -1;
    for (;;) {
      const count = descriptorsOf(this.#relay);
      if (isReached(count) || performance.now() > end) return count;
      // Connections that registered are idle, and end by themselves; those that are left are the beginning.
      if (last === count && !isReached(count) && isReached.length === 0) return count;
      last = count;
      await delay(1000);
    }
  }

  #judge(descriptors: { without: number; withAll: number; atEnd: number; afterwards: number }) {
    const settled = this.#resident.slice(Math.floor(this.#resident.length / 4));
    const memory = trendOf(settled);
    const allowed = Math.max(2 * memory.spread, 0.03 * memory.mean);
    if (!(memory.growth <= allowed)) this.#problem(`memory grew by ${megabytes(memory.growth)}`);
    const { without, withAll, atEnd, afterwards } = descriptors;
    if (atEnd > withAll + 20 || atEnd < devices) this.#problem(`${withAll} descriptors became ${atEnd}`);
    if (afterwards > without + 4) this.#problem(`${afterwards} descriptors are left of ${without}`);
    const p99 = this.#minutes.map((times) => quantile(times, 0.99));
    const half = Math.ceil(p99.length / 2);
    const [first, second] = [quantile(p99.slice(0, half), 0.5), quantile(p99.slice(-half), 0.5)];
    if (!(second <= Math.max(1.5 * first, first + 20)))
      this.#problem(`p99 went from ${ms(first)} to ${ms(second)}`);
    const { acknowledged, lost, twice, disordered, damaged } = sumOf(
      this.#devices.map(({ ledger }) => ledger.judge()),
    );
    if (lost + twice + disordered + damaged > 0 || acknowledged === 0)
      this.#problem('not everything came once');
    const text = [
      `${this.#options.minutes} minutes, ${devices} devices, ${acknowledged} acknowledged; ${lost} lost, ${twice} twice, ` +
        `${disordered} out of order, ${damaged} damaged`,
      `memory ${megabytes(memory.mean)}, along the line ${megabytes(memory.growth)} (allowed ${megabytes(allowed)}, ` +
        `spread ${megabytes(memory.spread)}, after the first quarter)`,
      `descriptors ${without} before, ${withAll} with all, ${atEnd} at the end, ${afterwards} afterwards`,
      `p99 ${ms(first)} in the first half, ${ms(second)} in the second`,
      `${this.#problems.length} problems`,
      ...this.#problems.slice(0, 20),
    ].join('\n  ');
    return { holds: this.#problems.length === 0, text };
  }

  /** At the end connections are cut. */
  #problemOnTheWay(error: unknown): void {
    if (!this.#isOver) this.#problem(String(error));
  }

  #problem(text: string): void {
    this.#problems.push(text);
  }
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
