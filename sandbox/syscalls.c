/* SPDX-License-Identifier: GPL-3.0-or-later */
/* syscalls: see syscalls.h. */
#include "syscalls.h"

#include "autofd.h"
#include "fault.h"
#include "rights.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCK_KIND 0xf /* what a socket's type is, without its flags */

/* clang-format off */
/* Other processes, the kernel and the shape of the system: no desktop and no login needs them. */
static const int dangerous[] = {
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
	SCMP_SYS(kcmp), SCMP_SYS(pidfd_getfd), SCMP_SYS(bpf), SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd), SCMP_SYS(lookup_dcookie), SCMP_SYS(syslog),
	SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(reboot),
	SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
	SCMP_SYS(open_tree), SCMP_SYS(move_mount), SCMP_SYS(fsopen), SCMP_SYS(fsmount),
	SCMP_SYS(fsconfig), SCMP_SYS(fspick), SCMP_SYS(mount_setattr),
	SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(open_by_handle_at),
	SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(acct), SCMP_SYS(quotactl),
	SCMP_SYS(sethostname), SCMP_SYS(setdomainname), SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime), SCMP_SYS(clock_adjtime), SCMP_SYS(adjtimex),
	SCMP_SYS(iopl), SCMP_SYS(ioperm), SCMP_SYS(vhangup),
};

/* Beside those, nothing in a worker ever starts a program. */
static const int programs[] = {SCMP_SYS(execve), SCMP_SYS(execveat)};

static const int common[] = {
	/* memory; what makes code is below */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex),
	/* the process itself */
	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(getpid), SCMP_SYS(gettid),
	SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall), SCMP_SYS(getrandom), SCMP_SYS(rseq),
	SCMP_SYS(uname), SCMP_SYS(sched_yield), SCMP_SYS(membarrier), SCMP_SYS(getrusage),
	SCMP_SYS(sysinfo),
	/* time */
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep),
	/* descriptors that are there */
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close),
	SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg),
	SCMP_SYS(poll), SCMP_SYS(ppoll),
};

static const int gateway[] = {
	/* connections */
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(connect), SCMP_SYS(shutdown),
	SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
	SCMP_SYS(recvmmsg), SCMP_SYS(sendmmsg), SCMP_SYS(splice), SCMP_SYS(pread64),
	/* the loop */
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(eventfd2), SCMP_SYS(pipe2),
	SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_gettime),
	SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(dup), SCMP_SYS(dup3),
};

/* Beside the opening of files. */
static const int files[] = {
	SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx),
	SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink),
	SCMP_SYS(readlinkat), SCMP_SYS(lseek), SCMP_SYS(getdents64), SCMP_SYS(getcwd),
};

static const int painter[] = {
	/* its client */
	SCMP_SYS(shutdown), SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(dup3),
	/* fonts and keyboard layouts */
	SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx),
	SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(access), SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(lseek),
	SCMP_SYS(pread64), SCMP_SYS(getdents64), SCMP_SYS(getcwd),
	/* threads of the libraries: one that looks for fonts, one of a SPICE picture */
	SCMP_SYS(set_robust_list), SCMP_SYS(sched_getaffinity), SCMP_SYS(eventfd2),
	SCMP_SYS(pipe2), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
};

/* Beside a painter's. */
static const int bridge[] = {
	/* FreeRDP's timers and events */
	SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_gettime),
	SCMP_SYS(dup), SCMP_SYS(prlimit64),
	/* an end for its calls */
	SCMP_SYS(setitimer),
};

typedef struct {
	scmp_filter_ctx filter;
	int failed; /* the first -errno */
} Filter;

static void filter_add(Filter *filter, guint32 action, int call, unsigned n,
	const struct scmp_arg_cmp *arguments)
{
	int status = seccomp_rule_add_array(filter->filter, action, call, n, arguments);

	/* A call that this architecture does not have cannot be made either. */
	if (status < 0 && status != -EDOM && filter->failed == 0)
		filter->failed = status;
}

