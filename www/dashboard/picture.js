// A chart as a picture that can stand alone: title, legend, chart, what the letters mean, and which site and days it is of.

import { SAMPLE } from './legend.js';

const EDGE = 20;
const SCALE = 2;

/** Words in lines that are not wider than this. */
function wrap(pen, text, width) {
  const lines = [];
  for (const word of text.split(/\s+/)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && pen.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function load(address) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error('the chart gave no picture'));
    image.src = address;
  });
}

/** PNG of a chart. `drawn` is the address of what ECharts drew, `size` its width and height that are wanted, px. */
export async function makePicture({ drawn, size, look, isRtl, title, legend, notes }) {
  const image = await load(drawn);
  const canvas = document.createElement('canvas');
  const pen = canvas.getContext('2d');
  const font = (px, weight) => { pen.font = `${weight} ${px}px ${look.font}`; };
  const x = (from) => EDGE + (isRtl ? size.width - from : from);

  /** Draws, or with `isDry` only finds out how high it all is. */
  const draw = (isDry) => {
    let y = EDGE;
    const say = (text, px, weight, tone) => {
      font(px, weight);
      pen.fillStyle = look[tone];
      for (const line of wrap(pen, text, size.width)) {
        y += px * 1.5;
        if (!isDry) pen.fillText(line, x(0), y - px * 0.45);
      }
    };
    say(title, 17, 600, 'ink');
    y += 8;
    font(13, 400);
    let from = 0;
    for (const { tone, paths, text } of legend) {
      const width = SAMPLE.width + 8 + pen.measureText(text).width;
      if (from > 0 && from + width > size.width) [from, y] = [0, y + 20];
      if (!isDry) {
        pen.save();
        pen.translate(isRtl ? x(from) - SAMPLE.width : x(from), y + 3);
        pen.fillStyle = pen.strokeStyle = look[tone];
        for (const { path, width: lineWidth, dash = [], opacity = 1 } of paths) {
          Object.assign(pen, { globalAlpha: opacity, lineWidth });
          pen.setLineDash(dash);
          pen[lineWidth ? 'stroke' : 'fill'](new Path2D(path));
        }
        pen.restore();
        pen.fillStyle = look.ink;
        pen.fillText(text, x(from + SAMPLE.width + 8), y + 14.5);
      }
      from += width + 20;
    }
    if (legend.length) y += 32;
    // The slider at the foot stays in the page.
    if (!isDry) pen.drawImage(image, 0, 0, size.width * SCALE, size.height * SCALE, EDGE, y, size.width, size.height);
    y += size.height + 8;
    for (const note of notes) say(note, 13, 400, 'soft');
    return y + EDGE;
  };

  canvas.width = (size.width + 2 * EDGE) * SCALE;
  canvas.height = draw(true) * SCALE;
  pen.scale(SCALE, SCALE);
  pen.fillStyle = look.paper;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  Object.assign(pen, { direction: isRtl ? 'rtl' : 'ltr', textAlign: 'start' });
  draw(false);
  return new Promise((resolve, reject) => { canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the picture could not be written'))), 'image/png'); });
}

export function save(blob, name) {
  const address = URL.createObjectURL(blob);
  Object.assign(document.createElement('a'), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
