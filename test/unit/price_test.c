/*-------------------------------------------------------------------------
 *
 * price_test.c
 *	  Prices by arithmetic; and queries made at random, with their prices.
 *
 * "price_test --print 500" prints that many queries, each on a line: points,
 * requests, nodes, body.  test/t/007_price.pl compares them with the prices
 * of the simulator, which reads the queries with a GraphQL parser and the
 * published schema.  So everything that can mislead our reading of the text is
 * in them: comments, strings of both kinds, aliases, directives, fragments.
 *
 * IDENTIFICATION
 *	  test/unit/price_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "github/price.h"
#include "github/query.h"
#include "tap.h"

/* nesting at which the generator stops */
#define MAX_DEPTH 4

/* queries that "--print" is asked for at most */
#define MAX_PRINTED 100000

static uint64_t random_state;
static int	n_aliases;

static int
random_below(int n)
{
	random_state = random_state * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	return (int) ((random_state >> 33) % (uint64_t) n);
}

#define PICK(list) (list)[random_below((int) (sizeof(list) / sizeof((list)[0])))]

/* What GraphQL passes over; often nothing, at times misleading. */
static const char *
gap(void)
{
	static const char *const gaps[] = {
		" ", "\n", "\t", ",", ", ", "  ", "\r\n",
		"# first:9 { ( \" \n", " #\n", "# it's \"\"\" last:3 }\r"
	};

	return random_below(3) > 0 ? "" : PICK(gaps);
}

/* A field with an alias of its own, so that no two are merged. */
static void
put_name(GhcBuffer *out, const char *name)
{
	static const char *const prefixes[] = {"a", "first", "last", "_"};

	ghc_buffer_printf(out, "%s %s%d%s:%s%s%s", gap(), PICK(prefixes),
					  n_aliases++, gap(), gap(), name, gap());
}

static void
put_boundary(GhcBuffer *out)
{
	ghc_buffer_printf(out, "%s %s%s:%s%d", gap(),
					  random_below(3) > 0 ? "first" : "last", gap(), gap(),
					  random_below(3) > 0 ? 1 + random_below(10) :
					  1 + random_below(100));
}

static void
put_directive(GhcBuffer *out)
{
	static const char *const directives[] = {
		" @include(if:true)", "@skip(if : false)",
		" @include ( if:true ) @skip(if:false)"
	};

	if (random_below(4) == 0)
		ghc_buffer_puts(out, PICK(directives));
	ghc_buffer_puts(out, gap());
}

/* one kind of connection: its arguments beside the boundary, its members */
typedef struct Connection
{
	const char *of;				/* type that has it */
	const char *name;
	const char *arguments[3];
	const char *members;		/* their type */
} Connection;

static const Connection connections[] = {
	{"Repository", "issues", {"states:OPEN", "labels:[\"a{\",\"b\\\")\",\"first:7\"]",
	"filterBy:{since:\"2024-01-01T00:00:00Z\"}"}, "Issue"},
	{"Repository", "pullRequests", {"states:[OPEN,MERGED]",
		"orderBy:{field:UPDATED_AT,direction:DESC}",
	"headRefName:\"\"\"x \" ) { first:5 \"\"\""}, "PullRequest"},
	{"Repository", "releases", {"orderBy:{field:NAME,direction:ASC}"}, "Release"},
	{"Repository", "watchers", {"after:\"Y3Vyc29yOjE=\""}, "User"},
	{"Repository", "labels", {"query:\"\\\\\""}, "Label"},
	{"Repository", "forks", {"isLocked:false", "affiliations:OWNER"}, "Repository"},
	{"Issue", "labels", {NULL}, "Label"},
	{"Issue", "comments", {"after:\"\""}, "IssueComment"},
	{"Issue", "assignees", {NULL}, "User"},
	{"PullRequest", "comments", {NULL}, "IssueComment"},
	{"PullRequest", "reviews", {"states:[APPROVED]",
	"author:\"\"\"\\\"\"\" last:8 {\"\"\""}, "PullRequestReview"},
	{"PullRequest", "files", {NULL}, NULL},
	{"PullRequestReview", "comments", {NULL}, NULL},
	{"IssueComment", "reactions", {"content:HEART"}, NULL},
	{"Release", "releaseAssets", {"name:\"first:3)\""}, NULL},
	{"User", "repositories", {"isFork:false"}, "Repository"},
	{"User", "followers", {NULL}, "User"},
};

static void put_selection(GhcBuffer *out, const char *type, int depth);

static const Connection *
pick_connection(const char *type)
{
	const Connection *connection;

	do
		connection = &PICK(connections);
	while (strcmp(connection->of, type) != 0);
	return connection;
}

