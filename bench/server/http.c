/*-------------------------------------------------------------------------
 *
 * http.c
 *	  Connections, exchanges, and the page server's own paths; see http.h.
 *
 *-------------------------------------------------------------------------
 */
#include "http.h"

#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES 65536
#define NS_PER_S INT64_C(1000000000)

const HeaderLine http_headers[N_HEADERS] = {
	{"server", "github.com"},
	{"content-type", "application/json; charset=utf-8"},
	{"x-oauth-scopes", ""},
	{"x-accepted-oauth-scopes", "repo"},
	{"x-github-media-type", "github.v4; format=json"},
	{"x-github-api-version-selected", "2022-11-28"},
	{"access-control-expose-headers", "ETag, Link, Location, Retry-After, X-GitHub-OTP, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Used, X-RateLimit-Resource, X-RateLimit-Reset, X-OAuth-Scopes, X-Accepted-OAuth-Scopes, X-Poll-Interval, X-GitHub-Media-Type, X-GitHub-SSO, X-GitHub-Request-Id, Deprecation, Sunset"},
	{"access-control-allow-origin", "*"},
	{"strict-transport-security", "max-age=31536000; includeSubdomains; preload"},
	{"x-frame-options", "deny"},
	{"x-content-type-options", "nosniff"},
	{"x-xss-protection", "0"},
	{"referrer-policy", "origin-when-cross-origin, strict-origin-when-cross-origin"},
	{"content-security-policy", "default-src 'none'"},
	{"vary", "Accept-Encoding, Accept, X-Requested-With"},
	{"x-github-request-id", "C0DE:1234:5678AB:6789CD:68A1B2C3"},
	{"cache-control", "no-cache"},
	{"date", "Sat, 21 Nov 2026 12:00:00 GMT"},
};

int64_t
http_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* ---------------------------------------------------------------------------
 * connections
 * ---------------------------------------------------------------------------
 */

void
http_accept(Server *server, int fd, bool tls)
{
	Connection *connection = calloc(1, sizeof(Connection));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
	int			on = 1;

	if (connection == NULL)
		errx(1, "out of memory");
	connection->server = server;
	connection->fd = fd;
	connection->ready = !tls;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (tls)
	{
		connection->ssl = SSL_new(server->tls);
		SSL_set_fd(connection->ssl, fd);
		SSL_set_accept_state(connection->ssl);
	}
	epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event);
	if (++server->n_connections > server->max_connections)
		server->max_connections = server->n_connections;
}

static void
close_connection(Connection *connection)
{
	if (connection->h2 != NULL)
		http2_end(connection);
	if (connection->ssl != NULL)
		SSL_free(connection->ssl);
	close(connection->fd);
	ghc_buffer_free(&connection->in);
	ghc_buffer_free(&connection->out);
	connection->server->n_connections--;
	free(connection);
}

/* Lets go of a connection that broke once no exchange needs it. */
static void
close_if_broken(Connection *connection)
{
	if (connection->broken && connection->current == NULL && connection->n_exchanges == 0)
		close_connection(connection);
}

/* Reads; 0 if there is nothing now, -1 at the end. */
static ssize_t
read_some(Connection *connection, char *buf)
{
	ssize_t		n;
	int			code;

	if (connection->ssl == NULL)
	{
		n = read(connection->fd, buf, READ_BYTES);
		return n > 0 ? n : n < 0 && errno == EAGAIN ? 0 : -1;
	}
	ERR_clear_error();
	n = SSL_read(connection->ssl, buf, READ_BYTES);
	if (n > 0)
		return n;
	code = SSL_get_error(connection->ssl, (int) n);
	return code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static ssize_t
write_some(Connection *connection, const char *data, size_t len)
{
	ssize_t		n;
	int			code;

	if (connection->ssl == NULL)
	{
		n = send(connection->fd, data, len, MSG_NOSIGNAL);
		return n > 0 ? n : n < 0 && errno == EAGAIN ? 0 : -1;
	}
	ERR_clear_error();
	n = SSL_write(connection->ssl, data, (int) len);
	if (n > 0)
		return n;
	code = SSL_get_error(connection->ssl, (int) n);
	return code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static void
watch_out(Connection *connection, bool wanted)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};

	if (wanted == connection->watching_out)
		return;
	event.events |= wanted ? EPOLLOUT : 0;
	epoll_ctl(connection->server->epoll_fd, EPOLL_CTL_MOD, connection->fd, &event);
	connection->watching_out = wanted;
}

