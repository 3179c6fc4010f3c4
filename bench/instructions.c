/*-------------------------------------------------------------------------
 *
 * instructions.c
 *	  What bench/instructions counts the instructions of.
 *
 * A library of its own, with all of ghcrawl in it, for a server that runs as a
 * single process under callgrind.  Pages come from the page server's world; in
 * its second generation some repositories have other stars.  Each function
 * below whose name begins with "count_" is looked up by that name in what
 * callgrind wrote.
 *
 * IDENTIFICATION
 *	  bench/instructions.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "github/reply.h"
#include "server/world.h"
#include "store/db.h"
#include "store/pages.h"

#define CLUSTERS 8
#define PAGE_ROWS 100
#define PAGES (CLUSTERS * ((CLUSTER + PAGE_ROWS - 1) / PAGE_ROWS))

/* as a turn of a worker has them: pages of ranges that are read side by side */
#define BATCH_ROWS 500

PG_FUNCTION_INFO_V1(bench_run);

typedef struct BenchPage
{
	GhcBuffer	body;
	GhcArena	arena;
	GhcReply	reply;
} BenchPage;

static const World world = {
	.seed = 1, .n_clusters = CLUSTERS, .profile = PROFILE_FULL, .changed = 0.05
};
static BenchPage pages[PAGES];

static void
make_page(BenchPage *page, int generation, long cluster, int offset)
{
	ghc_buffer_reset(&page->body);
	ghc_arena_reset(&page->arena);
	ghc_buffer_puts(&page->body, "{\"data\":{\"rateLimit\":null,\"p0\":{\"repositoryCount\":892,"
					"\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":null},\"nodes\":[");
	for (int i = offset; i < offset + PAGE_ROWS && i < CLUSTER; i++)
	{
		ghc_buffer_puts(&page->body, i > offset ? "," : "");
		world_put(&world, generation, cluster, i, &page->body);
	}
	ghc_buffer_puts(&page->body, "]}}}");
}

static void
make_pages(int generation)
{
	int			n = 0;

	for (int offset = 0; offset < CLUSTER; offset += PAGE_ROWS)
		for (long cluster = 0; cluster < CLUSTERS; cluster++)
			make_page(&pages[n++], generation, cluster, offset);
}

static void __attribute__((noinline))
count_reading(void)
{
	for (int i = 0; i < PAGES; i++)
		if (!ghc_reply_read(&pages[i].reply, pages[i].body.data,
							pages[i].body.len, false, &pages[i].arena) ||
			!pages[i].reply.pages[0].complete)
			elog(ERROR, "a page was not read");
}

/* Stores all that was read; checks how many rows came out how. */
static inline void
store(int least_new, int least_changed, int most_changed)
{
	GhcStoreRow rows[BATCH_ROWS];
	GhcFieldSet fields = ((GhcFieldSet) 1 << GHC_FIELD_EXTRA) - 1;
	GhcApart	apart = {0};
	int			n = 0;
	int			n_new = 0;
	int			n_changed = 0;

	for (int i = 0; i < PAGES; i++)
	{
		GhcPage    *page = &pages[i].reply.pages[0];

		for (int k = 0; k < page->n; k++)
			rows[n++] = (GhcStoreRow) {
				.repo = &page->repos[k], .observed_at = GetCurrentTimestamp()
			};
		if (i < PAGES - 1 && n + PAGE_ROWS <= BATCH_ROWS)
			continue;
		ghc_pages_store("github", fields, &apart, rows, n, false);
		for (int k = 0; k < n; k++)
		{
			n_new += rows[k].stored == GHC_STORED_NEW;
			n_changed += rows[k].stored == GHC_STORED_CHANGED;
		}
		n = 0;
	}
	if (n_new < least_new || n_changed < least_changed || n_changed > most_changed)
		elog(ERROR, "%d rows were new, %d had changed", n_new, n_changed);
}

static void __attribute__((noinline))
count_new(void)
{
	store(CLUSTERS * CLUSTER, 0, 0);
}

static void __attribute__((noinline))
count_unchanged(void)
{
	store(0, 0, 0);
}

/* the first time statements are prepared, which a worker does once */
static void __attribute__((noinline))
warm_up(void)
{
	store(0, 1, CLUSTERS * CLUSTER);
}

static void __attribute__((noinline))
count_changed(void)
{
	store(0, CLUSTERS * CLUSTER / 50, CLUSTERS * CLUSTER / 10);
}

/*
 * bench_run() RETURNS int
 *		Goes through all of it once, with the settings of a worker; returns how
 *		many repositories that were.
 */
Datum
bench_run(PG_FUNCTION_ARGS)
{
	GhcDbScope	scope;

	(void) fcinfo;
	ghc_db_pin_settings();
	ghc_db_enter(&scope);
	make_pages(0);
	count_reading();
	count_new();
	count_unchanged();
	make_pages(1);
	count_reading();
	warm_up();
	make_pages(0);
	count_reading();
	count_changed();
	ghc_db_leave(&scope);
	PG_RETURN_INT32(CLUSTERS * CLUSTER);
}
