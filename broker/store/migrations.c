/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * migrations: the schema, as the steps that made it. Portable SQL: TEXT and BIGINT, times as
 * numbers, ids made by us. A step is never changed once released; what must change is a new step.
 */
#include "db.h"

static const char *const first[] = {
	"CREATE TABLE image ("
	" name TEXT NOT NULL PRIMARY KEY,"
	" disk TEXT, kernel TEXT, initrd TEXT, cmdline TEXT, xml TEXT," /* paths */
	" memory BIGINT NOT NULL,"                                      /* MiB */
	" cpus BIGINT NOT NULL,"
	" video TEXT NOT NULL)",

	"CREATE TABLE pool ("
	" name TEXT NOT NULL PRIMARY KEY,"
	" kind TEXT NOT NULL," /* dedicated, floating, machines */
	" image TEXT REFERENCES image (name),"
	" provider TEXT NOT NULL,"
	" uri TEXT NOT NULL,"
	" max_desktops BIGINT NOT NULL,"
	" spare BIGINT NOT NULL)",

	/* owner: dedicated: for good; else who holds it now. held_until: when a holder without a
	 * session loses it, 0 = not by time. identity names the overlay, used the overlay that the
	 * last session saw: equal means that somebody's traces are in it. */
	"CREATE TABLE desktop ("
	" id TEXT NOT NULL PRIMARY KEY,"
	" name TEXT NOT NULL,"
	" pool TEXT NOT NULL REFERENCES pool (name),"
	" owner TEXT,"
	" state TEXT NOT NULL,"
	" detail TEXT NOT NULL,"
	" identity TEXT,"
	" used TEXT,"
	" held_until BIGINT NOT NULL,"
	" last_used BIGINT NOT NULL,"
	" address TEXT, protocol TEXT, secret TEXT," /* machines */
	" UNIQUE (pool, name))",

	"CREATE TABLE entitlement ("
	" pool TEXT NOT NULL REFERENCES pool (name) ON DELETE CASCADE,"
	" user_name TEXT NOT NULL," /* one of the two is '' */
	" group_name TEXT NOT NULL,"
	" PRIMARY KEY (pool, user_name, group_name))",
	"CREATE INDEX entitlement_user ON entitlement (user_name)",
	"CREATE INDEX entitlement_group ON entitlement (group_name)",

	"CREATE TABLE ticket ("
	" hash TEXT NOT NULL PRIMARY KEY,"
	" user_name TEXT NOT NULL,"
	" desktop TEXT NOT NULL REFERENCES desktop (id) ON DELETE CASCADE,"
	" protocol TEXT NOT NULL,"
	" expires_at BIGINT NOT NULL,"
	" used_at BIGINT NOT NULL)", /* 0 = not yet */
	"CREATE INDEX ticket_desktop ON ticket (desktop)",

	/* A log: names, not references, so that it outlives pools and desktops. */
	"CREATE TABLE session ("
	" id TEXT NOT NULL PRIMARY KEY,"
	" user_name TEXT NOT NULL,"
	" desktop TEXT NOT NULL,"
	" desktop_name TEXT NOT NULL,"
	" pool TEXT NOT NULL,"
	" protocol TEXT NOT NULL,"
	" via TEXT NOT NULL,"
	" peer TEXT NOT NULL,"
	" gateway TEXT NOT NULL,"
	" state TEXT NOT NULL,"
	" started_at BIGINT NOT NULL,"
	" ended_at BIGINT NOT NULL,"
	" reason TEXT NOT NULL,"
	" bytes_in BIGINT NOT NULL,"
	" bytes_out BIGINT NOT NULL)",
	"CREATE INDEX \"session_user\" ON session (user_name, started_at)",
	"CREATE INDEX session_started ON session (started_at)",
	"CREATE INDEX session_ended ON session (ended_at)",

	"CREATE TABLE login ("
	" id TEXT NOT NULL PRIMARY KEY,"
	" hash TEXT NOT NULL UNIQUE,"
	" user_name TEXT NOT NULL,"
	" group_names TEXT NOT NULL," /* one a line */
	" peer TEXT NOT NULL,"
	" expires_at BIGINT NOT NULL)",

	"CREATE TABLE audit ("
	" id BIGINT NOT NULL PRIMARY KEY,"
	" at BIGINT NOT NULL," /* ms */
	" event TEXT NOT NULL,"
	" user_name TEXT, peer TEXT, desktop TEXT, session TEXT, detail TEXT,"
	" bytes_in BIGINT NOT NULL,"
	" bytes_out BIGINT NOT NULL,"
	" milliseconds BIGINT NOT NULL)",
	NULL,
};

