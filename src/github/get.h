/*-------------------------------------------------------------------------
 *
 * get.h
 *	  One GET of the REST API: what is asked, and what came.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/get.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_GET_H
#define GHC_GET_H

#include "base/buffer.h"

typedef struct GhcGet
{
	GhcBuffer	path;			/* below the API's REST root, with its parameters */
	GhcBuffer	etag;			/* of an earlier answer to the same token, or empty */
} GhcGet;

/*
 * What came.  A judgement of GHC_VERDICT_OK says that GitHub has answered, be it
 * that there is no such thing: the status tells.
 */
typedef struct GhcGot
{
	int			status;			/* of HTTP: 200, 304, 301, 404, 451 … */
	bool		has_next;		/* of a list: there is a further page */
	int64_t		poll_s;			/* of events: not to be asked for again before; -1: not told */
	int			token_id;		/* by which it was asked; the ETag is good for no other */
	const char *etag;			/* empty: none; like the next, gone with the flight */
	const char *location;		/* of a redirect: where to, without parameters */
	char	   *body;			/* may be changed by who reads it; never NULL */
	size_t		len;
} GhcGot;

#endif							/* GHC_GET_H */
