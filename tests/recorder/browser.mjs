// How a test starts the browser so that nothing leaves the machine: where to find it, and the arguments that send
// every name but the local ones to the recorder. What the browser then does is the tests' affair.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC_PLACES = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The browser to use: $POSTERN_BROWSER, $CHROME_BIN, the usual names on PATH, the usual places on a Mac. */
export function findBrowser(env = process.env) {
  for (const name of ['POSTERN_BROWSER', 'CHROME_BIN']) {
    if (!env[name]) continue;
    if (isExecutable(env[name])) return env[name];
    throw new Error(`$${name} is set to ${env[name]}, which cannot be run; correct it or unset it`);
  }
  const onPath = (env.PATH ?? '').split(delimiter).filter(Boolean).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = [...onPath, ...MAC_PLACES].find(isExecutable);
  if (found) return found;
  throw new Error(`no browser found: install Chromium or Google Chrome (looked for ${NAMES.join(', ')} on PATH), or set POSTERN_BROWSER to its path`);
}

/** Arguments that map every name but localhost and those below it to the recorder and keep the browser's own traffic quiet. */
export function browserArguments(recorderPort) {
  return [
    `--host-resolver-rules=MAP * 127.0.0.1:${recorderPort}, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1`,
    '--ignore-certificate-errors',
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--disable-default-apps', '--disable-domain-reliability',
    // PostHog drops events of a browser that says it is driven by a program; a visitor's does not say so.
    '--disable-blink-features=AutomationControlled',
  ];
}

/** A visitor's user agent: PostHog's own bot filter would drop the events of one that says "Headless". */
export function visitorUserAgent(version) {
  const major = version.split('.', 1)[0];
  return `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 Safari/537.36`;
}

/** Hosts Chromium asks on its own account, whatever the page does. A test that counts contacts leaves these out, by name. */
export const BROWSER_OWN_HOSTS = new Set([
  'accounts.google.com', 'update.googleapis.com', 'clients2.google.com', 'clientservices.googleapis.com',
  'optimizationguide-pa.googleapis.com', 'content-autofill.googleapis.com', 'safebrowsing.googleapis.com', 'edgedl.me.gvt1.com',
  'android.clients.google.com', 'mtalk.google.com', 'redirector.gvt1.com',
]);
