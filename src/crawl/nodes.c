/*-------------------------------------------------------------------------
 *
 * nodes.c
 *	  The task kinds "nodes", "details", "fill" and "names": look repositories up.
 *
 * Those of kind "nodes" are suspects: an earlier crawl saw them in the selection, this one
 * didn't.  Most have changed so that they left it, and are stored as they are
 * now; of some GitHub says that it can't resolve their id, in the new form and
 * then in the legacy one (a server may know but one), and those are gone.
 * Only these answers make one gone: a member that is null for any other reason
 * (hidden by an organisation, a limit, a fault) is asked for again, and if it
 * stays so, nothing is said of it and the task is a gap.
 *
 * Who isn't known to have left the selection stays a member of it, so that
 * the next crawl suspects it again: a search that GitHub's index answered
 * badly must not make us forget.
 *
 * Kind "details" asks for what the pages of a range left out (split.h), of
 * repositories that were on them.  One that isn't found any more is left as
 * it is: nothing is said of it, a later crawl suspects it.
 *
 * Those of kind "fill" are what the crawl is about, and no members of any range:
 * who is found counts as seen, who isn't by either form is gone like a suspect.
 * Those of kind "names" are the same, asked for by name: GitHub follows renames, so
 * any repository is an answer.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/crawl/nodes.c
 *
 *-------------------------------------------------------------------------
 */
#include "crawl/task.h"

#include <stdlib.h>

/* times that what was asked for may be given up before all the rest is */
#define MAX_GIVEN_UP 3

/*
 * Tasks by name that share a request: GitHub was seen to take 600 aliases
 * (github-api.md 2.1), and to give up validating very large documents (2.3).
 */
#define MAX_NAMED_TASKS 5

static bool nodes_read(GhcTask *task, GhcSlice text);
static bool details_read(GhcTask *task, GhcSlice text);
static bool fill_read(GhcTask *task, GhcSlice text);
static bool names_read(GhcTask *task, GhcSlice text);
static GhcWant nodes_wants(GhcTask *task);
static GhcWant names_wants(GhcTask *task);
static bool nodes_compose(GhcTask *task, const GhcRoom *room, GhcQuery *query);
static GhcOutcome nodes_absorb(GhcTask *task, const GhcJudgement *judgement,
							   GhcHarvest *stored);

const GhcTaskKind ghc_nodes_kind = {
	"nodes", nodes_wants, nodes_compose, nodes_absorb, nodes_read
};

const GhcTaskKind ghc_details_kind = {
	"details", nodes_wants, nodes_compose, nodes_absorb, details_read
};

const GhcTaskKind ghc_fill_kind = {
	"fill", nodes_wants, nodes_compose, nodes_absorb, fill_read
};

const GhcTaskKind ghc_names_kind = {
	"names", names_wants, nodes_compose, nodes_absorb, names_read
};

/* A look-up in memory of its own, with the text that it is read from. */
static GhcNodes *
make_nodes(GhcTask *task, GhcSlice text)
{
	GhcNodes   *nodes = calloc(1, sizeof(GhcNodes) + text.len + 1);

	if (nodes == NULL)
		return NULL;
	memcpy(nodes->text, text.data, text.len);
	nodes->at_once = GHC_MAX_MEMBERS;
	task->nodes = nodes;
	return nodes;
}

static bool
nodes_read(GhcTask *task, GhcSlice text)
{
	GhcMembers	members;
	GhcNodes   *nodes;

	if (!ghc_members_parse(text, &members))
		return false;
	nodes = make_nodes(task, text);
	if (nodes == NULL)
		return false;
	nodes->n = members.n;
	memcpy(nodes->ids, members.ids, sizeof(nodes->ids));
	task->range = members.range;
	return true;
}

static bool
details_read(GhcTask *task, GhcSlice text)
{
	if (!nodes_read(task, text))
		return false;
	task->nodes->why = GHC_LOOKUP_DETAILS;
	task->piece = GHC_PIECE_REST;
	return true;
}

