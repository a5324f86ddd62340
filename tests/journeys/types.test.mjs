// The published types against pages in each state: every member that docs/postern.d.ts names is there and is what it says.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import typescript from 'typescript';
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

  it('calls a listener until it is ended', async () => {
    const page = await world.newPage();
    await page.goto(`${world.base}/`, { waitUntil: 'load' });
    await page.evaluate(() => {
      window.heard = [];
      const end = window.postern.onChange((state) => window.heard.push(`ended ${state.granted.length}`));
      window.postern.onChange((state) => window.heard.push(`kept ${state.granted.length}`));
      window.end = end;
    });
    await decide(page, () => action(page, 'accept').click());
    await page.evaluate(() => window.end());
    await decide(page, () => page.evaluate(() => { window.postern.withdraw(); }));
    assert.deepEqual(await page.evaluate(() => window.heard), ['ended 5', 'kept 5', 'kept 1']);
    await page.context().close();
  });
});

describe('the published types', () => {
  /** What a compiler says of a program that uses them, as line and sentence. */
  function faultsOf(source) {
    const name = join(ROOT, 'docs/sample.ts');
    const options = { strict: true, noEmit: true, target: typescript.ScriptTarget.ES2022, lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'], types: [] };
    const host = typescript.createCompilerHost(options);
    const read = host.getSourceFile.bind(host);
    host.getSourceFile = (file, ...rest) => (file === name ? typescript.createSourceFile(file, source, options.target) : read(file, ...rest));
    const known = host.fileExists.bind(host);
    host.fileExists = (file) => file === name || known(file);
    const program = typescript.createProgram([name, join(ROOT, 'docs/postern.d.ts')], options, host);
    return typescript.getPreEmitDiagnostics(program).map(({ file, start, messageText }) =>
      `${file.fileName.split('/').at(-1)}:${file.getLineAndCharacterOfPosition(start).line + 1} ${typescript.flattenDiagnosticMessageText(messageText, ' ')}`);
  }

  it('let the documented uses compile', () => {
    assert.deepEqual(faultsOf(`import type { PosternCategory, PosternState } from './postern';
const end: () => void = window.postern.onChange((state) => { if (state.granted.includes('analytics')) console.log(state.vendors.length); });
end();
window.postern.open();
window.postern.withdraw().then((state) => state && state.decided);
window.postern.grantVendor('youtube');
window.postern.ready.then(({ granted }: PosternState) => granted.length);
document.addEventListener('postern:change', ({ detail }) => detail.granted.map((category: PosternCategory) => category));
`), []);
  });

  it('and refuse what is not there', () => {
    const faults = faultsOf(`import type { PosternCategory } from './postern';
window.postern.grant('analytics');
window.postern.state.granted.includes('tracking');
const category: PosternCategory = 'ads';
window.postern.grantVendor(7);
(window.postern.state as { decided: boolean }).decided = window.postern.onChange(() => {});
`);
    assert.deepEqual(faults.map((fault) => fault.split(' ')[0]), ['sample.ts:2', 'sample.ts:3', 'sample.ts:4', 'sample.ts:5', 'sample.ts:6'], faults.join('\n'));
  });
});
