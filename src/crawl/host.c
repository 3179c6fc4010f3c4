/*-------------------------------------------------------------------------
 *
 * host.c
 *	  What a worker learns of a GitHub; see host.h.
 *
 * Cursors of our making are sent only to a server whose own have the form that
 * we know, and never again to one that refused them (github-api.md 1.2).
 *
 * What was learnt is written down at the end of each transaction that reads
 * crawls anew, though seldom, and read when a crawl comes up.
 *
 * IDENTIFICATION
 *	  src/crawl/host.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "base/settings.h"
#include "crawl/host.h"
#include "crawl/lane.h"
#include "store/lore.h"

/* what is kept for each sort of question */
static const struct
{
	GhcSizerKind kind;
	const char *name;
}			kinds[GHC_WANT_COUNT] = {
	[GHC_WANT_PAGES] = {GHC_SIZER_PAGES, "page"},
	[GHC_WANT_COUNTS] = {GHC_SIZER_COUNTS, "count"},
	[GHC_WANT_LIST] = {GHC_SIZER_IDS, "list"},
};

/* what was learnt is written down this often, and after a failure */
#define KEEP_MS 30000

/* what asking whose token it is should take */
#define ASKING_MS 300

/* flows that differ by no more than this part are the same */
#define SAME_FLOW 0.05

/*
 * Hosts and shapes are kept in one order, so that workers that write down new
 * ones at the same time don't wait for each other in a circle.
 */
static int
compare_hosts(const ListCell *a, const ListCell *b)
{
	return strcmp(((const GhcHost *) lfirst(a))->api_url,
				  ((const GhcHost *) lfirst(b))->api_url);
}

static int
compare_lores(const ListCell *a, const ListCell *b)
{
	const GhcLore *one = lfirst(a);
	const GhcLore *other = lfirst(b);

	if (one->fields != other->fields)
		return one->fields < other->fields ? -1 : 1;
	return strcmp(one->extra ? one->extra : "", other->extra ? other->extra : "");
}

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
	list_sort(worker->hosts, compare_hosts);
	MemoryContextSwitchTo(before);
	return host;
}

static bool
is_of_shape(const GhcLore *lore, const GhcShape *shape)
{
	if (lore->fields != shape->fields)
		return false;
	if (lore->extra == NULL || shape->extra == NULL)
		return lore->extra == shape->extra;
	return strcmp(lore->extra, shape->extra) == 0;
}

static GhcLore *
make_lore(const GhcShape *shape)
{
	GhcLore    *lore = MemoryContextAllocZero(TopMemoryContext, sizeof(GhcLore));

	lore->fields = shape->fields;
	lore->extra = shape->extra ?
		MemoryContextStrdup(TopMemoryContext, shape->extra) : NULL;
	lore->price = ghc_query_price(shape);
	for (int want = 0; want < GHC_WANT_COUNT; want++)
		ghc_sizer_init(&lore->sizers[want], kinds[want].kind);
	return lore;
}

/* What a flight asks of repositories; a count asks nothing. */
static const GhcShape *
shape_of(const GhcShape *shape, GhcWant want)
{
	static const GhcShape none = {0};

	return want == GHC_WANT_COUNTS ? &none : shape;
}

static GhcLore *
find_lore(GhcHost *host, const GhcShape *shape, GhcWant want)
{
	MemoryContext before;
	GhcLore    *lore;
	ListCell   *cell;

	shape = shape_of(shape, want);
	foreach(cell, host->lores)
		if (is_of_shape(lfirst(cell), shape))
			return lfirst(cell);
	lore = make_lore(shape);
	before = MemoryContextSwitchTo(TopMemoryContext);
	host->lores = lappend(host->lores, lore);
	list_sort(host->lores, compare_lores);
	MemoryContextSwitchTo(before);
	return lore;
}

GhcShape
ghc_host_shape(GhcHost *host, const GhcShape *shape)
{
	const GhcLore *lore = find_lore(host, shape, GHC_WANT_PAGES);

	return (GhcShape) {
		.fields = lore->fields, .extra = lore->extra
	};
}

