/** A relay, a name, and you are in. What is wrong is said beside the field that it is about. */
import { sentenceOf, usernamePattern } from '../../ipc/index.ts';
import { element, plainButton, setShown, setText } from '../elements.ts';
import { icon } from '../icons.ts';
import { type KitField, kitButton, kitField } from '../kit.ts';
import type { RelayCheck, Shown } from '../model/index.ts';
import type { Context, View } from '../view.ts';

type RegisterState = Extract<Shown, { screen: 'register' }>;
type FieldName = 'relay' | 'invite' | 'username';

/** A relay is asked once nobody has typed for so long. */
const checkAfterMs = 400;
const checkGivesUpMs = 15_000;
const maxLength = 200;

/** Which field a refusal is about; all else is said at the button. */
const fieldOfCode = new Map<string, FieldName>([
  ['ERR_NAME_TAKEN', 'username'],
  ['ERR_REGISTRATION_CLOSED', 'relay'],
  ['ERR_INVITE_INVALID', 'invite'],
  ['ERR_RELAY_UNREACHABLE', 'relay'],
  ['ERR_RELAY_INVALID', 'relay'],
  ['ERR_RELAY_ADDRESS', 'relay'],
  ['ERR_RELAY_ANSWER', 'relay'],
  ['ERR_USERNAME', 'username'],
  ['ERR_NOT_FOUND', 'relay'],
]);

