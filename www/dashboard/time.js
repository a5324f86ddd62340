// Charts by time: lines with the interval as a light band, the period before dashed, how many as bars at the foot, marks with
// their letters. Pure: from what a table says to what ECharts is told.

import { NARROW_PX, frame, scaleOf, styleOf, ticksOf, valueAxis, widthOf } from './look.js';
import { lang } from './words.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** 1970-01-05 was a Monday. */
const MONDAY = 4 * DAY;

const SLIDER_PX = 20;
/** Fewer points are all seen well at once. */
const SLIDER_POINTS_MIN = 15;
/** Nearer than this many rows no line is left. */
export const POINTS_MIN = 3;
/** Bars at the foot take this part of the height. */
const VOLUME_PART = 1 / 4;
/** Nearer to each other, markers make a line a string of beads. */
const SYMBOL_PX = 48;

const written = (options) => new Intl.DateTimeFormat(lang, { timeZone: 'UTC', ...options });
const asHour = written({ hour: '2-digit', minute: '2-digit' });
const asDay = written({ day: 'numeric', month: 'short' });
const asMonth = written({ month: 'short' });
const asYear = written({ year: 'numeric' });

/** What the lines of a time axis may be apart, from near to far: fixed lengths, then calendar months. */
const STEPS = [
  ...[1, 3, 6, 12].map((hours) => ({ length: hours * HOUR, text: asHour, above: asDay })),
  ...[1, 2, 7, 14].map((days) => ({ length: days * DAY, text: asDay, above: asYear })),
  ...[1, 2, 3, 6, 12].map((months) => ({ length: months * 30 * DAY, months, text: asMonth, above: asYear })),
];
/** Between a label and the next. */
const LABEL_GAP_PX = 16;

/** The shortest time between two rows, ms. */
export const stepOf = ({ rows }) => Math.min(...rows.slice(1).map(({ at }, index) => at - rows[index].at));

/** From the start of the first row's time to the end of the last one's, so that a bar is not cut. */
export function wholeRange(chart) {
  const half = stepOf(chart) / 2;
  return { from: chart.rows[0].at - half, to: chart.rows.at(-1).at + half };
}

/** Rows of the range. */
export const rowsIn = (chart, { from, to }) => chart.rows.filter(({ at }) => at >= from && at <= to);

/** The labels of the axis by where they stand, so far apart that each has room: where some are left out, distances mislead. */
function timeTicks(chart, range, width, look) {
  const near = stepOf(chart);
  const steps = STEPS.filter(({ length }) => length * 1.05 >= near);
  let texts = new Map();
  for (const step of steps) {
    texts = textsOf(chart, range, step, near);
    const room = width * step.length / (range.to - range.from) - LABEL_GAP_PX;
    if (widthOf([...texts.values()].flatMap((text) => text.split('\n')), look) <= room) break;
  }
  return texts;
}

function textsOf(chart, { from, to }, step, near) {
  const ticks = [];
  if (step.months) {
    const first = new Date(from);
    for (let month = Math.ceil((first.getUTCMonth() + (first.getUTCDate() > 1 ? 1 : 0)) / step.months) * step.months; ; month += step.months) {
      const at = Date.UTC(first.getUTCFullYear(), month);
      if (at > to) break;
      if (at >= from) ticks.push(at);
    }
  } else {
    // Weeks that are counted from another day keep theirs.
    const origin = near >= 7 * DAY ? chart.rows[0].at : MONDAY;
    for (let at = Math.ceil((from - origin) / step.length) * step.length + origin; at <= to; at += step.length) ticks.push(at);
  }
  // A day is called what its row calls it.
  const labels = step.text === asDay ? new Map(chart.rows.map(({ at, label }) => [at, label])) : new Map();
  const texts = new Map();
  let above;
  for (const at of ticks) {
    const now = step.above.format(at);
    const text = labels.get(at) ?? step.text.format(at);
    texts.set(at, now === above || text.includes(now) ? text : `${text}\n${now}`);
    above = now;
  }
  return texts;
}

/** The rows in runs that a line may go through: a missing value ends one, and so do missing rows. */
function runsOf(chart, cells) {
  const far = stepOf(chart) * 1.5;
  const runs = [];
  let last = -Infinity;
  for (const [index, { at }] of chart.rows.entries()) {
    if (cells[index].value === null) continue;
    if (index > 0 && cells[index - 1].value !== null && at - last < far) runs.at(-1).push(index);
    else runs.push([index]);
    last = at;
  }
  return runs;
}

/** The points of a line, with nothing between its runs. */
function pointsOf(chart, cells, decorate = () => ({})) {
  return runsOf(chart, cells).flatMap((run, place) => [
    ...(place > 0 ? [{ value: [chart.rows[run[0]].at - 1, null] }] : []),
    ...run.map((index) => ({ value: [chart.rows[index].at, cells[index].value], ...decorate(index, run) })),
  ]);
}

