/*-------------------------------------------------------------------------
 *
 * host.c
 *	  What a worker learns of a GitHub; see host.h.
 *
 * Cursors of our making are sent only to a server whose own have the form that
 * we know, and never again to one that refused them (github-api.md 1.2).
 *
 * IDENTIFICATION
 *	  src/crawl/host.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "crawl/host.h"

GhcHost *
ghc_host_of(GhcWorker *worker, const char *api_url)
{
	MemoryContext before;
	GhcHost    *host;
	ListCell   *cell;

	foreach(cell, worker->hosts)
	{
		host = lfirst(cell);
		if (strcmp(host->api_url, api_url) == 0)
			return host;
	}
	before = MemoryContextSwitchTo(worker->context);
	host = palloc0(sizeof(GhcHost));
	host->api_url = pstrdup(api_url);
	worker->hosts = lappend(worker->hosts, host);
	MemoryContextSwitchTo(before);
	return host;
}

GhcRoom
ghc_host_room(const GhcHost *host, GhcWant want)
{
	static const GhcRoom rooms[GHC_WANT_COUNT] = {
		[GHC_WANT_PAGES] = {GHC_MAX_PAGES, 100, false},
		[GHC_WANT_COUNTS] = {GHC_MAX_COUNTS, 0, false},
		[GHC_WANT_LIST] = {1, GHC_MAX_MEMBERS, false},
	};
	GhcRoom		room = rooms[want];

	room.ahead = host->cursors_known && !host->cursors_refused;
	return room;
}

/* Was a cursor of our making among what GitHub refused? */
static bool
has_own_cursor(const GhcFlight *flight)
{
	ListCell   *cell;

	foreach(cell, flight->works)
		if (((GhcWork *) lfirst(cell))->task.in_own_words)
			return true;
	return false;
}

void
ghc_host_learn(GhcHost *host, const GhcFlight *flight)
{
	if (flight->judgement.verdict == GHC_VERDICT_BAD_QUERY)
		host->cursors_refused |= has_own_cursor(flight);
	if (flight->judgement.verdict != GHC_VERDICT_OK)
		return;
	for (int i = 0; i < flight->query.n_pages; i++)
	{
		const GhcPage *page = &flight->reply.pages[i];

		if (page->present && page->end_cursor.len > 0)
			host->cursors_known = ghc_cursor_parse(page->end_cursor) > 0;
	}
}
