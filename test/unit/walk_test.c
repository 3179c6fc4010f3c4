/*-------------------------------------------------------------------------
 *
 * walk_test.c
 *	  The task kinds "span", "walk", "known" and "survey", and the texts of spans.
 *
 * A world in memory answers: ids that are public, hidden, or gone since they were
 * listed, page by page.
 *
 * IDENTIFICATION
 *	  test/unit/walk_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "crawl/survey.h"
#include "crawl/walk.h"
#include "tap.h"

/* every third id is public, up to the end */
static int64_t end = 30000;

/* of these, every so-manieth isn't shown, isn't found, or is null for no reason */
static int	hidden_each = 0;
static int	gone_each = 0;
static int	bare_each = 0;

static GhcReply reply;
static GhcRepository repos[GHC_MAX_MEMBERS];
static GhcQuery query;
static int	n_gets;
static int	n_lists;
static char seen[100000];		/* how often each was shown */
static GhcIdSet refused;		/* by the database */

static bool
each(int64_t id, int n)
{
	return n > 0 && (id / 3) % n == 0;
}

/* Answers a GET of a list. */
static GhcOutcome
answer_get(GhcTask *task)
{
	static const GhcJudgement good = {.verdict = GHC_VERDICT_OK};
	GhcBuffer	body = {0};
	GhcGot		got = {.status = 200};
	GhcHarvest	stored;
	GhcOutcome	outcome;
	int64_t		since = atoll(strstr(query.get.path.data, "since=") + 6);
	int			n = 0;

	n_gets++;
	ghc_buffer_puts(&body, "[");
	for (int64_t id = since / 3 * 3 + 3; id <= end && n < 100; id += 3)
		ghc_buffer_printf(&body, "%s{\"id\":%" PRId64 ",\"private\":false,\"x\":[1,{}]}",
						  n++ > 0 ? "," : "", id);
	ghc_buffer_puts(&body, "]");
	got.body = body.data;
	got.len = body.len;
	got.has_next = n > 0;
	ghc_reply_clear(&reply);
	task->parts.got = &got;
	outcome = ghc_task_absorb(task, 1, &reply, &good, &stored);
	ghc_buffer_free(&body);
	return outcome;
}

static void
add_error(const char *type, int member)
{
	reply.errors[reply.n_errors++] = (GhcGraphError)
	{
		.type = ghc_slice_of(type),.message = GHC_SLICE(""),.page = -1,
			.count = -1,.list = 0,.member = member
	};
}

/* Answers a look-up. */
static GhcOutcome
answer_list(GhcTask *task)
{
	static const GhcJudgement partial = {.verdict = GHC_VERDICT_PARTIAL};
	GhcWalk    *walk = task->walk;
	GhcList    *list = &reply.lists[0];
	GhcHarvest	stored;

	n_lists++;
	ghc_reply_clear(&reply);
	list->present = true;
	list->n_members = walk->n_asked;
	list->found = (GhcPage) {.repos = repos};
	for (int k = 0; k < walk->n_asked; k++)
	{
		int64_t		id = walk->legacy ? llabs(walk->again[k]) : walk->ids[walk->asked[k]];

		list->repo[k] = -1;
		if (each(id, gone_each) || id % 3 != 0 || id > end)
			add_error("NOT_FOUND", k);
		else if (each(id, hidden_each))
			add_error("FORBIDDEN", k);
		else if (!each(id, bare_each))
		{
			list->repo[k] = list->found.n;
			repos[list->found.n++] = (GhcRepository) {
				.repo_id = id,.set = GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER)
			};
			seen[id]++;
		}
	}
	return ghc_task_absorb(task, 1, &reply, &partial, &stored);
}

/* Asks what the task wants, and answers it. */
static GhcOutcome
step(GhcTask *task)
{
	static const GhcShape shape = {GHC_FIELD_BIT(GHC_FIELD_STARS), NULL};
	static const GhcRoom room = {.parts = 1,.rows = GHC_MAX_MEMBERS};
	GhcWant		want = task->kind->wants(task);

	ghc_query_begin(&query, &shape, false);
	if (!ghc_task_compose(task, &room, &query))
		abort();
	return want == GHC_WANT_REST ? answer_get(task) : answer_list(task);
}

