/*-------------------------------------------------------------------------
 *
 * seen.c
 *	  What was seen in each range, and what an earlier crawl saw besides; see
 *	  seen.h.
 *
 * When all ranges of a crawl have ended, it is compared with the last complete
 * one of the same query (with all of them, should several have run at once).
 * "created" never changes, so what an old range held can only be in a new one
 * that overlaps it there, however ranges were cut.  Both sets may be as large
 * as GitHub: a step takes some rows of the old one, in the order of "created",
 * and the new rows beside them, and remembers how far it got.
 *
 * To find those new rows by their index, it is taken for granted that ranges
 * of a crawl either have the same bounds of "created" or don't overlap.
 * Where that isn't so, or a row can't be read, some more are suspected than
 * need be; that costs their look-up and is otherwise harmless.
 *
 * IDENTIFICATION
 *	  src/store/seen.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/idlist.h"
#include "github/members.h"
#include "github/selection.h"
#include "store/db.h"
#include "store/errors.h"
#include "store/seen.h"
#include "store/values.h"

/* rows of the old set in a step: about as many thousand repositories, a megabyte */
#define STEP_ROWS 64

/* rows of the new set that are in memory at once */
#define FETCH_ROWS 64

/* a member of the old set */
typedef struct Member
{
	int64		id;
	int			row;			/* of the step: the range it was in */
	bool		found;
} Member;

typedef struct Comparison
{
	int64		crawl_id;
	char	   *query;
	int64		basis;			/* 0: none is left */
	int64		position[3];	/* in compared_with (from 1), created_lo, task_id */
	GhcInterval created[STEP_ROWS]; /* the bounds of each row */
	Member	   *members;
	int			n;
	GhcInterval span;			/* of all of them */
	bool		last;			/* the old set has no more rows */
	int			n_damaged;		/* rows that can't be read */
} Comparison;

/* The ids of a row (n, ids) in palloc'd memory; how many, -1: it is damaged. */
static int
read_ids(uint64 row, int64 **ids)
{
	bool		isnull;
	int			max = ghc_db_get_int4(row, 1);
	Datum		stored = ghc_db_get(row, 2, &isnull);
	bytea	   *bytes = DatumGetByteaPP(stored);
	GhcSlice	slice = {VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)};
	int			n;

	*ids = palloc(Max(max, 1) * sizeof(int64));
	n = ghc_idlist_decode(slice, *ids, max);
	if (DatumGetPointer(stored) != (Pointer) bytes)
		pfree(bytes);
	return n;
}

/*
 * Adds what is kept of a range to n ids: a task that is tried again asks for
 * the rest of its members only.
 */
static int64 *
add_kept(int64 crawl_id, int64 task_id, int64 created_lo,
		 const GhcSeenIds *seen, int64 *ids, size_t *n)
{
	static GhcStatement load = {
		"SELECT n, ids FROM ghcrawl.seen WHERE crawl_id = $1"
		" AND created_lo = $2 AND task_id = $3", "bbb", NULL
	};
	Datum		values[] = {
		Int64GetDatum(crawl_id), Int64GetDatum(created_lo),
		Int64GetDatum(task_id)
	};
	int64	   *kept;
	int			n_kept;

	if (ghc_db_run(&load, values, NULL) == 0)
		return ids;
	n_kept = read_ids(0, &kept);
	ids = repalloc(ids, Max(*n + Max(n_kept, 0), 1) * sizeof(int64));
	for (int i = 0; i < n_kept; i++)
	{
		bool		known = ghc_idset_has(seen->ids, kept[i]);

		for (int k = 0; k < seen->n_asked && !known; k++)
			known = seen->asked[k] == kept[i];
		if (!known)
			ids[(*n)++] = kept[i];
	}
	return ids;
}

