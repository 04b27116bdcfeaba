/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * table: rows of things to look after, with a filter and an order that stay while the data change.
 * On a narrow screen each row becomes a card; the column's title stands before its value then.
 */
import { h, icon } from '../view.js';

/*
 * What the person set for one page: the words to look for, and the column to sort by. Kept for as
 * long as the page is shown.
 */
export class Wish {
    constructor(sort = null, down = false) {
        this.words = '';
        this.sort = sort;
        this.down = down;
    }
}

/* As many rows as somebody looks through, where the broker looks for them. */
const ROWS = 200;

/* orders: what the columns are called in the interface. */
export function windowed(wish, orders) {
    return { text: wish.words, order: orders[wish.sort], down: wish.down, limit: ROWS + 1 };
}

/* A table of the rows that were asked for so, and a word about those that are left out. */
export function windowedTable({ rows, ...more }) {
    return h('div', {}, table({ ...more, rows: rows.slice(0, ROWS), found: true }),
        rows.length > ROWS ? h('p', { class: 'hint' }, `These are the first ${ROWS}. Write above what you look for, or sort by another column.`) : null);
}

export function filterField(wish, rebuild, label) {
    return h('input', { type: 'search', class: 'filter', placeholder: label, 'aria-label': label, autocomplete: 'off', spellcheck: 'false',
        oninput: (event) => {
            wish.words = event.currentTarget.value.trim().toLowerCase();
            rebuild();
        } });
}

/* A cell with a smaller line below; more may be empty. */
export function two(text, more) {
    return more ? h('span', { class: 'two' }, h('span', {}, text), h('span', { class: 'hint' }, more)) : text;
}

function header(column, wish, rebuild) {
    const current = wish.sort === column.title;
    const order = () => {
        wish.down = current ? !wish.down : false;
        wish.sort = column.title;
        rebuild();
    };

    if (!column.value)
        return h('th', { scope: 'col' }, h('span', { class: column.title === 'Actions' ? 'unseen' : undefined }, column.title));
    return h('th', { scope: 'col', class: column.number ? 'number' : undefined,
        'aria-sort': current ? (wish.down ? 'descending' : 'ascending') : undefined },
    h('button', { type: 'button', class: 'sort', 'aria-label': `Sort by ${column.title.toLowerCase()}`, onclick: order },
        h('span', {}, column.title), current ? icon(wish.down ? 'down' : 'up') : null));
}

const { compare: byWords } = new Intl.Collator(undefined, { numeric: true });

function compare(a, b) {
    return typeof a === 'number' && typeof b === 'number' ? a - b : byWords(String(a), String(b));
}

function findAndSort(rows, columns, wish) {
    const valued = columns.filter((column) => column.value);
    const text = (row) => valued.map((column) => column.value(row)).join('\n').toLowerCase();
    const found = rows.filter((row) => wish.words.split(/\s+/).every((word) => text(row).includes(word)));
    const by = valued.find((column) => column.title === wish.sort);

    return by ? found.sort((a, b) => compare(by.value(a), by.value(b)) * (wish.down ? -1 : 1)) : found;
}

/*
 * columns: {title, value(row) -> text or number to sort and search by, cell(row) -> node or text,
 * number, main}. One with text(row) instead is not for sorting, one with neither is for buttons; `main`
 * names the row. found: the broker has looked for the words and sorted already.
 */
export function table({ caption, columns, rows, id, wish, rebuild, empty, found: done = false }) {
    const found = done ? rows : findAndSort(rows, columns, wish);

    if (found.length === 0)
        return h('p', { class: 'empty' }, rows.length ? 'Nothing fits these words.' : empty);
    return h('table', { class: 'table' },
        h('caption', { class: 'unseen' }, caption),
        h('thead', {}, h('tr', {}, ...columns.map((column) => header(column, wish, rebuild)))),
        h('tbody', {}, ...found.map((row) => h('tr', { 'data-id': id(row) }, ...columns.map((column) =>
            h(column.main ? 'th' : 'td', { scope: column.main ? 'row' : undefined, 'data-title': column.main ? undefined : column.title,
                class: column.number ? 'number' : column.title === 'Actions' ? 'row-actions' : undefined },
            column.cell ? column.cell(row) : String((column.value ?? column.text)(row))))))));
}
