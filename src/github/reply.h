/*-------------------------------------------------------------------------
 *
 * reply.h
 *	  Reads a GraphQL reply into repositories, counts and errors.
 *
 * A query carries one or more aliases: "p0", "p1", … each a search that
 * reads a page, "c0", "c1", … each a search that only counts, and "n0", "n1", …
 * each a list of repositories by id.  A list by name has an alias for each of its
 * members: "n0_0", "n0_1", ….  The reply holds a part for each; failure is per
 * part.  Besides these only
 * "rateLimit" and "viewer" are asked for.
 *
 * Repositories are values beside the field table: a value is null, absent
 * (not asked or refused) or set.  A value of the wrong type, out of its
 * column's bounds or with replaced characters is noted on the repository and
 * costs that value only; a repository without an id is dropped and counted.
 *
 * Pure: no SPI, no curl, no clock.  Slices point into the body, which is
 * changed; arrays live in the arena.
 *
 * IDENTIFICATION
 *	  src/github/reply.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_REPLY_H
#define GHC_REPLY_H

#include "base/arena.h"
#include "github/fields.h"

/* the most parts in one query, pages, counts and lists each */
#define GHC_MAX_PAGES 10
#define GHC_MAX_COUNTS 64
#define GHC_MAX_LISTS 10

/* ids that GitHub looks up at once */
#define GHC_MAX_MEMBERS 100

/* a page of so many repositories is read, if nobody asked for more than 100 */
#define GHC_MAX_PAGE_ROWS 1000

/*
 * What GitHub counts is far below these.  Greater numbers are as good as
 * none: sums of them would leave their type, or their column's.
 */
#define GHC_MAX_COUNT INT64_C(1000000000000)
#define GHC_MAX_POINTS INT64_C(1000000000)

typedef struct GhcArray
{
	int			n;
	GhcSlice   *names;			/* for GHC_TYPE_TEXT_ARRAY */
	int64_t    *numbers;		/* for GHC_TYPE_INT8_ARRAY */
} GhcArray;

typedef union GhcValue
{
	int64_t		number;			/* integers, moments, booleans */
	GhcSlice	text;			/* text, json */
	GhcArray   *array;
} GhcValue;

typedef struct GhcRepository
{
	int64_t		repo_id;		/* also in value[GHC_FIELD_REPO_ID] */
	GhcFieldSet set;			/* fields with a value */
	GhcFieldSet null;			/* fields that GitHub says are null */
	GhcFieldSet noted;			/* fields whose value was mended or refused */
	GhcValue	value[GHC_FIELD_COUNT];
} GhcRepository;

/*
 * Can the repository be stored?  A row needs a name; without one, the
 * repository counts as not seen, so that it is asked for again.
 */
static inline bool
ghc_repository_is_whole(const GhcRepository *repo)
{
	return (repo->set & GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER)) != 0;
}

typedef struct GhcPage
{
	bool		present;		/* the part is there and is no null */
	bool		complete;		/* count, pageInfo and nodes were all there */
	int64_t		count;			/* repositoryCount */
	bool		has_next;
	GhcSlice	end_cursor;		/* empty: null */
	int			n;				/* repositories */
	int			capacity;
	GhcRepository *repos;
	int			nulls;			/* null or empty members of nodes */
	int			dropped;		/* members without an id, or no objects */
} GhcPage;

/* repositories asked for by id or name, in the order of the question */
typedef struct GhcList
{
	bool		present;		/* the part is there and is an array; any member is */
	int			n_members;		/* more than GHC_MAX_MEMBERS are passed over */
	int			repo[GHC_MAX_MEMBERS];	/* index in found, -1: null or unreadable */
	GhcPage		found;			/* its repositories; the rest of it is empty */
} GhcList;

typedef struct GhcGraphError
{
	GhcSlice	type;			/* "NOT_FOUND"; empty where GitHub gave none */
	GhcSlice	message;
	int			page;			/* the part its path begins with, or -1 */
	int			count;			/* likewise */
	int			list;			/* likewise */
	int			member;			/* a path of just a list and this member of
								 * it, or -1 */
} GhcGraphError;

/* errors kept of one reply: all that is looked up may be gone; more are only counted */
#define GHC_MAX_ERRORS (GHC_MAX_LISTS * GHC_MAX_MEMBERS)

typedef struct GhcReply
{
	bool		is_json;		/* the body is one JSON object */
	bool		has_data;		/* it has "data" and that is no null */
	GhcSlice	message;		/* a REST-style "message" at the top */
	const char *scan_error;		/* why it is not JSON; static text */
	size_t		scan_error_at;

	/* rateLimit; -1 where it was null or absent */
	int64_t		cost;
	int64_t		limit;
	int64_t		remaining;
	int64_t		used;
	int64_t		reset_at;		/* seconds since 1970 */

	/* viewer; 0 and empty where it was null or absent */
	int64_t		viewer_id;
	GhcSlice	viewer_login;

	GhcPage		pages[GHC_MAX_PAGES];
	int64_t		counts[GHC_MAX_COUNTS]; /* -1: not there */
	GhcList		lists[GHC_MAX_LISTS];

	int			n_errors;		/* all of them */
	GhcGraphError errors[GHC_MAX_ERRORS];
	uint32_t	replaced;		/* characters replaced in the whole body */
} GhcReply;

/* Makes it say what an empty body says. */
extern void ghc_reply_clear(GhcReply *reply);

/*
 * Reads a body.  "extra" says that unknown members of a repository are
 * collected, as JSON objects, into GHC_FIELD_EXTRA; otherwise they are skipped.
 * Always fills *reply; if the body is not JSON, as if it had been empty.
 * Returns false only if memory ran out.
 */
extern bool ghc_reply_read(GhcReply *reply, char *body, size_t len,
						   bool extra, GhcArena *arena);

/*
 * Marks the parts that errors of a type are about as not there: what remains
 * is whole.
 */
extern void ghc_reply_strike(GhcReply *reply, GhcSlice type);

#endif							/* GHC_REPLY_H */