/* Writes as much as the socket takes. */
static void
write_out(Connection *connection)
{
	GhcBuffer  *out = &connection->out;

	for (;;)
	{
		ssize_t		n;

		if (connection->sent == out->len)
		{
			ghc_buffer_reset(out);
			connection->sent = 0;
			if (connection->h2 != NULL)
				http2_fill_out(connection);
			if (out->len == 0)
				break;
		}
		n = write_some(connection, out->data + connection->sent, out->len - connection->sent);
		if (n < 0)
			connection->broken = true;
		if (n <= 0)
			break;
		connection->sent += (size_t) n;
	}
	if (!connection->broken)
		watch_out(connection, out->len > connection->sent);
}

/* The handshake may have agreed on HTTP/2. */
static void
look_at_handshake(Connection *connection)
{
	const unsigned char *name;
	unsigned int len;

	if (connection->ready || !SSL_is_init_finished(connection->ssl))
		return;
	connection->ready = true;
	SSL_get0_alpn_selected(connection->ssl, &name, &len);
	if (len == 2 && memcmp(name, "h2", 2) == 0)
		http2_begin(connection);
}

void
http_serve(Connection *connection)
{
	char		buf[READ_BYTES];
	ssize_t		n;

	while ((n = read_some(connection, buf)) > 0)
	{
		look_at_handshake(connection);
		if (connection->h2 != NULL)
			http2_take_in(connection, buf, (size_t) n);
		else
		{
			ghc_buffer_append(&connection->in, buf, (size_t) n);
			http1_take_in(connection);
		}
	}
	if (n < 0)
	{
		connection->broken = true;
		epoll_ctl(connection->server->epoll_fd, EPOLL_CTL_DEL, connection->fd, NULL);
	}
	else if (connection->ready)
		write_out(connection);
	close_if_broken(connection);
}

/* ---------------------------------------------------------------------------
 * exchanges
 * ---------------------------------------------------------------------------
 */

Exchange *
http_begin_exchange(Connection *connection)
{
	Server	   *server = connection->server;
	Exchange   *exchange = server->idle;
	GhcBuffer	request;
	Joiner		reply;

	if (exchange == NULL)
		exchange = calloc(1, sizeof(Exchange));
	else
		server->idle = exchange->next;
	if (exchange == NULL)
		errx(1, "out of memory");
	request = exchange->request;
	reply = exchange->reply;
	memset(exchange, 0, sizeof(*exchange));
	exchange->request = request;
	exchange->reply = reply;
	exchange->connection = connection;
	ghc_buffer_reset(&exchange->request);
	connection->n_exchanges++;
	if (++server->n_waiting > server->max_waiting)
		server->max_waiting = server->n_waiting;
	return exchange;
}

void
http_end_exchange(Exchange *exchange)
{
	Server	   *server = exchange->connection->server;

	exchange->connection->n_exchanges--;
	server->n_waiting--;
	exchange->next = server->idle;
	server->idle = exchange;
}

void
http_read_header(Exchange *exchange, GhcSlice name, GhcSlice value)
{
	if (name.len == 15 && strncasecmp(name.data, "accept-encoding", 15) == 0)
		exchange->takes_gzip = memmem(value.data, value.len, "gzip", 4) != NULL;
	else if (name.len == 13 && strncasecmp(name.data, "authorization", 13) == 0 && value.len > 0)
	{
		/* tokens end with a number, their user's */
		size_t		digits = 0;

		while (digits < value.len && digits < 4 && value.data[value.len - 1 - digits] >= '0' &&
			   value.data[value.len - 1 - digits] <= '9')
			digits++;
		exchange->viewer = digits > 0 ? atoi(value.data + value.len - digits) : 0;
	}
}

