/** What is measured, ours and others, as the measurements see it. */

export const messageBytes = 1024;

/** One connection with one message outstanding at a time. */
export interface Sender {
  /** Resolves when the other side has answered that the message, or the request of several, is kept. */
  send(): Promise<void>;
  close(): void;
}

export interface Running {
  /** Processor time and memory are those of this process and its children. */
  readonly pid: number;
  /** Others that work for it. */
  readonly alsoPids?: readonly number[];
  /** @param batch messages in one request; only where {@link Peer.batches} says so */
  sender(index: number, batch?: number): Promise<Sender>;
  stop(): Promise<void>;
}

export interface Peer {
  /** As `--peers` takes it. */
  readonly name: string;
  /** As the tables have it. */
  readonly title: string;
  /** Whether one request may hold several messages. */
  readonly batches: boolean;
  /** False for a ceiling, which keeps nothing. */
  readonly keeps: boolean;
  /** Version and settings, as far as they matter. */
  readonly settings: string;
  /** Why it cannot be measured here; undefined where it can. */
  missing(): string | undefined;
  /**
   * @param folder empty, and its own
   * @param env what its processes get on top of ours
   */
  start(folder: string, env: Readonly<Record<string, string>>): Promise<Running>;
}

let next = 0;

/** 1 KiB, no two alike. */
export function message(): Buffer {
  const bytes = Buffer.alloc(messageBytes, next & 255);
  bytes.writeUInt32BE(next++);
  return bytes;
}

/** The same as text, for protocols that have no bytes. */
export function textMessage(): string {
  return String(next++).padEnd(messageBytes, 'x');
}
