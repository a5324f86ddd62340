// The point of a chart that is looked at, by pointer or by keys: a hairline or a band over its row, and the tip beside it.

import { drawTip } from './tell.js';
import { rowsIn } from './time.js';

const make = (name, properties) => Object.assign(document.createElement(name), properties);

/** What is over the drawing in `box`. `view` has the plan and the range that are drawn, and gets the row that is looked at. */
export function makePointer(chart, view, box) {
  const isTime = chart.kind === 'time';
  const hair = make('div', { className: 'hair', hidden: true });
  const tip = make('div', { className: 'tip', hidden: true, ariaHidden: 'true' });
  box.append(hair, tip);

  /** Where a row is: px from the left of a chart by time, from the top of one by row. */
  function placeOf(index) {
    const { left, top, width, height } = view.plan.grid;
    if (!isTime) return top + (index + 0.5) * height / chart.rows.length;
    const { from, to } = view.range;
    const along = (chart.rows[index].at - from) / (to - from);
    return left + (chart.isRtl ? 1 - along : along) * width;
  }

  const isSeen = (index) => !isTime || (chart.rows[index].at >= view.range.from && chart.rows[index].at <= view.range.to);

  /** A hairline in the point, and the tip on its side with more room. */
  function showAt(place) {
    const { left, top, width, height } = view.plan.grid;
    Object.assign(hair.style, { left: `${Math.round(place)}px`, top: `${top}px`, width: '1px', height: `${height}px` });
    return [place < left + width / 2 ? place + 12 : place - 12 - tip.offsetWidth, top + 4];
  }

  /** A band over the row, and the tip under it, or above one that is low. */
  function showRow(place) {
    const { left, height } = view.plan.grid;
    const half = height / chart.rows.length / 2;
    Object.assign(hair.style, { left: '0', top: `${place - half}px`, width: `${box.clientWidth}px`, height: `${half * 2}px` });
    const isLow = place + half + tip.offsetHeight > view.plan.height;
    return [left + 24, isLow ? place - half - tip.offsetHeight - 2 : place + half + 2];
  }

  function show(index) {
    view.current = index;
    tip.replaceChildren(...drawTip(chart, index, view.hidden));
    hair.hidden = tip.hidden = false;
    const [x, y] = (isTime ? showAt : showRow)(placeOf(index));
    tip.style.transform = `translate(${Math.round(Math.max(0, Math.min(x, box.clientWidth - tip.offsetWidth)))}px, ${Math.round(y)}px)`;
  }

  function leave() {
    hair.hidden = tip.hidden = true;
  }

  /** The row that is nearest to the pointer, while that is over the drawing. */
  function hover({ offsetX, offsetY }) {
    const { left, top, width, height } = view.plan.grid;
    const rows = isTime ? rowsIn(chart, view.range) : chart.rows;
    const isOver = offsetY >= top && offsetY <= top + height && (!isTime || (offsetX >= left && offsetX <= left + width));
    if (!isOver || rows.length === 0) return leave();
    const far = (row) => Math.abs(placeOf(chart.rows.indexOf(row)) - (isTime ? offsetX : offsetY));
    return show(chart.rows.indexOf(rows.reduce((one, other) => (far(other) < far(one) ? other : one))));
  }

  return { show, leave, hover, isSeen };
}
