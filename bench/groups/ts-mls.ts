/** What is used here of ts-mls, which is no dependency: its package is fetched for the measurement alone. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface State {
  readonly ratchetTree: readonly unknown[];
}
export interface KeyPackage {
  readonly publicPackage: unknown;
  readonly privatePackage: unknown;
}
export interface Suite {
  readonly signature: object;
}
/** A message as it is encoded: a commit or what an application says. */
export interface PrivateMessage {
  readonly wireformat: 'mls_private_message';
  readonly privateMessage: unknown;
}
export type Proposal =
  | { readonly proposalType: 'add'; readonly add: { readonly keyPackage: unknown } }
  | { readonly proposalType: 'remove'; readonly remove: { readonly removed: number } };
type Outcome = { readonly kind: string; readonly newState: State };

export interface TsMls {
  readonly nobleCryptoProvider: object;
  readonly defaultLifetime: (() => unknown) | object;
  defaultCapabilities(): unknown;
  readonly emptyPskIndex: object;
  getCiphersuiteFromName(name: string): object;
  getCiphersuiteImpl(suite: object, provider: object): Promise<Suite>;
  generateKeyPackage(
    credential: { readonly credentialType: 'basic'; readonly identity: Uint8Array },
    capabilities: unknown,
    lifetime: unknown,
    extensions: readonly [],
    suite: Suite,
  ): Promise<KeyPackage>;
  createGroup(
    id: Uint8Array,
    publicPackage: unknown,
    privatePackage: unknown,
    extensions: readonly [],
    suite: Suite,
  ): Promise<State>;
  createCommit(
    context: { readonly state: State; readonly cipherSuite: Suite },
    options: { readonly extraProposals: readonly Proposal[]; readonly ratchetTreeExtension: boolean },
  ): Promise<{ readonly newState: State; readonly welcome: unknown; readonly commit: PrivateMessage }>;
  joinGroup(
    welcome: unknown,
    publicPackage: unknown,
    privatePackage: unknown,
    psks: object,
    suite: Suite,
  ): Promise<State>;
  createApplicationMessage(
    state: State,
    message: Uint8Array,
    suite: Suite,
  ): Promise<{ readonly newState: State; readonly privateMessage: unknown }>;
  processPrivateMessage(state: State, message: unknown, psks: object, suite: Suite): Promise<Outcome>;
  encodeMlsMessage(message: object): Uint8Array;
  decodeMlsMessage(
    bytes: Uint8Array,
    offset: number,
  ): readonly [PrivateMessage & { readonly welcome: unknown }, number] | undefined;
}

export const suiteName = 'MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448';

export async function loadTsMls(folder: string): Promise<TsMls> {
  const entry = join(folder, 'node_modules', 'ts-mls', 'dist', 'src', 'index.js');
  return (await import(pathToFileURL(entry).href)) as TsMls;
}
