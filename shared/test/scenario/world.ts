/**
 * A small world for scenarios: a real relay on a real port over a real file, and people with real engines and vaults.
 * What goes wrong on the way is done by a transport that passes everything on to the real one, or not.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningRelay, startRelay } from '@crypt2chat/relay/testing';
import type { Clock } from '@crypt2chat/shared/clock';
import {
  createVault,
  Engine,
  type EngineChange,
  type MessageView,
  openVault,
  type Transport,
  type TransportRequest,
  type TransportResponse,
} from '@crypt2chat/shared/engine';
import { systemRandomness } from '@crypt2chat/shared/primitives';
import { send, unreachable } from './wire.ts';
import type { Table } from '../../src/engine/vault/index.ts';

export { unreachable };

/** Real time, shortened: what waits for a second waits for twenty milliseconds. */
export class FastClock implements Clock {
  readonly #speed: number;
  #offsetMs = 0;
  /** How long each timer was set for. */
  readonly waitsMs: number[] = [];

  constructor(speed = 50) {
    this.#speed = speed;
  }

  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** From now on it is this much later. */
  advance(ms: number): void {
    this.#offsetMs += ms;
  }

  setTimer(afterMs: number, act: () => void): () => void {
    this.waitsMs.push(afterMs);
    const timer = setTimeout(act, afterMs / this.#speed);
    return () => {
      clearTimeout(timer);
    };
  }
}

type Pass = () => Promise<TransportResponse>;
export type Intercept = (request: TransportRequest, pass: Pass) => Promise<TransportResponse>;

/** HTTP by fetch, through whatever stands in the way at the time. */
export class Wire implements Transport {
  intercept: Intercept | undefined;

  request(request: TransportRequest, signal?: AbortSignal): Promise<TransportResponse> {
    const pass = () => send(request, signal);
    return this.intercept ? this.intercept(request, pass) : pass();
  }

  /** As if the cable were pulled. */
  cut(): void {
    this.intercept = () => Promise.reject(unreachable());
  }

  mend(): void {
    this.intercept = undefined;
  }
}

export class Person {
  readonly name: string;
  readonly wire = new Wire();
  readonly clock: FastClock;
  readonly changes: EngineChange[] = [];
  readonly file: string;
  readonly #wrappingKey = systemRandomness.bytes(32);
  readonly #watchers = new Set<() => void>();
  #engine: Engine | undefined;

  constructor(name: string, folder: string, clock: FastClock) {
    this.name = name;
    this.file = join(folder, `${name}.vault`);
    this.clock = clock;
  }

