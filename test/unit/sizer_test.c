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
#define LONGEST_MS 6000
#define REQUESTS 1000
#define BLOCK 20

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
static const GhcFlow github = {5000 / 3600.0, 1, 0};
static const GhcFlow points_only = {5000 / 3600.0, 0, 0};
static const GhcFlow time_only = {0, 1, 0};
static const GhcFlow unlimited = {0, 0, 0};

static uint64_t random_state;

static double
random_unit(void)
{
	random_state = random_state * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	return (double) (random_state >> 33) / (double) (UINT64_C(1) << 31);
}

/*
 * What has been used up and brought in.  Time is reckoned by blocks of
 * requests: what one block leaves of points or of response time is of no use
 * to the next.
 */
typedef struct Account
{
	double		points;
	double		ms;
	double		rows;			/* or counts */
	int			failures;

	double		seconds;		/* of the blocks that are over */
	double		block_points;
	double		block_ms;
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
		return ghc_price_points(ghc_price_list(price, size.parts * size.rows).requests);
	return ghc_price_points(ghc_price_pages(price, size.parts, size.rows).requests);
}

/* How long a budget needs for so much. */
static double
seconds_of(const GhcFlow *pace, double points, double ms)
{
	double		s = 0;

	if (pace->points_per_s > 0)
		s = points / pace->points_per_s;
	if (pace->response_per_ms > 0)
		s = fmax(s, ms / 1000 / pace->response_per_ms);
	else if (pace->points_per_s <= 0)
		s = ms / 1000;
	return s;
}

/* Makes one request and books it; returns what ask() did. */
static double
book(Account *account, const Server *server, GhcSizerKind kind,
	 const GhcPrice *price, const GhcFlow *pace, GhcSize size, int request)
{
	double		took = ask(server, size, request);
	double		ms = took < 0 ? TIMEOUT_MS : took;
	int			points = took < 0 ? FAILURE_POINTS : points_of(kind, price, size);

	account->points += points;
	account->ms += ms;
	account->block_points += points;
	account->block_ms += ms;
	if (took < 0)
		account->failures++;
	else
		account->rows += kind == GHC_SIZER_COUNTS ? size.parts :
			size.parts * size.rows;
	if (request % BLOCK == BLOCK - 1)
	{
		account->seconds += seconds_of(pace, account->block_points,
									   account->block_ms);
		account->block_points = account->block_ms = 0;
	}
	return took;
}

/* Rows a second of what the budget gives. */
static double
throughput(const Account *account, const GhcFlow *pace)
{
	return account->rows / (account->seconds +
							seconds_of(pace, account->block_points,
									   account->block_ms));
}

/* One request of the sizer, and what it learns from it. */
static GhcSize
step(GhcSizer *sizer, Account *account, const Server *server,
	 const GhcPrice *price, const GhcFlow *pace, int request)
{
	GhcSize		size = ghc_sizer_choose(sizer, price, pace);
	double		ms = book(account, server, sizer->kind, price, pace, size,
							   request);

	if (ms < 0)
		ghc_sizer_fail(sizer, size, true);
	else
		ghc_sizer_note(sizer, size, size.parts * size.rows, (int64_t) ms);
	return size;
}

/* Makes so many requests of a sizer; returns the last size. */
static GhcSize
run(GhcSizer *sizer, Account *account, const Server *server,
	const GhcPrice *price, const GhcFlow *pace, int requests)
{
	GhcSize		last = {0};

	for (int i = 0; i < requests; i++)
		last = step(sizer, account, server, price, pace, i);
	return last;
}

/*
 * The best fixed size, and its throughput.  Where time has no limit, sizes that
 * take longer than the sizer ever asks for are left out.
 */
