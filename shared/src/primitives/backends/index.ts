/** Who computes the algorithms: implementations behind one interface, and the choice among them. */
export type { Algorithm, BackendName } from './algorithms.ts';
export { backend, chooseBackends } from './choose.ts';
