// The shop's own behaviour: the basket (kept in localStorage, needed for the service) and the events the shop
// reports on clicks. It calls the vendors' queues whether or not anyone may listen; who listens is not its affair.
(function () {
  'use strict';

  var KEY = 'luxmoor.basket';
  var clicks = 0;

  function read() {
    try {
      var lines = JSON.parse(localStorage.getItem(KEY) || '[]');
      return Array.isArray(lines) ? lines : [];
    } catch (error) {
      return [];
    }
  }

  function write(lines) {
    try { localStorage.setItem(KEY, JSON.stringify(lines.slice(0, 50))); } catch (error) { /* private mode: the basket lives as long as the page */ }
    count(lines);
  }

  function count(lines) {
    document.querySelectorAll('[data-basket-count]').forEach(function (node) { node.textContent = lines.length ? String(lines.length) : ''; });
  }

  /** Tells all four queues of one click. The ids count up, so order and number can be tested. */
  function report(ga, fb, ph, what) {
    clicks += 1;
    var id = what + '-' + clicks;
    window.gtag('event', ga, { event_id: 'ga-' + id });
    window.fbq('track', fb, { content_name: what }, { eventID: 'fb-' + id });
    window.posthog.capture(ph, { event_id: 'ph-' + id });
    window.dataLayer.push({ event: ga, event_id: 'gtm-' + id });
  }

  function wireProduct(form) {
    var said = form.querySelector('.said');
    var size = new URLSearchParams(location.search).get('size');
    var select = form.querySelector('select');
    if (size && Array.prototype.some.call(select.options, function (option) { return option.value === size; })) select.value = size;
    form.addEventListener('submit', function (event) {
      event.preventDefault();
      var lines = read();
      lines.push({ lamp: form.dataset.lamp, name: form.dataset.name, size: select.value, price: Number(form.dataset.price) });
      write(lines);
      said.textContent = form.dataset.name + ', ' + select.value + ' cm, is in your basket.';
      report('add_to_cart', 'AddToCart', 'added to basket', form.dataset.lamp + '-add');
    });
  }

  function wireBasket(table) {
    var body = table.querySelector('tbody');
    var actions = document.querySelector('[data-basket-actions]');
    var said = document.querySelector('[data-basket-said]');

    function cell(text, className) {
      var td = document.createElement('td');
      td.textContent = text;
      if (className) td.className = className;
      return td;
    }

    function render() {
      var lines = read();
      body.replaceChildren();
      var sum = 0;
      lines.forEach(function (line, index) {
        sum += Number(line.price) || 0;
        var row = document.createElement('tr');
        var remove = document.createElement('button');
        remove.type = 'button';
        remove.textContent = 'Remove';
        remove.setAttribute('aria-label', 'Remove ' + line.name);
        remove.addEventListener('click', function () {
          var rest = read();
          rest.splice(index, 1);
          write(rest);
          render();
          report('remove_from_cart', 'CustomizeProduct', 'removed from basket', 'remove');
        });
        var last = document.createElement('td');
        last.className = 'num';
        last.append(remove);
        row.append(cell(line.name), cell(line.size + ' cm'), cell('€' + line.price, 'num'), last);
        body.append(row);
      });
      document.querySelector('[data-basket-sum]').textContent = '€' + sum;
      table.hidden = actions.hidden = lines.length === 0;
      document.querySelector('[data-basket-empty]').hidden = lines.length > 0;
    }

    document.querySelector('[data-buy]').addEventListener('click', function () {
      write([]);
      render();
      said.textContent = 'Thank you. Nothing was charged and nothing will be sent.';
      report('purchase', 'Purchase', 'bought', 'purchase');
    });
    render();
  }

  count(read());
  document.querySelectorAll('form[data-lamp]').forEach(wireProduct);
  document.querySelectorAll('[data-basket]').forEach(wireBasket);
})();
