/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * words: times, states and protocols as a person says them.
 */

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const STEPS = [['minute', 60], ['hour', 3600], ['day', 86400], ['week', 604800], ['month', 2629800],
    ['year', 31557600]];

/* The API's times are seconds since 1970 or RFC 3339 text. */
function date(time) {
    return new Date(typeof time === 'number' ? time * 1000 : time);
}

/* "3 hours ago"; "" for a time that never was. */
export function ago(time, now = Date.now()) {
    if (!time)
        return '';
    const seconds = (now - date(time)) / 1000;

    if (!Number.isFinite(seconds))
        return '';
    if (seconds < 60)
        return 'just now';
    const [unit, size] = STEPS.findLast(([, step]) => seconds >= step);
    return relative.format(-Math.floor(seconds / size), unit);
}

/* precision: 'short', or 'medium' with seconds */
export function moment(time, precision = 'short') {
    const when = date(time);

    if (!time || Number.isNaN(when.getTime()))
        return '';
    return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: precision }).format(when);
}

/* A number and its unit: on one line. */
export function amount(number, unit) {
    return `${number}\u00a0${unit}`;
}

export function duration(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    const [great, small, length] = whole >= 3600 ? ['h', 'min', 60] : ['min', 's', 1];
    const most = Math.floor(whole / (60 * length)), rest = Math.floor(whole / length) % 60;

    return [most && amount(most, great), (rest || !most) && amount(rest, small)].filter(Boolean).join(' ');
}

/* "12.4 MB" */
export function size(bytes) {
    const step = Math.min(4, Math.floor(Math.log10(Math.max(1, bytes)) / 3));

    return amount((bytes / 1000 ** step).toFixed(step ? 1 : 0), ['B', 'kB', 'MB', 'GB', 'TB'][step]);
}

/* What a card says. */
export const STATES = {
    'off': 'Switched off',
    'starting': 'Starting',
    'ready': 'Ready',
    'in-use': 'In use',
    'suspended': 'Asleep',
    'resetting': 'Being cleaned',
    'failed': 'Failed',
};

/* What the progress view says while the broker works. */
export const PROGRESS = {
    'off': 'Starting your desktop',
    'starting': 'Starting your desktop',
    'ready': 'Connecting to your desktop',
    'in-use': 'Connecting to your desktop',
    'suspended': 'Waking your desktop',
    'resetting': 'Preparing a clean desktop',
    'failed': 'Trying to start your desktop again',
};

export const KINDS = {
    dedicated: { words: 'Your own', icon: 'desktop' },
    floating: { words: 'From a shared pool', icon: 'layers' },
    machines: { words: 'A physical computer', icon: 'tower' },
};

export const PROTOCOLS = { web: 'Browser', vnc: 'VNC viewer', spice: 'SPICE viewer' };
