/** Runs in the page: what a screen reader or a weak eye would stumble over. */

declare global {
  var audit: () => string[];
}

function channel(value: number): number {
  const part = value / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

type Colour = readonly [number, number, number, number];

/** Any colour of CSS, by way of a canvas. */
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });

function parse(colour: string): Colour {
  if (canvas === null) throw new TypeError('no canvas');
  canvas.canvas.width = 1;
  canvas.canvas.height = 1;
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  const [r = 0, g = 0, b = 0, a = 0] = canvas.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}

function over(top: Colour, below: Colour): Colour {
  const mix = (i: 0 | 1 | 2): number => top[i] * top[3] + below[i] * (1 - top[3]);
  return [mix(0), mix(1), mix(2), 1];
}

function luminance([r, g, b]: Colour): number {
  return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
}

function backgroundOf(element: Element): Colour {
  const layers: Colour[] = [];
  for (let at: Element | null = element; at !== null; at = at.parentElement) {
    layers.push(parse(getComputedStyle(at).backgroundColor));
  }
  return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255, 1]);
}

function contrast(element: Element): number {
  const below = backgroundOf(element);
  const [a, b] = [luminance(over(parse(getComputedStyle(element).color), below)), luminance(below)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function nameOf(element: Element): string {
  return (element.getAttribute('aria-label') ?? element.textContent).trim();
}

function isShown(element: HTMLElement): boolean {
  return (
    element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
    element.closest('.sr-only') === null
  );
}

globalThis.audit = () => {
  const found: string[] = [];
  const all = [...document.querySelectorAll<HTMLElement>('#crypt2chat *')];
  for (const one of all) {
    const what = `${one.localName}.${one.className}`;
    if (
      one.matches('button, [role=link], [role=option], [role=listbox], textarea, article, vscode-button') &&
      nameOf(one) === ''
    )
      found.push(`${what} has no name`);
    if (one.tabIndex > 0) found.push(`${what} is out of the order of Tab`);
    if (one.matches('[aria-hidden=true]') && one.querySelector('button, a, [tabindex]') !== null)
      found.push(`${what} hides a control`);
    if (one.matches('a') && one.getAttribute('role') !== 'link') found.push(`${what} is no link`);
    const ownText = [...one.childNodes].some(
      (node) => node.nodeType === 3 && (node.textContent ?? '').trim() !== '',
    );
    if (
      !ownText ||
      !isShown(one) ||
      one.matches(':disabled') ||
      one.closest('vscode-button, vscode-text-field') !== null
    )
      continue;
    const wanted = one.matches(
      '.avatar, .face, [class*=hljs-], .author, .event bdi, .mention-option *, .text, .text *, .fail, .fail *',
    )
      ? 4.5
      : 3;
    const seen = contrast(one);
    if (seen < wanted)
      found.push(`${what} “${nameOf(one).slice(0, 20)}” has a contrast of ${seen.toFixed(2)}`);
  }
  for (const icon of document.querySelectorAll('#crypt2chat svg')) {
    if (icon.getAttribute('aria-hidden') !== 'true') found.push('an icon speaks');
  }
  if (document.querySelectorAll('#crypt2chat main').length !== 1) found.push('there is not one main');
  if (document.querySelectorAll('#crypt2chat h1').length > 1)
    found.push('there is more than one first heading');
  return found;
};

export {};
