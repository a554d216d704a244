/** What VS Code gives a webview: its default styles, and the variables of its own themes that the view uses. */

export interface Theme {
  readonly name: 'dark' | 'light' | 'hc' | 'hc-light' | 'bare';
  readonly kind: string;
  readonly bodyClass: string;
  /** Of the side bar, which shines through. */
  readonly background: string;
  /** Without their prefix, `--vscode-`. */
  readonly variables: Readonly<Record<string, string>>;
}

const fonts = {
  'font-family': 'system-ui, "Ubuntu", "Droid Sans", sans-serif',
  'font-size': '13px',
  'font-weight': 'normal',
  'editor-font-family': '"Droid Sans Mono", monospace',
  'editor-font-size': '14px',
};

export const themes: readonly Theme[] = [
  {
    name: 'dark',
    kind: 'vscode-dark',
    bodyClass: 'vscode-dark',
    background: '#181818',
    variables: {
      ...fonts,
      foreground: '#cccccc',
      descriptionForeground: '#9d9d9d',
      'sideBar-background': '#181818',
      'panel-border': '#2b2b2b',
      'widget-border': '#313131',
      'sideBarSectionHeader-border': '#2b2b2b',
      'input-background': '#313131',
      'input-foreground': '#cccccc',
      'input-border': '#3c3c3c',
      'input-placeholderForeground': '#989898',
      focusBorder: '#0078d4',
      'textLink-foreground': '#4daafc',
      'textLink-activeForeground': '#4daafc',
      'button-background': '#0078d4',
      'button-foreground': '#ffffff',
      'button-hoverBackground': '#026ec1',
      'button-secondaryBackground': '#313131',
      'button-secondaryForeground': '#cccccc',
      'button-secondaryHoverBackground': '#3c3c3c',
      'button-border': '#ffffff12',
      'badge-background': '#616161',
      'badge-foreground': '#f8f8f8',
      'list-hoverBackground': '#2a2d2e',
      'editor-background': '#1f1f1f',
      'editor-foreground': '#cccccc',
      'testing-iconPassed': '#73c991',
      'editorWarning-foreground': '#cca700',
      errorForeground: '#f85149',
      'textPreformat-background': '#3c3c3c',
      'textPreformat-foreground': '#d0d0d0',
      'textBlockQuote-border': '#616161',
      'terminal-ansiGreen': '#0dbc79',
      'widget-shadow': '#0000005c',
      'inputValidation-errorBorder': '#be1100',
      'debugTokenExpression-string': '#ce9178',
      'debugTokenExpression-number': '#b5cea8',
    },
  },
  {
    name: 'light',
    kind: 'vscode-light',
    bodyClass: 'vscode-light',
    background: '#f8f8f8',
    variables: {
      ...fonts,
      foreground: '#3b3b3b',
      descriptionForeground: '#3b3b3b',
      'sideBar-background': '#f8f8f8',
      'panel-border': '#e5e5e5',
      'widget-border': '#e5e5e5',
      'sideBarSectionHeader-border': '#e5e5e5',
      'input-background': '#ffffff',
      'input-foreground': '#3b3b3b',
      'input-border': '#cecece',
      'input-placeholderForeground': '#767676',
      focusBorder: '#005fb8',
      'textLink-foreground': '#005fb8',
      'textLink-activeForeground': '#005fb8',
      'button-background': '#005fb8',
      'button-foreground': '#ffffff',
      'button-hoverBackground': '#0258a8',
      'button-secondaryBackground': '#e5e5e5',
      'button-secondaryForeground': '#3b3b3b',
      'button-secondaryHoverBackground': '#cccccc',
      'button-border': '#0000001a',
      'badge-background': '#cccccc',
      'badge-foreground': '#3b3b3b',
      'list-hoverBackground': '#f2f2f2',
      'editor-background': '#ffffff',
      'editor-foreground': '#3b3b3b',
      'testing-iconPassed': '#73c991',
      'editorWarning-foreground': '#bf8803',
      errorForeground: '#f85149',
      'textPreformat-background': '#0000001f',
      'textPreformat-foreground': '#3b3b3b',
      'textBlockQuote-border': '#e5e5e5',
      'terminal-ansiGreen': '#107c10',
      'widget-shadow': '#00000029',
      'inputValidation-errorBorder': '#be1100',
      'debugTokenExpression-string': '#a31515',
      'debugTokenExpression-number': '#098658',
    },
  },
  {
    name: 'hc',
    kind: 'vscode-high-contrast',
    bodyClass: 'vscode-high-contrast',
    background: '#000000',
    variables: {
      ...fonts,
      foreground: '#ffffff',
      descriptionForeground: '#ffffffb3',
      'sideBar-background': '#000000',
      'panel-border': '#6fc3df',
      'widget-border': '#6fc3df',
      'sideBarSectionHeader-border': '#6fc3df',
      'input-background': '#000000',
      'input-foreground': '#ffffff',
      'input-border': '#6fc3df',
      'input-placeholderForeground': '#ffffffb3',
      focusBorder: '#f38518',
      contrastBorder: '#6fc3df',
      contrastActiveBorder: '#f38518',
      'textLink-foreground': '#21a6ff',
      'textLink-activeForeground': '#21a6ff',
      'button-foreground': '#ffffff',
      'button-secondaryForeground': '#ffffff',
      'button-border': '#6fc3df',
      'badge-background': '#000000',
      'badge-foreground': '#ffffff',
      'editor-background': '#000000',
      'editor-foreground': '#ffffff',
      'testing-iconPassed': '#73c991',
      'editorWarning-foreground': '#ffd370',
      errorForeground: '#f48771',
      'textPreformat-background': '#ffffff',
      'textPreformat-foreground': '#000000',
      'textBlockQuote-border': '#ffffff',
      'terminal-ansiGreen': '#00cd00',
      'inputValidation-errorBorder': '#be1100',
      'debugTokenExpression-string': '#f48771',
      'debugTokenExpression-number': '#89d185',
    },
  },
  {
    name: 'hc-light',
    kind: 'vscode-high-contrast-light',
    bodyClass: 'vscode-high-contrast vscode-high-contrast-light',
    background: '#ffffff',
    variables: {
      ...fonts,
      foreground: '#292929',
      descriptionForeground: '#292929b3',
      'sideBar-background': '#ffffff',
      'panel-border': '#0f4a85',
      'widget-border': '#0f4a85',
      'sideBarSectionHeader-border': '#0f4a85',
      'input-background': '#ffffff',
      'input-foreground': '#292929',
      'input-border': '#0f4a85',
      'input-placeholderForeground': '#292929b3',
      focusBorder: '#006bbd',
      contrastBorder: '#0f4a85',
      contrastActiveBorder: '#006bbd',
      'textLink-foreground': '#0f4a85',
      'textLink-activeForeground': '#0f4a85',
      'button-background': '#0f4a85',
      'button-foreground': '#ffffff',
      'button-secondaryBackground': '#ffffff',
      'button-secondaryForeground': '#292929',
      'button-border': '#0f4a85',
      'badge-background': '#0f4a85',
      'badge-foreground': '#ffffff',
      'editor-background': '#ffffff',
      'editor-foreground': '#292929',
      'testing-iconPassed': '#007100',
      'editorWarning-foreground': '#895503',
      errorForeground: '#b5200d',
      'textPreformat-background': '#09345f',
      'textPreformat-foreground': '#ffffff',
      'textBlockQuote-border': '#292929',
      'terminal-ansiGreen': '#136c13',
      'inputValidation-errorBorder': '#be1100',
    },
  },
  /** No variable at all: what the fallbacks make of it. */
  { name: 'bare', kind: 'vscode-dark', bodyClass: 'vscode-dark', background: '#181818', variables: {} },
];

export const defaultStyles = `@layer vscode-default {
  html { scrollbar-color: var(--vscode-scrollbarSlider-background) var(--vscode-editor-background); }
  body {
    overscroll-behavior-x: none; background-color: transparent; color: var(--vscode-editor-foreground);
    font-family: var(--vscode-font-family); font-weight: var(--vscode-font-weight);
    font-size: var(--vscode-font-size); margin: 0; padding: 0 20px;
  }
  a, a code { color: var(--vscode-textLink-foreground); }
  a:focus, input:focus, select:focus, textarea:focus { outline: 1px solid -webkit-focus-ring-color; outline-offset: -1px; }
  code {
    font-family: monospace; color: var(--vscode-textPreformat-foreground);
    background-color: var(--vscode-textPreformat-background); padding: 1px 3px; border-radius: 4px;
  }
  pre code { padding: 0; }
  blockquote { background: var(--vscode-textBlockQuote-background); border-color: var(--vscode-textBlockQuote-border); }
}`;
