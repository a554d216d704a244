/** ts-mls, another way to hold groups together, to measure ours beside: with what it wants for suite 4. */
import { fetchTool } from './fetch.mjs';

/** @returns {Promise<string>} the folder in which its node_modules is */
export function tsMls() {
  return fetchTool({ name: 'ts-mls', version: '1.6.4', title: 'ts-mls, to measure beside', size: '5 MB' });
}
