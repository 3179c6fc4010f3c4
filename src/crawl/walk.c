/*-------------------------------------------------------------------------
 *
 * walk.c
 *	  The task kinds "span", "walk" and "known": all repositories of a span of ids.
 *
 * A "span" finds where ids end, by asking whether there is anything above one,
 * and is cut into ranges of ids.  Those that were walked not long ago are left to
 * "known", which asks for the ids that the data table has; the others, and
 * always the end, to "walk", which lets the REST API list the public ids of a
 * range and asks for these.  Both ask by node ids that are made of the numbers
 * (github-api.md 5).
 *
 * An id that GitHub can't resolve, or won't show, by the new form is put off, and
 * asked for by the legacy form together with others of the task.  If that is no
 * better, it is gone, or hidden by an organisation; neither makes a gap.  What is
 * null for no reason is asked for again, and after some vain replies is left.
 *
 * A page may be shorter than others and not be the last; the end is where
 * nothing is above any more, and that is believed when it was said several
 * times.  Where GitHub's links lead isn't looked at.
 *
 * Nothing needs to be remembered of an id that was settled: a task is its span
 * and the first id that isn't, and whom the database refused.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/crawl/walk.c
 *
 *-------------------------------------------------------------------------
 */
#include "crawl/walk.h"

#include <inttypes.h>
#include <stdlib.h>

#include "github/rest.h"

/* so many answers must say that nothing is there */
#define ENOUGH_EMPTY 3

/* how near the end is looked for, as a part of the span, and in ids */
#define END_PART 128
#define END_IDS 1000

/* questions for the end; a last range takes what is left */
#define MAX_PROBES 48

/* a last range that gets so long is a span of its own; in REST pages */
#define LONG_PAGES 300

/* repositories of a range: its last page is half full, which is no more than this part */
#define PIECE_ROWS 6400
#define MIN_PIECE_ROWS 500
#define MANY_PIECES 16
#define MAX_PIECES 4096

/* before anything is known: github-api.md 9.1 */
#define USUAL_DENSITY (1.0 / 3)

static bool span_read(GhcTask *task, GhcSlice text);
static bool walk_read(GhcTask *task, GhcSlice text);
static bool known_read(GhcTask *task, GhcSlice text);
static GhcWant walk_wants(GhcTask *task);
static bool walk_compose(GhcTask *task, const GhcRoom *room, GhcQuery *query);
static GhcOutcome walk_absorb(GhcTask *task, const GhcJudgement *judgement,
							  GhcHarvest *stored);

const GhcTaskKind ghc_span_kind = {
	"span", walk_wants, walk_compose, walk_absorb, span_read
};

const GhcTaskKind ghc_walk_kind = {
	"walk", walk_wants, walk_compose, walk_absorb, walk_read
};

const GhcTaskKind ghc_known_kind = {
	"known", walk_wants, walk_compose, walk_absorb, known_read
};

static int64_t
min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* ---------------------------------------------------------------------------
 * what a task is stored as
 * ---------------------------------------------------------------------------
 */

static bool
read_text(GhcWalk *walk, GhcSlice text)
{
	int64_t		at;
	int			n;

	if (!ghc_span_take(&text, &walk->span))
		return false;
	n = ghc_span_take_ids(&text, "at", &at, 1);
	walk->next = n == 1 ? at : walk->span.lo;
	walk->n_again = ghc_span_take_ids(&text, "again", walk->again, GHC_WALK_AGAIN);
	walk->n = walk->n_old = ghc_span_take_ids(&text, "left", walk->ids, GHC_WALK_IDS);
	walk->listed = walk->next > walk->span.hi;
	return n >= 0 && walk->n_again >= 0 && walk->n >= 0 && text.len == 0;
}

static bool
read_task(GhcTask *task, GhcSlice text, GhcWalkSource source)
{
	GhcWalk    *walk = calloc(1, sizeof(GhcWalk));

	if (walk == NULL)
		return false;
	walk->source = source;
	walk->at_once = GHC_MAX_MEMBERS;
	walk->hungry = source != GHC_WALK_REST;
	task->walk = walk;
	if (!read_text(walk, text))
		return false;
	/* who begins anew will see them all again */
	task->seen = walk->next > walk->span.lo ? task->counted : 0;
	return true;
}

static bool
span_read(GhcTask *task, GhcSlice text)
{
	return read_task(task, text, GHC_WALK_END);
}

static bool
walk_read(GhcTask *task, GhcSlice text)
{
	return read_task(task, text, GHC_WALK_REST);
}

