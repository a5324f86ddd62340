// Charts by row: bars from the start of the line, their interval as whiskers, the period before as a tick, and the numbers beside
// them; and steps, of which each says its share of the first. Pure: from what a table says to what ECharts is told.

import { NARROW_PX, frame, mix, scaleOf, styleOf, ticksOf, valueAxis, widthOf } from './look.js';
import { words } from './words.js';

const BAR_PX = 16;

/** The columns beside the bars: their heads and a text for each row. */
function columnsOf(chart, one, volume) {
  const value = { head: '', texts: one.cells.map(({ text }) => text), weight: 600, tone: 'ink' };
  if (chart.kind === 'steps') {
    const first = one.cells[0].value;
    const shares = one.cells.map(({ value: count }) => (count === null || !first ? '' : chart.formats.percent(Math.round(count / first * 100) / 100)));
    return [value, { head: words.ofFirst, texts: shares, weight: 400, tone: 'soft' }];
  }
  return volume ? [value, { head: volume.name, texts: volume.cells.map(({ text }) => text), weight: 400, tone: 'soft' }] : [value];
}

/** The whole of a chart by row: what ECharts is told, its height, and where in it the drawing lies. */
export function planBars(chart, look, { width, hidden }) {
  const format = chart.formats[chart.format];
  const one = chart.series.find(({ role }) => role === 'line');
  const before = chart.series.find(({ role }) => role === 'compare');
  const { tone } = styleOf(chart, one);
  const scale = scaleOf([one, before, one.high].flatMap((series) => series?.cells ?? []).map(({ value }) => value ?? 0), chart.format === 'percent');
  const isNarrow = width < NARROW_PX;

  const columns = columnsOf(chart, one, chart.series.find(({ role }) => role === 'volume'));
  for (const column of columns) column.width = Math.max(widthOf(column.texts, look, 13, column.weight), widthOf([column.head], look, 12)) + 16;
  const beside = columns.reduce((sum, column) => sum + column.width, 0);
  // A little more than measured, or a text that just fits is cut.
  const longest = widthOf(chart.rows.map(({ label }) => label), look) + 4;
  const room = isNarrow ? width - beside : Math.min(longest, Math.floor(width * 0.32));
  const start = isNarrow ? 1 : room + 16;
  const isBroken = !isNarrow && longest > room;
  const rowHeight = isNarrow ? 48 : isBroken ? 44 : 32;
  const hasHeads = columns.some(({ head }) => head);
  const grid = { top: hasHeads ? 24 : 4, left: chart.isRtl ? beside : start, right: chart.isRtl ? start : beside, height: rowHeight * chart.rows.length };

  /** One row's texts, whiskers and tick, in places that are mirrored where lines are read from the right. */
  function renderItem({ coordSys, dataIndex: index }, api) {
    const towards = chart.isRtl ? -1 : 1;
    const [head, tail] = chart.isRtl ? [width, coordSys.x] : [0, coordSys.x + coordSys.width];
    const [align, opposite] = chart.isRtl ? ['right', 'left'] : ['left', 'right'];
    const text = (x, y, style) => ({ type: 'text', x, y, style: { font: `${style.weight ?? 400} ${style.size ?? 13}px ${look.font}`, ...style } });
    const xOf = (value) => api.coord([value, index])[0];
    const [, y] = api.coord([0, index]);
    const line = (x1, y1, x2, y2, stroke, lineWidth) => ({ type: 'line', shape: { x1, y1, x2, y2 }, style: { stroke, lineWidth } });
    const children = [
      text(head, isNarrow ? y - BAR_PX / 2 - 3 : y, {
        text: chart.rows[index].label, fill: look.ink, backgroundColor: look.paper, align, verticalAlign: isNarrow ? 'bottom' : 'middle', lineHeight: 17,
        width: room, height: isBroken ? 34 : 17, overflow: isBroken ? 'break' : 'truncate', lineOverflow: 'truncate',
      }),
    ];
    let x = tail;
    for (const column of columns) {
      x += towards * column.width;
      children.push(text(x, y, { text: column.texts[index], fill: look[column.tone], align: opposite, verticalAlign: 'middle', weight: column.weight }));
      if (index === 0) children.push(text(x, coordSys.y - 6, { text: column.head, fill: look.soft, align: opposite, verticalAlign: 'bottom', size: 12 }));
    }
    const [low, high] = [one.low, one.high].map((column) => column?.cells[index].value ?? null);
    if (low !== null && high !== null && !hidden.has(one.key)) {
      const [from, to] = [xOf(low), xOf(high)];
      children.push(line(from, y, to, y, look.ink, 1.5), line(from, y - 4, from, y + 4, look.ink, 1.5), line(to, y - 4, to, y + 4, look.ink, 1.5));
    }
    const earlier = before && !hidden.has(before.key) ? before.cells[index].value : null;
    if (earlier !== null) children.push(line(xOf(earlier), y - BAR_PX / 2 - 4, xOf(earlier), y + BAR_PX / 2 + 4, look.soft, 3));
    return { type: 'group', $mergeChildren: false, children };
  }

  function valueAxisOf() {
    const axis = valueAxis(look, isNarrow && ticksOf(scale).length > 4 ? { ...scale, step: scale.step * 2 } : scale, format);
    // The first line stands at the edge: its number stands beside it.
    return { ...axis, inverse: chart.isRtl, axisLabel: { ...axis.axisLabel, ...(isNarrow ? { alignMinLabel: chart.isRtl ? 'right' : 'left' } : {}) } };
  }

  const isSteps = chart.kind === 'steps';
  const height = grid.top + grid.height + (isSteps ? 8 : 28);
  return {
    height, stillHeight: height,
    grid: { ...grid, width: width - start - beside },
    option: {
      ...frame(look),
      grid: { ...grid, outerBoundsMode: 'none' },
      xAxis: isSteps
        ? { type: 'value', show: false, min: 0, max: Math.max(...one.cells.map(({ value }) => value ?? 0), 1), inverse: chart.isRtl }
        : valueAxisOf(),
      yAxis: {
        type: 'category', inverse: true, position: chart.isRtl ? 'right' : 'left', data: chart.rows.map(({ label }) => label),
        axisLine: { show: true, lineStyle: { color: look.edge, width: 1 } }, axisTick: { show: false }, axisLabel: { show: false },
      },
      series: [
        {
          type: 'bar', id: one.key, silent: true, barWidth: BAR_PX, itemStyle: { color: one.low ? mix(look[tone], look.paper, 0.45) : look[tone] },
          data: one.cells.map(({ value }) => (hidden.has(one.key) ? null : value)),
        },
        { type: 'custom', id: 'rows', silent: true, z: 5, renderItem, data: chart.rows.map((_, index) => [0, index]) },
      ],
    },
  };
}
