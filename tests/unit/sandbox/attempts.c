/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attempts: see attempts.h. Each returns 0 or errno, and undoes what it did. */
#include "attempts.h"

#include "autofd.h"
#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int result(long status)
{
	return status < 0 ? errno : 0;
}

static int open_path(const char *path, int flags)
{
	autofd int fd = open(path, flags | O_CLOEXEC, 0600);

	return result(fd);
}

static int read_shadow(void)
{
	return open_path("/etc/shadow", O_RDONLY);
}

/* Where secrets of the broker may be, like its password at the database. */
static int read_etc(void)
{
	return open_path("/etc/passwd", O_RDONLY);
}

static int read_database(void)
{
	return open_path(world.database, O_RDONLY);
}

static int write_database(void)
{
	return open_path(world.database, O_RDWR);
}

static int read_memory(void)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/mem", (int)world.bystander);

	return open_path(path, O_RDONLY);
}

static int create_in(const char *dir)
{
	g_autofree char *path = g_build_filename(dir, "new", NULL);
	int failed = open_path(path, O_WRONLY | O_CREAT);

	return failed ? failed : result(unlink(path));
}

static int create_elsewhere(void)
{
	return create_in(world.elsewhere);
}

static int create_in_state(void)
{
	return create_in(world.options.state);
}

static int create_at_home(void)
{
	return create_in(world.place);
}

static int write_own_disk(void)
{
	return open_path(world.disk, O_RDWR);
}

static int read_other_disk(void)
{
	return open_path(world.other_disk, O_RDONLY);
}

static int read_image(void)
{
	return open_path(world.image, O_RDONLY);
}

static int write_image(void)
{
	return open_path(world.image, O_RDWR);
}

static int use_null(void)
{
	return open_path("/dev/null", O_RDWR);
}

static int read_key(void)
{
	return open_path(world.options.key, O_RDONLY);
}

static int write_certificate(void)
{
	return open_path(world.options.certificate, O_WRONLY);
}

static int rename_file(void)
{
	g_autofree char *path = g_strconcat(world.other_key, "-new", NULL);
	int failed = result(rename(world.other_key, path));

	return failed ? failed : result(rename(path, world.other_key));
}

static int make_public(void)
{
	int failed = result(chmod(world.options.key, 0644));

	return failed ? failed : result(chmod(world.options.key, 0600));
}

static int run_shell(void)
{
	execl("/bin/sh", "sh", "-c", "exit 0", NULL);
	return errno;
}

static int start_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? errno : result(waitpid(pid, NULL, 0));
}

static int trace_bystander(void)
{
	return result(ptrace(PTRACE_SEIZE, world.bystander, 0, 0));
}

/* SIGURG is ignored; SIGCONT would be anybody's in the session. */
static int signal_bystander(void)
{
	return result(kill(world.bystander, SIGURG));
}

static int signal_bystander_thread(void)
{
	return result(syscall(SYS_tgkill, world.bystander, world.bystander, SIGURG));
}

static int connect_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	return result(connect(fd, (struct sockaddr *)&address, sizeof address));
}

static int connect_hypervisor(void)
{
	return connect_unix(world.hypervisor);
}

static int connect_admin(void)
{
	return connect_unix(world.options.admin);
}

static int connect_control(void)
{
	return connect_unix(world.options.control);
}

static int connect_desktop(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((guint16)world.tcp_port),
	};
	autofd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? errno : result(connect(fd, (struct sockaddr *)&address, sizeof address));
}

static int open_socket(int family, int type, int protocol)
{
	autofd int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	return result(fd);
}

