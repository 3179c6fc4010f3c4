/*-------------------------------------------------------------------------
 *
 * members.h
 *	  Some members of a range, as the text that a task is stored as.
 *
 * The text is "ids:", their numbers with commas between them, and the range as
 * a search: "ids:7,19 stars:0..10 created:2020-01-01T00:00:00Z..2020-02-01T23:59:59Z".
 * Repositories that are in no range of a search are "ids:7,19" alone.  It is for
 * people to read, too.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/members.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_MEMBERS_H
#define GHC_MEMBERS_H

#include "github/range.h"
#include "github/reply.h"

typedef struct GhcMembers
{
	int			n;
	int64_t		ids[GHC_MAX_MEMBERS];
	GhcRange	range;
} GhcMembers;

/* Appends the text; memory that runs out shows in the buffer. */
extern void ghc_members_format(const GhcMembers *members, GhcBuffer *out);

/* Reads the text back; false if it is no such text. */
extern bool ghc_members_parse(GhcSlice text, GhcMembers *members);

#endif							/* GHC_MEMBERS_H */
