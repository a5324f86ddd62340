// The words and numbers that the scripts add to the dashboard, in one place. Figures of a table are shown as the edge wrote them;
// only the numbers of an axis and shares are formatted here: in the language of the table's numbers, where words are in the document's.

const said = document.documentElement.lang || 'en';

/** The page's English is British. */
export const lang = said === 'en' ? 'en-GB' : said;

/** The page writes "62 %", with a space. Some languages have another sign, or have it before the number. */
const spaced = (text) => text.replace(/(?<=\d)%/, '\u00a0%');

/** How numbers are written in a language, with the digits of the page's words: as the edge wrote those in the tables. */
export function formatsOf(tag) {
  const written = (options) => new Intl.NumberFormat(tag, { numberingSystem: 'latn', ...options });
  const whole = written({ maximumFractionDigits: 2 });
  const percent = written({ style: 'percent', maximumFractionDigits: 1 });
  return { number: (value) => whole.format(value), percent: (value) => spaced(percent.format(value)) };
}

export const words = {
  chart: 'chart',
  wholeRange: 'Whole range',
  png: 'PNG',
  interval: 'interval',
  ofFirst: 'of the first',
  unknown: 'not known',
  picture: (title) => `PNG: ${title}`,
  label: (title, isTime) => {
    const keys = isTime ? 'Arrow keys go from point to point, plus and minus zoom' : 'Arrow keys go from row to row';
    return `${title}. ${keys}. The figures are in the table below.`;
  },
  upTo: (name, text) => `${name}, up to ${text}`,
  showing: (first, last) => `${first} to ${last}`,
  stale: (at) => `Not updated since ${new Intl.DateTimeFormat(lang, { hour: '2-digit', minute: '2-digit' }).format(at)}`,
};
