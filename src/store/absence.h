/*-------------------------------------------------------------------------
 *
 * absence.h
 *	  Repositories that GitHub doesn't know any more, and that come back.
 *
 * Between ghc_db_begin and ghc_db_commit; throws on errors of the database.
 * Data tables that were made before table repository_absence was thought of
 * do without it.
 *
 * IDENTIFICATION
 *	  src/store/absence.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_ABSENCE_H
#define GHC_ABSENCE_H

#include "lib/stringinfo.h"
#include "store/sql.h"
#include "utils/timestamp.h"

/*
 * Add the statements that make the table, in a quoted schema, and those that add
 * the columns it didn't always have.
 */
extern void ghc_absence_compose(StringInfo sql, const char *schema);
extern void ghc_absence_extend(StringInfo sql, const char *schema);

/*
 * Writes down that n repositories, asked for by id at that moment, were not
 * found; of one that was missed before the first moment stays.  Gives those of which the
 * REST API is to be asked why (ghcrawl.absence_stars), and never was, palloc'd, and
 * returns how many: none if the table has no room for the answer.
 */
extern int	ghc_absence_write(const char *schema, GhcFieldSet fields,
							  const int64 *ids, int n, TimestampTz asked_at,
							  int64 **unasked);

/* what the REST API says of an absent repository */
typedef struct GhcAbsenceNews
{
	int64		repo_id;
	const char *reason;			/* NULL: nothing */
	TimestampTz blocked_at;		/* DT_NOBEGIN: not told */
	const char *notice;			/* empty: none */
	TimestampTz asked_at;
} GhcAbsenceNews;

/* Writes that down, should it still be absent. */
extern void ghc_absence_explain(const char *schema, GhcFieldSet fields,
								const GhcAbsenceNews *news);

/*
 * Strikes out n repositories, ids ascending, that were seen at these moments, as long as they
 * were not missed later.  Runs as the owner of the tables; where nobody is
 * missed it costs next to nothing and writes nothing.
 */
extern void ghc_absence_strike(GhcStoreSql *sql, Oid owner, const int64 *ids,
							   const TimestampTz *seen_at, int n);

#endif							/* GHC_ABSENCE_H */
