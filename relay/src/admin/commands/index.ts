/** Every command, in the order in which the help lists them. */
import type { Command } from '../command.ts';
import { accountCommands } from './accounts.ts';
import { configCommands } from './config.ts';
import { dataCommands } from './data.ts';
import { healthCommands } from './health.ts';
import { inviteCommands } from './invites.ts';
import { purgeCommands } from './purge.ts';

export const commands: readonly Command[] = [
  ...configCommands,
  ...inviteCommands,
  ...accountCommands,
  ...purgeCommands,
  ...dataCommands,
  ...healthCommands,
];
