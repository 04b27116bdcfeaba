/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fake-bridge: a bridge that its desktop has taken over: it says that all is well, and never goes.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BROKER = 3 };

int main(void)
{
	static const char ok[] = "{\"type\":\"ok\",\"id\":1}";
	char bytes[sizeof(uint32_t) + sizeof ok - 1], control[CMSG_SPACE(sizeof(int))];
	uint32_t length = htonl(sizeof ok - 1);
	struct iovec iov = {bytes, sizeof bytes};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};

	signal(SIGPIPE, SIG_IGN);
	if (recv(BROKER, bytes, sizeof bytes, 0) <= 0) /* the lease */
		return 1;
	memcpy(bytes, &length, sizeof length);
	memcpy(bytes + sizeof length, ok, sizeof ok - 1);
	if (send(BROKER, bytes, sizeof bytes, 0) < 0)
		return 1;
	header.msg_control = control;
	header.msg_controllen = sizeof control;
	if (recvmsg(BROKER, &header, 0) <= 0 || !CMSG_FIRSTHDR(&header)) /* the client */
		return 1;
	for (;;)
		pause();
}