/* What lets a further channel join, by any broker; see store_lease.h. */
static const char *const joinable[] = {
	"ALTER TABLE session ADD COLUMN client_id BIGINT NOT NULL DEFAULT 0",
	"ALTER TABLE session ADD COLUMN backend_id BIGINT NOT NULL DEFAULT 0",
	"ALTER TABLE session ADD COLUMN proof TEXT",
	"CREATE INDEX session_client ON session (client_id, ended_at)",
	"CREATE INDEX session_desktop ON session (desktop, ended_at)",
	NULL,
};

/* Which of several brokers watches over a session, and on whose machine a desktop lives (NULL: any
 * broker reaches it). */
static const char *const brokers[] = {
	"ALTER TABLE session ADD COLUMN broker TEXT NOT NULL DEFAULT ''",
	"CREATE INDEX session_broker ON session (ended_at, broker)",
	"ALTER TABLE desktop ADD COLUMN broker TEXT",
	NULL,
};

/* So that thousands of desktops in a pool are no matter to who looks for one. */
static const char *const placement[] = {
	"CREATE INDEX desktop_placement ON desktop (pool, owner, state, name)",
	"CREATE INDEX desktop_owner ON desktop (pool, owner, name)",
	"CREATE INDEX desktop_held ON desktop (held_until)",
	"CREATE INDEX desktop_dirty ON desktop (id)"
	" WHERE owner IS NULL AND used IS NOT NULL AND (identity IS NULL OR identity = used)",
	NULL,
};

/* When somebody last used a live session's keyboard or mouse. */
static const char *const inputs[] = {
	"CREATE TABLE session_input ("
	" session TEXT NOT NULL PRIMARY KEY,"
	" at BIGINT NOT NULL)",
	NULL,
};

/* Refused logins; see store_refusal.h. */
static const char *const refusals[] = {
	"CREATE TABLE refusal ("
	" user_name TEXT NOT NULL," /* '' = whoever          */
	" place TEXT NOT NULL,"     /* '' = from everywhere  */
	" failures BIGINT NOT NULL,"
	" faded_at BIGINT NOT NULL," /* ms, like those below */
	" until_at BIGINT NOT NULL,"
	" gone_at BIGINT NOT NULL,"
	" PRIMARY KEY (user_name, place))",
	"CREATE INDEX refusal_place ON refusal (place)",
	"CREATE INDEX refusal_gone ON refusal (gone_at)",

	"CREATE TABLE ban ("
	" user_name TEXT NOT NULL,"
	" place TEXT NOT NULL,"
	" until_at BIGINT NOT NULL," /* 0 = for good */
	" admin TEXT NOT NULL,"
	" reason TEXT NOT NULL,"
	" PRIMARY KEY (user_name, place))",
	"CREATE INDEX ban_place ON ban (place)",

	"CREATE TABLE known_place ("
	" user_name TEXT NOT NULL,"
	" place TEXT NOT NULL,"
	" seen_at BIGINT NOT NULL,"
	" PRIMARY KEY (user_name, place))",
	"CREATE INDEX known_place_seen ON known_place (seen_at)",
	NULL,
};

/*
 * An image is a row of versions, a pool publishes one of them, and a desktop's overlay rests on the
 * one that it was made from. newest: the last number given; none is given twice. files: the
 * directory of the copies that we made, NULL = the files are the admin's.
 */
static const char *const images[] = {
	"CREATE TABLE image_version ("
	" image TEXT NOT NULL REFERENCES image (name) ON DELETE CASCADE,"
	" version BIGINT NOT NULL,"
	" disk TEXT, kernel TEXT, initrd TEXT, cmdline TEXT, xml TEXT,"
	" memory BIGINT NOT NULL,"
	" cpus BIGINT NOT NULL,"
	" video TEXT NOT NULL,"
	" files TEXT,"
	" added_at BIGINT NOT NULL,"
	" PRIMARY KEY (image, version))",
	"INSERT INTO image_version (image, version, disk, kernel, initrd, cmdline, xml, memory,"
	" cpus, video, files, added_at)"
	" SELECT name, 1, disk, kernel, initrd, cmdline, xml, memory, cpus, video, NULL, 0"
	" FROM image",
	"ALTER TABLE image DROP COLUMN disk",
	"ALTER TABLE image DROP COLUMN kernel",
	"ALTER TABLE image DROP COLUMN initrd",
	"ALTER TABLE image DROP COLUMN cmdline",
	"ALTER TABLE image DROP COLUMN xml",
	"ALTER TABLE image DROP COLUMN memory",
	"ALTER TABLE image DROP COLUMN cpus",
	"ALTER TABLE image DROP COLUMN video",
	"ALTER TABLE image ADD COLUMN newest BIGINT NOT NULL DEFAULT 1",
	"ALTER TABLE pool ADD COLUMN version BIGINT NOT NULL DEFAULT 0",
	"ALTER TABLE pool ADD COLUMN previous_image TEXT",
	"ALTER TABLE pool ADD COLUMN previous_version BIGINT NOT NULL DEFAULT 0",
	"ALTER TABLE pool ADD COLUMN instant BIGINT NOT NULL DEFAULT 0",
	"UPDATE pool SET version = 1 WHERE image IS NOT NULL",
	"ALTER TABLE desktop ADD COLUMN image TEXT",
	"ALTER TABLE desktop ADD COLUMN version BIGINT NOT NULL DEFAULT 0",
	"UPDATE desktop SET version = 1,"
	" image = (SELECT p.image FROM pool p WHERE p.name = desktop.pool)"
	" WHERE identity IS NOT NULL",
	"CREATE INDEX desktop_image ON desktop (image, version)",
	NULL,
};