static void
start(GhcTask *task, const char *kind, const char *text)
{
	*task = (GhcTask) {.kind = ghc_task_kind(kind),.promised = -1,.share = 1};
	ok(ghc_task_read(task, text), "%s %s is read", kind, text);
	n_gets = n_lists = 0;
	memset(seen, 0, sizeof(seen));
}

static GhcOutcome
run(GhcTask *task)
{
	GhcOutcome	outcome;

	do
		outcome = step(task);
	while (outcome == GHC_OUTCOME_MORE || outcome == GHC_OUTCOME_RETRY);
	return outcome;
}

/* Is what the task is stored as this text? */
static void
is_stored(const GhcTask *task, const char *want)
{
	GhcBuffer	text = {0};

	ghc_walk_format(task, &refused, &text);
	is_str(text.data, want, want);
	ghc_buffer_free(&text);
}

/* How many of lo..hi were shown; -1 if one was twice, or one beside them. */
static int
count_seen(int64_t lo, int64_t hi)
{
	int			n = 0;

	for (int64_t id = 0; id < (int64_t) sizeof(seen); id++)
	{
		if (seen[id] > 1 || (seen[id] > 0 && (id < lo || id > hi)))
			return -1;
		n += seen[id];
	}
	return n;
}

static void
test_walk(void)
{
	GhcTask		task;

	start(&task, "walk", "ids:1000..3999");
	is_int(run(&task), GHC_OUTCOME_DONE, "a range is done");
	is_int(count_seen(1000, 3999), 1000, "all of it, and nothing else");
	is_int(task.seen, 1000, "counted");
	is_int(task.promised, 1000, "and promised");
	is_int(n_gets, 10, "ten pages");
	is_int(n_lists, 10, "ten look-ups");
	ok(task.part > 0.999 && task.part < 1.001, "the whole part");
	ghc_task_release(&task);

	start(&task, "walk", "ids:29000..*");
	is_int(run(&task), GHC_OUTCOME_DONE, "the end is followed");
	is_int(count_seen(29000, end), 334, "to the last");
	is_int(n_gets, 4 + 3, "which is said three times");
	is_stored(&task, "ids:29000..* at:30001");
	ghc_task_release(&task);

	start(&task, "walk", "ids:40000..*");
	is_int(run(&task), GHC_OUTCOME_DONE, "nothing is there");
	is_stored(&task, "ids:40000..*");
	ghc_task_release(&task);

	/* in the middle of it, and from there */
	start(&task, "walk", "ids:1..3000");
	for (int i = 0; i < 5; i++)
		is_int(step(&task), GHC_OUTCOME_MORE, "more");
	is_stored(&task, "ids:1..3000 at:603");
	ghc_task_release(&task);
	start(&task, "walk", "ids:1..3000 at:603");
	is_int(run(&task), GHC_OUTCOME_DONE, "goes on");
	is_int(count_seen(603, 3000), 800, "from where it was");
	ghc_task_release(&task);
}

static void
test_refusals(void)
{
	GhcTask		task;
	int			n_missed = 0;
	int			n_hidden = 0;
	GhcOutcome	outcome;

	hidden_each = 7;
	gone_each = 11;
	start(&task, "walk", "ids:1..9000");
	do
	{
		outcome = step(&task);
		n_missed += task.walk->n_missed;
		n_hidden += task.walk->n_hidden;
		ok(task.explained || task.parts.got != NULL, "no error but those about ids");
	} while (outcome == GHC_OUTCOME_MORE);
	is_int(outcome, GHC_OUTCOME_DONE, "done all the same");
	is_int(n_missed, 3000 / 11, "gone by both forms");
	is_int(n_hidden, 3000 / 7 - 3000 / 77, "hidden by both");
	is_int(task.seen, 3000 - n_missed - n_hidden, "the others were seen");
	ok(n_lists <= 30 + 8, "those put off are asked for together");
	ghc_task_release(&task);
	hidden_each = gone_each = 0;

	/* null for no reason: a gap, of which the rest is kept */
	bare_each = 500;
	start(&task, "walk", "ids:1..9000");
	is_int(run(&task), GHC_OUTCOME_GAP, "a gap");
	is_int(task.missing, 6, "of so many");
	is_stored(&task, "ids:1..9000 at:9001 left:1500,3000,4500,6000,7500,9000");
	ghc_task_release(&task);
	bare_each = 0;
	start(&task, "walk", "ids:1..9000 at:9001 left:1500,3000,4500,6000,7500,9000");
	is_stored(&task, "ids:1..9000 at:9001 left:1500,3000,4500,6000,7500,9000");
	is_int(run(&task), GHC_OUTCOME_DONE, "tried again");
	is_int(count_seen(1500, 9000), 6, "just those");
	is_int(n_gets, 0, "nothing is listed again");
	ghc_task_release(&task);
}

