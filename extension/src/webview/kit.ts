/**
 * The one file that knows the component kit, `@vscode/webview-ui-toolkit`, which is archived upstream: another kit takes
 * its place here. Only what looks and behaves better than the platform's own is used: buttons and text fields of forms.
 */
import {
  type Button,
  provideVSCodeDesignSystem,
  type TextField,
  vsCodeButton,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';

provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeTextField());

// The kit has asked for it while it loaded, and needs it no more.
document.querySelector('meta[property="csp-nonce"]')?.remove();

export interface KitButton {
  readonly element: HTMLElement;
  setDisabled(disabled: boolean): void;
}

export function kitButton(label: string, appearance: 'primary' | 'secondary', act: () => void): KitButton {
  // The kit's element is what the registry makes of this name.
  const made = document.createElement('vscode-button') as Button;
  made.appearance = appearance;
  made.textContent = label;
  made.addEventListener('click', () => {
    if (!made.disabled) act();
  });
  return {
    element: made,
    setDisabled(disabled) {
      made.disabled = disabled;
    },
  };
}

export interface KitField {
  readonly element: HTMLElement;
  value(): string;
  setDisabled(disabled: boolean): void;
  /** What is said of the field; a screen reader reads it with the field. */
  describe(text: string, invalid: boolean): void;
  focus(): void;
}

export interface FieldOptions {
  readonly label: string;
  readonly value: string;
  readonly placeholder: string;
  readonly maxLength: number;
  /** At each change by the person. */
  readonly changed: () => void;
  /** Enter. */
  readonly submitted: () => void;
}

export function kitField(options: FieldOptions): KitField {
  const made = document.createElement('vscode-text-field') as TextField;
  made.value = options.value;
  made.placeholder = options.placeholder;
  made.maxlength = options.maxLength;
  made.spellcheck = false;
  made.textContent = options.label;
  made.addEventListener('input', options.changed);
  made.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.isComposing) options.submitted();
  });
  return {
    element: made,
    value: () => made.value,
    setDisabled(disabled) {
      made.disabled = disabled;
    },
    describe(text, invalid) {
      // The input is inside a shadow root, from where no id of ours can be referred to.
      const input = made.shadowRoot?.querySelector('input');
      input?.setAttribute('aria-description', text);
      input?.setAttribute('aria-invalid', String(invalid));
      made.classList.toggle('invalid', invalid);
    },
    focus() {
      made.focus();
    },
  };
}