/** The origin that somebody means, or undefined. Plain HTTP is for a relay on this very computer only. */
export function relayOrigin(text: string): string | undefined {
  const trimmed = text.trim();
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`);
  if (url === null || trimmed === '' || url.username !== '' || url.password !== '') return undefined;
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return undefined;
  const loopback =
    url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d+){3}$/.test(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback) ? url.origin : undefined;
}

interface FieldView {
  readonly element: HTMLElement;
  readonly field: KitField;
  say(text: string, kind: 'plain' | 'good' | 'bad'): void;
}

export function registerView(first: RegisterState, context: Context): View {
  let cancelCheck = (): void => undefined;
  let cancelGivingUp = (): void => undefined;
  let state = first;
  /** Nothing is called wrong before somebody had a chance to get it right. */
  let submitted = false;

  const relay = fieldView('Relay', first.relay, 'https://relay.example.org', relayChanged, submit);
  const invite = fieldView('Invite code', '', '', changed, submit);
  const username = fieldView('Your name on this relay', first.username, 'alice', changed, submit);
  const fields = { relay, invite, username };
  const create = kitButton('Create identity', 'primary', submit);
  const problem = element('p', { class: 'problem', role: 'alert' });
  const page = element(
    'main',
    { class: 'welcome' },
    element('h1', {}, 'Talk where you work.'),
    element(
      'p',
      { class: 'dim' },
      'End-to-end encrypted. Your relay carries sealed envelopes and can read nothing.',
    ),
    relay.element,
    invite.element,
    username.element,
    create.element,
    problem,
    element(
      'p',
      { class: 'small' },
      'Keys are made on this computer and stay in its keychain.',
      element('br'),
      'Next you’ll see a recovery phrase. ',
      plainButton({ class: 'link-button' }, ['Already have an identity?'], () => {
        context.post({ type: 'recover' });
      }),
    ),
  );

  function relayChanged(): void {
    cancelCheck();
    cancelGivingUp();
    context.dispatch({ type: 'register-edited' });
    context.dispatch({ type: 'relay-unchecked' });
    cancelCheck = context.clock.setTimer(checkAfterMs, check);
  }

  function check(): void {
    const origin = relayOrigin(relay.field.value());
    if (origin === undefined) {
      show();
      return;
    }
    context.dispatch({ type: 'relay-asked', relay: origin });
    context.post({ type: 'check-relay', relay: origin });
    cancelGivingUp = context.clock.setTimer(checkGivesUpMs, () => {
      if (state.check?.state === 'checking') context.dispatch({ type: 'relay-unchecked' });
    });
  }

  function changed(): void {
    if (state.failure === undefined) show();
    else context.dispatch({ type: 'register-edited' });
  }

  function submit(): void {
    if (state.busy) return;
    submitted = true;
    const origin = relayOrigin(relay.field.value());
    const name = username.field.value().trim();
    const code = invite.field.value().trim();
    show();
    if (origin === undefined) relay.field.focus();
    else if (!usernamePattern.test(name)) username.field.focus();
    else if (needsInvite(state.check) && code === '') invite.field.focus();
    else {
      context.dispatch({ type: 'register-asked' });
      context.post({ type: 'register', relay: origin, username: name, ...(code !== '' && { invite: code }) });
    }
  }

  function show(): void {
    const origin = relayOrigin(relay.field.value());
    const name = username.field.value().trim();
    const failedField = state.failure === undefined ? undefined : fieldOfCode.get(state.failure);
    const failure = state.failure === undefined ? '' : sentenceOf(state.failure).text;

    if (failedField === 'relay') relay.say(failure, 'bad');
    else if (origin === undefined && (submitted || relay.field.value().includes('.')))
      relay.say(sentenceOf('ERR_RELAY_INVALID').text, 'bad');
    else sayCheck(relay, state.check);

    const invited = needsInvite(state.check) || failedField === 'invite';
    setShown(invite.element, invited);
    const withoutCode = submitted && invited && invite.field.value().trim() === '';
    if (failedField === 'invite') invite.say(failure, 'bad');
    else invite.say(withoutCode ? 'Whoever runs the relay gives you one.' : '', 'bad');

    if (failedField === 'username') username.say(failure, 'bad');
    else if (!usernamePattern.test(name) && (submitted || /[^a-z0-9._-]|^[._-]/.test(name)))
      username.say(
        '2 to 32 small letters, digits, dots, dashes and underscores; a letter or digit first.',
        'bad',
      );
    else username.say('', 'plain');

    setText(problem, failedField === undefined ? failure : '');
    create.setDisabled(state.busy);
    setText(create.element, state.busy ? 'Creating…' : 'Create identity');
    for (const { field } of Object.values(fields)) field.setDisabled(state.busy);
  }

  // An address that is there already is looked at at once.
  if (first.relay !== '') cancelCheck = context.clock.setTimer(0, check);
  show();
  return {
    element: page,
    update(next) {
      if (next.shown.screen !== 'register') return;
      state = next.shown;
      show();
    },
    focus() {
      (relay.field.value() === '' ? relay : username).field.focus();
    },
    dispose() {
      cancelCheck();
      cancelGivingUp();
    },
  };
}

function needsInvite(check: RelayCheck | undefined): boolean {
  return check?.state === 'reachable' && check.registration === 'invite';
}

function sayCheck(relay: FieldView, check: RelayCheck | undefined): void {
  if (check === undefined) relay.say('', 'plain');
  else if (check.state === 'checking') relay.say('Looking for the relay…', 'plain');
  else if (check.state === 'failed') relay.say(sentenceOf(check.code).text, 'bad');
  else if (check.registration === 'closed') relay.say('reachable, but it takes no new people', 'bad');
  else {
    const invite = check.registration === 'invite' ? 'invite needed · ' : '';
    relay.say(`reachable · ${invite}keeps messages ${check.retentionDays} days`, 'good');
  }
}

function fieldView(
  label: string,
  value: string,
  placeholder: string,
  changed: () => void,
  submitted: () => void,
): FieldView {
  const field = kitField({ label, value, placeholder, maxLength, changed, submitted });
  const words = element('span');
  const good = icon('check');
  const bad = icon('error');
  const hint = element('div', { class: 'hint', role: 'status' }, good, bad, words);
  return {
    element: element('div', { class: 'field' }, field.element, hint),
    field,
    say(text, kind) {
      setText(words, text);
      setShown(hint, text !== '');
      good.toggleAttribute('hidden', kind !== 'good');
      bad.toggleAttribute('hidden', kind !== 'bad');
      hint.className = `hint ${kind}`;
      field.describe(text, kind === 'bad' && text !== '');
    },
  };
}