static bool
known_read(GhcTask *task, GhcSlice text)
{
	return read_task(task, text, GHC_WALK_TABLE);
}

/* The first id that nothing is known of, but for those left by an earlier try. */
static int64_t
first_open(const GhcWalk *walk)
{
	int			i = (int) max64(walk->first, walk->n_old);

	while (i < walk->n && walk->settled[i])
		i++;
	return i < walk->n ? walk->ids[i] : walk->next;
}

/*
 * Appends a span, how far it was walked, and what of that is to be asked for once
 * more; if that is too much to be written down, the span is to be walked anew.
 */
static void
put_text(const GhcWalk *walk, const GhcSpan *span, const GhcIdSet *refused,
		 GhcBuffer *out)
{
	int64_t		at = first_open(walk);
	int64_t		left[GHC_WALK_LEFT + 2 * GHC_WALK_IDS];
	int			n_left = walk->n_left;

	ghc_span_format(span, out);
	if (walk->source == GHC_WALK_END || refused->n > GHC_WALK_IDS)
		return;
	memcpy(left, walk->left, n_left * sizeof(left[0]));
	for (int i = 0; i < walk->n_old; i++)
		if (!walk->settled[i])
			left[n_left++] = walk->ids[i];
	for (size_t i = 0; i < refused->capacity; i++)
		if (refused->slot[i] != 0)
			left[n_left++] = refused->slot[i];
	if (n_left > GHC_WALK_IDS)
		return;
	if (at > walk->span.lo)
		ghc_buffer_printf(out, " at:%" PRId64, at);
	ghc_span_put_ids("again", walk->again, walk->n_again, out);
	ghc_span_put_ids("left", left, n_left, out);
}

void
ghc_walk_format(const GhcTask *task, const GhcIdSet *refused, GhcBuffer *out)
{
	put_text(task->walk, &task->walk->span, refused, out);
}

bool
ghc_walk_format_left(const GhcTask *task, const GhcIdSet *refused, GhcBuffer *out)
{
	const GhcWalk *walk = task->walk;

	if (walk->n_left == 0 && refused->n == 0)
		return false;
	put_text(walk, &(GhcSpan) {walk->span.lo, walk->next - 1}, refused, out);
	return true;
}

/*
 * A list of ids moves it only once they were asked for; where the end is isn't
 * stored at all.
 */
bool
ghc_walk_is_in_place(const GhcTask *task)
{
	return task->parts.got != NULL &&
		(task->walk->source == GHC_WALK_END || task->walk->n > 0);
}

/* ---------------------------------------------------------------------------
 * cutting
 * ---------------------------------------------------------------------------
 */

double
ghc_walk_density(const GhcWalk *walk)
{
	return walk->spread > 0 ? (double) walk->listed_there / (double) walk->spread :
		USUAL_DENSITY;
}

int
ghc_walk_pieces(const GhcWalk *walk, const GhcSpan *span)
{
	double		rows = ghc_walk_density(walk) * (double) (span->hi - span->lo + 1);
	int64_t		n = (int64_t) (rows / PIECE_ROWS);
	int64_t		few = min64(MANY_PIECES, (int64_t) (rows / MIN_PIECE_ROWS));

	return (int) min64(MAX_PIECES, max64(1, max64(n, few)));
}

GhcSpan
ghc_walk_piece(const GhcSpan *span, int i, int n)
{
	int64_t		length = (span->hi - span->lo + 1) / n;
	int64_t		more = (span->hi - span->lo + 1) % n;

	/* the first ones are longer by one, if it doesn't come out even */
	return (GhcSpan) {
		span->lo + length * i + min64(i, more),
		span->lo + length * (i + 1) + min64(i + 1, more) - 1
	};
}

/* ---------------------------------------------------------------------------
 * asking
 * ---------------------------------------------------------------------------
 */

static bool
has_open(GhcWalk *walk)
{
	while (walk->first < walk->n && walk->settled[walk->first])
		walk->first++;
	if (walk->first == walk->n)
		walk->first = walk->n = walk->n_old = 0;
	return walk->n > 0;
}

/*
 * Is it time for those that were put off?  If they fill a list, at once, as those of
 * another one must find room; else when nothing else is open.
 */
static bool
asks_again(GhcWalk *walk)
{
	return walk->n_again >= GHC_MAX_MEMBERS ||
		(walk->n_again > 0 && (walk->listed || walk->closing) && !has_open(walk));
}

