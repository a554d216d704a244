/** What our structures are made of. Floats, tags, `undefined` and indefinite lengths are not among it. */
export type CborValue =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue | undefined };

/** Deeper nesting than any structure of ours has; it stops a decoder from being led down a well. */
export const maxDepth = 16;