void
ghc_seen_write(int64 crawl_id, int64 task_id, const GhcInterval *created,
			   const GhcSeenIds *seen)
{
	static GhcStatement write = {
		"INSERT INTO ghcrawl.seen (crawl_id, task_id, created_lo, created_hi, n, ids)"
		" VALUES ($1, $2, $3, $4, $5, $6)"
		" ON CONFLICT (crawl_id, created_lo, task_id) DO UPDATE SET"
		" n = excluded.n, ids = excluded.ids", "bbbbiy", NULL
	};
	static GhcStatement forget = {
		"DELETE FROM ghcrawl.seen WHERE crawl_id = $1 AND created_lo = $3"
		" AND task_id = $2", "bbb", NULL
	};
	const GhcIdSet *ids = seen->ids;
	int64	   *sorted = palloc(Max(ids->n, 1) * sizeof(int64));
	size_t		n = 0;
	GhcBuffer	buf = {0};
	Datum		values[] = {
		Int64GetDatum(crawl_id), Int64GetDatum(task_id),
		Int64GetDatum(created->lo), Int64GetDatum(created->hi),
		(Datum) 0, (Datum) 0
	};

	for (size_t i = 0; i < ids->capacity; i++)
		if (ids->slot[i] != 0)
			sorted[n++] = ids->slot[i];
	if (seen->n_asked > 0)
		sorted = add_kept(crawl_id, task_id, created->lo, seen, sorted, &n);
	if (n == 0)
	{
		/* a gap that was tried again may have had some */
		ghc_db_run(&forget, values, NULL);
		return;
	}
	ghc_idlist_sort(sorted, n);
	ghc_idlist_encode(sorted, n, &buf);
	if (buf.failed)
	{
		ghc_buffer_free(&buf);
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed while packing ids.")));
	}
	values[4] = Int32GetDatum((int32) n);
	values[5] = PointerGetDatum(cstring_to_text_with_len(buf.data, (int) buf.len));
	ghc_buffer_free(&buf);
	ghc_db_run(&write, values, NULL);
}

/*
 * Chooses what to compare with.  A crawl with a limit has no members written
 * down, and nor has one that doesn't search.
 */
static void
begin_comparison(int64 crawl_id)
{
	static GhcStatement begin = {
		"UPDATE ghcrawl.crawl c SET compared_with = b.crawls, compared_to ="
		" CASE WHEN b.crawls <> '{}' THEN ARRAY[1, $2, 0] END"
		" FROM (SELECT coalesce(array_agg(o.crawl_id ORDER BY o.crawl_id), '{}') AS crawls"
		" FROM ghcrawl.crawl n JOIN ghcrawl.crawl o ON o.api_url = n.api_url"
		" AND o.query = n.query AND o.crawl_id <> n.crawl_id"
		" WHERE n.crawl_id = $1 AND n.max_repositories IS NULL"
		" AND o.state = ANY ('{done,done_with_gaps}')"
		" AND EXISTS (SELECT FROM ghcrawl.seen s WHERE s.crawl_id = o.crawl_id)"
		" AND EXISTS (SELECT FROM ghcrawl.task t WHERE t.crawl_id = $1"
		" AND t.kind = 'search')) b WHERE c.crawl_id = $1", "bb", NULL
	};
	Datum		values[] = {Int64GetDatum(crawl_id), Int64GetDatum(PG_INT64_MIN)};

	ghc_db_run(&begin, values, NULL);
}

/* Reads where the comparison is; false if it hasn't begun. */
static bool
load_position(Comparison *comparison)
{
	static GhcStatement load = {
		"SELECT query, compared_with[compared_to[1]], compared_to[1],"
		" compared_to[2], compared_to[3], compared_with IS NOT NULL"
		" FROM ghcrawl.crawl WHERE crawl_id = $1", "b", NULL
	};
	Datum		values[] = {Int64GetDatum(comparison->crawl_id)};
	bool		isnull;

	if (ghc_db_run(&load, values, NULL) == 0)
		return true;
	comparison->query = ghc_db_get_text(0, 1);
	comparison->basis = ghc_db_get_int8(0, 2);
	for (int i = 0; i < 3; i++)
		comparison->position[i] = ghc_db_get_int8(0, 3 + i);
	return DatumGetBool(ghc_db_get(0, 6, &isnull));
}

