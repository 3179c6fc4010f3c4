/*-------------------------------------------------------------------------
 *
 * events_test.c
 *	  The task kind "events".
 *
 * IDENTIFICATION
 *	  test/unit/events_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "crawl/task.h"
#include "tap.h"

static const GhcRoom room = {.parts = 1,.rows = 1};

static bool
begin(GhcTask *task, const char *text)
{
	memset(task, 0, sizeof(*task));
	task->kind = &ghc_events_kind;
	return ghc_task_read(task, text);
}

/* What it asks for next, with the ETag behind it. */
static const char *
asks(GhcTask *task)
{
	static char shown[300];
	GhcQuery	query = {0};

	if (task->kind->wants(task) != GHC_WANT_REST || !task->kind->compose(task, &room, &query))
		abort();
	snprintf(shown, sizeof(shown), "%s %s", query.get.path.data,
			 query.get.etag.data ? query.get.etag.data : "-");
	ghc_buffer_free(&query.get.path);
	ghc_buffer_free(&query.get.etag);
	return shown;
}

/* It gets a page of events whose ids go down from one to another. */
static GhcOutcome
receives(GhcTask *task, int status, int64_t from, int64_t to, bool has_next)
{
	static const GhcJudgement good = {.verdict = GHC_VERDICT_OK};
	GhcBuffer	body = {0};
	GhcHarvest	stored = {0};
	GhcGot		got = {
		.status = status, .has_next = has_next, .poll_s = 60, .token_id = 7, .etag = "\"new\""
	};
	GhcOutcome	outcome;

	ghc_buffer_puts(&body, "[");
	for (int64_t id = from; id >= to; id--)
		ghc_buffer_printf(&body, "%s{\"id\":\"%" PRId64 "\",\"type\":\"WatchEvent\",\"repo\":{\"id\":%" PRId64 "}}",
						  id < from ? "," : "", id, id % 10 + 1);
	ghc_buffer_puts(&body, status == 200 ? "]" : "");
	got.body = body.data;
	got.len = body.len;
	task->parts.got = &got;
	outcome = task->kind->absorb(task, &good, &stored);
	task->parts.got = NULL;
	ghc_buffer_free(&body);
	return outcome;
}

static void
test_texts(void)
{
	static const char *const bad[] = {
		"", "known:1", "known:1 token:2", "known:x token:2 etag:", "token:1 known:2 etag:", "etag:",
		"known:1 token:2 etag:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	GhcBuffer	text = {0};
	GhcTask		task;

	ok(ghc_events_format(12, 3, "W/\"a b\"", &text) && begin(&task, text.data), "a text");
	is_int(task.events->known, 12, "what is known");
	is_int(task.token_id, 3, "whose ETag");
	is_str(asks(&task), "/events?per_page=100&page=1 W/\"a b\"", "the first page, if it is new");
	ghc_task_release(&task);
	ghc_buffer_free(&text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		ok(!begin(&task, bad[i]), "no text: %s", bad[i]);
		ghc_task_release(&task);
	}
}

static void
test_pages(void)
{
	GhcTask		task;

	ok(begin(&task, "known:0 token:0 etag:"), "the first look");
	is_str(asks(&task), "/events?per_page=100&page=1 -", "without an ETag");
	is_int(receives(&task, 200, 500, 401, true), GHC_OUTCOME_MORE, "a page");
	is_str(asks(&task), "/events?per_page=100&page=2 -", "the next");
	is_int(receives(&task, 200, 410, 311, true), GHC_OUTCOME_MORE, "it overlaps, as others came");
	is_int(receives(&task, 200, 310, 211, true), GHC_OUTCOME_DONE, "no more than three");
	ok(task.events->tally.events == 290 && task.events->newest == 500 && !task.events->torn &&
	   task.events->token_id == 7 && task.events->poll_s == 60, "each counts once; nothing was missed at first");
	is_str(task.events->new_etag, "\"new\"", "the first page's ETag");
	ghc_task_release(&task);

	(void) begin(&task, "known:450 token:7 etag:\"old\"");
	is_int(receives(&task, 200, 500, 401, true), GHC_OUTCOME_DONE, "one that is known ends it");
	ok(task.events->tally.events == 50 && !task.events->torn, "those after it count");
	ghc_task_release(&task);

	(void) begin(&task, "known:100 token:7 etag:");
	(void) receives(&task, 200, 500, 401, true);
	is_int(receives(&task, 200, 400, 301, false), GHC_OUTCOME_DONE, "there is no further page");
	ok(task.events->torn, "and none was known: some were missed");
	ghc_task_release(&task);
}

static void
test_others(void)
{
	GhcTask		task;
	GhcOutcome	outcome = GHC_OUTCOME_RETRY;
	int			n = 0;

	(void) begin(&task, "known:450 token:7 etag:\"old\"");
	is_int(receives(&task, 304, 0, 1, false), GHC_OUTCOME_DONE, "nothing new");
	ok(task.events->not_modified && task.events->answered && task.events->newest == 450, "is told apart");
	ghc_task_release(&task);

	(void) begin(&task, "known:450 token:7 etag:\"old\"");
	is_int(receives(&task, 200, 0, 1, false), GHC_OUTCOME_DONE, "no events at all");
	ok(!task.events->torn, "none was missed");
	ghc_task_release(&task);

	(void) begin(&task, "known:450 token:7 etag:\"old\"");
	while (outcome == GHC_OUTCOME_RETRY && n++ < 100)
		outcome = receives(&task, n % 2 ? 404 : 302, 0, 1, false);
	ok(outcome == GHC_OUTCOME_GAP && n < 100, "what is no page isn't tried for ever");
	ghc_task_release(&task);
}

int
main(void)
{
	test_texts();
	test_pages();
	test_others();
	return done_testing();
}
