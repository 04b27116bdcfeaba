/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looks: every page at every width, light and dark, as pictures in tests/out/ for people, and what
 * a machine can judge: contrast, size of targets, names, nothing that sticks out, keyboard alone; and
 * axe-core (Deque's checker) over each page once light and once dark.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { DESKTOPS } from './fake-server.mjs';
import { test } from './harness.mjs';

const OUT = resolve(import.meta.dirname, '../out');
const NOW = Math.floor(Date.now() / 1000);
const SESSIONS = [
    { id: 's1', desktop_name: 'ann-office', protocol: 'web', peer: '203.0.113.7:50122', started_at: NOW - 4000, state: 'live' },
    { id: 's2', desktop_name: 'classroom', protocol: 'spice', peer: '198.51.100.20:4444', started_at: NOW - 60, state: 'live' },
];

mkdirSync(OUT, { recursive: true });

/* Runs in the page. WCAG 2.2: 1.4.3 contrast, 2.5.8 (we want 44 px), 4.1.2 names, 1.4.10 reflow; and words that are cut. */
function judge() {
    const wrong = [];
    const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
        && !element.closest('.unseen, .skip, .soft-field, .bar-handle');
    const rgba = (text) => {
        const values = text.match(/[\d.]+/g).map(Number);
        const scale = text.startsWith('color(') ? 255 : 1;

        return [values[0] * scale, values[1] * scale, values[2] * scale, values[3] ?? 1];
    };
    const light = (colour) => {
        const [r, g, b] = colour.slice(0, 3).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));

        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            if (getComputedStyle(at).backgroundImage !== 'none' || at.matches('.screen, .frozen'))
                return null;
            const colour = rgba(getComputedStyle(at).backgroundColor);

            if (colour[3] === 1)
                return colour;
        }
        return null;
    };

    for (const element of document.querySelectorAll('body *')) {
        const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());

        if (!text || !shown(element) || element.closest(':disabled'))
            continue;
        const back = ground(element);

        if (!back)
            continue;
        const [a, b] = [light(rgba(getComputedStyle(element).color)), light(back)];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);

        if (ratio < 4.5)
            wrong.push(`contrast ${ratio.toFixed(2)}: ${element.className || element.tagName} "${element.textContent.slice(0, 30)}"`);
    }
    for (const element of document.querySelectorAll('button, a, input, select, textarea')) {
        if (!shown(element))
            continue;
        const area = (element.closest('label') ?? element).getBoundingClientRect();
        const name = element.getAttribute('aria-label') || element.textContent.trim() || element.labels?.[0]?.textContent.trim();

        if (area.height < 43.5 || area.width < 41.5)
            wrong.push(`target ${Math.round(area.width)}x${Math.round(area.height)}: ${name}`);
        if (!name)
            wrong.push(`no name: ${element.outerHTML.slice(0, 80)}`);
    }
    /* What a person may choose is read whole: beside the words is the arrow. */
    const pen = document.createElement('canvas').getContext('2d');

    for (const select of document.querySelectorAll('select')) {
        const style = getComputedStyle(select);
        const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 20;

        pen.font = style.font;
        for (const option of shown(select) ? select.options : []) {
            if (pen.measureText(option.textContent).width > room)
                wrong.push(`cut, ${Math.round(room)} px: ${option.textContent}`);
        }
    }
    if (document.documentElement.scrollWidth > innerWidth)
        wrong.push(`sticks out: ${document.documentElement.scrollWidth} > ${innerWidth}`);
    if ([...document.querySelectorAll('h1')].filter(shown).length > 1)
        wrong.push('more than one h1');
    return wrong;
}

/* Runs in the page: what moves for a moment has come to rest. */
async function settle() {
    const moving = () => document.getAnimations().filter((one) => one.effect.getComputedTiming().iterations !== Infinity && one.playState === 'running');

    for (let quiet = 0; quiet < 3; quiet++) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
        for (const one of moving()) {
            await one.finished.catch(() => {});
            quiet = 0;
        }
    }
}

