/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options: everything an admin can set, in one table (options.c), read once at start from one
 * key file that both daemons share (oriel.conf(5)). There is no secret in it.
 */
#pragma once

#include <glib.h>

typedef struct {
	/* [gateway] */
	char **listen;          /* "address:port", any protocol                    */
	char **listen_vnc;      /* "address:port", VNC only: greets at once        */
	char **proxy_from;      /* "address" or "address/bits": begin with PROXY   */
	char **origins;         /* further web sites whose pages may open desktops */
	char *certificate;      /* PEM chain                                       */
	char *key;              /* PEM private key                                 */
	char *ocsp;             /* DER file to staple; "" = none                   */
	char **brokers;         /* directories of brokers' sockets; empty = [sockets] */
	char *tcp_congestion;   /* how the kernel paces what clients are sent; "" = as elsewhere */
	int workers;            /* processes; 0 = one per core                     */
	int rfb_silence;        /* ms of silence that mean VNC on a shared port    */
	int web_beat;           /* s that a browser's line may be quiet; 0 = for ever */
	int max_sessions;       /* per worker                                      */
	int max_handshakes;     /* per worker: connections not yet in relay        */
	int max_per_address;    /* per worker: connections from one address        */
	int max_memory;         /* per worker: MiB; 0 = as much as it takes        */
	int max_session_memory; /* MiB of one message that cannot pass in pieces */
	int session_bandwidth;  /* KiB/s each way; 0 = as fast as it goes         */
	int user_bandwidth;     /* the same for all sessions of a user             */
	int max_generations;    /* reloads whose sessions still go on              */
	int drain;              /* s that sessions may go on after SIGTERM         */
	gboolean spice_sasl;    /* serve user + password to SPICE viewers          */
	gboolean vnc_login;     /* serve user + password to VNC viewers            */
	gboolean vnc_lobby;     /* a login screen for VNC viewers that bring neither */
	char *vnc_password;     /* a file: that of VNC viewers without TLS; empty = none */
	gboolean spice_lobby;   /* and for SPICE viewers without a good ticket       */

	/* [broker] */
	char *state;               /* directory: database, desktops' files            */
	char *name;                /* of this broker; empty = the machine's           */
	char *database;            /* "postgresql://..."; empty = a file in state     */
	char *web_root;            /* the portal's files                              */
	char *auth;                /* socket of oriel-auth                            */
	char **admins;             /* "name" or "@group"                              */
	char *public_host;         /* what viewers are told to connect to             */
	int public_port;           /* the shared TLS port, as seen from outside       */
	int public_vnc_port;       /* the VNC port, 0 = none                          */
	char *ca;                  /* PEM file put into .vv files; empty = none       */
	int ticket_seconds;        /* life of an unused ticket                        */
	int login_minutes;         /* life of a web login without use                 */
	int login_longest_minutes; /* ... and in all; 0 = without end */
	char *screens;             /* what the console shows: none, free or all       */
	char **private_pools;      /* whose desktops it never shows                   */
	char *audit_file;          /* the audit log as JSON lines, too; empty = none  */
	gboolean audit_syslog;     /* ... and to syslog                              */
	char *metrics;             /* "address:port" of /metrics; empty = none        */
	char *accel;               /* auto, kvm or tcg                                */
	char *power_ca;            /* PEM file that Redfish services are checked with */
	char *lobby;               /* program of the native viewers' lobby; "" = none */
	gboolean native_chooser;   /* several desktops, none named: the person says */
	gboolean native_return;    /* back to the lobby when a session has ended    */
	gboolean native_warning;   /* in the lobby, before a plan ends a session   */
	gboolean spice_swap; /* viewers are moved below their channels, not sent to come again */
	int max_lobbies;     /* at which nobody has signed in                   */
	int max_lobbies_per_address;
	int lobby_minutes; /* without a word of the person                    */
	char *bridge;      /* the program oriel-bridge; "" = none             */
	char *network;     /* of an image that does not say: none, user or bridge:NAME */
	char *nics;        /* socket of oriel-nic                     */
	int max_bridges;
	char *keyboard; /* layout of desktops that tell keys by place      */

	/* [oidc] */
	char *oidc_issuer; /* "https://..."; empty = no signing in there      */
	char *oidc_client_id;
	char *oidc_client_secret_file; /* empty = a public client                */
	char **oidc_scopes;
	char *oidc_user_claim;
	char *oidc_groups_claim;
	char *oidc_label; /* what the page calls it                          */
	char *oidc_ca;    /* PEM; empty = the system's store                 */

	/* [tunnel] */
	char *tunnel_listen;    /* beside a broker: "address:port"                */
	char *tunnel_connect;   /* or beside a gateway: "host:port"               */
	char *tunnel_directory; /* where a gateway finds its sockets              */
	char *tunnel_certificate;
	char *tunnel_key;
	char *tunnel_ca;     /* what must have signed the other end's          */
	char **tunnel_peers; /* the names that one may have                    */

	/* [sockets] */
	char *control; /* broker listens, gateways connect                */
	char *web;     /* broker's HTTP behind a PROXY v2 header          */
	char *admin;   /* broker's API for orielctl                       */
} Options;

/* Reads the file; path NULL = the defaults alone. FAULT_CONFIG names the key that is wrong;
 * an unknown key is an error too. Free with options_free(). */
Options *options_load(const char *path, GError **error);
void options_free(Options *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Options, options_free)