/* The row that a sizer is kept in. */
static GhcLoreRow
row_of(const GhcHost *host, const GhcLore *lore, GhcWant want)
{
	GhcLoreRow	row = {host->api_url, NULL, kinds[want].name, NULL};
	uint32		extra = lore->extra == NULL ? 0 :
		DatumGetUInt32(hash_any((const unsigned char *) lore->extra,
								(int) strlen(lore->extra)));

	row.shape = psprintf("%llx:%x", (unsigned long long) lore->fields, extra);
	return row;
}

static void
recall(const GhcHost *host, GhcLore *lore, GhcWant want)
{
	GhcLoreRow	row = row_of(host, lore, want);

	ghc_lore_load(&row);
	if (row.learnt != NULL)
		(void) ghc_sizer_parse(&lore->sizers[want], kinds[want].kind,
							   ghc_slice_of(row.learnt));
}

static void
recall_shape(GhcHost *host, const GhcShape *shape)
{
	for (int want = 0; want < GHC_WANT_COUNT; want++)
	{
		GhcLore    *lore = find_lore(host, shape, want);

		if (!lore->recalled[want])
			recall(host, lore, want);
		lore->recalled[want] = true;
	}
}

void
ghc_host_recall(GhcWorker *worker, const GhcRun *run)
{
	GhcHost    *host = ghc_host_of(worker, run->crawl.api_url);

	recall_shape(host, &run->crawl.shape);
	recall_shape(host, &run->split.flat);
	recall_shape(host, &run->split.rest);
}

static void
keep_lore(const GhcHost *host, const GhcLore *lore)
{
	for (int want = 0; want < GHC_WANT_COUNT; want++)
	{
		GhcLoreRow	row = row_of(host, lore, want);
		GhcBuffer	text = {0};

		if (lore->sizers[want].good == 0)
			continue;
		ghc_sizer_format(&lore->sizers[want], &text);
		row.learnt = text.failed ? NULL : pstrdup(text.data);
		ghc_buffer_free(&text);
		if (row.learnt != NULL)
			ghc_lore_save(&row);
	}
}

void
ghc_host_keep(GhcWorker *worker, int64 now_ms, bool at_once)
{
	ListCell   *cell;
	ListCell   *inner;

	foreach(cell, worker->hosts)
	{
		GhcHost    *host = lfirst(cell);

		foreach(inner, host->lores)
		{
			GhcLore    *lore = lfirst(inner);
			int64		since_ms = now_ms - lore->kept_ms;

			if (lore->version == lore->kept ||
				(!at_once && since_ms >= 0 && since_ms < KEEP_MS &&
				 lore->failures == lore->kept_failures))
				continue;
			keep_lore(host, lore);
			lore->kept = lore->version;
			lore->kept_failures = lore->failures;
			lore->kept_ms = now_ms;
		}
	}
}

/* Is a budget's flow as good as what it was? */
static bool
is_like(GhcFlow a, GhcFlow b)
{
	return fabs(a.points_per_s - b.points_per_s) <= SAME_FLOW * a.points_per_s &&
		fabs(a.response_per_ms - b.response_per_ms) <= SAME_FLOW * a.response_per_ms &&
		a.minute_ms == b.minute_ms;
}

/*
 * Tells a sizer what failed when its host was asked for other fields, or for
 * counts, which are no more than an empty page.
 */
static void
hint_sizer(const GhcHost *host, GhcLore *lore, GhcWant want)
{
	ListCell   *cell;

	if (want == GHC_WANT_COUNTS)
		return;
	foreach(cell, host->lores)
	{
		const GhcLore *other = lfirst(cell);
		bool		is_lighter = (other->fields & ~lore->fields) == 0;

		ghc_sizer_hint(&lore->sizers[want], &other->sizers[GHC_WANT_COUNTS], true);
		if (other != lore)
			ghc_sizer_hint(&lore->sizers[want], &other->sizers[want], is_lighter);
	}
}

/*
 * Choosing compares many sizes, so it is done only if something was learnt, and
 * once for all budgets of a flow.
 */
