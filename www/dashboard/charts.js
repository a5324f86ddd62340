// What the dashboard's scripts add to a page that is whole without them: charts above its tables, today's figures that renew
// themselves, and filters that need no button. This file finds where; the others do it.

import { drawFigure } from './figure.js';
import { keepFilters } from './filters.js';
import { keepLive } from './live.js';
import { readChart } from './read.js';

const figures = [];

for (const figure of document.querySelectorAll('figure[data-chart]')) {
  try {
    const chart = readChart(figure);
    if (chart.isDrawable) figures.push(drawFigure(figure, chart));
    else figure.querySelector('details').open = true;
  } catch (error) {
    figure.querySelector('details')?.setAttribute('open', '');
    console.error(`The chart "${figure.id}" could not be drawn; its table is there.`, error);
  }
}

const redrawAll = () => { for (const { redraw } of figures) redraw(); };
for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) matchMedia(query).addEventListener('change', redrawAll);

window.addEventListener('beforeprint', () => {
  document.documentElement.classList.add('on-paper');
  for (const { toPaper } of figures) toPaper();
});
window.addEventListener('afterprint', () => {
  document.documentElement.classList.remove('on-paper');
  for (const { fromPaper } of figures) fromPaper();
});

for (const section of document.querySelectorAll('section[data-live]')) keepLive(section);

for (const form of document.querySelectorAll('form[data-submits]')) keepFilters(form);
