// Everybody can decide: no axe violation on what Postern shows, everything by keyboard, and no button that is made to
// look like the right one.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { DESKTOP, LAYOUTS, PHONE, action, banner, categorySwitch, choiceCookies, decide, openSettings, policyWithLayout, startWorld } from './harness.mjs';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

let world;
before(async () => { world = await startWorld({ dashboard: true }); });
after(() => world?.close());

async function visit(path, options) {
  const page = await world.newPage(options);
  await page.goto(world.base + path);
  return page;
}

async function assertAccessible(page, what) {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  const told = violations.map((violation) => `${what}: ${violation.id} (${violation.impact}): ${violation.help}\n${violation.nodes.map((node) => `    ${node.target.join(' ')}: ${node.failureSummary}`).join('\n')}`);
  assert.equal(told.join('\n'), '');
}

async function logIn(page) {
  await page.goto(`${world.base}/_postern/login`);
  await page.locator('[name="token"]').fill(world.worker.token);
  await Promise.all([page.waitForNavigation(), page.locator('form :is(button, input[type="submit"])').first().click()]);
}

describe('axe finds nothing', () => {
  for (const colorScheme of ['light', 'dark']) {
    for (const [device, options] of [['desktop', DESKTOP], ['phone', PHONE]]) {
      it(`on ${device}, ${colorScheme}`, async () => {
        const page = await visit('/', { ...options, colorScheme });
        await banner(page).waitFor();
        // It fades in, and is to be read as it stands then.
        await banner(page).evaluate(async (section) => { await Promise.all(section.getAnimations().map(({ finished }) => finished.catch(() => {}))); });
        await assertAccessible(page, 'layer 1');
        await openSettings(page);
        await assertAccessible(page, 'layer 2');
        await page.keyboard.press('Escape');
        await decide(page, () => action(page, 'reject').click());
        await assertAccessible(page, 'after a decision');
        await openSettings(page);
        await page.locator('details[data-postern-receipt] summary').click();
        await assertAccessible(page, 'layer 2 with a receipt');
        await page.keyboard.press('Escape');
        await page.goto(`${world.base}/_postern/consent`);
        await assertAccessible(page, 'consent page');
        await page.goto(`${world.base}/_postern/login`);
        await assertAccessible(page, 'login');
        await logIn(page);
        await page.goto(`${world.base}/_postern/dashboard`);
        await page.locator('#today-title').waitFor();
        await assertAccessible(page, 'dashboard');
        await page.context().close();
      });
    }
  }
});

/** Presses Tab until the focus is on what `selector` names. */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector)) return;
  }
  throw new Error(`80 presses of Tab did not reach ${selector}`);
}

describe('by keyboard alone', () => {
  for (const choice of ['accept', 'reject']) {
    it(`one can ${choice}`, async () => {
      const page = await visit('/');
      await tabTo(page, `#postern [data-consent-action="${choice}"]`);
      const outline = await page.evaluate(() => {
        const style = getComputedStyle(document.activeElement);
        return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
      });
      assert.ok(outline, 'the focus can be seen');
      const granted = await decide(page, () => page.keyboard.press('Enter'));
      assert.equal(granted.includes('analytics'), choice === 'accept');
      await page.context().close();
    });
  }

  it('one can open the settings, switch, leave with Escape and come back to the same place, and save', async () => {
    const page = await visit('/');
    await tabTo(page, '#postern [data-consent-action="settings"]');
    await page.keyboard.press('Enter');
    await page.locator('#postern dialog[open]').waitFor();
    assert.ok(await page.evaluate(() => document.querySelector('#postern dialog').contains(document.activeElement)), 'the focus is in the dialog');
    await page.keyboard.press('Escape');
    await page.locator('#postern dialog[open]').waitFor({ state: 'hidden' });
    assert.ok(await page.evaluate(() => document.activeElement.matches('#postern [data-consent-action="settings"]')), 'the focus is back');
    await page.keyboard.press('Enter');
    await page.locator('#postern dialog[open]').waitFor();
    await tabTo(page, '[data-consent-category="analytics"]');
    await page.keyboard.press('Space');
    await tabTo(page, '[data-consent-action="save"]');
    const granted = await decide(page, () => page.keyboard.press('Enter'));
    assert.ok(granted.includes('analytics'));
    assert.equal(granted.includes('marketing'), false);
    await page.context().close();
  });

  it('one can withdraw', async () => {
    const page = await visit('/');
    await tabTo(page, '#postern [data-consent-action="accept"]');
    await decide(page, () => page.keyboard.press('Enter'));
    await tabTo(page, '#postern [data-consent-action="open"]');
    await page.keyboard.press('Enter');
    await page.locator('#postern dialog[open]').waitFor();
    await tabTo(page, '#postern [data-consent-action="withdraw"]');
    const acknowledged = page.waitForResponse((response) => response.url().endsWith('/_postern/decision'));
    await page.keyboard.press('Enter');
    assert.equal((await acknowledged).headers()['postern-granted'], '01', 'nothing but the necessary');
    await page.context().close();
  });

  it('Escape grants nothing, in the banner or in the settings', async () => {
    const page = await visit('/');
    const sent = [];
    page.on('request', (request) => { if (request.method() === 'POST') sent.push(request.url()); });
    await tabTo(page, '#postern [data-consent-action="accept"]');
    await page.keyboard.press('Escape');
    assert.ok(await banner(page).isVisible(), 'the question stands');
    await openSettings(page);
    await tabTo(page, '[data-consent-category="analytics"]');
    await page.keyboard.press('Space');
    await page.keyboard.press('Escape');
    await page.locator('#postern dialog[open]').waitFor({ state: 'hidden' });
    await page.reload();
    assert.ok(await banner(page).isVisible(), 'it is asked as before');
    assert.deepEqual(sent, []);
    assert.deepEqual(await choiceCookies(page), []);
    await page.context().close();
  });

  for (const layout of LAYOUTS) {
    it(`what is focused in the page is not hidden by the banner as a ${layout}`, async () => {
      const worker = await world.startWorker({ vars: { POLICY: policyWithLayout(layout) } });
      for (const [path, options] of [['/', DESKTOP], ['/', { viewport: PHONE.viewport }], ['/privacy.html', { viewport: { width: 320, height: 640 } }]]) {
        const page = await world.newPage(options);
        await page.goto(worker.base + path);
        await banner(page).waitFor();
        await tabTo(page, '#postern [data-consent-action="settings"]');
        const seen = new Set();
        for (let presses = 0; presses < 80; presses += 1) {
          await page.keyboard.press('Tab');
          const { name, isOurs, isHidden } = await page.evaluate(() => {
            const focused = document.activeElement;
            const covered = document.querySelector('#postern section').getBoundingClientRect();
            // One that stands in two lines is seen where one of them is.
            const isHidden = [...focused.getClientRects()].every(({ left, right, top, bottom }) => top >= innerHeight || bottom <= 0
              || (left >= covered.left && right <= covered.right && top >= covered.top && bottom <= covered.bottom));
            return { name: `${focused.localName} ${focused.textContent.trim().slice(0, 40)}`, isOurs: focused === document.body || !!focused.closest('#postern'), isHidden };
          });
          if (isOurs) break;
          assert.ok(!isHidden, `${path}, ${options.viewport.width} px: ${name} is focused and not seen`);
          seen.add(name);
        }
        assert.ok(seen.size > 5, `${seen.size} were focused`);
        await page.context().close();
      }
      await worker.stop();
    });
  }

  it('the page behind can be used while the question stands', async () => {
    const page = await visit('/');
    await banner(page).waitFor();
    await tabTo(page, '.hero .button');
    await page.keyboard.press('Enter');
    await page.waitForURL(/product-alder/);
    await page.context().close();
  });
});