/* Writes down where the next step begins. */
static void
save_position(Comparison *comparison)
{
	static GhcStatement save = {
		"UPDATE ghcrawl.crawl SET compared_to = CASE"
		" WHEN ($2)[1] <= cardinality(compared_with) THEN $2 END WHERE crawl_id = $1",
		"bB", NULL
	};
	Datum		values[2];

	if (comparison->last)
	{
		comparison->position[0]++;
		comparison->position[1] = PG_INT64_MIN;
		comparison->position[2] = 0;
	}
	values[0] = Int64GetDatum(comparison->crawl_id);
	values[1] = ghc_values_int8_array(comparison->position, 3);
	ghc_db_run(&save, values, NULL);
}

static int
compare_members(const void *a, const void *b)
{
	int64		left = ((const Member *) a)->id;
	int64		right = ((const Member *) b)->id;

	return (left > right) - (left < right);
}

/* Takes the next rows of the old set, and moves the position behind them. */
static void
load_members(Comparison *comparison)
{
	static GhcStatement load = {
		"SELECT n, ids, created_lo, created_hi, task_id FROM ghcrawl.seen"
		" WHERE crawl_id = $1 AND (created_lo, task_id) > ($2, $3)"
		" ORDER BY created_lo, task_id LIMIT $4", "bbbi", NULL
	};
	Datum		values[] = {
		Int64GetDatum(comparison->basis),
		Int64GetDatum(comparison->position[1]),
		Int64GetDatum(comparison->position[2]), Int32GetDatum(STEP_ROWS)
	};
	uint64		n_rows = ghc_db_run(&load, values, NULL);
	int64		most = 0;

	for (uint64 row = 0; row < n_rows; row++)
		most += ghc_db_get_int4(row, 1);
	comparison->members = palloc_extended(most * sizeof(Member) + 1,
										  MCXT_ALLOC_HUGE);
	comparison->last = n_rows < STEP_ROWS;
	comparison->span = (GhcInterval) {PG_INT64_MAX, PG_INT64_MIN};
	for (uint64 row = 0; row < n_rows; row++)
	{
		GhcInterval created = {ghc_db_get_int8(row, 3), ghc_db_get_int8(row, 4)};
		int64	   *ids;
		int			n = read_ids(row, &ids);

		comparison->n_damaged += n < 0;
		comparison->created[row] = created;
		for (int i = 0; i < n; i++)
			comparison->members[comparison->n++] = (Member) {ids[i], (int) row, false};
		pfree(ids);
		comparison->span.lo = Min(comparison->span.lo, created.lo);
		comparison->span.hi = Max(comparison->span.hi, created.hi);
		comparison->position[1] = created.lo;
		comparison->position[2] = ghc_db_get_int8(row, 5);
	}
	qsort(comparison->members, comparison->n, sizeof(Member), compare_members);
}

/* Marks the members that are among ascending ids. */
static void
mark_found(Comparison *comparison, const int64 *ids, int n)
{
	int			at = 0;
	int			beyond = comparison->n;

	/* the first member that isn't below the first id */
	while (n > 0 && at < beyond)
	{
		int			mid = at + (beyond - at) / 2;

		if (comparison->members[mid].id < ids[0])
			at = mid + 1;
		else
			beyond = mid;
	}
	for (int i = 0; i < n && at < comparison->n;)
	{
		Member	   *member = &comparison->members[at];

		if (member->id > ids[i])
			i++;
		else
		{
			member->found |= member->id == ids[i];
			at++;
		}
	}
}

