/*-------------------------------------------------------------------------
 *
 * estimate.c
 *	  What a crawl will cost; see estimate.h.
 *
 * Follows what the task kind "search" does (crawl/search.c): a page to begin
 * with, a query that counts the parts of a range that is too large, a query
 * for each page of one that isn't.
 *
 * IDENTIFICATION
 *	  src/github/estimate.c
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "github/estimate.h"
#include "github/query.h"
#include "github/range.h"

#define MINUTE_MS 60000.0

/* to the REST API, a minute (github-api.md 4.1) */
#define GETS_MINUTE 900.0
#define HOUR_MS (60 * MINUTE_MS)

/* a crawl that takes longer is as good as one that never ends */
#define FOREVER_MS (24 * 365 * 100 * HOUR_MS)

/* heap pages: 8192 bytes less their header, filled up to 90 % */
#define ALIGN_BYTES 8
#define HEAP_SHARE (8192.0 / (8168 - 819))
#define LINE_POINTER_BYTES 4
#define TUPLE_HEADER_BYTES 23

/* a key of 8 bytes, its header and pointer, in pages that are three fifths full */
#define INDEX_BYTES 32

/* longest value that has a header of one byte */
#define SHORT_BYTES 126
#define LONG_HEADER_BYTES 4

/* as the data table has them (store/columns.c) */
#define COLUMNS 22
#define FLAGS_BYTES 4

void
ghc_estimate_add_root(GhcWorkload *load, int64_t count)
{
	if (count > GHC_SEARCH_CAP)
	{
		/* the page that tells; the rest is added as the parts are known */
		load->pages++;
		return;
	}
	load->ranges++;
	/* a count that nobody foretold is asked for once more */
	load->counts += count > 0;
	/* that there is nothing is believed when every order says so */
	load->pages += count == 0 ? GHC_ORDER_COUNT : ghc_range_pages(count);
}

void
ghc_estimate_add_cut(GhcWorkload *load)
{
	load->ranges++;
	load->counts++;
}

void
ghc_estimate_add_sweep(GhcWorkload *load)
{
	load->ranges++;
	load->pages += GHC_SEARCH_CAP / GHC_PAGE_SIZE;
}

void
ghc_estimate_add_solid(GhcWorkload *load)
{
	load->ranges++;
	load->pages += GHC_ORDER_COUNT * ghc_range_pages(GHC_SEARCH_CAP);
}

void
ghc_estimate_add_refinement(GhcWorkload *load)
{
	load->counts++;
}

/* How many of n parts that count equally much make up the cheapest child. */
static int
pack_alike(double each, int n)
{
	double		lowest = INFINITY;
	int			best = 1;

	for (int k = 1; k <= n; k++)
	{
		int64_t		sum = llround(ceil(k * each));
		double		price = (double) ghc_range_price(sum) / k;

		if (price >= lowest || !ghc_range_may_join(sum, k, GHC_RANGE_FILL,
												   n / GHC_RANGE_ZOOM))
			continue;
		lowest = price;
		best = k;
	}
	return best;
}

/* Adds so many ranges that count equally much. */
static void
add_alike(GhcWorkload *load, double n_alike, double count)
{
	int			n;
	int			together;
	int			rest;

	load->ranges += n_alike;
	if (count <= GHC_SEARCH_CAP)
	{
		load->pages += n_alike * (double) ghc_range_pages((int64_t) ceil(count));
		return;
	}
	load->counts += n_alike;
	n = ghc_range_wanted_parts((int64_t) count, GHC_MAX_PARTS);
	together = pack_alike(count / n, n);
	rest = n % together;
	add_alike(load, n_alike * (n / together), together * count / n);
	if (rest > 0)
		add_alike(load, n_alike, rest * count / n);
}

void
ghc_estimate_add_range(GhcWorkload *load, double count)
{
	add_alike(load, 1, count);
}

/* ---------------------------------------------------------------------------
 * bytes
 * ---------------------------------------------------------------------------
 */

static int
align(int offset, int to)
{
	return (offset + to - 1) / to * to;
}

/* Where a value of so many bytes, without their header, ends. */
static int
put_varlena(int offset, size_t bytes)
{
	if (bytes <= SHORT_BYTES)
		return offset + 1 + (int) bytes;
	return align(offset, 4) + LONG_HEADER_BYTES + (int) bytes;
}

/* The length of a list as text, with commas between. */
static size_t
list_bytes(const GhcArray *array, bool is_text)
{
	size_t		bytes = array->n > 0 ? array->n - 1 : 0;

	for (int i = 0; i < array->n; i++)
		bytes += is_text ? array->names[i].len :
			(size_t) snprintf(NULL, 0, "%" PRId64, array->numbers[i]);
	return bytes;
}

/* How wide a field's column is; 0: as its value is, or it is one of the flags. */
static int
width_of(int field)
{
	switch (ghc_fields[field].type)
	{
		case GHC_TYPE_INT8:
			return 8;
		case GHC_TYPE_INT4:
		case GHC_TYPE_TIME:
			return 4;
		default:
			/* numbers of a dictionary */
			return field == GHC_FIELD_LANGUAGE || field == GHC_FIELD_LICENSE ? 2 : 0;
	}
}