/*
 * A gap that is tried again has but the rest of its members, and promises nothing
 * yet; what it counted are the others.
 */
static void
promise(GhcTask *task)
{
	GhcNodes   *nodes = task->nodes;

	nodes->why = GHC_LOOKUP_FILL;
	nodes->seen_before = task->promised < 0 ? task->counted : task->promised - nodes->n;
	if (nodes->seen_before < 0)
		nodes->seen_before = 0;
	task->promised = nodes->seen_before + nodes->n;
	task->seen = nodes->seen_before;
}

static bool
fill_read(GhcTask *task, GhcSlice text)
{
	if (!nodes_read(task, text))
		return false;
	promise(task);
	return true;
}

static bool
names_read(GhcTask *task, GhcSlice text)
{
	GhcNames	names;
	GhcNodes   *nodes = make_nodes(task, text);

	ghc_range_init(&task->range);
	if (nodes == NULL || !ghc_names_parse((GhcSlice) {nodes->text, text.len}, &names))
		return false;
	nodes->by_name = true;
	nodes->n = names.n;
	memcpy(nodes->names, names.names, sizeof(nodes->names));
	promise(task);
	return true;
}

bool
ghc_nodes_gave_up(const GhcNodes *nodes, int i)
{
	return nodes->fates[i] >= GHC_FATE_FORBIDDEN;
}

void
ghc_nodes_format(const GhcTask *task, const bool asked[GHC_MAX_MEMBERS],
				 GhcBuffer *out)
{
	const GhcNodes *nodes = task->nodes;
	GhcMembers	members = {.range = task->range};
	GhcNames	names = {0};

	for (int i = 0; i < nodes->n; i++)
	{
		if (!asked[i])
			continue;
		members.ids[members.n++] = nodes->ids[i];
		names.names[names.n++] = nodes->names[i];
	}
	if (nodes->by_name)
		ghc_names_format(&names, out);
	else
		ghc_members_format(&members, out);
}

static GhcWant
nodes_wants(GhcTask *task)
{
	(void) task;
	return GHC_WANT_LIST;
}

static GhcWant
names_wants(GhcTask *task)
{
	if (task->company == 0 || task->company > MAX_NAMED_TASKS)
		task->company = MAX_NAMED_TASKS;
	return GHC_WANT_LIST;
}

static bool
nodes_compose(GhcTask *task, const GhcRoom *room, GhcQuery *query)
{
	GhcNodes   *nodes = task->nodes;
	int			n = nodes->at_once < room->rows ? nodes->at_once : room->rows;
	int64_t		ids[GHC_MAX_MEMBERS];
	GhcName		names[GHC_MAX_MEMBERS];

	nodes->n_asked = 0;
	nodes->legacy = true;
	for (int i = 0; i < nodes->n; i++)
		nodes->legacy &= nodes->fates[i] != GHC_FATE_OPEN;
	for (int i = 0; i < nodes->n && nodes->n_asked < n; i++)
	{
		if (nodes->fates[i] != (nodes->legacy ? GHC_FATE_DOUBTED : GHC_FATE_OPEN))
			continue;
		ids[nodes->n_asked] = nodes->ids[i];
		names[nodes->n_asked] = nodes->names[i];
		nodes->asked[nodes->n_asked++] = i;
	}
	if (nodes->by_name)
		return ghc_query_add_names(query, names, nodes->n_asked) >= 0;
	return ghc_query_add_list(query, ids, nodes->n_asked, nodes->legacy) >= 0;
}

/*
 * Has a repository changed so that it left the range?  Only what the profile
 * asks for can tell, and only in the qualifiers that a range reckons with.
 */
