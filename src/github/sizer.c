/*-------------------------------------------------------------------------
 *
 * sizer.c
 *	  How much to ask of GitHub in one request; see sizer.h.
 *
 * A size beyond what is proven is tried only if it pays: what it should gain
 * over the requests to come, by how likely it is to work, against the ten
 * seconds and the points that a failure costs.  That rule decides which way to
 * go, how near a bound is approached and when one is tried again.  Where
 * nothing failed yet comes first: it can still be gained near a bound later.
 *
 * A choice looks at a thousand sizes at most, which takes microseconds, so
 * nothing is kept from one choice to the next.
 *
 * IDENTIFICATION
 *	  src/github/sizer.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "github/reply.h"
#include "github/sizer.h"

#define MAX_ROWS 100

/* the first request of counts; they grow by doubling, pages by one */
#define FIRST_COUNTS 16

/*
 * A rolling minute has room for few long requests, so from here on time counts
 * more than it is; and a request that should take longer than the second
 * figure is never made.
 */
#define LONG_MS 3000
#define LONGEST_MS 6000
#define LONG_EXTRA_PER_MS 0.000033

/* what a failure costs, about: GitHub doesn't say how many points */
#define FAILURE_MS 10000
#define FAILURE_POINTS 10

/*
 * How likely a failure is: in new land, near what failed at least, and where one
 * of two bounds is wrong; and how likely it is that what failed once was chance.
 */
#define RISK_NEW 0.1
#define RISK_NEAR 0.15
#define RISK_DOUBT 0.5
#define CHANCE 0.3

/* near what failed is tried last */
#define RANK_LAST 1e-6

/* a bound is near enough if what failed is no more than this times better */
#define NEAR_ENOUGH 1.02

/* a gain is reckoned over as many requests as there were, between these */
#define HORIZON 300
#define HORIZON_MOST 20000

/* good replies after a failure before anything new is tried */
#define RECOVERY 3

/*
 * A failure at a size that is proven is chance, but two in a row are not, nor
 * are three within some twenty requests.
 */
#define SUSPICION_LIMIT 2
#define SUSPICION_KEPT 0.95

/*
 * Good replies until something that failed is tried again: once may have been
 * chance, more often hardly.
 */
#define PATIENCE 30
#define PATIENCE_GROWTH 8
#define PATIENCE_MOST 2000

/* good replies until failures that were chance are forgotten */
#define FORGET 1000

/* a reply proves its size if at least a fourth of its rows were there */
#define PROVING_PART 4

/* what may be asked next */
typedef struct Limits
{
	int			parts;
	int			rows;
	int			all;
} Limits;

/* a size and what a row of it costs */
typedef struct Choice
{
	GhcSize		size;
	double		row_cost;		/* ms of the budget; HUGE_VAL: no such size */
} Choice;

static int
smaller(int a, int b)
{
	return a < b ? a : b;
}

static int
larger(int a, int b)
{
	return a > b ? a : b;
}

static int
most_parts(GhcSizerKind kind)
{
	if (kind == GHC_SIZER_IDS)
		return GHC_MAX_LISTS;
	return kind == GHC_SIZER_COUNTS ? GHC_MAX_COUNTS : GHC_MAX_PAGES;
}

/* What a request is worth: rows, or counts. */
static int
worth(GhcSizerKind kind, GhcSize size)
{
	return kind == GHC_SIZER_COUNTS ? size.parts : size.parts * size.rows;
}

void
ghc_sizer_init(GhcSizer *sizer, GhcSizerKind kind)
{
	memset(sizer, 0, sizeof(*sizer));
	sizer->kind = kind;
	ghc_latency_init(&sizer->latency);
}

double
ghc_sizer_expected_ms(const GhcSizer *sizer, GhcSize size)
{
	return ghc_latency_expect(&sizer->latency, size.parts,
							  size.parts * size.rows);
}

