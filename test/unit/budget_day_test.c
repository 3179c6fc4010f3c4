/*-------------------------------------------------------------------------
 *
 * budget_day_test.c
 *	  Ten budgets for a day: nothing overstepped, hardly anything left over.
 *
 * A GitHub of its own counts what it is asked, by code that has nothing in
 * common with the meter's and is stricter than GitHub can be: response time
 * is summed at the start, at the end and as it passes, and none of these sums
 * may exceed the limit at any moment.  Its clock is off, its headers are late,
 * it counts in two places; requests take as long as chance has it, and some
 * time out; humans use the same budget; the client's clock jumps.
 *
 * IDENTIFICATION
 *	  test/unit/budget_day_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdlib.h>

#include "github/budget.h"
#include "tap.h"

#define START INT64_C(1658205399000)
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define NEVER INT64_MAX

/* sanitizers make it slow, and look at the same code by hour or by day */
#ifdef __SANITIZE_ADDRESS__
#define DAY_HOURS 4
#else
#define DAY_HOURS 24
#endif

#define MOMENTS 16384			/* more than a window has requests */
#define MOST_OPEN 128
#define OLD_HEADERS 32
#define PENALTY 10				/* points that a time-out takes */

/* what a budget is like */
typedef struct Kind
{
	const char *name;
	GhcLimitKind	bound;			/* by what limit it should be */
	int64_t		points;			/* the limit, and the cost of a request */
	int			cost;
	double		took_ms;		/* mean; log-normal */
	double		sigma;
	int			shards;
	int			skew_s;
	int			reserve;
	double		human;			/* requests a second */
	double		timeouts;		/* share of requests */
	bool		jumps;			/* the client's clock does */
} Kind;

static const Kind kinds[] = {
	{"user, 0.4 s", GHC_BOUND_POINTS, 5000, 1, 400, 0.3, 1, 0, 0, 0, 0, false},
	{"skewed, late", GHC_BOUND_POINTS, 5000, 1, 400, 0.5, 1, 600, 0, 0, 0.001, true},
	{"two places", GHC_BOUND_POINTS, 5000, 1, 400, 0.3, 2, -600, 0, 0, 0.001, false},
	{"installation", GHC_BOUND_POINTS, 12500, 5, 400, 0.3, 2, 30, 0, 0, 0.001, true},
	{"enterprise cloud", GHC_BOUND_POINTS, 15000, 10, 1500, 0.3, 1, -77, 0, 0, 0.001, true},
	{"with a human", GHC_BOUND_POINTS, 5000, 2, 400, 0.3, 1, 200, 20, 0.1, 0, false},
	{"1.5 s", GHC_BOUND_RESPONSE, 5000, 1, 1500, 0.1, 1, 599, 0, 0, 0, false},
	{"1.5 s, two places", GHC_BOUND_RESPONSE, 5000, 1, 1500, 0.2, 2, -599, 0, 0, 0.0005, true},
	{"3 s", GHC_BOUND_RESPONSE, 12500, 1, 3000, 0.1, 1, 5, 0, 0, 0, true},
	{"20 ms", GHC_BOUND_REQUESTS, 1000000, 1, 20, 0.3, 1, 0, 0, 0, 0, true},
};

/* so many times faster than GitHub; limits stay what they are */
static int	scale;
static int	hours;

static int64_t
window_ms(void)
{
	return MINUTE / scale;
}

/* ---------------------------------------------------------------------------
 * GitHub
 * ---------------------------------------------------------------------------
 */

/* amounts at moments in order, and their sum over a window */
typedef struct Sum
{
	int64_t		at_ms[MOMENTS];
	int64_t		amount[MOMENTS];
	uint64_t	first,
				end;
	int64_t		sum;
} Sum;

static int64_t
sum_at(Sum *sum, int64_t now_ms)
{
	while (sum->first < sum->end &&
		   sum->at_ms[sum->first % MOMENTS] <= now_ms - window_ms())
		sum->sum -= sum->amount[sum->first++ % MOMENTS];
	return sum->sum;
}

static int64_t
sum_add(Sum *sum, int64_t now_ms, int64_t amount)
{
	sum->at_ms[sum->end % MOMENTS] = now_ms;
	sum->amount[sum->end++ % MOMENTS] = amount;
	sum->sum += amount;
	return sum_at(sum, now_ms);
}

/* The amount of an older moment is known now. */
static void
sum_book(Sum *sum, uint64_t which, int64_t amount)
{
	if (which < sum->first)
		return;
	sum->amount[which % MOMENTS] = amount;
	sum->sum += amount;
}

/* a place where points are counted */
typedef struct Shard
{
	int64_t		reset_s;
	int64_t		used;
	int64_t		debt;
} Shard;

