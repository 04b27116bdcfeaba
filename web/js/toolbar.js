/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * toolbar: the slim bar at the top edge of the console. It leaves a small handle when nobody needs
 * it; pointer, touch, Tab and Ctrl+Alt+Shift bring it back. Each panel hangs below its button;
 * Escape closes it.
 */
import { COMBINATIONS, sendCombination } from './keys.js';
import { announce, button, clearToasts, h, icon, toast } from './view.js';

const LINGER = 2500;
const SCALING = [['window', 'Match this window', 'The desktop takes the size of the window, where it can.'],
    ['fit', 'Fit', 'The picture is made to fit the window.'],
    ['off', 'Original size', 'One to one; scroll to see the rest.']];
const QUALITY = [['best', 'Best picture', 'For a fast network.'], ['balanced', 'Balanced', 'Right for most.'],
    ['saving', 'Save data', 'For a slow or metered network.']];

export class Toolbar {
    node;
    #desk;
    #bar;
    #name;
    #panel = null;
    #timer = 0;
    #pinned = true;
    #keyboardButton;

    /* desk: the Console: link, settings, clipboard, keyboard, and what a person asks it for:
     * reconnect(), disconnect(), leave(), apply(), focus(). */
    constructor(desk, signal) {
        this.#desk = desk;
        this.#name = h('span', { class: 'bar-name' });
        this.#keyboardButton = this.#tool('keyboard', 'On-screen keyboard', () => {
            this.#closePanel();
            desk.keyboard.toggle();
        });
        this.#keyboardButton.classList.toggle('touch-only', true);
        this.#bar = h('div', { class: 'bar', role: 'toolbar', 'aria-label': 'Desktop' },
            this.#tool('back', 'My desktops', () => desk.leave()),
            h('span', { class: 'bar-state' }, h('span', { class: 'bar-dot', 'aria-hidden': 'true' }), this.#name),
            this.#fullscreenTool(signal),
            this.#panelTool('clipboard', 'Clipboard', () => desk.clipboard.node),
            this.#panelTool('keys', 'Key combinations', () => this.#keysPanel()),
            this.#keyboardButton,
            this.#panelTool('display', 'Picture', () => this.#displayPanel()),
            this.#tool('refresh', 'Reconnect', () => desk.reconnect()),
            this.#tool('leave', 'Disconnect', () => desk.disconnect()));
        const handle = h('button', { type: 'button', class: 'bar-handle', 'aria-label': 'Show the toolbar', tabindex: '-1',
            onclick: () => this.show() }, h('span', {}));

        this.node = h('div', { class: 'toolbar' }, this.#bar, handle);
        this.node.addEventListener('pointerenter', () => this.show());
        this.node.addEventListener('pointerleave', () => this.#later());
        this.node.addEventListener('focusin', () => this.show());
        this.node.addEventListener('focusout', () => this.#later());
        this.node.addEventListener('keydown', (event) => this.#key(event));
    }

    #tool(glyph, label, act) {
        return h('button', { type: 'button', class: 'tool', 'aria-label': label, title: label, onclick: act }, icon(glyph));
    }

    #panelTool(glyph, label, build) {
        const control = this.#tool(glyph, label, () => {
            if (this.#panel?.control === control)
                this.#closePanel();
            else
                this.#openPanel(control, label, build());
        });

        control.setAttribute('aria-expanded', 'false');
        return control;
    }

    #fullscreenTool(signal) {
        const control = this.#tool('fullscreen', 'Full screen', async () => {
            try {
                if (document.fullscreenElement) {
                    await document.exitFullscreen();
                } else {
                    await document.documentElement.requestFullscreen({ navigationUI: 'hide' });
                    /* Alt+Tab, Escape and the like belong to the desktop now, where the browser can. */
                    await navigator.keyboard?.lock?.();
                }
            } catch {
                toast('Your browser does not allow full screen here.', 'error');
            }
            this.#desk.focus();
        });

        control.hidden = !document.fullscreenEnabled;
        document.addEventListener('fullscreenchange', () => {
            const on = !!document.fullscreenElement;
            const label = on ? 'Leave full screen' : 'Full screen';

            control.replaceChildren(icon(on ? 'window' : 'fullscreen'));
            control.setAttribute('aria-label', label);
            control.title = label;
            if (!on)
                navigator.keyboard?.unlock?.();
        }, { signal });
        return control;
    }

    #keysPanel() {
        return h('div', { class: 'panel-body keys' }, ...COMBINATIONS.map((names) =>
            button(names.join(' + ').replace('Super', 'Windows key'), { onclick: () => {
                if (this.#desk.link)
                    sendCombination(this.#desk.link, names);
                announce(`Sent ${names.join(' ')}`);
            } })));
    }

    #choices(name, title, rows) {
        return h('fieldset', {}, h('legend', {}, title), ...rows.map(([value, label, help]) => {
            const input = h('input', { type: 'radio', name, value, onchange: () => {
                this.#desk.settings.set(name, value);
                this.#desk.apply();
            } });

            input.checked = this.#desk.settings.get(name) === value;
            return h('label', { class: 'choice' }, input, h('span', {}, label, h('small', {}, help)));
        }));
    }

    #displayPanel() {
        return h('div', { class: 'panel-body' }, this.#choices('scaling', 'Size', SCALING),
            this.#choices('quality', 'Quality', QUALITY));
    }

    #openPanel(control, label, content) {
        this.#closePanel();
        clearToasts(); /* in a small window they would lie on it */
        const node = h('div', { class: 'panel', role: 'dialog', 'aria-label': label },
            h('div', { class: 'panel-head' }, h('h2', {}, label),
                h('button', { type: 'button', class: 'icon-button', 'aria-label': `Close: ${label}`,
                    onclick: () => this.#closePanel() }, icon('close'))),
            content);

        control.setAttribute('aria-expanded', 'true');
        this.#panel = { node, control };
        this.node.append(node);
        node.querySelector('textarea, input:checked, .panel-body button')?.focus();
        this.show();
    }

    #closePanel() {
        if (!this.#panel)
            return;
        const { node, control } = this.#panel;
        const inside = node.contains(document.activeElement);

        this.#panel = null;
        control.setAttribute('aria-expanded', 'false');
        if (inside)
            control.focus();
        node.remove();
        this.#later();
    }

    /* Arrows walk the bar, Escape closes the panel and then goes back to the desktop. */
    #key(event) {
        if (event.key === 'Escape') {
            event.preventDefault();
            if (this.#panel)
                this.#closePanel();
            else
                this.#desk.focus();
            return;
        }
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        const tools = [...this.#bar.querySelectorAll('.tool')].filter((tool) => tool.offsetParent);
        const at = tools.indexOf(document.activeElement);

        if (step && at >= 0) {
            event.preventDefault();
            tools[(at + step + tools.length) % tools.length].focus();
        }
    }

    #needed() {
        return this.#pinned || this.#panel || this.node.matches(':hover') || this.node.contains(document.activeElement);
    }

    #later() {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => {
            if (!this.#needed())
                this.node.classList.add('away');
        }, LINGER);
    }

    show() {
        clearTimeout(this.#timer);
        this.node.classList.remove('away');
        if (!this.#pinned)
            this.#later();
    }

    /* Shows it and puts the focus there. */
    enter() {
        this.show();
        this.#bar.querySelector('.tool').focus();
    }

    /* A click into the desktop closes what hangs open. */
    dismiss() {
        this.#closePanel();
        this.#later();
    }

    /* state: "live", "connecting" or "lost"; while it is not live the page over the picture has the
     * say and the bar is away. */
    state(state, name) {
        this.node.dataset.state = state;
        this.#name.textContent = name;
        this.#pinned = state !== 'live';
        if (this.#pinned)
            this.#closePanel();
        this.show();
    }

    keyboard(shown) {
        this.#keyboardButton.setAttribute('aria-pressed', String(shown));
    }
}
