import assert from 'node:assert/strict';
import { picture } from './browser.ts';
import { ScriptedHost } from './scripted-host.ts';

const register = { screen: 'register', relay: '', username: '' } as const;
const relay = 'https://relay.example.org';

describe('the screens that stand alone', () => {
  let host: ScriptedHost;

  afterEach(async () => {
    assert.deepEqual(host.invalid, []);
    await host.close();
  });

  it('loading says so, but not at once', async () => {
    host = await ScriptedHost.open({ screen: 'loading' });
    const words = host.page.getByRole('status');
    assert.equal(await words.textContent(), 'Opening…');
    await words.waitFor({ state: 'visible' });
  });

  it('locked asks for the phrase where it helps, and to try again where it does not', async () => {
    host = await ScriptedHost.open({ screen: 'locked', reason: 'secret-lost' });
    await host.page.getByRole('button', { name: 'Enter recovery phrase' }).click();
    await host.posting('unlock');
    await picture(host.page, 'locked');
    await host.send({ type: 'screen', screen: { screen: 'locked', reason: 'vault-unwritable' } });
    await host.page.getByRole('button', { name: 'Enter recovery phrase' }).waitFor({ state: 'detached' });
    await host.page.getByRole('button', { name: 'Try again' }).click();
    await host.posting('retry-open');
  });

  it('elsewhere offers to use the chat here', async () => {
    host = await ScriptedHost.open({ screen: 'elsewhere' });
    await picture(host.page, 'elsewhere');
    await host.page.getByRole('button', { name: 'Use chat here' }).click();
    await host.posting('retry-open');
  });

  it('empty begins a conversation and copies the address', async () => {
    host = await ScriptedHost.open({
      screen: 'empty',
      username: 'alice',
      address: 'alice#MFRGGZDFMZTWQ2LK',
      hasConversations: false,
    });
    await picture(host.page, 'empty');
    await host.page.getByRole('button', { name: 'New conversation' }).click();
    await host.posting('new-conversation');
    await host.page.getByRole('button', { name: 'Copy your address' }).click();
    await host.posting('copy-address');
    assert.ok((await host.page.locator('.address').textContent())?.includes('alice#'));
  });

  describe('register', () => {
    it('looks at the relay once typing pauses, and asks for an invite where one is needed', async () => {
      host = await ScriptedHost.open(register);
      const field = host.page.getByRole('textbox', { name: 'Relay', exact: true });
      await field.pressSequentially('relay.example.org');
      const asked = await host.posting('check-relay');
      assert.equal(asked.relay, relay);
      assert.equal(host.all('check-relay').length, 1);
      assert.equal(await host.page.getByRole('textbox', { name: 'Invite code' }).isVisible(), false);
      await host.send({
        type: 'relay',
        relay,
        result: { state: 'reachable', registration: 'invite', retentionDays: 30 },
      });
      await host.page.getByText('reachable · invite needed · keeps messages 30 days').waitFor();
      await host.page.getByRole('textbox', { name: 'Invite code' }).fill('7K4Q-M2XD');
      await host.page.getByRole('textbox', { name: 'Your name on this relay' }).fill('alice');
      await host.page.getByRole('button', { name: 'Create identity' }).click();
      const sent = await host.posting('register');
      assert.deepEqual(sent, { type: 'register', relay, username: 'alice', invite: '7K4Q-M2XD' });
      await picture(host.page, 'register-busy');
    });

    it('says beside the field what is wrong with it, and goes there', async () => {
      host = await ScriptedHost.open({ ...register, relay });
      await host.posting('check-relay');
      await host.send({ type: 'relay', relay, result: { state: 'failed', code: 'ERR_RELAY_UNREACHABLE' } });
      const relayField = host.page.locator('.field').nth(0);
      await relayField.getByText('The relay cannot be reached.').waitFor();
      assert.equal(
        await host.page.getByRole('textbox', { name: 'Relay', exact: true }).getAttribute('aria-invalid'),
        'true',
      );
      await host.page.getByRole('textbox', { name: 'Your name on this relay' }).fill('Alice Liddell');
      await host.page.keyboard.press('Enter');
      await host.page.locator('.field').nth(2).getByText('small letters').waitFor();
      assert.equal(host.all('register').length, 0);
      assert.equal(await host.page.evaluate('document.activeElement.textContent'), 'Your name on this relay');
      await picture(host.page, 'register-wrong');
    });

    it('puts the refusal of a name beside the name, until it is changed', async () => {
      host = await ScriptedHost.open({ ...register, relay, username: 'alice' });
      await host.page.keyboard.press('Tab');
      await host.page.getByRole('textbox', { name: 'Your name on this relay' }).focus();
      await host.page.keyboard.press('Enter');
      await host.posting('register');
      await host.page.locator('vscode-button[disabled]', { hasText: 'Creating…' }).waitFor();
      await host.send({ type: 'register-failed', code: 'ERR_NAME_TAKEN' });
      const hint = host.page.locator('.field').nth(2).locator('.hint');
      await hint.getByText('Choose another one').waitFor();
      await host.page.getByRole('textbox', { name: 'Your name on this relay' }).fill('alice2');
      await hint.waitFor({ state: 'hidden' });
    });

    it('says at the button what is about no field, and lets one try again', async () => {
      host = await ScriptedHost.open({ ...register, relay, username: 'alice' });
      await host.page.getByRole('button', { name: 'Create identity' }).click();
      await host.posting('register');
      await host.send({ type: 'register-failed', code: 'ERR_SECRETS_UNAVAILABLE' });
      await host.page.getByRole('alert').getByText('keychain').waitFor();
      await host.page.getByRole('button', { name: 'Create identity' }).click();
      await host.posting('register', 2);
    });

    it('takes no address that is not one of a relay', async () => {
      host = await ScriptedHost.open(register);
      const field = host.page.getByRole('textbox', { name: 'Relay', exact: true });
      const wrong = [
        'http://relay.example.org',
        'https://a:b@relay.example.org',
        'https://x.org/path',
        'ftp://x.org',
      ];
      for (const address of wrong) {
        await field.fill(address);
        await host.page.getByText('This is not the address of a relay.').waitFor();
      }
      await field.fill('http://127.0.0.1:8443');
      assert.equal((await host.posting('check-relay')).relay, 'http://127.0.0.1:8443');
      assert.equal(host.all('check-relay').length, 1);
    });

    it('leads to an identity that is there already', async () => {
      host = await ScriptedHost.open(register);
      await host.page.getByRole('button', { name: 'Already have an identity?' }).click();
      await host.posting('recover');
    });
  });

  it('drops what is no message of the contract, and says so without what was in it', async () => {
    host = await ScriptedHost.open({ screen: 'elsewhere' });
    const said: string[] = [];
    host.page.on('console', (message) => said.push(message.text()));
    await host.sendUnchecked({ type: 'screen', screen: { screen: 'secret plans' } });
    await host.sendUnchecked({ type: 'focus', more: 'secret plans' });
    await host.sendUnchecked('secret plans');
    await host.sendUnchecked({ type: 'connection', connection: { state: 'secret plans' } });
    await host.send({ type: 'screen', screen: { screen: 'loading' } });
    await host.page.getByText('Opening…').waitFor();
    assert.equal(said.length, 4);
    assert.doesNotMatch(said.join(' '), /secret|plans/);
  });
});
