/*-------------------------------------------------------------------------
 *
 * main.c
 *	  The page server: answers searches of repositories with pages that were
 *	  made ahead, so that serving them costs next to nothing.
 *
 *		pageserver --clusters 225 --cert server.pem --key server.key
 *
 *	  --clusters N      892 repositories each (225)
 *	  --profile NAME    stars, flat, full: what pages hold (full)
 *	  --generations N   2: there is a second world, which differs from the
 *	                    first in the stars of some (1)
 *	  --changed SHARE   of how many (0.05)
 *	  --seed N          another world (1)
 *	  --http1           HTTP/1.1 only
 *	  --cert, --key     files for TLS; without, there is none
 *
 * When ready it prints a line of JSON; it ends with its standard input.
 *
 *-------------------------------------------------------------------------
 */
#include "http.h"

#include <arpa/inet.h>
#include <err.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_EVENTS 64
#define NS_PER_S INT64_C(1000000000)

typedef struct Options
{
	World		world;
	int			generations;
	bool		http1;
	const char *cert;
	const char *key;
} Options;

static bool http1_only;

static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
				const unsigned char *offered, unsigned int offered_len, void *arg)
{
	static const unsigned char both[] = "\x02h2\x08http/1.1";
	const unsigned char *protocols = http1_only ? both + 3 : both;

	(void) ssl;
	(void) arg;
	return SSL_select_next_proto((unsigned char **) out, out_len, protocols,
								 (unsigned int) (both + sizeof(both) - 1 - protocols),
								 offered, offered_len) == OPENSSL_NPN_NEGOTIATED ?
		SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static SSL_CTX *
open_tls(const Options *options)
{
	SSL_CTX    *tls = SSL_CTX_new(TLS_server_method());

	if (tls == NULL || SSL_CTX_use_certificate_chain_file(tls, options->cert) != 1 ||
		SSL_CTX_use_PrivateKey_file(tls, options->key, SSL_FILETYPE_PEM) != 1)
		errx(1, "no use of %s and %s", options->cert, options->key);
	SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_alpn_select_cb(tls, choose_protocol, NULL);
	return tls;
}

/* Listens on a free port of this machine; returns the socket. */
static int
listen_somewhere(int *port)
{
	int			fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t	len = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *) &address, len) != 0 || listen(fd, 1024) != 0 ||
		getsockname(fd, (struct sockaddr *) &address, &len) != 0)
		err(1, "can't listen");
	*port = ntohs(address.sin_port);
	return fd;
}

/* The next connections of a listening socket. */
static void
accept_all(Server *server, int listener, bool tls)
{
	int			fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
		http_accept(server, fd, tls);
}

static void
watch(int epoll_fd, int fd, void *tag)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = tag};

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		err(1, "epoll");
}

/* Serves until the standard input ends. */
static void
serve(Server *server, int plain, int tls)
{
	struct epoll_event events[MAX_EVENTS];
	int			input;

	watch(server->epoll_fd, plain, &plain);
	if (server->tls != NULL)
		watch(server->epoll_fd, tls, &tls);
	watch(server->epoll_fd, STDIN_FILENO, &input);
	for (;;)
	{
		int64_t		left_ns = http_send_due(server);
		struct timespec wait = {left_ns / NS_PER_S, left_ns % NS_PER_S};
		int			n = epoll_pwait2(server->epoll_fd, events, MAX_EVENTS, left_ns < 0 ? NULL : &wait, NULL);

		for (int i = 0; i < n; i++)
		{
			void	   *tag = events[i].data.ptr;

			if (tag == &input)
				return;
			if (tag == &plain || tag == &tls)
				accept_all(server, *(int *) tag, tag == &tls);
			else
				http_serve(tag);
		}
	}
}

static Profile
profile_of(const char *name)
{
	static const char *const names[] = {"stars", "flat", "full"};

	for (int i = 0; i < 3; i++)
		if (strcmp(name, names[i]) == 0)
			return (Profile) i;
	errx(2, "no profile %s", name);
}

static Options
read_options(int argc, char **argv)
{
	static const struct option known[] = {
		{"clusters", required_argument, NULL, 'n'}, {"profile", required_argument, NULL, 'p'},
		{"generations", required_argument, NULL, 'g'}, {"changed", required_argument, NULL, 'c'},
		{"seed", required_argument, NULL, 's'}, {"http1", no_argument, NULL, '1'},
		{"cert", required_argument, NULL, 'C'}, {"key", required_argument, NULL, 'K'}, {0}
	};
	Options		options = {{1, 225, PROFILE_FULL, 0.05}, 1, false, NULL, NULL};
	int			option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
	{
		switch (option)
		{
			case 'n': options.world.n_clusters = atol(optarg); break;
			case 'p': options.world.profile = profile_of(optarg); break;
			case 'g': options.generations = atoi(optarg); break;
			case 'c': options.world.changed = atof(optarg); break;
			case 's': options.world.seed = strtoull(optarg, NULL, 10); break;
			case '1': options.http1 = true; break;
			case 'C': options.cert = optarg; break;
			case 'K': options.key = optarg; break;
			default: exit(2);
		}
	}
	if (options.world.n_clusters < 1 || options.generations < 1 || options.generations > GENERATIONS)
		errx(2, "--clusters is at least 1, --generations 1 or 2");
	return options;
}

int
main(int argc, char **argv)
{
	Options		options = read_options(argc, argv);
	static Server server;
	int			plain_port;
	int			tls_port = 0;
	int			plain = listen_somewhere(&plain_port);
	int			tls = options.cert ? listen_somewhere(&tls_port) : -1;
	long		n_pages = options.world.n_clusters * CLUSTER_PAGES;

	signal(SIGPIPE, SIG_IGN);
	http1_only = options.http1;
	server.library.world = options.world;
	server.tls = options.cert ? open_tls(&options) : NULL;
	server.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	library_make(&server.library, options.generations, (int) sysconf(_SC_NPROCESSORS_ONLN));
	printf("{\"pid\":%d,\"http\":\"http://127.0.0.1:%d\",\"https\":\"https://127.0.0.1:%d\",\"repositories\":%ld,"
		   "\"pages\":%ld,\"page_bytes\":%lu,\"page_plain_bytes\":%lu}\n",
		   (int) getpid(), plain_port, tls_port, options.world.n_clusters * CLUSTER, n_pages,
		   server.library.page_bytes / (uint64_t) n_pages, server.library.plain_bytes / (uint64_t) n_pages);
	fflush(stdout);
	serve(&server, plain, tls);
	return 0;
}
