// What happens when the edge itself fails, by an exception or a trap nobody foresaw: the page still arrives, and nothing
// in it runs or asks for anything but the site's own pictures and styles. It knows no vendor and no rule: it denies all.
// What it never does: `passThroughOnException`, which would hand out the page as it is.

const OWN_FOLDER = '/_postern/';

/** Sandboxed: no script, no frame, no automatic navigation; and from nobody but the site itself. */
const LOCKED = "sandbox allow-forms allow-popups allow-same-origin allow-top-navigation-by-user-activation; default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; media-src 'self'; form-action 'self'; base-uri 'none'";

/** Headers by which an answer could start or store something, or that speak of bytes seen under other rules. */
const REMOVED = ['set-cookie', 'link', 'refresh', 'speculation-rules', 'reporting-endpoints', 'report-to', 'nel', 'accept-ch', 'critical-ch',
  'content-security-policy', 'content-security-policy-report-only', 'etag', 'last-modified', 'expires'];

/** Headers that say who is asking. The cookies go whole: without the rules nobody can tell a tracker's from the site's. */
const OF_VISITOR = ['cookie', 'referer', 'if-none-match', 'if-modified-since', 'range'];

function text(status, sentence) {
  return new Response(`${sentence}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'private, no-store', 'x-content-type-options': 'nosniff' },
  });
}

/** The longest tag of a link that is waited for. */
const LINK_CHARACTERS_MAX = 4096;

/** Tags of elements for whose sake browsers connect before any policy refuses what they ask for. */
const CONNECTING = new RegExp(
  `<(\\0?(?:[\\w.-]\\0?)*:)?(\\0?)(?=(?:${['link', 'iframe', 'frame', 'fencedframe', 'object', 'embed'].map((name) => [...name].join('\\0?')).join('|')})(?![\\w.-]|\\0[\\w.-]))[^>]*`,
  'gi',
);

/**
 * No policy keeps a browser from connecting where a link says it will soon have to, or where a frame begins: such an element
 * gets another name, unless it plainly is a style sheet's. As `LinkFilter` in `crates/rewrite/src/locked.rs`, on bytes read
 * one for one as characters.
 */
function withoutConnecting() {
  let kept = '';
  const pass = (controller, isLast) => {
    // A tag that has not ended yet waits for its end.
    const open = kept.lastIndexOf('<');
    const isWaiting = !isLast && open >= 0 && !kept.includes('>', open) && kept.length - open < LINK_CHARACTERS_MAX;
    const ready = isWaiting ? kept.slice(0, open) : kept;
    kept = isWaiting ? kept.slice(open) : '';
    const quiet = ready.replace(CONNECTING, (tag, prefix = '', gap) => {
      const isStyleSheet = /^<link/i.test(tag) && tag.length < LINK_CHARACTERS_MAX && /stylesheet/i.test(tag) && !/connect|fetch|prerender|preload|&|\0/i.test(tag);
      const letter = 1 + prefix.length + gap.length;
      return isStyleSheet ? tag : `${tag.slice(0, letter)}x${tag.slice(letter + 1)}`;
    });
    if (quiet) controller.enqueue(Uint8Array.from(quiet, (character) => character.charCodeAt(0)));
  };
  return new TransformStream({
    transform(chunk, controller) {
      kept += Array.from(chunk, (byte) => String.fromCharCode(byte)).join('');
      pass(controller, false);
    },
    flush: (controller) => pass(controller, true),
  });
}

/** Where a host's pages come from. Of several sites the edge has told, once it had read their policies (`worker/src/sites.rs`). */
function originOf(url, env) {
  const told = globalThis.posternOrigins;
  const isOnly = !Object.keys(env).some((name) => name.startsWith('POLICY_') && env[name]);
  const named = told ? told[url.hostname.replace(/\.$/, '')] ?? told[''] : isOnly && env.ORIGIN;
  return named ? new URL(named).origin : url.origin;
}

/** The site's answer with nothing in it alive. */
async function locked(request, env) {
  const url = new URL(request.url);
  if (url.pathname.startsWith(OWN_FOLDER)) return text(503, 'This page cannot be shown just now. Nothing was switched on.');
  // What a form or a script sends may have been read already, and must not be sent twice.
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(503, 'This could not be passed on just now. Please try again in a minute.');
  // An address without its parameters carries no identifier; most pages are there all the same.
  const asked = new Request(originOf(url, env) + url.pathname, { method: request.method, headers: request.headers, redirect: 'manual' });
  for (const name of OF_VISITOR) asked.headers.delete(name);
  const answer = await fetch(asked);
  const headers = new Headers(answer.headers);
  for (const name of REMOVED) headers.delete(name);
  headers.set('cache-control', 'private, no-store');
  headers.set('content-security-policy', LOCKED);
  headers.set('x-dns-prefetch-control', 'off');
  headers.set('x-content-type-options', 'nosniff');
  // What is no document stays as it is.
  if (!/^$|html|xml/i.test(headers.get('content-type') ?? '')) return new Response(answer.body, { status: answer.status, headers });
  headers.delete('content-length');
  return new Response(answer.body?.pipeThrough(withoutConnecting()), { status: answer.status, headers });
}

/** A Worker like `Edge` that answers where `Edge` fails. Failures are counted where the edge finds them when it is well. */
export function guarded(Edge) {
  return {
    async fetch(request, env, ctx) {
      try {
        const answer = new Edge(ctx, env).fetch(request);
        // When a visitor leaves, the platform forgets what waits here, and what the edge holds for them would stay in its
        // memory. As a task that is waited for it comes to its end.
        ctx.waitUntil(answer.catch(() => { /* it is told below */ }));
        return await answer;
      } catch (error) {
        // Hosts that are nobody's are no more than the platform sends here.
        const failures = (globalThis.posternFailures ??= {});
        failures[new URL(request.url).hostname] = true;
        console.error(`the edge failed, and the page was handed out locked: ${error?.message ?? error}`);
      }
      try {
        return await locked(request, env);
      } catch (error) {
        console.error(`the site cannot be reached: ${error?.message ?? error}`);
        return text(502, 'The site cannot be reached just now. Please try again in a minute.');
      }
    },
  };
}
