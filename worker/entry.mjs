// The Worker's front door: the edge that Rust is compiled to, with the last resort behind it.
import Edge, { LedgerObject } from './build/index.js';
import { guarded } from './last-resort.mjs';

export { LedgerObject };
export default guarded(Edge);
