/** The chat view's controller with real sessions: what a webview is told, whenever it comes and goes. */
import assert from 'node:assert/strict';
import * as v from 'valibot';
import { type ChatActions, ChatController } from '../../src/host/chat/index.ts';
import type { Session } from '../../src/host/session/index.ts';
import {
  type FromWebview,
  type Screen,
  type ToWebview,
  toWebviewSchema,
  type ViewMember,
} from '../../src/ipc/index.ts';
import { addressOf, memorySecrets, People } from './people.ts';

/** A webview that keeps what it is told. */
class View {
  readonly controller: ChatController;
  readonly said: string[] = [];
  messages: ToWebview[] = [];
  remembered: string | undefined;
  #wake: () => void = () => undefined;

  constructor(session: Session, remembered?: string) {
    const note = (what: string) => () => void this.said.push(what);
    const actions: ChatActions = {
      formDefaults: () => ({ relay: 'https://relay.example.org', username: 'alice' }),
      registered: note('registered'),
      recover: note('recover'),
      unlock: note('unlock'),
      newConversation: note('newConversation'),
      copyAddress: note('copyAddress'),
      attachSelection: note('attachSelection'),
      deleteMessage: note('deleteMessage'),
      showMembers: note('showMembers'),
      showReceipts: note('showReceipts'),
      leaveGroup: note('leaveGroup'),
      copy: note('copy'),
      openLink: note('openLink'),
      openCode: note('openCode'),
      say: (code) => void this.said.push(code),
      remember: (key) => {
        this.remembered = key;
      },
      shownChanged: () => undefined,
    };
    this.controller = new ChatController(session, actions, remembered);
  }

  /** The page is loaded. */
  ready(): Promise<void> {
    this.messages = [];
    return this.controller.ready((message) => {
      // Everything that is posted passes the webview's own check, after a structured clone as VS Code makes it.
      this.messages.push(v.parse(toWebviewSchema, structuredClone(message)));
      this.#wake();
    });
  }

  say(message: FromWebview): Promise<void> {
    return this.controller.receive(message);
  }

