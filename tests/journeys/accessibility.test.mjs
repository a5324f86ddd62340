// Everybody can decide: no axe violation on what Postern shows, everything by keyboard, and no button that is made to
// look like the right one.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { DESKTOP, PHONE, action, banner, categorySwitch, decide, openSettings, startWorld } from './harness.mjs';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

let world;
before(async () => { world = await startWorld(); });
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
        await assertAccessible(page, 'layer 1');
        await openSettings(page);
        await assertAccessible(page, 'layer 2');
        await page.keyboard.press('Escape');
        await decide(page, () => action(page, 'reject').click());
        await assertAccessible(page, 'after a decision');
        await page.goto(`${world.base}/_postern/consent`);
        await assertAccessible(page, 'consent page');
        await page.goto(`${world.base}/_postern/login`);
        await assertAccessible(page, 'login');
        await logIn(page);
        await page.goto(`${world.base}/_postern/dashboard`);
        await page.locator('#days').waitFor();
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

describe('it fits', () => {
  it('takes at most half of a phone and pushes nothing sideways', async () => {
    const page = await visit('/', PHONE);
    const box = await banner(page).boundingBox();
    assert.ok(box.height <= PHONE.viewport.height / 2, `${box.height} px`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await page.context().close();
  });

  it('works at 320 px and with text twice as large', async () => {
    const page = await visit('/', { viewport: { width: 320, height: 640 } });
    await page.addStyleTag({ content: 'html { font-size: 200% }' });
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
    assert.equal(await page.evaluate(() => window.shift) - before, 0);
    await page.context().close();
  });
});
