/** What a run of the benchmark is, as it goes into its JSON and comes out as tables and the chart. */
import type { Accepted } from './accepting.ts';

/** For each round, in the order of the rounds. */
export interface PeerRounds {
  readonly name: string;
  readonly title: string;
  readonly keeps: boolean;
  readonly settings: string;
  /** By how many senders there were; `16x` before it for requests of sixteen. */
  readonly accepted: Record<string, Accepted[]>;
}

export interface Latency {
  readonly title: string;
  /** One for each round, in ms. */
  readonly p50: number[];
  readonly p99: number[];
}

export interface Memory {
  readonly title: string;
  readonly idleMb: number;
  /** By how many wait. */
  readonly waitingMb: Readonly<Record<string, number>>;
}

export interface Stored {
  readonly messages: number;
  readonly readyMs: number[];
  readonly full: Accepted[];
  readonly empty: Accepted[];
  readonly memoryMb: number | undefined;
}

/** So many processes on one PostgreSQL, each message sent to another process than its receiver waits at. */
export interface Fleet {
  readonly processes: number;
  readonly devices: number;
  readonly sent: number;
  readonly received: number;
  readonly p50: number;
  readonly p99: number;
  /** Of the processor, for a message. */
  readonly relayMicros: number | undefined;
  readonly postgresMicros: number | undefined;
  /** That the server wrote to its log, for a message with its acknowledgement. */
  readonly walBytes: number;
  /** To the server, of all processes together. */
  readonly connections: number;
}

export interface Result {
  readonly at: string;
  readonly machine: string;
  readonly rounds: number;
  readonly seconds: number;
  /** How many fsyncs a second of each disk that was measured on. */
  readonly syncsPerSecond: Readonly<Record<string, number>>;
  readonly skipped: Readonly<Record<string, string>>;
  /** By the disk: `fixed`, where each fsync takes 1 ms, and `real`. */
  readonly peers: Record<string, PeerRounds[]>;
  readonly latency: Latency[];
  readonly memory: Memory[];
  readonly fleet: Fleet[];
  readonly stored?: Stored | undefined;
}