static void filter_add_all(Filter *filter, guint32 action, const int *calls, gsize n)
{
	for (gsize i = 0; i < n; i++)
		filter_add(filter, action, calls[i], 0, NULL);
}

/* One argument, as it is or under a mask, must have this value. */
static void allow_if(Filter *filter, int call, unsigned argument, guint64 mask, guint64 value)
{
	const struct scmp_arg_cmp only = SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, value);

	filter_add(filter, SCMP_ACT_ALLOW, call, 1, &only);
}

/* Memory that holds code is there since the start: nobody makes more. */
static void allow_data_memory(Filter *filter)
{
	allow_if(filter, SCMP_SYS(mmap), 2, PROT_EXEC, 0);
	allow_if(filter, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
}

/* abort() and assertions; another process cannot be named. */
static void allow_own_signals(Filter *filter)
{
	allow_if(filter, SCMP_SYS(tgkill), 0, G_MAXUINT32, (guint64)getpid());
}

static void allow_descriptor_flags(Filter *filter)
{
	static const int flags[] = {F_GETFL, F_SETFL, F_GETFD, F_SETFD, F_DUPFD, F_DUPFD_CLOEXEC};
	static const int questions[] = {FIONBIO, FIONREAD, TIOCOUTQ, TCGETS};

	for (gsize i = 0; i < G_N_ELEMENTS(flags); i++)
		allow_if(filter, SCMP_SYS(fcntl), 1, G_MAXUINT32, (guint64)flags[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(questions); i++)
		allow_if(filter, SCMP_SYS(ioctl), 1, G_MAXUINT32, (guint64)questions[i]);
}

/* TCP sockets, no other: not raw, not netlink, and no Unix sockets, whose names Landlock does not
 * watch over: a hypervisor's, the message bus. */
static void allow_tcp_sockets(Filter *filter)
{
	static const int families[] = {AF_INET, AF_INET6};

	for (gsize i = 0; i < G_N_ELEMENTS(families); i++) {
		const struct scmp_arg_cmp tcp[] = {
			SCMP_A0_32(SCMP_CMP_EQ, (guint32)families[i]),
			SCMP_A1_32(SCMP_CMP_MASKED_EQ, (guint32) ~(SOCK_CLOEXEC | SOCK_NONBLOCK),
				SOCK_STREAM),
			SCMP_A2_32(SCMP_CMP_MASKED_EQ, (guint32)~IPPROTO_TCP, 0),
		};

		filter_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), G_N_ELEMENTS(tcp), tcp);
	}
}

static void allow_reading_files(Filter *filter)
{
	const guint64 changes = O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);

	allow_if(filter, SCMP_SYS(openat), 2, changes, O_RDONLY);
	allow_if(filter, SCMP_SYS(open), 1, changes, O_RDONLY);
}

/* Threads, which live under the same rules, but no processes. What a clone3() asks for a filter cannot
 * see: the C library takes clone() instead when there is none. */
static void allow_threads(Filter *filter)
{
	const guint64 thread = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD;

	allow_if(filter, SCMP_SYS(clone), 0, thread, thread);
	filter_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL);
	allow_if(filter, SCMP_SYS(prctl), 0, G_MAXUINT32, PR_SET_NAME);
}

