/*-------------------------------------------------------------------------
 *
 * overdue.c
 *	  Whom to look at again; see overdue.h.
 *
 * What repositories with stars are due is read from table repository_look
 * alone; the best of them are then checked against table repository, since
 * a crawl may have found one changed lately, or somebody removed its row.  Blocks of
 * those with few stars come in between, by what a look into them is worth.
 *
 * Hints (hints.h) add to that: some earlier than they are due, others with a look that is
 * worth more.  So a repository may be found twice, or be in a block besides; where it comes
 * first, it is taken.
 *
 * IDENTIFICATION
 *	  src/store/overdue.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"

#include "store/columns.h"
#include "store/db.h"
#include "store/looks.h"
#include "store/overdue.h"
#include "store/values.h"

#define FETCH_ROWS 5000

/* blocks that are looked into in vain, at most */
#define MAX_VAIN 200

/* what is taken to be known of a repository in a block: hardly any stars in years */
#define BLOCK_STARS 1
#define BLOCK_DAYS 1500

typedef struct Candidate
{
	double		priority;
	int64		id;
	TimestampTz due;			/* looked at before that */
} Candidate;

typedef struct Heap
{
	Candidate  *candidates;
	int64		n;
	int64		room;
	int64		most;
	int64		dropped;
	HTAB	   *hinted;			/* Hinted, of candidates that hints are at; NULL: none */
} Heap;

typedef struct Hinted
{
	int64		id;				/* first, the key */
	bool		taken;
} Hinted;

static int
compare_candidates(const void *a, const void *b)
{
	const Candidate *left = a;
	const Candidate *right = b;

	if (left->priority != right->priority)
		return left->priority > right->priority ? -1 : 1;
	return (left->id > right->id) - (left->id < right->id);
}

/* Keeps the best: twice as many as wanted are in memory at most. */
static void
add_candidate(Heap *heap, Candidate candidate)
{
	if (heap->n == heap->room && heap->room >= 2 * heap->most)
	{
		qsort(heap->candidates, heap->n, sizeof(Candidate), compare_candidates);
		heap->dropped += heap->n - heap->most;
		heap->n = heap->most;
	}
	if (heap->n == heap->room)
	{
		heap->room *= 2;
		heap->candidates = repalloc_huge(heap->candidates,
										 heap->room * sizeof(Candidate));
	}
	heap->candidates[heap->n++] = candidate;
}

/*
 * Who is looked at before this is due.  A target that is shorter than it takes to
 * the next run can't be met; half of it must be over all the same.
 */
static TimestampTz
due_before(const GhcOverdue *overdue, const GhcSegment *segment)
{
	TimestampTz max_age = (TimestampTz) (segment->max_days * USECS_PER_DAY);

	return overdue->now - max_age + Min(overdue->soon, max_age / 2);
}

/* Adds a row (repo_id, looked_at, stars, log_rate, doubt, is_fork). */
static void
add_row(const GhcOverdue *overdue, const GhcSegment *segment, Heap *heap,
		TimestampTz due, uint64 row)
{
	bool		isnull;
	bool		is_fork = DatumGetBool(ghc_db_get(row, 6, &isnull));
	TimestampTz seen = ghc_targets_seen(segment,
										ghc_db_get_int4(row, 2) * USECS_PER_SEC,
										is_fork);
	GhcChangeRate		rate = {
		(int16) ghc_db_get_int4(row, 4), (int16) ghc_db_get_int4(row, 5)
	};

	add_candidate(heap, (Candidate) {
		ghc_freshness_priority(rate, ghc_db_get_int4(row, 3),
							   ghc_looks_days(seen, overdue->now),
							   segment->max_days),
		ghc_db_get_int8(row, 1), due
	});
}

