/**
 * The host's side of the contract, as far as a test needs it: answers what the view asks from a list of messages, parses
 * whatever the view sends, and remembers it.
 */
import type { Page } from 'playwright-core';
import * as v from 'valibot';
import {
  type FromWebview,
  fromWebviewSchema,
  type Screen,
  type ToWebview,
  toWebviewSchema,
  type ViewConversation,
  type ViewEvent,
  type ViewGroup,
  type ViewMember,
  type ViewMessage,
} from '../../src/ipc/index.ts';
import { newPage, origin, type PageOptions } from './browser.ts';

type Of<Type extends FromWebview['type']> = Extract<FromWebview, { type: Type }>;
type ConversationScreen = Extract<Screen, { screen: 'conversation' }>;

export const waitMs = 8000;
const pageSize = 50;

export class ScriptedHost {
  readonly page: Page;
  readonly posted: FromWebview[] = [];
  /** What the view sent that is not in the contract. */
  readonly invalid: string[] = [];
  readonly #waiting = new Set<() => void>();
  screen: Screen;
  /** All there is of the open conversation; the view is given pages of it. */
  history: ViewMessage[] = [];
  #nextKey = 0;

  private constructor(page: Page, screen: Screen) {
    this.page = page;
    this.screen = screen;
  }

  /** Opens the view; the page has what `screen` says when this returns. */
  static async open(
    screen: Screen,
    options: PageOptions & { history?: ViewMessage[] } = {},
  ): Promise<ScriptedHost> {
    const page = await newPage(options);
    const host = new ScriptedHost(page, screen);
    host.history = options.history ?? [];
    await page.exposeBinding('toHost', (_source, message: unknown) => {
      host.#receive(message);
    });
    await page.goto(`${await origin()}${options.path ?? '/'}?theme=${options.theme ?? 'dark'}`);
    await host.posting('ready');
    return host;
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  async send(message: ToWebview): Promise<void> {
    v.parse(toWebviewSchema, message);
    await this.sendUnchecked(message);
  }

  /** Anything, as a faulty host would. */
  async sendUnchecked(message: unknown): Promise<void> {
    await this.page.evaluate(`deliver(${JSON.stringify(message)})`);
  }

  async arrive(message: ViewMessage): Promise<void> {
    this.history.push(message);
    await this.send({ type: 'message', message, arrived: !message.own });
  }

  /** The messages of one type, in the order they came. */
  all<Type extends FromWebview['type']>(type: Type): Of<Type>[] {
    return this.posted.filter((message): message is Of<Type> => message.type === type);
  }

  /** Waits for the message of `type` that comes as number `count`. */
  async posting<Type extends FromWebview['type']>(type: Type, count = 1): Promise<Of<Type>> {
    await this.until(() => this.all(type).length >= count, `${type} number ${count}`);
    return this.all(type)[count - 1]!;
  }

  async until(holds: () => boolean, what: string): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(
          new Error(
            `the view did not post ${what}; it posted ${this.posted.map(({ type }) => type).join(' ')}`,
          ),
        );
      }, waitMs);
      const look = (): void => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  /** Waits until `expression` is true in the page. (Playwright's own way needs eval, which the policy forbids.) */
  async holds(expression: string): Promise<void> {
    const until = Date.now() + waitMs;
    while (!(await this.page.evaluate<boolean>(`Boolean(${expression})`))) {
      if (Date.now() > until) throw new Error(`it never held: ${expression}`);
      await this.frames();
    }
  }

  /** Two frames of the page: what was to be drawn is. */
  async frames(): Promise<void> {
    await this.page.evaluate(
      'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))',
    );
  }

  #receive(message: unknown): void {
    const parsed = v.safeParse(fromWebviewSchema, message);
    if (!parsed.success) {
      this.invalid.push(JSON.stringify(message).slice(0, 200));
      return;
    }
    this.posted.push(parsed.output);
    for (const look of [...this.#waiting]) look();
    void this.#answer(parsed.output).catch(() => undefined);
  }

  async #answer(message: FromWebview): Promise<void> {
    if (message.type === 'ready') {
      await this.send({ type: 'screen', screen: this.#screenNow() });
    } else if (message.type === 'load-older') {
      const end = this.history.findIndex(({ key }) => key === message.before.key);
      const start = Math.max(0, end - pageSize);
      await this.send({
        type: 'older',
        conversation: message.conversation,
        messages: this.history.slice(start, end),
        hasOlder: start > 0,
      });
    } else if (message.type === 'send') {
      this.#nextKey += 1;
      const own: ViewMessage = {
        key: `sent-${this.#nextKey}`,
        conversation: message.conversation,
        counter: (this.history.at(-1)?.counter ?? 0) + 1,
        author: 'alice',
        own: true,
        sentAt: Date.now(),
        body: message.draft,
        state: 'pending',
      };
      this.history.push(own);
      await this.send({ type: 'message', message: own, arrived: false });
    }
  }

  #screenNow(): Screen {
    if (this.screen.screen !== 'conversation') return this.screen;
    const messages = this.history.slice(-pageSize);
    return { ...this.screen, messages, hasOlder: this.history.length > messages.length };
  }
}

