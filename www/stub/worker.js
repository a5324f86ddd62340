// The guard in front of a worker's own file. Not in the page: the edge writes it there, as `(text)(granted, more, isDecided);` and
// then the file. `granted` are the bits of what is granted, `more` what the site says otherwise, as in the page's
// `data-postern-more`; `isDecided`: the visitor has been asked. Built as a function of these, which are free names here.
import { urls } from './catalogue.js';
import { guard } from './guard.js';
import { learn } from './rows.js';

learn(more);
guard(self, { granted, isDecided: +!!isDecided, queue: [], urls });