/* Adds those of a segment that are due. */
static void
find_due(const GhcOverdue *overdue, const GhcSegment *segment, Heap *heap)
{
	TimestampTz due = due_before(overdue, segment);
	bool		kinds[] = {segment->seen[0] < due, segment->seen[1] < due};
	GhcStatement find;
	Portal		cursor;
	uint64		n;

	if (!segment->singly || segment->max_days <= 0 || (!kinds[0] && !kinds[1]))
		return;
	find = (GhcStatement) {
		psprintf("SELECT repo_id, looked_at, stars, log_rate::int, doubt::int, is_fork"
				 " FROM %s.repository_look WHERE looked_at < " INT64_FORMAT
				 " AND stars >= %d AND stars <= %d%s",
				 quote_identifier(overdue->schema), due / USECS_PER_SEC,
				 segment->from, segment->to,
				 kinds[0] && kinds[1] ? "" : kinds[0] ? " AND NOT is_fork" : " AND is_fork"),
		"", NULL
	};
	cursor = ghc_db_open(&find, NULL);
	while ((n = ghc_db_fetch(cursor, FETCH_ROWS)) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		for (uint64 row = 0; row < n; row++)
			add_row(overdue, segment, heap, due, row);
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(cursor);
	SPI_freeplan(find.plan);
}

/* What table repository and the small one have of n hints, ascending by id. */
static uint64
load_hinted(const char *quoted, const GhcHint *hints, int n)
{
	GhcStatement load = {
		psprintf("SELECT r.repo_id, r.changed_at, coalesce(r.stars, 0),"
				 " coalesce(r.flags & %d <> 0, false), coalesce(l.looked_at, 0),"
				 " l.log_rate::int, l.doubt::int FROM %s.repository r"
				 " LEFT JOIN %s.repository_look l ON l.repo_id = r.repo_id"
				 " WHERE r.repo_id = ANY ($1) ORDER BY r.repo_id",
				 ghc_columns_true(GHC_FIELD_IS_FORK), quoted, quoted), "B", NULL
	};
	int64	   *ids = palloc(n * sizeof(int64));
	Datum		values[1];
	uint64		n_rows;

	for (int i = 0; i < n; i++)
		ids[i] = hints[i].repo_id;
	values[0] = ghc_values_int8_array(ids, n);
	n_rows = ghc_db_run(&load, values, NULL);
	SPI_freeplan(load.plan);
	return n_rows;
}

/* Weighs a hint by the row of its repository, and adds it if it is worth a look. */
static void
weigh(const GhcOverdue *overdue, Heap *heap, GhcHint *hint, uint64 row)
{
	bool		isnull;
	int32		stars = ghc_db_get_int4(row, 3);
	const GhcSegment *segment = ghc_targets_find(overdue->targets, stars);
	GhcChangeRate rate = ghc_freshness_prior(BLOCK_STARS, BLOCK_DAYS);
	TimestampTz seen = Max(DatumGetTimestampTz(ghc_db_get(row, 2, &isnull)),
						   ghc_db_get_int4(row, 5) * USECS_PER_SEC);
	TimestampTz early;

	hint->is_void = segment == NULL || segment->max_days <= 0;
	if (hint->is_void)
		return;
	if (!segment->singly)
		seen = Max(seen, hint->block_seen);
	seen = ghc_targets_seen(segment, seen, DatumGetBool(ghc_db_get(row, 4, &isnull)));
	hint->is_void = seen >= hint->last_at;
	early = (TimestampTz) (ghc_freshness_hinted_days(stars, hint->stars, segment->max_days) *
						   USECS_PER_DAY);
	if (hint->is_void || seen + early > overdue->now)
	{
		hint->not_before = seen + early;
		return;
	}
	if (ghc_db_get_int4(row, 5) != 0)
		rate = (GhcChangeRate) {
			(int16) ghc_db_get_int4(row, 6), (int16) ghc_db_get_int4(row, 7)
		};
	add_candidate(heap, (Candidate) {
		ghc_freshness_hinted_priority(rate, stars, ghc_looks_days(seen, overdue->now),
									  segment->max_days, hint->events, hint->stars),
		hint->repo_id, overdue->now - early + 1
	});
	((Hinted *) hash_search(heap->hinted, &hint->repo_id, HASH_ENTER, NULL))->taken = false;
}

/* Adds those that hints are at and that are worth a look, due or not. */
static void
find_hinted(const GhcOverdue *overdue, Heap *heap, GhcHint *hints, int n)
{
	HASHCTL		control = {.keysize = sizeof(int64),.entrysize = sizeof(Hinted),
	.hcxt = CurrentMemoryContext};

	if (n == 0)
		return;
	heap->hinted = hash_create("ghcrawl hints", n, &control,
							   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	for (int from = 0; from < n; from += FETCH_ROWS)
	{
		int			to = Min(n, from + FETCH_ROWS);
		uint64		n_rows = load_hinted(quote_identifier(overdue->schema),
										 hints + from, to - from);
		uint64		row = 0;

		CHECK_FOR_INTERRUPTS();
		for (int i = from; i < to; i++)
		{
			while (row < n_rows && ghc_db_get_int8(row, 1) < hints[i].repo_id)
				row++;
			hints[i].is_void = row == n_rows || ghc_db_get_int8(row, 1) != hints[i].repo_id;
			if (!hints[i].is_void)
				weigh(overdue, heap, &hints[i], row);
		}
		SPI_freetuptable(SPI_tuptable);
	}
}

/* Is a repository taken now?  False: it is among those that were already. */
static bool
take(const Heap *heap, int64 id)
{
	Hinted	   *hinted = heap->hinted == NULL ? NULL :
		hash_search(heap->hinted, &id, HASH_FIND, NULL);
	bool		is_new = hinted == NULL || !hinted->taken;

	if (hinted != NULL)
		hinted->taken = true;
	return is_new;
}

/* by their ids, in an array of pointers */
static int
compare_ids(const void *a, const void *b)
{
	const Candidate *left = *(Candidate *const *) a;
	const Candidate *right = *(Candidate *const *) b;

	return (left->id > right->id) - (left->id < right->id);
}

/*
 * Of n ids, ascending, some maybe twice, when table repository says that a change was
 * found; 0 of one that isn't there.
 */
static TimestampTz *
load_changed(const char *quoted, const int64 *ids, int n)
{
	GhcStatement load = {
		psprintf("SELECT repo_id, changed_at FROM %s.repository"
				 " WHERE repo_id = ANY ($1) ORDER BY repo_id", quoted), "B", NULL
	};
	Datum		values[] = {ghc_values_int8_array(ids, n)};
	TimestampTz *changed = palloc0(n * sizeof(TimestampTz));
	uint64		n_rows = ghc_db_run(&load, values, NULL);
	int			at = 0;

	for (uint64 row = 0; row < n_rows; row++)
	{
		bool		isnull;
		int64		id = ghc_db_get_int8(row, 1);

		while (at < n && ids[at] < id)
			at++;
		for (; at < n && ids[at] == id; at++)
			changed[at] = DatumGetTimestampTz(ghc_db_get(row, 2, &isnull));
	}
	SPI_freetuptable(SPI_tuptable);
	SPI_freeplan(load.plan);
	return changed;
}

/*
 * Strikes out (id 0) those of n candidates that are fresh or gone from table
 * repository, and notes it in the small one; by ascending id, as workers do.
 */
static void
check_some(const GhcOverdue *overdue, Candidate *candidates, int n)
{
	Candidate **by_id = palloc(n * sizeof(Candidate *));
	int64	   *ids = palloc(n * sizeof(int64));
	int64	   *fresh = palloc(n * sizeof(int64));
	int64	   *gone = palloc(n * sizeof(int64));
	TimestampTz *fresh_at = palloc(n * sizeof(TimestampTz));
	int			n_fresh = 0;
	int			n_gone = 0;
	TimestampTz *changed;

	for (int i = 0; i < n; i++)
		by_id[i] = &candidates[i];
	qsort(by_id, n, sizeof(Candidate *), compare_ids);
	for (int i = 0; i < n; i++)
		ids[i] = by_id[i]->id;
	changed = load_changed(quote_identifier(overdue->schema), ids, n);
	for (int i = 0; i < n; i++)
	{
		if (changed[i] != 0 && changed[i] < by_id[i]->due)
			continue;
		if (changed[i] == 0)
			gone[n_gone++] = ids[i];
		else
		{
			fresh[n_fresh] = ids[i];
			fresh_at[n_fresh++] = changed[i];
		}
		by_id[i]->id = 0;
	}
	ghc_looks_note(overdue->schema, fresh, fresh_at, n_fresh);
	ghc_looks_forget(overdue->schema, gone, n_gone);
}

/* Those with stars that are due, the best ones first. */
static void
choose_singly(GhcOverdue *overdue, Heap *heap, GhcHint *hints, int n_hints)
{
	int64		n = 0;

	heap->most = overdue->most;
	heap->room = 1024;
	heap->candidates = palloc(heap->room * sizeof(Candidate));
	for (int i = 0; i < overdue->targets->n; i++)
		find_due(overdue, &overdue->targets->segments[i], heap);
	find_hinted(overdue, heap, hints, n_hints);
	qsort(heap->candidates, heap->n, sizeof(Candidate), compare_candidates);
	if (heap->n > heap->most)
	{
		heap->dropped += heap->n - heap->most;
		heap->n = heap->most;
	}
	for (int64 i = 0; i < heap->n; i += FETCH_ROWS)
		check_some(overdue, heap->candidates + i, (int) Min(FETCH_ROWS, heap->n - i));
	for (int64 i = 0; i < heap->n; i++)
		if (heap->candidates[i].id != 0)
			heap->candidates[n++] = heap->candidates[i];
	heap->n = n;
}

/*
 * Looks into a block: who of it is due goes to "ids"; returns how many, and
 * says in the block how fresh all will be then.
 */
static int
open_block(const GhcOverdue *overdue, GhcBlock *block, int64 *ids)
{
	int64		first = block->block << GHC_BLOCK_BITS;
	uint64		n_rows;
	int			n = 0;

	n_rows = ghc_db_run_text(psprintf("SELECT repo_id, changed_at, coalesce(stars, 0),"
									  " coalesce(flags & %d <> 0, false) FROM %s.repository"
									  " WHERE repo_id >= " INT64_FORMAT " AND repo_id < " INT64_FORMAT
									  " AND coalesce(stars, 0) < %d ORDER BY repo_id",
									  ghc_columns_true(GHC_FIELD_IS_FORK),
									  quote_identifier(overdue->schema), first,
									  first + (INT64CONST(1) << GHC_BLOCK_BITS),
									  overdue->targets->least_stars));
	block->then_at = overdue->now;
	block->repositories = n_rows;
	for (uint64 row = 0; row < n_rows; row++)
	{
		bool		isnull;
		TimestampTz seen = Max(block->looked_at,
							   DatumGetTimestampTz(ghc_db_get(row, 2, &isnull)));
		const GhcSegment *segment = ghc_targets_find(overdue->targets,
													 ghc_db_get_int4(row, 3));

		if (segment == NULL)
			continue;
		seen = ghc_targets_seen(segment, seen,
								DatumGetBool(ghc_db_get(row, 4, &isnull)));
		if (seen < due_before(overdue, segment))
			ids[n++] = ghc_db_get_int8(row, 1);
		else
			block->then_at = Min(block->then_at, seen);
	}
	SPI_freetuptable(SPI_tuptable);
	return n;
}

/* What a look at a repository of a block is worth. */
static double
block_priority(const GhcOverdue *overdue, const GhcBlock *block)
{
	return ghc_freshness_priority(ghc_freshness_prior(BLOCK_STARS, BLOCK_DAYS),
								  BLOCK_STARS,
								  ghc_looks_days(block->looked_at, overdue->now),
								  overdue->targets->segments[0].max_days);
}

/* Takes a block in whole if there is room, or nothing else is there; else false. */
static bool
take_block(GhcOverdue *overdue, const Heap *heap, GhcBlock *block, GhcBlock *fresh,
		   int *n_fresh)
{
	int64		ids[1 << GHC_BLOCK_BITS];
	int			n = open_block(overdue, block, ids);

	if (n == 0)
	{
		fresh[(*n_fresh)++] = *block;
		return true;
	}
	if (overdue->n > 0 && overdue->n + n > overdue->most)
		return false;
	for (int i = 0; i < n; i++)
		if (take(heap, ids[i]))
			overdue->ids[overdue->n++] = ids[i];
	overdue->blocks[overdue->n_blocks++] = *block;
	return true;
}

/* Goes through both lists, the more worthy one first, until there are enough. */
static int
merge(GhcOverdue *overdue, Heap *heap, GhcBlock *blocks, int n_blocks,
	  GhcBlock *fresh)
{
	int64		at = 0;
	int			block = 0;
	int			n_fresh = 0;

	while (overdue->n < overdue->most && (at < heap->n || block < n_blocks))
	{
		CHECK_FOR_INTERRUPTS();
		if (block >= n_blocks ||
			(at < heap->n && heap->candidates[at].priority >=
			 block_priority(overdue, &blocks[block])))
		{
			if (take(heap, heap->candidates[at].id))
				overdue->ids[overdue->n++] = heap->candidates[at].id;
			at++;
		}
		else if (!take_block(overdue, heap, &blocks[block++], fresh, &n_fresh) ||
				 n_fresh >= MAX_VAIN)
			n_blocks = block;
	}
	overdue->left_out = heap->dropped + heap->n - at;
	return n_fresh;
}

void
ghc_overdue_choose(GhcOverdue *overdue)
{
	const GhcTargets *targets = overdue->targets;
	bool		in_blocks = targets->n > 0 && !targets->segments[0].singly &&
		targets->segments[0].max_days > 0;
	GhcBlock   *blocks = NULL;
	GhcBlock   *fresh;
	int			n_blocks = 0;
	int			n_fresh;
	int			n_hints;
	GhcHint    *hints = ghc_hints_load(overdue->schema, overdue->now, &n_hints);
	Heap		heap = {0};
	GhcDbScope	scope;

	if (in_blocks)
		blocks = ghc_blocks_due(overdue->schema,
								due_before(overdue, &targets->segments[0]), &n_blocks);
	fresh = palloc(Max(n_blocks, 1) * sizeof(GhcBlock));
	overdue->blocks = palloc(Max(n_blocks, 1) * sizeof(GhcBlock));
	overdue->ids = palloc_extended((overdue->most + (1 << GHC_BLOCK_BITS)) * sizeof(int64),
								   MCXT_ALLOC_HUGE);
	ghc_db_become(overdue->owner, &scope);
	choose_singly(overdue, &heap, hints, n_hints);
	n_fresh = merge(overdue, &heap, blocks, n_blocks, fresh);
	ghc_db_restore_user(&scope);
	ghc_hints_weighed(overdue->schema, hints, n_hints);
	ghc_blocks_note(overdue->schema, fresh, n_fresh);
}