static const GhcChoice *
find_choice(const GhcHost *host, GhcLore *lore, GhcWant want, GhcFlow flow)
{
	const GhcSizer *sizer = &lore->sizers[want];
	GhcChoice  *choice;

	for (int i = 0; i < GHC_MAX_CHOICES; i++)
	{
		choice = &lore->choices[want][i];
		if (choice->size.parts > 0 && choice->version == lore->version &&
			is_like(choice->flow, flow))
			return choice;
	}
	hint_sizer(host, lore, want);
	choice = &lore->choices[want][lore->next_choice];
	lore->next_choice = (lore->next_choice + 1) % GHC_MAX_CHOICES;
	*choice = (GhcChoice) {
		lore->version, flow, ghc_sizer_choose(sizer, &lore->price, &flow),
		ghc_sizer_best_proven(sizer, &lore->price, &flow)
	};
	return choice;
}

/*
 * What may be too much is asked by one lane at a time: the others needn't learn
 * the same the hard way.
 */
static GhcSize
choose_size(const GhcLane *lane, GhcLore *lore, GhcWant want)
{
	const GhcChoice *choice = find_choice(lane->host, lore, want, ghc_lane_flow(lane));

	if (lore->probes[want] > 0 && choice->proven.parts > 0 &&
		!ghc_sizer_is_proven(&lore->sizers[want], choice->size))
		return choice->proven;
	return choice->size;
}

/* What a setting fixes isn't found out. */
static GhcSize
fix_size(GhcSize size, GhcWant want)
{
	if (want == GHC_WANT_PAGES && ghc_pages_per_request > 0)
		size.parts = ghc_pages_per_request;
	if (want != GHC_WANT_COUNTS && ghc_page_size > 0)
		size.rows = ghc_page_size;
	return size;
}

GhcRoom
ghc_host_room(GhcLane *lane, const GhcShape *shape, GhcWant want)
{
	const GhcHost *host = lane->host;
	GhcSize		size = choose_size(lane, find_lore(lane->host, shape, want), want);
	GhcRoom		room = {0};

	size = fix_size(size, want);
	room.parts = size.parts;
	room.rows = size.rows;
	room.ahead = host->cursors_known && !host->cursors_refused;
	return room;
}

void
ghc_host_look_ahead(GhcLane *lane, const GhcShape *shape, GhcRoom *room)
{
	const GhcLore *lore = find_lore(lane->host, shape, GHC_WANT_PAGES);
	const GhcSizer *sizer = &lore->sizers[GHC_WANT_PAGES];
	GhcFlow		flow = ghc_lane_flow(lane);
	GhcSize		size = fix_size(ghc_sizer_outlook(sizer, &lore->price, &flow),
								GHC_WANT_PAGES);

	room->parts_soon = size.parts;
	room->rows_soon = size.rows;
	room->ms_soon = (int64) ghc_sizer_expected_ms(sizer, size);
}

int
ghc_host_ids(GhcHost *host, const GhcShape *shape, GhcRoom *room)
{
	const GhcBound *lists = &find_lore(host, shape, GHC_WANT_LIST)->sizers[GHC_WANT_LIST].parts;
	int			n = room->parts * room->rows;

	room->parts = lists->bad > 0 ? Max(room->parts, lists->bad - 1) : GHC_MAX_LISTS;
	return n;
}

GhcWayPart
ghc_host_part(GhcHost *host, const GhcShape *shape, GhcWant want)
{
	const GhcLore *lore = find_lore(host, shape, want);
	GhcWayPart	part = {&lore->sizers[want], lore->price};

	return part;
}

/* How many ids are in a list of a flight, on average. */
static int
ids_of_list(const GhcFlight *flight)
{
	int			n = 0;
	ListCell   *cell;

	foreach(cell, flight->works)
		n += ((GhcWork *) lfirst(cell))->task.parts.n_ids;
	return Max(1, n / list_length(flight->works));
}

/* What a flight asks for. */
static GhcSize
size_of(const GhcFlight *flight)
{
	const GhcWork *work = linitial(flight->works);
	GhcSize		size = {flight->n_parts, 0};

	if (flight->want == GHC_WANT_PAGES)
		size.rows = work->task.rows;
	if (flight->want == GHC_WANT_LIST)
		size.rows = ids_of_list(flight);
	return size;
}

