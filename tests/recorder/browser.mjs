// How a test starts a browser so that nothing leaves the machine: where to find it, and the settings that send every name
// but the local ones to the recorder. Two engines, Chromium and Firefox, behind one call. What the browser then does is the
// tests' affair.
//
// POSTERN_ENGINE   chromium (if unset) or firefox

import { EventEmitter } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, firefox } from 'playwright-core';

/** The engine that this run drives. */
export const ENGINE = process.env.POSTERN_ENGINE ?? 'chromium';

/** By engine: what may name it, how it is called on PATH, where it lies on a Mac, and what to install. */
const PLACES = {
  chromium: {
    variables: ['POSTERN_BROWSER', 'CHROME_BIN'],
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    mac: ['/Applications/Chromium.app/Contents/MacOS/Chromium', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'],
    title: 'Chromium or Google Chrome',
  },
  firefox: {
    variables: ['POSTERN_FIREFOX'],
    names: ['firefox', 'firefox-esr'],
    mac: ['/Applications/Firefox.app/Contents/MacOS/firefox'],
    title: 'Firefox',
  },
};

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The browser to use: the one that a variable names, the usual names on PATH, the usual places on a Mac. */
export function findBrowser(engine = 'chromium', env = process.env) {
  const { variables, names, mac, title } = PLACES[engine];
  for (const name of variables) {
    if (!env[name]) continue;
    if (isExecutable(env[name])) return env[name];
    throw new Error(`$${name} is set to ${env[name]}, which cannot be run; correct it or unset it`);
  }
  const onPath = (env.PATH ?? '').split(delimiter).filter(Boolean).flatMap((folder) => names.map((name) => join(folder, name)));
  const found = [...onPath, ...mac].find(isExecutable);
  if (found) return found;
  throw new Error(`no browser found: install ${title} (looked for ${names.join(', ')} on PATH), or set ${variables[0]} to its path`);
}

/**
 * What Chromium is not to do. It heeds the last such argument alone, so that the driver's own list is here too (playwright-core
 * 1.64, chromiumSwitches). The last line is ours: the suggestions below the address line are two pages made for each window,
 * which cost more than most pages that we test, and nobody types an address.
 */
const DISABLED_FEATURES = [
  'AvoidUnnecessaryBeforeUnloadCheckSync', 'DestroyProfileOnBrowserClose', 'DialMediaRouteProvider', 'GlobalMediaControls', 'HttpsUpgrades',
  'LensOverlay', 'MediaRouter', 'PaintHolding', 'ThirdPartyStoragePartitioning', 'BlockOriginHeaderModificationOnRedirect',
  'AvoidCorsURLLoaderRestartOnRedirect', 'Translate', 'AutoDeElevate', 'OptimizationHints', 'NetworkTimeServiceQuerying', 'AimEnabled',
  'WebUIOmniboxPopup', 'WebUIOmniboxAimPopup',
];

/** Arguments that map every name but localhost and those below it to the recorder and keep the browser's own traffic quiet. */
function chromiumArguments(recorderPort) {
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
function visitorUserAgent(version) {
  const major = version.split('.', 1)[0];
  return `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 Safari/537.36`;
}

async function launchChromium(recorderPort, keepsPages) {
  // For visitors pages that are left are kept whole. The driver has it off: it waits for a load that a page brought back never has.
  const ignoreDefaultArgs = keepsPages ? ['--disable-back-forward-cache'] : [];
  const args = [...chromiumArguments(recorderPort), `--disable-features=${DISABLED_FEATURES.join(',')}`];
  const browser = await chromium.launch({ executablePath: findBrowser('chromium'), args, ignoreDefaultArgs });
  const userAgent = visitorUserAgent(browser.version());
  return {
    name: `Chromium ${browser.version()}`,
    newContext: (options) => browser.newContext({ userAgent, ignoreHTTPSErrors: true, ...options }),
    close: () => browser.close(),
  };
}

/** How to start Chromium so that nobody drives it: it opens `address` by itself. A browser that is driven prerenders nothing. */
export function undrivenChromium(recorderPort, address, folder) {
  // It ends by itself once it has no page and nobody could ask for another.
  return { command: findBrowser('chromium'), args: [...chromiumArguments(recorderPort), '--headless', '--remote-debugging-port=0', `--user-data-dir=${folder}`, `--user-agent=${visitorUserAgent('150')}`, address] };
}

/** The recorder is the proxy for every name but localhost and those below it. */
function firefoxPreferences(recorderPort) {
  return {
    'network.proxy.type': 1,
    'network.proxy.http': '127.0.0.1', 'network.proxy.http_port': recorderPort,
    'network.proxy.ssl': '127.0.0.1', 'network.proxy.ssl_port': recorderPort,
    'network.proxy.no_proxies_on': 'localhost, .localhost, 127.0.0.1',
    // As it is for visitors: what a program drives has both off.
    'network.http.speculative-parallel-limit': 20, 'network.cookie.sameSite.laxByDefault': true,
    // What it has kept it takes, however slow the disk: else it also asks the network, and takes what comes first.
    'network.http.rcwn.enabled': false,
    // The browser's own traffic.
    'network.captive-portal-service.enabled': false, 'dom.push.connection.enabled': false, 'browser.safebrowsing.provider.mozilla.updateURL': '',
  };
}

/**
 * The driver asks for the name of each frame whose document has come. One that the page took away meanwhile has none: it throws
 * then, in an event's turn, where no test can catch it, and the file fails though its tests pass (1.64 and 1.65, BidiPage).
 */
function forgiveFramesThatAreGone() {
  const { emit } = EventEmitter.prototype;
  EventEmitter.prototype.emit = function emitForgiving(event, ...details) {
    if (event !== 'browsingContext.navigationCommitted') return emit.call(this, event, ...details);
    try {
      return emit.call(this, event, ...details);
    } catch (error) {
      if (!(error instanceof TypeError && error.message.includes("of null (reading '_name')"))) throw error;
      return true;
    }
  };
}

/** What stands for the dark in Firefox's own settings, and for the light. Source: StaticPrefList.yaml, layout.css.prefers-color-scheme.content-override. */
const FIREFOX_SCHEMES = { dark: 0, light: 1 };

/**
 * A stock Firefox, by WebDriver BiDi. It has no switch for scripts, nor one for the scheme that pages are told to want: pages without
 * scripts, and those in the dark, are opened in others. What else Playwright would emulate it leaves as it is, and says nothing.
 */
async function launchFirefox(recorderPort) {
  forgiveFramesThatAreGone();
  const started = new Map();
  const start = (hasScripts, scheme = 'light') => {
    const kind = `${hasScripts} ${scheme}`;
    if (!started.has(kind)) {
      started.set(kind, firefox.launch({
        channel: 'moz-firefox', executablePath: findBrowser('firefox'),
        firefoxUserPrefs: { ...firefoxPreferences(recorderPort), 'javascript.enabled': hasScripts, 'layout.css.prefers-color-scheme.content-override': FIREFOX_SCHEMES[scheme] },
      }));
    }
    return started.get(kind);
  };
  const main = await start(true);
  return {
    name: `Firefox ${main.version()}`,
    // No protocol for its phone mode: there is none.
    newContext: async ({ javaScriptEnabled = true, isMobile: _isMobile, colorScheme, ...options } = {}) => {
      const context = await (await start(javaScriptEnabled, colorScheme)).newContext({ ignoreHTTPSErrors: true, ...options });
      // PostHog drops events of a browser that says it is driven by a program; a visitor's does not say so.
      await context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'webdriver', { get: () => false, configurable: true }));
      return context;
    },
    close: async () => {
      for (const browser of started.values()) await (await browser).close();
    },
  };
}

