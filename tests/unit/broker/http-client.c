/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http-client: see http-client.h. */
#include "http-client.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/proxy.h"

void answer_free(Answer *answer)
{
	if (answer == NULL)
		return;
	g_free(answer->head);
	g_free(answer->body);
	g_free(answer);
}

int http_connect(const char *socket_path, const char *proxy)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 60};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	guint8 bytes[PROXY_WRITE_MAX];
	ProxyHeader header;
	gsize n;

	g_assert_cmpint(fd, >=, 0);
	g_strlcpy(address.sun_path, socket_path, sizeof(address.sun_path));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
	if (proxy != NULL) {
		proxy_init(&header, *proxy ? proxy : NULL,
			   strchr(proxy, '[') ? "[2001:db8::9]:443" : "192.0.2.9:443");
		n = proxy_write(&header, bytes);
		g_assert_cmpint(send(fd, bytes, n, MSG_NOSIGNAL), ==, (gssize)n);
	}
	return fd;
}

void http_send(int fd, const char *text)
{
	g_assert_cmpint(send(fd, text, strlen(text), MSG_NOSIGNAL), ==, (gssize)strlen(text));
}

Answer *http_receive(int fd)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	Answer *answer = g_new0(Answer, 1);
	const char *gap;
	guint8 chunk[4096];
	gssize n;

	while ((n = recv(fd, chunk, sizeof(chunk), 0)) > 0)
		g_byte_array_append(bytes, chunk, (guint)n);
	close(fd);
	if (bytes->len == 0)
		return answer;
	g_assert_cmpint(n, ==, 0);
	g_byte_array_append(bytes, (const guint8 *)"", 1);
	gap = strstr((const char *)bytes->data, "\r\n\r\n");
	g_assert_nonnull(gap);
	answer->head = g_strndup((const char *)bytes->data, (gsize)(gap - (char *)bytes->data) + 2);
	answer->length = bytes->len - 1 - strlen(answer->head) - 2;
	answer->body = g_memdup2(gap + 4, answer->length + 1);
	g_assert_true(g_str_has_prefix(answer->head, "HTTP/1.1 "));
	answer->status = (unsigned)g_ascii_strtoull(answer->head + 9, NULL, 10);
	return answer;
}

Answer *http_ask(const char *socket_path, const char *proxy, const char *method, const char *path,
		 const char *headers, const char *body)
{
	g_autofree char *type = body ? g_strdup_printf("Content-Type: application/json\r\n"
						       "Content-Length: %zu\r\n",
						       strlen(body))
				     : g_strdup("");
	g_autofree char *text = g_strdup_printf("%s %s HTTP/1.1\r\nHost: vdi.test\r\n"
						"Connection: close\r\n%s%s\r\n%s",
						method, path, headers ? headers : "", type,
						body ? body : "");
	int fd = http_connect(socket_path, proxy);

	http_send(fd, text);
	return http_receive(fd);
}

char *answer_header(const Answer *answer, const char *name)
{
	g_auto(GStrv) lines = g_strsplit(answer->head, "\r\n", -1);
	gsize length = strlen(name);

	for (char **line = lines; *line != NULL; line++) {
		if (g_ascii_strncasecmp(*line, name, length) == 0 && (*line)[length] == ':')
			return g_strdup(g_strstrip(*line + length + 1));
	}
	return NULL;
}

json_t *answer_json(const Answer *answer)
{
	json_t *json = json_loadb(answer->body, answer->length, JSON_REJECT_DUPLICATES, NULL);

	g_assert_nonnull(json);
	return json;
}
