// The published types against pages in each state: every member that docs/postern.d.ts names is there and is what it says.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROOT, action, decide, startWorld } from './harness.mjs';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.close());

/** Members of an interface by their names: `function` for methods, else `value`. */
function membersOf(name) {
  const source = readFileSync(join(ROOT, 'docs/postern.d.ts'), 'utf8').replace(/\/\*\*[^]*?\*\//g, '');
  const body = new RegExp(`interface ${name} \\{([^]*?)\\n\\}`).exec(source)[1];
  return Object.fromEntries([...body.matchAll(/^\s*(?:readonly )?(\w+)(\()?/gm)].map(([, member, call]) => [member, call ? 'function' : 'value']));
}

describe('window.postern', () => {
  it('has what the types say and no more, before a choice, after a refusal, and with everything granted', async () => {
    const expected = membersOf('Postern');
    const stateMembers = Object.keys(membersOf('PosternState')).sort();
    assert.deepEqual(Object.keys(expected).length, 6);
    const look = (page) => page.evaluate(async () => ({
      members: Object.fromEntries(Object.keys(window.postern).map((name) => [name, typeof window.postern[name] === 'function' ? 'function' : 'value'])),
      states: [window.postern.state, await window.postern.ready],
      stop: typeof window.postern.onChange(() => {}),
    }));
    for (const choice of [null, 'reject', 'accept']) {
      const page = await world.newPage();
      await page.goto(`${world.base}/`, { waitUntil: 'load' });
      if (choice) {
        await decide(page, () => action(page, choice).click());
        await page.reload({ waitUntil: 'load' });
      }
      const { members, states, stop } = await look(page);
      assert.deepEqual(members, expected, choice);
      assert.equal(stop, 'function');
      for (const state of states) {
        assert.deepEqual(Object.keys(state).sort(), stateMembers);
        assert.equal(state.decided, choice !== null);
        assert.ok(state.granted.includes('necessary') && Array.isArray(state.vendors));
        assert.equal(state.granted.length, choice === 'accept' ? 5 : 1);
      }
      await page.context().close();
    }
  });
});
