/** The way in: polls, opens what comes, and acknowledges by the next poll's cursor once it is all in the vault. */
import { hasCode } from '../errors/index.ts';
import type { Core } from './core.ts';
import { seen } from './records.ts';
import { receiveEnvelope } from './receiving.ts';
import type { Events, RelayClient } from './relay-client.ts';

/** Envelopes that are opened in one transaction: one fsync for all, and no long stop of everything else. */
const envelopesPerStep = 16;
/** Hashes that are remembered at the most: a relay can make up as many envelopes as it likes. */
const maxSeen = 200_000;
/** After so many envelopes it is looked at, and so many more are forgotten at a time. */
export const forgetEvery = 4_096;
/** Longer than a relay keeps envelopes. */
const rememberMs = 40 * 24 * 60 * 60 * 1000;

/** @returns the relay's answer, all of it stored. */
export async function pollOnce(
  core: Core,
  relay: RelayClient,
  waitSeconds: number,
  signal: AbortSignal,
): Promise<Events> {
  const { cursor } = core.requireAccount();
  try {
    const events = await relay.events(cursor, waitSeconds, signal);
    await storeEvents(core, events);
    return events;
  } catch (error) {
    // A relay that was restored from a backup does not know it: what it still has comes again and is recognised.
    if (hasCode(error, 'ERR_CURSOR_INVALID') && cursor !== undefined) {
      core.transaction(() => {
        const { cursor: _, ...account } = core.requireAccount();
        core.replaceAccount(account);
      });
    }
    throw error;
  }
}

async function storeEvents(core: Core, { envelopes, cursor }: Events): Promise<void> {
  for (let at = 0; at < envelopes.length; at += envelopesPerStep) {
    const step = envelopes.slice(at, at + envelopesPerStep);
    core.transaction(() => {
      for (const { envelope } of step) receiveEnvelope(core, envelope);
      if (at + envelopesPerStep >= envelopes.length) core.updateAccount({ cursor });
    });
    // Lets what a person does come in between.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (envelopes.length === 0 && core.requireAccount().cursor !== cursor) {
    core.transaction(() => {
      core.updateAccount({ cursor });
    });
  }
}

/** Forgets the hashes of envelopes that no relay has any more, and the oldest where there are too many. */
export function forgetOld(core: Core): void {
  core.transaction(() => {
    core.vault.deleteBelow(seen, core.clock.now() - rememberMs);
    const spare = core.vault.count(seen) - maxSeen;
    if (spare <= 0) return;
    for (const { hash } of core.vault.list(seen, { limit: spare + forgetEvery }))
      core.vault.delete(seen, hash);
  });
}