static int raw_socket(void)
{
	return open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int packet_socket(void)
{
	return open_socket(AF_PACKET, SOCK_RAW, 0);
}

static int udp_socket(void)
{
	return open_socket(AF_INET, SOCK_DGRAM, 0);
}

static int netlink_socket(void)
{
	return open_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static int socket_pair(void)
{
	int ends[2];

	return result(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
}

/* Whose ends may send to any name, as those of no other pair may. */
static int letter_pair(void)
{
	int ends[2];

	return result(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
}

static int unix_datagram(void)
{
	return open_socket(AF_UNIX, SOCK_DGRAM, 0);
}

/* To Linux that is the same. */
static int unix_raw(void)
{
	return open_socket(AF_UNIX, SOCK_RAW, 0);
}

/* A port for the intruder's friends. */
static int listen_anew(void)
{
	autofd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? errno : result(listen(fd, 1));
}

static int load_bpf(void)
{
	const guint64 program[] = {0xb7, 0x95}; /* r0 = 0; exit */
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (guint64)(gsize)program,
		.insn_cnt = G_N_ELEMENTS(program),
		.license = (guint64)(gsize) "GPL",
	};

	return result(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr));
}

static int mount_something(void)
{
	int failed = result(mount("none", world.elsewhere, "tmpfs", 0, NULL));

	return failed ? failed : result(umount2(world.elsewhere, MNT_DETACH));
}

static int new_namespace(void)
{
	return result(unshare(CLONE_NEWUSER));
}

static int change_user(void)
{
	return result(setuid(1));
}

static int map_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? errno : 0;
}

static int make_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? errno : result(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int dumpable_again(void)
{
	return result(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int io_uring(void)
{
	char params[120] = {0};
	autofd int fd = (int)syscall(SYS_io_uring_setup, 1, params);

	return result(fd);
}

/* ---- what each process may do of all that */

/* clang-format off */

/*                       by                       worker  dialer  signer  parent  broker  QEMU    auth    lobby   bridge  tunnel */
const Attempt attempts[] = {
	{"read-shadow",        read_shadow,             {EACCES, EPERM,  EACCES, EACCES, EACCES, EACCES, MAY,    EACCES, EACCES, EACCES}},
	{"read-etc",           read_etc,                {EACCES, EPERM,  EACCES, MAY,    MAY,    EACCES, MAY,    EACCES, EACCES, MAY}},
	{"read-database",      read_database,           {EACCES, EPERM,  EACCES, EACCES, MAY,    EACCES, MAY,    EACCES, EACCES, EACCES}},
	{"write-database",     write_database,          {EPERM,  EPERM,  EPERM,  EACCES, MAY,    EACCES, MAY,    EPERM,  EPERM,  EACCES}},
	{"create-in-state",    create_in_state,         {EPERM,  EPERM,  EPERM,  EACCES, MAY,    EACCES, MAY,    EPERM,  EPERM,  EACCES}},
	{"create-elsewhere",   create_elsewhere,        {EPERM,  EPERM,  EPERM,  EACCES, EACCES, EACCES, MAY,    EPERM,  EPERM,  EACCES}},
	{"rename-file",        rename_file,             {EPERM,  EPERM,  EPERM,  EACCES, MAY,    EACCES, MAY,    EPERM,  EPERM,  EACCES}},
	{"read-key",           read_key,                {EACCES, EPERM,  MAY,    EACCES, MAY,    EACCES, MAY,    EACCES, EACCES, EACCES}},
	{"write-certificate",  write_certificate,       {EPERM,  EPERM,  EPERM,  EACCES, EACCES, EACCES, MAY,    EPERM,  EPERM,  EACCES}},
	{"make-public",        make_public,             {EPERM,  EPERM,  EPERM,  EPERM,  MAY,    EPERM,  MAY,    EPERM,  EPERM,  EPERM}},
	{"own-disk",           write_own_disk,          {EPERM,  EPERM,  EPERM,  EACCES, MAY,    MAY,    MAY,    EPERM,  EPERM,  EACCES}},
	{"own-place",          create_at_home,          {EPERM,  EPERM,  EPERM,  EACCES, MAY,    MAY,    MAY,    EPERM,  EPERM,  EACCES}},
	{"other-disk",         read_other_disk,         {EACCES, EPERM,  EACCES, EACCES, MAY,    EACCES, MAY,    EACCES, EACCES, EACCES}},
	{"read-image",         read_image,              {EACCES, EPERM,  EACCES, MAY,    MAY,    MAY,    MAY,    EACCES, EACCES, EACCES}},
	{"write-image",        write_image,             {EPERM,  EPERM,  EPERM,  EACCES, EACCES, EACCES, MAY,    EPERM,  EPERM,  EACCES}},
	{"null",               use_null,                {EPERM,  EPERM,  EPERM,  MAY,    MAY,    MAY,    MAY,    EPERM,  EPERM,  EACCES}},

	{"run-shell",          run_shell,               {KILL,   KILL,   KILL,   MAY,    MAY,    MAY,    MAY,    KILL,   KILL,   EACCES}},
	{"start-process",      start_process,           {EPERM,  EPERM,  EPERM,  MAY,    MAY,    MAY,    MAY,    EPERM,  EPERM,  MAY}},
	{"read-memory",        read_memory,             {EACCES, EPERM,  EACCES, EACCES, EACCES, EACCES, MAY,    EACCES, EACCES, EACCES}},
	{"trace",              trace_bystander,         {KILL,   KILL,   KILL,   EPERM,  EPERM,  EPERM,  EPERM,  KILL,   KILL,   EPERM}},
	{"signal",             signal_bystander,        {EPERM,  EPERM,  EPERM,  EPERM,  MAY,    EPERM,  MAY,    EPERM,  EPERM,  EPERM}},
	{"signal-thread",      signal_bystander_thread, {EPERM,  EPERM,  EPERM,  EPERM,  MAY,    EPERM,  MAY,    EPERM,  EPERM,  EPERM}},
	{"change-user",        change_user,             {EPERM,  EPERM,  EPERM,  EPERM,  EPERM,  EPERM,  MAY,    EPERM,  EPERM,  EPERM}},
	{"namespace",          new_namespace,           {KILL,   KILL,   KILL,   MAY,    EPERM,  EPERM,  EPERM,  KILL,   KILL,   EPERM}},
	{"mount",              mount_something,         {KILL,   KILL,   KILL,   EPERM,  EPERM,  EPERM,  EPERM,  KILL,   KILL,   EPERM}},
	{"bpf",                load_bpf,                {KILL,   KILL,   KILL,   EPERM,  EPERM,  EPERM,  EPERM,  KILL,   KILL,   EPERM}},
	{"io-uring",           io_uring,                {EPERM,  EPERM,  EPERM,  MAY,    MAY,    EPERM,  MAY,    EPERM,  EPERM,  MAY}},
	{"map-code",           map_code,                {EPERM,  EPERM,  EPERM,  MAY,    MAY,    MAY,    MAY,    EPERM,  EPERM,  MAY}},
	{"make-code",          make_code,               {EPERM,  EPERM,  EPERM,  MAY,    MAY,    MAY,    MAY,    EPERM,  EPERM,  MAY}},
	{"dumpable",           dumpable_again,          {EPERM,  EPERM,  EPERM,  MAY,    MAY,    MAY,    MAY,    EPERM,  EPERM,  MAY}},

	{"connect-hypervisor", connect_hypervisor,      {EPERM,  EACCES, EPERM,  EACCES, MAY,    EPERM,  MAY,    EPERM,  EPERM,  EACCES}},
	{"connect-admin",      connect_admin,           {EPERM,  EACCES, EPERM,  EACCES, MAY,    EPERM,  MAY,    EPERM,  EPERM,  EACCES}},
	{"connect-control",    connect_control,         {EPERM,  MAY,    EPERM,  MAY,    MAY,    EPERM,  MAY,    EPERM,  EPERM,  MAY}},
	{"connect-desktop",    connect_desktop,         {MAY,    EPERM,  EPERM,  MAY,    MAY,    EPERM,  MAY,    EPERM,  EPERM,  MAY}},
	{"listen",             listen_anew,             {EPERM,  EPERM,  EPERM,  MAY,    MAY,    EPERM,  MAY,    EPERM,  EPERM,  MAY}},
	{"socket-pair",        socket_pair,             {EPERM,  EPERM,  EPERM,  MAY,    MAY,    MAY,    MAY,    MAY,    MAY,    MAY}},
	{"letter-pair",        letter_pair,             {EPERM,  EPERM,  EPERM,  MAY,    MAY,    EPERM,  MAY,    EPERM,  EPERM,  MAY}},
	{"udp-socket",         udp_socket,              {EPERM,  EPERM,  EPERM,  MAY,    MAY,    EPERM,  MAY,    EPERM,  EPERM,  MAY}},
	{"unix-datagram",      unix_datagram,           {EPERM,  EPERM,  EPERM,  MAY,    MAY,    EPERM,  MAY,    EPERM,  EPERM,  MAY}},
	{"unix-raw",           unix_raw,                {EPERM,  EPERM,  EPERM,  MAY,    MAY,    EPERM,  MAY,    EPERM,  EPERM,  MAY}},
	{"netlink-socket",     netlink_socket,          {EPERM,  EPERM,  EPERM,  MAY,    MAY,    EPERM,  MAY,    EPERM,  EPERM,  MAY}},
	{"raw-socket",         raw_socket,              {EPERM,  EPERM,  EPERM,  EPERM,  EPERM,  EPERM,  MAY,    EPERM,  EPERM,  EPERM}},
	{"packet-socket",      packet_socket,           {EPERM,  EPERM,  EPERM,  EPERM,  EPERM,  EPERM,  MAY,    EPERM,  EPERM,  EPERM}},
};
const gsize attempts_n = G_N_ELEMENTS(attempts);
/* clang-format on */
