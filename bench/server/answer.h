/*-------------------------------------------------------------------------
 *
 * answer.h
 *	  Reads a request's body and makes the reply.
 *
 * This is no GraphQL server: it looks for searches in the text of a query, as
 * ghcrawl and the peers write them, and answers with what the world holds.
 * Of a search's qualifiers it knows "created" only.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BENCH_ANSWER_H
#define BENCH_ANSWER_H

#include "pages.h"

/* what was answered since the counters were last set to zero */
typedef struct Counters
{
	uint64_t	requests;
	uint64_t	pages;			/* of searches, and of them ... */
	uint64_t	composed;		/* ... those that weren't made ahead */
	uint64_t	rows;
	uint64_t	counts;			/* searches that were only counted */
	uint64_t	body_bytes;		/* as sent, without headers */
	uint64_t	not_understood;
	int64_t		first_ns;		/* when the first request came */
	int64_t		last_ns;		/* and the last */
} Counters;

/* memory that is used from request to request */
typedef struct Scratch
{
	GhcBuffer	document;
	GhcBuffer	variables[2];
	GhcBuffer	text;
} Scratch;

/*
 * Answers a GraphQL request; "viewer" is whose token it has.  Returns the
 * status.
 */
extern int	answer_graphql(const Library *library, int generation, GhcSlice body,
						   int viewer, Scratch *scratch, Counters *counters,
						   Joiner *out);

/*
 * Appends the requests of a crawl that knows where everything is: a line for
 * each page, the search and the cursor with a tab between them.
 */
extern void answer_list_pages(const World *world, GhcBuffer *out);

#endif							/* BENCH_ANSWER_H */
