/*-------------------------------------------------------------------------
 *
 * event.h
 *	  Public events: what one says of its repository.
 *
 * GitHub tells of them at /events, GH Archive keeps them by the hour, one to a
 * line.  Both lose many, and neither is ever told of a star that was taken back, a
 * rename or a removal: an event is a hint that something changed, no more.
 *
 * Pure: no SPI, no curl, no clock, no allocation.  The JSON is read in place.
 *
 * IDENTIFICATION
 *	  src/github/event.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_EVENT_H
#define GHC_EVENT_H

#include "base/slice.h"

typedef struct GhcEvent
{
	int64_t		id;				/* of the event; 0: it has none */
	int64_t		repo_id;		/* 0: it is about no repository, or doesn't say which */
	bool		is_star;		/* it got a star */
	int64_t		at;				/* seconds since 1970; 0: not told, or not as we can read it */
} GhcEvent;

/*
 * Reads one event: of the form since 2015 ("repo"), or the one before
 * ("repository").  False if it is no event at all.
 */
extern bool ghc_event_read(GhcEvent *event, char *json, size_t len);

/*
 * Reads a page of events, "max" at most; returns how many there are, -1 if it is no
 * such list.
 */
extern int	ghc_event_read_page(GhcEvent *events, int max, char *json, size_t len);

/*
 * Seconds since 1970 of the hour that an archive's file is of, by its name
 * without folders: YYYY-MM-DD-H.json.gz, or what comes before the first point of
 * it.  -1: it isn't called so.
 */
extern int64_t ghc_event_file_hour(const char *name);

#endif							/* GHC_EVENT_H */
