/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * view: the few lines with which every page is built. Text is always set as text, never as markup,
 * so nothing that a server or a desktop says can become part of the page.
 */

/* An element: h('button', {class: 'primary', onclick: f}, icon('copy'), 'Copy'). */
export function h(tag, props = {}, ...children) {
    const element = document.createElement(tag);

    for (const [name, value] of Object.entries(props)) {
        if (value === undefined || value === null || value === false)
            continue;
        if (name.startsWith('on'))
            element.addEventListener(name.slice(2), value);
        else
            element.setAttribute(name, value === true ? '' : value);
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return element;
}

const SVG = 'http://www.w3.org/2000/svg';
const ICONS = new URL('../icons.svg', import.meta.url).href;

export function icon(name, label = '') {
    const svg = document.createElementNS(SVG, 'svg');
    const use = document.createElementNS(SVG, 'use');

    use.setAttribute('href', `${ICONS}#${name}`);
    svg.setAttribute('class', `icon icon-${name}`);
    if (label) {
        svg.setAttribute('role', 'img');
        svg.setAttribute('aria-label', label);
    } else {
        svg.setAttribute('aria-hidden', 'true');
    }
    svg.append(use);
    return svg;
}

export function button(label, props = {}, glyph = null) {
    return h('button', { type: 'button', ...props, class: `button ${props.class ?? ''}`.trim() },
        glyph ? icon(glyph) : null, h('span', {}, label));
}

export function spinner() {
    return h('span', { class: 'spinner', 'aria-hidden': 'true' });
}

/* Says something to people who listen to the page instead of looking at it. */
export function announce(text, urgent = false) {
    const region = document.getElementById(urgent ? 'alert' : 'announce');

    if (region && region.textContent !== text)
        region.textContent = text;
}

/* A short note at the edge of the page that goes by itself. */
export function toast(text, kind = 'info') {
    const node = h('div', { class: `toast toast-${kind}` },
        icon(kind === 'error' ? 'warning' : kind === 'done' ? 'check' : 'info'), h('span', {}, text));

    document.getElementById('toasts').append(node);
    announce(text, kind === 'error');
    setTimeout(() => node.remove(), kind === 'error' ? 8000 : 4000);
}

/* What they spoke of is gone from the page. */
export function clearToasts() {
    document.getElementById('toasts').replaceChildren();
}

/* A modal dialogue; resolves with the value given to close(), undefined when dismissed. The
 * focus goes back to where it was: the browser's <dialog> sees to that. */
export function dialog(title, build) {
    return new Promise((resolve) => {
        let result;
        const close = (value) => {
            result = value;
            box.close();
        };
        const heading = h('h2', { id: 'dialog-title', tabindex: '-1' }, title);
        const box = h('dialog', { class: 'dialog', 'aria-labelledby': 'dialog-title' },
            h('div', { class: 'dialog-head' }, heading,
                h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Close', onclick: () => close() },
                    icon('close'))),
            build(close));

        box.addEventListener('close', () => {
            box.remove();
            resolve(result);
        });
        box.addEventListener('click', (event) => {
            if (event.target === box)
                close();
        });
        document.body.append(box);
        box.showModal();
    });
}

export async function confirm(title, words, action) {
    return await dialog(title, (close) => h('div', { class: 'dialog-body' },
        h('p', {}, words),
        h('div', { class: 'actions' },
            button('Cancel', { onclick: () => close(false), autofocus: true }),
            button(action, { class: 'danger', onclick: () => close(true) })))) === true;
}