double
ghc_sizer_deviation_ms(const GhcSizer *sizer, GhcSize size)
{
	return sizer->latency.deviation * ghc_sizer_expected_ms(sizer, size);
}

bool
ghc_sizer_is_proven(const GhcSizer *sizer, GhcSize size)
{
	return size.parts <= sizer->parts.good && size.rows <= sizer->rows.good &&
		size.parts * size.rows <= sizer->all.good;
}

static bool
is_recovering(const GhcSizer *sizer)
{
	return sizer->suspicion > SUSPICION_KEPT * SUSPICION_KEPT ||
		(sizer->good_since < RECOVERY && sizer->good_since < sizer->good);
}

/* Is it so long ago that something failed that it may go well by now? */
static bool
is_stale(const GhcSizer *sizer, const GhcBound *bound)
{
	double		patience = PATIENCE * pow(PATIENCE_GROWTH, bound->failures - 1);

	return (double) sizer->good_since >= fmin(patience, PATIENCE_MOST);
}

/*
 * How far to go in one dimension: half way to what failed, or beyond that if
 * it is long ago; where nothing failed, to "next".
 */
static int
next_limit(const GhcSizer *sizer, const GhcBound *bound, int next)
{
	if (bound->bad == 0)
		return next;
	if (bound->good < bound->hoped && bound->hoped < bound->bad)
		return smaller(next, bound->hoped);
	if (bound->good == 0)
		return larger(bound->bad / 2, 1);
	if (is_stale(sizer, bound))
		return smaller(next, larger(bound->bad, bound->good * 2));
	if (bound->bad <= bound->good * NEAR_ENOUGH)
		return bound->good;
	return (bound->good + bound->bad) / 2;
}

static Limits
find_limits(const GhcSizer *sizer)
{
	bool		counts = sizer->kind == GHC_SIZER_COUNTS;
	int			parts = counts ? larger(FIRST_COUNTS, sizer->parts.good * 2) :
		sizer->parts.good + 1;
	Limits		limits = {
		next_limit(sizer, &sizer->parts, smaller(parts, most_parts(sizer->kind))),
		next_limit(sizer, &sizer->rows, MAX_ROWS),
		next_limit(sizer, &sizer->all, INT32_MAX)
	};

	if (counts)
		limits.rows = 0;
	return limits;
}

double
ghc_sizer_budget_ms(const GhcFlow *pace, double points, double response_ms)
{
	double		by_points = 0;
	double		by_time = 0;

	if (pace->points_per_s > 0)
		by_points = points * 1000 / pace->points_per_s;
	if (pace->response_per_ms > 0)
		by_time = response_ms / pace->response_per_ms;
	else if (pace->points_per_s <= 0)
		by_time = response_ms;
	return fmax(by_points, by_time);
}

/* How many times faster than ours GitHub's time passes. */
static double
speed_of(const GhcFlow *pace)
{
	return pace->minute_ms > 0 ? 60000.0 / (double) pace->minute_ms : 1;
}

static GhcCost
cost_of(const GhcSizer *sizer, const GhcPrice *price, GhcSize size)
{
	GhcCost		free = {0};

	if (sizer->kind == GHC_SIZER_IDS)
		return ghc_price_list(price, size.parts * size.rows);
	if (sizer->kind == GHC_SIZER_PAGES)
		return ghc_price_pages(price, size.parts, size.rows);
	return free;
}

int
ghc_sizer_points(const GhcSizer *sizer, const GhcPrice *price, GhcSize size)
{
	return ghc_price_points(cost_of(sizer, price, size).requests);
}

