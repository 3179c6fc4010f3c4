/*-------------------------------------------------------------------------
 *
 * nodes_test.c
 *	  The task kinds that look repositories up, and the text that their tasks are
 *	  stored as.
 *
 * Replies are made up for what a task has just asked: a function says for each
 * id whether it is shown, gone, or null for another reason.
 *
 * IDENTIFICATION
 *	  test/unit/nodes_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "crawl/task.h"
#include "tap.h"

#define RANGE " stars:0..10 fork:true created:2020-01-01T00:00:00Z..2020-02-01T00:00:00Z"

typedef enum Fate
{
	SHOWN,
	GONE,
	HIDDEN,						/* null, and another error */
	BARE,						/* null, and no error */
	WITHOUT_NAME,
	ANOTHER,					/* a repository that wasn't asked for */
} Fate;

static GhcReply reply;
static GhcRepository repos[GHC_MAX_MEMBERS];
static GhcJudgement judgement;

static bool
start_kind(GhcTask *task, const char *kind, const char *text)
{
	*task = (GhcTask) {.kind = ghc_task_kind(kind),.promised = -1};
	return ghc_task_read(task, text);
}

static bool
start(GhcTask *task, const char *text)
{
	return start_kind(task, "nodes", text);
}

/* Asks; returns how many ids that was, and takes the query's text apart no further. */
static int
ask(GhcTask *task)
{
	static const GhcShape shape = {GHC_FIELD_BIT(GHC_FIELD_STARS), NULL};
	static const GhcRoom room = {.parts = 1,.rows = GHC_MAX_MEMBERS};
	GhcQuery	query = {0};

	ghc_query_begin(&query, &shape, false);
	is_int(task->kind->wants(task), GHC_WANT_LIST, "wants a list");
	ok(ghc_task_compose(task, &room, &query) && ghc_query_end(&query), "a query");
	is_int(ghc_query_points(&query), 1, "costs one point");
	ghc_buffer_free(&query.body);
	return task->nodes->n_asked;
}

static void
add_error(const char *type, int list, int member)
{
	reply.errors[reply.n_errors++] = (GhcGraphError)
	{
		.type = ghc_slice_of(type),.message = GHC_SLICE(""),.page = -1,
			.count = -1,.list = list,.member = member
	};
}

/* Answers what was just asked. */
static GhcOutcome
answer(GhcTask *task, Fate (*fate) (int64_t id), int stars)
{
	GhcList    *list = &reply.lists[0];
	GhcHarvest	stored;
	GhcOutcome	outcome;

	memset(&reply, 0, sizeof(reply));
	judgement.verdict = GHC_VERDICT_OK;
	list->present = true;
	list->found.repos = repos;
	for (int k = 0; k < task->nodes->n_asked; k++)
	{
		int64_t		id = task->nodes->ids[task->nodes->asked[k]];
		Fate		what = fate(id);

		list->repo[list->n_members++] = -1;
		if (what == GONE)
			add_error("NOT_FOUND", 0, k);
		if (what == HIDDEN)
			add_error("FORBIDDEN", 0, k);
		if (what == GONE || what == HIDDEN || what == BARE)
			continue;
		list->repo[k] = list->found.n;
		repos[list->found.n] = (GhcRepository) {.repo_id = what == ANOTHER ? id + 1 : id};
		repos[list->found.n].set = GHC_FIELD_BIT(GHC_FIELD_STARS) |
			(what == WITHOUT_NAME ? 0 : GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER));
		repos[list->found.n++].value[GHC_FIELD_STARS].number = stars;
	}
	if (reply.n_errors > 0)
		judgement.verdict = GHC_VERDICT_PARTIAL;
	outcome = ghc_task_absorb(task, 1, &reply, &judgement, &stored);
	ok(stored.n == 1 && stored.pages[0] == &list->found, "what is shown is stored");
	return outcome;
}

