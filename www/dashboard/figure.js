// One figure's chart in the page: its canvas above the table, legend, keys, picture and print. What is drawn is planned in time.js
// and bars.js.

import { BarChart, CustomChart, LineChart } from 'echarts/charts';
import { DataZoomInsideComponent, DataZoomSliderComponent, GridComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { planBars } from './bars.js';
import { drawLegend, legendOf } from './legend.js';
import { readLook } from './look.js';
import { makePicture, save } from './picture.js';
import { makePointer } from './pointer.js';
import { letterOf } from './read.js';
import { sentenceOf } from './tell.js';
import { planTime, rowsIn, wholeRange } from './time.js';
import { words } from './words.js';
import { makeZoom } from './zoom.js';

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

/** The nodes that a chart adds to its figure. */
function makeParts(chart) {
  const box = make('div', { className: 'canvas', tabIndex: 0, ariaLabel: words.label(chart.title, chart.kind === 'time'), ariaRoleDescription: words.chart });
  // Keys are the chart's own: a screen reader must pass them on, which it does not for an image.
  box.setAttribute('role', 'application');
  const stage = make('div', { className: 'stage' });
  box.append(stage);
  // ECharts holds every turn of the wheel for itself, also those that it does nothing with: the page must scroll.
  box.addEventListener('wheel', (event) => { if (!event.ctrlKey) event.stopPropagation(); }, { capture: true, passive: true });
  return {
    box, stage,
    controls: make('div', { className: 'controls' }),
    spoken: make('p', { className: 'spoken', ariaLive: 'polite' }),
    back: make('button', { type: 'button', className: 'back', textContent: words.wholeRange, hidden: true }),
    picture: make('button', { type: 'button', textContent: words.png, ariaLabel: words.picture(chart.title) }),
  };
}

function addParts(figure, { controls, box, spoken, picture }) {
  figure.querySelector('figcaption').after(controls, box, spoken);
  if (!figure.querySelector('.acts')) figure.append(make('p', { className: 'acts' }));
  figure.querySelector('.acts').append(picture);
}

/** The picture of what is shown now, with what it needs to stand alone. */
async function savePicture(figure, chart, view, entries, width) {
  const rows = view.range ? rowsIn(chart, view.range) : [];
  const ends = rows.length ? [rows[0], rows.at(-1)] : [];
  const seen = chart.marks.filter(({ letter, at }) => letter && at >= view.range.from && at <= view.range.to);
  const blob = await makePicture({
    drawn: view.instance.getDataURL({ type: 'png', pixelRatio: 2, backgroundColor: view.look.paper, excludeComponents: ['dataZoom'] }),
    size: { width, height: view.plan.stillHeight },
    look: view.look, isRtl: chart.isRtl, title: chart.title,
    legend: entries.filter(({ key }) => !view.hidden.has(key)),
    notes: [
      ...seen.map(({ letter, text }) => `${letter} ${text}`),
      [location.host, ...(ends.length ? [words.showing(...ends.map(({ label }) => label))] : [])].join(', '),
    ],
  });
  save(blob, `${[figure.id || 'chart', ...ends.map(({ said }) => said)].join('-')}.png`);
}

/** Draws the chart of a figure and keeps it right; gives what the page's other events need. */
export function drawFigure(figure, chart) {
  const isTime = chart.kind === 'time';
  const details = figure.querySelector('details');
  const entries = legendOf(chart);
  const parts = makeParts(chart);
  const { box, stage, spoken, back } = parts;
  const view = { look: readLook(), hidden: new Set(), range: undefined, plan: undefined, instance: undefined, current: undefined, paper: undefined };
  let isFailed = false;

  function fail(error) {
    isFailed = true;
    view.instance?.dispose();
    for (const part of [parts.controls, box, spoken, parts.picture]) part.remove();
    for (const { element } of chart.marks) {
      element.querySelector('.letter')?.remove();
      element.parentElement.classList.remove('lettered');
    }
    details.open = true;
    console.error(`The chart "${chart.title}" could not be drawn; its table is there.`, error);
  }

  /** Whatever goes wrong, the table is left. */
  const safely = (act) => (...facts) => {
    if (isFailed) return;
    try {
      act(...facts);
    } catch (error) {
      fail(error);
    }
  };

  const draw = safely(() => {
    const width = view.paper ?? box.clientWidth;
    // A figure that is not displayed has its chart once it is.
    if (width === 0) return;
    view.plan = (isTime ? planTime : planBars)(chart, view.look, { ...view, width });
    const size = { width, height: view.plan.height };
    box.style.blockSize = `${size.height}px`;
    if (view.instance) view.instance.resize({ ...size, silent: true });
    else {
      view.instance = init(stage, null, { renderer: 'canvas', ...size, devicePixelRatio: Math.max(devicePixelRatio, view.paper ? 2 : 1) });
      view.instance.on('datazoom', safely(follow));
      view.instance.getZr().on('mousemove', safely(pointer.hover)).on('globalout', safely(pointer.leave));
    }
    view.instance.setOption(view.plan.option, { notMerge: true });
    back.hidden = !zoom || zoom.isWhole();
    pointer.leave();
  });

  /** The colours or the size of a pixel are others: from the start. */
  const redraw = safely(() => {
    view.look = readLook();
    view.instance?.dispose();
    view.instance = undefined;
    draw();
  });

  const pointer = makePointer(chart, view, box);
  const zoom = isTime ? makeZoom(chart, view, draw) : undefined;

  let settling;
  function follow() {
    const [{ startValue, endValue }] = view.instance.getOption().dataZoom;
    view.range = { from: startValue, to: endValue };
    back.hidden = zoom.isWhole();
    pointer.leave();
    // Numbers, markers and labels fit the range once it stands still.
    clearTimeout(settling);
    settling = setTimeout(draw, SETTLE_MS);
  }

  function tellRange() {
    const seen = rowsIn(chart, view.range);
    if (seen.length) spoken.textContent = words.showing(seen[0].label, seen.at(-1).label);
  }

  const here = () => (view.current !== undefined && pointer.isSeen(view.current) ? view.current : undefined);

  function moveTo(index) {
    const at = Math.min(Math.max(index, 0), chart.rows.length - 1);
    if (!pointer.isSeen(at)) zoom.bring(chart.rows[at]);
    if (isFailed) return;
    pointer.show(at);
    spoken.textContent = sentenceOf(chart, at, view.hidden);
  }

  /** One on or back; from the first that is seen where none that is seen was looked at. */
  function step(by) {
    const from = here();
    moveTo(from === undefined ? chart.rows.findIndex((_, index) => pointer.isSeen(index)) : from + by);
  }

  function zoomBy(times) {
    zoom.zoomBy(times, chart.rows[here()]);
    tellRange();
  }

  const [next, previous] = isTime ? (chart.isRtl ? ['ArrowLeft', 'ArrowRight'] : ['ArrowRight', 'ArrowLeft']) : ['ArrowDown', 'ArrowUp'];
  const keys = {
    [next]: () => step(1), [previous]: () => step(-1),
    Home: () => moveTo(0), End: () => moveTo(chart.rows.length - 1),
    Escape: () => pointer.leave(),
    ...(isTime ? { '+': () => zoomBy(0.5), '=': () => zoomBy(0.5), '-': () => zoomBy(2) } : {}),
  };
  box.addEventListener('keydown', safely((event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  }));
  box.addEventListener('blur', () => pointer.leave());
  back.addEventListener('click', safely(() => {
    zoom.zoomOut();
    tellRange();
    box.focus();
  }));
  parts.picture.addEventListener('click', () => {
    savePicture(figure, chart, view, entries, box.clientWidth).catch((error) => console.error(`The picture of "${chart.title}" could not be made.`, error));
  });
  parts.controls.append(drawLegend(entries, (key, isShown) => {
    if (isShown) view.hidden.delete(key);
    else view.hidden.add(key);
    draw();
  }), back);

  if (isTime) letterMarks(chart);
  addParts(figure, parts);
  let drawnWidth = box.clientWidth;
  draw();
  new ResizeObserver(() => {
    if (view.paper !== undefined || box.clientWidth === drawnWidth) return;
    drawnWidth = box.clientWidth;
    draw();
  }).observe(box);

  let wasOpen;
  return {
    redraw,
    /** On paper: the chart in ink on white, whole as it is now, and its table. */
    toPaper() {
      wasOpen = details.open;
      details.open = true;
      view.paper = PRINT_PX;
      redraw();
    },
    fromPaper() {
      if (view.paper === undefined) return;
      details.open = wasOpen || isFailed;
      view.paper = undefined;
      redraw();
    },
  };
}
