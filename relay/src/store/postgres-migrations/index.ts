/**
 * The schema in steps, each from one version to the next, and never changed once it is out. During an upgrade,
 * processes of the version before work on with what a step leaves: it may add, and takes away only what that version
 * no longer uses.
 */
import { begin } from './0001-begin.ts';

export const migrations: readonly string[] = [begin];
