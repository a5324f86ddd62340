// Stand-in for the vendor's fbevents.js, made from what was measured of the real one: drains fbq.queue in order,
// takes later calls through callMethod, writes _fbp, _fbc and its localStorage keys, sends an image per event,
// and holds everything between fbq('consent','revoke') and fbq('consent','grant').
(function () {
  var fbq = window.fbq;
  if (!fbq || fbq.callMethod) return;
  var VERSION = '2.9.324';
  var pixels = [];
  var isRevoked = false;
  var held = [];
  var sent = 0;
  var started = Date.now();
  fbq.version = VERSION;

  function readCookie(name) {
    var found = document.cookie.split('; ').filter(function (pair) { return pair.indexOf(name + '=') === 0; })[0];
    return found ? found.slice(name.length + 1) : undefined;
  }

  function writeCookie(name, value) {
    var labels = location.hostname.split('.');
    var isName = labels.length > 1 && !/^[0-9.]+$/.test(location.hostname);
    document.cookie = name + '=' + value + '; Path=/; SameSite=Lax; Max-Age=7776000' + (isName ? '; Domain=.' + labels.slice(-2).join('.') : '');
    return value;
  }

  function store() {
    var clickId = new URLSearchParams(location.search).get('fbclid');
    if (!readCookie('_fbp')) writeCookie('_fbp', 'fb.' + Math.max(0, location.hostname.split('.').length - 1) + '.' + Date.now() + '.' + String(Math.random()).slice(2, 19));
    if (clickId) writeCookie('_fbc', 'fb.1.' + Date.now() + '.' + clickId);
    try {
      if (clickId) localStorage.setItem('multiFbc', JSON.stringify([clickId]));
      localStorage.setItem('lastExternalReferrer', document.referrer || 'empty');
      localStorage.setItem('lastExternalReferrerTime', String(Date.now()));
    } catch (error) { /* storage may be closed; the real one goes on as well */ }
  }

  function send(pixel, name, data, options) {
    sent += 1;
    var query = new URLSearchParams({
      id: pixel, ev: name, dl: location.href, rl: document.referrer, if: String(window.top !== window), ts: String(Date.now()),
      sw: String(screen.width), sh: String(screen.height), v: VERSION, r: 'stable', ec: String(sent - 1), o: '4126', it: String(started), coo: 'false', rqm: 'GET',
    });
    var fbp = readCookie('_fbp');
    var fbc = readCookie('_fbc');
    if (fbp) query.set('fbp', fbp);
    if (fbc) query.set('fbc', fbc);
    if (options && options.eventID) query.set('eid', options.eventID);
    Object.keys(data || {}).forEach(function (key) { query.set('cd[' + key + ']', String(data[key])); });
    new Image().src = 'https://www.facebook.com/tr/?' + query;
  }

  function init(pixel) {
    if (pixels.indexOf(pixel) >= 0) return;
    pixels.push(pixel);
    store();
    var script = document.createElement('script');
    script.async = true;
    script.src = 'https://connect.facebook.net/signals/config/' + pixel + '?v=' + VERSION + '&r=stable&domain=' + location.hostname;
    document.head.appendChild(script);
  }

  function process(call) {
    var name = call[0];
    if (name === 'consent') {
      isRevoked = call[1] === 'revoke';
      if (!isRevoked) held.splice(0).forEach(process);
      return;
    }
    if (isRevoked) { held.push(call); return; }
    if (name === 'init') init(String(call[1]));
    else if (name === 'track' || name === 'trackCustom') pixels.forEach(function (pixel) { send(pixel, call[1], call[2], call[3]); });
    else if (name === 'trackSingle' || name === 'trackSingleCustom') send(String(call[1]), call[2], call[3], call[4]);
  }

  fbq.callMethod = function () { process(arguments); };
  while (fbq.queue.length) process(fbq.queue.shift());
})();
