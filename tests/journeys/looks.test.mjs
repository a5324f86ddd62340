// Every look that the banner has: each layout, light, dark and in colours the visitor forces, read from either side. In each
// axe finds nothing and doubts no contrast, accept and reject are twins, and all of it can be reached, read and hit.
// What one does with it by keyboard stands in accessibility.test.mjs.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { LAYOUTS, action, banner, decide, openSettings, policyWithLayout, startWorld } from './harness.mjs';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const SCHEMES = { light: { colorScheme: 'light' }, dark: { colorScheme: 'dark' }, forced: { forcedColors: 'active' } };
/** A language of each direction. */
const DIRECTIONS = { ltr: 'en', rtl: 'ar' };
/** CSS pixels. Sources: WCAG 2.2, 2.5.8; design.md section 5. */
const TARGET_MIN = 24;
const BUTTON_MIN = 44;

let world;
const workers = {};
before(async () => {
  world = await startWorld({ origin: 'test' });
  for (const layout of LAYOUTS) workers[layout] = await world.startWorker({ vars: { POLICY: policyWithLayout(layout) } });
});
after(() => world?.close());

async function visit(layout, direction, options) {
  const page = await world.newPage(options);
  await page.goto(`${workers[layout].base}/language?tag=${DIRECTIONS[direction]}`, { waitUntil: 'load' });
  await banner(page).waitFor();
  assert.equal(await page.locator('#postern').getAttribute('dir'), direction);
  assert.equal(await page.locator('#postern').getAttribute('data-postern-layout'), layout);
  return page;
}

/** Does the visitor force the colours? Axe does not know of it and takes the author's: then they are counted here. */
const areForced = (page) => page.evaluate(() => matchMedia('(forced-colors: active)').matches);

async function assertAccessible(page, what, part) {
  const builder = new AxeBuilder({ page }).withTags(TAGS);
  if (await areForced(page)) {
    builder.disableRules(['color-contrast']);
    assert.deepEqual(await page.evaluate(faintTexts, part ?? 'body'), [], what);
  }
  const { violations, incomplete } = await (part ? builder.include(part) : builder).analyze();
  const told = [...violations, ...incomplete.filter(({ id }) => id === 'color-contrast')]
    .map(({ id, help, nodes }) => `${what}: ${id}: ${help}\n${nodes.map((node) => `    ${node.target.join(' ')}: ${node.failureSummary}`).join('\n')}`);
  assert.equal(told.join('\n'), '');
}

/** In the page: texts with a contrast below WCAG's, by their computed colours. */
function faintTexts(root) {
  const parts = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [red, green, blue] = parts(colour).slice(0, 3).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const isOpaque = (colour) => parts(colour)[3] !== 0;
  const found = [];
  for (const element of document.querySelectorAll(`${root} *`)) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!hasText || !element.checkVisibility()) continue;
    let below = element;
    while (below.parentElement && !isOpaque(getComputedStyle(below).backgroundColor)) below = below.parentElement;
    const background = getComputedStyle(below).backgroundColor;
    const [light, dark] = [luminance(getComputedStyle(element).color), isOpaque(background) ? luminance(background) : 1].sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < 4.5) found.push(`${element.localName} ${element.textContent}: ${contrast}`);
  }
  return found;
}

/** What makes a button heavier than its neighbour, with its contrast as WCAG counts it. */
function weigh(page, name) {
  return action(page, name).evaluate((element) => {
    const style = getComputedStyle(element);
    const luminance = (colour) => {
      const [red, green, blue] = colour.match(/[\d.]+/g).slice(0, 3).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const contrast = (one, other) => {
      const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
      return (light + 0.05) / (dark + 0.05);
    };
    const { width, height, top } = element.getBoundingClientRect();
    const exact = Object.fromEntries([
      'fontFamily', 'fontSize', 'fontWeight', 'fontStyle', 'letterSpacing', 'textTransform', 'textDecorationLine', 'paddingTop', 'paddingRight', 'paddingBottom',
      'paddingLeft', 'borderTopWidth', 'borderTopStyle', 'borderBottomWidth', 'borderTopLeftRadius', 'boxShadow', 'backgroundImage', 'opacity', 'filter', 'transform',
      'cursor', 'outlineStyle', 'animationName', 'visibility',
    ].map((property) => [property, style[property]]));
    const surround = getComputedStyle(element.closest('section, dialog')).backgroundColor;
    return {
      exact: { ...exact, width: Math.round(width), height: Math.round(height) },
      contrasts: { text: contrast(style.color, style.backgroundColor), fill: contrast(style.backgroundColor, surround), border: contrast(style.borderTopColor, surround) },
      top,
    };
  });
}

async function assertTwins(page) {
  const [accept, reject] = [await weigh(page, 'accept'), await weigh(page, 'reject')];
  assert.deepEqual(reject.exact, accept.exact);
  for (const [what, value] of Object.entries(accept.contrasts)) {
    assert.ok(Math.abs(reject.contrasts[what] - value) <= 0.1, `${what}: ${value} of accept, ${reject.contrasts[what]} of reject`);
  }
  for (const { contrasts } of [accept, reject]) assert.ok(contrasts.text >= 5, `${contrasts.text}`);
}

/** Everything that can be hit where one looks now. Links within a sentence are as large as its text. */
async function assertTargets(page, root) {
  const targets = await page.locator(`${root} :is(button, input, a, summary)`).evaluateAll((elements) => elements
    .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !(element.localName === 'a' && element.closest('p')))
    .map((element) => {
      // A switch is hit by its label.
      const { width, height } = (element.labels?.[0] ?? element).getBoundingClientRect();
      return { name: `${element.localName} ${element.textContent || element.value}`, isButton: element.localName === 'button', width, height };
    }));
  assert.ok(targets.length > 0);
  for (const { name, isButton, width, height } of targets) {
    assert.ok(width >= TARGET_MIN && height >= (isButton ? BUTTON_MIN : TARGET_MIN), `${name}: ${width} × ${height}`);
  }
}