/* Says that no answer came, for a reason. */
static GhcOutcome
refuse(GhcTask *task, GhcVerdict verdict)
{
	GhcHarvest	stored;

	memset(&reply, 0, sizeof(reply));
	judgement.verdict = verdict;
	return ghc_task_absorb(task, 1, &reply, &judgement, &stored);
}

/* What is left of a task for a second try. */
static const char *
left_of(const GhcTask *task)
{
	static char text[1000];
	bool		left[GHC_MAX_MEMBERS];
	GhcBuffer	out = {0};

	for (int i = 0; i < task->nodes->n; i++)
		left[i] = ghc_nodes_gave_up(task->nodes, i);
	ghc_nodes_format(task, left, &out);
	snprintf(text, sizeof(text), "%s", out.data);
	ghc_buffer_free(&out);
	return text;
}

static bool
has_member(GhcTask *task, int64_t id)
{
	/* a set tells by adding */
	return !ghc_idset_add(&task->ids, id);
}

static Fate
all_shown(int64_t id)
{
	(void) id;
	return SHOWN;
}

static Fate
odd_gone(int64_t id)
{
	return id % 2 ? GONE : SHOWN;
}

static Fate
seven_hidden(int64_t id)
{
	return id == 7 ? HIDDEN : SHOWN;
}

static Fate
all_bare(int64_t id)
{
	(void) id;
	return BARE;
}

static Fate
some_odd(int64_t id)
{
	return id == 7 ? WITHOUT_NAME : id == 8 ? ANOTHER : SHOWN;
}

static void
test_text(void)
{
	static const char *const bad[] = {
		"", "ids:", "ids: stars:1", "ids:1 ", "ids:1,", "ids:1, stars:1", "ids:0 stars:1",
		"ids:-1 stars:1", "ids:1,x stars:1", "ids:9223372036854775808 stars:1",
		"ids:1,2 OR", "stars:1", "ids:1\tstars:1"
	};
	static GhcMembers members;
	GhcTask		task;
	GhcBuffer	text = {0};

	ok(start(&task, "ids:1,7,9223372036854775807" RANGE), "a task is read");
	is_int(task.nodes->n, 3, "its ids");
	is_int(task.nodes->ids[2], INT64_MAX, "the largest one");
	is_int(task.range.dim[GHC_DIM_STARS].hi, 10, "its range");
	ghc_task_release(&task);
	ok(task.nodes == NULL, "it is released");

	ok(ghc_members_parse(GHC_SLICE("ids:1,7,9223372036854775807" RANGE), &members), "members are read");
	ghc_members_format(&members, &text);
	is_str(text.data, "ids:1,7,9223372036854775807" RANGE, "and written back");
	ghc_buffer_reset(&text);
	ok(ghc_members_parse(GHC_SLICE("ids:1,7"), &members), "without a range, too");
	ghc_members_format(&members, &text);
	is_str(text.data, "ids:1,7", "and written back");
	ghc_buffer_free(&text);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		ok(!start(&task, bad[i]), "no task: \"%s\"", bad[i]);
		ghc_task_release(&task);
	}
	ghc_buffer_puts(&text, "ids:1");
	for (int i = 1; i < GHC_MAX_MEMBERS; i++)
		ghc_buffer_printf(&text, ",%d", i + 1);
	ghc_buffer_puts(&text, " stars:1");
	ok(start(&task, text.data), "a hundred ids");
	ghc_task_release(&task);
	ghc_buffer_reset(&text);
	ghc_buffer_puts(&text, "ids:1");
	for (int i = 1; i <= GHC_MAX_MEMBERS; i++)
		ghc_buffer_printf(&text, ",%d", i + 1);
	ghc_buffer_puts(&text, " stars:1");
	ok(!start(&task, text.data), "one more is too many");
	ghc_buffer_free(&text);
}

