/** That the harness itself works: this runs in an extension host, and the extension is there from its VSIX. */
import assert from 'node:assert/strict';
import { extensions, version } from 'vscode';

describe('the extension host', () => {
  it('is that of a VS Code that the extension supports', () => {
    const [major, minor] = version.split('.').map(Number);
    assert.equal(major, 1);
    assert.ok(minor !== undefined && minor >= 101, version);
  });

  it('has the extension installed', () => {
    assert.ok(extensions.getExtension('crypt2chat.crypt2chat'));
  });

  it('activates it', async () => {
    const extension = extensions.getExtension('crypt2chat.crypt2chat');
    await extension?.activate();
    assert.equal(extension?.isActive, true);
  });

  it('reaches a relay', async () => {
    const answer = await fetch(new URL('/readyz', process.env['TEST_RELAY_URL']));
    assert.equal(answer.status, 200);
  });
});
