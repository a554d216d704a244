/**
 * A device of a schedule: the engine's own steps on a real vault, called one at a time by whoever drives it instead
 * of by its loops. So a schedule that went wrong can be run again from its seed.
 */
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { toBase64url } from '@crypt2chat/shared/bytes';
import type { Clock } from '@crypt2chat/shared/clock';
import { CodedError, hasCode } from '@crypt2chat/shared/errors';
import type { Transport, TransportRequest, TransportResponse } from '@crypt2chat/shared/engine';
import type { Randomness } from '@crypt2chat/shared/primitives';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { Core } from '../../src/engine/core.ts';
import { intend } from '../../src/engine/groups/committing.ts';
import { listGroups } from '../../src/engine/groups/group.ts';
import { GroupSync } from '../../src/engine/groups/index.ts';
import { Groups } from '../../src/engine/groups/commands.ts';
import { lookUp, newContact } from '../../src/engine/contacts.ts';
import { addOwnMessage, beginConversation, findConversation } from '../../src/engine/conversations.ts';
import { Outbox } from '../../src/engine/outbox.ts';
import { tendPrekeys } from '../../src/engine/prekey-keeper.ts';
import { contacts, conversations, messages, type ContactRecord } from '../../src/engine/records.ts';
import { beginRegistration, finishRegistration } from '../../src/engine/registration.ts';
import { RelayClient } from '../../src/engine/relay-client.ts';
import { pollOnce } from '../../src/engine/sync.ts';
import { createVault, openVault } from '../../src/engine/vault/index.ts';

/** The process ends here: everything in memory is gone. */
export class Crash extends Error {}

export type Step = 'mail' | 'post' | 'read' | 'work';
export const steps: readonly Step[] = ['mail', 'post', 'read', 'work'];

/** What happens to a request on its way. */
export type Line = (
  request: TransportRequest,
  pass: () => Promise<TransportResponse>,
) => Promise<TransportResponse>;

const none = new AbortController().signal;

export class Device {
  readonly name: string;
  readonly #file: string;
  readonly #clock: Clock;
  readonly #send: Transport['request'];
  readonly #origin: string;
  readonly #key: Uint8Array;
  readonly #seed: string;
  readonly #randomness: Randomness | undefined;
  #life = 0;
  #core: Core | undefined;
  #relay!: RelayClient;
  #outbox!: Outbox;
  #sync!: GroupSync;
  commands!: Groups;
  line: Line = (_request, pass) => pass();

  constructor(options: {
    readonly name: string;
    readonly folder: string;
    readonly clock: Clock;
    readonly origin: string;
    readonly send: Transport['request'];
    readonly seed: string;
    /** Drawn from the seed where it is not given. */
    readonly randomness?: Randomness;
  }) {
    this.name = options.name;
    this.#file = join(options.folder, `${options.name}.vault`);
    this.#clock = options.clock;
    this.#send = options.send;
    this.#origin = options.origin;
    this.#seed = `${options.seed}/${options.name}`;
    this.#randomness = options.randomness;
    this.#key = seededRandomness(`${this.#seed}/key`).bytes(32);
  }

