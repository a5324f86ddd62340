// Runs a rule list of Consent-O-Matic in a page, as far as ours goes: the matchers `css` and `checkbox`, the actions `click`,
// `list`, `consent`, `waitcss` and `hide`. Written from what is known of the format, as the extension is not on npm. What it never
// does: go on after something it does not know.

/** In the page. `chosen` are the categories that its user allows. Gives the names of the methods that ran. */
async function answer([rule, chosen]) {
  const sleep = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
  const unknown = (what) => { throw new Error(`Consent-O-Matic's ${what} is not known here`); };
  const find = ({ selector, displayFilter, ...more }) => {
    if (Object.keys(more).length > 0) unknown(`target with ${Object.keys(more)}`);
    const found = document.querySelector(selector);
    // Its display filter is about boxes, as offsetHeight is.
    return displayFilter && found?.offsetHeight === 0 ? null : found;
  };
  const matches = (matcher) => {
    if (matcher.type === 'css') return !!find(matcher.target);
    if (matcher.type === 'checkbox') return find(matcher.target).checked;
    return unknown(`matcher ${matcher.type}`);
  };
  const act = async (action) => {
    if (action.type === 'click') find(action.target).click();
    else if (action.type === 'hide') find(action.target).style.setProperty('opacity', '0', 'important');
    else if (action.type === 'list') for (const one of action.actions) await act(one);
    else if (action.type === 'waitcss') {
      for (let turn = 0; !find(action.target); turn += 1) {
        if (turn === action.retries) throw new Error(`${action.target.selector} did not come`);
        await sleep(action.waitTime);
      }
    } else if (action.type === 'consent') {
      for (const { type, matcher, toggleAction } of action.consents) if (matches(matcher) !== chosen.includes(type)) await act(toggleAction);
    } else unknown(`action ${action.type}`);
  };
  const isThere = rule.detectors.some(({ presentMatcher, showingMatcher }) => [...presentMatcher, ...showingMatcher].every(matches));
  if (!isThere) return [];
  for (const { action } of rule.methods) await act(action);
  return rule.methods.map(({ name }) => name);
}

export function answerAsConsentOMatic(page, rule, chosen) {
  return page.evaluate(answer, [rule, chosen]);
}
