// How charts look: colours and font from the page's custom properties, and what tells one series from another. Colour is never
// alone: lines have a marker each, the period before is dashed, bars and ticks have their shapes.

/** In the order of a chart's lines; two that stay apart for any eye come first. */
export const TONES = ['accent', 'warn', 'good', 'bad'];
export const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond'];

/** Below this width of a chart, px, there is room for few labels. */
export const NARROW_PX = 520;

export function readLook() {
  const root = getComputedStyle(document.documentElement);
  const names = ['ink', 'soft', 'paper', 'raised', 'line', 'edge', ...TONES];
  const tokens = Object.fromEntries(names.map((name) => [name, root.getPropertyValue(`--${name}`).trim()]));
  return { ...tokens, font: getComputedStyle(document.body).fontFamily };
}

/** Which tone and symbol a series has, by its place among the lines. */
export function styleOf(chart, one) {
  const place = chart.series.filter(({ role }) => role === 'line').indexOf(one);
  if (place < 0) return { tone: one.role === 'volume' ? 'edge' : 'soft' };
  return { tone: TONES[place % TONES.length], symbol: SYMBOLS[place % SYMBOLS.length] };
}

/** A colour thinned with the ground it lies on: what is under it does not show through. Both are "#" and six hex digits. */
export function mix(colour, ground, part) {
  const channels = (hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  const other = channels(ground);
  return `rgb(${channels(colour).map((channel, index) => Math.round(channel * part + other[index] * (1 - part))).join(' ')})`;
}

const measure = document.createElement('canvas').getContext('2d');

/** Width of the widest of the texts, px. */
export function widthOf(texts, look, size = 13, weight = 400) {
  measure.font = `${weight} ${size}px ${look.font}`;
  return Math.ceil(Math.max(0, ...texts.map((text) => measure.measureText(text).width)));
}

/** A whole step of a scale with about five lines, and the end of the scale: the first line that nothing is above. */
export function scaleOf(values, isShare) {
  const top = Math.max(...values, 0) || 1;
  const size = 10 ** Math.floor(Math.log10(top / 5));
  const step = [1, 2, 2.5, 5, 10].map((times) => times * size).find((one) => top / one <= 5);
  // Floats: 0.6 / 0.2 is a little less than 3.
  const max = Math.ceil(top / step - 1e-9) * step;
  return { step, max: isShare && top <= 1 ? Math.min(max, 1) : max };
}

/** What all charts have: no motion, our font, and hairlines. */
export function frame(look) {
  return { animation: false, useUTC: true, textStyle: { fontFamily: look.font, fontSize: 13, color: look.soft } };
}

/** A scale's axis: hairlines and numbers, no line of its own. */
export function valueAxis(look, { step, max }, format) {
  return {
    type: 'value', min: 0, max, interval: step,
    axisLine: { show: false }, axisTick: { show: false },
    axisLabel: { color: look.soft, fontSize: 13, formatter: format },
    splitLine: { lineStyle: { color: look.line, width: 1 } },
  };
}

/** The numbers at a scale's lines. */
export const ticksOf = ({ step, max }) => Array.from({ length: Math.round(max / step) + 1 }, (_, index) => index * step);
