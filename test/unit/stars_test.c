/*-------------------------------------------------------------------------
 *
 * stars_test.c
 *	  The task kind "stars", and weeks of stars: reading, laying them out.
 *
 * IDENTIFICATION
 *	  test/unit/stars_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>

#include "crawl/stars.h"
#include "tap.h"

#define WEEK GHC_WEEK_SECONDS

/* a Sunday */
#define T0 INT64_C(1763251200)

/* Reads a page from a copy that is exactly as long, for sanitizers. */
static int
reads(GhcStarWeek *weeks, int max, const char *json, int *damaged)
{
	size_t		len = strlen(json);
	char	   *copy = malloc(len > 0 ? len : 1);
	int			n;

	memcpy(copy, json, len);
	n = ghc_star_weeks_read(weeks, max, copy, len, damaged);
	free(copy);
	return n;
}

static void
test_page(void)
{
	static const char *const none[] = {
		"", "null", "{}", "[", "[{\"week\":1763251200,\"total\":1,\"days\":[0,0,0,0,0,0,1]}",
		"[] x", "{\"message\":\"Not Found\"}",
	};
	GhcStarWeek weeks[4];
	int			damaged;

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ok(reads(weeks, 4, none[i], &damaged) == -1, "no page: %s", none[i]);
	is_int(reads(weeks, 4, " [] ", &damaged), 0, "an empty page");
	is_int(reads(weeks, 4, "[{\"week\":1763251200,\"total\":6,\"days\":[1,0,2,0,0,0,3]},"
				 "{\"days\":[0,0,0,0,0,0,0],\"x\":{},\"week\":1762646400}]", &damaged), 2, "two weeks");
	is_int(damaged, 0, "both are good");
	ok(weeks[0].begins == T0 && weeks[0].days[0] == 1 && weeks[0].days[2] == 2 &&
	   weeks[0].days[6] == 3, "the days of the first");
	is_int(weeks[1].begins, T0 - WEEK, "the order of keys doesn't matter");
	is_int(reads(weeks, 1, "[{\"week\":1763251200,\"days\":[0,0,0,0,0,0,0]},"
				 "{\"week\":1762646400,\"days\":[0,0,0,0,0,0,0]}]", &damaged), 1, "no more than there is room");
}

static void
test_odd_weeks(void)
{
	static const char *const mended[] = {
		"[{\"week\":1763251200,\"total\":5,\"days\":null}]",
		"[{\"week\":1763251200,\"total\":5}]",
		"[{\"week\":1763251200,\"total\":5,\"days\":[1,1,1,1,1,0]}]",
		"[{\"week\":1763251200,\"total\":5,\"days\":[1,1,1,1,1,0,0,0]}]",
		"[{\"week\":1763251200,\"total\":5,\"days\":[1,1,1,1,1,0,-1]}]",
		"[{\"week\":1763251200,\"total\":5,\"days\":[1,1,1,1,1,0,null]}]",
		"[{\"week\":1763251200,\"total\":5,\"days\":[1,1,1,1,1,0,99999999999]}]",
		"[{\"week\":1763251200,\"total\":5,\"days\":[1,1,1,1,1,0,0.5]}]",
		"[{\"week\":1763251200,\"total\":5,\"days\":{\"a\":1}}]",
	};
	static const char *const lost[] = {
		"[{\"week\":1763251200,\"total\":-1,\"days\":null}]", "[{\"week\":1763251200}]", "[null]", "[[]]", "[7]",
		"[{\"week\":null,\"total\":5,\"days\":[1,1,1,1,1,0,0]}]", "[{\"week\":-1763251200,\"total\":5}]",
		"[{\"week\":\"2026-11-22\",\"total\":5}]", "[{\"week\":0,\"total\":5}]", "[{\"total\":5}]",
		"[{\"week\":1763251200000,\"total\":5}]", "[{\"week\":99999999999999999999,\"total\":5}]",
	};
	GhcStarWeek weeks[2];
	int			damaged;

	for (size_t i = 0; i < sizeof(mended) / sizeof(mended[0]); i++)
	{
		ok(reads(weeks, 2, mended[i], &damaged) == 1, "a week: %s", mended[i]);
		ok(damaged == 0 && weeks[0].days[0] == 0 && weeks[0].days[6] == 5,
		   "its total counts for the last day");
	}
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
	{
		ok(reads(weeks, 2, lost[i], &damaged) == 0, "no week: %s", lost[i]);
		is_int(damaged, 1, "it is counted");
	}
	is_int(reads(weeks, 2, "[{\"week\":1763251201,\"days\":[2147483647,0,0,0,0,0,0]}]", &damaged), 1,
		   "any second will do");
	is_int(weeks[0].days[0], INT32_MAX, "and as many stars as there is room for");
}

