/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * live: the broker's server-sent events, one connection for all pages. Each event is the name of
 * what has changed; a page asks again for what it shows. Without events (an old browser, a proxy
 * that holds them back) the pages still look every few seconds.
 */
const TOPICS = ['sessions', 'desktops', 'pools', 'hosts', 'quotas', 'bans', 'audit'];
const listeners = new Set();
let source = null;

function tell(topic) {
    for (const listener of listeners) {
        if (listener.topics.includes(topic))
            listener.refresh();
    }
}

function open() {
    source = new EventSource(new URL('api/v1/admin/events', document.baseURI));
    for (const topic of TOPICS)
        source.addEventListener(topic, () => tell(topic));
}

/* For livePage(): refresh is called at news of one of these topics, until signal says stop. */
export function subscribeTo(...topics) {
    return (refresh, signal) => {
        const listener = { topics, refresh };

        listeners.add(listener);
        if (source === null || source.readyState === EventSource.CLOSED)
            open();
        signal.addEventListener('abort', () => {
            listeners.delete(listener);
            if (listeners.size === 0) {
                source.close();
                source = null;
            }
        });
    };
}
