/** What a command cannot do, in words for the operator. It is no fault of the program. */
export class AdminError extends Error {
  /** The exit code: 1, or 2 where the command itself was wrong. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.name = 'AdminError';
    this.exitCode = exitCode;
  }
}
