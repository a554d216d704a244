/** Words with names in them. Each name reads in its own direction, and turns that of nothing around it. */
import { element } from '../elements.ts';
import type { Part } from '../model/index.ts';

export function nodesOf(parts: readonly Part[]): (Node | string)[] {
  return parts.map((part) => (typeof part === 'string' ? part : element('bdi', {}, part.name)));
}
