/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signing: what it would cost to keep the TLS key in a process of its own (docs/decisions/0002):
 * processor time of both processes together for a signature of SHA-256, made here, and made by
 * another process that is asked over a socket pair, one question and one answer at a time.
 *
 *   bench-signing [N]
 */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DIGEST    32
#define SIGNATURE 512

static size_t sign(EVP_PKEY *key, const unsigned char *digest, unsigned char *out)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
	size_t n = SIGNATURE;

	if (EVP_PKEY_sign_init(context) <= 0 ||
	    EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) <= 0 ||
	    EVP_PKEY_sign(context, out, &n, digest, DIGEST) <= 0)
		abort();
	EVP_PKEY_CTX_free(context);
	return n;
}

static void serve(int link, EVP_PKEY *key)
{
	unsigned char digest[DIGEST], signature[SIGNATURE];

	while (recv(link, digest, sizeof digest, 0) == DIGEST)
		send(link, signature, sign(key, digest, signature), MSG_NOSIGNAL);
	_exit(0);
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double cpu_of(int who)
{
	struct rusage use;

	getrusage(who, &use);
	return seconds(use.ru_utime) + seconds(use.ru_stime);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void report(const char *name, const char *where, unsigned n, double cpu, double wall)
{
	printf("%-10s %-6s %8.1f us of processor time, %8.1f us until it is there\n", name, where,
	       cpu / n * 1e6, wall / n * 1e6);
}

static void measure(const char *name, EVP_PKEY *key, unsigned n)
{
	unsigned char digest[DIGEST] = {1}, signature[SIGNATURE];
	double cpu = cpu_of(RUSAGE_SELF), wall = now(), children = cpu_of(RUSAGE_CHILDREN);
	int ends[2];

	for (unsigned i = 0; i < n; i++)
		sign(key, digest, signature);
	report(name, "here", n, cpu_of(RUSAGE_SELF) - cpu, now() - wall);

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0)
		abort();
	if (fork() == 0) {
		close(ends[0]);
		serve(ends[1], key);
	}
	close(ends[1]);
	cpu = cpu_of(RUSAGE_SELF);
	wall = now();
	for (unsigned i = 0; i < n; i++) {
		if (send(ends[0], digest, sizeof digest, 0) != DIGEST ||
		    recv(ends[0], signature, sizeof signature, 0) <= 0)
			abort();
	}
	wall = now() - wall;
	cpu = cpu_of(RUSAGE_SELF) - cpu;
	close(ends[0]);
	wait(NULL);
	report(name, "asked", n, cpu + cpu_of(RUSAGE_CHILDREN) - children, wall);
}

int main(int argc, char **argv)
{
	unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 20000;
	EVP_PKEY *ec = EVP_EC_gen("P-256"), *rsa = EVP_RSA_gen(2048);

	if (n == 0 || ec == NULL || rsa == NULL)
		return 1;
	measure("P-256", ec, n);
	measure("RSA-2048", rsa, n / 10 + 1);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
	return 0;
}
