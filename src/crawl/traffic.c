/*-------------------------------------------------------------------------
 *
 * traffic.c
 *	  What a worker's requests took and brought; see traffic.h.
 *
 * Answers are summed up here and written every few seconds, with a turn that
 * has more to write; so they cost no transaction, and few row versions.  A
 * worker that is killed takes with it what it had not written.
 *
 * IDENTIFICATION
 *	  src/crawl/traffic.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/settings.h"
#include "crawl/traffic.h"
#include "store/clock.h"
#include "store/traffic.h"

/* hours are kept for a day, or as long as anything is if that is shorter */
#define KEPT_MIN (24 * 60)

const char *
ghc_traffic_kind(const GhcQuery *query)
{
	int			n_kinds = (query->n_pages > 0) + (query->n_counts > 0) +
		(query->n_lists > 0);

	if (n_kinds > 1)
		return "mixed";
	return query->n_pages > 0 ? "page" : query->n_counts > 0 ? "count" :
		query->n_lists > 0 ? "list" : "viewer";
}

static const char *
name_status(const GhcTrafficNote *note)
{
	static const char *const classes[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
	int			class = note->status / 100;

	if (note->reply == NULL || class < 1 || class > (int) lengthof(classes))
		return "none";
	/* it cost nothing */
	if (note->status == 304)
		return "304";
	return classes[class - 1];
}

/*
 * What GitHub says it cost.  An answer that doesn't say so, or broke off while
 * it came, was paid for like any other; a refusal or failure wasn't.
 */
static int64
points_of(const GhcTrafficNote *note)
{
	if (note->reply != NULL && note->reply->cost >= 0)
		return note->reply->cost;
	if (note->verdict == GHC_VERDICT_OK || note->verdict == GHC_VERDICT_PARTIAL ||
		(note->reply == NULL && note->status / 100 == 2))
		return note->expected_points;
	return 0;
}

static int64
count_repositories(const GhcReply *reply)
{
	int64		n = 0;

	for (int i = 0; i < GHC_MAX_PAGES; i++)
		n += reply->pages[i].n;
	for (int i = 0; i < GHC_MAX_LISTS; i++)
		n += reply->lists[i].found.n;
	return n;
}

/* The row that an answer counts in. */
static GhcTrafficRow *
row_of(GhcTraffic *traffic, const GhcTrafficNote *note)
{
	int64		minute = note->arrived_ms / 60000;
	const char *status = name_status(note);
	const char *verdict = ghc_verdict_name(note->verdict);
	GhcTrafficRow *row;
	ListCell   *cell;

	foreach(cell, traffic->rows)
	{
		row = lfirst(cell);
		if (row->minute == minute && strcmp(row->status, status) == 0 &&
			strcmp(row->verdict, verdict) == 0 &&
			strcmp(row->kind, note->kind) == 0 &&
			strcmp(row->api_url, note->api_url) == 0)
			return row;
	}
	row = palloc0(sizeof(GhcTrafficRow));
	row->minute = minute;
	row->api_url = pstrdup(note->api_url);
	row->kind = note->kind;
	row->status = status;
	row->verdict = verdict;
	traffic->rows = lappend(traffic->rows, row);
	return row;
}

void
ghc_traffic_note(GhcTraffic *traffic, const GhcTrafficNote *note)
{
	MemoryContext before;
	GhcTrafficRow *row;

	if (traffic->context == NULL)
		traffic->context = AllocSetContextCreate(TopMemoryContext,
												 "ghcrawl traffic",
												 ALLOCSET_SMALL_SIZES);
	before = MemoryContextSwitchTo(traffic->context);
	row = row_of(traffic, note);
	MemoryContextSwitchTo(before);
	row->count++;
	row->took_ms += note->took_ms;
	row->points += points_of(note);
	row->wire_bytes += note->wire_bytes;
	if (note->reply != NULL)
		row->repositories += count_repositories(note->reply);
	ghc_histogram_add(&row->spread, note->took_ms);
}

void
ghc_traffic_flush(GhcTraffic *traffic, int worker_no)
{
	int64		minute = ghc_clock_now_ms() / 60000;
	ListCell   *cell;

	foreach(cell, traffic->rows)
		ghc_traffic_add(worker_no, lfirst(cell));
	/* one does it for all, so that no two wait for each other's rows */
	if (worker_no != 1 || minute == traffic->forgot_minute)
		return;
	ghc_traffic_forget(ghc_retention_min < 0 ? KEPT_MIN :
					   Min(ghc_retention_min, KEPT_MIN));
	traffic->forgot_minute = minute;
}

void
ghc_traffic_clear(GhcTraffic *traffic)
{
	traffic->rows = NIL;
	if (traffic->context != NULL)
		MemoryContextReset(traffic->context);
}