/* Who is shown is found, and who isn't is gone; all in one query. */
static void
test_answers(void)
{
	GhcTask		task;

	start(&task, "ids:1,2,3,4" RANGE);
	is_int(ask(&task), 4, "all are asked at once");
	is_int(answer(&task, odd_gone, 99), GHC_OUTCOME_MORE, "and answered");
	is_int(task.nodes->n_answered, 2, "two are settled");
	is_int(task.nodes->n_gone, 0, "nobody is gone at the first look");
	is_int(ask(&task), 2, "who wasn't found");
	ok(task.nodes->legacy, "is asked for by the legacy form");
	is_int(answer(&task, odd_gone, 99), GHC_OUTCOME_DONE, "and answered");
	is_int(task.nodes->n_answered, 2, "the others are settled");
	is_int(task.nodes->n_gone, 2, "two are gone");
	is_int(task.nodes->n_missed, 2, "by the last answer");
	is_int(task.nodes->missed[0], 1, "the first");
	is_int(task.nodes->missed[1], 3, "and the third");
	is_int(task.nodes->n_settled, 4, "all are settled");
	ok(task.explained, "errors say no more than that");
	is_int((int64_t) task.ids.n, 0, "the others have left the range");
	is_int(task.seen, 0, "none counts as seen");
	is_int(task.promised, -1, "and none as promised");
	ghc_task_release(&task);

	/* a server that knows legacy ids only */
	start(&task, "ids:1,3" RANGE);
	ask(&task);
	is_int(answer(&task, odd_gone, 10), GHC_OUTCOME_MORE, "not found");
	ask(&task);
	is_int(answer(&task, all_shown, 10), GHC_OUTCOME_DONE, "but by the other form");
	is_int(task.nodes->n_gone, 0, "none is gone");
	ghc_task_release(&task);

	start(&task, "ids:1,2" RANGE);
	ask(&task);
	is_int(answer(&task, all_shown, 10), GHC_OUTCOME_DONE, "both are shown");
	is_int(task.nodes->n_gone, 0, "none is gone");
	is_int((int64_t) task.ids.n, 2, "both are in the range and stay members");
	ghc_task_release(&task);
}

/* Has a repository with these values left this range? */
static bool
leaves(const char *range, GhcField field, int64_t number)
{
	GhcTask		task;
	GhcHarvest	stored;
	bool		left;

	start(&task, range);
	ask(&task);
	memset(&reply, 0, sizeof(reply));
	repos[0] = (GhcRepository) {.repo_id = 5};
	repos[0].set = GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER) | GHC_FIELD_BIT(field);
	repos[0].value[field].number = number;
	reply.lists[0] = (GhcList) {.present = true,.n_members = 1,.found = {.n = 1,.repos = repos}};
	judgement.verdict = GHC_VERDICT_OK;
	ghc_task_absorb(&task, 1, &reply, &judgement, &stored);
	left = task.ids.n == 0;
	ghc_task_release(&task);
	return left;
}

static void
test_leaving(void)
{
	ok(!leaves("ids:5 stars:0..10", GHC_FIELD_STARS, 0), "stars within");
	ok(leaves("ids:5 stars:1..10", GHC_FIELD_STARS, 0), "too few stars");
	ok(leaves("ids:5 stars:0..10", GHC_FIELD_STARS, 11), "too many stars");
	ok(leaves("ids:5 size:<5", GHC_FIELD_DISK_KB, 5), "too large");
	ok(leaves("ids:5 forks:>5", GHC_FIELD_FORKS, 5), "too few forks");
	ok(leaves("ids:5 stars:1", GHC_FIELD_IS_FORK, 1), "a fork where none are asked for");
	ok(!leaves("ids:5 stars:1 fork:true", GHC_FIELD_IS_FORK, 1), "a fork where some are");
	ok(leaves("ids:5 stars:1 fork:only", GHC_FIELD_IS_FORK, 0), "a source among forks");
	ok(leaves("ids:5 archived:false", GHC_FIELD_IS_ARCHIVED, 1), "archived");
	ok(leaves("ids:5 archived:true", GHC_FIELD_IS_ARCHIVED, 0), "not archived");
	ok(!leaves("ids:5 archived:true", GHC_FIELD_IS_ARCHIVED, 1), "still archived");
	ok(!leaves("ids:5 language:C words", GHC_FIELD_STARS, 1), "what can't be told");
}