describe('the choice is fair', () => {
  for (const colorScheme of ['light', 'dark']) {
    for (const [device, options] of [['desktop', DESKTOP], ['phone', PHONE]]) {
      it(`accept and reject are twins on ${device}, ${colorScheme}`, async () => {
        const page = await visit('/', { ...options, colorScheme });
        const look = (name) => action(page, name).evaluate((element) => {
          const style = getComputedStyle(element);
          const read = {};
          for (const property of [
            'width', 'height', 'display', 'fontFamily', 'fontSize', 'fontWeight', 'lineHeight', 'letterSpacing', 'textTransform', 'textDecorationLine',
            'color', 'backgroundColor', 'backgroundImage', 'opacity', 'boxShadow', 'cursor', 'borderTopWidth', 'borderTopStyle', 'borderTopColor',
            'borderBottomWidth', 'borderBottomColor', 'borderTopLeftRadius', 'paddingTop', 'paddingLeft', 'filter', 'transform',
          ]) read[property] = style[property];
          return read;
        });
        assert.deepEqual(await look('reject'), await look('accept'));
        await page.context().close();
      });
    }
  }

  it('no switch is on before the visitor turns it on', async () => {
    const page = await visit('/');
    await openSettings(page);
    for (const category of ['functional', 'analytics', 'marketing', 'social']) assert.equal(await categorySwitch(page, category).isChecked(), false, category);
    await page.context().close();
  });

  it('nothing is focused or scrolled by itself', async () => {
    const page = await visit('/');
    await banner(page).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement === document.body), true);
    assert.equal(await page.evaluate(() => scrollY), 0);
    await page.context().close();
  });
});

describe('a decision', () => {
  for (const name of ['reject', 'accept']) {
    it(`is announced once: ${name}`, async () => {
      const page = await visit('/');
      await page.evaluate(() => {
        window.announced = [];
        for (const status of document.querySelectorAll('#postern [role="status"]')) {
          new MutationObserver(() => { if (status.textContent && status.checkVisibility()) window.announced.push(status.textContent); })
            .observe(status, { childList: true, characterData: true, subtree: true });
        }
      });
      await decide(page, () => action(page, name).click());
      await page.waitForTimeout(500);
      assert.equal((await page.evaluate(() => window.announced)).length, 1);
      await page.context().close();
    });
  }
});

describe('it fits', () => {
  it('takes at most half of a phone and pushes nothing sideways', async () => {
    const page = await visit('/', PHONE);
    const box = await banner(page).boundingBox();
    assert.ok(box.height <= PHONE.viewport.height / 2, `${box.height} px`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await page.context().close();
  });

  it('works at 320 px', async () => {
    const page = await visit('/', { viewport: { width: 320, height: 640 } });
    for (const name of ['accept', 'reject', 'settings']) {
      await action(page, name).scrollIntoViewIfNeeded();
      const box = await action(page, name).boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= 320.5, `${name}: ${box.x} to ${box.x + box.width}`);
      assert.ok(box.height >= 24, `${name} is ${box.height} px high`);
    }
    await page.context().close();
  });

  it('shifts nothing when it appears', async () => {
    const page = await world.newPage();
    await page.addInitScript(() => {
      window.shift = 0;
      new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shift += entry.value; }).observe({ type: 'layout-shift', buffered: true });
    });
    await page.goto(`${world.base}/_postern/consent`);
    await page.goto(`${world.base}/`);
    await banner(page).waitFor();
    const before = await page.evaluate(() => window.shift);
    await decide(page, () => action(page, 'reject').click());
    // What shifts does so in a frame, and is told in a task after it.
    await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve))); }));
    assert.equal(await page.evaluate(() => window.shift) - before, 0);
    await page.context().close();
  });
});
