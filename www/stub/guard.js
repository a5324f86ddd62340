// Requests that code makes: held in a window or in a worker. One function that stands on nothing around it: the stub calls it
// for each window, and sends its text, in front of a script, into the workers that a page makes from text of its own.
// What it never does: elements, markup and styles; `realm.js` does.

/**
 * Takes a window or a worker's scope and `{granted, isDecided, queue, urls, trust?}`; gives what else is built with. `queue` is what
 * waits for a grant: [need, send, address].
 * Natives are taken once, here: what scripts of the page put in their place later is not ours.
 */
export const guard = function guard(realm, state) {
  const { apply, construct, defineProperty, getOwnPropertyDescriptor } = realm.Reflect;
  const { URL, Request, Response, Blob, DOMException, Promise, RegExp } = realm;
  const { test } = RegExp.prototype;
  const { replace } = realm.String.prototype;
  const { createObjectURL } = URL;
  // Where a scope keeps its own functions.
  const scope = realm.WorkerGlobalScope?.prototype || realm;
  const opened = new realm.WeakMap();
  const texts = new realm.Map();

  /** The first row that knows the text, if what it needs is not granted now. */
  const denied = (rows, text, granted = state.granted) => {
    for (let index = 0; index < rows.length; index += 1) {
      const row = rows[index];
      if (apply(test, row[1], [text])) return !(row[0] & granted) && row;
    }
  };
  /** The row for an address that may not be contacted now, or nothing. */
  const deniedRow = (address, granted) => {
    let url;
    try {
      url = new URL(address, realm.document?.baseURI || realm.location.href);
    } catch {
      // Not an address: the browser will not fetch it either.
      return;
    }
    const { protocol, hostname, pathname, search } = url;
    return (protocol[0] == 'h' || protocol[0] == 'w') && denied(state.urls, apply(replace, hostname, [/\.$/, '']) + pathname + search, granted);
  };
  /** Puts `act(this, arguments, native call)` in front of a function, a constructor or an accessor. */
  const wrap = (owner, name, act, part = 'value') => {
    const found = owner && getOwnPropertyDescriptor(owner, name);
    if (!found?.[part]) return;
    const before = found[part];
    found[part] = new realm.Proxy(before, {
      __proto__: null,
      apply: (native, self, args) => act(self, args, () => apply(native, self, args)),
      construct: (native, args, as) => act(as, args, () => construct(native, args, as)),
    });
    // What it makes knows it by this name, and nobody finds the native one there.
    if (before.prototype?.constructor == before) before.prototype.constructor = found[part];
    defineProperty(owner, name, found);
  };
  const queueUp = (row, send, address) => {
    const { queue } = state;
    // After a refusal or withdrawal nothing is kept for later: it was not wanted when it happened. And what holds more than this
    // is broken or hostile; later requests are answered and forgotten.
    if (!state.isDecided && queue.length < 500) queue[queue.length] = [row[0], send, address];
  };
  /** After a choice: sends what may be sent of what waited, in order, and forgets the rest once the question is answered. */
  const flush = (isAnswered) => {
    const waiting = state.queue;
    state.queue = [];
    if (isAnswered) state.isDecided = 1;
    for (const item of waiting) {
      const [need, send, address] = item;
      try {
        if (address ? !deniedRow(address) : need & state.granted) send()?.catch?.(() => {});
        // Who let one vendor in has not answered the rest: that goes on waiting.
        else if (!isAnswered) state.queue[state.queue.length] = item;
      } catch {
        // What is sent late may find nobody.
      }
    }
  };
  // A worker is told of a choice by the page in which it was made.
  if (scope != realm && realm.BroadcastChannel) {
    new realm.BroadcastChannel('postern').onmessage = ({ data }) => {
      [state.granted, state.urls] = data;
      flush(1);
    };
  }
  const openOrRefuse = (self, args, open) => {
    for (const address of args) if (deniedRow(address)) throw new DOMException('held until consent', 'SecurityError');
    return open();
  };

  // The caller hears success, as it would from a collector; the request waits for the grant.
  wrap(scope, 'fetch', (self, args, send) => {
    const row = deniedRow(args[0]?.url || args[0]);
    if (!row) return send();
    try {
      // As it is now: what it is made of may change until it is sent.
      args[0] = new Request(...args);
    } catch (error) {
      return Promise.reject(error);
    }
    args.length = 1;
    queueUp(row, send, args[0].url);
    return Promise.resolve(new Response(null, { status: 204 }));
  });
  wrap(realm, 'fetchLater', (self, args, send) => {
    const row = deniedRow(args[0]);
    return row ? (queueUp(row, send, args[0]), { activated: false }) : send();
  });
  wrap(realm.Navigator?.prototype, 'sendBeacon', (self, args, send) => {
    const row = deniedRow(args[0]);
    return row ? (queueUp(row, send, args[0]), true) : send();
  });
  wrap(realm.XMLHttpRequest?.prototype, 'open', (self, args, open) => {
    opened.set(self, args[1]);
    return open();
  });
  wrap(realm.XMLHttpRequest?.prototype, 'send', (self, args, send) => {
    const row = deniedRow(opened.get(self));
    return row ? void queueUp(row, send, opened.get(self)) : send();
  });
  // Streams, and scripts that are waited for, have nothing to wait with: they fail as if the host could not be reached.
  for (const name of ['WebSocket', 'EventSource', 'WebSocketStream', 'WebTransport']) wrap(realm, name, openOrRefuse);
  wrap(scope, 'importScripts', openOrRefuse);

  // Workers made from text get this guard in front of it. Those of own files have it from the edge.
  wrap(URL, 'createObjectURL', (self, args, make) => {
    const address = make();
    // Whatever could be a script or a document.
    if (args[0] instanceof Blob && /^$|html|xml|css|script|text/.test(args[0].type)) texts.set(address, args[0]);
    return address;
  });
  wrap(URL, 'revokeObjectURL', (self, args, revoke) => {
    texts.delete(args[0]);
    return revoke();
  });
  for (const name of ['Worker', 'SharedWorker']) {
    wrap(realm, name, (as, args, start) => {
      const address = `${args[0]}`;
      const prelude = `(${guard})(self,{granted:${state.granted},isDecided:${state.isDecided},queue:[],urls:[[${state.urls.join('],[')}]]});`;
      const [, head, coding, text] = /^\s*(data:[^,]*?)(;base64)?,([^]*)/i.exec(address) || [];
      const blob = texts.get(address);
      // Shared workers are told apart by address: the second asks for the same.
      if (blob?.type != null) texts.set(address, apply(createObjectURL, URL, [new Blob([prelude, blob], blob)]));
      const guarded = head ? head + ',' + encodeURIComponent(prelude) + (coding ? escape(atob(text)) : text) : texts.get(address);
      if (guarded) args[0] = state.trust && realm.trustedTypes?.isScriptURL(args[0]) ? state.trust(guarded) : guarded;
      return start();
    });
  }
  return { denied, deniedRow, flush, queueUp, texts, wrap };
};