typedef struct Violations
{
	int			primary,
				concurrent,
				requests,
				at_start,
				at_end,
				as_it_passes,
				on_arrival,
				benched;
} Violations;

typedef struct Server
{
	const Kind *kind;
	Shard		shards[2];
	Sum			requests;
	Sum			started;
	Sum			ended;
	Sum			passed;			/* stretches with as much as passed in each */
	int64_t		passed_ms;		/* when the last of them ended */
	int			n_open;
	int64_t		open_since_ms;	/* sum of their starts */
	int64_t		benched_until_ms;
	int			timeouts;
	GhcHeaders	old[OLD_HEADERS];
	int			n_old;

	int64_t		points;			/* used in all */
	int64_t		n_requests;
	int64_t		response_ms;
	Violations	violations;
} Server;

static double
chance(void)
{
	return (double) random() / ((double) RAND_MAX + 1);
}

/* A response time: log-normal, by Box and Muller. */
static int64_t
draw_took_ms(const Kind *kind)
{
	double		normal = sqrt(-2 * log(1 - chance())) * cos(6.283185307 * chance());

	return (int64_t) (0.5 + kind->took_ms / scale *
						  exp(kind->sigma * (normal - kind->sigma / 2)));
}

/*
 * Notes that time has passed with the same requests open.  Stretches are cut
 * small, so that the window's edge is exact enough.
 */
static void
pass_time(Server *server, int64_t now_ms)
{
	int64_t		step_ms = window_ms() / 1000;

	while (server->n_open > 0 && server->passed_ms < now_ms)
	{
		int64_t		until_ms = server->passed_ms + step_ms;

		if (until_ms > now_ms)
			until_ms = now_ms;
		if (sum_add(&server->passed, until_ms, server->n_open *
					(until_ms - server->passed_ms)) > window_ms())
			server->violations.as_it_passes++;
		server->passed_ms = until_ms;
	}
	server->passed_ms = now_ms;
}

/* Points: opens the period if need be; false if there are none left. */
static bool
charge(Server *server, Shard *shard, int64_t server_s, int points)
{
	if (server_s >= shard->reset_s)
	{
		shard->reset_s = server_s + 3600 / scale;
		shard->used = shard->debt;
		shard->debt = 0;
	}
	if (shard->used >= server->kind->points)
		return false;
	shard->used += points;
	server->points += points;
	return true;
}

typedef struct Answer
{
	GhcHeaders	headers;
	GhcJudgement judgement;
	int64_t		took_ms;		/* at the server */
	uint64_t	started;		/* its place in the sum */
} Answer;

static void
write_headers(Server *server, const Shard *shard, int64_t server_s,
			  GhcHeaders *headers)
{
	GhcHeaders *old = &server->old[server->n_old++ % OLD_HEADERS];
	int64_t		limit = server->kind->points;

	ghc_headers_init(headers);
	headers->limit = limit;
	headers->remaining = shard->used < limit ? limit - shard->used : 0;
	headers->used = shard->used;
	headers->reset_at = shard->reset_s;
	strcpy(headers->resource, "graphql");
	*old = *headers;
	if (chance() < 0.2)
		*headers = server->old[random() % (server->n_old < OLD_HEADERS ?
										   server->n_old : OLD_HEADERS)];
	headers->date = server_s;
}

/* Who oversteps a limit as his request arrives is refused for a minute. */
static bool
admit(Server *server, int64_t now_ms)
{
	Violations *bad = &server->violations;
	int64_t		so_far_ms = server->n_open * now_ms - server->open_since_ms;

	if (now_ms < server->benched_until_ms)
		bad->benched++;
	else if (server->n_open >= 100)
		bad->concurrent++;
	else if (sum_at(&server->requests, now_ms) >= 2000)
		bad->requests++;
	else if (sum_at(&server->started, now_ms) + so_far_ms >= window_ms())
		bad->at_start++;
	else if (sum_at(&server->ended, now_ms) + so_far_ms >= window_ms())
		bad->on_arrival++;
	else
		return true;
	server->benched_until_ms = now_ms + window_ms();
	return false;
}

