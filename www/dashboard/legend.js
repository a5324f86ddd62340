// The legend: a sample of each series as it is drawn, its name, and, where there is more than one, a button that hides and shows
// it. Samples are paths, so that the page (SVG) and a picture (canvas) draw the same.

import { styleOf } from './look.js';
import { words } from './words.js';

export const SAMPLE = { width: 28, height: 14 };

const SYMBOL_PATHS = {
  circle: 'M10.5 7a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z',
  rect: 'M10.5 3.5h7v7h-7z',
  triangle: 'M14 2l4.5 9h-9z',
  diamond: 'M14 2.5l4.5 4.5l-4.5 4.5l-4.5-4.5z',
};

/** Paths of a series' sample, with `width` for a line; the others are filled. */
function sampleOf(chart, one) {
  const isTime = chart.kind === 'time';
  if (one.role === 'volume') return [{ path: 'M4 6h5v8h-5zM11 2h5v12h-5zM18 8h5v6h-5z' }];
  if (one.role === 'compare') return isTime ? [{ path: 'M1 7h26', width: 1.5, dash: [5, 4] }] : [{ path: 'M14 0v14', width: 3 }];
  if (!isTime) return [{ path: 'M0 2h28v10h-28z', opacity: one.low ? 0.45 : 1 }];
  return [{ path: 'M0 7h28', width: 2 }, { path: SYMBOL_PATHS[styleOf(chart, one).symbol] }];
}

/** What the legend says, in order. The key is of what can be hidden. */
export function legendOf(chart) {
  if (chart.kind === 'steps') return [];
  const roles = chart.kind === 'time' ? ['line', 'compare', 'volume'] : ['line', 'compare'];
  const series = chart.series.filter(({ role }) => roles.includes(role));
  const entries = series.map((one) => ({
    key: one.key, tone: one.role === 'volume' ? 'line' : styleOf(chart, one).tone, paths: sampleOf(chart, one),
    // Bars at the foot have no numbers at their side.
    text: one.role === 'volume' ? words.upTo(one.name, one.cells.reduce((most, cell) => (cell.value > (most.value ?? -1) ? cell : most)).text) : one.name,
  }));
  if (series.some(({ low, high }) => low && high)) {
    entries.push(chart.kind === 'time'
      ? { tone: 'soft', paths: [{ path: 'M0 1h28v12h-28z', opacity: 0.25 }], text: words.interval }
      : { tone: 'ink', paths: [{ path: 'M3 7h22M3 3v8M25 3v8', width: 1.5 }], text: words.interval });
  }
  return entries;
}

export function drawSample({ tone, paths }) {
  const make = (name, attributes) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const svg = make('svg', { ...SAMPLE, viewBox: `0 0 ${SAMPLE.width} ${SAMPLE.height}`, class: `tone-${tone}`, 'aria-hidden': 'true' });
  svg.append(...paths.map(({ path, width, dash = [], opacity = 1 }) => make('path', {
    d: path, opacity, ...(width ? { fill: 'none', stroke: 'currentColor', 'stroke-width': width, 'stroke-dasharray': dash.join(' ') } : { fill: 'currentColor' }),
  })));
  return svg;
}

/** The legend as a list; `toggle` is told the key of a series and whether it is shown. */
export function drawLegend(entries, toggle) {
  const list = Object.assign(document.createElement('ul'), { className: 'legend' });
  const canHide = entries.filter(({ key }) => key).length > 1;
  list.append(...entries.map((entry) => {
    const item = document.createElement('li');
    if (!canHide || !entry.key) {
      item.append(drawSample(entry), entry.text);
      return item;
    }
    const button = Object.assign(document.createElement('button'), { type: 'button', ariaPressed: 'true' });
    button.append(drawSample(entry), entry.text);
    button.addEventListener('click', () => {
      const isShown = button.ariaPressed !== 'true';
      button.ariaPressed = String(isShown);
      toggle(entry.key, isShown);
    });
    item.append(button);
    return item;
  }));
  return list;
}
