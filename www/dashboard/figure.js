// One figure's chart in the page: its canvas above the table, legend, tip, keys, zoom, picture and print. What is drawn is planned
// in time.js and bars.js.

import { BarChart, CustomChart, LineChart } from 'echarts/charts';
import { DataZoomInsideComponent, DataZoomSliderComponent, GridComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { planBars } from './bars.js';
import { drawLegend, legendOf } from './legend.js';
import { readLook } from './look.js';
import { makePicture, save } from './picture.js';
import { letterOf } from './read.js';
import { drawTip, sentenceOf } from './tell.js';
import { planTime, rowsIn, stepOf, wholeRange } from './time.js';
import { words } from './words.js';

use([LineChart, BarChart, CustomChart, GridComponent, DataZoomInsideComponent, DataZoomSliderComponent, CanvasRenderer]);

/** What fits A4 and Letter with the margins that browsers have. */
const PRINT_PX = 680;

/** A zoom by hand has ended when nothing of it came for so long. */
const SETTLE_MS = 200;

const make = (name, properties) => Object.assign(document.createElement(name), properties);

/** Letters for the marks that the chart's time has, in the list too. */
function letterMarks(chart) {
  const { from, to } = wholeRange(chart);
  for (const [index, mark] of chart.marks.filter(({ at }) => at >= from && at <= to).entries()) {
    mark.letter = letterOf(index);
    mark.element.prepend(make('b', { className: 'letter', textContent: mark.letter }), ' ');
    mark.element.parentElement.classList.add('lettered');
  }
}

/** Draws the chart of a figure and keeps it right; gives what the page's other events need. */
export function drawFigure(figure, chart) {
  const isTime = chart.kind === 'time';
  const whole = isTime ? wholeRange(chart) : undefined;
  const hidden = new Set();
  const details = figure.querySelector('details');
  let [look, range, plan, instance, current] = [readLook(), whole];
  let paper;
  let isFailed = false;

  const box = make('div', { className: 'canvas', tabIndex: 0, ariaLabel: words.label(chart.title, isTime), ariaRoleDescription: words.chart });
  // Keys are the chart's own: a screen reader must pass them on, which it does not for an image.
  box.setAttribute('role', 'application');
  const stage = make('div', { className: 'stage' });
  const hair = make('div', { className: 'hair', hidden: true });
  const tip = make('div', { className: 'tip', hidden: true, ariaHidden: 'true' });
  box.append(stage, hair, tip);
  const spoken = make('p', { className: 'spoken', ariaLive: 'polite' });
  const back = make('button', { type: 'button', className: 'back', textContent: words.wholeRange, hidden: true });
  const picture = make('button', { type: 'button', textContent: words.png, ariaLabel: words.picture(chart.title) });
  const entries = legendOf(chart);
  const controls = make('div', { className: 'controls' });
  const added = [controls, box, spoken, picture];

  function fail(error) {
    if (isFailed) return;
    isFailed = true;
    instance?.dispose();
    for (const element of added) element.remove();
    for (const { element } of chart.marks) element.querySelector('.letter')?.remove();
    details.open = true;
    console.error(`The chart "${chart.title}" could not be drawn; its table is there.`, error);
  }

  /** Whatever goes wrong, the table is left. */
  const safely = (act) => (...facts) => {
    if (isFailed) return undefined;
    try {
      return act(...facts);
    } catch (error) {
      return fail(error);
    }
  };

  const draw = safely(() => {
    const width = paper ?? box.clientWidth;
    // A figure that is not displayed has its chart once it is.
    if (width === 0) return;
    plan = (isTime ? planTime : planBars)(chart, look, { width, hidden, range, isStill: paper !== undefined });
    box.style.blockSize = `${plan.height}px`;
    const size = { width, height: plan.height };
    if (instance) instance.resize({ ...size, silent: true });
    else {
      instance = init(stage, null, { renderer: 'canvas', ...size, devicePixelRatio: Math.max(devicePixelRatio, paper ? 2 : 1) });
      instance.on('datazoom', safely(follow));
      instance.getZr().on('mousemove', safely(hover)).on('globalout', safely(leave));
    }
    instance.setOption(plan.option, { notMerge: true });
    back.hidden = !isTime || (range.from === whole.from && range.to === whole.to);
    leave();
  });

  /** The colours or the size of a pixel are others: from the start. */
  const redraw = safely(() => {
    look = readLook();
    instance?.dispose();
    instance = undefined;
    draw();
  });

  // Rows and places.

  function placeOf(index) {
    const { left, top, width, height } = plan.grid;
    if (!isTime) return top + (index + 0.5) * height / chart.rows.length;
    const along = (chart.rows[index].at - range.from) / (range.to - range.from);
    return left + (chart.isRtl ? 1 - along : along) * width;
  }

  const isSeen = (index) => !isTime || (chart.rows[index].at >= range.from && chart.rows[index].at <= range.to);

  function show(index) {
    current = index;
    const { left, top, width, height } = plan.grid;
    const place = placeOf(index);
    const rowHeight = height / chart.rows.length;
    const full = box.clientWidth;
    Object.assign(hair.style, isTime
      ? { left: `${Math.round(place)}px`, top: `${top}px`, width: '1px', height: `${height}px` }
      : { left: '0', top: `${place - rowHeight / 2}px`, width: `${full}px`, height: `${rowHeight}px` });
    tip.replaceChildren(...drawTip(chart, index, hidden));
    hair.hidden = tip.hidden = false;
    // Beside the line, on the side with more room; under the row, or above one that is low.
    const [x, y] = isTime
      ? [place < left + width / 2 ? place + 12 : place - 12 - tip.offsetWidth, top + 4]
      : [Math.min(left + 24, full - tip.offsetWidth), place + rowHeight / 2 + tip.offsetHeight > plan.height ? place - rowHeight / 2 - tip.offsetHeight - 2 : place + rowHeight / 2 + 2];
    tip.style.transform = `translate(${Math.round(Math.max(0, Math.min(x, full - tip.offsetWidth)))}px, ${Math.round(y)}px)`;
  }

  function leave() {
    hair.hidden = tip.hidden = true;
  }

  function hover({ offsetX, offsetY }) {
    const { left, top, width, height } = plan.grid;
    if (offsetY < top || offsetY > top + height || (isTime && (offsetX < left || offsetX > left + width))) return leave();
    const place = isTime ? offsetX : offsetY;
    const near = (index) => Math.abs(placeOf(index) - place);
    const indices = isTime ? rowsIn(chart, range).map((row) => chart.rows.indexOf(row)) : [...chart.rows.keys()];
    if (indices.length === 0) return leave();
    return show(indices.reduce((one, other) => (near(other) < near(one) ? other : one)));
  }

  const announce = (index) => {
    show(index);
    spoken.textContent = sentenceOf(chart, index, hidden);
  };

  // Zoom.

  let settling;

  function follow() {
    const [{ startValue, endValue }] = instance.getOption().dataZoom;
    range = { from: startValue, to: endValue };
    back.hidden = startValue <= whole.from && endValue >= whole.to;
    leave();
    // Numbers, markers and labels fit the range once it stands still.
    clearTimeout(settling);
    settling = setTimeout(draw, SETTLE_MS);
  }

  const zoomTo = safely((from, to) => {
    const span = Math.min(Math.max(to - from, stepOf(chart) * 3), whole.to - whole.from);
    const start = Math.min(Math.max((from + to - span) / 2, whole.from), whole.to - span);
    range = { from: start, to: start + span };
    draw();
  });

  function zoomBy(times) {
    const span = (range.to - range.from) * times;
    const centre = current !== undefined && isSeen(current) ? chart.rows[current].at : (range.from + range.to) / 2;
    zoomTo(centre - span / 2, centre + span / 2);
    tellRange();
  }

  function tellRange() {
    const seen = rowsIn(chart, range);
    if (seen.length) spoken.textContent = words.showing(seen[0].label, seen.at(-1).label);
  }

  function moveTo(index) {
    const at = Math.min(Math.max(index, 0), chart.rows.length - 1);
    if (!isSeen(at)) {
      const half = stepOf(chart) / 2;
      const by = chart.rows[at].at < range.from ? chart.rows[at].at - half - range.from : chart.rows[at].at + half - range.to;
      zoomTo(range.from + by, range.to + by);
    }
    announce(at);
  }

  const keys = () => {
    const [next, previous] = isTime ? (chart.isRtl ? ['ArrowLeft', 'ArrowRight'] : ['ArrowRight', 'ArrowLeft']) : ['ArrowDown', 'ArrowUp'];
    // A chart begins where it is looked at: at its first row, or where a zoom by hand has left the row of before behind.
    const first = isTime ? chart.rows.indexOf(rowsIn(chart, range)[0] ?? chart.rows[0]) : 0;
    const step = (by) => moveTo(current === undefined || !isSeen(current) ? first : current + by);
    return {
      [next]: () => step(1),
      [previous]: () => step(-1),
      Home: () => moveTo(0),
      End: () => moveTo(chart.rows.length - 1),
      Escape: leave,
      ...(isTime ? { '+': () => zoomBy(0.5), '=': () => zoomBy(0.5), '-': () => zoomBy(2), 0: () => zoomBy(Infinity) } : {}),
    };
  };

  box.addEventListener('keydown', safely((event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = keys()[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }));
  box.addEventListener('blur', leave);
  // ECharts holds every turn of the wheel for itself, also those that it does nothing with: the page must scroll.
  box.addEventListener('wheel', (event) => { if (!event.ctrlKey) event.stopPropagation(); }, { capture: true, passive: true });
  back.addEventListener('click', () => {
    zoomTo(whole.from, whole.to);
    tellRange();
    box.focus();
  });

  picture.addEventListener('click', async () => {
    const rows = isTime ? rowsIn(chart, range) : [];
    const days = rows.length ? [rows[0].said, rows.at(-1).said] : [];
    try {
      const drawn = instance.getDataURL({ type: 'png', pixelRatio: 2, backgroundColor: look.paper, excludeComponents: ['dataZoom'] });
      const notes = [
        ...chart.marks.filter(({ letter, at }) => letter && at >= range.from && at <= range.to).map(({ letter, text }) => `${letter}  ${text}`),
        [location.host, ...(rows.length ? [words.showing(rows[0].label, rows.at(-1).label)] : [])].join(', '),
      ];
      const size = { width: box.clientWidth, height: plan.stillHeight };
      const shown = entries.filter(({ key }) => !hidden.has(key));
      save(await makePicture({ drawn, size, look, isRtl: chart.isRtl, title: chart.title, legend: shown, notes }), `${[figure.id || 'chart', ...days].join('-')}.png`);
    } catch (error) {
      console.error(`The picture of "${chart.title}" could not be made.`, error);
    }
  });

  controls.append(drawLegend(entries, (key, isShown) => {
    if (isShown) hidden.delete(key);
    else hidden.add(key);
    draw();
  }), back);
  if (isTime) letterMarks(chart);
  figure.querySelector('figcaption').after(controls, box, spoken);
  let acts = figure.querySelector('.acts');
  if (!acts) {
    acts = make('p', { className: 'acts' });
    figure.append(acts);
    added.push(acts);
  }
  acts.append(picture);

  let drawnWidth = 0;
  new ResizeObserver(() => {
    if (paper !== undefined || box.clientWidth === drawnWidth) return;
    drawnWidth = box.clientWidth;
    draw();
  }).observe(box);
  drawnWidth = box.clientWidth;
  draw();

  let wasOpen;
  return {
    redraw,
    /** On paper: the chart in ink on white, whole as it is now, and its table. */
    toPaper() {
      wasOpen = details.open;
      details.open = true;
      paper = PRINT_PX;
      redraw();
    },
    fromPaper() {
      if (paper === undefined) return;
      details.open = wasOpen || isFailed;
      paper = undefined;
      redraw();
    },
  };
}
