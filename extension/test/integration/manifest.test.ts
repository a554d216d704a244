/** What the manifest promises, asked of a running VS Code. */
import assert from 'node:assert/strict';
import { commands, extensions, workspace } from 'vscode';

interface Manifest {
  readonly activationEvents: readonly string[];
  readonly contributes: {
    readonly commands: readonly { command: string; title: string; category: string }[];
    readonly views: { readonly crypt2chat: readonly { id: string }[] };
    readonly menus: Readonly<Record<string, readonly { command: string; when?: string }[]>>;
    readonly configuration: { readonly properties: Readonly<Record<string, { default: unknown }>> };
  };
}

/** Own processor time in `activate`: typically a few ms. What else the machine does is not in it. */
const maxOwnTimeMs = 100;

describe('the extension in VS Code', () => {
  const extension = extensions.getExtension<{ ownTimeMs: number }>('crypt2chat.crypt2chat');
  assert.ok(extension);
  const { contributes, activationEvents } = extension.packageJSON as Manifest;
  const declared = contributes.commands.map(({ command }) => command).sort();

  it('starts, at next to no cost', async () => {
    const { ownTimeMs } = await extension.activate();
    assert.ok(ownTimeMs < maxOwnTimeMs, `${ownTimeMs} ms`);
  });

  it('is started by its views, its commands, its links and after start-up, and by nothing else', () => {
    assert.deepEqual([...activationEvents].sort(), ['onStartupFinished', 'onUri']);
  });

  it('has each command that it declares, and declares each that it has', async () => {
    await extension.activate();
    const views = contributes.views.crypt2chat.map(({ id }) => `${id}.`);
    const present = (await commands.getCommands(true)).filter(
      (id) => id.startsWith('crypt2chat.') && !views.some((view) => id.startsWith(view)),
    );
    assert.deepEqual(present.sort(), declared);
  });

  it('gives each command a title and its name, and offers no command that is not there', () => {
    for (const { title, category } of contributes.commands) {
      assert.ok(title.length > 3 && /^[A-Z]/.test(title), title);
      assert.equal(category, 'crypt2chat');
    }
    for (const entries of Object.values(contributes.menus)) {
      for (const { command } of entries) assert.ok(declared.includes(command), command);
    }
  });

  it('shows its views when asked to', async () => {
    const all = await commands.getCommands(true);
    for (const { id } of contributes.views.crypt2chat) assert.ok(all.includes(`${id}.focus`), id);
    await commands.executeCommand('crypt2chat.chat.focus');
    await commands.executeCommand('crypt2chat.setUp');
  });

  it('has the settings of its manifest', () => {
    const settings = workspace.getConfiguration('crypt2chat');
    for (const [name, { default: value }] of Object.entries(contributes.configuration.properties)) {
      assert.equal(settings.inspect(name.replace('crypt2chat.', ''))?.defaultValue, value, name);
    }
  });
});