static bool
has_left(const GhcRange *range, const GhcRepository *repo)
{
	static const GhcField fields[GHC_DIM_COUNT] = {
		[GHC_DIM_CREATED] = GHC_FIELD_CREATED_AT,
		[GHC_DIM_SIZE] = GHC_FIELD_DISK_KB,
		[GHC_DIM_FORKS] = GHC_FIELD_FORKS,
		[GHC_DIM_STARS] = GHC_FIELD_STARS,
	};
	const GhcValue *value = repo->value;

	for (int d = 0; d < GHC_DIM_COUNT; d++)
		if ((repo->set & GHC_FIELD_BIT(fields[d])) != 0 &&
			(value[fields[d]].number < range->dim[d].lo ||
			 value[fields[d]].number > range->dim[d].hi))
			return true;
	if ((repo->set & GHC_FIELD_BIT(GHC_FIELD_IS_FORK)) != 0 &&
		range->forks == (value[GHC_FIELD_IS_FORK].number ?
						 GHC_FORKS_OUT : GHC_FORKS_ONLY))
		return true;
	return (repo->set & GHC_FIELD_BIT(GHC_FIELD_IS_ARCHIVED)) != 0 &&
		range->archived == (value[GHC_FIELD_IS_ARCHIVED].number ?
							GHC_TRI_FALSE : GHC_TRI_TRUE);
}

static void
note_answer(GhcNodes *nodes, int i, GhcFate fate)
{
	nodes->fates[i] = fate;
	nodes->n_answered++;
	nodes->n_settled++;
}

/* Neither form of its id is known to GitHub, or not the name. */
static void
note_missed(GhcNodes *nodes, int i)
{
	note_answer(nodes, i, GHC_FATE_GONE);
	if (nodes->why == GHC_LOOKUP_DETAILS)
		return;
	if (!nodes->by_name)
		nodes->missed[nodes->n_missed++] = nodes->ids[i];
	nodes->n_gone++;
}

static void
note_found(GhcTask *task, int i, const GhcRepository *repo)
{
	GhcNodes   *nodes = task->nodes;

	note_answer(nodes, i, GHC_FATE_FOUND);
	nodes->ids[i] = repo->repo_id;
	if (nodes->why == GHC_LOOKUP_DETAILS ||
		(nodes->why == GHC_LOOKUP_SUSPECTS && has_left(&task->range, repo)))
		return;
	(void) ghc_idset_add(&task->ids, repo->repo_id);
	if (nodes->why == GHC_LOOKUP_FILL)
		task->seen = nodes->seen_before + (int64_t) task->ids.n;
}

/* Nothing is said of it; a suspect stays one. */
static void
give_up(GhcTask *task, int i)
{
	GhcNodes   *nodes = task->nodes;

	nodes->fates[i] = nodes->forbidden[i] ? GHC_FATE_FORBIDDEN : GHC_FATE_UNKNOWN;
	if (nodes->why == GHC_LOOKUP_SUSPECTS)
		(void) ghc_idset_add(&task->ids, nodes->ids[i]);
	task->missing++;
}

static GhcOutcome
end_if_settled(GhcTask *task, GhcOutcome otherwise)
{
	static const char *const why[] = {
		[GHC_LOOKUP_SUSPECTS] = "GitHub doesn't say what became of repositories",
		[GHC_LOOKUP_DETAILS] = "GitHub doesn't show all that was to be asked for by id",
		[GHC_LOOKUP_FILL] = "GitHub doesn't show repositories that were asked for",
	};
	const GhcNodes *nodes = task->nodes;

	for (int i = 0; i < nodes->n; i++)
		if (nodes->fates[i] <= GHC_FATE_DOUBTED)
			return otherwise;
	if (nodes->why == GHC_LOOKUP_FILL)
		task->promised -= nodes->n_gone;
	if (task->missing == 0)
		return GHC_OUTCOME_DONE;
	task->why = why[nodes->why];
	return GHC_OUTCOME_GAP;
}

/*
 * A reply brought nothing.  After some, it must be what was asked for: that
 * is given up; and if that is so of the next as well, all of it.
 */
static GhcOutcome
fail(GhcTask *task)
{
	GhcNodes   *nodes = task->nodes;

	if (!ghc_task_fails(task))
		return GHC_OUTCOME_RETRY;
	for (int k = 0; k < nodes->n_asked; k++)
		give_up(task, nodes->asked[k]);
	if (++nodes->n_given_up < MAX_GIVEN_UP)
		return end_if_settled(task, GHC_OUTCOME_RETRY);
	for (int i = 0; i < nodes->n; i++)
		if (nodes->fates[i] <= GHC_FATE_DOUBTED)
			give_up(task, i);
	return end_if_settled(task, GHC_OUTCOME_RETRY);
}