/* Whom the database refuses is asked for again, in whatever way the task goes on. */
static void
test_refused(void)
{
	GhcTask		task;
	GhcBuffer	text = {0};

	start(&task, "walk", "ids:1..9000");
	is_int(run(&task), GHC_OUTCOME_DONE, "all is seen");
	ghc_idset_add(&refused, 600);
	is_stored(&task, "ids:1..9000 at:9001 left:600");
	ok(ghc_walk_format_left(&task, &refused, &text), "something is left");
	is_str(text.data, "ids:1..9000 at:9001 left:600", "that one");
	for (int64_t id = 3; refused.n <= GHC_WALK_IDS; id += 3)
		ghc_idset_add(&refused, id);
	is_stored(&task, "ids:1..9000");
	ghc_task_release(&task);
	ghc_idset_free(&refused);

	task = (GhcTask) {.kind = ghc_task_kind("walk"),.counted = 2999};
	ok(ghc_task_read(&task, "ids:1..9000 at:9001 left:600"), "one is left");
	is_int(task.seen, 2999, "the others were seen");
	ghc_task_release(&task);
	ok(ghc_task_read(&task, "ids:1..9000"), "all are left");
	is_int(task.seen, 0, "who begins anew sees all of them again");
	ghc_task_release(&task);

	end = 95000;
	start(&task, "walk", "ids:1..*");
	is_int(run(&task), GHC_OUTCOME_SPLIT, "what is long is handed on");
	ok(!ghc_walk_format_left(&task, &refused, &text), "nothing is left");
	ghc_idset_add(&refused, 600);
	text.len = 0;
	ok(ghc_walk_format_left(&task, &refused, &text), "or one is");
	is_str(text.data, "ids:1..90000 at:90001 left:600", "as a task of its own");
	ghc_task_release(&task);
	start(&task, "walk", text.data);
	is_int(run(&task), GHC_OUTCOME_DONE, "which is done");
	is_int(n_gets, 0, "and walks no more");
	ghc_task_release(&task);
	ghc_idset_free(&refused);
	ghc_buffer_free(&text);
	end = 30000;
}

static void
test_known(void)
{
	int64_t		ids[] = {3, 6, 7, 12};
	GhcTask		task;

	start(&task, "known", "ids:1..20");
	is_int(task.kind->wants(&task), GHC_WANT_NOTHING, "has to be fed");
	ghc_walk_feed(&task, ids, 4, false);
	is_int(run(&task), GHC_OUTCOME_DONE, "done");
	is_int(task.seen, 3, "three are there");
	is_int(task.walk->n_missed, 1, "one is gone");
	is_int(task.walk->missed[0], 7, "that one");
	ghc_task_release(&task);
}

/* So many gone in a row that there is no room to put them all off. */
static void
test_many_gone(void)
{
	int64_t		ids[GHC_WALK_IDS];
	GhcTask		task;
	int			n_missed = 0;
	GhcOutcome	outcome;

	/* only every third id is there */
	for (int i = 0; i < GHC_WALK_IDS; i++)
		ids[i] = 3 * i + 1;
	start(&task, "known", "ids:1..3000");
	ghc_walk_feed(&task, ids, GHC_WALK_IDS, false);
	do
	{
		outcome = step(&task);
		n_missed += task.walk->n_missed;
	} while (outcome == GHC_OUTCOME_MORE);
	is_int(outcome, GHC_OUTCOME_DONE, "however many are gone, it is done");
	is_int(n_missed, GHC_WALK_IDS, "all of them are found to be gone");
	ok(n_lists <= 2 * GHC_WALK_IDS / GHC_MAX_MEMBERS, "none is asked for more than twice");
	ghc_task_release(&task);
}

