/*-------------------------------------------------------------------------
 *
 * sizer_test.c
 *	  The sizer against servers in memory.
 *
 * Each row of "cases" is a server, a shape and a pace.  The sizer makes its
 * first thousand requests there, learning included, and is compared with the
 * best fixed size, found by trying all of them on the same server.
 *
 * IDENTIFICATION
 *	  test/unit/sizer_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "github/sizer.h"
#include "tap.h"

#define TIMEOUT_MS 10000
#define FAILURE_POINTS 10
#define REQUESTS 1000

typedef struct Server
{
	const char *name;
	double		base_ms;
	double		part_ms;
	double		row_ms;
	int			bad_parts;		/* time-out from so many parts on; 0: never */
	int			bad_rows;		/* ditto, of rows in a part */
	int			bad_all;		/* ditto, of rows in all */
	double		jitter;			/* +- so much of it */
	double		chance;			/* failures, whatever is asked */
	double		slow_chance;	/* failures of what takes over 5 s */
	int			slow_from;		/* requests between which all takes */
	int			slow_until;		/* four times as long */
} Server;

static const Server fast = {.name = "fast", .base_ms = 100, .row_ms = 0.1};
static const Server a = {.name = "a", .base_ms = 200, .row_ms = 2};
static const Server b = {.name = "b", .base_ms = 300, .row_ms = 8};
static const Server slow = {.name = "slow", .base_ms = 500, .row_ms = 25};
static const Server aliased = {
	.name = "a, dear aliases", .base_ms = 100, .part_ms = 200,
	.row_ms = 1
};
static const Server cliff6 = {
	.name = "a, cliff at 6 aliases", .base_ms = 200, .row_ms = 2,
	.bad_parts = 6
};
static const Server cliff60 = {
	.name = "a, cliff at 60 rows", .base_ms = 200, .row_ms = 2,
	.bad_rows = 60
};
static const Server cliffs = {
	.name = "a, both cliffs", .base_ms = 200, .row_ms = 2, .bad_parts = 6,
	.bad_rows = 60
};
static const Server cliff350 = {
	.name = "a, cliff at 350 in all", .base_ms = 200, .row_ms = 2,
	.bad_all = 351
};
static const Server fast_cliff6 = {
	.name = "fast, cliff at 6", .base_ms = 100, .row_ms = 0.1,
	.bad_parts = 6
};
static const Server fast_cliff60 = {
	.name = "fast, cliff at 60 rows", .base_ms = 100, .row_ms = 0.1,
	.bad_rows = 60
};
static const Server slow_cliff60 = {
	.name = "b, cliff at 60 rows", .base_ms = 300, .row_ms = 8,
	.bad_rows = 60
};
static const Server jitter = {
	.name = "a, jitter", .base_ms = 200, .row_ms = 2, .jitter = 0.2
};
static const Server jitter_b = {
	.name = "b, jitter", .base_ms = 300, .row_ms = 8, .jitter = 0.2
};
static const Server chance = {
	.name = "a, 2 % fail", .base_ms = 200, .row_ms = 2, .jitter = 0.2,
	.chance = 0.02
};
static const Server unsure = {
	.name = "30 % fail over 5 s", .base_ms = 2000, .row_ms = 5,
	.jitter = 0.2, .slow_chance = 0.3
};
static const Server moody = {
	.name = "a, slow for a while", .base_ms = 200, .row_ms = 2,
	.jitter = 0.2, .slow_from = 300, .slow_until = 500
};

static const GhcPrice shapes[] = {{0, 0}, {1, 10}, {2, 30}, {6, 60}};
static const char *const shape_names[] = {"flat", "1 conn.", "full", "6 conn."};

/* 5,000 points an hour, a minute of response time a minute */
static const GhcFlow github = {5000 / 3600.0, 1};
static const GhcFlow points_only = {5000 / 3600.0, 0};
static const GhcFlow time_only = {0, 1};
static const GhcFlow unlimited = {0, 0};

static uint64_t random_state;

static double
random_unit(void)
{
	random_state = random_state * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	return (double) (random_state >> 33) / (double) (UINT64_C(1) << 31);
}

