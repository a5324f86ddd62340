// For pages that the edge has not written: what it would have written on the stub's own element, from `state` and `more`,
// which are free names here. It comes before the stub.
import { PREFIX } from './restore.js';

const own = document.currentScript;
own.setAttribute(PREFIX + 'state', state);
if (more) own.setAttribute(PREFIX + 'more', more);
