/*-------------------------------------------------------------------------
 *
 * absent_test.c
 *	  The task kind "absent", and what it reads of a refusal.
 *
 * IDENTIFICATION
 *	  test/unit/absent_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "crawl/task.h"
#include "tap.h"

#define DMCA "{\"message\":\"Repository access blocked\",\"block\":{\"reason\":\"dmca\"," \
	"\"created_at\":\"2021-04-22T17:53:56Z\",\"html_url\":\"https://github.com/github/dmca/blob/x.md\"}}"
#define TOS "{\"block\":{\"reason\":\"tos\",\"html_url\":\"https://github.com/tos\"},\"message\":\"\"}"

static const GhcRoom room = {.parts = 1,.rows = 1};

/* Copies, because texts are read in place; exactly as long, for sanitizers. */
static bool
reads(GhcBlock *block, const char *json)
{
	size_t		len = strlen(json);
	char	   *copy = malloc(len > 0 ? len : 1);
	bool		read;

	memcpy(copy, json, len);
	read = ghc_block_read(block, copy, len);
	free(copy);
	return read;
}

static void
test_blocks(void)
{
	static const char *const none[] = {
		"", "null", "[]", "{}", "{\"block\":null}", "{\"block\":\"dmca\"}",
		"{\"message\":\"Not Found\",\"status\":\"404\"}", "{\"block\":{\"reason\":\"dmca\"}",
	};
	static const char *const odd[] = {
		"{\"block\":{}}", "{\"block\":{\"reason\":null,\"created_at\":5,\"html_url\":{}}}",
		"{\"block\":{\"reason\":\"sanctions\",\"created_at\":\"soon\",\"html_url\":\"javascript:alert(1)\"}}",
		"{\"block\":{\"html_url\":\"https://a/\\u0000\"}}", "{\"block\":{\"html_url\":\"https://a b\"}}",
	};
	GhcBlock	block;

	ok(reads(&block, DMCA), "a block");
	is_str(block.reason, "blocked_dmca", "by DMCA");
	is_int(block.since, 1619114036, "since when");
	is_str(block.notice, "https://github.com/github/dmca/blob/x.md", "and why");
	ok(reads(&block, TOS), "another");
	is_str(block.reason, "blocked_tos", "by terms");
	is_int(block.since, 0, "it isn't said since when");
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ok(!reads(&block, none[i]), "no block: %s", none[i]);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		ok(reads(&block, odd[i]) && strcmp(block.reason, "blocked") == 0 &&
		   block.since == 0 && block.notice[0] == '\0', "a block, and no more: %s", odd[i]);
	for (size_t len = 0; len < strlen(DMCA); len++)
	{
		char	   *copy = malloc(len + 1);

		memcpy(copy, DMCA, len);
		copy[len] = '\0';
		ok(!reads(&block, copy), "%d bytes of a block", (int) len);
		free(copy);
	}
}

static bool
start(GhcTask *task, const char *text)
{
	*task = (GhcTask) {.kind = ghc_task_kind("absent"),.promised = -1};
	return ghc_task_read(task, text);
}

/* Asks, and answers; the path must be as told. */
static GhcOutcome
ask(GhcTask *task, const char *path, int status, GhcVerdict verdict,
	const char *body)
{
	static const GhcShape shape = {GHC_FIELD_BIT(GHC_FIELD_STARS), NULL};
	GhcJudgement judgement = {.verdict = verdict};
	GhcReply	reply;
	GhcHarvest	stored;
	GhcGot		got = {.status = status,.etag = "",.location = "",.len = strlen(body)};
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
	is_int(stored.n, 0, "nothing is stored");
	ghc_buffer_free(&query.get.path);
	ghc_buffer_free(&query.body);
	free(got.body);
	return outcome;
}

static void
test_answers(void)
{
	GhcTask		task;

	ok(!start(&task, "ids:") && !start(&task, "stars:1"), "no such task");
	ok(start(&task, "ids:7,19,20,21,22"), "five ids");
	is_int(ask(&task, "/repositories/7", 404, GHC_VERDICT_OK, "{}"), GHC_OUTCOME_MORE, "not found");
	ok(task.absent->answered == 7 && task.absent->fate == GHC_ABSENT_GONE, "is gone");
	is_str(task.absent->block.reason, "private_or_deleted", "one or the other");
	is_int(ask(&task, "/repositories/19", 451, GHC_VERDICT_OK, DMCA), GHC_OUTCOME_MORE, "blocked");
	ok(task.absent->answered == 19 && task.absent->fate == GHC_ABSENT_GONE, "is gone, too");
	is_str(task.absent->block.reason, "blocked_dmca", "by DMCA");
	is_int(ask(&task, "/repositories/20", 403, GHC_VERDICT_OK, "{\"message\":\"ip allow list\"}"),
		   GHC_OUTCOME_MORE, "a rule of its owner");
	ok(task.absent->answered == 20 && task.absent->fate == GHC_ABSENT_UNCLEAR, "says nothing");
	is_int(ask(&task, "/repositories/21", 200, GHC_VERDICT_OK, "{\"id\":21}"), GHC_OUTCOME_MORE, "shown");
	ok(task.absent->answered == 21 && task.absent->fate == GHC_ABSENT_SHOWN, "it is there");
	is_int(ask(&task, "/repositories/22", 301, GHC_VERDICT_OK, ""), GHC_OUTCOME_DONE, "the last one");
	ok(task.absent->answered == 22 && task.absent->fate == GHC_ABSENT_UNCLEAR, "a redirect says nothing");
	ghc_task_release(&task);
	ok(task.absent == NULL, "released");
}

static void
test_failures(void)
{
	GhcTask		task;
	int			tries = 1;

	ok(start(&task, "ids:7,8"), "two ids");
	for (int i = 0; i < 100; i++)
		is_int(ask(&task, "/repositories/7", 403, GHC_VERDICT_EXHAUSTED, ""), GHC_OUTCOME_RETRY,
			   "a limit is not about it");
	while (tries < 100 && ask(&task, "/repositories/7", 500, GHC_VERDICT_SERVER, "") == GHC_OUTCOME_RETRY)
		tries++;
	ok(tries > 2 && tries < 100, "of what fails each time nothing is said");
	is_int(task.absent->answered, 0, "of it");
	is_int(ask(&task, "/repositories/8", 404, GHC_VERDICT_OK, ""), GHC_OUTCOME_DONE, "the other one is asked for");
	is_int(task.absent->answered, 8, "and answered");
	ghc_task_release(&task);
}

int
main(void)
{
	test_blocks();
	test_answers();
	test_failures();
	return done_testing();
}
