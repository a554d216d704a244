/** Calling npm, and saying in words what keeps it from its work. */
import { run } from './processes.mjs';
import { Problem } from './say.mjs';

const unreachable =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|FETCH_ERROR)\b/;

/**
 * @param {readonly string[]} args
 * @param {{ cwd: string, what: string, timeoutMs?: number }} options `what` it is for, as in "Could not fetch …"
 */
export async function npm(args, { cwd, what, timeoutMs = 900_000 }) {
  // Under `npm start` and `npm test`, npm says which npm it is.
  const script = process.env['npm_execpath'];
  const [command, before] = script?.endsWith('.js') ? [process.execPath, [script]] : ['npm', []];
  const env = { ...process.env };
  // A nested npm would take the outer one's workspace and options for its own.
  for (const name of Object.keys(env))
    if (/^npm_(package|lifecycle)_|^npm_config_(local_prefix|workspace)/.test(name)) delete env[name];
  const { code, output, timedOut } = await run(command, [...before, ...args], { cwd, env, timeoutMs }).catch(
    (error) => {
      if (error.code === 'ENOENT')
        throw new Problem('npm was not found. It comes with Node.js: https://nodejs.org');
      throw error;
    },
  );
  if (code === 0) return;
  if (unreachable.test(output) || timedOut) {
    throw new Problem(
      `Could not fetch ${what}: the npm registry does not answer.\n` +
        'Check the network (behind a proxy: npm config set proxy …) and run the same command again.',
    );
  }
  if (/\bENOSPC\b/.test(output)) throw new Problem(`Could not fetch ${what}: the disk is full.`);
  throw new Problem(`Could not fetch ${what}. npm says:\n${output.trim().split('\n').slice(-15).join('\n')}`);
}