/* Null for another reason: asked for again, then nothing is said. */
static void
test_hidden(void)
{
	GhcTask		task;
	int			replies = 0;
	GhcOutcome	outcome;

	start(&task, "ids:6,7,8" RANGE);
	is_int(ask(&task), 3, "three are asked");
	is_int(answer(&task, seven_hidden, 99), GHC_OUTCOME_MORE, "one is hidden");
	ok(!task.explained, "which is an error");
	is_int(task.nodes->n_answered, 2, "two are settled");
	do
	{
		is_int(ask(&task), 1, "it is asked for again");
		outcome = answer(&task, seven_hidden, 99);
	} while (++replies < 100 && outcome == GHC_OUTCOME_RETRY);
	is_int(outcome, GHC_OUTCOME_GAP, "then it is a gap");
	ok(replies > 3 && replies < 20, "after some replies");
	ok(task.why != NULL, "with a reason");
	is_int(task.missing, 1, "of one");
	is_str(left_of(&task), "ids:7" RANGE, "which is left for another try");
	is_int(task.nodes->fates[1], GHC_FATE_FORBIDDEN, "as GitHub refuses to show it");
	is_int(task.nodes->n_gone, 0, "nobody is gone");
	ok(has_member(&task, 7), "it stays a member, and so a suspect");
	ghc_task_release(&task);

	start(&task, "ids:1,2" RANGE);
	do
	{
		ask(&task);
		outcome = answer(&task, all_bare, 0);
	} while (outcome == GHC_OUTCOME_RETRY);
	is_int(outcome, GHC_OUTCOME_GAP, "null without an error is a gap, too");
	is_int(task.nodes->n_gone, 0, "and nobody is gone");
	ghc_task_release(&task);

	start(&task, "ids:6,7,8" RANGE);
	ask(&task);
	is_int(answer(&task, some_odd, 99), GHC_OUTCOME_MORE, "no name, another's id");
	is_int(task.nodes->n_answered, 1, "settle nothing");
	ask(&task);
	is_int(answer(&task, all_shown, 99), GHC_OUTCOME_DONE, "until they are shown");
	is_int(task.missing, 0, "nothing is missing");
	ghc_task_release(&task);
}