  get core(): Core {
    if (!this.#core) throw new TypeError(`${this.name} is not running`);
    return this.#core;
  }

  async create(): Promise<void> {
    const randomness = this.#draw('vault');
    const vault = await createVault({ file: this.#file, randomness }, this.#key);
    this.#begin(vault);
    beginRegistration(this.core, { relay: this.#origin, username: this.name });
    const client = this.#client();
    await finishRegistration(this.core, client);
    await tendPrekeys(this.core, client, none);
    this.#connect();
  }

  /** Whatever was not durable is gone. */
  async restart(): Promise<void> {
    this.#core?.vault.close();
    const randomness = this.#draw(`vault/${++this.#life}`);
    this.#begin(await openVault({ file: this.#file, randomness }, this.#key));
    this.#connect();
  }

  /** What somebody has who copies the vault now and knows its key; to be closed by whoever asked for it. */
  async copy(): Promise<Core> {
    this.#core?.vault.close();
    const file = `${this.#file}.copy-${++this.#life}`;
    for (const end of ['', '-wal'])
      if (existsSync(this.#file + end)) copyFileSync(this.#file + end, file + end);
    await this.restart();
    const randomness = seededRandomness(`${this.#seed}/copy/${this.#life}`);
    return new Core(await openVault({ file, randomness }, this.#key), this.#clock, randomness);
  }

  close(): void {
    this.#core?.vault.close();
    this.#core = undefined;
  }

  /** One round of one of the engine's loops. @returns whether it ended by a failure that the engine expects. */
  async step(step: Step): Promise<boolean> {
    try {
      await this.#do(step);
      return false;
    } catch (error) {
      if (hasCode(error) && !error.code.startsWith('ERR_DATABASE') && error.code !== 'ERR_VAULT_CORRUPT')
        return true;
      throw error;
    }
  }

  tend(): Promise<void> {
    return tendPrekeys(this.core, this.#relay, none);
  }

  /** The person lets the others in: requests are accepted. */
  acceptAll(): void {
    const { core } = this;
    core.transaction(() => {
      for (const conversation of core.vault.list(conversations, { limit: 1_000 }))
        if (conversation.status === 'request')
          core.vault.put(conversations, { ...conversation, status: 'active' as const });
    });
  }

  /** As when the week is over, in all groups or in one. */
  rotate(only?: string): void {
    const { core } = this;
    for (const { id, standing, conversation } of listGroups(core)) {
      const isMeant = only === undefined || (conversation && toBase64url(conversation) === only);
      if (standing === 'ready' && isMeant) core.transaction(() => intend(core, id, { kind: 'rotate' }));
    }
  }

  say(conversation: string, text: string): void {
    const { core } = this;
    core.transaction(() => addOwnMessage(core, findConversation(core, conversation), { kind: 'text', text }));
  }

  /** Says something to somebody alone. */
  async greet(name: string): Promise<void> {
    const { core } = this;
    const contact = await this.#resolve(name);
    core.transaction(() => {
      addOwnMessage(core, beginConversation(core, contact), { kind: 'text', text: `hello ${name}` });
    });
  }

  /** How many texts there are in the conversation. */
  countTexts(conversation: string): number {
    const { core } = this;
    const { id } = findConversation(core, conversation);
    const all = core.vault.list(messages, { scope: id, limit: 100_000 });
    return all.filter(({ body }) => body.kind === 'text').length;
  }

  async #do(step: Step): Promise<void> {
    switch (step) {
      case 'mail':
        await pollOnce(this.core, this.#relay, 0, none);
        return;
      case 'post':
        await this.#outbox.run(none);
        return;
      case 'read': {
        const groups = this.#sync.readable();
        if (groups.length > 0) await this.#sync.read(groups, 0, none);
        return;
      }
      case 'work':
        await this.#sync.work(none);
    }
  }

  #begin(vault: Awaited<ReturnType<typeof openVault>>): void {
    this.#core = new Core(vault, this.#clock, this.#draw(String(this.#life)));
  }

  #draw(what: string): Randomness {
    return this.#randomness ?? seededRandomness(`${this.#seed}/${what}`);
  }

  #client(): RelayClient {
    const account = this.core.requireAccount();
    const request: Transport['request'] = (asked, signal) =>
      this.line(asked, () => this.#send(asked, signal));
    return new RelayClient(this.#origin, { request }, this.#clock, {
      accountId: this.core.identityOf(account).accountId,
      deviceId: this.core.deviceIdOf(account),
      signingKey: this.core.deviceOf(account).sign.privateKey,
    });
  }

  #connect(): void {
    const { core } = this;
    this.#relay = this.#client();
    this.#outbox = new Outbox(core, this.#relay);
    this.#sync = new GroupSync(core, this.#relay, (account) => this.#outbox.isHeld(account));
    core.onTouched((conversation) => this.#outbox.touch(conversation));
    this.commands = new Groups(
      core,
      () => this.#relay,
      (address) => this.#resolve(address),
    );
  }

  async #resolve(name: string): Promise<ContactRecord> {
    const { core } = this;
    const known = core.vault.list(contacts, { limit: 1_000 }).find(({ username }) => username === name);
    if (known) return known;
    const identity = await lookUp(this.#relay, name, undefined);
    return core.transaction(() => {
      const contact = newContact(identity, { verified: false, nameChecked: true });
      core.vault.put(contacts, contact);
      return contact;
    });
  }
}

export function unreachable(): CodedError {
  return new CodedError('ERR_RELAY_UNREACHABLE', 'no answer');
}