/* The number after "name=" in a path; what it is otherwise. */
static double
number_in(const char *path, const char *name, double otherwise)
{
	const char *at = strstr(path, name);

	return at != NULL && at[strlen(name)] == '=' ? atof(at + strlen(name) + 1) : otherwise;
}

static void
put_counters(Server *server, GhcBuffer *out)
{
	const Counters *counters = &server->counters;

	ghc_buffer_printf(out, "{\"requests\":%lu,\"pages\":%lu,\"composed\":%lu,\"rows\":%lu,\"counts\":%lu,"
					  "\"body_bytes\":%lu,\"not_understood\":%lu,\"seconds\":%.6f,"
					  "\"connections\":%d,\"max_connections\":%d,\"max_waiting\":%d}\n",
					  counters->requests, counters->pages, counters->composed, counters->rows, counters->counts,
					  counters->body_bytes, counters->not_understood,
					  (double) (counters->last_ns - counters->first_ns) / NS_PER_S,
					  server->n_connections, server->max_connections, server->max_waiting);
}

/*
 * The server's own paths: /_bench/pages, /_bench/counters, and
 * /_bench/settings?latency_ms=…&generation=…, which sets counters to zero.
 */
static int
answer_own(Server *server, const char *path, Joiner *reply)
{
	GhcBuffer	text = {0};

	if (strcmp(path, "/_bench/pages") == 0)
		answer_list_pages(&server->library.world, &text);
	else if (strncmp(path, "/_bench/settings", 16) == 0)
	{
		server->latency_ns = (int64_t) (number_in(path, "latency_ms", 0) * 1e6);
		server->generation = (int) number_in(path, "generation", 0);
		server->generation = server->generation > 0 && server->library.generations > 1;
		server->counters = (Counters) {0};
		server->max_connections = server->n_connections;
		server->max_waiting = server->n_waiting;
		ghc_buffer_puts(&text, "{}\n");
	}
	else if (strcmp(path, "/_bench/counters") == 0)
		put_counters(server, &text);
	else
		return 404;
	joiner_put_text(reply, text.data, text.len);
	ghc_buffer_free(&text);
	return 200;
}

static void
send_reply(Exchange *exchange)
{
	Connection *connection = exchange->connection;

	if (connection->h2 != NULL)
		http2_send(exchange);
	else
		http1_send(exchange);
}

void
http_answer(Exchange *exchange)
{
	Server	   *server = exchange->connection->server;
	Counters   *counters = &server->counters;
	GhcSlice	body = {exchange->request.data, exchange->request.len};
	int64_t		now_ns = http_now_ns();

	joiner_begin(&exchange->reply, exchange->takes_gzip);
	if (strcmp(exchange->path, "/graphql") != 0)
	{
		exchange->status = answer_own(server, exchange->path, &exchange->reply);
		joiner_end(&exchange->reply);
		send_reply(exchange);
		return;
	}
	exchange->status = answer_graphql(&server->library, server->generation, body,
									  exchange->viewer, &server->scratch, counters, &exchange->reply);
	joiner_end(&exchange->reply);
	if (counters->requests++ == 0)
		counters->first_ns = now_ns;
	counters->last_ns = now_ns;
	counters->body_bytes += exchange->reply.body.len;
	if (server->latency_ns == 0)
	{
		send_reply(exchange);
		return;
	}
	exchange->due_ns = now_ns + server->latency_ns;
	exchange->next = NULL;
	if (server->first == NULL)
		server->first = exchange;
	else
		server->last->next = exchange;
	server->last = exchange;
}

int64_t
http_send_due(Server *server)
{
	while (server->first != NULL)
	{
		Exchange   *exchange = server->first;
		Connection *connection = exchange->connection;
		int64_t		left_ns = exchange->due_ns - http_now_ns();

		if (left_ns > 0)
			return left_ns;
		server->first = exchange->next;
		if (exchange->closed || connection->broken)
		{
			connection->current = NULL;
			http_end_exchange(exchange);
		}
		else
		{
			send_reply(exchange);
			write_out(connection);
		}
		close_if_broken(connection);
	}
	return -1;
}