  get engine(): Engine {
    assert.ok(this.#engine, `${this.name} is not running`);
    return this.#engine;
  }

  async create(): Promise<void> {
    const vault = await createVault({ file: this.file, randomness: systemRandomness }, this.#wrappingKey);
    this.#run(new Engine({ vault, transport: this.wire, clock: this.clock, randomness: systemRandomness }));
  }

  async start(): Promise<void> {
    const vault = await openVault({ file: this.file, randomness: systemRandomness }, this.#wrappingKey);
    this.#run(new Engine({ vault, transport: this.wire, clock: this.clock, randomness: systemRandomness }));
  }

  async stop(): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    await engine?.stop();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** How many records of a kind the vault holds, while nobody has it open. */
  async count<Value>(table: Table<Value>): Promise<number> {
    const vault = await openVault({ file: this.file, randomness: systemRandomness }, this.#wrappingKey);
    try {
      return vault.count(table);
    } finally {
      vault.close();
    }
  }

  /** The vault's files as they are now, while nobody has them open. */
  copyVault(): Map<string, Buffer> {
    const files = [this.file, `${this.file}-wal`].filter((file) => existsSync(file));
    return new Map(files.map((file) => [file, readFileSync(file)]));
  }

  restoreVault(copy: ReadonlyMap<string, Buffer>): void {
    for (const file of [this.file, `${this.file}-wal`]) rmSync(file, { force: true });
    for (const [file, bytes] of copy) writeFileSync(file, bytes);
  }

  /** The conversation with `peer`, opened by name where there is none. */
  async with(peer: Person): Promise<string> {
    const known = this.engine.state().conversations.find(({ title }) => title === peer.name);
    return known ? known.key : (await this.engine.openConversation(peer.name)).key;
  }

  async say(peer: Person, text: string): Promise<MessageView> {
    return this.engine.send(await this.with(peer), { kind: 'text', text });
  }

  /** The last messages with `peer`, oldest first. */
  messages(peer: Person): readonly MessageView[] {
    const conversation = this.engine.state().conversations.find(({ title }) => title === peer.name);
    return conversation ? this.engine.page(conversation.key, { limit: 200 }).messages : [];
  }

  texts(peer: Person): string[] {
    return this.messages(peer).map(({ body }) => textOf(body));
  }

  /** Resolves as soon as `test` holds; it is asked again after each change, and now and then. */
  async until(what: string, test: () => boolean, timeoutMs = 45_000): Promise<void> {
    if (test()) return;
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (this.#engine === undefined || !test()) return;
        done();
        resolve();
      };
      const again = setInterval(look, 50);
      const timer = setTimeout(() => {
        done();
        reject(new Error(`${this.name} waited in vain until ${what}`));
      }, timeoutMs);
      const done = () => {
        clearTimeout(timer);
        clearInterval(again);
        this.#watchers.delete(look);
      };
      this.#watchers.add(look);
    });
  }

  #run(engine: Engine): void {
    this.#engine = engine;
    engine.subscribe((change) => {
      this.changes.push(change);
      // The state after the change is looked at, not the one in the middle of telling it.
      setImmediate(() => {
        for (const look of [...this.#watchers]) look();
      });
    });
    engine.start();
  }
}

/** What a test compares: the text of a message, or in brackets what it is instead. */
export function textOf(body: MessageView['body']): string {
  switch (body.kind) {
    case 'text':
    case 'code':
      return body.text;
    case 'unreadable':
      return `(${body.reason})`;
    case 'event':
      return `(${body.event})`;
  }
}

export class World {
  readonly clock = new FastClock();
  readonly folder = mkdtempSync(join(tmpdir(), 'crypt2chat-scenario-'));
  readonly people: Person[] = [];
  readonly relayLog: string[] = [];
  #relay: RunningRelay | undefined;
  #port = 0;

  get relay(): RunningRelay {
    assert.ok(this.#relay, 'the relay is down');
    return this.#relay;
  }

  async startRelay(): Promise<void> {
    this.#relay = await startRelay({
      dataFolder: join(this.folder, 'relay'),
      port: this.#port,
      clock: this.clock,
      config: { logLevel: 'debug' },
      onLogLine: (line) => this.relayLog.push(line),
    });
    this.#port = this.#relay.port;
  }

  async stopRelay(): Promise<void> {
    await this.#relay?.stop();
    this.#relay = undefined;
  }

  /** Somebody with a vault and no account. */
  async meet(name: string): Promise<Person> {
    const person = new Person(name, this.folder, this.clock);
    this.people.push(person);
    await person.create();
    return person;
  }

  async register(name: string): Promise<Person> {
    const person = await this.meet(name);
    await person.engine.register({ relay: this.relay.origin, username: name });
    await person.until('the relay was reached', () => person.engine.state().connection.state === 'online');
    return person;
  }

  /** Two people who have accepted each other. */
  async pair(): Promise<[Person, Person]> {
    const alice = await this.register('alice');
    const bob = await this.register('bob');
    await alice.say(bob, 'hello');
    await bob.until('the request came', () => bob.messages(alice).length === 1);
    bob.engine.answerRequest(await bob.with(alice), 'accept');
    await alice.until('it was delivered', () => alice.messages(bob)[0]?.state === 'delivered');
    return [alice, bob];
  }

  async close(): Promise<void> {
    for (const person of this.people) await person.stop();
    await this.stopRelay();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
