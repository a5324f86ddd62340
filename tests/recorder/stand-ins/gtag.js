// Stand-in for the vendor's gtag.js, made from what was measured of the real one: drains the data layer in order,
// keeps listening, obeys Consent Mode for cookies, sends one hit per event. __ID__ and __LAYER__ are filled in by
// the recorder from the request. It is deliberately strict on one point: a hit carries the consent state at the
// moment it is processed, so a wrong order of default, update and events is visible in `gcs` and `gcd`.
(function () {
  var ID = '__ID__';
  var LAYER = '__LAYER__';
  var registry = (window.google_tag_manager = window.google_tag_manager || {});
  if (registry[ID]) return;
  registry[ID] = {};

  var ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_';
  var TYPES = ['ad_storage', 'analytics_storage', 'ad_user_data', 'ad_personalization'];
  var OP = { denied: 2, granted: 3 };
  var consent = { active: false, defaults: {}, updates: {}, justUpdated: false };
  var waitUntil = 0;
  var waiting = [];
  var beforeConfig = [];
  var configured = false;
  var hits = 0;
  var pageId = Math.floor(Math.random() * 2147483647);
  var started = Math.floor(Date.now() / 1000);
  var deniedCid = Math.floor(Math.random() * 2147483647) + '.' + started;
  var shared = {};

  function isGranted(type) {
    var state = consent.updates[type] || consent.defaults[type];
    return state !== 'denied';
  }

  function gcs() {
    return 'G1' + (isGranted('ad_storage') ? '1' : '0') + (isGranted('analytics_storage') ? '1' : '0');
  }

  function gcd() {
    var text = '1';
    TYPES.forEach(function (type) {
      var op = function (value) { return value === undefined ? 1 : OP[value] || 0; };
      text += '3' + ALPHABET[(1 << 4) | (op(consent.defaults[type]) << 2) | op(consent.updates[type])];
    });
    return text + ALPHABET[(consent.active ? 4 : 0) | 1] + 'l1';
  }

  function readCookie(name) {
    var found = document.cookie.split('; ').filter(function (pair) { return pair.indexOf(name + '=') === 0; })[0];
    return found ? found.slice(name.length + 1) : undefined;
  }

  function writeCookie(name, value) {
    var labels = location.hostname.split('.');
    var isName = labels.length > 1 && !/^[0-9.]+$/.test(location.hostname);
    document.cookie = name + '=' + value + '; Path=/; Max-Age=34560000' + (isName ? '; Domain=.' + labels.slice(-2).join('.') : '');
  }

  function clientId() {
    if (!isGranted('analytics_storage')) return deniedCid;
    var known = /^GA1\.\d+\.(\d+\.\d+)$/.exec(readCookie('_ga') || '');
    var cid = known ? known[1] : Math.floor(Math.random() * 2147483647) + '.' + started;
    writeCookie('_ga', 'GA1.1.' + cid);
    writeCookie('_ga_' + ID.replace(/^G-/, ''), 'GS2.1.s' + started + '$o1$g' + (hits > 1 ? 1 : 0) + '$t' + Math.floor(Date.now() / 1000) + '$j60$l0$h0');
    return cid;
  }

  function send(name, parameters) {
    if (window['ga-disable-' + ID]) return;
    hits += 1;
    var query = new URLSearchParams({
      v: '2', tid: ID, gtm: '45je63p1v9100000000za200', _p: String(pageId), gcs: gcs(), gcd: gcd(),
      npa: isGranted('ad_personalization') ? '0' : '1', dma: '0', cid: clientId(), ul: navigator.language.toLowerCase(),
      sr: screen.width + 'x' + screen.height, _s: String(hits), sid: String(started), sct: '1', seg: hits > 1 ? '1' : '0',
      dl: location.href, dr: document.referrer, dt: document.title, en: name,
    });
    if (!consent.active) query.delete('gcs');
    if (consent.justUpdated) { query.set('gcu', '1'); consent.justUpdated = false; }
    Object.keys(parameters || {}).forEach(function (key) {
      var value = parameters[key];
      if (key === 'currency') query.set('cu', value);
      else if (typeof value === 'number') query.set('epn.' + key, String(value));
      else if (typeof value === 'string') query.set('ep.' + key, value);
    });
    var address = 'https://region1.google-analytics.com/g/collect?' + query;
    // The real library uses both; so does this one, so that both ways out are tested.
    if (hits % 2 === 0 && navigator.sendBeacon) navigator.sendBeacon(address);
    else fetch(address, { method: 'POST', mode: 'no-cors', keepalive: true, credentials: 'omit' }).catch(function () {});
  }

  function sendOrWait(name, parameters) {
    if (Date.now() < waitUntil) waiting.push([name, parameters]);
    else send(name, parameters);
  }

  function flushWaiting() {
    waitUntil = 0;
    waiting.splice(0).forEach(function (hit) { send(hit[0], hit[1]); });
  }

  function setConsent(how, states) {
    consent.active = true;
    var target = how === 'default' ? consent.defaults : consent.updates;
    Object.keys(states || {}).forEach(function (type) {
      if (states[type] === 'granted' || states[type] === 'denied') target[type] = states[type];
    });
    if (how === 'default' && states && states.wait_for_update > 0) {
      waitUntil = Date.now() + states.wait_for_update;
      setTimeout(flushWaiting, states.wait_for_update);
    }
    if (how === 'update') {
      consent.justUpdated = true;
      flushWaiting();
    }
  }

  function merge(parameters) {
    return Object.assign({}, shared, parameters);
  }

  function process(command) {
    if (!command || typeof command !== 'object' || typeof command[0] !== 'string') return;
    switch (command[0]) {
      case 'consent': setConsent(command[1], command[2]); break;
      case 'set': if (command[1] && typeof command[1] === 'object') Object.assign(shared, command[1]); break;
      case 'config':
        if (command[1] !== ID || configured) break;
        configured = true;
        if (!command[2] || command[2].send_page_view !== false) sendOrWait('page_view', merge(command[2]));
        beforeConfig.splice(0).forEach(function (hit) { sendOrWait(hit[0], hit[1]); });
        break;
      case 'event':
        if (command[2] && command[2].send_to && [].concat(command[2].send_to).indexOf(ID) < 0) break;
        if (configured) sendOrWait(command[1], merge(command[2]));
        else beforeConfig.push([command[1], merge(command[2])]);
        break;
      default: break;
    }
  }

  window.google_tag_data = window.google_tag_data || {};
  window.google_tag_data.ics = window.google_tag_data.ics || { getConsentState: function (type) { return isGranted(type) ? 1 : 2; } };
  var layer = (window[LAYER] = window[LAYER] || []);
  var push = layer.push;
  layer.push = function () {
    var length = push.apply(layer, arguments);
    for (var i = 0; i < arguments.length; i += 1) process(arguments[i]);
    return length;
  };
  layer.slice().forEach(process);
  addEventListener('pagehide', function () { if (configured) send('user_engagement', {}); });
})();
