/** Groups in VS Code's own user interface. */
export { groupCommands } from './commands.ts';
