// The part of its time that a chart shows: never outside its rows, never so near that no line is left.

import { POINTS_MIN, stepOf, wholeRange } from './time.js';

/** `view.range` is what is shown; `draw` is called when it has become another. */
export function makeZoom(chart, view, draw) {
  const whole = wholeRange(chart);
  view.range = whole;

  function zoomTo(from, to) {
    const span = Math.min(Math.max(to - from, stepOf(chart) * POINTS_MIN), whole.to - whole.from);
    const start = Math.min(Math.max((from + to - span) / 2, whole.from), whole.to - span);
    view.range = { from: start, to: start + span };
    draw();
  }

  return {
    isWhole: () => view.range.from <= whole.from && view.range.to >= whole.to,
    zoomOut: () => zoomTo(whole.from, whole.to),
    /** Keeps the row that is looked at in the middle, or else what was there. */
    zoomBy(times, row) {
      const half = (view.range.to - view.range.from) * times / 2;
      const centre = row?.at ?? (view.range.from + view.range.to) / 2;
      zoomTo(centre - half, centre + half);
    },
    /** Moves what is shown just so far that the row is in it. */
    bring({ at }) {
      const half = stepOf(chart) / 2;
      const by = at < view.range.from ? at - half - view.range.from : at + half - view.range.to;
      zoomTo(view.range.from + by, view.range.to + by);
    },
  };
}
