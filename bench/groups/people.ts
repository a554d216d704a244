/**
 * The people of the measurement: whole devices of the engine with a vault each, at a real relay, driven step by step.
 * They are prepared before anything is measured: everybody but the strangers has a session with the one who makes
 * the group, and has been answered in it, as people have who talk with each other.
 */
import { systemClock } from '@crypt2chat/shared/clock';
import type { TransportRequest } from '@crypt2chat/shared/engine';
import { systemRandomness } from '@crypt2chat/shared/primitives';
import { Device, type Step } from '../../shared/test/schedules/device.ts';
import { send } from '../../shared/test/scenario/wire.ts';

export interface Place {
  readonly folder: string;
  readonly origin: string;
}

/** Bytes of bodies, since the process began. */
export interface Traffic {
  /** What goes into mailboxes and groups: envelopes, welcomes, entries. */
  posted: number;
  /** What the relay answers to everything else: envelopes, welcomes, entries, accounts' logs. */
  fetched: number;
}

export const traffic: Traffic = { posted: 0, fetched: 0 };

/** The one who makes the group and changes it. */
export const maker = 'maker';

/** Those who know nobody of the group but its maker before: each serves in one round. */
export function newcomers(round: number) {
  return {
    /** A member from the beginning, who is measured. */
    follower: `follower-${round}`,
    /** Is added and removed again. */
    joiner: `joiner-${round}`,
    /** Has no session with the maker. */
    stranger: `stranger-${round}`,
  };
}

/** Members who are away. */
export function absentNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `member-${i}`);
}

export async function preparePeople(place: Place, size: number, rounds: number): Promise<void> {
  const makes = person(place, maker);
  await makes.create();
  const fresh = Array.from({ length: rounds }, (_, round) => newcomers(round));
  const acquaintances = [
    ...absentNames(size - 2),
    ...fresh.flatMap(({ follower, joiner }) => [follower, joiner]),
  ];
  for (const [i, name] of acquaintances.entries()) {
    const each = person(place, name);
    await each.create();
    await each.greet(maker);
    await step(each, 'post');
    await step(makes, 'mail');
    makes.acceptAll();
    await makes.greet(name);
    await step(makes, 'post');
    await step(each, 'mail');
    await step(each, 'post');
    await step(makes, 'mail');
    await step(makes, 'post');
    await step(each, 'mail');
    each.close();
    // New one-time keys, in time.
    if (i % 50 === 49) await makes.tend();
  }
  makes.close();
  for (const { stranger } of fresh) {
    const each = person(place, stranger);
    await each.create();
    each.close();
  }
}

export async function openPerson(place: Place, name: string): Promise<Device> {
  const device = person(place, name);
  await device.restart();
  return device;
}

/** @throws Error where the step ended otherwise than well. */
export async function step(device: Device, ...steps: readonly Step[]): Promise<void> {
  for (const each of steps)
    if (await device.step(each)) throw new Error(`${device.name} could not do this: ${each}`);
}

function person({ folder, origin }: Place, name: string): Device {
  return new Device({
    name,
    folder,
    origin,
    clock: systemClock,
    seed: 'bench',
    randomness: systemRandomness,
    send: async (request, signal) => {
      const answer = await send(request, signal);
      if (isPosting(request)) traffic.posted += request.body?.length ?? 0;
      else traffic.fetched += answer.body.length;
      return answer;
    },
  });
}

function isPosting({ method, url }: TransportRequest): boolean {
  const { pathname } = new URL(url);
  return method === 'POST' && /^\/v1\/(mailboxes\/|groups(\/[^/]+\/(links|messages))?$)/.test(pathname);
}
