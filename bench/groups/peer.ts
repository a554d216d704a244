/**
 * One round of ts-mls: the same work as in ours.ts, as far as MLS has it. Nothing is kept in a store and nothing goes
 * over HTTP, which ours does: the messages are encoded by the one and decoded by the other, and that is all.
 */
import assert from 'node:assert/strict';
import { concat } from '@crypt2chat/shared/bytes';
import { costOf } from '../measure.ts';
import { type Measured, type Measures, middle } from './table.ts';
import {
  loadTsMls,
  type KeyPackage,
  type Proposal,
  type State,
  type Suite,
  suiteName,
  type TsMls,
} from './ts-mls.ts';

const text = new TextEncoder().encode(
  'A message as people write them in a team, about a hundred characters long: have you seen this?',
);
const messagesOneByOne = 20;
/** The leaf of the member who follows. */
const follower = 5;
const none = new Uint8Array(0);

export async function measurePeer(
  folder: string,
  options: { readonly size: number; readonly caughtUp: number },
): Promise<Measures> {
  const mls = await loadTsMls(folder);
  const suite = await mls.getCiphersuiteImpl(mls.getCiphersuiteFromName(suiteName), mls.nobleCryptoProvider);
  const warmUp = { size: 6, caughtUp: messagesOneByOne };
  await new Group(mls, suite, await packages(mls, suite, warmUp.size + 1)).measure(warmUp);
  return new Group(mls, suite, await packages(mls, suite, options.size + 1)).measure(options);
}

function packages(mls: TsMls, suite: Suite, count: number): Promise<KeyPackage[]> {
  const { defaultLifetime } = mls;
  const lifetime: unknown = typeof defaultLifetime === 'function' ? defaultLifetime() : defaultLifetime;
  return Promise.all(
    Array.from({ length: count }, (_, i) => {
      const identity = new TextEncoder().encode(`member-${i}`);
      return mls.generateKeyPackage(
        { credentialType: 'basic', identity },
        mls.defaultCapabilities(),
        lifetime,
        [],
        suite,
      );
    }),
  );
}

/** The first of `people` makes the group, the last is added to it and removed again, the sixth follows. */
class Group {
  readonly #mls: TsMls;
  readonly #suite: Suite;
  readonly #people: readonly KeyPackage[];
  readonly #measured: Record<string, Measured> = {};
  #makes!: State;
  #follows!: State;

  constructor(mls: TsMls, suite: Suite, people: readonly KeyPackage[]) {
    this.#mls = mls;
    this.#suite = suite;
    this.#people = people;
  }

