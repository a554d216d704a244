/** Devices that wait for messages at the relay: what each costs, and how soon it has what is sent to it. */
import { randomBytes } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import { decodeCbor, encodeCbor } from '@crypt2chat/shared/cbor';
import { capabilityHeader, cborMediaType, eventsResponseSchema } from '@crypt2chat/shared/wire';
import { OneAtATime, request } from '../http-sender.ts';
import type { Person } from './people.ts';
import { message } from './peer.ts';

const maxAnswerBytes = 8 * 1024 * 1024;
const connectAtOnce = 64;
/** For collected garbage and late answers. */
const settleMs = 2000;

/** Opens one connection for each line, on which its request waits. @returns what ends them */
export async function wait(origin: string, heads: readonly Buffer[]): Promise<() => void> {
  const connections: OneAtATime[] = [];
  for (let from = 0; from < heads.length; from += connectAtOnce) {
    for (const head of heads.slice(from, from + connectAtOnce)) {
      const connection = new OneAtATime(origin);
      connections.push(connection);
      // It is never answered while it is measured.
      void connection.send(head).catch(() => undefined);
    }
    await after(20);
  }
  await after(settleMs);
  return () => {
    for (const connection of connections) connection.close();
  };
}

export function pollOf({ bearer }: Person, cursor?: string): Buffer {
  const place = cursor === undefined ? '' : `&after=${cursor}`;
  return request(`GET /v1/events?wait=25${place}`, { authorization: `Bearer ${bearer}` });
}

export interface Stream {
  readonly perSecond: number;
  readonly forMs: number;
  /** The relay at which a person waits, and the one to which their messages are sent. */
  receiveAt(person: number): string;
  sendAt(person: number): string;
}

/** Sends at a steady rate to people who wait, and says for each message after how many ms its receiver had it. */
export async function latencies(
  people: readonly Person[],
  { perSecond, forMs, receiveAt, sendAt }: Stream,
): Promise<number[]> {
  const found: number[] = [];
  let isOver = false;
  const receivers = people.map((person, i) => ({ person, connection: new OneAtATime(receiveAt(i)) }));
  const receiving = receivers.map(async ({ person, connection }) => {
    let cursor: string | undefined;
    while (!isOver) {
      const { status, body } = await connection.send(pollOf(person, cursor));
      if (status !== 200) throw new Error(`a poll was answered ${status}`);
      const answer = decodeCbor(eventsResponseSchema, body, maxAnswerBytes);
      const now = performance.now();
      for (const { envelope } of answer.envelopes) {
        found.push(now - new DataView(envelope.buffer, envelope.byteOffset).getFloat64(0));
      }
      cursor = answer.cursor;
    }
  });
  const senders = people.map((person, i) => ({ person, connection: new OneAtATime(sendAt(i)) }));
  try {
    const begin = performance.now();
    const count = Math.round((perSecond * forMs) / 1000);
    const last = senders.map(async (): Promise<void> => undefined);
    for (let i = 0; i < count; i++) {
      const early = begin + (i * 1000) / perSecond - performance.now();
      if (early > 0) await after(early);
      const { person, connection } = senders[i % senders.length]!;
      const envelope = message();
      envelope.writeDoubleBE(performance.now());
      const headers = { [capabilityHeader]: person.capability, 'content-type': cborMediaType };
      const body = encodeCbor([{ id: randomBytes(16), envelope: new Uint8Array(envelope) }]);
      // One at a time on each connection; what had to wait for its turn counts from when it should have gone.
      const wanted = request(`POST /v1/mailboxes/${person.deviceId}`, headers, body);
      last[i % senders.length] = last[i % senders.length]!.then(async () => {
        const { status } = await connection.send(wanted);
        if (status !== 200) throw new Error(`a message was answered ${status}`);
      });
    }
    await Promise.all(last);
    await Promise.race([Promise.all(receiving), after(500)]);
    return found;
  } finally {
    isOver = true;
    for (const { connection } of [...receivers, ...senders]) connection.close();
    await Promise.allSettled(receiving.map((one) => Promise.race([one, after(100)])));
  }
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
