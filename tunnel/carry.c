/* SPDX-License-Identifier: GPL-3.0-or-later */
/* carry: see carry.h. Moves what it can, then waits; a direction whose buffer is full is
 * not read. */
#include "carry.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "autofd.h"
#include "fdpass.h"
#include "record.h"
#include "secret.h"

#define FULL     (4 * RECORD_ROOM)
#define ENDED_MS 60000 /* one direction has ended, and the other is silent */

typedef struct {
	const Carry *with;
	Buffer out;      /* records, for TLS             */
	Buffer in;       /* records, from TLS            */
	gsize written;   /* of the front record's bytes  */
	int passing;     /* the descriptor that goes with it, -1 = none */
	gboolean opened; /* that record has been looked at */
	gboolean plain_ended, tls_ended, broken;
	gboolean lost; /* broken: it was TLS */
} State;

/* ---- from the Unix socket into TLS */

static void add_bytes(State *state, int descriptor, const guint8 *bytes, gsize n)
{
	autosecret char *secret = NULL;
	autofd int fd = descriptor;

	if (fd >= 0 && state->with->kept != NULL)
		secret = kept_add(state->with->kept, autofd_steal(&fd));
	record_add(&state->out, secret ? RECORD_DESCRIPTOR : RECORD_BYTES, secret, bytes, n);
}

/* Its process was killed, say: for the other end that is an end like another. */
static void plain_gone(State *state)
{
	if (!state->plain_ended)
		record_add(&state->out, RECORD_END, NULL, NULL, 0);
	state->plain_ended = state->tls_ended = TRUE;
	state->opened = FALSE;
}

static gboolean read_plain(State *state)
{
	guint8 bytes[RECORD_MAX];
	ssize_t n;
	int fd;

	if (state->plain_ended || buffer_length(&state->out) >= FULL)
		return FALSE;
	/* A broker sends no two at once. */
	n = fdpass_receive_one(state->with->plain, bytes, sizeof bytes, &fd, 0);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			plain_gone(state);
		return FALSE;
	}
	if (n > 0) {
		add_bytes(state, fd, bytes, (gsize)n);
		secret_wipe(bytes, (gsize)n);
	} else {
		record_add(&state->out, RECORD_END, NULL, NULL, 0);
		state->plain_ended = TRUE;
	}
	return TRUE;
}

/* FALSE and not broken: TLS has to wait for its socket. */
static gboolean tls_did(State *state, int result)
{
	int error;

	if (result > 0)
		return TRUE;
	error = SSL_get_error(state->with->ssl, result);
	state->lost |= error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
	state->broken |= state->lost;
	return FALSE;
}

static gboolean write_tls(State *state)
{
	gsize n = MIN(buffer_length(&state->out), RECORD_MAX);
	int result;

	if (n == 0)
		return FALSE;
	result = SSL_write(state->with->ssl, buffer_bytes(&state->out), (int)n);
	if (!tls_did(state, result))
		return FALSE;
	secret_wipe(buffer_bytes(&state->out), (gsize)result);
	buffer_consume(&state->out, (gsize)result);
	return TRUE;
}

/* ---- from TLS to the Unix socket */

static gboolean read_tls(State *state)
{
	int result;

	if (state->tls_ended || buffer_length(&state->in) >= FULL)
		return FALSE;
	result = SSL_read(state->with->ssl, buffer_reserve(&state->in, RECORD_MAX), RECORD_MAX);
	if (!tls_did(state, result))
		return FALSE;
	buffer_commit(&state->in, (gsize)result);
	return TRUE;
}

/* What a record needs before its first byte goes. FALSE: it may not come. */
static gboolean open_record(State *state, const Record *record)
{
	state->opened = TRUE;
	if (record->kind != RECORD_DESCRIPTOR)
		return TRUE;
	if (state->with->fetch == NULL)
		return FALSE;
	state->passing = state->with->fetch(record->secret, state->with->data);
	return state->passing >= 0;
}

static void close_record(State *state, gsize whole)
{
	if (state->passing >= 0)
		close(state->passing);
	state->passing = -1;
	state->written = 0;
	state->opened = FALSE;
	secret_wipe(buffer_bytes(&state->in), whole);
	buffer_consume(&state->in, whole);
}

static gboolean write_plain(State *state)
{
	gsize have = buffer_length(&state->in);
	gssize whole;
	Record record;
	ssize_t n;

	if (have == 0 || state->tls_ended)
		return FALSE;
	whole = record_take(buffer_bytes(&state->in), have, &record, NULL);
	if (whole == 0)
		return FALSE;
	if (whole < 0 || (!state->opened && !open_record(state, &record))) {
		state->broken = TRUE;
		return FALSE;
	}
	if (record.kind == RECORD_END) {
		shutdown(state->with->plain, SHUT_WR);
		state->tls_ended = TRUE;
		close_record(state, (gsize)whole);
		return TRUE;
	}
	n = fdpass_send_one(state->with->plain, record.bytes + state->written,
			    record.n - state->written, state->passing, 0);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			plain_gone(state);
		return FALSE;
	}
	if (state->passing >= 0) {
		close(state->passing);
		state->passing = -1;
	}
	state->written += (gsize)n;
	if (state->written == record.n)
		close_record(state, (gsize)whole);
	return TRUE;
}

/* ---- both */

static gboolean done(const State *state)
{
	return state->broken ||
	       (state->plain_ended && state->tls_ended && buffer_length(&state->out) == 0);
}

static short wanted(gboolean read, gboolean write)
{
	return (short)((read ? POLLIN : 0) | (write ? POLLOUT : 0));
}

/* FALSE: waited in vain. */
static gboolean await_sockets(const State *state)
{
	gboolean room_out = buffer_length(&state->out) < FULL;
	gboolean room_in = buffer_length(&state->in) < FULL;
	struct pollfd sockets[] = {
		{.fd = state->with->plain,
		 .events = wanted(!state->plain_ended && room_out, state->opened)},
		{.fd = SSL_get_fd(state->with->ssl),
		 .events = wanted(!state->tls_ended && room_in, buffer_length(&state->out) > 0)},
	};
	int patience = state->plain_ended || state->tls_ended ? ENDED_MS : -1;

	/* One that is closed would say so without end. */
	for (gsize i = 0; i < G_N_ELEMENTS(sockets); i++) {
		if (sockets[i].events == 0)
			sockets[i].fd = -1;
	}
	return poll(sockets, G_N_ELEMENTS(sockets), patience) != 0;
}

gboolean carry(const Carry *with)
{
	State state = {.with = with, .passing = -1};

	ERR_clear_error();
	while (!done(&state)) {
		gboolean moved = read_plain(&state);

		moved |= write_tls(&state);
		moved |= read_tls(&state);
		moved |= write_plain(&state);
		if (!moved && !done(&state) && !await_sockets(&state))
			break;
	}
	if (state.passing >= 0)
		close(state.passing);
	buffer_clear(&state.out);
	buffer_clear(&state.in);
	buffer_tidy();
	return state.lost && !state.plain_ended && !state.tls_ended;
}