/* What becomes of a pool's desktops; what is due to one of them (due_at 0 = nothing); how much a
 * session's length was extended. Times in seconds. */
static const char *const plans[] = {
	"CREATE TABLE plan ("
	" pool TEXT NOT NULL PRIMARY KEY REFERENCES pool (name) ON DELETE CASCADE,"
	" on_disconnect TEXT NOT NULL, disconnect_after BIGINT NOT NULL,"
	" on_idle TEXT NOT NULL, idle_after BIGINT NOT NULL," /* 0 = never */
	" on_logout TEXT NOT NULL, logout_after BIGINT NOT NULL,"
	" length BIGINT NOT NULL," /* of a session; 0 = any */
	" warn BIGINT NOT NULL,"
	" extend BIGINT NOT NULL)",
	"ALTER TABLE desktop ADD COLUMN due TEXT",
	"ALTER TABLE desktop ADD COLUMN due_at BIGINT NOT NULL DEFAULT 0",
	"CREATE INDEX desktop_due ON desktop (due_at) WHERE due_at > 0",
	"ALTER TABLE session ADD COLUMN extended BIGINT NOT NULL DEFAULT 0",
	NULL,
};

/* How a computer that is there already is switched, and who sits at it; see store_machine.h. */
static const char *const machines[] = {
	"CREATE TABLE machine ("
	" desktop TEXT NOT NULL PRIMARY KEY REFERENCES desktop (id) ON DELETE CASCADE,"
	" power TEXT, secret TEXT,"
	" token TEXT," /* its hash */
	" local_user TEXT,"
	" local_until BIGINT NOT NULL)",
	NULL,
};

/* How much a user, a group's members or a pool may have; 0 = any number. asked_until: somebody
 * waits for the desktop or has a ticket for it. audited: a session's end is in the audit log. */
static const char *const quotas[] = {
	"CREATE TABLE quota ("
	" kind TEXT NOT NULL,"
	" name TEXT NOT NULL,"
	" desktops BIGINT NOT NULL,"
	" sessions BIGINT NOT NULL,"
	" memory BIGINT NOT NULL," /* MiB */
	" cpus BIGINT NOT NULL,"
	" PRIMARY KEY (kind, name))",
	"ALTER TABLE desktop ADD COLUMN asked_until BIGINT NOT NULL DEFAULT 0",
	"CREATE INDEX desktop_of ON desktop (owner)",
	"ALTER TABLE session ADD COLUMN audited BIGINT NOT NULL DEFAULT 1",
	"CREATE INDEX session_unaudited ON session (ended_at) WHERE audited = 0",
	NULL,
};

