// Pages as the edge renders the dashboard's figures, for charts.test.mjs: the contract in one place, with numbers that a test can
// count on. They are made of a fixed series, so that two runs draw the same.

const DAY = 86_400_000;
const FIRST = Date.UTC(2026, 8, 7);

const MARKS = [['2026-09-15', 'Version 12: new wording'], ['2026-09-16', 'Version 13: “Choose” became “Settings”'], ['2026-10-05', 'Profile for Switzerland']];
/** A version is compared by a link, which is no part of what the chart says of it. */
const LINKED = /^Version 12/;

const percent = (value) => (value === null ? '–' : `${Math.round(value * 100)} %`);
const whole = (value) => (value === null ? '–' : value.toLocaleString('en-GB'));
const value = (number, write) => `<td data-value="${number === null ? '' : Number(number.toFixed(4))}">${write(number)}</td>`;
const day = (at) => new Date(at).toISOString().slice(0, 10);
const writing = (options) => (at) => new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC', ...options }).format(at);
const written = writing({});
/** As a range of two years has its days. */
export const writtenLong = writing({ year: 'numeric' });

function figure({ id, kind, format, title, first, heads, rows, marks = '' }) {
  return `<figure class="chart" id="${id}" data-chart="${kind}" data-format="${format}" aria-labelledby="${id}-title">
<figcaption id="${id}-title">${title}</figcaption>
<details><summary>The figures as a table</summary>
<section class="wide" tabindex="0" aria-labelledby="${id}-title"><table>
<thead><tr><th scope="col">${first}</th>${heads.map(([role, text]) => `<th scope="col"${role ? ` data-series="${role}"` : ''}>${text}</th>`).join('')}</tr></thead>
<tbody>${rows.map((cells) => `<tr>${cells.join('')}</tr>`).join('\n')}</tbody>
</table></section></details>
${marks}
<p class="acts"><a href="/_postern/dashboard/${id}.csv" download>CSV</a></p>
</figure>`;
}

/** A rate that wanders: no chance in it. */
const wander = (index, base, size) => base + size * Math.sin(index / 4.1) + size * 0.4 * Math.sin(index * 1.7);

/** The days that are missing have a row without values. */
export function rateFigure({ days = 42, missing = [18, 20], id = 'rate', title = 'Share who said yes, by day', write = written } = {}) {
  const rows = Array.from({ length: days }, (_, index) => {
    const at = FIRST + index * DAY;
    const known = (number) => (missing.includes(index) ? null : number);
    const answered = known(wander(index, 0.62 + index * 0.001, 0.035));
    const asked = known(wander(index + 3, 0.47, 0.03));
    const margin = 0.03;
    return [
      `<th scope="row"><time datetime="${day(at)}">${write(at)}</time></th>`,
      value(answered, percent), value(answered && answered - margin, percent), value(answered && answered + margin, percent),
      value(asked, percent), value(wander(index + 9, 0.58, 0.03), percent), value(known(Math.round(wander(index, 410, 90))) ?? 0, whole), '<td>counted</td>',
    ];
  });
  return figure({
    id, kind: 'time', format: 'percent', title, first: 'Day', rows: rows.toReversed(),
    heads: [['line', 'Of those who answered'], ['low', 'from'], ['high', 'to'], ['line', 'Of those asked'], ['compare', 'Period before'], ['volume', 'Answers'], ['', 'Note']],
    marks: `<ol class="marks">${MARKS.map(([at, text]) => `<li data-at="${at}"><span>${text}</span>${LINKED.test(text) ? ` <a href="/_postern/dashboard?from=${at}">Before and after</a>` : ''}</li>`).join('')}</ol>`,
  });
}

export function placesFigure() {
  const rows = [
    ['Germany', 0.58, 0.02, 0.55, 1841], ['France', 0.663, 0.03, 0.64, 902], ['Netherlands', 0.71, 0.05, 0.66, 311],
    ['United Kingdom of Great Britain and Northern Ireland', 0.52, 0.06, 0.57, 204], ['Switzerland', 0.44, 0.14, null, 38], ['Elsewhere', null, 0, null, 2],
  ]
    .map(([name, rate, margin, before, count]) => [
      `<th scope="row">${name}</th>`, value(rate, percent), value(rate && rate - margin, percent), value(rate && rate + margin, percent), value(before, percent), value(count, whole),
    ]);
  return figure({
    id: 'places', kind: 'bars', format: 'percent', title: 'Share who said yes, by country', first: 'Country', rows,
    heads: [['line', 'Of those who answered'], ['low', 'from'], ['high', 'to'], ['compare', 'Period before'], ['volume', 'Answers']],
  });
}

export function stepsFigure() {
  const rows = [['Pages with a banner', 12480], ['Banner seen', 11930], ['Answered', 7402], ['Said yes to something', 4588], ['Still so after 7 days', 4391]]
    .map(([name, count]) => [`<th scope="row">${name}</th>`, value(count, whole)]);
  return figure({ id: 'steps', kind: 'steps', format: 'number', title: 'From the banner to an answer', first: 'Step', rows, heads: [['line', 'Visits']] });
}

export const onePointFigure = () => rateFigure({ days: 2, missing: [0], id: 'one', title: 'Share who said yes, since yesterday' });
export const noRowFigure = () => figure({ id: 'none', kind: 'bars', format: 'number', title: 'Refusals by vendor', first: 'Vendor', rows: [], heads: [['line', 'Refusals']] });
export const wrongFigure = () => rateFigure({ days: 5, id: 'wrong' }).replace('datetime="2026-09-08"', 'datetime="yesterday"');

export const liveSection = (answers, seconds) => `<section data-live="/_postern/dashboard/today" data-seconds="${seconds}" aria-labelledby="today-title">
<h2 id="today-title">Today</h2><p>${answers} answers so far</p></section>`;

export const filterForm = () => `<form data-submits method="get"><div class="fields"><p><label for="days">Range</label>
<select id="days" name="days"><option value="30">30 days</option><option value="90">90 days</option><option value="">From … to …</option></select></p>
<p><label for="from">From</label><input id="from" name="from" type="date"></p><p><label for="to">To</label><input id="to" name="to" type="date"></p></div><p><button>Show</button></p></form>`;

export function page(parts, { lang = 'en', dir = 'ltr' } = {}) {
  return `<!doctype html>
<html lang="${lang}" dir="${dir}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Dashboard</title>
<link rel="stylesheet" href="/_postern/page.css"><script type="module" src="/_postern/dashboard.js"></script></head>
<body><main><h1>62 % of those who decided said yes</h1>
${parts.join('\n')}
</main></body></html>`;
}
