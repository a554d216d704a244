/** What can go wrong between the parts of the extension, and with what VS Code keeps for it. */
export type ExtensionErrorCode =
  /** The engine's thread ended, or is being ended. */
  | 'ERR_ENGINE_STOPPED'
  | 'ERR_ENGINE_TIMEOUT'
  | 'ERR_ENGINE_BUSY'
  /** One part of the extension said something that the other does not understand. */
  | 'ERR_IPC_INVALID'
  /** A mistake of ours, without a code of its own. */
  | 'ERR_ENGINE_INTERNAL'
  /** The chat is not open in this window: another window has it, or the vault is locked. */
  | 'ERR_NOT_OPEN'
  /** SecretStorage does not answer, or does not give back what it was given. */
  | 'ERR_SECRETS_UNAVAILABLE';
