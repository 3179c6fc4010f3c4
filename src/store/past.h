/*-------------------------------------------------------------------------
 *
 * past.h
 *	  How repositories were: the statements that work it out from the history.
 *
 * IDENTIFICATION
 *	  src/store/past.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_PAST_H
#define GHC_PAST_H

#include "lib/stringinfo.h"
#include "utils/timestamp.h"

/* Add the statements that make views rising and falling, in a quoted schema. */
extern void ghc_past_compose_rising(StringInfo sql, const char *schema);
extern void ghc_past_compose_falling(StringInfo sql, const char *schema);

/*
 * The statements behind ghcrawl_stars (of an id (b), from day (z) to day (z), at midnight UTC, or null),
 * ghcrawl_at (moment (z)) and ghcrawl_star_changes (since (z), until (z) or null), in a quoted schema; the
 * columns are those of the functions.  palloc'd.
 */
extern char *ghc_past_stars(const char *schema);
extern char *ghc_past_at(const char *schema);
extern char *ghc_past_changes(const char *schema);

/*
 * Throws if the history doesn't reach back to a moment: if the tables were made later,
 * or months of it were dropped.  Connected to SPI, in anybody's name.
 */
extern void ghc_past_require(const char *schema, TimestampTz moment);

#endif							/* GHC_PAST_H */
