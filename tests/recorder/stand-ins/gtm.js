// Stand-in for a Tag Manager container. It sends one hit per data layer event, in order. The container GTM-LOADER
// also does what real containers were measured doing: it starts other vendors' tags and ignores consent.
// __ID__ and __LAYER__ are filled in by the recorder from the request.
(function () {
  var ID = '__ID__';
  var LAYER = '__LAYER__';
  var registry = (window.google_tag_manager = window.google_tag_manager || {});
  if (registry[ID]) return;
  registry[ID] = {};
  var count = 0;

  function send(item) {
    count += 1;
    new Image().src = 'https://www.googletagmanager.com/a?' + new URLSearchParams({
      id: ID, ev: item.event, n: String(count), eid: item.event_id || '', dl: location.href,
    });
  }

  function insert(src) {
    var script = document.createElement('script');
    var first = document.getElementsByTagName('script')[0];
    script.async = true;
    script.src = src;
    if (first) first.parentNode.insertBefore(script, first);
    else document.head.appendChild(script);
  }

  function startOthers() {
    if (!window.fbq) {
      var fbq = (window.fbq = window._fbq = function () {
        if (fbq.callMethod) fbq.callMethod.apply(fbq, arguments);
        else fbq.queue.push(arguments);
      });
      fbq.push = fbq;
      fbq.loaded = true;
      fbq.version = '2.0';
      fbq.queue = [];
      insert('https://connect.facebook.net/en_US/fbevents.js');
    }
    window.fbq('init', '987654321098765');
    window.fbq('trackSingle', '987654321098765', 'PageView', {}, { eventID: 'fb-from-container' });
    insert('https://www.googletagmanager.com/gtag/js?id=G-LOADER00001&cx=c&gtm=4e63p1');
    (function () { window[LAYER].push(arguments); })('config', 'G-LOADER00001');
    new Image().src = 'https://px.ads.linkedin.com/collect?v=2&fmt=gif&pid=424242&url=' + encodeURIComponent(location.href);
  }

  function process(item) {
    if (item && typeof item === 'object' && typeof item.event === 'string') send(item);
  }

  var layer = (window[LAYER] = window[LAYER] || []);
  var push = layer.push;
  layer.push = function () {
    var length = push.apply(layer, arguments);
    for (var i = 0; i < arguments.length; i += 1) process(arguments[i]);
    return length;
  };
  layer.slice().forEach(process);
  if (ID === 'GTM-LOADER') startOthers();
})();
