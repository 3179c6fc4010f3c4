/*-------------------------------------------------------------------------
 *
 * walked.c
 *	  What workers read and write of the database for those who walk through
 *	  ids; see walked.h.
 *
 * What is read for a task is kept with its work until the turn has committed, as
 * the turn may be done again.  If the data tables can't be read, it is the crawl that
 * fails and not the worker, as if they couldn't be written.
 *
 * IDENTIFICATION
 *	  src/crawl/walked.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/settings.h"
#include "crawl/absences.h"
#include "crawl/walked.h"
#include "store/clock.h"
#include "store/errors.h"
#include "store/values.h"
#include "store/walked.h"

static bool
is_hungry(GhcWork *work)
{
	return work->task.walk != NULL && !work->in_flight && !work->over &&
		!work->held_up && work->task.kind->wants(&work->task) == GHC_WANT_NOTHING;
}

bool
ghc_walked_is_due(const GhcWorker *worker)
{
	ListCell   *cell;

	foreach(cell, worker->works)
		if (is_hungry(lfirst(cell)))
			return true;
	return false;
}

/*
 * Nothing is left to be asked for: the table has no more, and an answer to come
 * would have ended the task.
 */
static void
end_empty(GhcWorker *worker, GhcRun *run, GhcWork *work)
{
	int			n_refused = (int) work->refused.n;
	int			n_left = work->task.walk->n_left + n_refused;

	work->row.missing = n_left;
	work->row.error = n_refused > 0 ? "the database refused rows" :
		n_left > 0 ? "GitHub doesn't say what became of repositories" : NULL;
	work->row.part = work->row.share;
	work->row.pages = work->row.readings = 0;
	work->row.promised = work->row.seen = work->task.seen;
	work->row.new_query = NULL;
	work->over = true;
	if (!ghc_tasks_end(&work->row, worker->no, n_left > 0 ? "gap" : "done"))
		return;
	run->counts.gaps += n_left > 0;
	run->counts.missing += n_left;
	run->counts.tasks_ended++;
	run->counts.part += work->row.part - work->part;
	run->counts.expected += work->task.seen - work->contributed;
}

static void
feed(GhcWorker *worker, GhcRun *run, GhcWork *work)
{
	const GhcWalk *walk = work->task.walk;
	GhcSpan		rest = {walk->next, walk->span.hi};

	work->fed = palloc0(sizeof(GhcFed));
	if (walk->source == GHC_WALK_END)
	{
		work->fed->greatest = ghc_walked_greatest(run->crawl.data_schema);
		return;
	}
	work->fed->ids = palloc(GHC_WALK_IDS * sizeof(int64));
	work->fed->n = ghc_walked_ids(run->crawl.data_schema, &rest, GHC_WALK_IDS,
								  work->fed->ids);
	if (work->fed->n == 0 && walk->n_again == 0)
		end_empty(worker, run, work);
}

void
ghc_walked_feed(GhcWorker *worker)
{
	ListCell   *cell;

	foreach(cell, worker->works)
	{
		GhcWork    *work = lfirst(cell);
		GhcRun	   *run;

		work->fed = NULL;
		if (!is_hungry(work))
			continue;
		run = ghc_state_find_run(worker, work->task.crawl_id);
		if (run == NULL || run->ends != NULL)
			continue;
		worker->storing = run->crawl.crawl_id;
		feed(worker, run, work);
		worker->storing = 0;
	}
}

void
ghc_walked_settle(GhcWork *work)
{
	const GhcFed *fed = work->fed;

	if (fed == NULL)
		return;
	work->fed = NULL;
	if (work->task.walk->source == GHC_WALK_END)
		ghc_walk_feed_end(&work->task, fed->greatest);
	else
		ghc_walk_feed(&work->task, fed->ids, fed->n, fed->n == GHC_WALK_IDS);
}

/* Whom the database refused, so far and by this turn; to be freed. */
static GhcIdSet
all_refused(const GhcWork *work)
{
	GhcIdSet	all = {0};
	ListCell   *cell;

	for (size_t i = 0; i < work->refused.capacity; i++)
		if (work->refused.slot[i] != 0)
			(void) ghc_idset_add(&all, work->refused.slot[i]);
	foreach(cell, work->refused_now)
		(void) ghc_idset_add(&all, *(int64 *) lfirst(cell));
	return all;
}

char *
ghc_walked_text(const GhcWork *work)
{
	GhcIdSet	refused = all_refused(work);
	GhcBuffer	buf = {0};

	ghc_walk_format(&work->task, &refused, &buf);
	ghc_idset_free(&refused);
	return ghc_values_take(&buf);
}

/* What is left of a walk that hands the rest on; NULL: nothing. */
static char *
text_left(const GhcWork *work)
{
	GhcIdSet	refused = all_refused(work);
	GhcBuffer	buf = {0};
	bool		any = ghc_walk_format_left(&work->task, &refused, &buf);

	ghc_idset_free(&refused);
	return any ? ghc_values_take(&buf) : NULL;
}

/* a part of a span */
typedef struct Piece
{
	const GhcTaskKind *kind;
	GhcSpan		span;
	int64		expected;		/* repositories, at a guess */
	char	   *text;			/* NULL: just the span */
} Piece;

