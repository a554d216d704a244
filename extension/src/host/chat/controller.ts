/**
 * Between the session and the chat webview: what fills the view, and what comes out of it. The webview may go away and
 * come back at any time (hidden, moved, reloaded); it says `ready` each time and gets the whole screen, then deltas.
 * What the host wants of it before it is ready waits here, and there is at most one of each.
 */
import type { CodeAnchor, ConversationKey, EngineChange } from '@crypt2chat/shared/engine';
import { hasCode } from '@crypt2chat/shared/errors';
import type { FromWebview, Screen, ToWebview } from '../../ipc/index.ts';
import type { Session, SessionState } from '../session/index.ts';
import { Members } from './members.ts';

/** What the view asks for that only VS Code can do. None of them throws. */
export interface ChatActions {
  /** What the form begins with. */
  formDefaults(): { readonly relay: string; readonly username: string };
  /** There is an account now. */
  registered(): void;
  recover(): void;
  unlock(): void;
  newConversation(): void;
  copyAddress(): void;
  attachSelection(): void;
  showMembers(conversation: ConversationKey): void;
  /** With whom a message of ours has arrived, and who has read it. */
  showReceipts(conversation: ConversationKey, key: string): void;
  /** Asks first. */
  leaveGroup(conversation: ConversationKey): void;
  /** Asks first. */
  deleteMessage(conversation: ConversationKey, key: string): void;
  copy(text: string): void;
  openLink(url: string): void;
  openCode(path: string, startLine: number, endLine: number): void;
  /** Something that was asked for did not work. */
  say(code: string): void;
  /** The conversation to come back to in this window, by its key alone. */
  remember(conversation: ConversationKey | undefined): void;
  /** What is on the screen changed. */
  shownChanged(): void;
}

export type PostMessage = (message: ToWebview) => void;

const pageMessages = 60;

export class ChatController {
  readonly #session: Session;
  readonly #actions: ChatActions;
  readonly #unsubscribe: () => void;
  /** Set while there is a view whose script runs. */
  #post: PostMessage | undefined;
  /** What the person wants to see, and what the view shows by now. */
  #wanted: ConversationKey | undefined;
  #shown: Screen['screen'] | undefined;
  #shownConversation: ConversationKey | undefined;
  readonly #members: Members;
  /** Who is typing where, by name. */
  readonly #typing = new Map<ConversationKey, readonly string[]>();
  #attachment: { readonly conversation: ConversationKey; readonly code: CodeAnchor } | undefined;
  #focus = false;
  /** Counts what fills the view, so that a page that comes late does not replace a later one. */
  #turn = 0;