/* What a row of this size costs; HUGE_VAL if the size is out of the question. */
static double
row_cost(const GhcSizer *sizer, const GhcPrice *price, const GhcFlow *pace,
		 GhcSize size)
{
	GhcCost		cost = cost_of(sizer, price, size);
	double		took = ghc_sizer_expected_ms(sizer, size);
	bool		known = sizer->latency.n > 0;
	double		theirs = known ? took * speed_of(pace) : took;
	double		ms;

	if (cost.nodes > GHC_PRICE_MAX_NODES || theirs > LONGEST_MS)
		return HUGE_VAL;
	if (theirs > LONG_MS)
		took *= 1 + LONG_EXTRA_PER_MS * (theirs - LONG_MS);

	/* where points bind, of two sizes that are as good the faster one */
	ms = ghc_sizer_budget_ms(pace, ghc_price_points(cost.requests), took) +
		0.01 * took;
	return ms / worth(sizer->kind, size);
}

/*
 * How likely something beyond a bound is to fail.  Between what went well and
 * what failed the limit may be anywhere.
 */
static double
risk_beyond(const GhcBound *bound, int value)
{
	if (value <= bound->good)
		return 0;
	if (bound->bad == 0 || (value <= bound->hoped && value < bound->bad))
		return RISK_NEW;
	if (value >= bound->bad)
		return 1 - CHANCE / bound->failures;
	return fmax(RISK_NEAR, (double) (value - bound->good) / (bound->bad - bound->good));
}

static double
risk_of(const GhcSizer *sizer, GhcSize size)
{
	return fmax(fmax(risk_beyond(&sizer->parts, size.parts),
					 risk_beyond(&sizer->rows, size.rows)),
				risk_beyond(&sizer->all, size.parts * size.rows));
}

/*
 * What trying a size should bring in the end, in ms of the budget, given the
 * best proven one; it is worth it if that is more than nothing.
 */
static double
gain_of(const GhcSizer *sizer, const GhcFlow *pace, const Choice *proven,
		const Choice *fresh, double risk)
{
	double		horizon = fmin(fmax((double) sizer->good, HORIZON), HORIZON_MOST);
	double		request = proven->row_cost * worth(sizer->kind, proven->size);
	double		faster = proven->row_cost / fresh->row_cost - 1;

	return horizon * request * faster * (1 - risk) -
		risk * ghc_sizer_budget_ms(pace, FAILURE_POINTS,
								   FAILURE_MS / speed_of(pace));
}

/* The best of the proven sizes, if there is one. */
static void
find_proven(const GhcSizer *sizer, const GhcPrice *price, const GhcFlow *pace,
			Choice *proven)
{
	int			first_row = sizer->kind == GHC_SIZER_COUNTS ? 0 : 1;
	GhcSize		size;

	for (size.parts = 1; size.parts <= sizer->parts.good; size.parts++)
		for (size.rows = first_row; size.rows <= sizer->rows.good; size.rows++)
		{
			double		cost = HUGE_VAL;

			if (ghc_sizer_is_proven(sizer, size))
				cost = row_cost(sizer, price, pace, size);
			if (cost < proven->row_cost)
				*proven = (Choice) {size, cost};
		}
}

/* May a size be tried next? */
static bool
is_step(const GhcSizer *sizer, const Limits *limits, GhcSize size)
{
	if (ghc_sizer_is_proven(sizer, size) || size.parts * size.rows > limits->all)
		return false;
	/* a failure should tell what was too much, so not both at once */
	return size.parts <= larger(sizer->parts.good, 1) ||
		size.rows <= sizer->rows.good;
}

/*
 * How good a step is, the higher the better, and not worth it from 0 down;
 * without anything proven, the one whose rows cost least.
 */
static double
rank_step(const GhcSizer *sizer, const GhcFlow *pace, const Choice *proven,
		  const Choice *step)
{
	double		risk = risk_of(sizer, step->size);
	double		gain;

	if (proven->row_cost == HUGE_VAL)
		return 1 / step->row_cost;
	gain = gain_of(sizer, pace, proven, step, risk);
	return risk > RISK_NEW ? gain * RANK_LAST : gain;
}