  async until<Type extends ToWebview['type']>(
    type: Type,
    accept: (message: Extract<ToWebview, { type: Type }>) => boolean = () => true,
  ): Promise<Extract<ToWebview, { type: Type }>> {
    for (;;) {
      for (const message of this.messages) {
        const found = message as Extract<ToWebview, { type: Type }>;
        if (message.type === type && accept(found)) return found;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async untilScreen<Name extends Screen['screen']>(name: Name): Promise<Extract<Screen, { screen: Name }>> {
    const { screen } = await this.until('screen', (message) => message.screen.screen === name);
    return screen as Extract<Screen, { screen: Name }>;
  }

  screens(): string[] {
    return this.messages.flatMap((message) => (message.type === 'screen' ? [message.screen.screen] : []));
  }
}

describe('the chat view', function () {
  this.timeout(60_000);
  let people: People;
  let alice: Session;
  let bob: Session;
  let key: string;

  before(async () => {
    people = await People.gather();
    alice = await people.register();
    bob = await people.register();
    ({ key } = await alice.call('openConversation', { address: addressOf(bob) ?? '' }));
  });
  after(() => people.leave());

  const text = (words: string) => ({ kind: 'text', text: words }) as const;

  it('shows the form, keeps it while registering, and then the empty chat', async () => {
    const session = people.session(await people.newStorage(), memorySecrets());
    const view = new View(session);
    await view.ready();
    assert.deepEqual(view.screens(), ['loading']);
    await session.start();
    const form = await view.untilScreen('register');
    assert.deepEqual([form.relay, form.username], ['https://relay.example.org', 'alice']);

    const relay = people.relay.origin;
    await view.say({ type: 'check-relay', relay });
    assert.equal((await view.until('relay')).result.state, 'reachable');
    const takenName = addressOf(bob)?.split('#')[0] ?? '';
    await view.say({ type: 'register', relay, username: takenName });
    assert.equal((await view.until('register-failed')).code, 'ERR_NAME_TAKEN');
    assert.deepEqual(view.said, []);
    await view.say({ type: 'register', relay, username: people.newName() });
    const empty = await view.untilScreen('empty');
    assert.equal(empty.address, addressOf(session));
    assert.equal(empty.hasConversations, false);
    assert.deepEqual(view.said, ['registered']);
    assert.equal(view.screens().filter((name) => name === 'register').length, 1);
    assert.equal(
      view.screens().filter((name) => name === 'loading').length,
      view.screens().indexOf('register'),
    );
  });

  it('says that a relay cannot be reached', async () => {
    const view = new View(alice);
    await view.ready();
    await view.say({ type: 'check-relay', relay: 'http://127.0.0.1:1' });
    assert.deepEqual((await view.until('relay')).result, { state: 'failed', code: 'ERR_RELAY_UNREACHABLE' });
  });

  it('opens a conversation and tells each change of it, and of no other', async () => {
    const view = new View(alice);
    await view.ready();
    assert.deepEqual(view.screens(), ['empty']);
    view.controller.open(key);
    const screen = await view.untilScreen('conversation');
    assert.equal(screen.conversation.key, key);
    assert.deepEqual([view.controller.conversation, view.remembered], [key, key]);

    await view.say({ type: 'send', conversation: key, draft: text('first') });
    const { message } = await view.until('message', ({ message: { own } }) => own);
    assert.deepEqual([message.body, message.conversation], [text('first'), key]);

    const { key: other } = await alice.call('openConversation', {
      address: addressOf(await people.register()) ?? '',
    });
    await view.say({ type: 'send', conversation: other, draft: text('elsewhere') });
    await view.say({ type: 'save-draft', conversation: key, text: 'half a' });
    const { conversation } = await view.until('conversation', (each) => each.conversation.draft === 'half a');
    assert.equal(conversation.key, key);
    assert.ok(!JSON.stringify(view.messages).includes('elsewhere'));
  });

  it('gives a draft back that the engine does not take', async () => {
    const view = new View(alice, key);
    await view.ready();
    await view.untilScreen('conversation');
    const draft = text('x'.repeat(20_000));
    await view.say({ type: 'send', conversation: key, draft });
    assert.deepEqual((await view.until('not-sent')).draft, draft);
    await view.say({ type: 'retry', conversation: key, key: 'A'.repeat(22) });
    assert.deepEqual(view.said, ['ERR_MESSAGE_UNKNOWN']);
  });

  it('is told everything anew at each ready, and nothing while it is hidden', async () => {
    const view = new View(alice, key);
    await view.ready();
    await view.untilScreen('conversation');
    view.controller.gone();
    assert.equal(view.controller.conversation, undefined);
    view.messages = [];
    await alice.call('send', { conversation: key, draft: text('while hidden') });
    assert.deepEqual(view.messages, []);
    await view.ready();
    const screen = await view.untilScreen('conversation');
    assert.ok(screen.messages.some(({ body }) => body.kind === 'text' && body.text === 'while hidden'));
    assert.equal(screen.conversation.draft, '');
  });

  it('gets code and focus once there is a composer for them, and once only', async () => {
    const code = { text: 'f()', language: 'typescript', path: 'a.ts', startLine: 1, endLine: 1 };
    const view = new View(alice);
    view.controller.attach(key, code);
    view.controller.focusComposer();
    await view.ready();
    assert.deepEqual((await view.until('attach')).code, code);
    await view.until('focus');
    view.controller.gone();
    await view.ready();
    await view.untilScreen('conversation');
    assert.ok(!view.messages.some(({ type }) => type === 'attach' || type === 'focus'));
  });

  it('shows the last of several that were opened in haste', async () => {
    const { key: other } = await alice.call('openConversation', {
      address: addressOf(await people.register()) ?? '',
    });
    const view = new View(alice);
    await view.ready();
    view.controller.open(other);
    view.controller.open(key);
    await view.untilScreen('conversation');
    assert.equal(view.controller.conversation, key);
    assert.deepEqual(view.screens(), ['empty', 'conversation']);
  });

  it('pages back through what is older', async () => {
    for (let n = 0; n < 65; n++) await alice.call('send', { conversation: key, draft: text(`number ${n}`) });
    const view = new View(alice, key);
    await view.ready();
    const screen = await view.untilScreen('conversation');
    assert.equal(screen.messages.length, 60);
    assert.equal(screen.hasOlder, true);
    const first = screen.messages[0];
    assert.ok(first);
    await view.say({
      type: 'load-older',
      conversation: key,
      before: { counter: first.counter, key: first.key },
    });
    const older = await view.until('older');
    assert.equal(older.hasOlder, false);
    const last = older.messages.at(-1);
    assert.ok(last && last.counter <= first.counter && last.key !== first.key);
  });

  it('tells who is in a group, and again when that has changed and at no other time', async () => {
    const names = (members: readonly ViewMember[] | undefined) =>
      members?.map(({ name, own }) => [name, own]);
    const aliceName = addressOf(alice)?.split('#')[0];
    const bobName = addressOf(bob)?.split('#')[0];
    const group = await alice.call('createGroup', { name: 'crew', addresses: [addressOf(bob) ?? ''] });
    const view = new View(alice, group.key);
    await view.ready();
    const screen = await view.untilScreen('conversation');
    assert.deepEqual(names(screen.members), [
      [aliceName, true],
      [bobName, false],
    ]);
    assert.equal(screen.conversation.group?.verifiedPeople, 2);
    await view.say({ type: 'send', conversation: group.key, draft: text('no news of the members') });
    await view.say({ type: 'save-draft', conversation: group.key, text: 'nor this' });
    await view.until('conversation', (each) => each.conversation.draft === 'nor this');
    assert.ok(!view.messages.some(({ type }) => type === 'members'));

    const carol = await people.register();
    const carolName = addressOf(carol)?.split('#')[0];
    await alice.call('addToGroup', {
      conversation: group.key,
      addresses: [addressOf(carol) ?? ''],
      shareLast: 0,
    });
    const { members } = await view.until('members');
    assert.deepEqual(names(members)?.at(-1), [carolName, false]);
    const { message } = await view.until('message', (each) => each.message.body.kind === 'event');
    assert.ok(message.body.kind === 'event' && message.body.event === 'added');

    await view.say({ type: 'show-members', conversation: group.key });
    await view.say({ type: 'show-receipts', conversation: group.key, key: message.key });
    await view.say({ type: 'leave-group', conversation: group.key });
    assert.deepEqual(view.said, ['showMembers', 'showReceipts', 'leaveGroup']);
  });

  it('follows the session into another window and back', async () => {
    const storage = await people.newStorage();
    const secrets = memorySecrets();
    const first = await people.register(storage, secrets);
    const second = people.session(storage, secrets);
    const view = new View(second);
    await view.ready();
    await second.start();
    await view.untilScreen('elsewhere');
    view.messages = [];
    await view.say({ type: 'retry-open' });
    await view.untilScreen('empty');
    await first.retry();
    await view.untilScreen('elsewhere');
  });
});
