/** The rules of docs/protocol.md §11.2 as plainly as they can be said, and what they say of any step. */

/** Versions of each account's log: which of its devices each one has. Every version extends the one before. */
export const versions: readonly (readonly number[])[] = [[0], [0, 1], [1], [1, 2]];

export interface Seat {
  readonly account: number;
  readonly device: number;
}

/** An account, and how much of its log is shown. */
export interface Shown {
  readonly account: number;
  readonly version: number;
}

export interface Said extends Seat {
  readonly epoch: number;
}

export type Step = { readonly by: Seat; readonly updates: readonly Shown[] } & (
  | { readonly do: 'add'; readonly whom: readonly Shown[] }
  /** `left` chooses among what has been said. */
  | { readonly do: 'remove'; readonly whom: readonly number[]; readonly left: readonly number[] }
  | { readonly do: 'rotate' | 'rename' | 'leave' }
  | { readonly do: 'policy'; readonly mayAdd: boolean; readonly admins: readonly number[] | undefined }
);

export interface ModelMember extends Shown {
  readonly admin: boolean;
}

export interface Model {
  readonly members: readonly ModelMember[];
  readonly former: readonly Shown[];
  readonly anyoneMayAdd: boolean;
  readonly epoch: number;
  readonly speakers: readonly (Seat & { readonly from: number; readonly until?: number })[];
  readonly said: readonly Said[];
}

const has = ({ version }: Shown, device: number): boolean => versions[version]!.includes(device);
const sameAs =
  (account: number) =>
  (other: { readonly account: number }): boolean =>
    other.account === account;
const distinct = (values: readonly number[]): boolean => new Set(values).size === values.length;

export function beginning(members: readonly ModelMember[]): Model {
  const speakers = members.flatMap(({ account, version }) =>
    versions[version]!.map((device) => ({ account, device, from: 0 })),
  );
  return { members, former: [], anyoneMayAdd: true, epoch: 0, speakers, said: [] };
}

/** What `step` makes of the group; undefined where the rules forbid it. */
export function after(model: Model, step: Step): Model | undefined {
  const { members, said } = model;
  const signer = members.find((member) => member.account === step.by.account && has(member, step.by.device));
  if (!signer) return undefined;
  switch (step.do) {
    case 'leave':
      return { ...model, said: [...said, { ...step.by, epoch: model.epoch }] };
    case 'rename':
      return signer.admin ? model : undefined;
    case 'policy': {
      if (!signer.admin) return undefined;
      const { admins } = step;
      if (!admins) return { ...model, anyoneMayAdd: step.mayAdd };
      const known = admins.every((account) => members.some(sameAs(account)));
      if (admins.length === 0 || !distinct(admins) || !known) return undefined;
      const named = members.map((member) => ({ ...member, admin: admins.includes(member.account) }));
      return { ...model, anyoneMayAdd: step.mayAdd, members: named };
    }
    case 'add': {
      if (!model.anyoneMayAdd && !signer.admin) return undefined;
      const { whom } = step;
      const isFree = whom.every(({ account }) => !members.some(sameAs(account)));
      const follows = whom.every(({ account, version }) =>
        model.former.every((one) => one.account !== account || one.version <= version),
      );
      if (whom.length === 0 || !isFree || !follows || !distinct(whom.map(({ account }) => account)))
        return undefined;
      return begin(model, step, (old) => [...old, ...whom.map((one) => ({ ...one, admin: false }))]);
    }
    case 'remove': {
      const { whom, left } = step;
      const statements = left.map((i) => said[i % Math.max(1, said.length)]);
      // A statement counts while the device that made it has been in the group without a break.
      const counts = (one: Said | undefined): boolean =>
        one !== undefined &&
        model.speakers.some(
          ({ account, device, from, until }) =>
            account === one.account && device === one.device && from <= one.epoch && until === undefined,
        );
      if (!statements.every(counts)) return undefined;
      const mayGo = (account: number): boolean =>
        signer.admin || statements.some((one) => one?.account === account);
      const isThere = whom.every((account) => members.some(sameAs(account)) && mayGo(account));
      if (whom.length === 0 || !isThere || !distinct(whom)) return undefined;
      return begin(model, step, (old) => old.filter(({ account }) => !whom.includes(account)));
    }
    case 'rotate':
      return begin(model, step, (old) => old);
  }
}

function begin(
  model: Model,
  { by, updates }: Step,
  change: (members: readonly ModelMember[]) => readonly ModelMember[],
): Model | undefined {
  let updated = model.members;
  for (const { account, version } of updates) {
    const member = updated.find(sameAs(account));
    if (!member || version <= member.version) return undefined;
    updated = updated.map((each) => (each === member ? { ...each, version } : each));
  }
  const changed = change(updated);
  const admins = changed.filter(({ admin }) => admin).length;
  const members = changed.map((member, i) => (admins === 0 && i === 0 ? { ...member, admin: true } : member));
  if (!members.some((member) => member.account === by.account && has(member, by.device))) return undefined;
  const epoch = model.epoch + 1;
  const present = members.flatMap(({ account, version }) =>
    versions[version]!.map((device) => ({ account, device })),
  );
  const isIn = (seats: readonly Seat[], { account, device }: Seat): boolean =>
    seats.some((one) => one.account === account && one.device === device);
  const kept = model.speakers.map((one) =>
    one.until === undefined && !isIn(present, one) ? { ...one, until: epoch } : one,
  );
  const open = kept.filter(({ until }) => until === undefined);
  const fresh = present.filter((seat) => !isIn(open, seat)).map((seat) => ({ ...seat, from: epoch }));
  const gone = updated.map(({ account, version }) => ({ account, version }));
  const former = [...model.former, ...gone].filter(({ account }) => !members.some(sameAs(account)));
  return { ...model, members, epoch, speakers: [...kept, ...fresh], former };
}