/* The end is found, and pieces cover what is before it. */
static void
test_span(int64_t last, int64_t known, int most)
{
	GhcTask		task;
	GhcSpan		whole;
	int			n;

	end = last;
	start(&task, "span", "ids:1..*");
	is_int(task.kind->wants(&task), GHC_WANT_NOTHING, "has to be fed");
	ghc_walk_feed_end(&task, known);
	is_int(run(&task), GHC_OUTCOME_SPLIT, "a span is cut");
	ok(n_gets <= most, "%d requests for the end at %lld", n_gets, (long long) last);
	ok(task.walk->low <= last && last - task.walk->low <= last / 64 + 1000,
	   "near enough: %lld", (long long) task.walk->low);
	whole = (GhcSpan) {1, task.walk->low};
	n = ghc_walk_pieces(task.walk, &whole);
	for (int i = 0; i < n; i++)
		if (ghc_walk_piece(&whole, i, n).lo !=
			(i > 0 ? ghc_walk_piece(&whole, i - 1, n).hi + 1 : 1))
			ok(false, "piece %d follows the one before", i);
	is_int(ghc_walk_piece(&whole, n - 1, n).hi, whole.hi, "the pieces cover it");
	ghc_task_release(&task);
	end = 30000;
}

static void
test_survey(void)
{
	GhcTask		task;
	const GhcEstimate *estimate;

	start(&task, "survey", "ids:1..*");
	is_int(run(&task), GHC_OUTCOME_DONE, "a survey");
	estimate = ghc_survey_estimate(&task);
	ok(llabs(estimate->repositories - 10000) <= 700, "%lld repositories",
	   (long long) estimate->repositories);
	ok(estimate->rest_requests >= 100 && estimate->rest_requests <= 140, "requests to REST");
	ok(n_gets + n_lists <= 21, "by %d requests", n_gets + n_lists);
	ghc_task_release(&task);
}

static void
test_selections(void)
{
	static const struct
	{
		const char *text;
		const char *message;	/* NULL: good */
		int64_t		lo;
		int64_t		hi;
	}			cases[] = {
		{" all ", NULL, 1, GHC_SPAN_MAX_ID},
		{"ALL", NULL, 1, GHC_SPAN_MAX_ID},
		{"ids:5..7", NULL, 5, 7},
		{"ids:5..*", NULL, 5, GHC_SPAN_MAX_ID},
		{"ids:4294967296..9007199254740990", NULL, INT64_C(4294967296), GHC_SPAN_MAX_ID - 1},
		{"ids:0..7", "ids begin at 1", 0, 0},
		{"ids:8..7", "the last of the ids is before the first", 0, 0},
		{"ids:1..9007199254740992", "ids can't be read", 0, 0},
		{"ids:7", "ids can't be read", 0, 0},
		{"ids:*..7", "ids can't be read", 0, 0},
		{"ids:1..7x", "ids can't be read", 0, 0},
		{"ids:", "ids can't be read", 0, 0},
		{"all stars:1", "ids can't be combined with other qualifiers", 0, 0},
		{"fork:true ids:1..2", "ids can't be combined with other qualifiers", 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		GhcSpan		span = {0, 0};
		GhcProblem	problem;

		ok(ghc_span_is_meant(ghc_slice_of(cases[i].text)), "%s is meant", cases[i].text);
		is_int(ghc_span_parse(ghc_slice_of(cases[i].text), &span, &problem),
			   cases[i].message == NULL, cases[i].text);
		is_str(problem.message, cases[i].message ? cases[i].message : "", "what is said");
		if (cases[i].message == NULL)
			ok(span.lo == cases[i].lo && span.hi == cases[i].hi, "its bounds");
	}
	ok(!ghc_span_is_meant(GHC_SLICE("overall stars:5")), "a search is none");
}

static void
test_bad_texts(void)
{
	static const char *const texts[] = {
		"", "stars:5", "ids:5", "ids:1..9 at:x", "ids:1..9 again:", "ids:1..9 again:1,,2",
		"ids:1..9 left:1 again:2", "ids:1..9 at:3 nonsense", "ids:0..9",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		GhcTask		task = {.kind = ghc_task_kind("walk")};

		ok(!ghc_task_read(&task, texts[i]), "\"%s\" can't be read", texts[i]);
		ghc_task_release(&task);
	}
}

int
main(void)
{
	test_walk();
	test_refusals();
	test_refused();
	test_known();
	test_many_gone();
	test_span(30000, 0, 20);
	test_span(99, 0, 20);
	test_span(1346874286, 0, 32);
	test_span(1346874286, 1346000000, 12);
	test_survey();
	test_selections();
	test_bad_texts();
	ghc_buffer_free(&query.body);
	ghc_buffer_free(&query.get.path);
	return done_testing();
}
