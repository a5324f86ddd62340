// A section that renews itself: asked for again while somebody looks at the page, put in place when it says something else, and
// said to be old when no answer comes.

import { words } from './words.js';

const WAIT_SECONDS_MAX = 300;
const ANSWER_MS_MAX = 10_000;

/** The section of that address as the edge renders it now. A login page, which has none, is an error. */
async function read(address) {
  const answer = await fetch(address, { credentials: 'same-origin', headers: { accept: 'text/html' }, signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  if (!answer.ok) throw new Error(`the answer was ${answer.status}`);
  const section = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('section[data-live]');
  if (!section) throw new Error('the answer has no such section');
  return section;
}

export function keepLive(section) {
  const period = Number(section.dataset.seconds);
  // What is not said must not become a flood.
  if (!(period > 0)) return;
  let wait = period;
  let since = new Date();
  let timer;
  let isAsking = false;
  let shown = section.innerHTML;
  const status = Object.assign(document.createElement('p'), { className: 'soft' });
  status.setAttribute('role', 'status');
  section.append(status);

  function put(fresh) {
    const said = fresh.innerHTML;
    // Who stands in it is not moved; the next answer is put in place.
    if (said === shown || section.contains(document.activeElement)) return;
    shown = said;
    section.replaceChildren(...fresh.childNodes, status);
  }

  async function renew() {
    clearTimeout(timer);
    if (isAsking || document.visibilityState !== 'visible') return;
    isAsking = true;
    try {
      put(await read(section.dataset.live));
      [wait, since] = [period, new Date()];
      delete section.dataset.stale;
      status.textContent = '';
    } catch {
      wait = Math.min(wait * 2, Math.max(WAIT_SECONDS_MAX, period));
      section.dataset.stale = '';
      status.textContent = words.stale(since);
    } finally {
      isAsking = false;
      timer = setTimeout(renew, wait * 1000);
    }
  }

  timer = setTimeout(renew, wait * 1000);
  document.addEventListener('visibilitychange', renew);
}