/* How many rows of a range's pages should come: the last is rarely full. */
static int64
rows_to_come(const GhcTask *task)
{
	int64		rows = 0;

	for (int i = 0; i < task->parts.n_pages; i++)
		rows += task->promised < 0 ? task->rows :
			Max(0, Min(task->rows, task->promised - task->asked[i]));
	return rows;
}

int64
ghc_host_expected_ms(GhcHost *host, const GhcFlight *flight)
{
	const GhcSizer *sizer;
	ListCell   *cell;
	int64		rows = 0;

	if (flight->asking)
		return ASKING_MS;
	sizer = &find_lore(host, &flight->shape, flight->want)->sizers[flight->want];
	if (flight->want != GHC_WANT_PAGES)
		return (int64) ghc_sizer_expected_ms(sizer, size_of(flight));
	foreach(cell, flight->works)
		rows += rows_to_come(&((GhcWork *) lfirst(cell))->task);
	return (int64) ghc_latency_expect(&sizer->latency, flight->n_parts, rows);
}

void
ghc_host_note_sent(GhcHost *host, GhcFlight *flight)
{
	GhcLore    *lore;

	if (flight->asking || flight->want >= GHC_WANT_COUNT)
		return;
	lore = find_lore(host, &flight->shape, flight->want);
	flight->probes = !ghc_sizer_is_proven(&lore->sizers[flight->want],
										  size_of(flight));
	lore->probes[flight->want] += flight->probes;
}

static int64
count_rows(const GhcFlight *flight)
{
	const GhcReply *reply = &flight->reading->reply;
	int64		n = 0;

	for (int i = 0; i < flight->query.n_pages; i++)
		n += reply->pages[i].n + reply->pages[i].nulls + reply->pages[i].dropped;
	for (int i = 0; i < flight->query.n_lists; i++)
		n += reply->lists[i].n_members;
	return n;
}

/*
 * Who gives up at once hasn't run out of time: that happens to requests of any
 * size, and says nothing about it.
 */
static bool
is_hiccup(const GhcSizer *sizer, const GhcFlight *flight)
{
	return flight->judgement.verdict == GHC_VERDICT_TOO_SLOW &&
		sizer->good > 0 && (double) flight->transfer->took_ms * 2 <
		ghc_sizer_expected_ms(sizer, size_of(flight));
}

/* What failed is of interest to all that is asked of the host. */
static void
choose_anew(GhcHost *host)
{
	ListCell   *cell;

	foreach(cell, host->lores)
		((GhcLore *) lfirst(cell))->version++;
}

static void
learn_size(GhcHost *host, const GhcFlight *flight)
{
	GhcLore    *lore = find_lore(host, &flight->shape, flight->want);
	GhcSizer   *sizer = &lore->sizers[flight->want];
	GhcSize		size = size_of(flight);

	lore->probes[flight->want] -= flight->probes;
	lore->version++;
	switch (flight->judgement.verdict)
	{
		case GHC_VERDICT_OK:
		case GHC_VERDICT_PARTIAL:
			ghc_sizer_note(sizer, size, count_rows(flight),
						   flight->transfer->took_ms);
			break;
		case GHC_VERDICT_TOO_SLOW:
		case GHC_VERDICT_TOO_MUCH:
			/* resource limits strike at random, too (github-api.md 2.5) */
			if (is_hiccup(sizer, flight))
				break;
			ghc_sizer_fail(sizer, size, true);
			lore->failures++;
			choose_anew(host);
			break;
		default:
			break;
	}
}

void
ghc_host_learn(GhcHost *host, const GhcFlight *flight)
{
	if (flight->asking || flight->want >= GHC_WANT_COUNT)
		return;
	learn_size(host, flight);
	if (flight->judgement.verdict == GHC_VERDICT_BAD_QUERY)
		host->cursors_refused |= ghc_state_cursors(flight) == GHC_CURSORS_OURS;
	if (flight->judgement.verdict != GHC_VERDICT_OK)
		return;
	for (int i = 0; i < flight->query.n_pages; i++)
	{
		const GhcPage *page = &flight->reading->reply.pages[i];

		if (page->present && page->end_cursor.len > 0)
			host->cursors_known = ghc_cursor_parse(page->end_cursor) > 0;
	}
}
