// docs/leaks.md as text, from what a run of leaks.test.mjs saw: a table of Chromium's, and what differs in Firefox. Pure, and
// always in the same order.

/** In the order of the table's columns. */
export const STATES = ['control', 'none', 'scriptless', 'refused', 'other', 'released', 'granted', 'withdrawn'];
/** Those that every run in Firefox goes through. What the edge alone holds is the same there as in Chromium. */
export const BRIEF = ['control', 'none', 'refused', 'released'];
const HEADINGS = ['way', 'without us', 'no choice', 'scripts off', 'refused', 'other category', 'granted here', 'granted before', 'withdrawn'];

const INTRODUCTION = `# The leak matrix

Every way a page can start a request, in every state of consent, as Chromium did it and the recorder saw it; at the end, what
was seen in Firefox. Written by \`BLESS=1 node --test tests/journeys/leaks.test.mjs\`, compared by every run. The ways stand in
\`tests/origin/leaks/\`.

Each way has an address of its own at a vendor (or, for first-party paths, on the site itself, where the origin counts).
A cell says what became of it:

- **asked**: a request or a connection was seen. **held**: none was. **–**: there is nothing to see.
- *without us*: the page straight from its origin, in the same browser. A way that is *not asked* even there proves nothing;
  it is in the list so that it is seen when a browser learns it.
- *no choice*, *refused*, *other category*, *withdrawn*: nothing may be asked. *scripts off*: the edge alone, no choice.
  *other category*: analytics where marketing is meant, and the reverse; a container that any category may start is asked.
- *granted here*: the category is granted in the page in which it was held. *granted before*: the page comes with the grant.
  *–* stands where the page cannot be decided on, or where the way has asked already.

What cannot be seen: names that are only looked up (\`dns-prefetch\`), and what travels by UDP (WebRTC, WebTransport). WebRTC is
not tried at all: a TURN server over TLS ends this browser's network service. The stub refuses known hosts to both.
`;

function cell(text) {
  return text.replaceAll('|', '\\|');
}

/** The introduction's lists of what is known. */
function listKnown(known) {
  const row = ({ why, states, ways }) => `- ${cell(why)} (${ways.map((id) => `\`${id}\``).join(', ')})`;
  const leaks = known.filter((one) => one.states.includes('none'));
  const others = known.filter((one) => !one.states.includes('none'));
  return ['## Known to leak', '', ...leaks.map(row), '', '## Known not to come back with a grant', '', ...others.map(row), ''];
}

/** `describeCell` says in a word what was seen of a way, on its page, in a state. */
export function renderTable({ pages, known, describeCell }) {
  const lines = [INTRODUCTION, ...listKnown(known)];
  for (const group of [...new Set(pages.map((page) => page.group))]) {
    lines.push(`## ${group}`, '', `| ${HEADINGS.join(' | ')} |`, `|${' --- |'.repeat(HEADINGS.length)}`);
    for (const page of pages.filter((one) => one.group === group)) {
      for (const way of page.ways) {
        lines.push(`| ${cell(way.say)} (\`${way.id}\`) | ${STATES.map((state) => describeCell(way, page, state)).join(' | ')} |`);
      }
    }
    lines.push('');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

const FIREFOX = '\n## In Firefox\n';

/** Chromium's part of the file, and Firefox's. */
export function splitTable(text) {
  const at = text.indexOf(FIREFOX);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at)];
}

/** Ids of those of `ways` that the file says this engine asks without us; undefined if it says nothing of the engine yet. */
export function askedWithoutUs(text, isFirefox, ways) {
  const [table, firefox] = splitTable(text);
  const idsIn = (text) => new Set([...text.matchAll(/`([\w-]+)`/g)].map(([, id]) => id));
  if (!isFirefox) return new Set([...table.matchAll(/ \(`([\w-]+)`\) \| asked \|/g)].map(([, id]) => id));
  const silent = idsIn([...firefox.matchAll(/^- (?:Not asked|By chance).*$/gm)].join('\n'));
  return silent.size > 0 ? new Set(ways.map((way) => way.id).filter((id) => !silent.has(id))) : undefined;
}

/**
 * Of `count` ways those that Firefox does not know, those that were `asked` though denied, what does not come back there, and what
 * it does by chance. A script's way has two names, by the moment at which it is gone.
 */
export function renderFirefox({ count, unknown, asked, notBack, byChance }) {
  const list = (ids) => ids.map((id) => `\`${id}\``).join(', ');
  return `${FIREFOX}
The same pages, in the states *without us*, *no choice*, *refused* and *granted here*; in all states by hand, with
\`POSTERN_LEAKS_STATES=all\`. Ways that end in \`-p\` are those of scripts that run while the page comes. The recorder is a proxy
here, through which Firefox connects to nobody ahead of a request: what asks for that alone cannot be seen.

- Asked though denied, each for a reason above: ${list(asked)}. Everything else was held.
- Not asked even without us, ${unknown.length} of ${count}: ${list(unknown)}.
${notBack.map(({ why, ways }) => `- Not back with a grant, here alone: ${why} (${list(ways)})`).join('\n')}
${byChance.map(({ why, ways }) => `- By chance, so that only is known that it is held: ${why} (${list(ways)})`).join('\n')}
`;
}