/*
 * Members that GitHub can't resolve, and those it refuses to show; false if it
 * complained of anything but the first.
 */
static bool
find_gone(const GhcTask *task, bool gone[GHC_MAX_MEMBERS])
{
	const GhcParts *part = &task->parts;
	const GhcReply *reply = part->reply;
	GhcNodes   *nodes = task->nodes;
	bool		plain = reply->n_errors <= GHC_MAX_ERRORS;

	memset(gone, 0, GHC_MAX_MEMBERS * sizeof(bool));
	memset(nodes->forbidden, 0, sizeof(nodes->forbidden));
	for (int i = 0; i < reply->n_errors && i < GHC_MAX_ERRORS; i++)
	{
		const GhcGraphError *error = &reply->errors[i];

		if (error->list >= 0 && error->list != part->first_list)
			continue;			/* another task's */
		if (error->list >= 0 && error->member >= 0 &&
			ghc_slice_equals(error->type, GHC_SLICE("NOT_FOUND")))
			gone[error->member] = true;
		else
			plain = false;
		if (error->list >= 0 && error->member >= 0 && error->member < nodes->n_asked &&
			ghc_slice_equals(error->type, GHC_SLICE("FORBIDDEN")))
			nodes->forbidden[nodes->asked[error->member]] = true;
	}
	return plain;
}

static GhcOutcome
absorb_list(GhcTask *task, const GhcList *list)
{
	GhcNodes   *nodes = task->nodes;
	bool		gone[GHC_MAX_MEMBERS];
	bool		gained = false;

	task->pages++;
	task->explained = find_gone(task, gone);
	for (int k = 0; k < nodes->n_asked && k < list->n_members; k++)
	{
		int			i = nodes->asked[k];
		const GhcRepository *repo = list->repo[k] >= 0 ?
			&list->found.repos[list->repo[k]] : NULL;

		if (repo == NULL && gone[k] && !nodes->legacy && !nodes->by_name)
		{
			nodes->fates[i] = GHC_FATE_DOUBTED;
			gained = true;
		}
		else if (repo == NULL && gone[k])
			note_missed(nodes, i);
		else if (repo != NULL && ghc_repository_is_whole(repo) &&
				 (nodes->by_name || repo->repo_id == nodes->ids[i]))
			note_found(task, i, repo);
	}
	if (nodes->why == GHC_LOOKUP_FILL)
		ghc_task_advance(task);
	if (nodes->n_answered == 0 && !gained)
		return fail(task);
	task->attempts = 0;
	nodes->at_once = nodes->at_once * 2 < GHC_MAX_MEMBERS ?
		nodes->at_once * 2 : GHC_MAX_MEMBERS;
	return end_if_settled(task, GHC_OUTCOME_MORE);
}

static GhcOutcome
nodes_absorb(GhcTask *task, const GhcJudgement *judgement, GhcHarvest *stored)
{
	GhcNodes   *nodes = task->nodes;
	const GhcList *list = &task->parts.reply->lists[task->parts.first_list];

	task->explained = false;
	nodes->n_answered = nodes->n_missed = 0;
	switch (ghc_task_receives(judgement))
	{
		case GHC_RECEPTION_TOO_MUCH:
			nodes->at_once = nodes->n_asked > 1 ? nodes->n_asked / 2 : 1;
			return fail(task);
		case GHC_RECEPTION_FAILURE:
			return fail(task);
		case GHC_RECEPTION_ELSEWHERE:
			return GHC_OUTCOME_RETRY;
		case GHC_RECEPTION_ANSWER:
			break;
	}
	if (!list->present)
		return fail(task);
	stored->pages[stored->n++] = &list->found;
	return absorb_list(task, list);
}
