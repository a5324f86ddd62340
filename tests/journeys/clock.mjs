// Workers whose clock a journey sets: the built ones, behind a module that puts the journey's moment in place of the machine's. What is
// waited for by time goes on as ever; an alarm rings when the machine's clock says so, which is not while the journey's is ahead.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT, makeFolder, serveSite } from './harness.mjs';

const BUILD = join(ROOT, 'build');

/** A copy of a configuration of `build`, whose paths lead there from anywhere and whose Worker is the one that `source` makes of its own. */
function configAt(folder, name, source) {
  const text = readFileSync(join(BUILD, name), 'utf8');
  const main = join(BUILD, /^main = "(.*)"$/m.exec(text)[1]);
  const module = join(folder, `${name}.mjs`);
  writeFileSync(module, source(JSON.stringify(main)));
  const moved = text
    .replace(/^main = .*$/m, `main = ${JSON.stringify(module)}`)
    .replace(/^directory = "(.*)"$/m, (_, path) => `directory = ${JSON.stringify(join(BUILD, path))}`);
  writeFileSync(join(folder, name), moved);
  return join(folder, name);
}

/**
 * A clock that stands still at the moment it is set to, Unix milliseconds, and the configurations of Workers that go by it, with the
 * dashboard's. Set it forwards only. `keep` is the world's, for its end.
 */
export async function startClock(keep, atMs) {
  const clock = { atMs };
  const server = keep(await serveSite((_, response) => response.end(String(clock.atMs))));
  const folder = makeFolder();
  writeFileSync(join(folder, 'clock.mjs'), `const Machine = Date;
let atMs = ${atMs};
globalThis.Date = new Proxy(Machine, {
  construct: (target, given, asked) => Reflect.construct(target, given.length > 0 ? given : [atMs], asked),
  get: (target, name) => (name === 'now' ? () => atMs : Reflect.get(target, name)),
});
export async function look() {
  atMs = Number(await (await fetch('http://127.0.0.1:${server.port}/')).text());
}
`);
  const site = configAt(folder, 'wrangler-whole.toml', (main) => `import { look } from './clock.mjs';
import edge from ${main};
export * from ${main};
export default {
  async fetch(request, env, context) {
    await look();
    return edge.fetch(request, env, context);
  },
};
`);
  const dashboard = configAt(folder, 'wrangler.dashboard.toml', (main) => `import { look } from './clock.mjs';
import Dashboard from ${main};
export * from ${main};
export default {
  async fetch(request, env, context) {
    await look();
    return new Dashboard(context, env).fetch(request);
  },
};
`);
  return Object.assign(clock, { config: [site, dashboard], set: (moment) => { clock.atMs = moment; } });
}
