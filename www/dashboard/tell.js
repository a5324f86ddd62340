// What is told of one row: as a tip beside it, for eyes, and as a sentence, for ears. Both say what the table's cells say.

import { drawSample, legendOf } from './legend.js';
import { stepOf } from './time.js';
import { words } from './words.js';

const valueOf = ({ cells }, index) => (cells[index].value === null ? words.unknown : cells[index].text);

/** "from 60 % to 65 %", in the words of the columns' heads; nothing where it is not known. */
function intervalOf({ cells, low, high }, index) {
  if (!low || !high || [cells, low.cells, high.cells].some((column) => column[index].value === null)) return '';
  return `${low.name} ${low.cells[index].text} ${high.name} ${high.cells[index].text}`;
}

function marksAt(chart, index) {
  if (chart.kind !== 'time') return [];
  const half = stepOf(chart) / 2;
  return chart.marks.filter(({ at, letter }) => letter && Math.abs(at - chart.rows[index].at) <= half).map(({ letter, text }) => `${letter}: ${text}`);
}

const shownOf = (chart, hidden) => chart.series.filter(({ key }) => !hidden.has(key));

export function sentenceOf(chart, index, hidden) {
  const values = shownOf(chart, hidden).map((one) => {
    const interval = intervalOf(one, index);
    return `${one.name} ${valueOf(one, index)}${interval && ` (${interval})`}`;
  });
  return [`${chart.rows[index].label}: ${values.join('; ')}`, ...marksAt(chart, index)].join('. ');
}

/** The tip's content. */
export function drawTip(chart, index, hidden) {
  const make = (name, className, ...children) => {
    const element = Object.assign(document.createElement(name), { className });
    element.append(...children);
    return element;
  };
  const samples = new Map(legendOf(chart).map((entry) => [entry.key, entry]));
  const sampleOf = ({ key }) => (samples.has(key) ? [drawSample(samples.get(key))] : []);
  return [
    make('strong', '', chart.rows[index].label),
    ...shownOf(chart, hidden).flatMap((one) => {
      const interval = intervalOf(one, index);
      return [
        make('span', 'pair', ...sampleOf(one), make('span', 'name', one.name), make('b', '', valueOf(one, index))),
        ...(interval ? [make('span', 'between', interval)] : []),
      ];
    }),
    ...marksAt(chart, index).map((text) => make('span', 'mark', text)),
  ];
}
