/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kiosk: a terminal's browser (config/kiosk) shows this page and nothing else: it comes with "?kiosk".
 * In full screen the browser asks the page first what a key is for: none may open another window or
 * tab, or a page of the browser's own. A desktop in the console gets its keys before, as ever.
 */
const MARK = 'oriel-kiosk';
const BROWSERS = new Set(['n', 't', 'o', 'p', 's', 'u', 'j', 'h', 'd', 'g', 'w']);

function isTerminal() {
    if (new URLSearchParams(location.search).has('kiosk'))
        sessionStorage.setItem(MARK, 'yes'); /* also after a sign-in somewhere else */
    return sessionStorage.getItem(MARK) !== null;
}

export function keepHere() {
    if (!isTerminal())
        return;
    window.addEventListener('keydown', (event) => {
        if ((event.ctrlKey || event.metaKey) && !event.altKey && BROWSERS.has(event.key.toLowerCase()))
            event.preventDefault();
    });
}
