/** Records as earlier versions left them, brought into the form of this one. Nothing is lost, and it is done once. */
import type { Core } from './core.ts';
import { owe } from './owed.ts';
import { conversations } from './records.ts';

const maxUpgraded = 10_000;

export function upgradeRecords(core: Core): void {
  core.transaction(() => {
    for (const record of core.vault.list(conversations, { limit: maxUpgraded })) {
      if (!record.owedDelivered && !record.owedRead) continue;
      const { owedDelivered = [], owedRead = [], ...conversation } = record;
      core.vault.put(conversations, conversation);
      owe(core, conversation.id, conversation.id, 'delivered', owedDelivered);
      owe(core, conversation.id, conversation.id, 'read', owedRead);
    }
  });
}