/* What has been used up and brought in. */
typedef struct Account
{
	double		points;
	double		ms;
	double		rows;			/* or counts */
	int			failures;
} Account;

/* Milliseconds until the answer; -1: GitHub gave up. */
static double
ask(const Server *server, GhcSize size, int request)
{
	int			all = size.parts * size.rows;
	double		ms = server->base_ms + server->part_ms * size.parts +
		server->row_ms * all;

	ms *= 1 + server->jitter * (2 * random_unit() - 1);
	if (request >= server->slow_from && request < server->slow_until)
		ms *= 4;
	if (ms > TIMEOUT_MS || random_unit() < server->chance ||
		(server->bad_parts > 0 && size.parts >= server->bad_parts) ||
		(server->bad_rows > 0 && size.rows >= server->bad_rows) ||
		(server->bad_all > 0 && all >= server->bad_all) ||
		(ms > 5000 && random_unit() < server->slow_chance))
		return -1;
	return ms;
}

static int
points_of(GhcSizerKind kind, const GhcPrice *price, GhcSize size)
{
	if (kind == GHC_SIZER_COUNTS)
		return 1;
	if (kind == GHC_SIZER_IDS)
		return ghc_price_points(ghc_price_list(price, size.rows).requests);
	return ghc_price_points(ghc_price_pages(price, size.parts, size.rows).requests);
}

/* Makes one request and books it; returns what ask() did. */
static double
book(Account *account, const Server *server, GhcSizerKind kind,
	 const GhcPrice *price, GhcSize size, int request)
{
	double		ms = ask(server, size, request);

	account->points += ms < 0 ? FAILURE_POINTS : points_of(kind, price, size);
	account->ms += ms < 0 ? TIMEOUT_MS : ms;
	if (ms < 0)
		account->failures++;
	else
		account->rows += kind == GHC_SIZER_COUNTS ? size.parts :
			size.parts * size.rows;
	return ms;
}

/* Rows a second of what the budget gives. */
static double
throughput(const Account *account, const GhcFlow *pace)
{
	double		s = 0;

	if (pace->points_per_s > 0)
		s = account->points / pace->points_per_s;
	if (pace->response_per_ms > 0)
		s = fmax(s, account->ms / 1000 / pace->response_per_ms);
	else if (pace->points_per_s <= 0)
		s = account->ms / 1000;
	return account->rows / s;
}

/* One request of the sizer, and what it learns from it. */
static GhcSize
step(GhcSizer *sizer, Account *account, const Server *server,
	 const GhcPrice *price, const GhcFlow *pace, int request)
{
	GhcSize		size = ghc_sizer_choose(sizer, price, pace);
	double		ms = book(account, server, sizer->kind, price, size, request);

	if (ms < 0)
		ghc_sizer_fail(sizer, size, true);
	else
		ghc_sizer_note(sizer, size, size.parts * size.rows, (int64_t) ms);
	return size;
}

/* The best fixed size, and its throughput. */
static double
sweep(const Server *server, GhcSizerKind kind, const GhcPrice *price,
	  const GhcFlow *pace, GhcSize *best)
{
	int			most_parts = kind == GHC_SIZER_COUNTS ? 64 : kind == GHC_SIZER_IDS ? 1 : 10;
	bool		steady = server->jitter == 0 && server->slow_until == 0;
	double		found = 0;
	GhcSize		size;

	for (size.parts = 1; size.parts <= most_parts; size.parts++)
		for (size.rows = kind == GHC_SIZER_COUNTS ? 0 : 1;
			 size.rows <= (kind == GHC_SIZER_COUNTS ? 0 : 100); size.rows++)
		{
			Account		account = {0};
			double		got;

			random_state = 1;
			for (int i = 0; i < (steady ? 1 : REQUESTS); i++)
				book(&account, server, kind, price, size, i);
			got = throughput(&account, pace);
			if (got > found)
			{
				found = got;
				*best = size;
			}
		}
	return found;
}

typedef struct Case
{
	const Server *server;
	GhcSizerKind kind;
	int			shape;
	const GhcFlow *pace;
	double		at_least;		/* of the best fixed size */
} Case;

