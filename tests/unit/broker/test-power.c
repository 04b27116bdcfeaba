/* SPDX-License-Identifier: GPL-3.0-or-later */
/* machine_power: what an admin may write, and the packet that wakes. The rest needs service
 * processors: tests/system/test_power.py. */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "autofd.h"
#include "fault.h"
#include "machine/machine_power.h"

static void test_words(void)
{
	static const char *const good[] = {
		"wol:52:54:00:12:34:56",
		"wol:52-54-00-AB-cd-Ef@192.0.2.255",
		"wol:52:54:00:12:34:56@192.0.2.255:7",
		"ipmi:admin@bmc",
		"ipmi:admin@192.0.2.1:6230",
		"ipmi:admin@[2001:db8::1]:623",
		"redfish:https://admin@bmc.example",
		"redfish:https://admin@bmc.example:8443/redfish/v1/Systems/437XR1138R2",
		"redfish:https://admin@[2001:db8::1]/",
	};
	static const char *const bad[] = {
		"",
		"wol:",
		"wol:52:54:00:12:34",
		"wol:52:54:00:12:34:5",
		"wol:52:54:00:12:34:56:78",
		"wol:52:54:00:12:34:56@",
		"wol:52:54:00:12:34:56@a:b",
		"wol:5254:00:12:34:56:00",
		"ipmi:",
		"ipmi:bmc",
		"ipmi:@bmc",
		"ipmi:-H@bmc",
		"ipmi:admin@",
		"ipmi:admin@bmc:0",
		"ipmi:abcdefghijklmnopq@bmc",
		"redfish:http://admin@bmc",
		"redfish:https://bmc",
		"redfish:https://admin:geheim@bmc",
		"redfish:https://admin@bmc/else",
		"redfish:https://admin@bmc/redfish/v1/Systems/1?x=1",
		"redfish:",
		"ssh:me@there",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
		g_autoptr(GError) error = NULL;

		g_test_message("%s", good[i]);
		g_assert_true(machine_power_check(good[i], &error));
		g_assert_no_error(error);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;

		g_test_message("%s", bad[i]);
		g_assert_false(machine_power_check(bad[i], &error));
		g_assert_error(error, FAULT, FAULT_CONFIG);
		g_assert_null(strstr(error->message, "geheim"));
	}
}

static void test_wake(void)
{
	autofd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in here = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(here);
	const guint8 mac[] = {0x52, 0x54, 0x00, 0xab, 0xcd, 0xef};
	g_autofree char *how = NULL;
	MachinePower power = {0};
	guint8 packet[200];
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(bind(fd, (struct sockaddr *)&here, size), ==, 0);
	g_assert_cmpint(getsockname(fd, (struct sockaddr *)&here, &size), ==, 0);
	power.how = how =
		g_strdup_printf("wol:52:54:00:ab:cd:ef@127.0.0.1:%u", ntohs(here.sin_port));
	g_assert_true(machine_power_do(&power, POWER_ON, &error));
	g_assert_no_error(error);
	g_assert_cmpint(recv(fd, packet, sizeof(packet), 0), ==, 102);
	for (int i = 0; i < 6; i++)
		g_assert_cmpuint(packet[i], ==, 0xff);
	for (int i = 0; i < 16; i++)
		g_assert_cmpmem(packet + 6 + 6 * i, 6, mac, 6);
	g_assert_false(machine_power_do(&power, POWER_OFF, &error));
	g_assert_error(error, FAULT, FAULT_CLIENT);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/power/words", test_words);
	g_test_add_func("/power/wake", test_wake);
	return g_test_run();
}
