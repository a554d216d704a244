/** The languages that are coloured: those of nearly all code that gets talked about. */
import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import cpp from 'highlight.js/lib/languages/cpp';
import csharp from 'highlight.js/lib/languages/csharp';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import dockerfile from 'highlight.js/lib/languages/dockerfile';
import go from 'highlight.js/lib/languages/go';
import ini from 'highlight.js/lib/languages/ini';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import kotlin from 'highlight.js/lib/languages/kotlin';
import markdown from 'highlight.js/lib/languages/markdown';
import php from 'highlight.js/lib/languages/php';
import python from 'highlight.js/lib/languages/python';
import ruby from 'highlight.js/lib/languages/ruby';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import swift from 'highlight.js/lib/languages/swift';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';
import { oneLine } from '../model/index.ts';

const languages = {
  ...{ bash, c, cpp, csharp, css, diff, dockerfile, go, ini, java, javascript, json, kotlin, markdown },
  ...{ php, python, ruby, rust, sql, swift, typescript, xml, yaml },
};
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);

/** What VS Code calls them, where highlight.js does not know the name. */
hljs.registerAliases(['typescriptreact'], { languageName: 'typescript' });
hljs.registerAliases(['javascriptreact'], { languageName: 'javascript' });
hljs.registerAliases(['shellscript'], { languageName: 'bash' });
hljs.registerAliases(['jsonc', 'jsonl'], { languageName: 'json' });
hljs.registerAliases(['dockercompose'], { languageName: 'yaml' });
hljs.registerAliases(['properties'], { languageName: 'ini' });
hljs.registerAliases(['scss', 'less'], { languageName: 'css' });
hljs.registerAliases(['vue', 'svelte'], { languageName: 'xml' });

export { hljs };

/** What a language is called above a passage of code. */
export function languageName(language: string): string {
  if (language === '' || language === 'plaintext') return '';
  const lower = language.toLowerCase();
  if (['html', 'xml', 'vue', 'svelte', 'svg'].includes(lower))
    return lower === 'vue' ? 'Vue' : lower.toUpperCase();
  const known = hljs.getLanguage(language);
  return known?.name ?? oneLine(language).slice(0, 40);
}