static GhcWant
walk_wants(GhcTask *task)
{
	GhcWalk    *walk = task->walk;

	if (asks_again(walk) || has_open(walk))
		return GHC_WANT_LIST;
	return walk->hungry ? GHC_WANT_NOTHING : GHC_WANT_REST;
}

bool
ghc_walk_put_page(int64_t since, GhcQuery *query)
{
	return ghc_buffer_printf(&query->get.path,
							 "/repositories?since=%" PRId64 "&per_page=100", since);
}

/* The id above which the page that is asked for begins. */
static int64_t
since_of(const GhcWalk *walk)
{
	return walk->source == GHC_WALK_END ? walk->probe : walk->next - 1;
}

static bool
walk_compose(GhcTask *task, const GhcRoom *room, GhcQuery *query)
{
	GhcWalk    *walk = task->walk;
	int			max = (int) min64(min64(walk->at_once, room->rows), GHC_MAX_MEMBERS);
	int64_t		ids[GHC_MAX_MEMBERS];
	int			n = 0;

	walk->legacy = asks_again(walk);
	if (!walk->legacy && !has_open(walk))
		return ghc_walk_put_page(since_of(walk), query);
	if (walk->legacy)
		for (; n < walk->n_again && n < max; n++)
			ids[n] = llabs(walk->again[n]);
	else
		for (int i = walk->first; i < walk->n && n < max; i++)
			if (!walk->settled[i])
			{
				walk->asked[n] = i;
				ids[n++] = walk->ids[i];
			}
	walk->n_asked = n;
	return ghc_query_add_list(query, ids, n, walk->legacy) >= 0;
}

/* ---------------------------------------------------------------------------
 * what came
 * ---------------------------------------------------------------------------
 */

/* Brings progress up to what was walked, and what is promised along with it. */
static void
advance(GhcTask *task)
{
	GhcWalk    *walk = task->walk;
	int64_t		at = first_open(walk);
	double		length = (double) (walk->span.hi - walk->span.lo + 1);
	double		done = (double) (min64(at, walk->span.hi + 1) - walk->span.lo);

	if (task->counted < task->seen - task->refused)
		task->counted = task->seen - task->refused;
	if (ghc_span_is_open(&walk->span))
		task->promised = max64(task->promised, task->seen);
	else if (done > 0 && done > length / 20)
		task->promised = task->seen +
			(int64_t) ((double) task->seen / done * (length - done));
	if (ghc_span_is_open(&walk->span))
		ghc_task_advance(task);
	else if (task->part < task->share * done / length)
		task->part = task->share * done / length;
}

/* All that was to be found was asked for. */
static GhcOutcome
finish(GhcTask *task)
{
	GhcWalk    *walk = task->walk;

	task->counted = max64(task->counted, task->seen - task->refused);
	task->promised = task->seen + walk->n_left;
	if (walk->n_left == 0)
		return GHC_OUTCOME_DONE;
	task->missing = walk->n_left;
	task->why = "GitHub doesn't say what became of repositories";
	return GHC_OUTCOME_GAP;
}

static GhcOutcome
go_on(GhcTask *task)
{
	GhcWalk    *walk = task->walk;

	task->attempts = 0;
	advance(task);
	if (has_open(walk) || walk->n_again > 0)
		return GHC_OUTCOME_MORE;
	if (walk->listed)
		return finish(task);
	return walk->closing ? GHC_OUTCOME_SPLIT : GHC_OUTCOME_MORE;
}

static GhcOutcome
give_up(GhcTask *task, const char *why)
{
	task->missing = max64(1, task->promised - task->seen);
	task->why = why;
	return GHC_OUTCOME_GAP;
}

/* Of what was just asked for: nothing is said of it. */
static void
leave_asked(GhcWalk *walk)
{
	for (int k = 0; k < walk->n_asked; k++)
		walk->left[walk->n_left++] = walk->legacy ? llabs(walk->again[k]) :
			walk->ids[walk->asked[k]];
	if (!walk->legacy)
		for (int k = 0; k < walk->n_asked; k++)
			walk->settled[walk->asked[k]] = true;
	else
	{
		walk->n_again -= walk->n_asked;
		memmove(walk->again, walk->again + walk->n_asked,
				walk->n_again * sizeof(walk->again[0]));
	}
}

/* A reply brought nothing.  After some, it must be what was asked for. */
static GhcOutcome
fail(GhcTask *task)
{
	GhcWalk    *walk = task->walk;

	if (!ghc_task_fails(task))
		return GHC_OUTCOME_RETRY;
	if (walk->n_asked == 0)
		return give_up(task, "GitHub doesn't list repositories");
	if (walk->n_left + walk->n_asked > GHC_WALK_LEFT)
		return give_up(task, "GitHub doesn't show what it lists");
	leave_asked(walk);
	return go_on(task);
}

