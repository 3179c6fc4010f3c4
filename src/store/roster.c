/*-------------------------------------------------------------------------
 *
 * roster.c
 *	  Finding out which repositories there are to be kept fresh; see roster.h.
 *
 * IDENTIFICATION
 *	  src/store/roster.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "store/blocks.h"
#include "store/columns.h"
#include "store/db.h"
#include "store/looks.h"
#include "store/popular.h"
#include "store/roster.h"
#include "store/values.h"

/* rows of table repository that a run goes through */
#define PASS_ROWS 500000

/* rows that are taken in at once */
#define FETCH_ROWS 5000

/* ids from one, not included, to another */
typedef struct Span
{
	int64		after;
	int64		to;
	bool		last;
} Span;

static int64
load_passed(const char *schema)
{
	static GhcStatement load = {
		"SELECT passed_to FROM ghcrawl.refresh WHERE data_schema = $1", "n", NULL
	};
	NameData	name;
	Datum		values[] = {NameGetDatum(&name)};

	namestrcpy(&name, schema);
	return ghc_db_run(&load, values, NULL) > 0 ? ghc_db_get_int8(0, 1) : 0;
}

static void
save_passed(const char *schema, int64 passed_to)
{
	static GhcStatement save = {
		"UPDATE ghcrawl.refresh SET passed_to = $2 WHERE data_schema = $1", "nb", NULL
	};
	NameData	name;
	Datum		values[] = {NameGetDatum(&name), Int64GetDatum(passed_to)};

	namestrcpy(&name, schema);
	ghc_db_run(&save, values, NULL);
}

/* How far this run goes: whole blocks, or to the end of the table. */
static Span
choose_span(const char *quoted, int64 passed)
{
	Span		span = {passed, PG_INT64_MAX, true};
	int64		highest;

	ghc_db_run_text(psprintf("SELECT count(*), coalesce(max(repo_id), 0) FROM"
							 " (SELECT repo_id FROM %s.repository WHERE repo_id > " INT64_FORMAT
							 " ORDER BY repo_id LIMIT %d) r", quoted, passed, PASS_ROWS));
	if (ghc_db_get_int8(0, 1) < PASS_ROWS)
		return span;
	highest = ghc_db_get_int8(0, 2);
	span.to = (highest >> GHC_BLOCK_BITS << GHC_BLOCK_BITS) - 1;
	span.last = span.to <= passed;
	if (span.last)
		span.to = PG_INT64_MAX;
	return span;
}

/* Enters a row (repo_id, changed_at, stars, created_at, is_fork, looked_at, log_rate, doubt). */
static void
enter(GhcLooks *looks, uint64 row)
{
	bool		isnull;
	bool		is_new;
	TimestampTz changed_at = DatumGetTimestampTz(ghc_db_get(row, 2, &isnull));
	int32		stars = ghc_db_get_int4(row, 3);
	Datum		created_at = ghc_db_get(row, 4, &isnull);
	double		days = isnull ? 0 :
		ghc_looks_days(DatumGetInt32(created_at) * USECS_PER_SEC, changed_at);
	GhcChangeRate		rate = ghc_freshness_prior(stars, days);
	TimestampTz looked_at = changed_at;

	(void) ghc_db_get(row, 6, &is_new);
	if (!is_new)
	{
		looked_at = Max(changed_at, ghc_db_get_int4(row, 6) * USECS_PER_SEC);
		rate = (GhcChangeRate) {
			(int16) ghc_db_get_int4(row, 7), (int16) ghc_db_get_int4(row, 8)
		};
	}
	ghc_looks_add(looks, ghc_db_get_int8(row, 1), looked_at, stars, rate,
				  DatumGetBool(ghc_db_get(row, 5, &isnull)));
}