static gboolean filter_begin(Filter *filter, guint32 otherwise, GError **error)
{
	filter->filter = seccomp_init(otherwise);
	filter->failed = 0;
	if (filter->filter == NULL) {
		g_set_error(error, FAULT, FAULT_BUG, "seccomp: the filter cannot be made");
		return FALSE;
	}
	/* Older kernels cannot log refusals; the refusals are what counts. */
	seccomp_attr_set(filter->filter, SCMP_FLTATR_CTL_LOG, 1);
	seccomp_attr_set(filter->filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return TRUE;
}

/* Puts the filter in force for good. */
static gboolean filter_enter(Filter *filter, GError **error)
{
	int status = filter->failed;

	if (status == 0)
		status = seccomp_load(filter->filter);
	seccomp_release(filter->filter);
	if (status == 0)
		return TRUE;
	g_set_error(error, FAULT, FAULT_BUG, "seccomp: %s", g_strerror(-status));
	return FALSE;
}

/* A filter that lets through what every process of ours needs, and what is added to it. */
static gboolean narrow_begin(Filter *filter, GError **error)
{
	if (!filter_begin(filter, SCMP_ACT_ERRNO(EPERM), error))
		return FALSE;
	filter_add_all(filter, SCMP_ACT_ALLOW, common, G_N_ELEMENTS(common));
	return TRUE;
}

/* Who tries to start a program, or something dangerous, is not us any more, and ends. */
static gboolean narrow_enter(Filter *filter, GError **error)
{
	filter_add_all(filter, SCMP_ACT_KILL_PROCESS, programs, G_N_ELEMENTS(programs));
	filter_add_all(filter, SCMP_ACT_KILL_PROCESS, dangerous, G_N_ELEMENTS(dangerous));
	return filter_enter(filter, error);
}

gboolean syscalls_allow_gateway(GError **error)
{
	Filter filter;

	if (SANDBOX_OPEN)
		return TRUE;
	if (!narrow_begin(&filter, error))
		return FALSE;
	filter_add_all(&filter, SCMP_ACT_ALLOW, gateway, G_N_ELEMENTS(gateway));
	filter_add_all(&filter, SCMP_ACT_ALLOW, files, G_N_ELEMENTS(files));
	allow_data_memory(&filter);
	allow_own_signals(&filter);
	allow_descriptor_flags(&filter);
	allow_tcp_sockets(&filter);
	allow_reading_files(&filter);
	return narrow_enter(&filter, error);
}

gboolean syscalls_allow_dialer(GError **error)
{
	const struct scmp_arg_cmp dials[] = {
		SCMP_A0_32(SCMP_CMP_EQ, AF_UNIX),
		SCMP_A1_32(SCMP_CMP_MASKED_EQ, SOCK_KIND, SOCK_STREAM),
	};
	Filter filter;

	if (SANDBOX_OPEN)
		return TRUE;
	if (!narrow_begin(&filter, error))
		return FALSE;
	filter_add(&filter, SCMP_ACT_ALLOW, SCMP_SYS(connect), 0, NULL);
	filter_add(&filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), G_N_ELEMENTS(dials), dials);
	allow_own_signals(&filter);
	return narrow_enter(&filter, error);
}

gboolean syscalls_allow_signer(GError **error)
{
	Filter filter;

	if (SANDBOX_OPEN)
		return TRUE;
	if (!narrow_begin(&filter, error))
		return FALSE;
	filter_add_all(&filter, SCMP_ACT_ALLOW, files, G_N_ELEMENTS(files));
	allow_data_memory(&filter);
	allow_own_signals(&filter);
	allow_reading_files(&filter);
	return narrow_enter(&filter, error);
}

/* Pairs whose ends stay with each other. An end that sends datagrams may name whom it sends them to: the
 * log's socket, say. */
static void allow_pairs(Filter *filter)
{
	static const int kinds[] = {SOCK_STREAM, SOCK_SEQPACKET};

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		const struct scmp_arg_cmp pair[] = {
			SCMP_A0_32(SCMP_CMP_EQ, AF_UNIX),
			SCMP_A1_32(SCMP_CMP_MASKED_EQ, SOCK_KIND, (guint32)kinds[i]),
		};

		filter_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), G_N_ELEMENTS(pair), pair);
	}
}

static gboolean allow_painter(const int *more, gsize n, GError **error)
{
	Filter filter;

	if (SANDBOX_OPEN)
		return TRUE;
	if (!narrow_begin(&filter, error))
		return FALSE;
	filter_add_all(&filter, SCMP_ACT_ALLOW, painter, G_N_ELEMENTS(painter));
	filter_add_all(&filter, SCMP_ACT_ALLOW, more, n);
	allow_pairs(&filter);
	allow_threads(&filter);
	allow_data_memory(&filter);
	allow_own_signals(&filter);
	allow_descriptor_flags(&filter);
	allow_reading_files(&filter);
	return narrow_enter(&filter, error);
}

