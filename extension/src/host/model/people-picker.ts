/**
 * Choosing several people in one input: what is typed narrows the people one knows, or is somebody's address; Enter
 * takes up what is marked, and, with nothing typed, goes on. As plain values: the quick pick is elsewhere.
 */
import type { ConversationSummary } from '@crypt2chat/shared/engine';
import { addressProblem, normaliseName } from './addresses.ts';
import { plainName } from './plain-text.ts';

export interface Person {
  readonly name: string;
  /** What the engine is given: the whole address only of those whose account is sure, else the name alone. */
  readonly address: string;
  readonly verified: boolean;
}

export type PickerItem =
  | { readonly kind: 'go'; readonly label: string; readonly detail?: string }
  | {
      readonly kind: 'chosen' | 'known' | 'typed';
      readonly label: string;
      readonly description: string;
      readonly person: Person;
    }
  | { readonly kind: 'heading'; readonly label: string };

const sure = 'the account you were given the address of';
const unsure = 'the relay’s word for who this is';

/**
 * Those one talks to. An account that only the relay vouches for is named by its name: with its whole address it would
 * count as one that its owner gave us.
 * @param except addresses (`name#accountId`) that are not offered
 */
export function knownPeople(
  conversations: readonly ConversationSummary[],
  except: ReadonlySet<string>,
): Person[] {
  return conversations
    .filter(({ group, status, address }) => !group && status === 'active' && !except.has(address))
    .map(({ title, address, verified }) => ({ name: title, address: verified ? address : title, verified }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Who is meant by what somebody typed; undefined while it is no address. */
export function typedPerson(text: string): Person | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || addressProblem(trimmed) !== undefined) return undefined;
  const [name = '', id] = trimmed.split('#');
  const normal = normaliseName(name);
  return { name: normal, address: id === undefined ? normal : `${normal}#${id}`, verified: id !== undefined };
}

/** `chosen` with `person`, or without them when they are among them. */
export function toggled(chosen: readonly Person[], person: Person): readonly Person[] {
  const rest = chosen.filter(({ address }) => address !== person.address);
  return rest.length < chosen.length ? rest : [...chosen, person];
}

/**
 * What the quick pick lists; it shows of it what fits to what is typed.
 * @param go what going on is called; undefined where that takes somebody to be chosen first
 * @param problem why going on did not work
 */
export function pickerItems(
  known: readonly Person[],
  chosen: readonly Person[],
  typed: string,
  go: string | undefined,
  problem: string | undefined,
): PickerItem[] {
  const isChosen = (person: Person) => chosen.some(({ address }) => address === person.address);
  const others = known.filter((person) => !isChosen(person));
  const someone = typedPerson(typed);
  const isListed =
    someone !== undefined &&
    [...known, ...chosen].some(({ address, name }) =>
      // A name alone means the one of that name whom one knows.
      someone.verified ? address === someone.address : name === someone.name,
    );
  const items: PickerItem[] = [];
  if (typed.trim() === '' && go !== undefined) {
    items.push({ kind: 'go', label: go, ...(problem === undefined ? {} : { detail: problem }) });
  }
  if (chosen.length > 0) items.push({ kind: 'heading', label: 'chosen: Enter takes them out' });
  items.push(...chosen.map((person) => itemOf('chosen', person)));
  if (others.length > 0) items.push({ kind: 'heading', label: 'people you talk to' });
  items.push(...others.map((person) => itemOf('known', person)));
  // Last, so that Enter takes up a known person whose name is typed in part.
  if (someone !== undefined && !isListed) items.push(itemOf('typed', someone));
  return items;
}

function itemOf(kind: 'chosen' | 'known' | 'typed', person: Person): PickerItem {
  const name = plainName(person.name);
  return {
    kind,
    label: kind === 'typed' ? `Add ${name}` : name,
    description: person.verified ? sure : unsure,
    person,
  };
}

/** “bob”, “bob and carol”, “bob, carol and 3 others”. */
export function namesOf(people: readonly Person[]): string {
  const names = people.map(({ name }) => plainName(name));
  const told = names.length > 3 ? [...names.slice(0, 2), `${names.length - 2} others`] : names;
  const last = told.pop() ?? '';
  return told.length === 0 ? last : `${told.join(', ')} and ${last}`;
}
