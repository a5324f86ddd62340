// What the parts of ours in a page know each other by.

/** What is written in front of the name of an attribute that is held. */
export const PREFIX = 'data-postern-';

/** Where the stub of the window around, and the gate, look for a stub's bridge. */
export const KEY = Symbol.for('postern');