/* Members of the list that GitHub can't resolve, or won't show. */
typedef struct Refusals
{
	bool		gone[GHC_MAX_MEMBERS];
	bool		hidden[GHC_MAX_MEMBERS];
} Refusals;

/* Finds them; false if GitHub complained of anything else. */
static bool
find_refusals(const GhcParts *part, Refusals *refusals)
{
	const GhcReply *reply = part->reply;
	bool		plain = reply->n_errors <= GHC_MAX_ERRORS;

	memset(refusals, 0, sizeof(*refusals));
	for (int i = 0; i < reply->n_errors && i < GHC_MAX_ERRORS; i++)
	{
		const GhcGraphError *error = &reply->errors[i];
		bool		gone = ghc_slice_equals(error->type, GHC_SLICE("NOT_FOUND"));
		bool		hidden = ghc_slice_equals(error->type, GHC_SLICE("FORBIDDEN"));

		if (error->list >= 0 && error->list != part->first_list)
			continue;			/* another task's */
		if (error->list >= 0 && error->member >= 0 && (gone || hidden))
		{
			refusals->gone[error->member] |= gone;
			refusals->hidden[error->member] |= hidden;
		}
		else
			plain = false;
	}
	return plain;
}

/* The repository that a member of the list is, if it is the one asked for. */
static bool
is_shown(const GhcList *list, int k, int64_t id)
{
	const GhcRepository *repo = k < list->n_members && list->repo[k] >= 0 ?
		&list->found.repos[list->repo[k]] : NULL;

	return repo != NULL && repo->repo_id == id && ghc_repository_is_whole(repo);
}

/* By the new form; how many were settled, or put off. */
static int
take_list(GhcTask *task, const GhcList *list, const Refusals *refusals)
{
	GhcWalk    *walk = task->walk;
	int			n = 0;

	for (int k = 0; k < walk->n_asked; k++)
	{
		int			i = walk->asked[k];
		bool		shown = is_shown(list, k, walk->ids[i]);
		bool		refused = !shown && (refusals->gone[k] || refusals->hidden[k]) &&
			walk->n_again < GHC_WALK_AGAIN;

		if (!shown && !refused)
			continue;
		if (refused)
			walk->again[walk->n_again++] = refusals->gone[k] ? walk->ids[i] : -walk->ids[i];
		walk->settled[i] = true;
		task->seen += shown;
		n++;
	}
	return n;
}

/* By the legacy form, which is the last word. */
static int
take_again(GhcTask *task, const GhcList *list, const Refusals *refusals)
{
	GhcWalk    *walk = task->walk;
	int			kept = 0;
	int			n;

	for (int k = 0; k < walk->n_asked; k++)
	{
		int64_t		id = llabs(walk->again[k]);

		if (is_shown(list, k, id))
			task->seen++;
		else if (refusals->hidden[k] || (refusals->gone[k] && walk->again[k] < 0))
			walk->n_hidden++;
		else if (refusals->gone[k])
			walk->missed[walk->n_missed++] = id;
		else
			walk->again[kept++] = walk->again[k];
	}
	n = walk->n_asked - kept;
	memmove(walk->again + kept, walk->again + walk->n_asked,
			(walk->n_again - walk->n_asked) * sizeof(walk->again[0]));
	walk->n_again -= n;
	return n;
}

static GhcOutcome
absorb_list(GhcTask *task, GhcHarvest *stored)
{
	GhcWalk    *walk = task->walk;
	const GhcList *list = &task->parts.reply->lists[task->parts.first_list];
	Refusals	refusals;
	int			n;

	if (!list->present)
		return fail(task);
	stored->pages[stored->n++] = &list->found;
	task->pages++;
	task->explained = find_refusals(&task->parts, &refusals);
	n = walk->legacy ? take_again(task, list, &refusals) :
		take_list(task, list, &refusals);
	if (n == 0)
		return fail(task);
	walk->at_once = (int) min64((int64_t) walk->at_once * 2, GHC_MAX_MEMBERS);
	return go_on(task);
}