/* The machines that desktops run on. host_load counts what is in placed, so that nobody need. */
static const char *const hosts[] = {
	"CREATE TABLE host ("
	" name TEXT NOT NULL PRIMARY KEY,"
	" provider TEXT NOT NULL,"
	" uri TEXT NOT NULL,"
	" broker TEXT," /* on whose machine; NULL = any broker reaches it */
	" cpus BIGINT NOT NULL,"
	" memory BIGINT NOT NULL,"    /* MiB */
	" cpu_ratio BIGINT NOT NULL," /* percent, as the next */
	" memory_ratio BIGINT NOT NULL,"
	" storage TEXT,"        /* hosts with the same share it */
	" state TEXT NOT NULL," /* up, down */
	" drain BIGINT NOT NULL DEFAULT 0,"
	" detail TEXT NOT NULL,"
	" UNIQUE (provider, uri, broker))",
	"CREATE TABLE pool_host ("
	" pool TEXT NOT NULL REFERENCES pool (name) ON DELETE CASCADE,"
	" host TEXT NOT NULL REFERENCES host (name),"
	" PRIMARY KEY (pool, host))",
	"CREATE TABLE pool_placement ("
	" pool TEXT NOT NULL PRIMARY KEY REFERENCES pool (name) ON DELETE CASCADE,"
	" placement TEXT NOT NULL,"
	" apart BIGINT NOT NULL)",
	"CREATE TABLE placed ("
	" desktop TEXT NOT NULL PRIMARY KEY REFERENCES desktop (id) ON DELETE CASCADE,"
	" host TEXT NOT NULL REFERENCES host (name),"
	" pool TEXT NOT NULL,"
	" cpus BIGINT NOT NULL,"
	" memory BIGINT NOT NULL)",
	"CREATE INDEX placed_host ON placed (host, pool)",
	"CREATE TABLE host_load ("
	" host TEXT NOT NULL,"
	" pool TEXT NOT NULL,"
	" desktops BIGINT NOT NULL,"
	" cpus BIGINT NOT NULL,"
	" memory BIGINT NOT NULL,"
	" PRIMARY KEY (host, pool))",
	NULL,
};

/* What admins say to people. */
static const char *const messages[] = {
	"CREATE TABLE message ("
	" id TEXT NOT NULL PRIMARY KEY,"
	" user_name TEXT NOT NULL,"
	" sender TEXT," /* NULL: the admin socket's */
	" text TEXT NOT NULL,"
	" at BIGINT NOT NULL)",
	"CREATE INDEX message_user ON message (user_name, at)",
	"CREATE INDEX message_at ON message (at)",
	NULL,
};

/* What is closed for a while; see maintenance.h. */
static const char *const maintenance[] = {
	"CREATE TABLE maintenance ("
	" kind TEXT NOT NULL,"
	" name TEXT NOT NULL,"
	" words TEXT NOT NULL,"
	" since BIGINT NOT NULL,"
	" PRIMARY KEY (kind, name))",
	NULL,
};

/* What people keep of their own desktops, and how many. ready 0: it is being taken. */
static const char *const snapshots[] = {
	"CREATE TABLE snapshot ("
	" id TEXT NOT NULL PRIMARY KEY,"
	" desktop TEXT NOT NULL REFERENCES desktop (id) ON DELETE CASCADE,"
	" name TEXT NOT NULL,"
	" taken_at BIGINT NOT NULL,"
	" ready BIGINT NOT NULL)",
	"CREATE INDEX snapshot_desktop ON snapshot (desktop, taken_at)",
	"ALTER TABLE plan ADD COLUMN snapshots BIGINT NOT NULL DEFAULT 0",
	NULL,
};

/* How good the line of a session is; see activity.h. */
static const char *const lines[] = {
	"ALTER TABLE session_input ADD COLUMN round_trip BIGINT NOT NULL DEFAULT 0",
	NULL,
};

/* How much of a host's processors and disks a pool's desktops get beside others; percent. */
static const char *const weights[] = {
	"ALTER TABLE pool ADD COLUMN weight BIGINT NOT NULL DEFAULT 100",
	NULL,
};

/* What a host has taken on of all pools together is in the row of the pool that has no name. And
 * holds are looked at pool by pool. */
static const char *const totals[] = {
	"INSERT INTO host_load (host, pool, desktops, cpus, memory)"
	" SELECT host, '', SUM(desktops), SUM(cpus), SUM(memory) FROM host_load GROUP BY host",
	"DROP INDEX desktop_held",
	"CREATE INDEX desktop_held ON desktop (pool, held_until)",
	NULL,
};

/* What network an image's desktops are at. Those that there were had no card. */
static const char *const networks[] = {
	"ALTER TABLE image_version ADD COLUMN network TEXT NOT NULL DEFAULT 'none'",
	NULL,
};

/* Since when a login has been there. Those that there were began, at the latest, when they would
 * have ended. */
static const char *const logins[] = {
	"ALTER TABLE login ADD COLUMN began_at BIGINT NOT NULL DEFAULT 0",
	"UPDATE login SET began_at = expires_at",
	NULL,
};

/* How often a ticket's refusal was written down. */
static const char *const replays[] = {
	"ALTER TABLE ticket ADD COLUMN refused BIGINT NOT NULL DEFAULT 0",
	NULL,
};

const char *const *const db_migrations[] = {first,    joinable, brokers,     placement, inputs,
					    refusals, images,   plans,       machines,  quotas,
					    hosts,    messages, maintenance, snapshots, lines,
					    weights,  totals,   networks,    logins,    replays};
const unsigned db_migrations_n = G_N_ELEMENTS(db_migrations);