gboolean syscalls_allow_painter(GError **error)
{
	return allow_painter(NULL, 0, error);
}

gboolean syscalls_allow_bridge(GError **error)
{
	return allow_painter(bridge, G_N_ELEMENTS(bridge), error);
}

gboolean syscalls_deny_dangerous(GError **error)
{
	Filter filter;

	if (SANDBOX_OPEN)
		return TRUE;
	if (!filter_begin(&filter, SCMP_ACT_ALLOW, error))
		return FALSE;
	filter_add_all(&filter, SCMP_ACT_ERRNO(EPERM), dangerous, G_N_ELEMENTS(dangerous));
	return filter_enter(&filter, error);
}

/* ---- a filter that waits to be entered */

static gboolean read_program(int fd, struct sock_fprog *out_program)
{
	off_t size = lseek(fd, 0, SEEK_END);
	gsize count = size > 0 ? (gsize)size / sizeof(struct sock_filter) : 0;
	g_autofree struct sock_filter *filter = NULL;

	if (count == 0 || count > BPF_MAXINSNS)
		return FALSE;
	filter = g_new(struct sock_filter, count);
	if (pread(fd, filter, (gsize)size, 0) != size)
		return FALSE;
	out_program->len = (unsigned short)count;
	out_program->filter = g_steal_pointer(&filter);
	return TRUE;
}

/* Its user's files that Landlock does not let it open could be opened to others by these, which
 * Landlock does not watch over. (The last is fchmodat2, which is younger than the headers.) */
static const int gifts[] = {
	SCMP_SYS(chmod), SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SCMP_SYS(chown),
	SCMP_SYS(fchown), SCMP_SYS(lchown), SCMP_SYS(fchownat), 452,
};
/* clang-format on */

/* They reach others without connecting, from a pair, too; and raw ones of AF_UNIX are the same by
 * another name (unix(7) does not say so, the kernel does). */
static void deny_datagrams(Filter *filter)
{
	static const int kinds[] = {SOCK_DGRAM, SOCK_RAW};

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		const struct scmp_arg_cmp letters[] = {
			SCMP_A1_32(SCMP_CMP_MASKED_EQ, SOCK_KIND, (guint32)kinds[i])};

		filter_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), G_N_ELEMENTS(letters),
			   letters);
		filter_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socketpair),
			   G_N_ELEMENTS(letters), letters);
	}
}

gboolean syscalls_serve_only(struct sock_fprog *out_program, GError **error)
{
	const struct scmp_arg_cmp no_unix[] = {SCMP_A0_32(SCMP_CMP_NE, AF_UNIX)};
	autofd int file = memfd_create("filter", MFD_CLOEXEC);
	gboolean made = FALSE;
	Filter filter;

	if (!filter_begin(&filter, SCMP_ACT_ALLOW, error))
		return FALSE;
	filter_add(&filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(connect), 0, NULL);
	filter_add(&filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(io_uring_setup), 0, NULL);
	filter_add(&filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), G_N_ELEMENTS(no_unix),
		   no_unix);
	deny_datagrams(&filter);
	filter_add_all(&filter, SCMP_ACT_ERRNO(EPERM), gifts, G_N_ELEMENTS(gifts));
	made = file >= 0 && filter.failed == 0 && seccomp_export_bpf(filter.filter, file) == 0 &&
	       read_program(file, out_program);
	seccomp_release(filter.filter);
	if (!made)
		g_set_error(error, FAULT, FAULT_BUG, "seccomp: the filter cannot be made");
	return made;
}

void syscalls_program_clear(struct sock_fprog *program)
{
	g_clear_pointer(&program->filter, g_free);
	program->len = 0;
}

gboolean syscalls_enter(const struct sock_fprog *program)
{
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) == 0;
}