/* A page of a range. */
static GhcOutcome
absorb_page(GhcTask *task, const int64_t *ids, int n, int64_t last)
{
	GhcWalk    *walk = task->walk;

	if (last == 0)
	{
		task->attempts = 0;
		if (++walk->n_empty < ENOUGH_EMPTY)
			return GHC_OUTCOME_RETRY;
		walk->listed = true;
		return go_on(task);
	}
	walk->n_empty = 0;
	for (int i = 0; i < n; i++)
		if (ids[i] >= walk->next && ids[i] <= walk->span.hi)
		{
			walk->ids[walk->n] = ids[i];
			walk->settled[walk->n++] = false;
		}
	walk->next = last + 1;
	walk->listed = last >= walk->span.hi;
	/* where it ends was guessed badly */
	walk->closing = ghc_span_is_open(&walk->span) && ++walk->n_probes >= LONG_PAGES;
	return go_on(task);
}

/* ---------------------------------------------------------------------------
 * the end
 * ---------------------------------------------------------------------------
 */

/* What to ask next; false if the end is known well enough. */
static bool
choose_probe(GhcWalk *walk, int part)
{
	int64_t		near = max64(END_IDS, (walk->low - walk->span.lo) / part);

	if (walk->high == 0)
	{
		walk->probe = min64(walk->low + walk->step, walk->span.hi);
		walk->step = min64(walk->step * 8, GHC_SPAN_MAX_ID / 16);
		return walk->low < walk->span.hi;
	}
	walk->probe = walk->low + (walk->high - walk->low) / 2;
	return walk->high - walk->low > near && walk->n_probes < MAX_PROBES;
}

bool
ghc_walk_take_probe(GhcWalk *walk, const int64_t *ids, int n, int64_t last,
					int part)
{
	walk->n_probes++;
	if (last == 0)
		walk->high = walk->probe;
	else
	{
		walk->low = max64(walk->low, min64(last, walk->span.hi));
		walk->spread += n > 1 ? ids[n - 1] - walk->probe : 0;
		walk->listed_there += n > 1 ? n : 0;
	}
	return choose_probe(walk, part);
}

int
ghc_walk_read_page(const GhcGot *got, int64_t since, int64_t *ids, int64_t *last)
{
	int			n;

	if (got->status != 200)
		return -1;
	n = ghc_rest_read_ids(ids, GHC_WALK_IDS, last, got->body, got->len);
	/* that nothing is there, and that there is more, can't both be so */
	return (*last > 0 && *last <= since) || (*last == 0 && got->has_next) ? -1 : n;
}

static GhcOutcome
absorb_get(GhcTask *task)
{
	GhcWalk    *walk = task->walk;
	int64_t		ids[GHC_WALK_IDS];
	int64_t		last;
	int			n = ghc_walk_read_page(task->parts.got, since_of(walk), ids, &last);

	if (n < 0)
		return fail(task);
	task->pages++;
	if (walk->source != GHC_WALK_END)
		return absorb_page(task, ids, n, last);
	task->attempts = 0;
	return ghc_walk_take_probe(walk, ids, n, last, END_PART) ?
		GHC_OUTCOME_MORE : GHC_OUTCOME_SPLIT;
}

void
ghc_walk_feed_end(GhcTask *task, int64_t greatest)
{
	GhcWalk    *walk = task->walk;

	walk->low = min64(max64(greatest, walk->span.lo - 1), walk->span.hi);
	walk->step = max64(END_IDS, walk->low / END_PART);
	walk->probe = walk->low;
	walk->hungry = false;
}

void
ghc_walk_feed(GhcTask *task, const int64_t *ids, int n, bool more)
{
	GhcWalk    *walk = task->walk;

	for (int i = 0; i < n; i++)
	{
		walk->ids[walk->n] = ids[i];
		walk->settled[walk->n++] = false;
	}
	walk->listed = !more;
	walk->next = more ? ids[n - 1] + 1 : walk->span.hi + 1;
}

static GhcOutcome
walk_absorb(GhcTask *task, const GhcJudgement *judgement, GhcHarvest *stored)
{
	GhcWalk    *walk = task->walk;

	task->explained = false;
	walk->n_missed = walk->n_hidden = 0;
	if (task->parts.got != NULL)
		walk->n_asked = 0;
	switch (ghc_task_receives(judgement))
	{
		case GHC_RECEPTION_TOO_MUCH:
			walk->at_once = walk->n_asked > 1 ? walk->n_asked / 2 : 1;
			return fail(task);
		case GHC_RECEPTION_FAILURE:
			return fail(task);
		case GHC_RECEPTION_ELSEWHERE:
			return GHC_OUTCOME_RETRY;
		case GHC_RECEPTION_ANSWER:
			break;
	}
	return task->parts.got != NULL ? absorb_get(task) : absorb_list(task, stored);
}
