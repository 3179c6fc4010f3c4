/*-------------------------------------------------------------------------
 *
 * sources.h
 *	  Looks at public events: when the next may be, and what the last one found.
 *
 * All looks are one crawl, which is run again for each of them: there may be one a minute.
 *
 * Everything here runs as the extension's owner, between ghc_db_enter and
 * ghc_db_leave or in a transaction of a worker, and throws on errors of the database.
 *
 * IDENTIFICATION
 *	  src/store/sources.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_SOURCES_H
#define GHC_SOURCES_H

#include "utils/timestamp.h"

/* the query of the crawl, and the kind of its task */
#define GHC_SOURCES_QUERY "(events)"
#define GHC_SOURCES_KIND "events"

typedef struct GhcSource
{
	int64		crawl_id;		/* 0: there was none yet */
	int64		known;			/* the greatest id of an event; 0: none was seen */
	char	   *etag;			/* empty: none */
	int			token_id;		/* that it is good for */
	TimestampTz next_at;		/* GitHub doesn't want to be asked before */
} GhcSource;

/* what a look found */
typedef struct GhcSourceNews
{
	bool		answered;		/* GitHub did */
	bool		not_modified;	/* there was nothing new */
	bool		torn;			/* some were missed */
	int64		known;
	const char *etag;
	int			token_id;
	int64		poll_s;			/* -1: not told */
	TimestampTz polled_at;
	int64		events;
	int64		hinted;
} GhcSourceNews;

/*
 * If the next look in a data schema may be made at a moment, and none is under way: where they
 * stand, locked until the transaction's end.  False otherwise, and nothing is locked: a worker
 * that writes down what it found would wait for us.
 */
extern bool ghc_sources_lock(const char *schema, TimestampTz at, GhcSource *source);

/*
 * Gives an ended crawl, which the caller has locked, or a new one another look, not to be made
 * before next_at.
 */
extern void ghc_sources_open(const char *schema, const GhcSource *source);

/* Notes what a look found. */
extern void ghc_sources_note(const char *schema, const GhcSourceNews *news);

#endif							/* GHC_SOURCES_H */