let axe = null;

/* axe-core's verdict, a line each. */
async function examine(page) {
    axe ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    await page.evaluate(axe);
    return await page.evaluate(async () => {
        const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });

        return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
    });
}

const ACTIONS = '[aria-label="Actions: office"]';

// A form of the console, and what is clicked to get there.
const form = (place, ...clicks) => async ({ page, server, person }) => {
    server.appoint();
    await person.signIn(`/#/admin/${place}`);
    for (const what of clicks)
        await page.click(what);
    await page.waitForSelector('.dialog form');
};

const PAGES = {
    login: async ({ page, person }) => {
        await person.visit();
        await page.waitForSelector('#username');
    },
    prompts: async ({ server, person }) => {
        server.rounds = [[{ kind: 'error', text: 'Your password has expired. Choose a new one.' },
            { kind: 'secret', text: 'New password:' }, { kind: 'secret', text: 'Retype new password:' }]];
        await person.signIn();
        await person.sees('h1', 'One more step');
    },
    refused: async ({ person }) => {
        await person.signIn('/', 'wrong');
        await person.sees('.form-note', 'not right');
    },
    desktops: async ({ page, server, person }) => {
        server.list = Object.values(DESKTOPS);
        await person.signIn();
        await page.waitForSelector('.card');
    },
    vnc: async ({ page, person }) => {
        await person.signIn('/#/desktops');
        await page.click('.card >> text=VNC viewer');
        await page.waitForSelector('.dialog code');
    },
    sessions: async ({ page, server, person }) => {
        server.sessions = SESSIONS;
        await person.signIn('/#/sessions');
        await page.waitForSelector('.session');
    },
    progress: async ({ page, server, person }) => {
        server.starting = [...Array(60)].map(() => ({ state: 'starting', detail: 'Waiting for the desktop to answer' }));
        await person.signIn('/#/desktops');
        await page.click('.card .primary');
        await person.sees('.notice-text', 'Waiting');
    },
    failed: async ({ page, server, person }) => {
        server.connectError = { status: 502, code: 'desktop', message: '' };
        await person.signIn('/#/desktops');
        await page.click('.card .primary');
        await person.fault('desktop');
    },
    live: async ({ page, person }) => {
        await person.openDesktop();
        await page.mouse.move(300, 2);
    },
    picture: async ({ person }) => {
        await person.openDesktop();
        await person.tool('Picture');
    },
    keys: async ({ person }) => {
        await person.openDesktop();
        await person.tool('Key combinations');
    },
    clipboard: async ({ person }) => {
        await person.openDesktop();
        await person.tool('Clipboard');
    },
    ...Object.fromEntries([['', '.tile'], ['sessions', '.table'], ['desktops', '.table'], ['pools', '.pool'], ['images', '.table'],
        ['hosts', '.host'], ['quotas', '.table'], ['bans', '.table'], ['audit', '.event']]
        .map(([name, part]) => [`admin-${name || 'overview'}`, async ({ page, server, person }) => {
            server.appoint();
            await person.signIn(name ? `/#/admin/${name}` : '/#/admin');
            await page.waitForSelector(part);
        }])),
    'admin-form': form('pools', 'text=Add a pool'),
    'admin-menu': async ({ page, server, person }) => {
        server.appoint();
        await person.signIn('/#/admin/pools');
        await page.click(ACTIONS);
    },
    'admin-placement': form('pools', ACTIONS, 'text=Where it runs'),
    'admin-image': form('images', 'text=Add an image'),
    'admin-rules': form('pools', ACTIONS, 'text=What becomes of desktops'),
    lost: async ({ server, person }) => {
        await person.openDesktop();
        server.down = true;
        server.desktop.cut();
        await person.sees('.hint', 'Next try in');
    },
};

