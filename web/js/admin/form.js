/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * form: a dialogue with fields that ends in a call of the broker; what it refuses is shown in the
 * dialogue, which stays. Also the question before something is taken away.
 */
import { button, confirm, dialog, h, icon, toast } from '../view.js';

function control(field) {
    const props = { id: `field-${field.name}`, name: field.name, required: field.required, autofocus: field.autofocus,
        'aria-describedby': field.hint ? `hint-${field.name}` : undefined };

    if (field.many)
        return h('fieldset', { id: props.id, class: 'many', 'aria-describedby': props['aria-describedby'] }, h('legend', { class: 'unseen' }, field.label), ...field.many.map(([value, label]) =>
            h('label', { class: 'check' }, h('input', { type: 'checkbox', name: field.name, value, checked: field.value.includes(value) }), h('span', {}, label))));
    if (field.check)
        return h('label', { class: 'check' }, h('input', { id: props.id, type: 'checkbox', name: field.name, checked: field.value }), h('span', {}, field.check));
    if (field.choices)
        return h('select', props, ...field.choices.map(([value, label]) =>
            h('option', { value, selected: value === field.value }, label)));
    return h('input', { ...props, type: field.type ?? 'text', value: field.value, min: field.min, max: field.max,
        placeholder: field.placeholder, autocomplete: 'off', spellcheck: 'false', readonly: field.fixed });
}

function values(form, fields) {
    const out = {};

    for (const field of fields) {
        const value = String(form.elements.namedItem(field.name)?.value ?? '').trim();

        if (field.many)
            out[field.name] = new FormData(form).getAll(field.name);
        else if (field.check)
            out[field.name] = form.elements.namedItem(field.name).checked;
        else if (field.type === 'number')
            out[field.name] = Number(value);
        else if (value || field.required)
            out[field.name] = value;
    }
    return out;
}

/*
 * fields: {name, label, type, value, required, hint, choices: [[value, label]], min, max, fixed,
 * when(values)}: one with `when` is shown only while that is true. hint: words, or values => words: a
 * choice is a word or two, which fit a phone, and what it means stands below. many: [[value, label]]:
 * any of these, value is a list; check: words of a yes or no; half: two of them share a line; more:
 * folded away below the others, unless `unfolded`. send(values) is the call.
 * Resolves with true when it was done.
 */
export function formDialog(title, { fields, action, done, send, unfolded = false }) {
    return dialog(title, (close) => {
        const note = h('p', { class: 'form-note', role: 'alert' });
        const submit = button(action, { class: 'primary', type: 'submit' });
        const rows = fields.map((field) => h('div', { class: field.half ? 'field half' : 'field' },
            field.many ? h('p', { class: 'field-name', 'aria-hidden': 'true' }, field.label) : h('label', { for: `field-${field.name}` }, field.label), control(field),
            field.hint ? h('p', { class: 'hint', id: `hint-${field.name}` }) : null));
        const shown = () => fields.filter((field, i) => !rows[i].hidden);
        const arrange = () => {
            const now = Object.fromEntries(new FormData(form));

            fields.forEach((field, i) => {
                rows[i].hidden = field.when ? !field.when(now) : false;
                /* None would be 0, and that means something else everywhere. */
                rows[i].querySelector('input[type=number]')?.toggleAttribute('required', !rows[i].hidden);
                if (field.hint)
                    rows[i].querySelector('.hint').textContent = typeof field.hint === 'function' ? field.hint(now) : field.hint;
            });
            more.hidden = !shown().some((field) => field.more);
        };
        const folded = (wanted) => rows.filter((row, i) => !!fields[i].more === wanted);
        const more = h('details', { class: 'more-fields', open: unfolded }, h('summary', {}, icon('down'), h('span', {}, 'More settings')), ...folded(true));
        const form = h('form', { class: fields.some((field) => field.half) ? 'dialog-body paired' : 'dialog-body', oninput: () => arrange(), onsubmit: async (event) => {
            event.preventDefault();
            submit.disabled = true;
            note.replaceChildren();
            note.className = 'form-note';
            try {
                await send(values(form, shown()));
                toast(done, 'done');
                close(true);
            } catch (error) {
                note.className = 'form-note error';
                note.replaceChildren(icon('warning'), h('span', {}, error.message || 'This could not be done. Please try again.'));
            } finally {
                submit.disabled = false;
            }
        } }, ...folded(false), more, note, h('div', { class: 'actions' }, button('Cancel', { onclick: () => close(false) }), submit));

        arrange();
        return form;
    });
}

/* Says in a toast how a call ended (done null: only if it went wrong); then refreshes, whatever it was. */
export async function attempt(call, done, refresh) {
    try {
        await call();
        if (done)
            toast(done, 'done');
    } catch (error) {
        if (error.code !== 'expired')
            toast(error.message || 'This could not be done. Please try again.', 'error');
    }
    refresh();
}

export async function confirmed(title, words, action, call, done, refresh) {
    if (await confirm(title, words, action))
        await attempt(call, done, refresh);
}

/* A small button in a row; `whom` makes its name unique for those who hear the page. */
export function rowButton(label, whom, glyph, onclick) {
    return h('button', { type: 'button', class: 'row-button', 'aria-label': `${label}: ${whom}`, title: label, onclick }, icon(glyph));
}