static double
sweep(const Server *server, GhcSizerKind kind, const GhcPrice *price,
	  const GhcFlow *pace, GhcSize *best)
{
	int			most_parts = kind == GHC_SIZER_COUNTS ? 64 : 10;
	bool		steady = server->jitter == 0 && server->slow_until == 0;
	int			requests = steady ? 1 : server->slow_until > 0 ? REQUESTS : 200;
	double		found = 0;
	GhcSize		size;

	for (size.parts = 1; size.parts <= most_parts; size.parts++)
		for (size.rows = kind == GHC_SIZER_COUNTS ? 0 : 1;
			 size.rows <= (kind == GHC_SIZER_COUNTS ? 0 : 100); size.rows++)
		{
			Account		account = {0};
			double		got;

			random_state = 1;
			for (int i = 0; i < requests; i++)
				book(&account, server, kind, price, pace, size, i);
			if (pace->response_per_ms <= 0 &&
				account.ms > (double) LONGEST_MS * requests)
				continue;
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

	/* three failures, of ten seconds each, weigh more than all that is good */
	ALL_SHAPES(&fast_cliff60, &time_only, 0.8),
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
	GhcSize		last;
	double		want = sweep(row->server, row->kind, price, row->pace, &best);
	double		got;

	random_state = 1;
	ghc_sizer_init(&sizer, row->kind);
	last = run(&sizer, &account, row->server, price, row->pace, REQUESTS);
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

static void
is_size(GhcSize got, int parts, int rows, const char *name)
{
	ok(got.parts == parts && got.rows == rows, "%s: %d x %d, want %d x %d",
	   name, got.parts, got.rows, parts, rows);
}

static void
test_first(void)
{
	GhcSizer	sizer;

	ghc_sizer_init(&sizer, GHC_SIZER_PAGES);
	is_size(ghc_sizer_choose(&sizer, &shapes[2], &points_only), 1, 74,
			"full starts with the cheapest page");
	is_size(ghc_sizer_choose(&sizer, &shapes[2], &time_only), 1, 100,
			"where time binds with a long one");
	is_size(ghc_sizer_choose(&sizer, &shapes[0], &unlimited), 1, 100, "flat");
	ghc_sizer_init(&sizer, GHC_SIZER_COUNTS);
	is_size(ghc_sizer_choose(&sizer, &shapes[0], &github), 16, 0, "counts");
	ghc_sizer_init(&sizer, GHC_SIZER_IDS);
	is_size(ghc_sizer_choose(&sizer, &shapes[2], &points_only), 1, 74, "ids");
}

static void
test_growth(void)
{
	GhcSizer	sizer;
	Account		account = {0};

	ghc_sizer_init(&sizer, GHC_SIZER_PAGES);
	is_size(run(&sizer, &account, &fast, &shapes[0], &github, 20), 10, 100,
			"ten pages within twenty requests");
	run(&sizer, &account, &fast, &shapes[0], &github, REQUESTS - 20);
	ok(account.rows / account.points >= 500,
	   "flat on a fast server: %.0f repositories a point",
	   account.rows / account.points);

	/* where a request costs little, failures are made up for later */
	account = (Account) {0};
	ghc_sizer_init(&sizer, GHC_SIZER_PAGES);
	run(&sizer, &account, &fast_cliff60, &shapes[0], &time_only, 20000);
	ok(throughput(&account, &time_only) > 0.95 * 590 / 0.159,
	   "fast, cliff at 60 rows, 20,000 requests: %.1f %% of the best",
	   throughput(&account, &time_only) / (590 / 0.159) * 100);
}

/* Bounds are found within six per cent, with few failures. */
static void
test_bounds(void)
{
	static const struct
	{
		const Server *server;
		int			best;		/* rows in all */
	}			rows[] = {
		{&cliff6, 500}, {&cliff60, 590}, {&cliffs, 295}, {&cliff350, 350},
	};

	for (size_t n = 0; n < 2 * sizeof(rows) / sizeof(rows[0]); n++)
	{
		size_t		i = n / 2;
		GhcSizer	sizer;
		Account		account = {0};
		GhcSize		last;

		ghc_sizer_init(&sizer, GHC_SIZER_PAGES);
		last = run(&sizer, &account, rows[i].server, &shapes[0],
				   n % 2 == 0 ? &points_only : &github, REQUESTS);
		ok(last.parts * last.rows >= rows[i].best * 0.94 && account.failures <= 6,
		   "%s: %d x %d at last, %d failures", rows[i].server->name,
		   last.parts, last.rows, account.failures);
	}
}

/* Nothing is asked that should take over six seconds, whatever binds. */
static void
test_longest(void)
{
	const Server *servers[] = {&b, &slow, &unsure};
	const GhcFlow *paces[] = {&github, &points_only, &time_only, &unlimited};

	for (int i = 0; i < 12; i++)
	{
		const Server *server = servers[i % 3];
		GhcSizer	sizer;
		Account		account = {0};
		double		longest = 0;

		random_state = 1;
		ghc_sizer_init(&sizer, GHC_SIZER_PAGES);
		for (int n = 0; n < 200; n++)
		{
			GhcSize		size = step(&sizer, &account, server, &shapes[0],
									paces[i / 3], n);

			longest = fmax(longest, server->base_ms +
						   server->row_ms * size.parts * size.rows);
		}
		ok(longest <= LONGEST_MS * 1.05, "%s, %s: %.0f ms at most", server->name,
		   pace_name(paces[i / 3]), longest);
	}
}

/* Where GitHub's minute passes ten times faster, all else does as well. */
static void
test_fast_clock(void)
{
	static const Server fast_b = {.name = "b, fast clock", .base_ms = 30, .row_ms = 0.8};
	static const GhcFlow fast_github = {50000 / 3600.0, 1, 6000};
	GhcSizer	real;
	GhcSizer	fast_one;
	Account		real_account = {0};
	Account		fast_account = {0};
	ghc_sizer_init(&real, GHC_SIZER_PAGES);
	ghc_sizer_init(&fast_one, GHC_SIZER_PAGES);
	is_int(run(&fast_one, &fast_account, &fast_b, &shapes[0], &fast_github, 200).parts,
		   run(&real, &real_account, &b, &shapes[0], &github, 200).parts,
		   "where time passes faster, as many pages are asked for");
}

static void
test_chance(void)
{
	static const GhcSize largest = {10, 100};
	GhcSizer	sizer;
	GhcSizer	copy;
	Account		account = {0};
	GhcSize		size;

	ghc_sizer_init(&sizer, GHC_SIZER_PAGES);
	run(&sizer, &account, &fast, &shapes[0], &github, 100);
	copy = sizer;

	ghc_sizer_fail(&sizer, largest, true);
	is_size(ghc_sizer_choose(&sizer, &shapes[0], &github), 10, 100,
			"one failure is chance");
	ghc_sizer_fail(&sizer, largest, true);
	size = ghc_sizer_choose(&sizer, &shapes[0], &github);
	is_int(size.parts * size.rows, 500, "two in a row are not");
	ghc_sizer_fail(&sizer, size, true);
	size = ghc_sizer_choose(&sizer, &shapes[0], &github);
	is_int(size.parts * size.rows, 250, "the next one halves again");
	size = run(&sizer, &account, &fast, &shapes[0], &github, 60);
	is_size(size, 10, 100, "all is good again");

	sizer = copy;
	ghc_sizer_fail(&sizer, largest, false);
	size = ghc_sizer_choose(&sizer, &shapes[0], &github);
	is_int(size.parts * size.rows, 500, "a refusal is no chance");

	sizer = copy;
	for (int i = 0; i < 3; i++)
	{
		ghc_sizer_fail(&sizer, largest, true);
		run(&sizer, &account, &fast, &shapes[0], &github, 5);
	}
	ok(sizer.all.bad == 1000, "three within twenty are no chance");
}

/* Nothing goes at all, and the least is asked for; then all goes. */
static void
test_despair(void)
{
	for (int kind = GHC_SIZER_PAGES; kind <= GHC_SIZER_IDS; kind++)
	{
		GhcSizer	sizer;
		Account		account = {0};
		GhcSize		size;

		ghc_sizer_init(&sizer, (GhcSizerKind) kind);
		for (int i = 0; i < 30; i++)
		{
			size = ghc_sizer_choose(&sizer, &shapes[0], &github);
			ghc_sizer_fail(&sizer, size, true);
		}
		is_size(ghc_sizer_choose(&sizer, &shapes[0], &github), 1,
				kind == GHC_SIZER_COUNTS ? 0 : 1, "nothing goes");
		size = run(&sizer, &account, &fast, &shapes[0], &github, 500);
		is_size(size, kind == GHC_SIZER_COUNTS ? 64 : 10,
				kind == GHC_SIZER_COUNTS ? 0 : 100, "all goes");
	}
}

/* A bound that is no more is found out, after a while. */
static void
test_relief(void)
{
	GhcSizer	sizer;
	Account		account = {0};

	ghc_sizer_init(&sizer, GHC_SIZER_PAGES);
	is_size(run(&sizer, &account, &cliff6, &shapes[0], &github, 2000), 5, 100,
			"a cliff at 6");
	ok(account.failures <= 4, "is met %d times in 2,000", account.failures);
	is_size(run(&sizer, &account, &a, &shapes[0], &github, 2000), 10, 100,
			"is gone");
}

/* The most parts that are chosen in fifty good requests, with what counts met. */
static int
most_parts_beside(GhcSizerKind kind, const GhcSizer *counts)
{
	GhcSizer	sizer;
	int			most = 0;

	ghc_sizer_init(&sizer, kind);
	for (int i = 0; i < 50; i++)
	{
		GhcSize		size;

		ghc_sizer_hint(&sizer, counts, true);
		size = ghc_sizer_choose(&sizer, &shapes[0], &github);
		most = size.parts > most ? size.parts : most;
		ghc_sizer_note(&sizer, size, size.parts * size.rows, 300);
	}
	return most;
}

/* What failed for something else needn't fail here as well. */
static void
test_hints(void)
{
	GhcSizer	counts;
	GhcSizer	flat;
	GhcSizer	whole;
	Account		account = {0};

	ghc_sizer_init(&counts, GHC_SIZER_COUNTS);
	run(&counts, &account, &cliff6, &shapes[0], &github, 20);
	account = (Account) {0};
	ghc_sizer_init(&flat, GHC_SIZER_PAGES);
	ghc_sizer_hint(&flat, &counts, true);
	is_size(run(&flat, &account, &cliff6, &shapes[0], &github, 50), 5, 100,
			"a cliff at 6 that counts met");
	is_int(account.failures, 0, "isn't met again");

	ghc_sizer_init(&flat, GHC_SIZER_PAGES);
	run(&flat, &account, &cliffs, &shapes[0], &time_only, 200);
	account = (Account) {0};
	ghc_sizer_init(&whole, GHC_SIZER_PAGES);
	ghc_sizer_hint(&whole, &flat, true);
	is_size(run(&whole, &account, &cliffs, &shapes[2], &time_only, 50),
			flat.parts.good, flat.rows.good, "cliffs that other pages met");
	is_int(account.failures, 0, "nor are they");

	/* that 48 counts are too much says nothing of ten pages or lists */
	ghc_sizer_init(&counts, GHC_SIZER_COUNTS);
	ghc_sizer_fail(&counts, (GhcSize) {48, 0}, false);
	is_int(counts.parts.bad, 48, "48 counts are too much");
	is_int(most_parts_beside(GHC_SIZER_PAGES, &counts), 10, "ten pages beside them at most");
	is_int(most_parts_beside(GHC_SIZER_IDS, &counts), 10, "and ten lists");

	/* what is no limit here is found out */
	ghc_sizer_init(&flat, GHC_SIZER_PAGES);
	ghc_sizer_hint(&flat, &whole, false);
	is_size(run(&flat, &account, &fast, &shapes[0], &github, 300), 10, 100,
			"cliffs that only others have");
}

static void
test_half_empty(void)
{
	static const GhcSize page = {1, 100};
	GhcSizer	sizer;

	ghc_sizer_init(&sizer, GHC_SIZER_PAGES);
	ghc_sizer_note(&sizer, page, 10, 100);
	is_int(sizer.rows.good, 0, "ten rows prove no page of a hundred");
	ghc_sizer_note(&sizer, page, 25, 100);
	is_int(sizer.rows.good, 100, "25 do");
}

static void
test_expectation(void)
{
	static const GhcSize page = {1, 100};
	static const GhcSize pages = {10, 100};
	GhcSizer	sizer;
	Account		account = {0};
	double		expected;
	double		deviation;

	ghc_sizer_init(&sizer, GHC_SIZER_PAGES);
	is_int(llround(ghc_sizer_expected_ms(&sizer, page)), 1000, "a second at first");
	ghc_sizer_note(&sizer, page, 100, 300);
	is_int(llround(ghc_sizer_expected_ms(&sizer, page)), 300, "then what it took");
	for (int i = 0; i < 50; i++)
		ghc_sizer_note(&sizer, page, 100, 400);
	expected = ghc_sizer_expected_ms(&sizer, page);
	ok(fabs(expected - 400) < 4, "ever the same: %.0f ms", expected);
	ghc_sizer_note(&sizer, page, 100, 9000);
	expected = ghc_sizer_expected_ms(&sizer, page);
	ok(expected < 500, "once much more: %.0f ms", expected);
	for (int i = 0; i < 12; i++)
		ghc_sizer_note(&sizer, page, 100, 2000);
	expected = ghc_sizer_expected_ms(&sizer, page);
	ok(fabs(expected - 2000) < 200, "from now on more: %.0f ms", expected);

	random_state = 1;
	ghc_sizer_init(&sizer, GHC_SIZER_PAGES);
	run(&sizer, &account, &jitter, &shapes[0], &github, 200);
	expected = ghc_sizer_expected_ms(&sizer, pages);
	deviation = ghc_sizer_deviation_ms(&sizer, pages);
	ok(fabs(expected - 2200) < 220, "with jitter: %.0f ms", expected);
	ok(deviation > 100 && deviation < 440, "of 20 %%: mean %.0f ms", deviation);
}

static void
test_text(void)
{
	static const char *const wrong[] = {
		"", "1", "2 0 0 0 0", "x", "1 0 1e", "1 0 -1", "1 0 nan nan nan"
	};
	GhcSizer	sizer;
	GhcSizer	copy;
	GhcSizer	fresh;
	Account		account = {0};
	GhcBuffer	text = {0};
	GhcBuffer	again = {0};
	int			cut;

	random_state = 1;
	ghc_sizer_init(&sizer, GHC_SIZER_PAGES);
	ghc_sizer_init(&fresh, GHC_SIZER_PAGES);
	run(&sizer, &account, &cliffs, &shapes[0], &github, 60);
	ghc_sizer_format(&sizer, &text);
	printf("# %s\n", text.data);
	ok(ghc_sizer_parse(&copy, GHC_SIZER_PAGES, ghc_slice_of(text.data)),
	   "what was written is read");
	ghc_sizer_format(&copy, &again);
	is_str(again.data, text.data, "and is the same");

	/* it knows what it knew */
	account = (Account) {0};
	run(&copy, &account, &cliffs, &shapes[0], &github, 20);
	is_int(account.failures, 0, "a restart meets no failure again");

	ok(!ghc_sizer_parse(&copy, GHC_SIZER_IDS, ghc_slice_of(text.data)),
	   "another kind is refused");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ok(!ghc_sizer_parse(&copy, GHC_SIZER_PAGES, ghc_slice_of(wrong[i])),
		   "\"%s\" is refused", wrong[i]);
	ok(!ghc_sizer_parse(&copy, GHC_SIZER_PAGES,
						GHC_SLICE("1 0 11 0 0 100 0 0 100 0 0 0 0 99 9 "
								  "99 0 1 1 1")), "eleven pages");
	ok(!ghc_sizer_parse(&copy, GHC_SIZER_PAGES,
						GHC_SLICE("1 0 6 6 1 100 0 0 100 0 0 0 0 99 9 "
								  "99 0 1 1 1")), "good and bad at once");
	for (cut = (int) text.len; --cut > 0 && text.data[cut - 1] != ' ';)
		 /* the last number, digit by digit, may be shorter */ ;
	for (; cut > 0; cut--)
		if (ghc_sizer_parse(&copy, GHC_SIZER_PAGES, (GhcSlice) {text.data, cut}))
			break;
	is_int(cut, 0, "no part of it is taken");
	ghc_buffer_puts(&text, " 1");
	ok(!ghc_sizer_parse(&copy, GHC_SIZER_PAGES, ghc_slice_of(text.data)),
	   "nor more than it");
	ok(memcmp(&copy, &fresh, sizeof(copy)) == 0, "then nothing is known");

	/* a latency that can't be: it finds its way all the same */
	ok(ghc_sizer_parse(&copy, GHC_SIZER_PAGES,
					   GHC_SLICE("1 0 1 0 0 100 0 0 100 0 0 0 0 99 9 "
								 "99 0 1e6 1e6 1e6")),
	   "nonsense in good form");
	is_size(run(&copy, &account, &a, &shapes[0], &github, 100), 10, 100,
			"is got over");
	is_int(llround(ghc_sizer_expected_ms(&copy, (GhcSize) {10, 100})), 2200,
		   "with all of it");
	ghc_buffer_free(&text);
	ghc_buffer_free(&again);
}

/* Slow at once, fast again little by little, for months: what counts take has no rows to it. */
static void
test_unknown_term(void)
{
	GhcSizer	sizer;
	GhcSizer	copy;
	GhcBuffer	text = {0};

	ghc_sizer_init(&sizer, GHC_SIZER_COUNTS);
	for (int i = 0; i < 20; i++)
		for (double ms = 9000; ms > 60; ms *= 0.97)
			ghc_sizer_note(&sizer, (GhcSize) {16, 0}, 0, llround(ms));
	ghc_sizer_format(&sizer, &text);
	ok(ghc_sizer_parse(&copy, GHC_SIZER_COUNTS, ghc_slice_of(text.data)),
	   "it is read back: %s", text.data);
	ok(ghc_sizer_expected_ms(&sizer, (GhcSize) {16, 0}) < 3000, "it is known that they are fast again");
	ghc_buffer_free(&text);
}

int
main(void)
{
	printf("# | server | of | shape | limited by | best fixed size, rows a second"
		   " | sizer | of best | last size | failures | rows a point |\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		test_case(&cases[i]);
	test_first();
	test_growth();
	test_bounds();
	test_longest();
	test_fast_clock();
	test_chance();
	test_despair();
	test_relief();
	test_hints();
	test_half_empty();
	test_expectation();
	test_text();
	test_unknown_term();
	return done_testing();
}