/* A request arrives; what will be answered, and after how long. */
static void
arrive(Server *server, int64_t now_ms, Answer *answer)
{
	const Kind *kind = server->kind;
	int64_t		server_s = now_ms / 1000 + kind->skew_s;
	Shard	   *shard = &server->shards[kind->shards > 1 && chance() < 0.1];
	GhcVerdict	verdict = GHC_VERDICT_OK;

	pass_time(server, now_ms);
	answer->took_ms = draw_took_ms(kind);
	if (!admit(server, now_ms))
		verdict = GHC_VERDICT_SECONDARY;
	else if (!charge(server, shard, server_s, kind->cost))
	{
		verdict = GHC_VERDICT_EXHAUSTED;
		server->violations.primary++;
	}
	else if (chance() < kind->timeouts)
	{
		verdict = GHC_VERDICT_TOO_SLOW;
		answer->took_ms = 10000 / scale;
		shard->debt += PENALTY;
	}
	answer->judgement.verdict = verdict;
	answer->judgement.wait_s = -1;
	write_headers(server, shard, server_s, &answer->headers);

	sum_add(&server->requests, now_ms, 1);
	server->n_requests++;
	answer->started = server->started.end;
	sum_add(&server->started, now_ms, 0);
	server->n_open++;
	server->open_since_ms += now_ms;
}

/*
 * A request ends.  Nobody foresees the first time-out; of more it is known
 * that they happen.
 */
static void
finish(Server *server, int64_t now_ms, const Answer *answer)
{
	int64_t		took_ms = answer->took_ms;
	bool		is_first;

	pass_time(server, now_ms);
	server->n_open--;
	server->open_since_ms -= now_ms - took_ms;
	server->response_ms += took_ms;
	sum_book(&server->started, answer->started, took_ms);
	is_first = took_ms >= 10000 / scale && server->timeouts++ == 0;
	if (sum_add(&server->ended, now_ms, took_ms) > window_ms() && !is_first)
		server->violations.at_end++;
}

/* ---------------------------------------------------------------------------
 * a client and its day
 * ---------------------------------------------------------------------------
 */

typedef enum Step
{
	STEP_ON_ITS_WAY,
	STEP_AT_GITHUB,
	STEP_ON_ITS_WAY_BACK,
} Step;

typedef struct Open
{
	bool		used;
	Step		step;
	int64_t		at_ms;			/* of the end of the step */
	int64_t		sent_ms;
	int			way_ms;
	bool		human;
	GhcReservation reservation;
	Answer		answer;
} Open;

typedef struct Day
{
	const Kind *kind;
	Server		server;
	GhcBudget	budget;
	GhcOutlay		cost;
	int64_t		now_ms;
	int64_t		clock_ms;		/* by which the client's clock is off */
	int64_t		asks_ms;		/* when the client looks again */
	int64_t		human_ms;		/* when the human asks again */
	int64_t		jump_ms;
	int64_t		humans_points;
	Open		open[MOST_OPEN];
	int			n_open;
} Day;

static Open *
begin_request(Day *day)
{
	Open	   *open = day->open;

	while (open->used)
		open++;
	memset(open, 0, sizeof(*open));
	open->used = true;
	open->way_ms = scale > 1 ? 0 : 1 + (int) (random() % 4);
	open->sent_ms = day->now_ms;
	open->at_ms = day->now_ms + open->way_ms;
	day->n_open++;
	return open;
}

/* The client sends what it may, and knows then when to look again. */
static void
ask(Day *day)
{
	int64_t		until_ms;
	int64_t		client_ms = day->now_ms + day->clock_ms;

	while (ghc_budget_ready(&day->budget, &day->cost, client_ms, &until_ms) ==
		   GHC_WAIT_NONE)
	{
		Open	   *open = begin_request(day);

		ghc_budget_send(&day->budget, &day->cost, client_ms, &open->reservation);
	}
	if (until_ms == 0)
		day->asks_ms = NEVER;
	else
		day->asks_ms = day->now_ms + (until_ms > client_ms ? until_ms - client_ms : 1);
}

static void
go_on(Day *day, Open *open)
{
	if (open->step == STEP_ON_ITS_WAY)
	{
		open->step = STEP_AT_GITHUB;
		arrive(&day->server, day->now_ms, &open->answer);
		open->at_ms = day->now_ms + open->answer.took_ms;
	}
	else if (open->step == STEP_AT_GITHUB)
	{
		open->step = STEP_ON_ITS_WAY_BACK;
		finish(&day->server, day->now_ms, &open->answer);
		open->at_ms = day->now_ms + open->way_ms;
	}
	else
	{
		int64_t		cost = open->answer.judgement.verdict == GHC_VERDICT_OK ?
			day->kind->cost : -1;

		if (open->human)
			day->humans_points += day->kind->cost;
		else
			ghc_budget_settle(&day->budget, &open->reservation,
							  &open->answer.headers, &open->answer.judgement,
							  cost, day->now_ms - open->sent_ms,
							  day->now_ms + day->clock_ms,
							  (uint32_t) random());
		open->used = false;
		day->n_open--;
		day->asks_ms = day->now_ms;
	}
}