function bandOf(chart, look, one) {
  const { tone } = styleOf(chart, one);
  const runs = runsOf(chart, one.low.cells);
  return {
    type: 'custom', id: `${one.key}-interval`, silent: true, clip: true, z: 2,
    data: runs.map(([first]) => [chart.rows[first].at, one.low.cells[first].value]),
    renderItem({ dataIndex }, api) {
      const run = runs[dataIndex];
      const along = (cells, indices) => indices.map((index) => api.coord([chart.rows[index].at, cells[index].value ?? one.low.cells[index].value]));
      const points = [...along(one.high.cells, run), ...along(one.low.cells, run.toReversed())];
      // A value between two that are missing: its band is a line.
      if (run.length === 1) {
        const [[x1, y1], [x2, y2]] = points;
        return { type: 'line', shape: { x1, y1, x2, y2 }, style: { stroke: look[tone], lineWidth: 6, opacity: 0.3 } };
      }
      return { type: 'polygon', shape: { points }, style: { fill: look[tone], opacity: 0.16 } };
    },
  };
}

function lineOf(chart, look, one, { label, every }) {
  const { tone, symbol } = styleOf(chart, one);
  const last = one.cells.findLastIndex(({ value }) => value !== null);
  return {
    type: 'line', id: one.key, silent: true, z: 4, symbolSize: symbol === 'circle' || symbol === 'rect' ? 7 : 9,
    lineStyle: { color: look[tone], width: 2 }, itemStyle: { color: look[tone] },
    // From the last one back, which always has its marker.
    data: pointsOf(chart, one.cells, (index, run) => ({
      symbol: run.length === 1 || (last - index) % every === 0 ? symbol : 'none',
      ...(index === last && label ? { label: { show: true, ...label, color: look[tone] } } : {}),
    })),
  };
}

/** The last value of each line beside its end; two that would touch are moved apart. */
function endLabels(chart, look, lines, { max }, height) {
  const ends = lines.map((one) => ({ one, cell: one.cells.findLast(({ value }) => value !== null) })).filter(({ cell }) => cell)
    .sort((one, other) => other.cell.value - one.cell.value);
  let lowest = -Infinity;
  return new Map(ends.map(({ one, cell }) => {
    const at = height * (1 - cell.value / max);
    const free = Math.max(at, lowest + 17);
    lowest = free;
    const style = { fontSize: 13, fontWeight: 600, fontFamily: look.font };
    return [one, { position: chart.isRtl ? 'left' : 'right', distance: 8, offset: [0, free - at], formatter: () => cell.text, ...style }];
  }));
}

/** Vertical lines with their letters above; letters that would touch share one frame. */
function marksOf(chart, look, marks) {
  return {
    type: 'custom', id: 'marks', silent: true, z: 3, data: [[marks[0].at, 0]],
    renderItem({ coordSys }, api) {
      const seen = marks.map(({ at, letter }) => ({ x: Math.round(api.coord([at, 0])[0]) + 0.5, letter }))
        .filter(({ x }) => x >= coordSys.x && x <= coordSys.x + coordSys.width)
        .sort((one, other) => one.x - other.x);
      const groups = [];
      for (const mark of seen) {
        if (groups.length && mark.x - groups.at(-1).at(-1).x < 24) groups.at(-1).push(mark);
        else groups.push([mark]);
      }
      return {
        type: 'group', $mergeChildren: false,
        children: [
          ...seen.map(({ x }) => ({
            type: 'line', shape: { x1: x, x2: x, y1: coordSys.y - 4, y2: coordSys.y + coordSys.height }, style: { stroke: look.edge, lineWidth: 1, lineDash: [2, 3] },
          })),
          ...groups.flatMap((group) => {
            const letters = group.map(({ letter }) => letter).join(' ');
            const width = Math.max(20, widthOf([letters], look, 12, 600) + 10);
            // Inside the drawing: beside it stand the numbers.
            const middle = (group[0].x + group.at(-1).x) / 2;
            const x = Math.min(Math.max(middle, coordSys.x + width / 2), coordSys.x + coordSys.width - width / 2);
            return [
              { type: 'rect', shape: { x: x - width / 2, y: coordSys.y - 24, width, height: 20, r: 4 }, style: { fill: look.paper, stroke: look.edge } },
              { type: 'text', x, y: coordSys.y - 13.5, style: { text: letters, fill: look.ink, font: `600 12px ${look.font}`, align: 'center', verticalAlign: 'middle' } },
            ];
          }),
        ],
      };
    },
  };
}