#define ALL_SHAPES(server, pace, least) \
	{server, GHC_SIZER_PAGES, 0, pace, least}, \
	{server, GHC_SIZER_PAGES, 1, pace, least}, \
	{server, GHC_SIZER_PAGES, 2, pace, least}, \
	{server, GHC_SIZER_PAGES, 3, pace, least}
#define ALL_PACES(server, least) \
	ALL_SHAPES(server, &github, least), \
	ALL_SHAPES(server, &points_only, least), \
	ALL_SHAPES(server, &time_only, least), \
	ALL_SHAPES(server, &unlimited, least)

static const Case cases[] = {
	ALL_PACES(&fast, 0.9),
	ALL_PACES(&a, 0.9),
	ALL_PACES(&b, 0.9),
	ALL_PACES(&slow, 0.9),
	ALL_PACES(&aliased, 0.9),
	ALL_PACES(&cliff6, 0.9),
	ALL_PACES(&cliff60, 0.9),
	ALL_PACES(&cliffs, 0.9),
	ALL_PACES(&cliff350, 0.9),
	ALL_PACES(&slow_cliff60, 0.9),
	ALL_SHAPES(&fast_cliff6, &github, 0.9),
	ALL_SHAPES(&fast_cliff60, &github, 0.9),
	ALL_SHAPES(&fast_cliff6, &time_only, 0.9),
	ALL_SHAPES(&fast_cliff60, &time_only, 0.9),
	ALL_SHAPES(&jitter, &github, 0.9),
	ALL_SHAPES(&jitter_b, &github, 0.9),
	ALL_SHAPES(&jitter_b, &unlimited, 0.9),
	ALL_SHAPES(&chance, &github, 0.9),
	ALL_SHAPES(&chance, &points_only, 0.9),
	ALL_SHAPES(&unsure, &github, 0.9),
	ALL_SHAPES(&unsure, &unlimited, 0.9),
	ALL_SHAPES(&moody, &github, 0.9),
	ALL_SHAPES(&moody, &time_only, 0.9),
	{&a, GHC_SIZER_COUNTS, 0, &github, 0.9},
	{&aliased, GHC_SIZER_COUNTS, 0, &github, 0.9},
	{&cliff6, GHC_SIZER_COUNTS, 0, &github, 0.9},
	{&fast, GHC_SIZER_IDS, 0, &github, 0.9},
	{&a, GHC_SIZER_IDS, 2, &github, 0.9},
	{&slow, GHC_SIZER_IDS, 3, &github, 0.9},
	{&cliff60, GHC_SIZER_IDS, 2, &github, 0.9},
};

static const char *
pace_name(const GhcFlow *pace)
{
	if (pace == &github)
		return "both";
	if (pace == &points_only)
		return "points";
	return pace == &time_only ? "time" : "none";
}

static void
test_case(const Case *row)
{
	static const char *const kinds[] = {"pages", "counts", "ids"};
	const GhcPrice *price = &shapes[row->shape];
	GhcSizer	sizer;
	Account		account = {0};
	GhcSize		best = {0};
	GhcSize		last = {0};
	double		want = sweep(row->server, row->kind, price, row->pace, &best);
	double		got;

	random_state = 1;
	ghc_sizer_init(&sizer, row->kind);
	for (int i = 0; i < REQUESTS; i++)
		last = step(&sizer, &account, row->server, price, row->pace, i);
	got = throughput(&account, row->pace);
	ok(got >= row->at_least * want, "%s, %s, %s, %s: %.1f %% of the best",
	   row->server->name, kinds[row->kind], shape_names[row->shape],
	   pace_name(row->pace), 100 * got / want);
	printf("# | %s | %s | %s | %s | %.0f at %d x %d | %.0f | %.1f %% | %d x %d | %d | %.0f |\n",
		   row->server->name, kinds[row->kind], shape_names[row->shape],
		   pace_name(row->pace), want, best.parts, best.rows, got,
		   100 * got / want, last.parts, last.rows, account.failures,
		   account.rows / account.points);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		test_case(&cases[i]);
	return done_testing();
}