/** Starts the engine of this run: `name` with its version, `newContext(options)` as Playwright's, and `close()`. */
export function launchBrowser(recorderPort, keepsPages) {
  if (ENGINE === 'chromium') return launchChromium(recorderPort, keepsPages);
  if (ENGINE === 'firefox') return launchFirefox(recorderPort);
  throw new Error(`POSTERN_ENGINE is ${ENGINE}; it may be chromium or firefox`);
}

/** Hosts a browser asks on its own account, whatever the page does. A test that counts contacts leaves these out, by name. */
export const BROWSER_OWN_HOSTS = new Set([
  'accounts.google.com', 'update.googleapis.com', 'clients2.google.com', 'clientservices.googleapis.com',
  'optimizationguide-pa.googleapis.com', 'content-autofill.googleapis.com', 'safebrowsing.googleapis.com', 'edgedl.me.gvt1.com',
  'android.clients.google.com', 'mtalk.google.com', 'redirector.gvt1.com',
  'firefox.settings.services.mozilla.com', 'firefox-settings-attachments.cdn.mozilla.net', 'content-signature-2.cdn.mozilla.net',
  'push.services.mozilla.com', 'location.services.mozilla.com', 'detectportal.firefox.com', 'incoming.telemetry.mozilla.org',
  'shavar.services.mozilla.com', 'tracking-protection.cdn.mozilla.net', 'aus5.mozilla.org',
]);