/* Appends what is asked of a connection, in braces. */
static void
put_members(GhcBuffer *out, const Connection *connection, int depth)
{
	ghc_buffer_puts(out, "{");
	if (connection->members == NULL || random_below(4) == 0)
		ghc_buffer_puts(out, "totalCount");
	else if (random_below(2) == 0)
	{
		ghc_buffer_puts(out, "totalCount edges{cursor node{");
		put_selection(out, connection->members, depth + 1);
		ghc_buffer_puts(out, "}}");
	}
	else
	{
		ghc_buffer_printf(out, "%snodes%s{", gap(), gap());
		put_selection(out, connection->members, depth + 1);
		ghc_buffer_puts(out, "}");
	}
	ghc_buffer_printf(out, "%s}", gap());
}

static void
put_connection(GhcBuffer *out, const char *type, int depth)
{
	const Connection *connection = pick_connection(type);
	int			place = random_below(4);

	put_name(out, connection->name);
	ghc_buffer_puts(out, "(");
	for (int i = 0; i < 3; i++)
	{
		if (i == place)
			put_boundary(out);
		if (connection->arguments[i] != NULL && random_below(2) == 0)
			ghc_buffer_printf(out, " %s%s", connection->arguments[i], gap());
		else
			ghc_buffer_puts(out, " ");
	}
	if (place == 3)
		put_boundary(out);
	ghc_buffer_printf(out, "%s)", gap());
	put_directive(out);
	put_members(out, connection, depth);
}

/* Appends a field that costs nothing by itself. */
static void
put_free_field(GhcBuffer *out, const char *type, int depth)
{
	bool		repository = strcmp(type, "Repository") == 0;

	switch (random_below(repository ? 6 : 2))
	{
		case 0:
			put_name(out, "id");
			put_directive(out);
			break;
		case 1:
			ghc_buffer_puts(out, random_below(2) ? " ... {" :
							" ...@include(if:true){");
			put_selection(out, type, depth + 1);
			ghc_buffer_puts(out, "}");
			break;
		case 2:
			put_name(out, "issues");
			ghc_buffer_puts(out, "(states:CLOSED){totalCount}");
			break;
		case 3:
			put_name(out, "object");
			ghc_buffer_puts(out, "(expression:\"HEAD:{first:10}\"){id}");
			break;
		case 4:
			put_name(out, "defaultBranchRef");
			ghc_buffer_puts(out, "{target{... on Commit{oid history(");
			put_boundary(out);
			ghc_buffer_puts(out, "){nodes{parents(");
			put_boundary(out);
			ghc_buffer_puts(out, "){totalCount}}}}}}");
			break;
		default:
			put_name(out, "owner");
			ghc_buffer_puts(out, "{login ... on User{");
			put_selection(out, "User", depth + 1);
			ghc_buffer_puts(out, "}}");
	}
}

static void
put_selection(GhcBuffer *out, const char *type, int depth)
{
	static const char *const with_connections[] = {
		"Repository", "Issue", "PullRequest", "PullRequestReview",
		"IssueComment", "Release", "User"
	};
	bool		has = false;
	int			n = random_below(3);

	ghc_buffer_puts(out, " id");
	for (size_t i = 0; i < sizeof(with_connections) / sizeof(char *); i++)
		has = has || strcmp(type, with_connections[i]) == 0;
	if (!has || depth >= MAX_DEPTH)
		return;
	while (n-- > 0)
	{
		if (random_below(3) > 0)
			put_connection(out, type, depth);
		else
			put_free_field(out, type, depth);
	}
	ghc_buffer_puts(out, gap());
}

static GhcFieldSet
pick_fields(void)
{
	static const GhcFieldSet nested = GHC_FIELD_BIT(GHC_FIELD_TOPICS) |
		GHC_FIELD_BIT(GHC_FIELD_LANGUAGES) |
		GHC_FIELD_BIT(GHC_FIELD_LANGUAGE_BYTES);
	GhcFieldSet all = GHC_FIELD_BIT(GHC_FIELD_COUNT) - 1;

	switch (random_below(5))
	{
		case 0:
			return GHC_FIELD_BIT(GHC_FIELD_STARS);
		case 1:
			return all & ~nested;
		case 2:
			return all;
		case 3:
			return nested;
		default:
			return ((uint64_t) random_below(1 << 30) << 10 |
					(uint64_t) random_below(1 << 10)) & all;
	}
}

/* Adds parts of all kinds, in the way of each of the tasks and of all of them. */
static void
add_parts(GhcQuery *query, const GhcRange *range)
{
	static const int ways[] = {1, 2, 4, 3, 7};
	int			way = PICK(ways);
	int64_t		ids[GHC_MAX_MEMBERS];

	if (way & 1)
		for (int n = random_below(GHC_MAX_PAGES + 1); n > 0; n--)
			ghc_query_add_page(query, range, (GhcOrder) random_below(GHC_ORDER_COUNT),
							   random_below(2) ? 100 : 1 + random_below(100),
							   random_below(2) ? GHC_SLICE("Y3Vyc29yOjEwMA==") :
							   GHC_SLICE(""));
	if (way & 2)
		for (int n = random_below(GHC_MAX_COUNTS + 1); n > 0; n--)
			ghc_query_add_count(query, range);
	for (int lists = way & 4 ? 1 + random_below(GHC_MAX_LISTS) : 0; lists > 0; lists--)
	{
		int			n = 1 + random_below(GHC_MAX_MEMBERS);

		for (int i = 0; i < n; i++)
			ids[i] = 1 + random_below(1 << 30);
		ghc_query_add_list(query, ids, n, random_below(2));
	}
}

