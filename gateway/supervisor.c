/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor: see supervisor.h. One thread, one loop over signals; nothing here blocks but that. */
#include "supervisor.h"

#include "certificate_watch.h"
#include "fault.h"
#include "log.h"
#include "sockets.h"
#include "upgrade.h"
#include "usable.h"
#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define RESTART_SECONDS 1  /* a worker that lived no longer is started again only then */
#define EXIT_CONFIG     78 /* EX_CONFIG */
#define RETIRED         (-1)

typedef struct {
	pid_t pid;      /* 0 = ended, to be started again at `due` */
	int number;     /* RETIRED: of the program before; it goes on for its sessions alone */
	int generation; /* how many reloads came before it */
	gboolean again;
	gint64 started, due; /* g_get_monotonic_time() */
} Child;

typedef struct {
	const Options *options;
	char **argv;
	GArray *sockets;
	Buckets *buckets; /* NULL = nobody is throttled */
	GArray *children;
	unsigned workers;
	int generation;
	gboolean wanted;  /* a reload, that has not begun     */
	gboolean delayed; /* ... and the log says why         */
	pid_t trial;      /* the next program tries itself; 0 = none */
	int channel;      /* ... and sends what it bound       */
	CertificateWatch certificate;
	gboolean stopping;
	int code;
} Supervisor;

#define CHILD(supervisor, i) (&g_array_index((supervisor)->children, Child, i))

/* ---- workers */

static void start_worker(Supervisor *s, Child *child)
{
	pid_t parent = getpid();
	g_autoptr(GError) error = NULL;

	child->started = g_get_monotonic_time();
	child->pid = fork();
	if (child->pid < 0) {
		log_error(NULL, "worker %d: fork: %s", child->number, g_strerror(errno));
		child->pid = 0;
		child->due = child->started + RESTART_SECONDS * G_USEC_PER_SEC;
	}
	if (child->pid != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	sockets_keep(s->sockets, (unsigned)child->number, s->workers);
	if (!worker_run(s->options, s->buckets, s->sockets, (unsigned)child->number, &error)) {
		log_error(NULL, "worker %d: %s", child->number, error->message);
		exit(fault_code(error) == FAULT_CONFIG ? EXIT_CONFIG : 1);
	}
	exit(0);
}

static void add_worker(Supervisor *s, unsigned number)
{
	Child child = {.number = (int)number, .generation = s->generation};

	start_worker(s, &child);
	child.again = child.pid == 0;
	g_array_append_val(s->children, child);
}

static void signal_workers(Supervisor *s, int number, gboolean retired_too)
{
	for (guint i = 0; i < s->children->len; i++) {
		if (CHILD(s, i)->pid > 0 && (retired_too || CHILD(s, i)->number != RETIRED))
			kill(CHILD(s, i)->pid, number);
	}
}

/* Nothing new comes in from here on; workers close their end of the sockets themselves. */
static void stop(Supervisor *s)
{
	s->stopping = TRUE;
	sockets_close(g_steal_pointer(&s->sockets));
	signal_workers(s, SIGTERM, TRUE);
	for (guint i = 0; i < s->children->len;) {
		if (CHILD(s, i)->pid == 0)
			g_array_remove_index(s->children, i);
		else
			i++;
	}
}

/* A worker ended: for good if it was retired or we are stopping, or if it could not even begin with
 * this configuration, which does not heal; else it is started again. */
static void on_ended(Supervisor *s, guint i, int status)
{
	Child *child = CHILD(s, i);
	gint64 now = g_get_monotonic_time();
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;

	if (s->stopping || child->number == RETIRED) {
		s->code = s->stopping ? MAX(s->code, code) : s->code;
		g_array_remove_index(s->children, i);
		return;
	}
	if (code == EXIT_CONFIG && !child->again) {
		s->code = code;
		g_array_remove_index(s->children, i);
		stop(s);
		return;
	}
	log_error(NULL, "worker %d ended by %s %d; starting it again", child->number,
		  WIFSIGNALED(status) ? "signal" : "exit code",
		  WIFSIGNALED(status) ? WTERMSIG(status) : code);
	child->pid = 0;
	child->again = TRUE;
	child->due = MAX(now, child->started + RESTART_SECONDS * G_USEC_PER_SEC);
}

static void start_due(Supervisor *s)
{
	for (guint i = 0; i < s->children->len; i++) {
		if (CHILD(s, i)->pid == 0 && CHILD(s, i)->due <= g_get_monotonic_time())
			start_worker(s, CHILD(s, i));
	}
}

/* ---- reload and upgrade */

/* Workers of the program before us may finish what they carry. */
static void adopt(Supervisor *s, const GArray *workers)
{
	for (guint i = 0; workers && i < workers->len; i++) {
		const UpgradeWorker *worker = &g_array_index(workers, UpgradeWorker, i);
		Child child = {
			.pid = worker->pid, .number = RETIRED, .generation = worker->generation};

		g_array_append_val(s->children, child);
		kill(child.pid, SIGUSR2);
	}
}

static int next_generation(const GArray *workers)
{
	int next = 0;

	for (guint i = 0; workers && i < workers->len; i++)
		next = MAX(next, g_array_index(workers, UpgradeWorker, i).generation + 1);
	return next;
}

/* How many reloads have workers that still go on; *out_oldest is one of the oldest. */
static int living_generations(Supervisor *s, pid_t *out_oldest)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
	int oldest = G_MAXINT;

	for (guint i = 0; i < s->children->len; i++) {
		const Child *child = CHILD(s, i);

		if (child->number != RETIRED)
			continue;
		g_hash_table_add(seen, GINT_TO_POINTER(child->generation));
		if (child->generation < oldest) {
			oldest = child->generation;
			*out_oldest = child->pid;
		}
	}
	return (int)g_hash_table_size(seen);
}