for (const layout of LAYOUTS) {
  for (const [scheme, options] of Object.entries(SCHEMES)) {
    for (const direction of Object.keys(DIRECTIONS)) {
      it(`${layout}, ${scheme}, ${direction}: axe is content, accept and reject are twins, all can be hit`, async () => {
        const page = await visit(layout, direction, options);
        // It fades in, and is to be read as it stands then.
        await banner(page).evaluate(async (section) => { await Promise.all(section.getAnimations().map(({ finished }) => finished.catch(() => {}))); });
        await assertAccessible(page, 'layer 1', '#postern');
        await assertTwins(page);
        await assertTargets(page, '#postern section');
        await decide(page, () => action(page, 'reject').click());
        await page.locator('#postern nav a').waitFor();
        await assertAccessible(page, 'after a decision', '#postern');
        // With nothing of ours behind it, and so tall that nothing is scrolled out of sight: axe takes both for what lies behind a text.
        await page.setViewportSize({ width: 1440, height: 3000 });
        await openSettings(page);
        await assertAccessible(page, 'layer 2', '#postern');
        await assertTargets(page, '#postern dialog');
        await page.goto(`${workers[layout].base}/_postern/consent?lang=${DIRECTIONS[direction]}`);
        await assertAccessible(page, 'consent page');
        await page.context().close();
      });
    }
  }
}

/** What the visitor may do to text, and to the window. */
const SIZES = {
  'in 320 × 256 px': { viewport: { width: 320, height: 256 } },
  'in 320 × 640 px': { viewport: { width: 320, height: 640 } },
  'on a desktop, zoomed to 400 %': { viewport: { width: 320, height: 225 } },
  'with text twice as large': {
    viewport: { width: 640, height: 700 },
    change: (element, size) => element.style.setProperty('font-size', `${2 * size}px`, 'important'),
    property: 'fontSize',
  },
  // Source: WCAG 2.2, 1.4.12.
  'with text spaced out': {
    viewport: { width: 390, height: 700 },
    change: (element) => {
      for (const [property, value] of Object.entries({ 'line-height': '1.5', 'letter-spacing': '0.12em', 'word-spacing': '0.16em', ...(element.localName === 'p' && { 'margin-bottom': '2em' }) })) {
        element.style.setProperty(property, value, 'important');
      }
    },
    property: 'wordSpacing',
  },
};

/** What is cut off, stands outside or scrolls both ways, by name. */
function misfits(page, root) {
  return page.evaluate((root) => {
    const found = [];
    if (document.documentElement.scrollWidth > innerWidth) found.push(`the page is ${document.documentElement.scrollWidth} px wide`);
    for (const element of document.querySelectorAll(`${root}, ${root} *`)) {
      if (!element.checkVisibility()) continue;
      const style = getComputedStyle(element);
      const name = `${element.localName} ${element.textContent.trim().slice(0, 30)}`;
      const isBlock = style.display !== 'inline';
      if (isBlock && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1) found.push(`${name}: ${element.scrollWidth} px in ${element.clientWidth}`);
      const scrolls = ['auto', 'scroll'].includes(style.overflowY);
      if (isBlock && !scrolls && style.overflowY !== 'visible' && element.scrollHeight > element.clientHeight + 1) found.push(`${name}: cut off at ${element.clientHeight} px`);
      const { left, right, width } = element.getBoundingClientRect();
      if (width > 1 && (left < -1 || right > innerWidth + 1)) found.push(`${name}: from ${left} to ${right}`);
    }
    return found;
  }, root);
}

/** Can each button be brought under the pointer? */
function unreachable(page, root) {
  return page.locator(`${root} button`).evaluateAll((buttons) => buttons.filter((button) => button.checkVisibility()).filter((button) => {
    button.scrollIntoView({ block: 'nearest' });
    const { left, top, width, height } = button.getBoundingClientRect();
    return !button.contains(document.elementFromPoint(left + width / 2, top + height / 2));
  }).map((button) => button.textContent));
}

