// For pages that the edge has not written: what it would have written on the stub's own element, from `state` and `more`,
// which are free names here. Served before the stub's own text, as the beginning of one script.
import { PREFIX } from './marks.js';

const own = document.currentScript;
own.setAttribute(PREFIX + 'edge', new URL(own.src).origin);
own.setAttribute(PREFIX + 'state', state);
if (more) own.setAttribute(PREFIX + 'more', more);