/* Sessions may last for weeks, and each reload leaves workers behind for them: so a reload waits
 * until few enough of its predecessors are left. */
static gboolean has_room(Supervisor *s)
{
	pid_t oldest = 0;

	if (living_generations(s, &oldest) < s->options->max_generations)
		return TRUE;
	if (!s->delayed)
		log_warning(NULL,
			    "the reload waits: max_generations is reached, sessions from before %d "
			    "reloads go on; SIGTERM to process %d ends the oldest",
			    s->options->max_generations, (int)oldest);
	s->delayed = TRUE;
	return FALSE;
}

static void try_next(Supervisor *s)
{
	if (!s->wanted || s->trial > 0 || !has_room(s))
		return;
	s->wanted = s->delayed = FALSE;
	s->trial = upgrade_try(s->argv, s->sockets, &s->channel);
	if (s->trial < 0)
		log_error(NULL, "no reload: %s", g_strerror(errno));
}

static void become_next(Supervisor *s, const GArray *bound)
{
	g_autoptr(GArray) workers = g_array_new(FALSE, FALSE, sizeof(UpgradeWorker));

	for (guint i = 0; i < s->children->len; i++) {
		UpgradeWorker worker = {CHILD(s, i)->pid, CHILD(s, i)->generation};

		if (worker.pid > 0)
			g_array_append_val(workers, worker);
	}
	log_info(NULL, "reload: %s takes over", s->argv[0]);
	upgrade_become(s->argv, s->sockets, bound, workers);
	log_error(NULL, "no reload: %s: %s", s->argv[0], g_strerror(errno));
}

/* A reload that was asked for meanwhile is tried anew: it is about another configuration. */
static void on_tried(Supervisor *s, int status)
{
	GArray *bound = upgrade_bound(s->channel);

	s->trial = 0;
	if (!s->stopping && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		log_error(NULL, "no reload: %s --check failed; all stays as it was", s->argv[0]);
	else if (!s->stopping && !s->wanted)
		become_next(s, bound);
	sockets_close(bound);
}

static void reap(Supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		guint i = 0;

		if (pid == s->trial) {
			on_tried(s, status);
			continue;
		}
		while (i < s->children->len && CHILD(s, i)->pid != pid)
			i++;
		if (i < s->children->len)
			on_ended(s, i, status);
	}
}

