/** The part of WebAssembly that we use: Node has it, but neither Node's types nor the language's name it. */

export type Imports = Record<string, Record<string, unknown>>;
export type Instance = { readonly exports: Record<string, unknown> };

/** Made by `compile` only. */
type Compiled = { readonly compiled: never };
type Named = { readonly name: string };

declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<Compiled>;
  readonly Module: { imports(module: Compiled): Named[]; exports(module: Compiled): Named[] };
  readonly Instance: new (module: Compiled, imports: Imports) => Instance;
  readonly RuntimeError: new () => Error;
};

export const webAssembly = WebAssembly;