/* Finds the best step beyond what is proven; false if none is worth it. */
static bool
find_fresh(const GhcSizer *sizer, const GhcPrice *price, const GhcFlow *pace,
		   const Choice *proven, GhcSize *fresh)
{
	Limits		limits = find_limits(sizer);
	double		most = 0;
	Choice		step;

	for (step.size.parts = 1; step.size.parts <= limits.parts; step.size.parts++)
		for (step.size.rows = limits.rows;
			 step.size.rows >= smaller(limits.rows, 1); step.size.rows--)
		{
			double		rank;

			if (!is_step(sizer, &limits, step.size))
				continue;
			step.row_cost = row_cost(sizer, price, pace, step.size);
			rank = rank_step(sizer, pace, proven, &step);
			if (rank > most)
			{
				most = rank;
				*fresh = step.size;
			}
		}
	return most > 0;
}

/*
 * Something failed that had both more parts and more rows in all than anything
 * before.  As many parts of fewer rows would tell which it was; that is worth a
 * try if it may have been the rows, and so more parts would bring more.
 */
static bool
settle_doubt(const GhcSizer *sizer, const GhcPrice *price, const GhcFlow *pace,
			 const Choice *proven, GhcSize *size)
{
	Choice		hoped;

	hoped.size.parts = sizer->parts.bad;
	hoped.size.rows = smaller(sizer->rows.good,
							  (sizer->all.bad - 1) / sizer->parts.bad);

	/* what would be found lies anywhere between */
	hoped.row_cost = (proven->row_cost +
					  row_cost(sizer, price, pace, hoped.size)) / 2;
	size->parts = sizer->parts.bad;
	size->rows = sizer->all.good / sizer->parts.bad;
	return size->rows > 0 && gain_of(sizer, pace, proven, &hoped, RISK_DOUBT) > 0;
}

GhcSize
ghc_sizer_choose(const GhcSizer *sizer, const GhcPrice *price,
				 const GhcFlow *pace)
{
	GhcSize		least = {1, sizer->kind == GHC_SIZER_COUNTS ? 0 : 1};
	GhcSize		trial;
	Choice		proven = {least, HUGE_VAL};

	find_proven(sizer, price, pace, &proven);
	if (proven.row_cost < HUGE_VAL && is_recovering(sizer))
		return proven.size;
	if (find_fresh(sizer, price, pace, &proven, &trial))
		return trial;
	if (sizer->in_doubt && settle_doubt(sizer, price, pace, &proven, &trial))
		return trial;
	return proven.size;
}

GhcSize
ghc_sizer_best_proven(const GhcSizer *sizer, const GhcPrice *price,
					  const GhcFlow *pace)
{
	Choice		proven = {{0, 0}, HUGE_VAL};

	find_proven(sizer, price, pace, &proven);
	return proven.size;
}

GhcSize
ghc_sizer_outlook(const GhcSizer *sizer, const GhcPrice *price,
				  const GhcFlow *pace)
{
	GhcSizer	later = *sizer;
	Choice		proven = {{1, sizer->kind == GHC_SIZER_COUNTS ? 0 : 1}, HUGE_VAL};

	if (later.parts.bad == 0)
		later.parts.good = most_parts(sizer->kind);
	if (later.rows.bad == 0)
		later.rows.good = MAX_ROWS;
	if (later.all.bad == 0)
		later.all.good = INT32_MAX;
	find_proven(&later, price, pace, &proven);
	return proven.size;
}

/* What failed elsewhere so often counts as if it had failed here. */
static void
hint(GhcBound *bound, const GhcBound *other, int failures)
{
	if (other->bad <= bound->good || (bound->bad > 0 && bound->bad < other->bad))
		return;
	if (bound->bad != other->bad)
		bound->failures = larger(bound->failures, failures);
	bound->bad = other->bad;
	bound->hoped = larger(bound->hoped, other->good);
}

void
ghc_sizer_hint(GhcSizer *sizer, const GhcSizer *other, bool is_lighter)
{
	int			most = is_lighter ? INT32_MAX : 1;

	/* that sixty counts are too much says nothing of ten pages */
	if (other->parts.bad <= most_parts(sizer->kind))
		hint(&sizer->parts, &other->parts, smaller(other->parts.failures, most));
	if (other->kind != sizer->kind)
		return;
	hint(&sizer->rows, &other->rows, smaller(other->rows.failures, most));
	hint(&sizer->all, &other->all, smaller(other->all.failures, most));
}

