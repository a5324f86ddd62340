// Several sites in one deployment: each has its own pages, policy, visitors, receipts, log and figures, and nothing of one is ever
// another's; who keeps all of them sees them beside each other.

import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { dayNumber, loadCells, openLedger, readCounts } from './figures.mjs';
import { DESKTOP, PHONE, ROOT, makeFolder, serveSite, sleep, startWorld, waitFor } from './harness.mjs';
import { consentCookie, postDecision, readText, send, valuesOf } from './wire.mjs';

const SHOP_POLICY = readFileSync(join(ROOT, 'postern.toml'), 'utf8');
/** What is recorded is sealed so long after it, where it must not be before the Worker's end. */
const LATER = '10000';
const OWN_TOKENS = { zoe: 'zoe-of-the-clinic-alone', max: 'max-who-reads-all-sites' };
const hash = (token) => createHash('sha256').update(token).digest('hex');

/** The shop's policy as that of another site. */
function policyOf(id, hosts, change = (text) => text) {
  const named = SHOP_POLICY.replace('id = "luxmoor"', `id = "${id}"\nhosts = [${hosts.map((host) => `"${host}"`).join(', ')}]`).replace('name = "Luxmoor Ltd"', `name = "${id} Ltd"`);
  assert.ok(named.includes(`${id} Ltd`) && named.includes(`id = "${id}"`));
  return change(named);
}

const clinicPolicy = policyOf('clinic', ['clinic.localhost', 'www.clinic.localhost'], (text) => text
  .replace('time_zone = "Europe/Dublin"', 'time_zone = "Pacific/Auckland"')
  // Something that must be seen to.
  .replace(/^dpa_url = .*business\.safety\.google.*\n/m, ''));
assert.ok(clinicPolicy.includes('Pacific/Auckland') && clinicPolicy.split('dpa_url').length === SHOP_POLICY.split('dpa_url').length - 1);

let world;
let clinicOrigin;
/** What the clinic's server was asked for, and with which cookies. */
let clinicAsked = [];
/** The Worker by the host of one of its sites. */
const at = (name, worker = world.worker) => ({ ...worker, host: `${name}:${worker.port}`, base: `http://${name}:${worker.port}` });
const shop = () => at('localhost');
const clinic = () => at('clinic.localhost');
const open = (site, path = '/', headers = {}) => send(site.port, path, { host: site.host, headers: { accept: 'text/html', ...headers } });

const vars = () => ({
  POLICY_CLINIC: clinicPolicy,
  ORIGIN_CLINIC: `http://127.0.0.1:${clinicOrigin.port}`,
  ACCESS_TOKENS: `viewer max ${hash(OWN_TOKENS.max)}`,
  ACCESS_TOKENS_CLINIC: `admin zoe ${hash(OWN_TOKENS.zoe)}`,
  DASHBOARD_HOST: 'keepers.localhost',
  LOG_KEY: randomBytes(32).toString('hex'),
  LOG_SEAL_AFTER_MS: '300',
  WATCH_EVERY_MS: '1000',
});

before(async () => {
  clinicOrigin = await serveSite((request, response) => {
    clinicAsked.push(`${request.url} ${request.headers.cookie ?? ''}`);
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end('<!doctype html><html lang="en"><title>Clinic</title><h1>The clinic</h1><script async src="https://www.googletagmanager.com/gtag/js?id=G-CLINIC"></script><img alt="" src="https://cdn.stranger.example/x.png">');
  });
  world = await startWorld({ dashboard: true, vars: vars() });
  world.keep(clinicOrigin);
});
after(() => world?.close());

/** Whose page that is: of the site, and of the controller that asks. */
const saysOf = (page) => ({ clinic: /The clinic/.test(page) && /clinic Ltd/.test(page), shop: /Luxmoor Ltd/.test(page) });

const logIn = async (site, token) => {
  const answer = await send(site.port, '/_postern/login', {
    host: site.host, method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', origin: site.base, 'sec-fetch-site': 'same-origin' }, body: `token=${encodeURIComponent(token)}`,
  });
  return valuesOf(answer, 'set-cookie').find((line) => line.startsWith('__Host-postern-session='))?.split(';', 1)[0];
};
const program = (site, path, token) => send(site.port, path, { host: site.host, headers: { authorization: `Bearer ${token}` } });