/*
 * The clock is put back or ahead by up to ten minutes, every other hour.  A
 * jump ahead is noticed if it is no short one and a request is under way.
 */
static void
jump(Day *day)
{
	int64_t		by_ms = (20000 + random() % 580000) / scale;

	if (day->n_open == 0)
	{
		day->jump_ms = day->now_ms + 1;
		return;
	}
	day->clock_ms += day->clock_ms > 0 ? -by_ms : by_ms;
	day->jump_ms += (2 * HOUR + random() % MINUTE) / scale;
	if (day->asks_ms != NEVER)
		day->asks_ms = day->now_ms;
}

static void
next_event(Day *day)
{
	Open	   *first = NULL;
	int			seen = 0;

	for (Open *open = day->open; seen < day->n_open; open++)
	{
		if (!open->used)
			continue;
		seen++;
		if (first == NULL || open->at_ms < first->at_ms)
			first = open;
	}
	day->now_ms = day->asks_ms;
	if (first != NULL && first->at_ms < day->now_ms)
		day->now_ms = first->at_ms;
	else
		first = NULL;
	if (day->human_ms < day->now_ms || day->jump_ms < day->now_ms)
	{
		first = NULL;
		day->now_ms = day->human_ms < day->jump_ms ? day->human_ms : day->jump_ms;
	}

	if (first != NULL)
		go_on(day, first);
	else if (day->now_ms == day->human_ms)
	{
		begin_request(day)->human = true;
		day->human_ms += (int64_t) (2000 * chance() / day->kind->human / scale);
	}
	else if (day->now_ms == day->jump_ms)
		jump(day);
	else
		ask(day);
}

static Day *
run_day(const Kind *kind)
{
	Day		   *day = calloc(1, sizeof(Day));
	GhcLimits	limits = ghc_budget_github_limits;

	srandom(1);
	limits.window_ms = window_ms();
	limits.of[GHC_RESOURCE_GRAPHQL].period_ms = 3600 * 1000 / scale;
	limits.of[GHC_RESOURCE_GRAPHQL].response_ms /= scale;
	limits.response_ms /= scale;
	limits.reserve = kind->reserve;
	day->kind = day->server.kind = kind;
	day->cost = (GhcOutlay) {GHC_RESOURCE_GRAPHQL, kind->cost,
		(int64_t) ceil(kind->took_ms / scale)};
	day->now_ms = day->asks_ms = START;
	day->human_ms = kind->human > 0 ? START : NEVER;
	day->jump_ms = kind->jumps ? START + 20 * MINUTE / scale : NEVER;
	ghc_budget_init(&day->budget, &limits);
	while (day->now_ms < START + hours * HOUR / scale)
		next_event(day);
	return day;
}

/*
 * Response time that may be used at most by who doesn't know beforehand how
 * long a request will take: of a window as much as is left if one request
 * sticks out.
 */
static double
usable_time(const Kind *kind)
{
	return MINUTE / (MINUTE + kind->took_ms) * hours * HOUR / scale;
}

static void
test_kind(const Kind *kind)
{
	Day		   *day = run_day(kind);
	const Server *server = &day->server;
	const Violations *bad = &server->violations;
	double		points = (double) (server->points - day->humans_points) * 100 /
		(double) (kind->points * hours * (100 - kind->reserve));
	double		time = (double) server->response_ms / usable_time(kind);
	double		requests = (double) server->n_requests / (2000.0 * 60 * hours);
	double		used = kind->bound == GHC_BOUND_POINTS ? points :
		kind->bound == GHC_BOUND_RESPONSE ? time : requests;

	ok(used >= 0.97, "%s: at least 97 %% of what binds is used", kind->name);
	printf("# %s: points %.1f %%, requests %.1f %%, response time %.1f %% of"
		   " what can be used, %.1f %% of all\n", kind->name, 100 * points,
		   100 * requests, 100 * time,
		   100 * time * usable_time(kind) * scale / (double) (hours * HOUR));
	is_int(bad->primary, 0, "points are kept");
	is_int(bad->concurrent, 0, "and concurrency");
	is_int(bad->requests, 0, "and requests a minute");
	is_int(bad->at_start, 0, "and response time, booked at the start");
	is_int(bad->at_end, 0, "at the end");
	is_int(bad->as_it_passes, 0, "as it passes");
	is_int(bad->on_arrival, 0, "and with what is under way");
	is_int(bad->benched, 0, "and no wait is broken");
	free(day);
}

int
main(void)
{
	scale = 1;
	hours = DAY_HOURS;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		test_kind(&kinds[i]);

	printf("# a stand-in that is ten times faster\n");
	scale = 10;
	hours = DAY_HOURS / 4;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		test_kind(&kinds[i]);
	return done_testing();
}
