/*-------------------------------------------------------------------------
 *
 * events.c
 *	  The task kind "events": what happened since the last look at /events.
 *
 * The API shows the last 300, newest first.  The first page is asked for with the ETag
 * of the last look, which is free if nothing happened; the others until one
 * of them has an event that is known.  If none has, some were missed, which is usual
 * at GitHub itself, where there are 300 in a few seconds.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/crawl/events.c
 *
 *-------------------------------------------------------------------------
 */
#include "crawl/task.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE_EVENTS 100
#define MAX_PAGES 3

/* what a task is stored as: the ETag ends it, as it may have anything but blanks */
#define FORM "known:%" PRId64 " token:%d etag:"

/* longest of such texts */
#define TEXT_BYTES 256

static bool events_read(GhcTask *task, GhcSlice text);
static GhcWant events_wants(GhcTask *task);
static bool events_compose(GhcTask *task, const GhcRoom *room, GhcQuery *query);
static GhcOutcome events_absorb(GhcTask *task, const GhcJudgement *judgement,
								GhcHarvest *stored);

const GhcTaskKind ghc_events_kind = {
	"events", events_wants, events_compose, events_absorb, events_read
};

bool
ghc_events_format(int64_t known, int token_id, const char *etag, GhcBuffer *out)
{
	return ghc_buffer_printf(out, FORM "%s", known, token_id, etag);
}

static bool
events_read(GhcTask *task, GhcSlice text)
{
	char		copy[TEXT_BYTES];
	int64_t		known = 0;
	int			token_id = 0;
	int			at = 0;
	GhcEvents  *events;

	if (text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	if (sscanf(copy, "known:%" SCNd64 " token:%d etag:%n", &known, &token_id, &at) != 2 ||
		at == 0 || text.len - at >= sizeof(events->etag) || strlen(copy) != text.len)
		return false;
	events = calloc(1, sizeof(GhcEvents));
	if (events == NULL)
		return false;
	events->known = known;
	events->newest = known;
	events->page = 1;
	events->poll_s = -1;
	strcpy(events->etag, copy + at);
	ghc_range_init(&task->range);
	task->events = events;
	task->token_id = events->etag[0] != '\0' ? token_id : 0;
	return true;
}

static GhcWant
events_wants(GhcTask *task)
{
	(void) task;
	return GHC_WANT_REST;
}

static bool
events_compose(GhcTask *task, const GhcRoom *room, GhcQuery *query)
{
	const GhcEvents *events = task->events;

	(void) room;
	if (task->token_id != 0 && !ghc_buffer_puts(&query->get.etag, events->etag))
		return false;
	return ghc_buffer_printf(&query->get.path, "/events?per_page=%d&page=%d",
							 PAGE_EVENTS, events->page);
}

static GhcOutcome
fail(GhcTask *task)
{
	if (!ghc_task_fails(task))
		return GHC_OUTCOME_RETRY;
	task->why = "GitHub doesn't tell of events";
	return GHC_OUTCOME_GAP;
}

/* Counts those of a page that are new; does it have any that isn't? */
static bool
take_page(GhcTask *task, const GhcEvent *page, int n)
{
	GhcEvents  *events = task->events;
	bool		met = false;

	for (int i = 0; i < n; i++)
	{
		int64_t		id = page[i].id;

		if (id <= 0 || id <= events->known)
		{
			met = met || id > 0;
			continue;
		}
		/* pages move on while they are read */
		if (!ghc_idset_add(&task->ids, id))
			continue;
		ghc_tally_add(&events->tally, &page[i]);
		if (id > events->newest)
			events->newest = id;
	}
	return met;
}

static GhcOutcome
absorb_page(GhcTask *task, const GhcGot *got)
{
	GhcEvents  *events = task->events;
	GhcEvent	page[PAGE_EVENTS];
	int			n = got->status == 200 ?
		ghc_event_read_page(page, PAGE_EVENTS, got->body, got->len) : -1;
	bool		met;

	if (n < 0)
		return fail(task);
	task->attempts = 0;
	task->pages++;
	if (events->page == 1)
	{
		snprintf(events->new_etag, sizeof(events->new_etag), "%s", got->etag);
		events->token_id = got->token_id;
	}
	met = take_page(task, page, n);
	if (!met && n > 0 && got->has_next && events->page < MAX_PAGES)
	{
		events->page++;
		return GHC_OUTCOME_MORE;
	}
	events->torn = !met && n > 0 && events->known > 0;
	return GHC_OUTCOME_DONE;
}

static GhcOutcome
events_absorb(GhcTask *task, const GhcJudgement *judgement, GhcHarvest *stored)
{
	GhcEvents  *events = task->events;
	const GhcGot *got = task->parts.got;
	bool		asked_whether;

	(void) stored;
	task->explained = false;
	switch (ghc_task_receives(judgement))
	{
		case GHC_RECEPTION_TOO_MUCH:
		case GHC_RECEPTION_FAILURE:
			return fail(task);
		case GHC_RECEPTION_ELSEWHERE:
			return GHC_OUTCOME_RETRY;
		case GHC_RECEPTION_ANSWER:
			break;
	}
	asked_whether = events->page == 1;
	events->answered = true;
	if (asked_whether)
	{
		events->poll_s = got->poll_s;
		/* the others are asked for as they are */
		task->token_id = 0;
	}
	if (asked_whether && got->status == 304)
	{
		events->not_modified = true;
		return GHC_OUTCOME_DONE;
	}
	return absorb_page(task, got);
}
