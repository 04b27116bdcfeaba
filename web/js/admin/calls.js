/* SPDX-License-Identifier: GPL-3.0-or-later */
/* calls: the admin's part of the broker's REST interface (docs/api.yaml), one function per call. */
import { call } from '../api.js';

const part = encodeURIComponent;
/* A pool's first start or a large reset may take as long as its desktops take. */
const SLOW = { patience: 180000 };

export const images = (signal) => call('GET', 'admin/images', { signal });
export const addImage = (image) => call('POST', 'admin/images', { body: image, ...SLOW });
export const removeImage = (name) => call('DELETE', `admin/images/${part(name)}`, SLOW);
export const pools = (signal) => call('GET', 'admin/pools', { signal });
export const addPool = (pool) => call('POST', 'admin/pools', { body: pool, ...SLOW });
export const publish = (pool, wish) => call('POST', `admin/pools/${part(pool)}/publish`, { body: wish, ...SLOW });
export const rollback = (pool) => call('POST', `admin/pools/${part(pool)}/rollback`, SLOW);
export const removePool = (name) => call('DELETE', `admin/pools/${part(name)}`, SLOW);
export const plans = (signal) => call('GET', 'admin/plans', { signal });
export const setPlan = (pool, plan) => call('POST', `admin/pools/${part(pool)}/plan`, { body: plan });
export const placement = (pool, signal) => call('GET', `admin/pools/${part(pool)}/hosts`, { signal });
export const place = (pool, wish) => call('POST', `admin/pools/${part(pool)}/hosts`, { body: wish });
export const hosts = (signal) => call('GET', 'admin/hosts', { signal });
export const addHost = (host) => call('POST', 'admin/hosts', { body: host, ...SLOW });
export const removeHost = (name) => call('DELETE', `admin/hosts/${part(name)}`);
export const drainHost = (name) => call('POST', `admin/hosts/${part(name)}/drain`);
export const resumeHost = (name) => call('POST', `admin/hosts/${part(name)}/resume`);
export const closed = (signal) => call('GET', 'admin/maintenance', { signal });
export const close = (one) => call('POST', 'admin/maintenance', { body: one });
export const reopen = ({ kind, name }) => call('DELETE', `admin/maintenance?kind=${part(kind)}&name=${part(name)}`);
export const quotas = (signal) => call('GET', 'admin/quotas', { signal });
export const setQuota = (quota) => call('POST', 'admin/quotas', { body: quota });
export const removeQuota = ({ kind, name }) => call('DELETE', `admin/quotas/${part(kind)}/${part(name)}`);
export const addMachine = (machine) => call('POST', 'admin/machines', { body: machine });
export const removeMachine = (id) => call('DELETE', `admin/machines/${part(id)}`, SLOW);
export const machineToken = (id) => call('POST', `admin/machines/${part(id)}/token`);
export const entitlements = (signal) => call('GET', 'admin/entitlements', { signal });
export const entitle = (entitlement) => call('POST', 'admin/entitlements', { body: entitlement });
export const withdraw = ({ pool, user, group }) => call('DELETE',
    `admin/entitlements?pool=${part(pool)}&${user ? `user=${part(user)}` : `group=${part(group)}`}`);
export const bans = (signal) => call('GET', 'admin/bans', { signal });
export const ban = (one) => call('POST', 'admin/bans', { body: one });
export const unlock = ({ user, address }) => call('DELETE',
    `admin/bans?${user ? `user=${part(user)}` : `address=${part(address)}`}`);
/* The broker looks for the words, and puts them in order: there may be tens of thousands. */
const some = ({ text, order, down = false, limit }) => `limit=${limit}&order=${order}&down=${down ? 1 : 0}${text ? `&text=${part(text)}` : ''}`;

export const desktops = (signal, { order = 'name', ...wanted }) => call('GET', `admin/desktops?${some({ order, ...wanted })}`, { signal });
export const act = (id, action) => call('POST', `admin/desktops/${part(id)}/${action}`, SLOW);
/* ended: also those that are over. */
export const sessions = (signal, ended, wanted) => call('GET', `admin/sessions?${ended ? 'ended=1&' : ''}${some(wanted)}`, { signal });
export const countSessions = (signal) => call('GET', 'admin/sessions/count', { signal });
export const endSession = (id) => call('DELETE', `admin/sessions/${part(id)}`);
export const moveSession = (id, desktop) => call('POST', `admin/sessions/${part(id)}/move`, { body: { desktop }, ...SLOW });
export const message = (one) => call('POST', 'admin/messages', { body: one });
export const audit = (signal, { before, text, limit = 100 }) => call('GET',
    `admin/audit?limit=${limit}${before ? `&before=${before}` : ''}${text ? `&text=${part(text)}` : ''}`, { signal });