  constructor(session: Session, actions: ChatActions, remembered: ConversationKey | undefined) {
    this.#session = session;
    this.#actions = actions;
    this.#wanted = remembered;
    this.#members = new Members(session, (conversation, members) => {
      if (conversation !== this.#shownConversation) return;
      this.#post?.({ type: 'members', conversation, members });
    });
    this.#unsubscribe = session.subscribe({
      onState: (state) => this.#onState(state),
      onChange: (change) => this.#onChange(change),
    });
  }

  /** The conversation on the screen, if there is one. */
  get conversation(): ConversationKey | undefined {
    return this.#shownConversation;
  }

  /** The webview's script runs and shows nothing yet. */
  async ready(post: PostMessage): Promise<void> {
    this.#post = post;
    this.#shown = undefined;
    await this.#fill();
  }

  /** The view is hidden or gone. */
  gone(): void {
    this.#post = undefined;
    this.#turn++;
    this.#setShown(undefined, undefined);
  }

  open(conversation: ConversationKey): void {
    this.#wanted = conversation;
    this.#actions.remember(conversation);
    if (this.#shownConversation === conversation) this.#flush();
    else void this.#fill();
  }

  /** The keyboard goes into the composer as soon as there is one: the person asked for it. */
  focusComposer(): void {
    this.#focus = true;
    this.#flush();
  }

  /** Opens the conversation with `code` in its composer, to be sent with the next message. */
  attach(conversation: ConversationKey, code: CodeAnchor): void {
    this.#attachment = { conversation, code };
    this.open(conversation);
  }

  dispose(): void {
    this.#unsubscribe();
    this.gone();
  }

  /** Takes what the webview says; it has been parsed. */
  async receive(message: FromWebview): Promise<void> {
    try {
      await this.#handle(message);
    } catch (error) {
      this.#actions.say(codeOf(error));
    }
  }

  async #handle(message: FromWebview): Promise<void> {
    const session = this.#session;
    const actions = this.#actions;
    switch (message.type) {
      case 'ready':
        return;
      case 'check-relay':
        return this.#checkRelay(message.relay);
      case 'register': {
        const { type: _, ...registration } = message;
        return this.#register(registration);
      }
      case 'recover':
        return actions.recover();
      case 'unlock':
        return actions.unlock();
      case 'retry-open':
        await session.retry();
        return;
      case 'new-conversation':
        return actions.newConversation();
      case 'copy-address':
        return actions.copyAddress();
      case 'send':
        return this.#send(message);
      case 'save-draft':
        await session.call('saveDraft', { conversation: message.conversation, text: message.text });
        return;
      case 'load-older':
        return this.#loadOlder(message);
      case 'retry':
        await session.call('retry', { conversation: message.conversation, key: message.key });
        return;
      case 'delete':
        return actions.deleteMessage(message.conversation, message.key);
      case 'show-members':
        return actions.showMembers(message.conversation);
      case 'show-receipts':
        return actions.showReceipts(message.conversation, message.key);
      case 'leave-group':
        return actions.leaveGroup(message.conversation);
      case 'answer-request':
        await session.call('answerRequest', { conversation: message.conversation, answer: message.answer });
        return;
      case 'typing':
        // Told at once or not at all: whether it worked is nothing to bother anybody with.
        await session
          .call('setTyping', { conversation: message.conversation, typing: message.typing })
          .catch(() => undefined);
        return;
      case 'mark-read':
        await session.call('markRead', { conversation: message.conversation, upTo: message.upTo });
        return;
      case 'copy':
        return actions.copy(message.text);
      case 'open-link':
        return actions.openLink(message.url);
      case 'open-code':
        return actions.openCode(message.path, message.startLine, message.endLine);
      case 'attach-selection':
        return actions.attachSelection();
    }
  }

  async #checkRelay(relay: string): Promise<void> {
    try {
      const { registration, retentionDays } = await this.#session.checkRelay(relay);
      this.#post?.({ type: 'relay', relay, result: { state: 'reachable', registration, retentionDays } });
    } catch (error) {
      this.#post?.({ type: 'relay', relay, result: { state: 'failed', code: codeOf(error) } });
    }
  }

  async #register(registration: Parameters<Session['register']>[0]): Promise<void> {
    try {
      await this.#session.register(registration);
    } catch (error) {
      this.#post?.({ type: 'register-failed', code: codeOf(error) });
      return;
    }
    this.#actions.registered();
  }

  async #send({ conversation, draft }: Extract<FromWebview, { type: 'send' }>): Promise<void> {
    try {
      await this.#session.call('send', { conversation, draft });
    } catch (error) {
      const code = codeOf(error);
      if (this.#post) this.#post({ type: 'not-sent', conversation, draft, code });
      else this.#actions.say(code);
    }
  }

  async #loadOlder({ conversation, before }: Extract<FromWebview, { type: 'load-older' }>): Promise<void> {
    const page = await this.#session.call('page', { conversation, before, limit: pageMessages });
    this.#post?.({ type: 'older', conversation, messages: [...page.messages], hasOlder: page.hasOlder });
  }

  #onState(state: SessionState): void {
    if (state.kind !== 'open') this.#typing.clear();
    void this.#fill();
  }

  #onChange(change: EngineChange): void {
    switch (change.kind) {
      case 'account':
        // The form gives way to the chat. Later changes of the account show nowhere in the view.
        if (this.#shown === 'register') void this.#fill();
        return;
      case 'connection':
        this.#post?.({ type: 'connection', connection: change.connection });
        return;
      case 'conversation':
        if (change.conversation.key === this.#shownConversation) {
          this.#post?.({ type: 'conversation', conversation: change.conversation });
          if (change.conversation.group !== undefined) void this.#members.refresh(change.conversation.key);
        } else if (this.#shown === 'empty') void this.#fill();
        return;
      case 'message':
        if (change.message.conversation !== this.#shownConversation) return;
        this.#post?.({ type: 'message', message: change.message, arrived: change.arrived });
        return;
      case 'message-removed':
        if (change.conversation !== this.#shownConversation) return;
        this.#post?.({ type: 'message-removed', conversation: change.conversation, key: change.key });
        return;
      case 'typing':
        if (change.people.length > 0) this.#typing.set(change.conversation, change.people);
        else this.#typing.delete(change.conversation);
        if (change.conversation !== this.#shownConversation) return;
        this.#post?.({ type: 'typing', conversation: change.conversation, people: change.people });
    }
  }

  /** Fills the view with what it should show now. */
  async #fill(): Promise<void> {
    const turn = ++this.#turn;
    if (!this.#post) return;
    let screen: Screen;
    try {
      screen = await this.#screen();
    } catch (error) {
      // The session's own state says what to show instead, as soon as it has changed.
      if (turn === this.#turn && !hasCode(error, 'ERR_ENGINE_STOPPED')) this.#actions.say(codeOf(error));
      return;
    }
    if (turn !== this.#turn) return;
    // What somebody has typed into the form stays.
    if (screen.screen === 'register' && this.#shown === 'register') return;
    const { state } = this.#session;
    if (state.kind === 'open') this.#post({ type: 'connection', connection: state.engine.connection });
    this.#post({ type: 'screen', screen });
    this.#setShown(screen.screen, screen.screen === 'conversation' ? screen.conversation.key : undefined);
    this.#flush();
  }

  async #screen(): Promise<Screen> {
    const { state } = this.#session;
    switch (state.kind) {
      case 'asleep':
      case 'opening':
        return { screen: 'loading' };
      case 'fresh':
        return { screen: 'register', ...this.#actions.formDefaults() };
      case 'elsewhere':
        return { screen: 'elsewhere' };
      case 'locked':
        return { screen: 'locked', reason: state.reason };
      case 'open':
        break;
    }
    const { account, conversations } = state.engine;
    if (!account) return { screen: 'register', ...this.#actions.formDefaults() };
    const wanted = this.#wanted;
    const { username, address } = account;
    if (wanted === undefined || !conversations.some(({ key }) => key === wanted)) {
      return { screen: 'empty', username, address, hasConversations: conversations.length > 0 };
    }
    const page = await this.#session.call('page', { conversation: wanted, limit: pageMessages });
    // The page came through the same line as the changes before it: the state is at least as new as the page.
    const now = this.#session.state;
    const conversation =
      now.kind === 'open' ? now.engine.conversations.find(({ key }) => key === wanted) : undefined;
    if (!conversation) return { screen: 'loading' };
    return {
      screen: 'conversation',
      conversation,
      username,
      messages: [...page.messages],
      hasOlder: page.hasOlder,
      ...(page.firstUnread === undefined ? {} : { firstUnread: page.firstUnread }),
      typing: this.#typing.get(wanted) ?? [],
      ...(conversation.group === undefined ? {} : { members: await this.#members.of(wanted) }),
    };
  }

  #setShown(screen: Screen['screen'] | undefined, conversation: ConversationKey | undefined): void {
    this.#shown = screen;
    this.#shownConversation = conversation;
    this.#actions.shownChanged();
  }

  /** Hands over what waited for the composer of the conversation that is shown. */
  #flush(): void {
    if (!this.#post || this.#shownConversation === undefined) return;
    if (this.#attachment?.conversation === this.#shownConversation) {
      this.#post({ type: 'attach', ...this.#attachment });
      this.#attachment = undefined;
    }
    if (this.#focus) this.#post({ type: 'focus' });
    this.#focus = false;
  }
}

function codeOf(error: unknown): string {
  return hasCode(error) ? error.code : 'ERR_ENGINE_INTERNAL';
}