  async measure({ size, caughtUp }: { size: number; caughtUp: number }): Promise<Measures> {
    const mls = this.#mls;
    const [first, last] = [this.#people[0]!, this.#people[size]!];
    const welcome = await this.#measure('create', async () => {
      const id = new Uint8Array(32).fill(1);
      this.#makes = await mls.createGroup(id, first.publicPackage, first.privatePackage, [], this.#suite);
      // Nobody else is in it yet, so the commit itself goes nowhere.
      return (await this.#commit(this.#people.slice(1, size).map(add))).welcome;
    });
    await this.#measure('create: a member joins', async () => {
      this.#follows = await this.#join(welcome, follower, this.#suite);
    });
    const rotation = await this.#change('rotate, before others have', []);
    await this.#fillTree(welcome, rotation.commit, size);
    await this.#sendOneByOne();
    const added = await this.#change('add one', [add(last)]);
    await this.#measure('add one: who was added joins', async () => {
      await this.#join(added.welcome, size, this.#suite);
    });
    await this.#change('rotate', []);
    await this.#change('remove one', [{ proposalType: 'remove', remove: { removed: size } }]);
    await this.#catchUp(caughtUp);
    return this.#measured;
  }

  /** @param work gives what goes to the relay. */
  async #measure(name: string, work: () => Promise<unknown>): Promise<Uint8Array> {
    let sent: Uint8Array = none;
    const cost = await costOf(async () => {
      const result = await work();
      if (result instanceof Uint8Array) sent = result;
    });
    this.#measured[name] = { ...cost, posted: sent.length, fetched: 0 };
    return sent;
  }

  async #commit(proposals: readonly Proposal[]): Promise<{ commit: Uint8Array; welcome: Uint8Array }> {
    const mls = this.#mls;
    const context = { state: this.#makes, cipherSuite: this.#suite };
    const made = await mls.createCommit(context, { extraProposals: proposals, ratchetTreeExtension: true });
    this.#makes = made.newState;
    const { welcome } = made;
    return {
      commit: mls.encodeMlsMessage(made.commit),
      welcome: welcome
        ? mls.encodeMlsMessage({ version: 'mls10', wireformat: 'mls_welcome', welcome })
        : none,
    };
  }

  async #change(
    name: string,
    proposals: readonly Proposal[],
  ): Promise<{ commit: Uint8Array; welcome: Uint8Array }> {
    let made: { commit: Uint8Array; welcome: Uint8Array } = { commit: none, welcome: none };
    await this.#measure(name, async () => {
      made = await this.#commit(proposals);
      return concat(made.commit, made.welcome);
    });
    await this.#measure(`${name}: a member follows`, async () => {
      this.#follows = await this.#follow(this.#follows, made.commit, this.#suite);
    });
    return made;
  }

  async #join(welcome: Uint8Array, leaf: number, suite: Suite): Promise<State> {
    const mls = this.#mls;
    const { publicPackage, privatePackage } = this.#people[leaf]!;
    const message = mls.decodeMlsMessage(welcome, 0)![0];
    return mls.joinGroup(message.welcome, publicPackage, privatePackage, mls.emptyPskIndex, suite);
  }

  async #follow(state: State, message: Uint8Array, suite: Suite): Promise<State> {
    const mls = this.#mls;
    const { privateMessage } = mls.decodeMlsMessage(message, 0)![0];
    return (await mls.processPrivateMessage(state, privateMessage, mls.emptyPskIndex, suite)).newState;
  }

  /**
   * One member below each node beside the maker's path commits, so that the maker's own commits encrypt to as few keys
   * as they ever can: a tree at its best. Not measured, and to save time, no signature is checked meanwhile.
   */
  async #fillTree(welcome: Uint8Array, rotation: Uint8Array, size: number): Promise<void> {
    const mls = this.#mls;
    const { signature } = this.#suite;
    const trusting = { ...this.#suite, signature: { ...signature, verify: () => Promise.resolve(true) } };
    const states: State[] = [];
    for (let leaf = 1; leaf < size; leaf *= 2)
      states.push(await this.#follow(await this.#join(welcome, leaf, trusting), rotation, trusting));
    for (let i = 0; i < states.length; i++) {
      const context = { state: states[i]!, cipherSuite: trusting };
      const made = await mls.createCommit(context, { extraProposals: [], ratchetTreeExtension: true });
      const commit = mls.encodeMlsMessage(made.commit);
      for (let other = 0; other < states.length; other++)
        states[other] = other === i ? made.newState : await this.#follow(states[other]!, commit, trusting);
      this.#makes = await this.#follow(this.#makes, commit, trusting);
      this.#follows = await this.#follow(this.#follows, commit, trusting);
    }
  }

  async #seal(): Promise<Uint8Array> {
    const mls = this.#mls;
    const { newState, privateMessage } = await mls.createApplicationMessage(this.#makes, text, this.#suite);
    this.#makes = newState;
    return mls.encodeMlsMessage({ version: 'mls10', wireformat: 'mls_private_message', privateMessage });
  }

  async #open(message: Uint8Array): Promise<void> {
    const mls = this.#mls;
    const { privateMessage } = mls.decodeMlsMessage(message, 0)![0];
    const opened = await mls.processPrivateMessage(
      this.#follows,
      privateMessage,
      mls.emptyPskIndex,
      this.#suite,
    );
    assert.equal(opened.kind, 'applicationMessage');
    this.#follows = opened.newState;
  }

  async #sendOneByOne(): Promise<void> {
    const sends: Measured[] = [];
    const opens: Measured[] = [];
    for (let i = 0; i < messagesOneByOne; i++) {
      const message = await this.#measure('send', () => this.#seal());
      await this.#measure('open', () => this.#open(message));
      sends.push(this.#measured['send']!);
      opens.push(this.#measured['open']!);
    }
    this.#measured['send'] = middle(sends);
    this.#measured['open'] = middle(opens);
  }

  async #catchUp(count: number): Promise<void> {
    const messages: Uint8Array[] = [];
    await this.#measure('send many', async () => {
      for (let i = 0; i < count; i++) messages.push(await this.#seal());
      return concat(...messages);
    });
    await this.#measure('catch up', async () => {
      for (const message of messages) await this.#open(message);
    });
  }
}

function add({ publicPackage }: KeyPackage): Proposal {
  return { proposalType: 'add', add: { keyPackage: publicPackage } };
}
