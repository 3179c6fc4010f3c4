/*-------------------------------------------------------------------------
 *
 * star_history.h
 *	  Table repository_star_history: when stars were given, as GitHub tells.
 *
 * A row for each repository whose history was read, with a number for each day:
 * few days of most repositories have any, so that such a row packs well, and a row for each week
 * would be mostly row.
 *
 * IDENTIFICATION
 *	  src/store/star_history.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_STAR_HISTORY_H
#define GHC_STAR_HISTORY_H

#include "lib/stringinfo.h"
#include "utils/timestamp.h"

#include "github/star_weeks.h"

#define GHC_STAR_HISTORY_TABLE "repository_star_history"

/* Adds the statements that make the table and its view, in a quoted schema. */
extern void ghc_star_history_compose(StringInfo sql, const char *schema);

/* what was read of a repository */
typedef struct GhcStarHistory
{
	int64		repo_id;
	bool		whole;			/* and not only what follows the weeks that are known */
	TimestampTz read_at;
	const GhcStarWeek *weeks;
	int			n;
} GhcStarHistory;

/*
 * What is known of repositories, as rows of (repo_id, is it stored, the beginning of the last
 * week that was over for a day when it was read, or null; always null if all is to be read
 * again), by ascending ids.  Between ghc_db_enter and ghc_db_leave; the schema's tables are
 * complete.  Returns how many rows.
 */
extern uint64 ghc_star_history_known(const char *schema, Datum ids, bool again);

/*
 * The ids behind names in lower case, as rows of (name, repo_id or null); a name
 * that nobody has stands for who had it last.  Likewise.
 */
extern uint64 ghc_star_history_named(const char *schema, Datum names);

/*
 * Stores it, if its repository is stored.  Between ghc_db_begin and ghc_db_commit;
 * does nothing where the table is missing.  Throws on errors of the database.
 */
extern void ghc_star_history_write(const char *schema,
								   const GhcStarHistory *history);

#endif							/* GHC_STAR_HISTORY_H */