for (const [name, open] of Object.entries(PAGES))
    for (const [width, height, scheme] of [[360, 740, 'light'], [820, 1180, 'dark'], [1280, 800, 'light'], [1280, 800, 'dark'], [2560, 1440, 'light']]) {
        /* The console's pages are many: each width and each scheme once. */
        if (name.startsWith('admin') && width === 1280 && scheme === 'light')
            continue;
        if (width === 2560 && !['login', 'desktops', 'live', 'admin-overview', 'admin-desktops'].includes(name))
            continue;
        test(`looks: ${name} ${width} ${scheme}`, async (given) => {
            await open(given);
            await given.page.evaluate(settle);
            await given.page.screenshot({ path: resolve(OUT, `${name}-${width}-${scheme}.png`) });
            assert.deepEqual(await given.page.evaluate(judge), []);
            if (width === 360 || (width === 1280 && scheme === 'dark'))
                assert.deepEqual(await examine(given.page), []);
        }, { viewport: { width, height }, colorScheme: scheme, hasTouch: width < 1000 });
    }

test('keyboard: from sign-in to the desktop and out, without a mouse', async ({ page, server, person }) => {
    const key = (...names) => names.reduce((before, name) => before.then(() => page.keyboard.press(name)), Promise.resolve());
    /* Tab until there; a page on which that takes more than 20 presses is no page to walk. */
    const walk = async (label) => {
        for (let i = 0; i < 20; i++) {
            await key('Tab');
            if (await person.focused() === label)
                return;
        }
        assert.fail(`no way to "${label}" by Tab, stopped at "${await person.focused()}"`);
    };

    await person.visit();
    await person.eventually(async () => assert.equal(await person.focused(), 'username'));
    await page.keyboard.type('ann');
    await key('Tab');
    await page.keyboard.type('correct horse');
    await key('Enter');
    await page.waitForSelector('.card');
    await walk('Open classroom here');
    assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'none');
    await key('Enter');
    await person.live();
    await page.keyboard.type('a');
    await person.eventually(() => assert.equal(server.desktop.typed().length, 1));
    await page.keyboard.down('Control');
    await page.keyboard.down('Alt');
    await page.keyboard.press('Shift');
    await page.keyboard.up('Alt');
    await page.keyboard.up('Control');
    await person.eventually(async () => assert.equal(await person.focused(), 'My desktops'));
    await key('Enter');
    await page.waitForSelector('.card');
    await person.eventually(() => assert.deepEqual(server.desktop.held(), []));
});

test('keyboard: the skip link skips the header', async ({ page, person }) => {
    await person.signIn('/#/desktops');
    await page.waitForSelector('.card');
    await page.evaluate(() => document.querySelector('.skip').focus());
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.equal(await person.focused(), 'Open ann-office here');
});

test('motion: little of it for those who want none', async ({ page, person }) => {
    await person.openDesktop();
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('.toolbar')).transitionDuration), '0s');
}, { reducedMotion: 'reduce' });

test('colours of a person\'s own: where one is, is seen without grounds', async ({ page, server, person }) => {
    const line = (selector) => page.locator(selector).first().evaluate((link) => getComputedStyle(link).borderBottomStyle);

    server.appoint();
    await person.signIn('/#/admin/pools');
    await page.waitForSelector('.pool');
    for (const place of ['.header', '.subnav']) {
        assert.equal(await line(`${place} .nav-link[aria-current]`), 'solid');
        assert.equal(await line(`${place} .nav-link:not([aria-current])`), 'none');
    }
}, { forcedColors: 'active' });

test('forms: two that share a line are as high', async (given) => {
    await PAGES['admin-rules'](given);
    const tops = await given.page.locator('.dialog .half').evaluateAll((fields) => fields.map((field) => field.querySelector('select, input').getBoundingClientRect().top));

    assert.ok(tops.length >= 10);
    for (let i = 0; i < tops.length; i += 2)
        assert.ok(Math.abs(tops[i] - tops[i + 1]) < 1, tops.join());
}, { viewport: { width: 360, height: 740 } });