static void
test_layout(void)
{
	static int32_t days[GHC_STAR_MAX_WEEKS * GHC_WEEK_DAYS];
	GhcStarWeek weeks[] = {
		{T0, {1}}, {T0 - WEEK, {2}}, {T0 - 3 * WEEK, {3}}, {T0 - WEEK, {4}},
	};
	int64_t		begins;

	is_int(ghc_star_weeks_lay_out(weeks, 0, T0, &begins, days), 0, "no weeks");
	is_int(ghc_star_weeks_lay_out(weeks, 4, T0, &begins, days), 4, "four, one of which nobody told of");
	is_int(begins, T0 - 3 * WEEK, "they begin with the oldest");
	ok(days[0] == 3 && days[7] == 0 && days[14] == 4 && days[21] == 1,
	   "of one that comes twice the last one counts");
	is_int(ghc_star_weeks_lay_out(weeks, 4, T0 - 1, &begins, days), 3, "none that is to come");
	is_int(ghc_star_weeks_lay_out(weeks, 4, T0 - 9 * WEEK, &begins, days), 0, "nor any, if all are");
	/* clocks were put forward and back in between */
	weeks[1].begins += 3600;
	weeks[2].begins -= 3600;
	weeks[3].begins += 3600;
	is_int(ghc_star_weeks_lay_out(weeks, 4, T0, &begins, days), 4, "an hour more or less is nothing");
	ok(begins == T0 - 3 * WEEK && days[0] == 3 && days[14] == 4, "the newest week sets the grid");
	weeks[2].begins = T0 - 5000 * WEEK;
	is_int(ghc_star_weeks_lay_out(weeks, 4, T0, &begins, days), 2, "none beyond what fits");
	ok(ghc_star_weeks_agree(T0, T0 - 40 * WEEK + 3600) && ghc_star_weeks_agree(T0 + 3600, T0 + WEEK) &&
	   !ghc_star_weeks_agree(T0, T0 + 86400) && !ghc_star_weeks_agree(T0, T0 - 10 * WEEK - 86400), "what agrees");
}

static bool
start(GhcTask *task, const char *text)
{
	bool		good;

	*task = (GhcTask) {.kind = ghc_task_kind("stars"),.promised = -1};
	good = ghc_task_read(task, text);
	if (!good)
		ghc_task_release(task);
	return good;
}

/* Asks, and answers; the path must be as told. */
static GhcOutcome
ask(GhcTask *task, const char *path, int status, bool has_next, const char *body)
{
	static const GhcRoom room = {.parts = 1,.rows = 1};
	static const GhcShape shape = {GHC_FIELD_BIT(GHC_FIELD_STARS), NULL};
	GhcJudgement judgement = {.verdict = status == 500 ? GHC_VERDICT_SERVER : status == 0 ?
		GHC_VERDICT_NETWORK : GHC_VERDICT_OK};
	GhcReply	reply;
	GhcHarvest	stored;
	GhcGot		got = {.status = status,.has_next = has_next,.etag = "",.location = "",.len = strlen(body)};
	GhcQuery	query = {0};
	GhcOutcome	outcome;

	got.body = malloc(got.len + 1);
	memcpy(got.body, body, got.len + 1);
	ghc_reply_clear(&reply);
	ghc_query_begin(&query, &shape, false);
	is_int(task->kind->wants(task), GHC_WANT_REST, "wants a GET");
	ok(ghc_task_compose(task, &room, &query), "it is composed");
	is_str(query.get.path.data, path, "its path");
	task->parts.got = &got;
	outcome = ghc_task_absorb(task, 1, &reply, &judgement, &stored);
	ghc_buffer_free(&query.get.path);
	ghc_buffer_free(&query.body);
	free(got.body);
	return outcome;
}

#define PATH(id, page) "/repositories/" #id "/stargazers/history?per_page=30&page=" #page
#define ONE(week) "[{\"week\":" #week ",\"days\":[1,0,0,0,0,0,0]}]"

static void
is_rest(const GhcTask *task, const char *expected)
{
	GhcBuffer	text = {0};

	ghc_stars_format_rest(task->stars, &text);
	is_str(text.data ? text.data : "", expected, "what is left");
	ghc_buffer_free(&text);
}

static void
test_texts(void)
{
	static const char *const none[] = {
		"", "ids:", "ids:0", "ids:7,", "ids:7@", "ids:7@0", "ids:7 8", "ids:,7", "ids:-7", "ids:7@8@9",
		"ids:99999999999999999999", "stars:7", "ids:7@99999999999999999999",
	};
	GhcTask		task;

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ok(!start(&task, none[i]), "no such task: %s", none[i]);
	ok(start(&task, "ids:7@1763251200,19,20@1"), "three ids");
	ok(task.stars->n == 3 && task.stars->wishes[0].known == T0 && task.stars->wishes[1].known == 0 &&
	   task.stars->wishes[2].repo_id == 20, "they are read");
	is_rest(&task, "ids:7@1763251200,19,20@1");
	ghc_task_release(&task);
	ok(task.stars == NULL, "released");
}

