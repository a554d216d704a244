/** Receipts that are to be sent: which messages have arrived here, and which have been read. */
import { equalBytes } from '../bytes/index.ts';
import type { Core } from './core.ts';
import { maxOwed, owed, owedKey, type OwedRecord } from './records.ts';

type State = OwedRecord['state'];

/** Conversations of which receipts wait for one account: its own, and the groups that it shares with us. */
const maxKinds = 1_000;

/**
 * From now on the other side of the conversation `through` is to be told that messages of `conversation` have come
 * that far. What was read needs no word any more that it was delivered. Must run in a transaction.
 */
export function owe(
  core: Core,
  through: Uint8Array,
  conversation: Uint8Array,
  state: State,
  ids: readonly Uint8Array[],
): void {
  if (ids.length === 0) return;
  const waiting = idsOf(core, through, conversation, state);
  const fresh = ids.filter((id) => !has(waiting, id));
  // Whom nothing can be sent to may write on: of very many the last ones are told.
  save(core, through, conversation, state, [...waiting, ...fresh].slice(-maxOwed));
  if (state === 'read') {
    const rest = idsOf(core, through, conversation, 'delivered').filter((id) => !has(ids, id));
    save(core, through, conversation, 'delivered', rest);
  }
  core.touch(through);
}

/** Everything that waits for the other side of a conversation. */
export function owedThrough(core: Core, through: Uint8Array): OwedRecord[] {
  return core.vault.list(owed, { scope: through, limit: maxKinds });
}

/** The first `count` of these have been sealed. */
export function settleOwed(core: Core, record: OwedRecord, count: number): void {
  save(core, record.through, record.conversation, record.state, record.ids.slice(count));
}

function idsOf(
  core: Core,
  through: Uint8Array,
  conversation: Uint8Array,
  state: State,
): readonly Uint8Array[] {
  return core.vault.get(owed, owedKey(through, conversation, state))?.ids ?? [];
}

function save(
  core: Core,
  through: Uint8Array,
  conversation: Uint8Array,
  state: State,
  ids: readonly Uint8Array[],
): void {
  if (ids.length === 0) core.vault.delete(owed, owedKey(through, conversation, state));
  else core.vault.put(owed, { through, conversation, state, ids: [...ids] });
}

function has(ids: readonly Uint8Array[], id: Uint8Array): boolean {
  return ids.some((one) => equalBytes(one, id));
}
