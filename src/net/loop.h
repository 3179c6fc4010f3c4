/*-------------------------------------------------------------------------
 *
 * loop.h
 *	  Runs many HTTP transfers at once inside one background worker.
 *
 * See loop.c for how libcurl and a WaitEventSet meet.  Knows HTTP, not
 * GitHub: requests are a method, an address, headers and a body; results
 * are a code, a status, header lines and a body.
 *
 * IDENTIFICATION
 *	  src/net/loop.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_NET_LOOP_H
#define GHC_NET_LOOP_H

#include "base/buffer.h"

typedef struct GhcNetLoop GhcNetLoop;

/* how a transfer ended */
typedef enum GhcNetResult
{
	GHC_NET_OK,					/* a whole response arrived */
	GHC_NET_REFUSED,			/* no connection: DNS, refused, proxy */
	GHC_NET_TLS,				/* certificate or handshake */
	GHC_NET_TIMEOUT,
	GHC_NET_BROKEN,				/* reset, truncated, bad encoding */
	GHC_NET_TOO_LARGE,			/* over the loop's limit */
	GHC_NET_OTHER,
} GhcNetResult;

/* settings of a loop; text is copied */
typedef struct GhcNetConfig
{
	const char *user_agent;
	const char *ca_file;		/* NULL: the system's */
	const char *proxy;			/* NULL: none; the environment is never read */
	int			connect_timeout_ms;
	int			request_timeout_ms;
	int			max_connections;
	size_t		max_response_bytes; /* after decompression */
} GhcNetConfig;

/*
 * One transfer.  The loop owns the structure and its buffers; a caller gets
 * one from ghc_net_begin, fills the request, sends it, and gives it back by
 * ghc_net_release after it was returned by ghc_net_next_done.
 */
typedef struct GhcTransfer
{
	/* the request, the caller's */
	GhcBuffer	url;
	GhcBuffer	authorization;	/* whole value, e.g. "Bearer …"; wiped after */
	GhcBuffer	request_body;	/* empty: GET; otherwise a POST of JSON */
	const char *const *lines;	/* header lines in place of "Accept:
								 * application/json", up to a NULL; static */
	GhcBuffer	line;			/* one more header line, or empty */
	void	   *owner;			/* the caller's own */
	bool		streams;		/* no time-out; its body is taken as it comes, packed as it is */

	/* the response, the loop's */
	GhcNetResult result;
	int			status;
	GhcBuffer	headers;		/* lines as they came, all responses */
	GhcBuffer	body;
	char		error[256];		/* libcurl's words: no secrets, may be empty */
	int64_t		took_ms;		/* from sending to the last byte */
	int64_t		wire_bytes;		/* body as it came over the wire */

	/* private */
	void	   *easy;
	struct GhcTransfer *next;
} GhcTransfer;

/*
 * Makes the loop of this process, which lives until the process ends.  Once
 * per worker, outside of any transaction, after signals are unblocked.
 * ereports (ERROR) if libcurl can't be used safely here, or no descriptors are
 * left.
 */
extern GhcNetLoop *ghc_net_create(const GhcNetConfig *config);

/* Takes over changed settings; transfers under way keep theirs. */
extern void ghc_net_configure(GhcNetLoop *loop, const GhcNetConfig *config);

/* An empty transfer with buffers from earlier ones.  ereports if out of memory. */
extern GhcTransfer *ghc_net_begin(GhcNetLoop *loop);

/* Sends it.  ereports if libcurl refuses, which is a bug or out of memory. */
extern void ghc_net_send(GhcNetLoop *loop, GhcTransfer *transfer);

/* How many transfers are under way (sent, not yet returned as done). */
extern int	ghc_net_in_flight(const GhcNetLoop *loop);

/*
 * Waits until something happened: a transfer got on, the latch was set, or
 * timeout_ms (-1: none) passed; drives libcurl; resets the latch and returns
 * true if it was set.  A transfer that streams and has got some of its body, and then
 * its status, makes it return as well: the caller empties that buffer.  Must be called outside of a transaction; the caller
 * does CHECK_FOR_INTERRUPTS at the head of its turn.
 */
extern bool ghc_net_wait(GhcNetLoop *loop, long timeout_ms, uint32_t wait_event);

/* The next finished transfer, or NULL. */
extern GhcTransfer *ghc_net_next_done(GhcNetLoop *loop);

/* Gives a transfer back; its buffers are emptied, secrets wiped. */
extern void ghc_net_release(GhcNetLoop *loop, GhcTransfer *transfer);

#endif							/* GHC_NET_LOOP_H */
