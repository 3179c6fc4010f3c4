/*-------------------------------------------------------------------------
 *
 * http.h
 *	  Connections of the page server, HTTP/1.1 and HTTP/2, TLS or not.
 *
 * One thread, one epoll set.  An exchange is a request and its reply; with a
 * latency, replies wait in a queue until they are due.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BENCH_HTTP_H
#define BENCH_HTTP_H

#include <openssl/ssl.h>

#include "answer.h"

struct nghttp2_session;

typedef struct Server
{
	Library		library;
	SSL_CTX    *tls;
	int			epoll_fd;
	int			generation;
	int64_t		latency_ns;
	Scratch		scratch;
	Counters	counters;
	int			n_connections;
	int			max_connections;
	int			n_waiting;		/* exchanges that were not answered yet */
	int			max_waiting;
	struct Exchange *first;		/* those that wait for their time */
	struct Exchange *last;
	struct Exchange *idle;		/* ready to be used again */
} Server;

typedef struct Connection
{
	Server	   *server;
	int			fd;
	SSL		   *ssl;			/* NULL: plain */
	bool		broken;			/* to be closed as soon as nobody holds it */
	bool		watching_out;
	bool		ready;			/* the handshake is over */
	int			n_exchanges;	/* that point here */
	GhcBuffer	in;				/* HTTP/1.1: what was read and not used yet */
	GhcBuffer	out;
	size_t		sent;			/* of out */
	struct nghttp2_session *h2;	/* NULL: HTTP/1.1 */
	struct Exchange *current;	/* HTTP/1.1: the one under way */
} Connection;

typedef struct Exchange
{
	Connection *connection;
	struct Exchange *next;
	int32_t		stream_id;		/* HTTP/2 */
	bool		closed;			/* HTTP/2: the stream is gone */
	char		path[256];
	bool		takes_gzip;
	int			viewer;
	GhcBuffer	request;
	int			status;
	Joiner		reply;
	size_t		sent;			/* HTTP/2: of the reply's body */
	int64_t		due_ns;
} Exchange;

typedef struct HeaderLine
{
	const char *name;
	const char *value;
} HeaderLine;

/* what every reply has; GitHub's own, so that clients read as much */
#define N_HEADERS 18
extern const HeaderLine http_headers[N_HEADERS];

extern int64_t http_now_ns(void);

/* A new exchange of a connection, and its end. */
extern Exchange *http_begin_exchange(Connection *connection);
extern void http_end_exchange(Exchange *exchange);

/* Notes what a header of the request says. */
extern void http_read_header(Exchange *exchange, GhcSlice name, GhcSlice value);

/* The request is complete: answers it, now or when it is due. */
extern void http_answer(Exchange *exchange);

/* Sends the replies that are due; how long until the next, or -1. */
extern int64_t http_send_due(Server *server);

/* Takes a connection in, and what the set says of it. */
extern void http_accept(Server *server, int fd, bool tls);
extern void http_serve(Connection *connection);

/* HTTP/1.1: makes requests of what was read; sends a reply. */
extern void http1_take_in(Connection *connection);
extern void http1_send(Exchange *exchange);

/* HTTP/2: begins; takes in what was read; sends a reply; fills "out". */
extern void http2_begin(Connection *connection);
extern void http2_take_in(Connection *connection, const char *data, size_t len);
extern void http2_send(Exchange *exchange);
extern void http2_fill_out(Connection *connection);
extern void http2_end(Connection *connection);

#endif							/* BENCH_HTTP_H */
