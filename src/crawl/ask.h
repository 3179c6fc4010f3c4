/*-------------------------------------------------------------------------
 *
 * ask.h
 *	  Asking GitHub something on behalf of a session that waits.
 *
 * A user's backend never speaks to the network, and what it writes can be
 * seen by nobody before it commits.  So it starts a process, the asker
 * (asker.c), which writes the question for the workers in a transaction of its
 * own, waits for the answer, and hands it over through shared memory.
 *
 * IDENTIFICATION
 *	  src/crawl/ask.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_ASK_H
#define GHC_ASK_H

typedef enum GhcAskKind
{
	GHC_ASK_PLAN,
	GHC_ASK_VERIFY,
	GHC_ASK_ARCHIVE,			/* nothing of GitHub: hours of an archive, or ... */
	GHC_ASK_FILE,				/* a file of one */
} GhcAskKind;

/* columns of an answer's rows at most */
#define GHC_ASK_COLUMNS 8

/* what is asked; strings that a kind doesn't need are empty */
typedef struct GhcAsk
{
	GhcAskKind	kind;
	const char *api_url;
	const char *profile;
	const char *root;			/* range of the whole selection; where the archive is */
	int64		position;		/* of its task */

	/* of an archive */
	const char *schema;			/* that has the data */
	int64		from;			/* the first and last hour, in seconds since 1970; */
	int64		to;				/* of a file its hour, or -1 */
	bool		again;			/* hours that were read are read again */
} GhcAsk;

/* the same in shared memory, before the strings and the queue */
typedef struct GhcAskSegment
{
	Oid			database;
	int			caller_pid;
	GhcAskKind	kind;
	int64		position;
	int64		from;
	int64		to;
	bool		again;
	Size		schema_at;
	Size		api_url_at;
	Size		profile_at;
	Size		root_at;
	Size		queue_at;
} GhcAskSegment;

/*
 * What comes through the queue: one of these letters; then fields, each 'n'
 * for null or 'v' and a text with its NUL.
 */
#define GHC_ASK_WAITING 'w'		/* no field: it is still being waited for */
#define GHC_ASK_ROW 'r'			/* a row of the answer */
#define GHC_ASK_ERROR 'e'		/* SQLSTATE, message, detail, hint */
#define GHC_ASK_END 'z'			/* no field: there are no more rows */

/*
 * Asks, and waits for the answer, interruptibly; calls "row" for each row,
 * whose values are NULL for null and good until it returns.  Throws what the
 * asker threw.  For SQL-callable functions on a primary server.
 */
extern void ghc_ask(const GhcAsk *ask,
					void (*row) (void *state, char **values), void *state);

#endif							/* GHC_ASK_H */
