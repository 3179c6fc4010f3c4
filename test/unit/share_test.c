/*-------------------------------------------------------------------------
 *
 * share_test.c
 *	  Sharing budgets among crawls by their priorities.
 *
 * IDENTIFICATION
 *	  test/unit/share_test.c
 *
 *-------------------------------------------------------------------------
 */
#include "crawl/share.h"
#include "tap.h"

#define MAX_CRAWLS 4

typedef struct Crawl
{
	int			priority;
	double		pass;
	bool		asks;
	int			points;
} Crawl;

static Crawl crawls[MAX_CRAWLS];
static int	n_crawls;
static double least;

static void
begin(int n, const int *priorities)
{
	memset(crawls, 0, sizeof(crawls));
	n_crawls = n;
	least = 0;
	for (int i = 0; i < n; i++)
		crawls[i] = (Crawl) {.priority = priorities[i],.asks = true};
}

/* Gives so many requests of some points to whose turn it is. */
static void
serve(int requests, int points)
{
	for (int r = 0; r < requests; r++)
	{
		Crawl	   *next = NULL;

		for (int i = 0; i < n_crawls; i++)
		{
			Crawl	   *crawl = &crawls[i];

			if (!crawl->asks)
				continue;
			crawl->pass = ghc_share_join(crawl->pass, least);
			if (next == NULL || crawl->pass < next->pass)
				next = crawl;
		}
		if (next == NULL)
			return;
		least = ghc_share_join(least, next->pass);
		next->pass += ghc_share_step(next->priority, points);
		next->points += points;
	}
}

static void
test_shares(void)
{
	begin(2, (int[]) {0, 0});
	serve(100, 3);
	is_int(crawls[0].points, 150, "equal ones share evenly");
	is_int(crawls[1].points, 150, "both");

	begin(3, (int[]) {1, 0, 0});
	serve(400, 1);
	is_int(crawls[0].points, 200, "a step doubles the share");
	is_int(crawls[1].points, 100, "of the others");

	begin(2, (int[]) {10, 0});
	serve(10250, 1);
	is_int(crawls[1].points, 10, "the least urgent one isn't starved");

	begin(2, (int[]) {1000, -1000});
	serve(1 << 21, 1);
	is_int(crawls[1].points, 2, "nor by absurd priorities");
}

static void
test_coming_and_going(void)
{
	begin(2, (int[]) {0, 0});
	crawls[1].asks = false;
	serve(1000, 1);
	crawls[1].asks = true;
	serve(100, 1);
	is_int(crawls[1].points, 50, "one that comes late shares from then on");
	is_int(crawls[0].points, 1050, "and makes nobody wait for what it missed");

	/* one that asked for much at once waits until the others had as much */
	crawls[0].asks = false;
	serve(1, 500);
	crawls[0].asks = true;
	serve(100, 1);
	is_int(crawls[0].points, 1150, "what one had at once counts");
}

int
main(void)
{
	test_shares();
	test_coming_and_going();
	return done_testing();
}