/* What an error must be like to make a repository gone. */
static void
test_errors(void)
{
	static const struct
	{
		const char *type;
		int			list;
		int			member;
	}			others[] = {
		{"NOT_FOUND", 0, -1}, {"NOT_FOUND", -1, -1}, {"NOT_FOUND", 0, 1},
		{"FORBIDDEN", 0, 0}, {"", 0, 0}
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
	{
		GhcTask		task;
		GhcHarvest	stored;

		start(&task, "ids:6" RANGE);
		ask(&task);
		memset(&reply, 0, sizeof(reply));
		reply.lists[0] = (GhcList) {.present = true,.n_members = 1,.repo = {-1}};
		add_error(others[i].type, others[i].list, others[i].member);
		judgement.verdict = GHC_VERDICT_PARTIAL;
		is_int(ghc_task_absorb(&task, 1, &reply, &judgement, &stored),
			   GHC_OUTCOME_RETRY, others[i].type);
		is_int(task.nodes->n_gone, 0, "nobody is gone by that");
		ghc_task_release(&task);
	}
}

static void
test_refusals(void)
{
	GhcTask		task;
	GhcOutcome	outcome;
	int			replies = 0;
	int			fewest = GHC_MAX_MEMBERS;

	start(&task, "ids:1,2,3,4,5,6,7,8" RANGE);
	for (int i = 0; i < 1000; i++)
	{
		ask(&task);
		if (refuse(&task, i % 2 ? GHC_VERDICT_NETWORK : GHC_VERDICT_SECONDARY) != GHC_OUTCOME_RETRY)
			ok(false, "limits and the network give nothing up");
	}
	ask(&task);
	refuse(&task, GHC_VERDICT_TOO_SLOW);
	is_int(ask(&task), 4, "too slow: half of them");
	is_int(answer(&task, odd_gone, 99), GHC_OUTCOME_MORE, "which GitHub can do");
	is_int(ask(&task), 4, "the rest");
	is_int(answer(&task, odd_gone, 99), GHC_OUTCOME_MORE, "and then all");
	is_int(ask(&task), 4, "the doubtful ones again");
	is_int(answer(&task, odd_gone, 99), GHC_OUTCOME_DONE, "which were gone");
	ghc_task_release(&task);

	/* a server that always fails is asked no more than so often */
	start(&task, "ids:1,2,3,4,5,6,7,8" RANGE);
	do
	{
		int			n = ask(&task);

		fewest = n < fewest ? n : fewest;
		outcome = refuse(&task, GHC_VERDICT_TOO_MUCH);
		if (task.nodes->n_gone != 0)
			ok(false, "a refusal makes nobody gone");
	} while (++replies < 1000 && outcome == GHC_OUTCOME_RETRY);
	is_int(outcome, GHC_OUTCOME_GAP, "it is given up");
	ok(replies < 100, "after not too many replies");
	is_int(fewest, 1, "and after single ones");
	is_int(task.missing, 8, "all are missing");
	is_int((int64_t) task.ids.n, 8, "and stay suspects");
	ghc_task_release(&task);

	start(&task, "ids:1" RANGE);
	ask(&task);
	is_int(refuse(&task, GHC_VERDICT_OK), GHC_OUTCOME_RETRY, "no list is no answer");
	ghc_task_release(&task);
}

/* What pages left out: nothing is said of those that aren't found. */
static void
test_details(void)
{
	GhcTask		task;
	GhcOutcome	outcome;

	ok(!start_kind(&task, "details", "stars:1"), "no ids, no task");
	ghc_task_release(&task);
	start(&task, "ids:1,2" RANGE);
	is_int(task.piece, GHC_PIECE_WHOLE, "of a suspect all is asked");
	ghc_task_release(&task);

	start_kind(&task, "details", "ids:2,4" RANGE);
	is_int(task.piece, GHC_PIECE_REST, "of others the rest");
	is_int(ask(&task), 2, "all at once");
	is_int(answer(&task, all_shown, 10), GHC_OUTCOME_DONE, "all are shown");
	is_int((int64_t) task.ids.n, 0, "that makes no members");
	is_int(task.seen, 0, "nor does it count as seen");
	ghc_task_release(&task);

	start_kind(&task, "details", "ids:1,2,3" RANGE);
	ask(&task);
	is_int(answer(&task, odd_gone, 10), GHC_OUTCOME_MORE, "two aren't found");
	is_int(ask(&task), 2, "they are asked for by the legacy form");
	ok(task.nodes->legacy, "of ids");
	is_int(answer(&task, odd_gone, 10), GHC_OUTCOME_DONE, "and left as they are");
	is_int(task.nodes->n_gone, 0, "nobody is said to be gone");
	is_int(task.missing, 0, "nothing is missing");
	ok(task.explained, "and nothing is wrong");
	ghc_task_release(&task);

	start_kind(&task, "details", "ids:6,7,8" RANGE);
	do
	{
		ask(&task);
		outcome = answer(&task, seven_hidden, 10);
	} while (outcome == GHC_OUTCOME_RETRY || outcome == GHC_OUTCOME_MORE);
	is_int(outcome, GHC_OUTCOME_GAP, "one that is hidden is a gap");
	is_int(task.missing, 1, "of one");
	is_str(left_of(&task), "ids:7" RANGE, "which can be tried again");
	is_int((int64_t) task.ids.n, 0, "and is no suspect");
	ghc_task_release(&task);
}

/* A task of kind "fill" as it comes from the queue. */
static bool
start_fill(GhcTask *task, const char *text, int64_t promised, int64_t counted)
{
	*task = (GhcTask) {
		.kind = ghc_task_kind("fill"),.promised = promised,.counted = counted,
			.share = 0.5
	};
	return ghc_task_read(task, text);
}

/* What a crawl is about: who is found is seen, who isn't is gone. */
static void
test_fill(void)
{
	GhcTask		task;

	ok(!start_fill(&task, "stars:1", -1, 0), "no ids, no task");
	ghc_task_release(&task);
	start_fill(&task, "ids:1,2,3,4", -1, 0);
	is_int(task.promised, 4, "a task promises its ids");
	is_int(task.piece, GHC_PIECE_WHOLE, "all is asked of them");
	is_int(ask(&task), 4, "at once");
	is_int(answer(&task, odd_gone, 10), GHC_OUTCOME_MORE, "two are found");
	is_int(task.seen, 2, "and seen");
	is_int(task.counted, 2, "and counted");
	ok(task.part == 0.25, "which is half of it");
	is_int(ask(&task), 2, "the others are asked for by the legacy form");
	is_int(answer(&task, odd_gone, 10), GHC_OUTCOME_DONE, "and not found");
	is_int(task.nodes->n_gone, 2, "they are gone");
	is_int(task.nodes->n_missed, 2, "as is to be written down");
	is_int(task.seen, 2, "they don't count as seen");
	is_int(task.promised, 2, "and aren't promised any more");
	ghc_task_release(&task);

	start_fill(&task, "ids:2,2,4", 3, 0);
	ask(&task);
	is_int(answer(&task, all_shown, 10), GHC_OUTCOME_DONE, "one that was asked for twice");
	is_int(task.seen, 2, "is seen once");
	ghc_task_release(&task);
}

/* One that is hidden, another that is gone; then the rest of the gap again. */
static void
test_fill_gap(void)
{
	GhcTask		task;
	GhcOutcome	outcome;

	start_fill(&task, "ids:6,7,8", 3, 0);
	do
	{
		ask(&task);
		outcome = answer(&task, seven_hidden, 10);
	} while (outcome == GHC_OUTCOME_RETRY || outcome == GHC_OUTCOME_MORE);
	is_int(outcome, GHC_OUTCOME_GAP, "one that is hidden is a gap");
	is_int(task.missing, 1, "of one");
	is_str(left_of(&task), "ids:7", "that can be tried again");
	is_int(task.seen, 2, "the others are seen");
	is_int(task.promised, 3, "it stays promised");
	is_int(task.nodes->n_gone, 0, "nobody is gone");
	ghc_task_release(&task);

	start_fill(&task, "ids:7", -1, 2);
	is_int(task.seen, 2, "a second try goes on with what was seen");
	is_int(task.promised, 3, "and promises one more");
	ask(&task);
	is_int(answer(&task, all_shown, 10), GHC_OUTCOME_DONE, "which is shown now");
	is_int(task.seen, 3, "and seen");
	ghc_task_release(&task);

	start_fill(&task, "ids:7", 3, 2);
	is_int(task.seen, 2, "nor does a worker's death in it change that");
	ghc_task_release(&task);
	start_fill(&task, "ids:6,7,8", 3, 2);
	is_int(task.seen, 0, "in the first try all is counted anew");
	ghc_task_release(&task);
}

/* By name: whoever answers is found, and who isn't is gone at the first look. */
static void
test_names(void)
{
	GhcTask		task = {.kind = ghc_task_kind("names"),.promised = -1,.share = 1};
	GhcHarvest	stored;

	ok(!ghc_task_read(&task, "names:a"), "no name, no task");
	ghc_task_release(&task);
	ok(ghc_task_read(&task, "names:a/b,c/d,e/f"), "a task of three");
	is_int(task.promised, 3, "which it promises");
	is_int(ask(&task), 3, "asked at once");
	memset(&reply, 0, sizeof(reply));
	repos[0] = (GhcRepository) {.repo_id = 5,.set = GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER)};
	reply.lists[0] = (GhcList) {.present = true,.n_members = 3,.repo = {0, -1, -1},.found = {.n = 1,.repos = repos}};
	add_error("NOT_FOUND", 0, 1);
	add_error("FORBIDDEN", 0, 2);
	judgement.verdict = GHC_VERDICT_PARTIAL;
	is_int(ghc_task_absorb(&task, 1, &reply, &judgement, &stored), GHC_OUTCOME_MORE, "one is left");
	is_int(task.nodes->ids[0], 5, "one has an id");
	is_int(task.nodes->fates[0], GHC_FATE_FOUND, "and is found");
	is_int(task.nodes->fates[1], GHC_FATE_GONE, "one isn't");
	is_int(task.nodes->n_missed, 0, "which says nothing of any id");
	is_int(task.nodes->n_gone, 1, "but counts");
	is_int(ask(&task), 1, "the third is asked for again");
	for (int i = 0; i < 100 && task.nodes->fates[2] == GHC_FATE_OPEN; i++)
	{
		ask(&task);
		memset(&reply, 0, sizeof(reply));
		reply.lists[0] = (GhcList) {.present = true,.n_members = 1,.repo = {-1}};
		add_error("FORBIDDEN", 0, 0);
		(void) ghc_task_absorb(&task, 1, &reply, &judgement, &stored);
	}
	is_int(task.nodes->fates[2], GHC_FATE_FORBIDDEN, "and given up");
	is_str(left_of(&task), "names:e/f", "to be tried again by its name");
	is_int(task.seen, 1, "one is seen");
	is_int(task.promised, 2, "of two that there are");
	ghc_task_release(&task);
}

