// From a figure's table to what a chart is drawn of. The table is the only source: what it does not say is not drawn.

import { formatsOf, lang } from './words.js';

/** A cell's number, null where it has none, and its text. */
function readCell(cell) {
  const said = cell?.dataset.value?.trim();
  const value = said ? Number(said) : NaN;
  return { value: Number.isFinite(value) ? value : null, text: cell?.textContent.trim() ?? '' };
}

/** Milliseconds of a row's `<time datetime>`. A time without a zone is UTC, as a day is. */
function readTime(row) {
  const said = row.querySelector('th time')?.dateTime ?? '';
  const at = Date.parse(/T[\d:.]+$/.test(said) ? `${said}Z` : said);
  if (Number.isNaN(at)) throw new Error(`a row of a chart by time has no time that can be read: "${said}"`);
  return { at, said };
}

function readSeries(table, rows) {
  const series = [];
  for (const head of table.tHead.rows[0].cells) {
    const role = head.dataset.series;
    if (!role) continue;
    const column = { name: head.textContent.trim(), cells: rows.map(({ element }) => readCell(element.cells[head.cellIndex])) };
    if (role === 'low' || role === 'high') series.findLast((one) => one.role === 'line')[role] = column;
    else series.push({ key: `${role}-${series.length}`, role, ...column });
  }
  return series;
}

/** A, B, … Z, AA, AB, … */
export function letterOf(index) {
  const last = String.fromCharCode(65 + index % 26);
  return index < 26 ? last : letterOf(Math.floor(index / 26) - 1) + last;
}

/**
 * What the figure's table says: rows in the order they are drawn, series by column, marks by time. `isDrawable` is false where a
 * chart would show nothing that the table does not show better.
 */
export function readChart(figure) {
  const table = figure.querySelector('table');
  const kind = figure.dataset.chart;
  const rows = [...table.tBodies].flatMap((body) => [...body.rows])
    .map((element) => ({ element, label: element.querySelector('th').textContent.trim(), ...(kind === 'time' ? readTime(element) : {}) }));
  if (kind === 'time') rows.sort((one, other) => one.at - other.at);
  const series = readSeries(table, rows);
  const known = rows.filter((_, index) => series.some(({ role, cells }) => role === 'line' && cells[index].value !== null)).length;
  const marks = [...figure.querySelectorAll('.marks > [data-at]')]
    .map((element) => ({ element, at: Date.parse(element.dataset.at), text: element.querySelector('span').textContent.trim() }))
    .filter(({ at }) => !Number.isNaN(at))
    .sort((one, other) => one.at - other.at);
  return {
    kind, rows, series, marks,
    title: figure.querySelector('figcaption').textContent.trim(),
    format: figure.dataset.format === 'percent' ? 'percent' : 'number',
    formats: formatsOf(figure.dataset.numbers || lang),
    isRtl: getComputedStyle(figure).direction === 'rtl',
    isDrawable: known >= (kind === 'time' ? 2 : 1),
  };
}
