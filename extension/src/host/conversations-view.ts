/** The list of conversations: a native tree, with the badge of what is unread on it and on each row. */
import {
  type Disposable,
  env,
  EventEmitter,
  type FileDecoration,
  type FileDecorationProvider,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  type TreeView,
  Uri,
  window,
} from 'vscode';
import type { ConversationKey } from '@crypt2chat/shared/engine';
import { badgeCount, type ConversationRow, type ConversationRows, conversationRows } from './model/index.ts';
import type { QuietConversations } from './quiet.ts';
import type { Session } from './session/index.ts';

export const conversationsViewId = 'crypt2chat.conversations';
const scheme = 'crypt2chat-conversation';
/** Changes come in bursts; the list is drawn once for each. */
const redrawAfterMs = 50;

export type ConversationNode =
  | { readonly kind: 'row'; readonly row: ConversationRow; readonly muted: boolean }
  /** The phrase has not been written down yet. */
  | { readonly kind: 'phrase' }
  | { readonly kind: 'muted' };

const nothing: ConversationRows = { main: [], muted: [] };

export class ConversationsView implements TreeDataProvider<ConversationNode>, FileDecorationProvider {
  readonly #session: Session;
  readonly #quiet: QuietConversations;
  readonly #changed = new EventEmitter<undefined>();
  readonly #decorated = new EventEmitter<Uri[]>();
  readonly #disposables: Disposable[];
  readonly #tree: TreeView<ConversationNode>;
  #rows = nothing;
  #phrasePending = false;
  #redraw: NodeJS.Timeout | undefined;

  readonly onDidChangeTreeData = this.#changed.event;
  readonly onDidChangeFileDecorations = this.#decorated.event;

  constructor(session: Session, quiet: QuietConversations) {
    this.#session = session;
    this.#quiet = quiet;
    this.#tree = window.createTreeView(conversationsViewId, {
      treeDataProvider: this,
      showCollapseAll: false,
    });
    const unsubscribe = session.subscribe({
      onState: () => this.#drawSoon(),
      onChange: ({ kind }) => {
        if (kind === 'conversation' || kind === 'account') this.#drawSoon();
      },
    });
    this.#disposables = [
      this.#tree,
      window.registerFileDecorationProvider(this),
      { dispose: unsubscribe },
      quiet.onDidChange(() => this.#drawSoon()),
      this.#changed,
      this.#decorated,
      // Times are told as of when the list is looked at.
      this.#tree.onDidChangeVisibility(({ visible }) => {
        if (visible) this.#drawSoon();
      }),
    ];
  }

  /** Marks the row of the conversation that is open, where the list is on the screen anyway. */
  select(key: ConversationKey | undefined): void {
    const row = this.#rows.main.find((each) => each.key === key);
    if (!row || !this.#tree.visible || this.#tree.selection.some((node) => isRow(node, key))) return;
    void Promise.resolve(
      this.#tree.reveal({ kind: 'row', row, muted: false }, { select: true, focus: false }),
    ).catch(() => undefined);
  }

  getChildren(node?: ConversationNode): ConversationNode[] {
    const { main, muted } = this.#rows;
    if (node?.kind === 'muted') return muted.map((row) => ({ kind: 'row', row, muted: true }));
    if (node) return [];
    return [
      ...(this.#phrasePending ? [{ kind: 'phrase' } as const] : []),
      ...main.map((row) => ({ kind: 'row', row, muted: false }) as const),
      ...(muted.length > 0 ? [{ kind: 'muted' } as const] : []),
    ];
  }

  getParent(node: ConversationNode): ConversationNode | undefined {
    return node.kind === 'row' && node.muted ? { kind: 'muted' } : undefined;
  }

  getTreeItem(node: ConversationNode): TreeItem {
    switch (node.kind) {
      case 'row':
        return rowItem(node.row);
      case 'phrase':
        return phraseItem();
      case 'muted': {
        const item = new TreeItem('Ignored and blocked', TreeItemCollapsibleState.Collapsed);
        item.id = 'muted';
        return item;
      }
    }
  }

  provideFileDecoration(uri: Uri): FileDecoration | undefined {
    if (uri.scheme !== scheme) return undefined;
    const badge = this.#rows.main.find(({ key }) => key === uri.path.slice(1))?.badge;
    if (badge === undefined) return undefined;
    return {
      badge: badge.text,
      tooltip: badge.tooltip,
      ...(badge.loud ? { color: new ThemeColor('list.highlightForeground') } : {}),
    };
  }

  dispose(): void {
    clearTimeout(this.#redraw);
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #drawSoon(): void {
    this.#redraw ??= setTimeout(() => {
      this.#redraw = undefined;
      this.#draw();
    }, redrawAfterMs);
  }

  #draw(): void {
    const { state } = this.#session;
    const engine = state.kind === 'open' ? state.engine : undefined;
    const conversations = engine?.account ? engine.conversations : [];
    this.#rows = conversationRows(conversations, { now: new Date(), locale: env.language }, this.#quiet);
    this.#phrasePending = engine?.account?.phraseConfirmed === false;
    const unread = badgeCount(conversations);
    this.#tree.badge = unread === 0 ? undefined : { value: unread, tooltip: `${unread} unread` };
    this.#changed.fire(undefined);
    this.#decorated.fire(this.#rows.main.map(({ key }) => uriOf(key)));
  }
}

function isRow(node: ConversationNode, key: ConversationKey | undefined): boolean {
  return node.kind === 'row' && node.row.key === key;
}

function uriOf(key: ConversationKey): Uri {
  return Uri.from({ scheme, path: `/${key}` });
}

function rowItem(row: ConversationRow): TreeItem {
  const item = new TreeItem(row.label);
  item.id = row.key;
  item.resourceUri = uriOf(row.key);
  item.description = row.description;
  item.tooltip = row.tooltip;
  item.iconPath = new ThemeIcon(row.icon);
  item.contextValue = row.context;
  item.accessibilityInformation = { label: row.spoken };
  item.command = { title: 'Open', command: 'crypt2chat.openConversation', arguments: [row.key] };
  return item;
}

function phraseItem(): TreeItem {
  const item = new TreeItem('Write down your recovery phrase');
  item.id = 'phrase';
  item.iconPath = new ThemeIcon('key', new ThemeColor('list.warningForeground'));
  item.tooltip = 'Without it, nobody can open your messages again once the key on this computer is gone.';
  item.command = { title: 'Show', command: 'crypt2chat.showRecoveryPhrase' };
  return item;
}