export const bob: ViewConversation = {
  key: 'conversation-with-bob',
  title: 'bob',
  address: 'bob#MFRGGZDFMZTWQ2LK',
  status: 'active',
  verified: true,
  unread: 0,
  draft: '',
};

export function talk(
  conversation: Partial<ViewConversation> = {},
  more: Partial<ConversationScreen> = {},
): ConversationScreen {
  return {
    screen: 'conversation',
    conversation: { ...bob, ...conversation },
    username: 'alice',
    messages: [],
    hasOlder: false,
    typing: [],
    ...more,
  };
}

export const crew: ViewConversation = {
  key: 'release-crew',
  title: 'release-crew',
  address: '',
  status: 'active',
  verified: false,
  group: {
    people: 5,
    verifiedPeople: 4,
    admin: true,
    mayAdd: true,
    standing: 'ready',
    mentions: 0,
  },
  unread: 0,
  draft: '',
};

export const crewMembers: readonly ViewMember[] = [
  { name: 'alice', own: true, verified: true },
  { name: 'bob', own: false, verified: true },
  { name: 'carol', own: false, verified: true },
  { name: 'dave', own: false, verified: false },
  { name: 'erin', own: false, verified: true },
];

/** The open group. */
export function groupTalk(
  group: Partial<ViewGroup> = {},
  conversation: Partial<ViewConversation> = {},
  more: Partial<ConversationScreen> = {},
): ConversationScreen {
  return talk(inCrew(group, conversation), { members: crewMembers, ...more });
}

export function inCrew(
  group: Partial<ViewGroup> = {},
  conversation: Partial<ViewConversation> = {},
): ViewConversation {
  return { ...crew, group: { ...crew.group!, ...group }, ...conversation };
}

/** A message in it. */
export function said(counter: number, words: string, more: Partial<ViewMessage> = {}): ViewMessage {
  return text(counter, words, { conversation: crew.key, ...more });
}

export function happened(
  counter: number,
  event: Partial<ViewEvent>,
  more: Partial<ViewMessage> = {},
): ViewMessage {
  const body: ViewEvent = { kind: 'event', event: 'added', by: 'carol', people: [], ...event };
  return said(counter, '', { body, author: 'carol', ...more });
}

/** Noon of 12 May 2025 in UTC, a Monday. */
export const noon = Date.UTC(2025, 4, 12, 12);

export function text(counter: number, words: string, more: Partial<ViewMessage> = {}): ViewMessage {
  return {
    key: `m${String(counter).padStart(6, '0')}`,
    conversation: bob.key,
    counter,
    author: more.own === true ? 'alice' : 'bob',
    own: false,
    sentAt: noon + counter * 60_000,
    body: { kind: 'text', text: words },
    ...(more.own === true && { state: 'read' as const }),
    ...more,
  };
}