/* Goes through the new rows beside the members in hand. */
static void
find_members(Comparison *comparison)
{
	static GhcStatement find = {
		"SELECT n, ids FROM ghcrawl.seen WHERE crawl_id = $1 AND created_lo <= $3"
		" AND created_lo >= coalesce((SELECT max(b.created_lo) FROM ghcrawl.seen b"
		" WHERE b.crawl_id = $1 AND b.created_lo <= $2), $2)"
		" AND created_hi >= $2 ORDER BY created_lo", "bbb", NULL
	};
	Datum		values[] = {
		Int64GetDatum(comparison->crawl_id),
		Int64GetDatum(comparison->span.lo), Int64GetDatum(comparison->span.hi)
	};
	Portal		cursor = ghc_db_open(&find, values);
	uint64		n_rows;

	while ((n_rows = ghc_db_fetch(cursor, FETCH_ROWS)) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		for (uint64 row = 0; row < n_rows; row++)
		{
			int64	   *ids;
			int			n = read_ids(row, &ids);

			comparison->n_damaged += n < 0;
			mark_found(comparison, ids, n);
			pfree(ids);
		}
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(cursor);
}

/* Adds a task that looks some members up: no worker's, no part of the progress. */
static void
add_task(int64 crawl_id, const GhcMembers *members)
{
	static GhcStatement add = {
		"WITH k AS (INSERT INTO ghcrawl.crawl_counter AS k (crawl_id, worker_no, tasks)"
		" VALUES ($1, 0, 1) ON CONFLICT (crawl_id, worker_no)"
		" DO UPDATE SET tasks = k.tasks + 1),"
		" t AS (INSERT INTO ghcrawl.task (crawl_id, kind, query, share)"
		" VALUES ($1, 'nodes', $2, 0) RETURNING task_id)"
		" INSERT INTO ghcrawl.queue (crawl_id, position, task_id)"
		" SELECT $1, $3, task_id FROM t", "btb", NULL
	};
	GhcBuffer	text = {0};
	Datum		values[3];

	ghc_members_format(members, &text);
	if (text.failed)
	{
		ghc_buffer_free(&text);
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed while writing a task.")));
	}
	values[0] = Int64GetDatum(crawl_id);
	values[1] = PointerGetDatum(cstring_to_text_with_len(text.data, (int) text.len));
	values[2] = Int64GetDatum(members->range.dim[GHC_DIM_CREATED].lo);
	ghc_buffer_free(&text);
	ghc_db_run(&add, values, NULL);
}

/*
 * The members that weren't found become tasks.  Each knows the part of the
 * selection that its members were in.  Returns how many.
 */
static int
add_tasks(const Comparison *comparison)
{
	GhcMembers *members = palloc0(sizeof(GhcMembers));
	GhcInterval *created = &members->range.dim[GHC_DIM_CREATED];
	GhcProblem	problem;
	int			n = 0;

	if (!ghc_selection_parse(ghc_slice_of(comparison->query), &members->range,
							 &problem))
		return 0;
	for (int i = 0; i < comparison->n; i++)
	{
		const Member *member = &comparison->members[i];
		const GhcInterval *range = &comparison->created[member->row];

		/* one whose other values changed may have been in two ranges */
		if (member->found || (i > 0 && member->id == member[-1].id))
			continue;
		if (members->n == 0)
			*created = *range;
		created->lo = Min(created->lo, range->lo);
		created->hi = Max(created->hi, range->hi);
		members->ids[members->n++] = member->id;
		if (members->n < GHC_MAX_MEMBERS)
			continue;
		add_task(comparison->crawl_id, members);
		members->n = 0;
		n++;
	}
	if (members->n == 0)
		return n;
	add_task(comparison->crawl_id, members);
	return n + 1;
}

bool
ghc_seen_compare(int64 crawl_id)
{
	Comparison	comparison = {.crawl_id = crawl_id};

	if (!load_position(&comparison))
	{
		begin_comparison(crawl_id);
		(void) load_position(&comparison);
	}
	if (comparison.basis == 0)
		return false;
	load_members(&comparison);
	if (comparison.n > 0)
		find_members(&comparison);
	save_position(&comparison);
	if (comparison.n_damaged > 0)
		ghc_errors_record(crawl_id, "members",
						  "members of a range can't be read from ghcrawl.seen",
						  NULL, comparison.n_damaged);
	if (add_tasks(&comparison) > 0)
		return true;
	(void) load_position(&comparison);
	return comparison.basis != 0;
}

void
ghc_seen_tidy(int64 crawl_id)
{
	static GhcStatement tidy = {
		"DELETE FROM ghcrawl.seen s USING ghcrawl.crawl c"
		" WHERE c.crawl_id = $1 AND s.crawl_id = ANY ("
		"CASE WHEN c.state = ANY ('{done,done_with_gaps}')"
		" THEN c.compared_with ELSE ARRAY[$1] END)", "b", NULL
	};
	Datum		values[] = {Int64GetDatum(crawl_id)};

	ghc_db_run(&tidy, values, NULL);
}