/* Where a field's value ends that is put behind "offset", if it isn't wide. */
static int
put_field(int offset, const GhcRepository *repo, int field)
{
	const GhcValue *value = &repo->value[field];

	switch (ghc_fields[field].type)
	{
		case GHC_TYPE_TEXT_ARRAY:
			return put_varlena(offset, list_bytes(value->array, true));
		case GHC_TYPE_INT8_ARRAY:
			return put_varlena(offset, list_bytes(value->array, false));
		case GHC_TYPE_TEXT:
		case GHC_TYPE_JSON:
			return put_varlena(offset, value->text.len);
		default:
			return offset;
	}
}

int
ghc_estimate_row_bytes(const GhcRepository *repo, GhcFieldSet fields)
{
	/* repo_id, changed_at and, before what is as wide or less, flags */
	int			offset = 2 * 8;
	GhcFieldSet there = fields & repo->set & ~GHC_FIELD_BIT(GHC_FIELD_REPO_ID);
	bool		has_flags = false;

	/* some column is null in nearly every row: the header says which */
	int			header = align(TUPLE_HEADER_BYTES + (COLUMNS + 7) / 8, ALIGN_BYTES);

	for (int field = 0; field < GHC_FIELD_COUNT; field++)
		if (there & GHC_FIELD_BIT(field))
		{
			offset += width_of(field);
			has_flags |= ghc_fields[field].type == GHC_TYPE_BOOL;
		}
	offset += has_flags ? FLAGS_BYTES : 0;
	for (int field = 0; field < GHC_FIELD_COUNT; field++)
		if ((there & GHC_FIELD_BIT(field)) != 0 && width_of(field) == 0)
			offset = put_field(offset, repo, field);
	offset = align(header + offset, ALIGN_BYTES);
	return (int) ((offset + LINE_POINTER_BYTES) * HEAP_SHARE) + INDEX_BYTES;
}

/* ---------------------------------------------------------------------------
 * duration
 * ---------------------------------------------------------------------------
 */

/* Requests a millisecond that a budget's limits of a minute allow. */
static double
pace_of(const GhcAllowance *budget, double response_ms)
{
	double		share = 1;		/* of the time, with one request under way */
	double		pace;

	if (budget->response_ms_minute > 0 &&
		budget->response_ms_minute < MINUTE_MS)
		share = budget->response_ms_minute / MINUTE_MS;
	pace = share / fmax(response_ms, 1);
	if (budget->requests_minute > 0)
		pace = fmin(pace, budget->requests_minute / MINUTE_MS);
	return pace;
}

/*
 * Points that a budget spends in so many milliseconds, at so many a
 * millisecond while it has any: first what is left of this hour, then hour by
 * hour.
 */
static double
points_by(const GhcAllowance *budget, double points_ms, double until_ms)
{
	double		from_ms = budget->benched_ms;
	double		limit = (double) budget->points_hour;
	double		points = 0;
	double		hours;

	if (until_ms <= from_ms)
		return 0;
	if (limit <= 0)
		return points_ms * (until_ms - from_ms);
	if (budget->remaining >= 0 && budget->reset_ms > from_ms)
	{
		points = fmin((double) budget->remaining, points_ms *
					  (fmin(until_ms, (double) budget->reset_ms) - from_ms));
		from_ms = (double) budget->reset_ms;
		if (until_ms <= from_ms)
			return points;
	}
	hours = floor((until_ms - from_ms) / HOUR_MS);
	points += hours * fmin(limit, points_ms * HOUR_MS);
	return points + fmin(limit, points_ms * (until_ms - from_ms - hours * HOUR_MS));
}

/* Requests that the REST API takes of a budget in so many milliseconds. */
static double
gets_by(const GhcAllowance *budget, double until_ms)
{
	GhcAllowance rest = {
		.points_hour = budget->rest_hour,
		.remaining = budget->rest_remaining,
		.reset_ms = budget->rest_reset_ms,
		.benched_ms = budget->rest_benched_ms
	};

	return points_by(&rest, GETS_MINUTE / MINUTE_MS, until_ms);
}

static bool
suffices(const GhcEstimate *estimate, const GhcAllowance *budgets, int n,
		 double until_ms)
{
	double		requests = fmax((double) estimate->requests, 1);
	double		points = 0;
	double		gets = 0;

	for (int i = 0; i < n; i++)
	{
		double		pace = pace_of(&budgets[i], estimate->response_ms / requests);

		points += points_by(&budgets[i], pace * estimate->points / requests,
							until_ms);
		gets += gets_by(&budgets[i], until_ms);
	}
	/* a sum of products that should be equal may come out a little less */
	return points * (1 + 1e-9) >= (double) estimate->points &&
		gets * (1 + 1e-9) >= (double) estimate->rest_requests;
}

int64_t
ghc_estimate_duration_ms(const GhcEstimate *estimate,
						 const GhcAllowance *budgets, int n)
{
	double		low = 0;
	double		high = MINUTE_MS;

	while (!suffices(estimate, budgets, n, high))
	{
		low = high;
		high *= 2;
		if (high > FOREVER_MS)
			return -1;
	}
	while (high - low > 1)
	{
		double		middle = (low + high) / 2;

		if (suffices(estimate, budgets, n, middle))
			high = middle;
		else
			low = middle;
	}
	return (int64_t) ceil(high);
}