/** Does `change` to all of ours; gives how many times larger `property` is by it, at the least: none where there was none. */
function apply(page, { change, property }) {
  return page.evaluate(({ change, property }) => {
    const act = eval(change);
    // All are read before one is changed: sizes are inherited.
    const read = (element, name) => parseFloat(getComputedStyle(element)[name]) || 0;
    const elements = [...document.querySelectorAll('#postern *')].map((element) => ({ element, size: read(element, 'fontSize'), before: read(element, property) }));
    for (const { element, size } of elements) act(element, size);
    return Math.min(...elements.map(({ element, before }) => (read(element, property) / before)));
  }, { change: `(${change})`, property });
}

describe('it fits', () => {
  for (const layout of LAYOUTS) {
    for (const direction of Object.keys(DIRECTIONS)) {
      for (const [name, { viewport, change, property }] of Object.entries(SIZES)) {
        it(`${layout}, ${direction}, ${name}`, async () => {
          const page = await visit(layout, direction, { viewport });
          if (change) assert.ok(await apply(page, { change, property }) >= 2, 'the change took hold of every text');
          assert.deepEqual(await misfits(page, '#postern section'), []);
          assert.deepEqual(await unreachable(page, '#postern section'), []);
          await openSettings(page);
          assert.deepEqual(await misfits(page, '#postern dialog'), []);
          assert.deepEqual(await unreachable(page, '#postern dialog'), []);
          await page.context().close();
        });
      }
    }
  }
});

describe('what does not fit', () => {
  /** What a careless rule would do, and what must be said of it. */
  const FAULTS = {
    'section { max-block-size: 60px; overflow: hidden }': 'cut off',
    'form { transform: translateX(-400px) }': 'from -',
  };
  for (const [rule, words] of Object.entries(FAULTS)) {
    it(`is seen: ${rule}`, async () => {
      const { viewport, change, property } = SIZES['with text twice as large'];
      const page = await visit(LAYOUTS[0], 'ltr', { viewport });
      await apply(page, { change, property });
      await page.addStyleTag({ content: `#postern#postern#postern ${rule}` });
      assert.match((await misfits(page, '#postern section')).join('\n'), new RegExp(words));
      await page.context().close();
    });
  }

  it('is seen: a button that lies below another', async () => {
    const page = await visit(LAYOUTS[0], 'ltr', { viewport: SIZES['in 320 × 640 px'].viewport });
    await page.addStyleTag({ content: '#postern#postern#postern [data-consent-action=reject] { margin-block-end: -44px }' });
    assert.notDeepEqual(await unreachable(page, '#postern section'), []);
    await page.context().close();
  });
});

describe('it moves', () => {
  for (const [reducedMotion, expected] of [['no-preference', true], ['reduce', false]]) {
    it(`${expected ? 'a little where that is welcome' : 'not where that is not'}`, async () => {
      for (const layout of LAYOUTS) {
        const page = await visit(layout, 'ltr', { reducedMotion });
        const moving = await page.locator('#postern, #postern *').evaluateAll((elements) => elements.flatMap((element) => {
          const { animationName, animationDuration, animationDelay, transitionDuration } = getComputedStyle(element);
          // What comes to its end at once moves nothing, however long it waits.
          const isMoving = (animationName !== 'none' && parseFloat(animationDuration) > 0) || parseFloat(transitionDuration) > 0;
          return isMoving ? [[element.localName, animationName, animationDuration, animationDelay, transitionDuration].join(' ')] : [];
        }));
        assert.deepEqual(moving, expected ? ['section postern-in 0.12s 0s 0s'] : [], layout);
        // And nothing but how strongly it is seen; from the first picture on, it can be read.
        const frames = await page.evaluate(() => [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).flatMap((rule) => [rule, ...(rule.cssRules ?? [])])
          .filter((rule) => rule instanceof CSSKeyframesRule && rule.name === 'postern-in').flatMap((rule) => [...rule.cssRules]).map(({ keyText, style }) => `${keyText} ${style.cssText}`));
        assert.deepEqual(frames, ['0% opacity: 0.7;'], layout);
        await page.context().close();
      }
    });
  }
});

describe('in colours the visitor forces', () => {
  it('buttons have an edge, and the focus is seen on each', async () => {
    for (const layout of LAYOUTS) {
      const page = await visit(layout, 'ltr', { forcedColors: 'active' });
      for (const name of ['reject', 'accept', 'settings']) {
        await page.keyboard.press('Tab');
        await action(page, name).focus();
        const { border, outline } = await action(page, name).evaluate((element) => {
          const style = getComputedStyle(element);
          return {
            border: style.borderTopStyle !== 'none' && parseFloat(style.borderTopWidth) >= 1 && style.borderTopColor !== style.backgroundColor,
            outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
          };
        });
        assert.ok(border && outline, `${layout}, ${name}: edge ${border}, focus ${outline}`);
      }
      await page.context().close();
    }
  });
});