/* Adds the pieces of ids that are to be read in one way. */
static void
add_pieces(List **pieces, const GhcWalk *walk, const GhcTaskKind *kind, GhcSpan span)
{
	int			n = ghc_walk_pieces(walk, &span);

	for (int i = 0; i < n && span.lo <= span.hi; i++)
	{
		Piece	   *piece = palloc(sizeof(Piece));
		GhcSpan		part = ghc_walk_piece(&span, i, n);

		*piece = (Piece) {
			kind, part, (int64) (ghc_walk_density(walk) * (double) (part.hi - part.lo + 1)),
			NULL
		};
		*pieces = lappend(*pieces, piece);
	}
}

/* Adds what may be there above the ids that are known. */
static void
add_end(List **pieces, const GhcWalk *walk)
{
	Piece	   *piece = palloc(sizeof(Piece));
	bool		open = ghc_span_is_open(&walk->span);

	if (walk->low >= walk->span.hi)
		return;
	*piece = (Piece) {
		&ghc_walk_kind, {Max(walk->low + 1, walk->span.lo), walk->span.hi},
		(int64) (ghc_walk_density(walk) * (double) Max(0, walk->high - walk->low)),
		NULL
	};
	if (!open)
		piece->expected = Min(piece->expected, walk->span.hi - walk->low);
	*pieces = lappend(*pieces, piece);
}

/* Of an emptied table nothing is known, whatever was walked before. */
static bool
is_worth_asking(const GhcRun *run, const GhcSpan *span)
{
	return ghc_walk_interval_min > 0 && span->lo <= span->hi &&
		ghc_walked_greatest(run->crawl.data_schema) > 0;
}

/* The parts of a span: those not walked lately, and those that were. */
static List *
cut(const GhcWork *work, const GhcRun *run)
{
	const GhcWalk *walk = work->task.walk;
	GhcSpan		whole = {walk->span.lo, walk->low};
	GhcSpan    *walked;
	int64		at = whole.lo;
	int			n = is_worth_asking(run, &whole) ?
		ghc_walked_load(run->crawl.data_schema, &whole, ghc_walk_interval_min, &walked) : 0;
	List	   *pieces = NIL;

	for (int i = 0; i < n; i++)
	{
		add_pieces(&pieces, walk, &ghc_walk_kind, (GhcSpan) {at, walked[i].lo - 1});
		add_pieces(&pieces, walk, &ghc_known_kind, walked[i]);
		at = walked[i].hi + 1;
	}
	add_pieces(&pieces, walk, &ghc_walk_kind, (GhcSpan) {at, whole.hi});
	add_end(&pieces, walk);
	return pieces;
}

/* Those of one kind. */
static int
add_children(const GhcWork *work, const List *pieces, const GhcTaskKind *kind,
			 double weight)
{
	int			max = list_length(pieces);
	GhcChildRows rows = {0, kind->name, palloc(max * sizeof(char *)),
		palloc(max * sizeof(int64)), palloc(max * sizeof(int64)),
	palloc0(max * sizeof(int64)), palloc(max * sizeof(double))};
	ListCell   *cell;

	foreach(cell, pieces)
	{
		const Piece *piece = lfirst(cell);
		GhcBuffer	text = {0};

		if (piece->kind != kind)
			continue;
		ghc_span_format(&piece->span, &text);
		rows.queries[rows.n] = piece->text ? piece->text : ghc_values_take(&text);
		rows.positions[rows.n] = piece->span.lo;
		rows.promised[rows.n] = piece->expected;
		rows.weights[rows.n++] = (double) Max(piece->expected, 1) / weight;
	}
	if (rows.n > 0)
		ghc_tasks_add_children(&work->row, &rows);
	return rows.n;
}

int
ghc_walked_add_children(GhcWorker *worker, GhcWork *work, const GhcRun *run)
{
	const GhcWalk *walk = work->task.walk;
	List	   *pieces = NIL;
	double		weight = 0;
	ListCell   *cell;
	Piece		rest = {&ghc_span_kind, {walk->next, walk->span.hi}, 0, NULL};
	Piece		left = {&ghc_walk_kind, {walk->span.lo, walk->next - 1}, 0, NULL};

	if (ghc_walk_is_cut(walk))
	{
		worker->storing = run->crawl.crawl_id;
		pieces = cut(work, run);
		worker->storing = 0;
	}
	else
	{
		pieces = list_make1(&rest);
		left.text = text_left(work);
		if (left.text != NULL)
			pieces = lappend(pieces, &left);
	}
	work->handed_on = 0;
	foreach(cell, pieces)
	{
		const Piece *piece = lfirst(cell);

		weight += (double) Max(piece->expected, 1);
		work->handed_on += piece->expected;
	}
	return add_children(work, pieces, &ghc_walk_kind, weight) +
		add_children(work, pieces, &ghc_known_kind, weight) +
		add_children(work, pieces, &ghc_span_kind, weight);
}

void
ghc_walked_write_missed(GhcWorker *worker, const GhcWork *work,
						const GhcFlight *flight, GhcRun *run)
{
	const GhcWalk *walk = work->task.walk;

	run->counts.gone += walk->n_missed;
	worker->storing = run->crawl.crawl_id;
	ghc_absences_write_missed(work, flight, run, walk->missed, walk->n_missed);
	worker->storing = 0;
	if (walk->n_hidden > 0)
		ghc_errors_record(run->crawl.crawl_id, "hidden",
						  "GitHub knows a repository and doesn't show it: FORBIDDEN, by SAML or a list of addresses",
						  ghc_walked_text(work), walk->n_hidden);
}
