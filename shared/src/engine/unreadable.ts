/** Why an envelope could not be shown as a message; each has a sentence and, where there is one, a repair. */
export type UnreadableReason =
  /** The ciphertext or its header does not verify. */
  | 'tampered'
  /** No session of ours has the key: one side's state was lost or restored from a copy. */
  | 'no-session'
  /** It needs a prekey that is no longer here. */
  | 'prekey-gone'
  /** More messages were skipped than a session may skip. */
  | 'too-many-skipped'
  /** It follows a format that this version does not know. */
  | 'newer-version'
  /** It opened, and does not hold what a message must hold. */
  | 'malformed';
