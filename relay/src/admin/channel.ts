/** Operations through the socket in the data folder: a request and its answer are a line of JSON each. */
import * as v from 'valibot';
import { explain } from '../explain.ts';
import { askOwner, type RequestHandler } from '../store/index.ts';
import { version } from '../version.ts';
import { AdminError } from './admin-error.ts';
import {
  type AdminContext,
  type ArgsOf,
  type OperationName,
  operations,
  type ResultOf,
} from './operations.ts';

/** A backup and an audit take as long as the disk does. */
const answerTimeoutMs = 30 * 60_000;

const requestSchema = v.strictObject({
  version: v.string(),
  operation: v.picklist(Object.keys(operations) as OperationName[]),
  args: v.unknown(),
});
const answerSchema = v.union([
  v.strictObject({ result: v.unknown() }),
  v.strictObject({ error: v.string() }),
]);

/** What the relay answers to its command line. @param context undefined while it begins */
export function answerRequests(context: () => AdminContext | undefined): RequestHandler {
  return async (line) => {
    try {
      const { version: theirs, operation, args } = v.parse(requestSchema, JSON.parse(line));
      if (theirs !== version) {
        throw new AdminError(
          `The relay that runs is version ${version}, and this command is version ${theirs}.`,
        );
      }
      const known = context();
      if (known === undefined) throw new AdminError('The relay is just starting: try again in a moment.');
      return JSON.stringify({ result: await perform(known, operation, args) });
    } catch (error) {
      return JSON.stringify({ error: error instanceof AdminError ? error.message : explainFailure(error) });
    }
  };
}

/** @throws AdminError where there is something to tell the operator */
export async function perform<Name extends OperationName>(
  context: AdminContext,
  name: Name,
  args: unknown,
): Promise<ResultOf<Name>> {
  const { schema, run } = operations[name];
  return (await (run as Run)(context, v.parse(schema, args))) as ResultOf<Name>;
}

type Run = (context: AdminContext, args: unknown) => Promise<unknown>;

/**
 * @returns undefined where no relay has the folder
 * @throws AdminError what the relay refuses, and why it cannot be asked
 */
export async function askRelay<Name extends OperationName>(
  folder: string,
  operation: Name,
  args: ArgsOf<Name>,
): Promise<ResultOf<Name> | undefined> {
  const line = await askOwner(folder, JSON.stringify({ version, operation, args }), answerTimeoutMs).catch(
    (error: unknown) => {
      throw new AdminError(whyUnasked(error));
    },
  );
  if (line === undefined) return undefined;
  const answer = v.parse(answerSchema, JSON.parse(line));
  if ('error' in answer) throw new AdminError(answer.error);
  // Of the same version, so of this operation's type.
  return answer.result as ResultOf<Name>;
}

function whyUnasked(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EACCES') return 'A relay runs here as another user: run the command as that user.';
  return 'The relay that runs here did not answer.';
}

function explainFailure(error: unknown): string {
  if (error instanceof v.ValiError) return 'The relay does not know this request.';
  const kind = error instanceof Error ? error.name : typeof error;
  return explain(error, `The relay could not do this (${kind}).`);
}
