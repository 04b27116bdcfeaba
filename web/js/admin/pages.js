/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pages: the addresses of the administration and the row of links above each of its pages. The
 * broker checks the role at every call; this file only decides what is drawn.
 */
import { auditPage } from './audit.js';
import { bansPage } from './bans.js';
import { desktopsPage } from './desktops.js';
import { hostsPage } from './hosts.js';
import { imagesPage } from './images.js';
import { overviewPage } from './overview.js';
import { poolsPage } from './pools.js';
import { quotasPage } from './quotas.js';
import { sessionsPage } from './sessions.js';
import { h, icon } from '../view.js';

const PAGES = [
    ['', 'Overview', 'gauge', overviewPage],
    ['sessions', 'Sessions', 'activity', sessionsPage],
    ['desktops', 'Desktops', 'desktop', desktopsPage],
    ['pools', 'Pools', 'layers', poolsPage],
    ['images', 'Images', 'disc', imagesPage],
    ['hosts', 'Hosts', 'host', hostsPage],
    ['quotas', 'Quotas', 'limit', quotasPage],
    ['bans', 'Bans', 'lock', bansPage],
    ['audit', 'Audit log', 'list', auditPage],
];

export function adminPage(name) {
    const page = PAGES.find(([one]) => one === name) ?? PAGES[0];
    const links = h('nav', { class: 'subnav', 'aria-label': 'Administration' },
        ...PAGES.map(([one, label, glyph]) => h('a', { class: 'nav-link', href: one ? `#/admin/${one}` : '#/admin',
            'aria-current': one === page[0] ? 'page' : undefined }, icon(glyph), h('span', {}, label))));

    /* On a narrow screen the row of links is wider than the page. */
    requestAnimationFrame(() => links.querySelector('[aria-current]').scrollIntoView({ block: 'nearest', inline: 'center' }));
    return page[3](links);
}
