/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * livepage: a page that shows data from the broker and keeps it up to date while somebody looks.
 * It is rebuilt only when there is news, and keeps the focus, for those who walk by keyboard.
 */
import { errorView } from './errors.js';
import { announce, h, spinner } from './view.js';

const REFRESH = 5000;
/* Between two looks, however much news there is: a busy site has some all the time. */
const PAUSE = 500;

/* How long somebody has done nothing, and may go on so, is shown, but no news. */
const tidings = (data) => JSON.stringify(data, (key, value) => key === 'idle' || key === 'ends_in' ? undefined : value);

/*
 * fetch(signal) -> data; build(data, refresh) -> node. Optional: tools({refresh, rebuild}) -> node,
 * a row between heading and data that stays (rebuild() shows the data that is there once more);
 * before, a node above the heading; subscribe(refresh, signal): says when there is news, sooner
 * than the next look. Returns the page, for the router.
 */
export function livePage({ title, loading, news, fetch, build, tools, before = null, subscribe }) {
    const body = h('div', { class: 'page-body' }, h('p', { class: 'loading' }, spinner(), loading));
    const abort = new AbortController();
    let shown = null;
    let told = null;
    let make = null;
    let timer = 0;
    let looking = false;
    let looked = -PAUSE;
    let again = false;

    function put(key, next, say = key) {
        if (key === shown)
            return;
        if (told !== null && told !== say)
            announce(news);
        shown = key;
        told = say;
        make = next;
        rebuild();
    }

    function rebuild() {
        if (make === null)
            return;
        const inside = body.contains(document.activeElement);
        const focused = inside && document.activeElement.getAttribute('aria-label');
        /* A menu that somebody has opened stays so. */
        const opened = body.querySelector('details[open] > summary')?.getAttribute('aria-label');

        body.replaceChildren(make());
        if (opened)
            body.querySelector(`summary[aria-label="${CSS.escape(opened)}"]`)?.parentNode.setAttribute('open', '');
        if (inside)
            (body.querySelector(`[aria-label="${CSS.escape(focused ?? '')}"]`) ?? node.querySelector('h1')).focus();
    }

    /* One look at a time, and a pause after it; what is asked for meanwhile comes then. */
    async function load() {
        const early = looked + PAUSE - performance.now();

        if (looking) {
            again = true;
            return;
        }
        clearTimeout(timer);
        if (early > 0) {
            timer = setTimeout(load, early);
            return;
        }
        looking = true;
        await look();
        looking = false;
        looked = performance.now();
        if (!abort.signal.aborted)
            timer = setTimeout(load, again ? PAUSE : REFRESH);
        again = false;
    }

    async function look() {
        try {
            if (!document.hidden) {
                const data = await fetch(abort.signal);

                if (!abort.signal.aborted)
                    put(JSON.stringify(data), () => build(data, load), tidings(data));
            }
        } catch (error) {
            if (abort.signal.aborted || error.code === 'expired')
                return;
            put(`fault ${error.code} ${error.message}`, () => errorView(error, { retry: load }));
        }
    }

    const node = h('div', { class: 'page' }, before,
        h('div', { class: 'page-head' }, h('h1', { tabindex: '-1' }, title), tools?.({ refresh: load, rebuild })), body);

    document.addEventListener('visibilitychange', load, { signal: abort.signal });
    subscribe?.(load, abort.signal);
    load();
    return {
        node,
        title,
        leave: () => {
            abort.abort();
            clearTimeout(timer);
        },
    };
}