/* Enters what a condition finds, as the tables' owner. */
static void
enter_singly(const char *schema, const char *from_where)
{
	GhcStatement find = {
		psprintf("SELECT r.repo_id, r.changed_at, r.stars, r.created_at,"
				 " coalesce(r.flags & %d <> 0, false), l.looked_at, l.log_rate::int, l.doubt::int"
				 " FROM %s", ghc_columns_true(GHC_FIELD_IS_FORK), from_where), "", NULL
	};
	Portal		cursor = ghc_db_open(&find, NULL);
	GhcLooks	looks;
	uint64		n;

	ghc_looks_init(&looks, FETCH_ROWS);
	while ((n = ghc_db_fetch(cursor, FETCH_ROWS)) > 0)
	{
		looks.n = 0;
		for (uint64 row = 0; row < n; row++)
			enter(&looks, row);
		SPI_freetuptable(SPI_tuptable);
		ghc_looks_write(schema, &looks);
	}
	SPI_cursor_close(cursor);
	SPI_freeplan(find.plan);
}

/*
 * Those with stars.  One whose stars are quite different now, by crawls of
 * ranges, is entered anew, as it may belong to another band.
 */
static void
enter_span(const char *schema, const char *quoted, const Span *span,
		   int32 least_stars)
{
	enter_singly(schema,
				 psprintf("%s.repository r LEFT JOIN %s.repository_look l ON l.repo_id = r.repo_id"
						  " WHERE r.repo_id > " INT64_FORMAT " AND r.repo_id <= " INT64_FORMAT
						  " AND r.stars >= %d AND (l.repo_id IS NULL"
						  " OR r.stars / 2 > l.stars OR l.stars / 2 > r.stars)"
						  " ORDER BY r.repo_id",
						  quoted, quoted, span->after, span->to, least_stars));
}

/* The popular ones are found by their own small table, wherever the pass is. */
static void
enter_popular(const char *schema, const char *quoted, int32 least_stars)
{
	enter_singly(schema,
				 psprintf("%s.repository_popular p JOIN %s.repository r ON r.repo_id = p.repo_id"
						  " LEFT JOIN %s.repository_look l ON l.repo_id = p.repo_id"
						  " WHERE p.stars >= %d AND l.repo_id IS NULL ORDER BY r.repo_id",
						  quoted, quoted, quoted, Max(least_stars, GHC_POPULAR_STARS)));
}

/* The blocks of those with few stars, palloc'd. */
static GhcBlock *
count_blocks(const char *quoted, const Span *span, int32 least_stars, int *n)
{
	GhcBlock   *blocks;

	*n = (int) ghc_db_run_text(psprintf("SELECT repo_id >> %d, count(*)::int, min(changed_at)"
										" FROM %s.repository WHERE repo_id > " INT64_FORMAT
										" AND repo_id <= " INT64_FORMAT
										" AND coalesce(stars, 0) < %d GROUP BY 1 ORDER BY 1",
										GHC_BLOCK_BITS, quoted, span->after, span->to,
										least_stars));
	blocks = palloc0(Max(*n, 1) * sizeof(GhcBlock));
	for (int i = 0; i < *n; i++)
	{
		bool		isnull;

		blocks[i].block = ghc_db_get_int8(i, 1);
		blocks[i].repositories = ghc_db_get_int4(i, 2);
		blocks[i].looked_at = DatumGetTimestampTz(ghc_db_get(i, 3, &isnull));
	}
	return blocks;
}

void
ghc_roster_extend(const char *schema, Oid owner, const GhcTargets *targets)
{
	const char *quoted = quote_identifier(schema);
	int64		passed = load_passed(schema);
	bool		in_blocks = targets->n > 0 && !targets->segments[0].singly;
	GhcBlock   *blocks = NULL;
	int			n = 0;
	GhcDbScope	scope;
	Span		span;

	ghc_db_become(owner, &scope);
	span = choose_span(quoted, passed);
	if (targets->least_stars < PG_INT32_MAX)
	{
		enter_span(schema, quoted, &span, targets->least_stars);
		if (span.after > 0 || !span.last)
			enter_popular(schema, quoted, targets->least_stars);
	}
	if (in_blocks)
		blocks = count_blocks(quoted, &span, targets->least_stars, &n);
	ghc_db_restore_user(&scope);
	ghc_blocks_add(schema, blocks, n);
	save_passed(schema, span.last ? 0 : span.to);
}