static void
raise_bound(const GhcSizer *sizer, GhcBound *bound, int value)
{
	bound->good = larger(bound->good, value);
	if (bound->bad <= bound->good)
		bound->bad = 0;

	/* what failed by chance may soon fail by chance again */
	if (bound->bad == 0 && sizer->good_since >= FORGET)
		bound->failures = 0;
}

/* Something failed that had never gone well. */
static void
lower_bound(GhcBound *bound, int bad)
{
	if (bound->bad == 0 || bad < bound->bad)
		bound->bad = bad;
	bound->good = smaller(bound->good, bad - 1);
	bound->failures++;
}

/* What was good is so no more: half of it, and better days may come. */
static void
halve_bound(GhcBound *bound, int bad, bool again)
{
	int			failures = bound->failures;

	lower_bound(bound, bad);
	bound->good = smaller(bound->good, bad / 2);

	/* as long as it gets worse it is one and the same */
	if (again)
		bound->failures = larger(failures, 1);
}

void
ghc_sizer_note(GhcSizer *sizer, GhcSize asked, int64_t rows_got,
			   int64_t took_ms)
{
	int			all = asked.parts * asked.rows;

	ghc_latency_note(&sizer->latency, asked.parts, rows_got, took_ms);
	sizer->good++;
	sizer->good_since++;
	sizer->suspicion *= SUSPICION_KEPT;
	if (rows_got < all / PROVING_PART)
		return;

	raise_bound(sizer, &sizer->parts, asked.parts);
	raise_bound(sizer, &sizer->rows, asked.rows);
	raise_bound(sizer, &sizer->all, all);
	if (sizer->parts.bad == 0 || sizer->all.bad == 0)
		sizer->in_doubt = false;
}

/* Blames the bounds that may be why a size beyond them failed. */
static void
blame(GhcSizer *sizer, GhcSize size)
{
	int			all = size.parts * size.rows;
	bool		parts = size.parts > sizer->parts.good &&
		(size.parts > 1 || sizer->kind == GHC_SIZER_COUNTS);
	bool		rows = size.rows > sizer->rows.good;
	bool		in_all = all > sizer->all.good && size.parts > 1;

	/* it wasn't the rows in all, so what was in doubt was the parts */
	if (sizer->in_doubt && parts && !in_all)
		sizer->all.bad = sizer->all.failures = 0;

	sizer->in_doubt = false;
	if (rows)
		lower_bound(&sizer->rows, size.rows);
	else if (parts && in_all && sizer->parts.bad == 0 && sizer->all.bad == 0)
	{
		sizer->in_doubt = true;
		lower_bound(&sizer->parts, size.parts);
		lower_bound(&sizer->all, all);
	}
	else if (parts && (!in_all || sizer->all.bad == 0))
		lower_bound(&sizer->parts, size.parts);
	else
		lower_bound(&sizer->all, all);
}

void
ghc_sizer_fail(GhcSizer *sizer, GhcSize asked, bool may_be_chance)
{
	int			all = asked.parts * asked.rows;
	bool		proven = ghc_sizer_is_proven(sizer, asked);
	bool		again = sizer->good_since < RECOVERY;

	if (proven && may_be_chance && ++sizer->suspicion < SUSPICION_LIMIT)
		return;
	sizer->suspicion = proven ? 1 : 0;
	sizer->good_since = 0;

	if (!proven)
		blame(sizer, asked);
	else if (sizer->kind == GHC_SIZER_COUNTS)
		halve_bound(&sizer->parts, asked.parts, again);
	else if (asked.parts == 1)
		halve_bound(&sizer->rows, asked.rows, again);
	else
		halve_bound(&sizer->all, all, again);
}
