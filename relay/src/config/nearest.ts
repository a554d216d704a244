/** Beyond this many edits, or half of what two names do not begin with both, they have nothing to do with each other. */
const maxEdits = 3;

/** The one of `names` that is fewest edits away from `name`; undefined where none is near. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestEdits = maxEdits + 1;
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) > maxEdits) continue;
    const edits = editsBetween(name, candidate);
    const different = Math.max(name.length, candidate.length) - sharedStart(name, candidate);
    if (edits < bestEdits && edits <= Math.ceil(different / 2)) [best, bestEdits] = [candidate, edits];
  }
  return best;
}

function sharedStart(a: string, b: string): number {
  let count = 0;
  while (count < a.length && a[count] === b[count]) count++;
  return count;
}

/** Levenshtein's distance. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(same, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
