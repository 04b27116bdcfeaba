/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * login: the sign-in page. User and password first; then whatever the site's PAM stack asks, round
 * by round, in its own words and order. Fields carry the autocomplete names that password managers
 * and phones go by. Nothing typed here is kept.
 */
import * as api from './api.js';
import { explain } from './errors.js';
import { duration } from './words.js';
import { announce, button, h, icon, spinner, toast } from './view.js';

const WORDS = {
    credentials: 'User name or password is not right, or the account is locked.',
    offline: 'The desktop service cannot be reached. Check your network and try again.',
    expired: 'This took too long. Please sign in again.',
};

/* What a browser should offer for a PAM prompt. */
function complete(prompt) {
    const text = prompt.text.toLowerCase();

    if (/code|token|otp|one.time|verification|passcode|\bpin\b/.test(text))
        return 'one-time-code';
    if (/new|retype|repeat|again/.test(text))
        return 'new-password';
    return prompt.kind === 'secret' ? 'current-password' : 'off';
}

function field(id, label, type, props) {
    const input = h('input', { id, name: id, type, required: true, autocapitalize: 'none', spellcheck: 'false',
        maxlength: '1024', ...props });
    const cell = h('div', { class: 'field-cell' }, input);

    if (type === 'password') {
        const eye = h('button', { type: 'button', class: 'icon-button eye', 'aria-label': 'Show what I type',
            'aria-pressed': 'false' }, icon('eye'));

        eye.addEventListener('click', () => {
            const shown = input.type === 'password';

            input.type = shown ? 'text' : 'password';
            eye.setAttribute('aria-pressed', String(shown));
            input.focus();
        });
        cell.append(eye);
    }
    return h('div', { class: 'field' }, h('label', { for: id }, label), cell);
}

/* done(session) is called once the broker has accepted. note: why one is here again. */
export function loginPage(done, note = '') {
    const say = h('div', { class: 'form-note', role: 'alert' });
    const form = h('form', { class: 'login-form', method: 'post', action: '#', novalidate: true });
    const node = h('section', { class: 'login' },
        h('div', { class: 'login-brand', 'aria-hidden': 'true' }, h('img', { src: new URL('../oriel.svg', import.meta.url).href, alt: '' }),
            h('p', { class: 'login-claim' }, 'Your desktop, wherever you are.')),
        h('div', { class: 'login-panel' },
            h('div', { class: 'login-card' },
                h('div', { class: 'login-mark' }, icon('logo'), h('span', {}, 'Oriel')),
                form)));
    let conversation = null;
    let waiting = 0;
    let provider = null;

    /* What PAM said besides, a line each. */
    const lines = (messages) => (messages ?? []).map((message) => message.text).filter(Boolean).join('\n');

    function tell(text, kind = 'error') {
        say.className = `form-note ${text ? kind : ''}`;
        say.replaceChildren(...text ? [icon(kind === 'error' ? 'warning' : 'info'), h('span', {}, text)] : []);
    }

    function build(title, fields, action) {
        form.replaceChildren(h('h1', { tabindex: '-1' }, title), say, ...fields,
            h('button', { type: 'submit', class: 'button primary wide' }, spinner(), h('span', {}, action)));
    }

    function askPassword(user = '') {
        conversation = null;
        build('Sign in', [
            field('username', 'User name', 'text', { autocomplete: 'username', autofocus: !user, value: user }),
            field('password', 'Password', 'password', { autocomplete: 'current-password', autofocus: !!user }),
        ], 'Sign in');
        offerProvider();
    }

    /* The site's own sign-in page, if there is one. */
    async function offerProvider() {
        provider ??= api.provider();
        const label = await provider;

        if (label && conversation === null && !form.querySelector('.provider'))
            form.append(h('a', { class: 'button quiet wide provider', href: api.providerLogin }, icon('user'),
                h('span', {}, `Sign in with ${label}`)));
    }

    function askMore(round) {
        let count = 0;
        const fields = round.prompts.map((prompt) => {
            if (prompt.kind === 'info' || prompt.kind === 'error')
                return h('p', { class: `form-note ${prompt.kind}` },
                    icon(prompt.kind === 'error' ? 'warning' : 'info'), h('span', {}, prompt.text));
            const hint = complete(prompt);

            return field(`answer-${count++}`, prompt.text.replace(/:\s*$/, ''),
                prompt.kind === 'secret' && hint !== 'one-time-code' ? 'password' : 'text',
                { autocomplete: hint, inputmode: hint === 'one-time-code' ? 'numeric' : undefined });
        });

        conversation = round.conversation;
        build(count ? 'One more step' : 'Please note', fields, 'Continue');
        form.append(button('Start over', { class: 'quiet wide', onclick: () => {
            tell('');
            askPassword();
            focus();
        } }));
        announce(round.prompts.map((prompt) => prompt.text).join(' '));
    }

    function focus() {
        const inputs = [...form.querySelectorAll('input')];

        (inputs.find((input) => !input.value) ?? inputs.at(-1) ?? form.querySelector('h1')).focus();
    }

    function busy(on) {
        form.setAttribute('aria-busy', String(on));
        for (const control of form.elements)
            control.disabled = on;
    }

    /* "Too many tries": counts down, then lets the person try again. */
    function throttle(seconds) {
        const submit = form.querySelector('[type=submit]');
        const label = submit.lastChild;
        const action = label.textContent;
        const until = Date.now() + seconds * 1000;
        const tick = () => {
            const left = Math.ceil((until - Date.now()) / 1000);

            submit.disabled = left > 0;
            label.textContent = left > 0 ? `Wait ${duration(left)}` : action;
            if (left > 0)
                return;
            clearInterval(waiting);
            tell('You can try again now.', 'info');
        };

        clearInterval(waiting);
        waiting = setInterval(tick, 500);
        tick();
    }

    function failed(error, user) {
        if (error.code === 'throttled') {
            tell(error.message || 'Too many attempts. Please wait a while.');
            throttle(error.retryAfter || 5);
            focus();
            return;
        }
        if (conversation !== null || error.code === 'credentials')
            askPassword(user);
        tell([error.message || WORDS[error.code] || explain(error.code).text, lines(error.messages)].join('\n').trim());
        const password = form.querySelector('#password');

        if (password)
            password.value = '';
        focus();
    }

    form.addEventListener('submit', async (event) => {
        event.preventDefault();
        const inputs = [...form.querySelectorAll('input')];
        const empty = inputs.find((input) => !input.value && input.name === 'username');

        if (empty) {
            tell('Please type your user name.');
            empty.focus();
            return;
        }
        const values = inputs.map((input) => input.value);
        const user = conversation === null ? values[0] : form.dataset.user;

        form.dataset.user = user;
        tell('');
        busy(true);
        try {
            const round = conversation === null
                ? await api.login(values[0], values[1])
                : await api.answer(conversation, values);

            busy(false);
            if (round.done) {
                if (lines(round.done.messages))
                    toast(lines(round.done.messages));
                done(round.done);
                return;
            }
            askMore(round);
            focus();
        } catch (error) {
            busy(false);
            failed(error, user);
        }
    });

    askPassword();
    if (note)
        tell(note, 'info');
    return { node, title: 'Sign in', full: true, leave: () => clearInterval(waiting) };
}
