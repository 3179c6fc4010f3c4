/*-------------------------------------------------------------------------
 *
 * price.c
 *	  What GitHub charges for a query; see price.h.
 *
 * The price (github-api.md 2.1) counts the requests that GitHub would need if
 * each connection were fetched by itself: one for every parent, which is the
 * product of "first" on the way down.  The same walk gives the nodes.
 *
 * IDENTIFICATION
 *	  src/github/price.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/price.h"

#define POINT_REQUESTS 100

/* a selection nested deeper is priced as if it were this deep */
#define MAX_NESTING 32

/* products beyond this are all the same: far over any limit of GitHub */
#define HUGE_PRODUCT INT64_C(1000000000000)

/* A walk over the text of a GraphQL selection. */
typedef struct Walk
{
	const char *cur;
	int			depth;
	int64_t		parents[MAX_NESTING];	/* how many of them, at each depth */
	int64_t		first;			/* of the connection just read, or 0 */
	int64_t		requests;
	int64_t		nodes;
} Walk;

static int64_t
multiply(int64_t a, int64_t b)
{
	if (b != 0 && a > HUGE_PRODUCT / b)
		return HUGE_PRODUCT;
	return a * b;
}

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '_';
}

/* Returns the end of the string that starts here, with its quotes. */
static const char *
skip_string(const char *cur)
{
	const char *quotes = strncmp(cur, "\"\"\"", 3) == 0 ? "\"\"\"" : "\"";
	size_t		len = strlen(quotes);

	for (cur += len; *cur != '\0'; cur++)
	{
		if (strncmp(cur, quotes, len) == 0)
			return cur + len;
		if (*cur != '\\' || cur[1] == '\0')
			continue;

		/* in a block string nothing but its quotes can be escaped */
		if (len == 1)
			cur++;
		else if (strncmp(cur + 1, quotes, len) == 0)
			cur += len;
	}
	return cur;
}

/* Returns what follows a string, a comment or one other character. */
static const char *
skip_one(const char *cur)
{
	if (*cur == '"')
		return skip_string(cur);
	return *cur == '#' ? cur + strcspn(cur, "\r\n") : cur + 1;
}

/* Returns what follows the characters that mean nothing, commas among them. */
static const char *
skip_ignored(const char *cur)
{
	while (*cur != '\0' && strchr(" \t\r\n,#", *cur) != NULL)
		cur = skip_one(cur);
	return cur;
}

/* Reads ": n" behind the name of an argument; 0 if it is no number. */
static int64_t
read_number(const char *cur)
{
	int64_t		number = 0;

	cur = skip_ignored(cur);
	if (*cur != ':')
		return 0;
	cur = skip_ignored(cur + 1);
	for (; *cur >= '0' && *cur <= '9'; cur++)
		number = multiply(number, 10) + (*cur - '0');
	return number;
}

/*
 * Reads arguments, from behind their '(' to behind their ')', and returns
 * the larger of "first" and "last", 0 if neither is there.
 */
static int64_t
read_arguments(Walk *walk)
{
	int64_t		largest = 0;
	int			depth = 1;

	while (*walk->cur != '\0' && depth > 0)
	{
		const char *name = walk->cur;
		int64_t		number = 0;

		if (strchr("([{", *name) != NULL)
			depth++;
		else if (strchr(")]}", *name) != NULL)
			depth--;
		while (is_name_char(*walk->cur))
			walk->cur++;
		if (walk->cur == name)
		{
			walk->cur = skip_one(walk->cur);
			continue;
		}
		if (depth == 1 && ((walk->cur - name == 5 &&
							memcmp(name, "first", 5) == 0) ||
						   (walk->cur - name == 4 &&
							memcmp(name, "last", 4) == 0)))
			number = read_number(walk->cur);
		if (number > largest)
			largest = number;
	}
	return largest;
}

/* Takes the connection whose arguments stand next, if it is one. */
static void
take_connection(Walk *walk)
{
	int64_t		parents = walk->parents[walk->depth];
	int64_t		first = read_arguments(walk);

	/* the arguments of a directive must not hide those of its field */
	if (first == 0)
		return;
	walk->first = first;
	walk->requests += parents;
	walk->nodes += multiply(parents, first);
}

static void
open_selection(Walk *walk)
{
	int64_t		parents = walk->parents[walk->depth];

	if (walk->depth < MAX_NESTING - 1)
		walk->depth++;
	walk->parents[walk->depth] =
		multiply(parents, walk->first > 0 ? walk->first : 1);
	walk->first = 0;
}

void
ghc_price_add(GhcPrice *price, const char *selection)
{
	Walk		walk = {.cur = selection,.parents = {1}};

	while (*walk.cur != '\0')
	{
		char		c = *walk.cur;

		walk.cur = skip_one(walk.cur);
		if (c == '(')
			take_connection(&walk);
		else if (c == '{')
			open_selection(&walk);
		else if (c == '}' && walk.depth > 0)
			walk.depth--;
	}
	price->requests_each += walk.requests;
	price->nodes_each += walk.nodes;
}

GhcCost
ghc_price_pages(const GhcPrice *price, int pages, int rows)
{
	GhcCost		cost = {
		pages * (1 + multiply(rows, price->requests_each)),
		pages * (rows + multiply(rows, price->nodes_each))
	};

	return cost;
}

GhcCost
ghc_price_list(const GhcPrice *price, int ids)
{
	/* a list itself is no connection */
	GhcCost		cost = {
		multiply(ids, price->requests_each),
		ids + multiply(ids, price->nodes_each)
	};

	return cost;
}

int
ghc_price_points(int64_t requests)
{
	int64_t		points = (requests + POINT_REQUESTS / 2) / POINT_REQUESTS;

	if (points > INT32_MAX)
		return INT32_MAX;
	return points < 1 ? 1 : (int) points;
}