static int
n_weeks(const GhcTask *task)
{
	return (int) (task->stars->weeks.len / sizeof(GhcStarWeek));
}

static void
test_reading(void)
{
	GhcTask		task;

	ok(start(&task, "ids:7,8@1762646400,9,10,11"), "five repositories");
	is_int(ask(&task, PATH(7, 1), 200, true, ONE(1763251200)), GHC_OUTCOME_MORE, "a page");
	is_int(task.stars->finished, 0, "that isn't all");
	is_int(ask(&task, PATH(7, 2), 0, false, ""), GHC_OUTCOME_RETRY, "no connection");
	is_int(ask(&task, PATH(7, 2), 202, false, "{}"), GHC_OUTCOME_RETRY, "not worked out yet");
	is_int(ask(&task, PATH(7, 2), 200, true, "[]"), GHC_OUTCOME_RETRY, "nothing, and more: that can't be");
	is_int(ask(&task, PATH(7, 2), 200, false, ONE(1762646400)), GHC_OUTCOME_MORE, "the last page");
	ok(task.stars->finished == 7 && task.stars->whole && n_weeks(&task) == 2, "it is complete");
	is_int(task.seen, 1, "and counted");
	is_rest(&task, "ids:8@1762646400,9,10,11");

	is_int(ask(&task, PATH(8, 1), 200, true, "[{\"week\":1763251200,\"total\":1},{\"week\":1762646400,\"total\":1},{\"week\":1762041600,\"total\":1}]"),
		   GHC_OUTCOME_MORE, "a week that is known");
	ok(task.stars->finished == 8 && !task.stars->whole, "is the end");
	is_int(n_weeks(&task), 2, "of what follows it, beginning there");
	is_int(((GhcStarWeek *) task.stars->weeks.data)[0].begins, T0, "in the week after");

	is_int(ask(&task, PATH(9, 1), 404, false, "{}"), GHC_OUTCOME_MORE, "not found");
	ok(task.stars->finished == 0 && task.stars->gone, "is gone");
	is_int(ask(&task, PATH(10, 1), 301, false, "{}"), GHC_OUTCOME_RETRY, "a redirect isn't followed");
	ok(!task.stars->gone, "and isn't gone");
	task.attempts = 8;
	is_int(ask(&task, PATH(10, 1), 500, false, ""), GHC_OUTCOME_MORE, "given up at last");
	is_rest(&task, "ids:10,11");
	is_int(ask(&task, PATH(11, 1), 200, false, "[]"), GHC_OUTCOME_GAP, "one without any week is the last");
	ok(task.stars->finished == 11 && task.stars->whole && n_weeks(&task) == 0, "it is complete, too");
	ok(task.missing == 1 && task.seen == 3 && task.promised == 4, "what was given up is missing");
	is_rest(&task, "ids:10");
	ghc_task_release(&task);
}

static void
test_ends(void)
{
	GhcTask		task;
	char		path[100];

	/* weeks begin on another day now */
	ok(start(&task, "ids:5@1762646400"), "a repository that is known");
	is_int(ask(&task, PATH(5, 1), 200, false, "[{\"week\":1763078400,\"total\":1},{\"week\":1762473600,\"total\":1}]"),
		   GHC_OUTCOME_DONE, "its weeks begin two days earlier");
	ok(task.stars->whole && n_weeks(&task) == 3, "all of it is read");
	ghc_task_release(&task);

	/* links without end */
	ok(start(&task, "ids:5"), "one more");
	for (int page = 1; page <= GHC_STAR_PAGES; page++)
	{
		snprintf(path, sizeof(path), "/repositories/5/stargazers/history?per_page=30&page=%d", page);
		ok(ask(&task, path, 200, true, ONE(1763251200)) ==
		   (page < GHC_STAR_PAGES ? GHC_OUTCOME_MORE : GHC_OUTCOME_DONE), "page %d", page);
	}
	ok(task.stars->whole, "there is no page after the hundredth");
	ghc_task_release(&task);

	/* an earlier try had read two of four */
	*(&task) = (GhcTask) {.kind = ghc_task_kind("stars"),.promised = 4,.counted = 2,.share = 1,.part = 0.5};
	ok(ghc_task_read(&task, "ids:3,4"), "what is left of four");
	is_int(ask(&task, PATH(3, 1), 200, false, "[]"), GHC_OUTCOME_MORE, "the third");
	ok(task.seen == 3 && task.counted == 3 && task.promised == 4 && task.part > 0.74, "is the third");
	ghc_task_release(&task);
}

int
main(void)
{
	test_page();
	test_odd_weeks();
	test_layout();
	test_texts();
	test_reading();
	test_ends();
	return done_testing();
}