/* Lists of several tasks in a request: each takes its own. */
static void
test_company(void)
{
	static const GhcShape shape = {GHC_FIELD_BIT(GHC_FIELD_STARS), NULL};
	static const GhcRoom room = {.parts = 10,.rows = 3,.ahead = true};
	GhcTask		tasks[2];
	GhcQuery	query = {0};
	GhcHarvest	stored;

	start_kind(&tasks[0], "details", "ids:1,2,3,4" RANGE);
	start_kind(&tasks[1], "details", "ids:7,8" RANGE);
	ghc_query_begin(&query, &shape, false);
	memset(&reply, 0, sizeof(reply));
	for (int i = 0; i < 2; i++)
	{
		GhcList    *list = &reply.lists[i];

		ok(ghc_task_compose(&tasks[i], &room, &query), "list %d", i);
		list->present = true;
		list->n_members = tasks[i].nodes->n_asked;
		list->found.repos = repos + i * 3;
		for (int k = 0; k < list->n_members; k++)
		{
			repos[i * 3 + k] = (GhcRepository) {.repo_id = tasks[i].nodes->ids[k]};
			repos[i * 3 + k].set = GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER);
			list->repo[k] = list->found.n++;
		}
	}
	is_int(tasks[0].nodes->n_asked, 3, "no more than there is room for");
	is_int(query.n_lists, 2, "two lists in one query");
	judgement.verdict = GHC_VERDICT_OK;
	is_int(ghc_task_absorb(&tasks[1], 2, &reply, &judgement, &stored), GHC_OUTCOME_DONE, "the second is done");
	ok(stored.pages[0] == &reply.lists[1].found, "by its own list");
	is_int(ghc_task_absorb(&tasks[0], 2, &reply, &judgement, &stored), GHC_OUTCOME_MORE, "the first has one left");
	is_int(tasks[0].nodes->n_answered, 3, "of four");
	ghc_buffer_free(&query.body);
	ghc_task_release(&tasks[0]);
	ghc_task_release(&tasks[1]);
}

int
main(void)
{
	test_text();
	test_answers();
	test_leaving();
	test_hidden();
	test_errors();
	test_refusals();
	test_details();
	test_fill();
	test_fill_gap();
	test_names();
	test_company();
	return done_testing();
}