/** The whole of a chart by time: what ECharts is told, its height, and where in it the drawing lies. */
export function planTime(chart, look, { width, hidden, range, paper }) {
  const format = chart.formats[chart.format];
  const isNarrow = width < NARROW_PX;
  const shown = chart.series.filter(({ key }) => !hidden.has(key));
  const lines = shown.filter(({ role }) => role === 'line');
  const valued = chart.series.filter(({ role }) => role !== 'volume');
  // Of all series, hidden ones too: a scale that jumps compares nothing.
  const scale = scaleOf(valued.flatMap(({ cells, high }) => [...cells, ...(high?.cells ?? [])]).map(({ value }) => value ?? 0), chart.format === 'percent');
  const whole = wholeRange(chart);
  const marks = chart.marks.filter(({ letter }) => letter);
  // On paper nothing can be moved.
  const hasSlider = paper === undefined && chart.rows.length >= SLIDER_POINTS_MIN;

  const near = widthOf(ticksOf(scale).map(format), look) + 8;
  const lastTexts = chart.series.filter(({ role }) => role === 'line').map(({ cells }) => cells.findLast(({ value }) => value !== null)?.text ?? '');
  const far = widthOf(lastTexts, look, 13, 600) + 12;
  const grid = { top: marks.length ? 32 : 12, left: chart.isRtl ? far : near, right: chart.isRtl ? near : far, height: isNarrow ? 200 : 260 };
  const foot = grid.top + grid.height + 46;
  const labels = endLabels(chart, look, lines, scale, grid.height);
  const ticks = timeTicks(chart, range, width - near - far, look);
  const every = Math.max(1, Math.ceil(rowsIn(chart, range).length * SYMBOL_PX / (width - near - far)));
  const volumes = shown.filter(({ role }) => role === 'volume');
  const counts = chart.series.filter(({ role }) => role === 'volume').flatMap(({ cells }) => cells.map(({ value }) => value ?? 0));
  const most = Math.max(1, ...counts);
  const isWhole = range.from === whole.from && range.to === whole.to;
  const zoom = { startValue: range.from, endValue: range.to, minValueSpan: stepOf(chart) * POINTS_MIN, filterMode: 'none' };

  return {
    height: foot + (hasSlider ? SLIDER_PX + 8 : 0),
    stillHeight: foot,
    grid: { ...grid, width: width - near - far },
    option: {
      ...frame(look),
      grid: { ...grid, outerBoundsMode: 'none' },
      xAxis: {
        // Rows are placed by this range elsewhere too: bars must not widen it.
        type: 'time', min: whole.from, max: whole.to, containShape: false, inverse: chart.isRtl,
        axisLine: { lineStyle: { color: look.edge, width: 1 }, onZero: false },
        axisTick: { show: true, length: 4, customValues: [...ticks.keys()], lineStyle: { color: look.edge } },
        axisLabel: {
          color: look.soft, fontSize: 13, lineHeight: 17, hideOverlap: true, showMinLabel: true, showMaxLabel: true,
          customValues: [...ticks.keys()], formatter: (at) => ticks.get(at) ?? '',
        },
        splitLine: { show: false },
      },
      yAxis: [
        { ...valueAxis(look, scale, format), position: chart.isRtl ? 'right' : 'left' },
        { type: 'value', show: false, min: 0, max: most / VOLUME_PART },
      ],
      dataZoom: [
        // The wheel scrolls the page; with Ctrl, which a pinch on a trackpad is, it zooms. A finger scrolls too.
        {
          type: 'inside', zoomOnMouseWheel: 'ctrl', preventDefaultMouseMove: false, ...zoom,
          cursorGrab: isWhole ? 'default' : 'grab', cursorGrabbing: isWhole ? 'default' : 'grabbing',
        },
        ...(hasSlider ? [{
          type: 'slider', top: foot, height: SLIDER_PX, left: grid.left, right: grid.right, ...zoom,
          showDetail: false, showDataShadow: false, brushSelect: false, moveHandleSize: 0,
          borderColor: look.line, borderRadius: 0, backgroundColor: 'transparent', fillerColor: look.raised,
          handleIcon: 'path://M0,0h8v20h-8z', handleSize: '100%', handleStyle: { color: look.paper, borderColor: look.edge, borderWidth: 1 },
          emphasis: { handleStyle: { color: look.paper, borderColor: look.accent } },
        }] : []),
      ],
      series: [
        ...volumes.map((one) => ({
          type: 'bar', id: one.key, yAxisIndex: 1, silent: true, z: 1, barCategoryGap: '30%', barGap: '0%', itemStyle: { color: look.line },
          data: chart.rows.map(({ at }, index) => [at, one.cells[index].value]),
        })),
        ...lines.filter(({ low, high }) => low && high).map((one) => bandOf(chart, look, one)),
        ...(marks.length ? [marksOf(chart, look, marks)] : []),
        ...shown.filter(({ role }) => role === 'compare').map((one) => ({
          type: 'line', id: one.key, silent: true, z: 3, symbol: 'none',
          lineStyle: { color: look.soft, width: 1.5, type: [5, 4] }, data: pointsOf(chart, one.cells),
        })),
        ...lines.map((one) => lineOf(chart, look, one, { every, label: labels.get(one) })),
      ],
    },
  };
}