describe('each site', () => {
  it('has the pages and the policy of its host, on each of its hosts; a host that no policy names is the first one\'s', async () => {
    const pages = Object.fromEntries(await Promise.all(['localhost', 'elsewhere.localhost', 'clinic.localhost', 'www.clinic.localhost'].map(async (host) => [host, readText(await open(at(host)))])));
    for (const host of ['clinic.localhost', 'www.clinic.localhost']) {
      assert.deepEqual(saysOf(pages[host]), { clinic: true, shop: false }, host);
      assert.equal(/\ssrc="https:\/\/www\.googletagmanager/.test(pages[host]), false, host);
    }
    for (const host of ['localhost', 'elsewhere.localhost']) {
      assert.deepEqual(saysOf(pages[host]), { clinic: false, shop: true }, host);
    }
  });

  it('gives receipts of its own controller, in a log of its own, and knows nothing of the other\'s', async () => {
    const decided = {};
    for (const [id, site] of [['luxmoor', shop()], ['clinic', clinic()]]) {
      const answer = await postDecision(site);
      assert.equal(answer.status, 200, readText(answer));
      decided[id] = { site, cookie: consentCookie(answer) };
      const { receipts } = JSON.parse(readText(await open(site, '/_postern/consent/receipts.json', { cookie: decided[id].cookie })));
      assert.deepEqual(receipts.map(({ receipt }) => receipt.controller), [id]);
    }
    // The cookie of one is worth nothing on the other, nor of one of a site's hosts on another.
    for (const [site, { cookie }] of [[shop(), decided.clinic], [clinic(), decided.luxmoor], [at('www.clinic.localhost'), decided.clinic]]) {
      const page = readText(await open(site, '/', { cookie }));
      assert.match(/data-postern-state="([^|]*)/.exec(page)?.[1] ?? '', /^01$/, site.host);
      const told = await open(site, '/_postern/consent/receipts.json', { cookie });
      assert.deepEqual(JSON.parse(readText(told)).receipts, [], site.host);
    }
    const exported = {};
    for (const [id, site] of [['luxmoor', shop()], ['clinic', clinic()]]) {
      const lines = readText(await program(site, '/_postern/export', world.worker.token)).trim().split('\n').map((line) => JSON.parse(line).receipt);
      exported[id] = lines;
      assert.deepEqual([...new Set(lines.map(({ controller }) => controller))], [id]);
    }
    assert.equal(exported.luxmoor.some(({ receipt_id }) => exported.clinic.some((other) => other.receipt_id === receipt_id)), false);
    for (const [origin, site] of [['localhost', shop()], ['clinic.localhost', clinic()]]) {
      const checkpoint = await waitFor('a checkpoint', async () => {
        const answer = await open(site, '/_postern/log/checkpoint');
        return answer.status === 200 && readText(answer);
      });
      const key = readText(await open(site, '/_postern/log/key')).trim();
      assert.equal(checkpoint.split('\n')[0], key.split('+')[0]);
      if (origin.startsWith('clinic')) assert.equal(checkpoint.split('\n')[0], 'clinic.localhost/_postern/log');
      else assert.doesNotMatch(checkpoint.split('\n')[0], /clinic/);
    }
  });
});

describe('what is counted', () => {
  it('is of the site whose page it was, however they take turns', async () => {
    const worker = await world.startWorker({ vars: vars() });
    const daysNow = () => ['Europe/Dublin', 'Pacific/Auckland'].map((zone) => [dayNumber(zone)]);
    const daysBefore = daysNow();
    const browser = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'sec-fetch-dest': 'document' };
    for (let count = 0; count < 9; count += 1) await open(at(count % 3 === 0 ? 'localhost' : 'clinic.localhost', worker), '/', browser);
    const read = (site, statement) => {
      const ledger = openLedger(worker.state, { readOnly: true }, site);
      const rows = ledger.prepare(statement).all();
      ledger.close();
      return rows;
    };
    const viewsOf = (site) => read(site, "SELECT counts FROM cells WHERE dimension = 'all'").reduce((sum, { counts }) => sum + readCounts(counts).views, 0);
    await waitFor('both', () => viewsOf('luxmoor') >= 3 && viewsOf('clinic') >= 6);
    await sleep(2500);
    assert.deepEqual([viewsOf('luxmoor'), viewsOf('clinic')], [3, 6]);
    const days = (site) => [...new Set(read(site, 'SELECT day FROM cells').map(({ day }) => day))];
    const counted = [days('luxmoor'), days('clinic')];
    // Each in its own; a day may have begun meanwhile.
    assert.ok([daysBefore, daysNow()].map(String).includes(`${counted}`), `${counted}`);
    const strangers = (site) => read(site, "SELECT name FROM seen WHERE kind = 'unknown'").map(({ name }) => name);
    await waitFor('what was seen', () => strangers('clinic').length > 0);
    assert.deepEqual([strangers('luxmoor').includes('cdn.stranger.example'), strangers('clinic')], [false, ['cdn.stranger.example']]);
    await worker.stop();
  });
});

describe('a site that comes or goes', () => {
  it('takes no choice that was made while its host was another\'s', async () => {
    const state = makeFolder();
    const options = { state, cookieKey: randomBytes(32).toString('hex'), vars: { ...vars(), POLICY_CLINIC: undefined } };
    const before = await world.startWorker(options);
    const cookie = consentCookie(await postDecision(at('clinic.localhost', before)));
    const stateOf = async (worker) => /data-postern-state="([^|]*)/.exec(readText(await open(at('clinic.localhost', worker), '/', { cookie })))?.[1] ?? 'open';
    assert.notEqual(await stateOf(before), '01');
    await before.stop();
    const after_ = await world.startWorker({ ...options, vars: vars() });
    assert.equal(await stateOf(after_), '01');
    await after_.stop();
    // Nor where the other has become the deployment's first.
    const swapped = await world.startWorker({ ...options, vars: { ...vars(), POLICY: clinicPolicy, POLICY_CLINIC: undefined, POLICY_SHOP: policyOf('luxmoor', ['shop.localhost']), ORIGIN_SHOP: world.originBase } });
    assert.equal(await stateOf(swapped), '01');
    await swapped.stop();
  });

  it('asks nobody again whose choice is the first one\'s, and takes what was sealed for a host alone only where there is one site', async () => {
    const options = { state: makeFolder(), cookieKey: randomBytes(32).toString('hex') };
    const stateOf = async (worker, cookie) => /data-postern-state="([^|]*)/.exec(readText(await open(at('localhost', worker), '/', { cookie })))?.[1] ?? 'open';
    const alone = await world.startWorker({ ...options, vars: { ...vars(), POLICY_CLINIC: undefined } });
    const cookie = consentCookie(await postDecision(at('localhost', alone)));
    const payload = cookie.split('=')[1].split('.').slice(0, -1).join('.');
    const sealedBefore = `__Host-postern=${payload}.${createHmac('sha256', Buffer.from(options.cookieKey, 'hex')).update(`postern-cookie/v1\0localhost\0${payload}`).digest('base64url')}`;
    assert.notEqual(sealedBefore, cookie);
    const held = await stateOf(alone, cookie);
    assert.notEqual(held, '01');
    assert.equal(await stateOf(alone, sealedBefore), held);
    await alone.stop();
    const both = await world.startWorker({ ...options, vars: vars() });
    assert.deepEqual([await stateOf(both, cookie), await stateOf(both, sealedBefore)], [held, '01']);
    await both.stop();
  });

  it('has what was recorded while it was the only one, before Ledgers were kept by site, signed under no other\'s name', async () => {
    const state = makeFolder();
    const options = { state, cookieKey: randomBytes(32).toString('hex') };
    const own = { LOG_KEY: randomBytes(32).toString('hex'), LOG_SEAL_AFTER_MS: LATER };
    const alone = await world.startWorker({ ...options, vars: own });
    assert.equal((await postDecision(at('localhost', alone))).status, 200);
    await alone.stop();
    const stored = openLedger(state, {}, 'luxmoor');
    assert.equal(stored.prepare('SELECT note FROM log_sealed').get()?.note ?? '', '', 'nothing is sealed yet');
    stored.exec('ALTER TABLE shard DROP COLUMN site; UPDATE meta SET version = 11');
    stored.close();
    // Another site has become the deployment's first.
    const both = await world.startWorker({ ...options, vars: { ...own, POLICY: clinicPolicy, POLICY_SHOP: policyOf('luxmoor', ['shop.localhost']), ORIGIN_SHOP: world.originBase } });
    await waitFor('the alarm', () => /the log of receipts is not sealed: the site of this log is not deployed/.test(both.log));
    const [first, second] = [at('clinic.localhost', both), at('shop.localhost', both)];
    assert.equal((await open(first, '/_postern/log/checkpoint')).status, 404);
    assert.equal((await postDecision(second)).status, 200);
    const checkpoint = await waitFor('the seal', async () => {
      const answer = await open(second, '/_postern/log/checkpoint');
      return answer.status === 200 && readText(answer).split('\n');
    });
    // Two receipts, and the version that each was asked with.
    assert.deepEqual(checkpoint.slice(0, 2), ['shop.localhost/_postern/log', '4']);
    await both.stop();
  });

  for (const [what, gone] of [['not there', undefined], ['not to be read', clinicPolicy.replace('[site]', '[sites]')]]) {
    it(`has its log signed by nobody while its policy is ${what}, and by its own name when it is back`, async () => {
      const state = makeFolder();
      const options = { state, cookieKey: randomBytes(32).toString('hex') };
      const own = { ...vars(), LOG_SEAL_AFTER_MS: LATER };
      const sealed = () => {
        const ledger = openLedger(state, { readOnly: true }, 'clinic');
        const note = ledger.prepare('SELECT note FROM log_sealed').get()?.note ?? '';
        ledger.close();
        return note.split('\n')[0];
      };
      const first = await world.startWorker({ ...options, vars: own });
      for (const host of ['localhost', 'clinic.localhost']) assert.equal((await postDecision(at(host, first))).status, 200);
      // What waits to be sealed is sealed by an alarm that rings after the end.
      await first.stop();
      assert.equal(sealed(), '');
      const without = await world.startWorker({ ...options, vars: { ...own, POLICY_CLINIC: gone }, health: gone ? 503 : 200 });
      await waitFor('the alarm', () => /the log of receipts is not sealed: the site of this log is not deployed/.test(without.log));
      await without.stop();
      assert.equal(sealed(), '');
      const back = await world.startWorker({ ...options, vars: { ...own, LOG_SEAL_AFTER_MS: '300' } });
      await postDecision(at('clinic.localhost', back));
      await waitFor('the seal', async () => (await open(at('clinic.localhost', back), '/_postern/log/checkpoint')).status === 200);
      await back.stop();
      assert.equal(sealed(), 'clinic.localhost/_postern/log');
    });
  }
});

describe('who keeps sites', () => {
  it('is who stands on the list of all, or on the site\'s own; nobody else', async () => {
    for (const [token, site, status] of [
      [world.worker.token, shop(), 200], [world.worker.token, clinic(), 200],
      [OWN_TOKENS.max, shop(), 200], [OWN_TOKENS.max, clinic(), 200],
      [OWN_TOKENS.zoe, shop(), 403], [OWN_TOKENS.zoe, clinic(), 200],
    ]) assert.equal((await program(site, '/_postern/api/v1/figures', token)).status, status, `${token} on ${site.host}`);
    assert.equal(await logIn(shop(), OWN_TOKENS.zoe), undefined);
    // A session is its site's alone.
    const session = await logIn(clinic(), OWN_TOKENS.zoe);
    assert.equal((await open(clinic(), '/_postern/dashboard', { cookie: session })).status, 200);
    assert.equal((await open(shop(), '/_postern/dashboard', { cookie: session })).status, 303);
  });

  it('sees by one login what they keep, and of another site nothing, not even whether it is there', async () => {
    const sitesOf = async (site, token) => JSON.parse(readText(await program(site, '/_postern/api/v1/sites', token))).sites.map(({ site: id, host }) => [id, host]);
    const both = [['luxmoor', null], ['clinic', 'clinic.localhost']];
    for (const site of [shop(), clinic()]) {
      assert.deepEqual(await sitesOf(site, world.worker.token), both);
      assert.deepEqual(await sitesOf(site, OWN_TOKENS.max), both);
    }
    assert.deepEqual(await sitesOf(clinic(), OWN_TOKENS.zoe), [both[1]]);
    // The same as a file: two rows of each, of the last days and of those before.
    const rowsOf = async (site, token) => readText(await program(site, '/_postern/api/v1/sites.csv', token)).trimEnd().split('\r\n').slice(1).map((line) => line.split(',').slice(0, 2));
    const rows = both.map(([id, host]) => [id, host ?? '']);
    assert.deepEqual(await rowsOf(shop(), OWN_TOKENS.max), rows.flatMap((row) => [row, row]));
    assert.deepEqual(await rowsOf(clinic(), OWN_TOKENS.zoe), [rows[1], rows[1]]);
    const siteOf = async (site, id, token) => {
      const answer = await program(site, `/_postern/api/v1/figures?site=${id}`, token);
      return answer.status === 200 ? JSON.parse(readText(answer)).site : answer.status;
    };
    assert.equal(await siteOf(shop(), 'clinic', OWN_TOKENS.max), 'clinic');
    assert.equal(await siteOf(clinic(), 'luxmoor', OWN_TOKENS.max), 'luxmoor');
    assert.equal(await siteOf(clinic(), 'clinic', OWN_TOKENS.zoe), 'clinic');
    assert.deepEqual([await siteOf(clinic(), 'luxmoor', OWN_TOKENS.zoe), await siteOf(clinic(), 'nobody', OWN_TOKENS.zoe)], [404, 404]);
    assert.equal(await siteOf(shop(), 'nobody', OWN_TOKENS.max), 404);
    const metrics = readText(await program(shop(), '/_postern/metrics?site=clinic', OWN_TOKENS.max));
    assert.doesNotMatch(metrics, /luxmoor/);
    // The day is that of the site asked about.
    const today = async (id) => JSON.parse(readText(await program(shop(), `/_postern/api/v1/figures?site=${id}&days=1`, OWN_TOKENS.max))).from;
    const yesterday = (zone) => new Date((dayNumber(zone, new Date(Date.now() - 3_600_000)) - 1) * 86_400_000).toISOString().slice(0, 10);
    assert.deepEqual([await today('luxmoor'), await today('clinic')], [yesterday('Europe/Dublin'), yesterday('Pacific/Auckland')]);
  });

  it('is told that export, receipt, publishing and register are of the address alone, and never gets another site\'s', async () => {
    const ask = (path, method = 'GET') => send(world.worker.port, path, { host: shop().host, method, headers: { authorization: `Bearer ${world.worker.token}` } });
    for (const [path, method] of [['export', 'GET'], ['shown', 'GET'], ['publish', 'POST'], ['requests', 'GET'], ['requests', 'POST']]) {
      const refused = await ask(`/_postern/${path}?site=clinic`, method);
      assert.equal(refused.status, 400, path);
      assert.match(readText(refused), /of the site whose address it is/);
    }
    assert.equal((await ask('/_postern/export?site=luxmoor')).status, 200);
  });

  it('finds nothing of a site\'s visitors on the host of the keepers', async () => {
    const keepers = at('keepers.localhost');
    for (const path of ['consent', 'consent/receipts.json', 'state', 'site.js', 'asked', 'log/checkpoint', 'log/key']) assert.equal((await open(keepers, `/_postern/${path}`)).status, 404, path);
    for (const path of ['decision', 'erase', 'restrict', 'unrestrict', 'report', 'state']) assert.equal((await send(keepers.port, `/_postern/${path}`, { host: keepers.host, method: 'POST', headers: { origin: keepers.base, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }, body: '{}' })).status, 404, path);
    for (const path of ['login', 'health', 'page.css']) assert.equal((await open(keepers, `/_postern/${path}`)).status, 200, path);
  });

  it('is left out of a list of a site\'s own that has a fault or takes a name of the others, and the others are not', async () => {
    for (const own of [`admin max ${hash('x')}`, `boss zoe ${hash(OWN_TOKENS.zoe)}`]) {
      const worker = await world.startWorker({ dashboard: true, vars: { ...vars(), ACCESS_TOKENS_CLINIC: own } });
      assert.equal(await logIn(at('clinic.localhost', worker), OWN_TOKENS.zoe), undefined);
      assert.ok(await logIn(at('clinic.localhost', worker), OWN_TOKENS.max));
      assert.match(readText(await open(at('clinic.localhost', worker), '/_postern/health')), /^ok\n(.*\n)*the secret ACCESS_TOKENS_CLINIC, line 1: /);
      assert.match(readText(await open(at('localhost', worker), '/_postern/health')), /^clinic: the secret ACCESS_TOKENS_CLINIC, line 1: /m);
      await worker.stop();
    }
  });

  it('loses a session with their place on the list', async () => {
    const state = makeFolder();
    const cookieKey = randomBytes(32).toString('hex');
    const first = await world.startWorker({ dashboard: true, state, cookieKey, vars: vars() });
    const session = await logIn(at('clinic.localhost', first), OWN_TOKENS.zoe);
    assert.equal((await open(at('clinic.localhost', first), '/_postern/dashboard', { cookie: session })).status, 200);
    await first.stop();
    for (const own of [undefined, `viewer zoe ${hash(OWN_TOKENS.zoe)}`]) {
      const second = await world.startWorker({ dashboard: true, state, cookieKey, vars: { ...vars(), ACCESS_TOKENS_CLINIC: own } });
      assert.equal((await open(at('clinic.localhost', second), '/_postern/dashboard', { cookie: session })).status, 303, own);
      await second.stop();
    }
  });
});

describe('a deployment with a fault', () => {
  const healthOf = async (worker, host) => readText(await open(at(host, worker), '/_postern/health'));

  it('denies the hosts that a policy which cannot be read may have named, and leaves the other sites alone', async () => {
    const named = policyOf('luxmoor', ['localhost']).replace('luxmoor Ltd', 'Luxmoor Ltd');
    const worker = await world.startWorker({ health: 503, vars: { ...vars(), POLICY: named, POLICY_CLINIC: clinicPolicy.replace('[site]', '[sites]') } });
    const at_ = (host) => at(host, worker);
    // Nobody knows that these are the clinic's visitors: they come to no server, and nobody asks them in the shop's name.
    const refused = await open(at_('clinic.localhost'));
    assert.equal(refused.status, 503);
    assert.match(readText(refused), /Nobody knows which site this address belongs to/);
    assert.doesNotMatch(readText(refused), /data-postern-policy|Luxmoor Ltd|The clinic/);
    assert.equal((await open(at_('clinic.localhost'), '/_postern/health')).status, 503);
    assert.deepEqual(saysOf(readText(await open(at_('localhost')))), { clinic: false, shop: true });
    assert.match(await healthOf(worker, 'localhost'), /^ok\n(.*\n)*.*sites/);
    // Those who keep all sites come to theirs all the same, and to the first one's register: here is no dashboard that would show it.
    const session = await logIn(at_('keepers.localhost'), worker.token);
    assert.match(readText(await open(at_('keepers.localhost'), '/_postern/requests', { cookie: session })), /The dashboard is not here/);
    assert.match(await healthOf(worker, 'keepers.localhost'), /^ok/);
    const own = await logIn(at_('clinic.localhost'), worker.token);
    assert.match(readText(await open(at_('clinic.localhost'), '/_postern/requests', { cookie: own })), /The register cannot be found/);
    await worker.stop();
  });

  it('sends nobody\'s cookies to another site\'s server while a policy cannot be read', async () => {
    const broken = (policy) => policy.replace('[site]', '[sites]');
    const shopPolicy = policyOf('luxmoor', ['shop.localhost']);
    for (const [what, host, change] of [
      ['the first policy names no host', 'localhost', { POLICY_CLINIC: broken(clinicPolicy) }],
      ['the first policy names other hosts', 'stray.localhost', { POLICY: policyOf('agency', ['localhost']), POLICY_CLINIC: broken(clinicPolicy) }],
      ['two cannot be read', 'shop.localhost', { POLICY: policyOf('agency', ['localhost']), POLICY_CLINIC: broken(clinicPolicy), POLICY_SHOP: broken(shopPolicy), ORIGIN_SHOP: world.originBase }],
    ]) {
      const worker = await world.startWorker({ health: 503, vars: { ...vars(), ...change } });
      clinicAsked = [];
      for (const [path, headers] of [['/', {}], ['/api/cart', { accept: 'application/json', 'sec-fetch-dest': 'empty' }], ['/a.png', { accept: 'image/*', 'sec-fetch-dest': 'image' }]]) {
        const answer = await open(at(host, worker), path, { cookie: 'session=secret-of-the-shop', ...headers });
        assert.equal(answer.status, 503, `${what}: ${path}`);
      }
      assert.deepEqual(clinicAsked, [], what);
      assert.equal((await open(at(host, worker), '/_postern/health')).status, 503, what);
      await worker.stop();
    }
  });

  it('tells on the first one\'s health what is wrong with each site, also where nobody is led to it', async () => {
    const worker = await world.startWorker({ vars: {
      ...vars(), LOG_KEY_CLINIC: 'xx', SHARDS_CLINIC: '0', ACCESS_TOKENS_CLINIC: 'boss zoe x', POLICY_NOWHERE: SHOP_POLICY.replace('id = "luxmoor"', 'id = "nowhere"'),
    } });
    const health = await healthOf(worker, 'localhost');
    for (const line of [/^clinic: the secret LOG_KEY: the key has 2 signs/m, /^clinic: the variable SHARDS is "0"/m, /^clinic: the secret ACCESS_TOKENS_CLINIC, line 1: /m, /^nowhere: the variable POLICY_NOWHERE: site\.hosts names no host/m]) assert.match(health, line);
    assert.match(health, /^ok\n/);
    await worker.stop();
  });

  it('takes a keepers\' host in any case, and tells of one that is a site\'s or no host', async () => {
    for (const [host, status, fault] of [['Keepers.LOCALHOST', 303], ['https://keepers.localhost', 200, true], ['keepers.localhost:8787', 200, true], ['clinic.localhost', 200, true]]) {
      const worker = await world.startWorker({ vars: { ...vars(), DASHBOARD_HOST: host } });
      assert.equal((await open(at('keepers.localhost', worker))).status, status, host);
      assert.equal(/^the variable DASHBOARD_HOST is /m.test(await healthOf(worker, 'localhost')), fault === true, host);
      await worker.stop();
    }
  });

  it('tells of two policies of one site, or of one host, and asks nobody by the second', async () => {
    for (const [second, fault] of [
      [policyOf('clinic', ['other.localhost']), /POLICY_TWIN: site\.id: another site of this deployment has "clinic"/],
      [policyOf('twin', ['clinic.localhost', 'other.localhost']), /POLICY_TWIN: site\.hosts: another site of this deployment has "clinic\.localhost"/],
    ]) {
      const worker = await world.startWorker({ vars: { ...vars(), POLICY_TWIN: second, ACCESS_TOKENS_TWIN: `admin eve ${hash('eve-of-the-twin-alone')}` } });
      // Whoever keeps the second reaches nothing of the other, and signs nothing by the name of its log.
      assert.equal((await postDecision(at('clinic.localhost', worker))).status, 200);
      const exported = await program(at('other.localhost', worker), '/_postern/export', 'eve-of-the-twin-alone');
      assert.deepEqual([exported.status, readText(exported)], [200, '']);
      assert.equal((await open(at('other.localhost', worker), '/_postern/log/key')).status, 503);
      assert.match(await healthOf(worker, 'other.localhost'), fault);
      // Of the first as well, which visitors reach by every name.
      assert.match(await healthOf(worker, 'localhost'), fault);
      assert.match(await healthOf(worker, 'localhost'), /^ok\n/);
      assert.deepEqual(saysOf(readText(await open(at('clinic.localhost', worker)))), { clinic: true, shop: false });
      assert.equal(/data-postern-policy/.test(readText(await open(at('other.localhost', worker)))), false);
      await worker.stop();
    }
  });
});

describe('the overview', () => {
  let worker;
  before(async () => {
    const state = makeFolder();
    const first = await world.startWorker({ dashboard: true, state, vars: vars() });
    for (const host of ['localhost', 'clinic.localhost']) assert.equal((await postDecision(at(host, first))).status, 200);
    await first.stop();
    // Sixty days of two sites: the clinic's rate has fallen from three in five to two in five.
    for (const [id, zone, scale, rates] of [['luxmoor', 'Europe/Dublin', 400, [0.55, 0.55]], ['clinic', 'Pacific/Auckland', 150, [0.6, 0.4]]]) {
      const today = dayNumber(zone);
      const cells = [];
      for (let ago = 1; ago <= 61; ago += 1) {
        const asked = scale + (ago * 37) % 50;
        const yes = Math.round(asked / 2 * rates[ago > 31 ? 0 : 1]);
        cells.push(`${today - ago}\tall\t\t0:${asked * 5} 2:${asked * 2} 3:${asked} 6:${yes} 7:${Math.round(asked / 2) - yes} 16:${Math.round(asked / 2)} 17:${yes}`);
      }
      loadCells(state, cells.join('\n'), id);
    }
    worker = await world.startWorker({ dashboard: true, state, vars: vars() });
  });

  const logInPage = async (host, options) => {
    const page = await world.newPage(options);
    await page.goto(`http://${host}:${worker.port}/_postern/login`);
    await page.locator('[name="token"]').fill(worker.token);
    await Promise.all([page.waitForNavigation(), page.locator('form button').first().click()]);
    return page;
  };

  it('is what one comes to on the host of its own, has every site beside the others, and leads to each with one login', async () => {
    const page = await logInPage('keepers.localhost', DESKTOP);
    await page.locator('#sites').waitFor();
    assert.equal(await page.getByRole('link', { name: 'All sites' }).getAttribute('aria-current'), 'page');
    const rows = await page.locator('#sites tbody tr').evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.innerText.replace(/\s+/g, ' ').trim())));
    assert.equal(rows.length, 2);
    const [shopRow, clinicRow] = rows;
    assert.match(shopRow[0], /^luxmoor/);
    assert.match(shopRow[1], /^55 % ± /);
    assert.equal(shopRow[2], 'none told');
    assert.match(clinicRow[0], /^clinic clinic\.localhost/);
    assert.match(clinicRow[1], /^40 % ± /);
    assert.match(clinicRow[2], /^−(19|20)\.\d$/);
    assert.deepEqual((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id), []);
    await page.getByRole('link', { name: 'clinic', exact: true }).click();
    await page.locator('#today-title').waitFor();
    assert.match(page.url(), /keepers\.localhost:\d+\/_postern\/dashboard\?site=clinic/);
    assert.match(await page.locator('h1').innerText(), /^40\s% of those who answered/);
    assert.equal((await page.locator('header p').innerText()).trim(), 'clinic');
    // Every question stays with the site.
    // By then the script is there that sends the form.
    await page.waitForLoadState('load');
    await page.locator('#f-days').selectOption('7');
    await page.waitForURL(/days=7/);
    assert.match(page.url(), /site=clinic/);
    assert.equal((await page.locator('header p').innerText()).trim(), 'clinic');
    for (const link of await page.locator('a[href*="/api/v1/"]').evaluateAll((all) => all.map((one) => one.getAttribute('href')))) assert.match(link, /site=clinic/);
    assert.equal(await page.getByRole('link', { name: 'Requests' }).count(), 0);
    await page.context().close();
  });

  it('says what must be seen to, of which site', async () => {
    const page = await logInPage('keepers.localhost', DESKTOP);
    await waitFor('what must be seen to', async () => {
      await page.goto(`http://keepers.localhost:${worker.port}/_postern/dashboard/sites`);
      return await page.locator('.warnings').count() > 0;
    }, 30_000);
    const said = await page.locator('.warnings').evaluateAll((all) => all.map((one) => [one.querySelector('h2').textContent, one.querySelectorAll('li').length]));
    const counted = await page.locator('#sites tbody tr').evaluateAll((all) => all.map((row) => Number(row.cells[3].textContent)));
    assert.equal(said.reduce((sum, [, count]) => sum + count, 0), counted.reduce((sum, count) => sum + count, 0));
    assert.ok(said.every(([title]) => title === 'To see to: clinic'), JSON.stringify(said));
    await page.context().close();
  });

  it('is nowhere where pages of a site are, whose scripts could ask for it in the name of who is logged in', async () => {
    const page = await logInPage('clinic.localhost', DESKTOP);
    assert.match(page.url(), /\/_postern\/dashboard$/);
    assert.equal(await page.getByRole('link', { name: 'All sites' }).count(), 0);
    const [own, all, other] = await page.evaluate(async () => {
      const ask = async (path) => {
        const answer = await fetch(`/_postern/${path}`);
        return [answer.status, await answer.text()];
      };
      return [await ask('api/v1/figures?site=clinic'), await ask('api/v1/sites'), await ask('api/v1/figures?site=luxmoor')];
    });
    assert.equal(own[0], 200);
    assert.deepEqual(JSON.parse(all[1]).sites.map(({ site }) => site), ['clinic']);
    assert.equal(other[0], 404);
    // Of the host that is for them no page of a site is to be had.
    const keepers = at('keepers.localhost', worker);
    for (const path of ['/', '/contact', '/_posternish']) {
      const answer = await open(keepers, path);
      assert.deepEqual([answer.status, valuesOf(answer, 'location')], [303, ['/_postern/dashboard/sites']], path);
    }
    await page.context().close();
  });

  it('fits a phone, and can be read there', async () => {
    const page = await logInPage('keepers.localhost', PHONE);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    assert.deepEqual((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id), []);
    if (process.env.POSTERN_PICTURES) await page.screenshot({ path: join(process.env.POSTERN_PICTURES, 'sites-phone.png'), fullPage: true });
    await page.setViewportSize(DESKTOP.viewport);
    if (process.env.POSTERN_PICTURES) await page.screenshot({ path: join(process.env.POSTERN_PICTURES, 'sites-wide.png'), fullPage: true });
    await page.context().close();
  });
});