/* ---- options and certificate */

/* What is no more than a warning goes into the log. */
static gboolean check(const Options *options, GError **error)
{
	g_autoptr(GError) unstapled = NULL;
	gboolean good = options_usable(options, &unstapled, error);

	if (unstapled != NULL)
		log_warning(NULL, "nothing is stapled: %s", unstapled->message);
	return good;
}

/* A broken one is told once. */
static void take_certificate(Supervisor *s)
{
	g_autoptr(GError) error = NULL;

	if (!certificate_watch_changed(&s->certificate, s->options))
		return;
	if (check(s->options, &error)) {
		signal_workers(s, SIGUSR1, FALSE);
		log_info(NULL, "took the new certificate");
	} else {
		log_error(NULL, "the old certificate stays: %s", error->message);
	}
}

/* ---- the loop */

static void wait_for_signal(Supervisor *s, const sigset_t *signals)
{
	const struct timespec one_second = {.tv_sec = 1};

	switch (sigtimedwait(signals, NULL, &one_second)) {
	case SIGCHLD: reap(s); break;
	case SIGHUP: s->wanted = TRUE; break;
	case SIGTERM:
	case SIGINT: stop(s); break;
	default: break;
	}
}

static unsigned workers_wanted(const Options *options)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return options->workers > 0 ? (unsigned)options->workers : (unsigned)MAX(cores, 1);
}

gboolean supervisor_try(const Options *options, GError **error)
{
	g_autoptr(GArray) passed = upgrade_sockets();
	GArray *sockets;

	if (!options_usable(options, NULL, error))
		return FALSE;
	if (passed == NULL)
		return TRUE; /* no upgrade: an admin asks */
	sockets = sockets_open(options, workers_wanted(options), passed, error);
	if (sockets == NULL)
		return FALSE;
	if (!upgrade_offer(sockets)) {
		fault_set_errno(error, FAULT_BUG, "hand over the new sockets");
		return FALSE;
	}
	return TRUE;
}

/* FALSE with FAULT_CONFIG. */
static gboolean begin(Supervisor *s, GError **error)
{
	GArray *passed = upgrade_sockets();
	g_autoptr(GArray) before = upgrade_workers();

	s->generation = next_generation(before);
	s->workers = workers_wanted(s->options);
	s->children = g_array_new(FALSE, FALSE, sizeof(Child));
	if (passed == NULL)
		passed = sockets_from_systemd();
	s->sockets = sockets_open(s->options, s->workers, passed, error);
	sockets_close_passed(passed);
	certificate_watch_begin(&s->certificate, s->options);
	if (s->sockets == NULL || !check(s->options, error))
		return FALSE;
	sockets_pace(s->sockets, s->options->tcp_congestion);
	if (s->options->session_bandwidth > 0 || s->options->user_bandwidth > 0) {
		s->buckets = buckets_new();
		if (s->buckets == NULL) {
			fault_set_errno(error, FAULT_CONFIG, "memory for the bandwidth's limits");
			return FALSE;
		}
	}
	for (unsigned i = 0; i < s->workers; i++)
		add_worker(s, i);
	adopt(s, before);
	return TRUE;
}

int supervisor_run(const Options *options, char **argv)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGCHLD, SIGHUP, SIGUSR1, SIGUSR2};
	Supervisor s = {.options = options, .argv = argv};
	g_autoptr(GError) error = NULL;
	sigset_t signals;

	/* Blocked and waited for in one place, so that none can come between two steps. Workers
	 * let them in when they can serve them. */
	sigemptyset(&signals);
	for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
		sigaddset(&signals, numbers[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if (!begin(&s, &error)) {
		log_error(NULL, "%s", error->message);
		s.code = EXIT_CONFIG;
	}
	while (s.children->len > 0) {
		wait_for_signal(&s, &signals);
		if (!s.stopping) {
			try_next(&s);
			start_due(&s);
			take_certificate(&s);
		}
	}
	sockets_close(s.sockets);
	g_array_unref(s.children);
	certificate_watch_clear(&s.certificate);
	return s.code;
}
