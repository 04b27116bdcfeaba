/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keys: key combinations that a browser or the local system would keep for itself.
 */
import { KeyTable } from './novnc.js';

const KEY = {
    Ctrl: [KeyTable.XK_Control_L, 'ControlLeft'],
    Alt: [KeyTable.XK_Alt_L, 'AltLeft'],
    Shift: [KeyTable.XK_Shift_L, 'ShiftLeft'],
    Super: [KeyTable.XK_Super_L, 'MetaLeft'],
    Delete: [KeyTable.XK_Delete, 'Delete'],
    Tab: [KeyTable.XK_Tab, 'Tab'],
    Esc: [KeyTable.XK_Escape, 'Escape'],
    Enter: [KeyTable.XK_Return, 'Enter'],
    BackSpace: [KeyTable.XK_BackSpace, 'Backspace'],
    Left: [KeyTable.XK_Left, 'ArrowLeft'],
    Right: [KeyTable.XK_Right, 'ArrowRight'],
    Up: [KeyTable.XK_Up, 'ArrowUp'],
    Down: [KeyTable.XK_Down, 'ArrowDown'],
    'Print Screen': [KeyTable.XK_Print, 'PrintScreen'],
    W: [0x77, 'KeyW'],
    F1: [KeyTable.XK_F1, 'F1'],
    F2: [KeyTable.XK_F2, 'F2'],
    F4: [KeyTable.XK_F4, 'F4'],
    F7: [KeyTable.XK_F7, 'F7'],
    F11: [KeyTable.XK_F11, 'F11'],
};

/* What the menu offers. */
export const COMBINATIONS = [
    ['Ctrl', 'Alt', 'Delete'], ['Alt', 'Tab'], ['Alt', 'F4'], ['Ctrl', 'W'], ['Ctrl', 'Shift', 'Esc'], ['Super'],
    ['Esc'], ['F11'], ['Print Screen'], ['Ctrl', 'Alt', 'F1'], ['Ctrl', 'Alt', 'F2'], ['Ctrl', 'Alt', 'F7'],
];

/* Presses the named keys in order and lets them go in reverse. */
export function sendCombination(link, names) {
    for (const name of names)
        link.key(...KEY[name], true);
    for (const name of [...names].reverse())
        link.key(...KEY[name], false);
}

export function sendNamed(link, name, down) {
    if (down === undefined)
        sendCombination(link, [name]);
    else
        link.key(...KEY[name], down);
}

/*
 * The way out for people without a mouse: every key belongs to the desktop, but Ctrl+Alt+Shift,
 * pressed together and let go without another key, calls escape(). It waits for the last key to
 * come up, so that none stays pressed in the desktop.
 */
export function watchEscape(target, escape, signal) {
    let armed = false;

    target.addEventListener('keydown', (event) => {
        const modifier = ['Control', 'Alt', 'Shift', 'Meta', 'AltGraph'].includes(event.key);

        if (!modifier)
            armed = false;
        else if (event.ctrlKey && event.altKey && event.shiftKey)
            armed = true;
    }, { capture: true, signal });
    target.addEventListener('keyup', (event) => {
        if (!armed || event.ctrlKey || event.altKey || event.shiftKey)
            return;
        armed = false;
        /* After noVNC has seen the same event. */
        setTimeout(escape);
    }, { capture: true, signal });
}
