/*-------------------------------------------------------------------------
 *
 * classify.h
 *	  Judges a reply: what happened, who must wait and how long.
 *
 * One function knows every class of github-api.md 2.3 to 2.5, 4.2 and 4.3.  The
 * body counts before the status, because GitHub refuses with status 200 as
 * well; headers are advisory.  The classifier says what GitHub asked for;
 * growing back-off is the caller's, by ghc_backoff_ms.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/classify.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_CLASSIFY_H
#define GHC_CLASSIFY_H

#include "github/reply.h"

/* what the transport says; the caller maps libcurl's codes to these */
typedef enum GhcTransport
{
	GHC_TRANSPORT_OK,			/* a whole HTTP response arrived */
	GHC_TRANSPORT_REFUSED,		/* no connection: DNS, refused, proxy */
	GHC_TRANSPORT_TLS,			/* certificate or handshake */
	GHC_TRANSPORT_TIMEOUT,
	GHC_TRANSPORT_BROKEN,		/* reset, truncated, bad encoding */
	GHC_TRANSPORT_TOO_LARGE,	/* over ghcrawl.max_response_size */
	GHC_TRANSPORT_OTHER,
} GhcTransport;

/* headers of a response that matter; -1 or empty where absent */
typedef struct GhcHeaders
{
	int			retry_after_s;
	int64_t		limit;
	int64_t		remaining;
	int64_t		used;
	int64_t		reset_at;		/* seconds since 1970 */
	int64_t		date;			/* the server's clock, seconds since 1970 */
	bool		has_next;		/* of a list: there is a further page */
	int64_t		poll_s;			/* of events: not to be asked for again before */
	char		resource[24];
	char		etag[128];
	char		request_id[64];
	char		location[256];
} GhcHeaders;

/* Marks all headers as absent. */
extern void ghc_headers_init(GhcHeaders *headers);

/*
 * Reads one header line, with or without its line end; names in any case,
 * values out of bounds ignored.  A status line resets everything, so that of
 * several responses (redirects, 100-continue) the last one counts.
 */
extern void ghc_headers_add(GhcHeaders *headers, GhcSlice line);

/* The same for all lines of a transfer. */
extern void ghc_headers_read(GhcHeaders *headers, GhcSlice lines);

typedef enum GhcVerdict
{
	GHC_VERDICT_OK,				/* every part is whole */
	GHC_VERDICT_PARTIAL,		/* some parts or members are missing */
	GHC_VERDICT_EXHAUSTED,		/* primary limit; wait for the reset */
	GHC_VERDICT_SECONDARY,		/* secondary limit; wait retry_after_s */
	GHC_VERDICT_BAD_TOKEN,		/* 401: the token is of no more use */
	GHC_VERDICT_FORBIDDEN,		/* refused for this token, not a limit */
	GHC_VERDICT_TOO_SLOW,		/* time-out at GitHub: ask for less */
	GHC_VERDICT_TOO_MUCH,		/* resource limits: ask for less, not again */
	GHC_VERDICT_SERVER,			/* 5xx and such: again, later */
	GHC_VERDICT_NETWORK,		/* no or half a response: again, later */
	GHC_VERDICT_GARBAGE,		/* a whole response that makes no sense */
	GHC_VERDICT_BAD_QUERY,		/* GitHub refuses the query: our fault */
	GHC_VERDICT_NOT_FOUND,		/* no API there: wrong ghcrawl.api_url */
} GhcVerdict;

typedef struct GhcJudgement
{
	GhcVerdict	verdict;
	int64_t		wait_s;			/* how long GitHub asked to wait; -1: it did
								 * not say */
	char		reason[192];	/* one line for people: no secrets, no body
								 * text but GitHub's own message */
} GhcJudgement;

/*
 * Judges.  "now" is the caller's clock in seconds since 1970, used for
 * turning a reset into a wait (by the server's Date where there is one).
 * reply may be NULL where no body was read.
 */
extern void ghc_classify(GhcJudgement *out, GhcTransport transport, int status,
						 const GhcHeaders *headers, const GhcReply *reply,
						 int64_t now);

/*
 * The same for a GET of the REST API.  GHC_VERDICT_OK says that GitHub has
 * answered, be it that the thing asked for is elsewhere, gone, blocked or hidden:
 * status and body tell.  reply has the body's message, and is NULL where no body
 * was read.
 */
extern void ghc_classify_get(GhcJudgement *out, GhcTransport transport,
							 int status, const GhcHeaders *headers,
							 const GhcReply *reply, int64_t now);

/* A lower-case word for a verdict, for tables and views ("secondary"). */
extern const char *ghc_verdict_name(GhcVerdict verdict);

/*
 * Exponential back-off: base, doubled at each attempt (from 1), capped, with
 * jitter of +-25 % taken from "random" (any 32 bits).
 */
extern int64_t ghc_backoff_ms(int attempt, int64_t base_ms, int64_t cap_ms,
							  uint32_t random);

#endif							/* GHC_CLASSIFY_H */