/* Composes a query at random; "extra" is its shape's, and must live as long. */
static void
compose(GhcQuery *query, GhcBuffer *extra, GhcShape *shape)
{
	static const char *const searches[] = {
		"topic:x", "\"a b\" {", "first:7 ) }", "in:readme \\", "#5 ünï"
	};
	GhcRange	range;

	ghc_range_init(&range);
	range.dim[GHC_DIM_STARS] = (GhcInterval) {0, random_below(1000)};
	snprintf(range.rest, sizeof(range.rest), "%s", PICK(searches));

	n_aliases = 0;
	ghc_buffer_reset(extra);
	shape->fields = pick_fields();
	shape->extra = NULL;
	if (random_below(3) > 0)
	{
		put_selection(extra, "Repository", 0);
		put_connection(extra, "Repository", 0);
		ghc_buffer_puts(extra, random_below(4) ? "" : " # the end {");
		shape->extra = extra->data;
	}
	ghc_query_begin(query, shape, random_below(2));
	add_parts(query, &range);
	ghc_query_end(query);
}

static int
print_queries(int n)
{
	GhcQuery	query = {0};
	GhcBuffer	extra = {0};
	GhcShape	shape;

	for (int i = 0; i < n; i++)
	{
		compose(&query, &extra, &shape);
		if (query.body.failed || extra.failed)
			return 1;
		printf("%d %" PRId64 " %" PRId64 " %s\n", ghc_query_points(&query),
			   query.requests, query.nodes, query.body.data);
	}
	ghc_buffer_free(&query.body);
	ghc_buffer_free(&extra);
	return 0;
}

static void
test_points(void)
{
	is_int(ghc_price_points(0), 1, "nothing costs a point");
	is_int(ghc_price_points(149), 1, "149 requests cost one");
	is_int(ghc_price_points(150), 2, "150 cost two");
	is_int(ghc_price_points(INT64_C(1) << 40), INT32_MAX, "absurd costs end");
}

/* Reading a selection; query_test.c has more, through the composer. */
static void
test_reading(void)
{
	static const struct
	{
		const char *selection;
		int64_t		requests;
		int64_t		nodes;
	}			rows[] = {
		{"", 0, 0},
		{"a(q:\"\"\"x \" ) { first:9\"\"\" first:5){b(first:2){c}}", 6, 15},
		{"a(q:\"\"\"\\\"\"\" last:9\"\"\" first:5){b}", 1, 5},
		{"a(q:\"\" first:5){b}", 1, 5},
		{"a(first # why\n : # last:7\n 5){b}", 1, 5},
		{"a(q:\"\"\"open", 0, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		GhcPrice	price = {0};

		ghc_price_add(&price, rows[i].selection);
		is_int(price.requests_each, rows[i].requests, rows[i].selection);
		is_int(price.nodes_each, rows[i].nodes, "nodes");
	}
}

/* Arithmetic must say what composing does. */
static void
test_arithmetic(void)
{
	GhcShape	shape = {GHC_FIELD_BIT(GHC_FIELD_TOPICS), "a(first:3){b}"};
	GhcPrice	price = ghc_query_price(&shape);
	GhcCost		cost = ghc_price_pages(&price, 3, 74);
	GhcRange	range;
	GhcQuery	query = {0};
	int64_t		ids[] = {1, 2, 3};

	is_int(price.requests_each, 2, "requests of a repository");
	is_int(price.nodes_each, 23, "its nodes");

	ghc_range_init(&range);
	ghc_query_begin(&query, &shape, false);
	for (int i = 0; i < 3; i++)
		ghc_query_add_page(&query, &range, GHC_ORDER_STARS_DESC, 74,
						   GHC_SLICE(""));
	is_int(cost.requests, query.requests, "requests of pages");
	is_int(cost.nodes, query.nodes, "nodes of pages");

	cost = ghc_price_list(&price, 3);
	ghc_query_begin(&query, &shape, false);
	ghc_query_add_list(&query, ids, 3, false);
	is_int(cost.requests, query.requests, "requests of ids");
	is_int(cost.nodes, query.nodes, "nodes of ids");
	ghc_buffer_free(&query.body);
}

int
main(int argc, char **argv)
{
	random_state = 1;
	if (argc == 3 && strcmp(argv[1], "--print") == 0)
	{
		int			n = atoi(argv[2]);

		return print_queries(n < MAX_PRINTED ? n : MAX_PRINTED);
	}
	test_points();
	test_reading();
	test_arithmetic();
	return done_testing();
}
