/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * screen: a desktop in the page, as a person at it: sees it stand still, and types.
 */

/* Pixels that a blinking cursor may change. */
export const CURSOR = 256;

/* Keys of a US keyboard that are not named after what they type. */
const CODES = { '`': 'Backquote', '-': 'Minus', '=': 'Equal', '[': 'BracketLeft', ']': 'BracketRight', '\\': 'Backslash',
    ';': 'Semicolon', '\'': 'Quote', ',': 'Comma', '.': 'Period', '/': 'Slash' };

/* How many pixels differ from those of the last call; all of them in the first; -1 for a picture of
 * one plain colour. */
const news = (page) => page.evaluate(() => {
    const canvas = document.querySelector('.screen canvas');

    if (!canvas?.width || !canvas.height)
        return -1;
    const image = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const now = new Uint32Array(image.data.buffer);
    const before = window.lastPixels;
    let differ = 0;

    window.lastPixels = now;
    if (now.every((pixel) => pixel === now[0]))
        return -1;
    if (before?.length !== now.length)
        return now.length;
    for (let i = 0; i < now.length; i++)
        differ += now[i] !== before[i];
    return differ;
});

/* Waits until there is a picture that stands still, but for a cursor, for `quiet` ms; so many at most.
 * Returns how many pixels have changed on the way. */
export async function settle(page, quiet, patience) {
    const end = Date.now() + patience;
    let since = Date.now();
    let seen = 0;

    while (Date.now() - since < quiet) {
        if (Date.now() > end)
            throw new Error('the picture does not come to rest');
        await page.waitForTimeout(200);
        const differ = await news(page);

        if (differ < 0 || differ > CURSOR)
            since = Date.now();
        seen += Math.max(differ, 0);
    }
    return seen;
}

/* Real key events; playwright's own type() sends capitals without Shift. */
export async function type(page, text) {
    const shifted = '~!@#$%^&*()_+{}|:"<>?';
    const plain = '`1234567890-=[]\\;\',./';

    for (const character of text) {
        const at = shifted.indexOf(character);
        const key = at >= 0 ? `Shift+${CODES[plain[at]] ?? `Digit${plain[at]}`}` : /[A-Z]/.test(character) ? `Shift+${character}`
            : { '\n': 'Enter', ' ': 'Space' }[character] ?? character;

        await page.keyboard.press(key, { delay: 20 });
    }
}
