/*-------------------------------------------------------------------------
 *
 * targets.c
 *	  How fresh repositories are to be, and what finished crawls tell of that;
 *	  see targets.h.
 *
 * IDENTIFICATION
 *	  src/store/targets.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "github/selection.h"
#include "github/span.h"
#include "store/db.h"
#include "store/targets.h"

/* the latest crawls tell all that matters */
#define MAX_COVERS 32

/* what a finished crawl has seen */
typedef struct Cover
{
	int32		from;
	int32		to;
	GhcForks	forks;
	TimestampTz began_at;
} Cover;

/* The bands of stars, each up to the next one. */
static GhcTargets *
load_bands(void)
{
	static GhcStatement load = {
		"SELECT stars_from, coalesce(extract(epoch FROM max_age) / 86400, 0)::float8"
		" FROM ghcrawl.freshness_target ORDER BY stars_from", "", NULL
	};
	GhcTargets *targets = palloc0(sizeof(GhcTargets));

	targets->n = (int) ghc_db_run(&load, NULL, NULL);
	targets->segments = palloc0(Max(targets->n, 1) * sizeof(GhcSegment));
	targets->least_stars = PG_INT32_MAX;
	for (int i = 0; i < targets->n; i++)
	{
		GhcSegment *segment = &targets->segments[i];

		segment->from = segment->band = ghc_db_get_int4(i, 1);
		segment->to = i + 1 < targets->n ? ghc_db_get_int4(i + 1, 1) - 1 : PG_INT32_MAX;
		segment->singly = segment->from > 0;
		segment->max_days = ghc_db_get_float8(i, 2);
		if (segment->singly)
			targets->least_stars = Min(targets->least_stars, segment->from);
	}
	return targets;
}

/* A walk through all ids; false if not through all, or if it isn't one. */
static bool
read_walk(const char *query, Cover *cover)
{
	GhcSlice	text = ghc_slice_of(query);
	GhcSpan		span;

	if (!ghc_span_take(&text, &span) || span.lo > 1 || !ghc_span_is_open(&span))
		return false;
	cover->from = 0;
	cover->to = PG_INT32_MAX;
	cover->forks = GHC_FORKS_IN;
	return true;
}

/* What a selection has to do with stars and forks; false if with anything else. */
static bool
read_cover(const char *query, Cover *cover)
{
	GhcRange	range;
	GhcProblem	problem;
	const GhcInterval *stars = &range.dim[GHC_DIM_STARS];

	if (read_walk(query, cover))
		return true;
	if (!ghc_selection_parse(ghc_slice_of(query), &range, &problem) ||
		range.rest[0] != '\0' || range.archived != GHC_TRI_ANY)
		return false;
	for (int d = 0; d < GHC_DIM_COUNT; d++)
		if (d != GHC_DIM_STARS &&
			(range.dim[d].lo != GHC_OPEN_LOW || range.dim[d].hi != GHC_OPEN_HIGH))
			return false;
	cover->from = (int32) Max(0, Min(stars->lo, PG_INT32_MAX));
	cover->to = (int32) Max(0, Min(stars->hi, PG_INT32_MAX));
	cover->forks = range.forks;
	return true;
}

/* Crawls of the schema that saw all there is of what they select. */
static int
load_covers(const char *schema, Cover *covers)
{
	static GhcStatement load = {
		"SELECT c.query, c.created_at FROM ghcrawl.crawl c"
		" JOIN ghcrawl.profile p ON p.name = c.profile AND p.columns @> '{stars}'"
		" WHERE c.data_schema = $1 AND c.state = 'done'"
		" AND c.max_repositories IS NULL AND c.created_at >"
		" now() - (SELECT max(max_age) FROM ghcrawl.freshness_target)"
		" ORDER BY c.created_at DESC", "n", NULL
	};
	NameData	name;
	Datum		values[] = {NameGetDatum(&name)};
	uint64		n_rows;
	int			n = 0;

	namestrcpy(&name, schema);
	n_rows = ghc_db_run(&load, values, NULL);
	for (uint64 row = 0; row < n_rows && n < MAX_COVERS; row++)
	{
		bool		isnull;

		covers[n].began_at = DatumGetTimestampTz(ghc_db_get(row, 2, &isnull));
		n += read_cover(ghc_db_get_text(row, 1), &covers[n]);
	}
	return n;
}

/* Cuts the segment that has this bound inside in two. */
static void
cut_at(GhcTargets *targets, int64 bound)
{
	for (int i = 0; i < targets->n; i++)
	{
		GhcSegment *segment = &targets->segments[i];

		if (bound <= segment->from || bound > segment->to)
			continue;
		memmove(segment + 1, segment, (targets->n - i) * sizeof(GhcSegment));
		targets->n++;
		segment[0].to = (int32) bound - 1;
		segment[1].from = (int32) bound;
		return;
	}
}

static void
apply_cover(GhcTargets *targets, const Cover *cover)
{
	for (int i = 0; i < targets->n; i++)
	{
		GhcSegment *segment = &targets->segments[i];

		if (segment->from < cover->from || segment->to > cover->to)
			continue;
		if (cover->forks != GHC_FORKS_ONLY)
			segment->seen[0] = Max(segment->seen[0], cover->began_at);
		if (cover->forks != GHC_FORKS_OUT)
			segment->seen[1] = Max(segment->seen[1], cover->began_at);
	}
}

GhcTargets *
ghc_targets_load(const char *schema)
{
	GhcTargets *targets = load_bands();
	Cover		covers[MAX_COVERS];
	int			n = load_covers(schema, covers);

	targets->segments = repalloc(targets->segments,
								 (targets->n + 2 * n + 1) * sizeof(GhcSegment));
	for (int i = 0; i < n; i++)
	{
		cut_at(targets, covers[i].from);
		cut_at(targets, (int64) covers[i].to + 1);
	}
	for (int i = 0; i < n; i++)
		apply_cover(targets, &covers[i]);
	return targets;
}

const GhcSegment *
ghc_targets_find(const GhcTargets *targets, int32 stars)
{
	for (int i = 0; i < targets->n; i++)
		if (stars >= targets->segments[i].from && stars <= targets->segments[i].to)
			return &targets->segments[i];
	return NULL;
}
