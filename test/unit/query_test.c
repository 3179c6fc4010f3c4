/*-------------------------------------------------------------------------
 *
 * query_test.c
 *	  The text of queries, and what they cost.
 *
 * Prices are those of github-api.md 2.1, published or measured.
 *
 * IDENTIFICATION
 *	  test/unit/query_test.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/query.h"
#include "github/scan.h"
#include "github/selection.h"
#include "tap.h"

#define RATE "rateLimit{cost limit remaining used resetAt}"
#define PAGE_INFO "){repositoryCount pageInfo{hasNextPage endCursor} nodes{...r}}"

static const GhcSlice no_cursor = {"", 0};

static const GhcShape bare = {0, NULL};

static GhcRange
select_range(const char *text)
{
	GhcRange	range;
	GhcProblem	problem;

	ok(ghc_selection_parse(ghc_slice_of(text), &range, &problem),
	   "selection \"%s\"", text);
	return range;
}

static void
test_text(void)
{
	GhcQuery	query = {0};
	GhcRange	range = select_range("stars:0..10");

	ghc_query_begin(&query, &bare, false);
	ok(ghc_query_end(&query), "a query of nothing");
	is_str(query.body.data, "{\"query\":\"query{" RATE "}\"}", "its text");

	ghc_query_begin(&query, &bare, true);
	is_int(ghc_query_add_count(&query, &range), 0, "first count");
	is_int(ghc_query_add_count(&query, &range), 1, "second count");
	ok(ghc_query_end(&query), "a query of counts");
	is_str(query.body.data, "{\"query\":\"query{" RATE
		   " viewer{databaseId login}"
		   " c0:search(query:\\\"stars:0..10\\\",type:REPOSITORY)"
		   "{repositoryCount}"
		   " c1:search(query:\\\"stars:0..10\\\",type:REPOSITORY)"
		   "{repositoryCount}}\"}", "its text");

	ghc_query_begin(&query, &bare, false);
	is_int(ghc_query_add_page(&query, &range, GHC_ORDER_UPDATED_ASC, 100,
							  no_cursor), 0, "first page");
	is_int(ghc_query_add_page(&query, &range, GHC_ORDER_STARS_DESC, 7,
							  GHC_SLICE("Y3Vyc29yOjEwMA==")), 1, "second page");
	is_int(ghc_query_add_count(&query, &range), 0, "a count beside pages");
	ok(ghc_query_end(&query), "a query of both");
	is_str(query.body.data, "{\"query\":\"query{" RATE
		   " p0:search(query:\\\"stars:0..10 sort:updated-asc\\\","
		   "type:REPOSITORY,first:100" PAGE_INFO
		   " p1:search(query:\\\"stars:0..10 sort:stars-desc\\\","
		   "type:REPOSITORY,first:7,after:\\\"Y3Vyc29yOjEwMA==\\\"" PAGE_INFO
		   " c0:search(query:\\\"stars:0..10\\\",type:REPOSITORY)"
		   "{repositoryCount}} fragment r on Repository{id databaseId}\"}",
		   "its text");
	ghc_buffer_free(&query.body);
}

static void
test_orders(void)
{
	static const char *const want[GHC_ORDER_COUNT] = {
		[GHC_ORDER_UPDATED_ASC] = "stars:1 sort:updated-asc\\\"",
		[GHC_ORDER_UPDATED_DESC] = "stars:1 sort:updated-desc\\\"",
		[GHC_ORDER_STARS_DESC] = "stars:1 sort:stars-desc\\\"",
		[GHC_ORDER_FORKS_ASC] = "stars:1 sort:forks-asc\\\"",
	};
	GhcRange	range = select_range("stars:1");
	GhcQuery	query = {0};

	for (int order = 0; order < GHC_ORDER_COUNT; order++)
	{
		ghc_query_begin(&query, &bare, false);
		ghc_query_add_page(&query, &range, (GhcOrder) order, 1, no_cursor);
		ghc_query_end(&query);
		ok(strstr(query.body.data, want[order]) != NULL, "%s", want[order]);
	}
	ghc_buffer_free(&query.body);
}

static void
test_escapes(void)
{
	GhcRange	range = select_range("\"a b\" c\\d ünï");
	GhcQuery	query = {0};
	GhcScan		scan;
	GhcSlice	key;
	GhcSlice	document;
	bool		first = true;

	ghc_query_begin(&query, &bare, false);
	ghc_query_add_page(&query, &range, GHC_ORDER_FORKS_ASC, 1,
					   GHC_SLICE("x\"\\\n"));
	ok(ghc_query_end(&query), "a query with quotes and backslashes");
	ok(strstr(query.body.data,
			  "query:\\\"\\\\\\\"a b\\\\\\\" c\\\\\\\\d ünï sort:forks-asc\\\"")
	   != NULL, "is escaped twice");

	/* off with JSON: what is left must be GraphQL */
	ghc_scan_init(&scan, query.body.data, query.body.len);
	ok(ghc_scan_enter_object(&scan) &&
	   ghc_scan_next_key(&scan, &first, &key) &&
	   ghc_scan_string(&scan, &document) &&
	   !ghc_scan_next_key(&scan, &first, &key) && ghc_scan_finished(&scan),
	   "the body is an object of one string");
	is_slice(document, "query{" RATE
			 " p0:search(query:\"\\\"a b\\\" c\\\\d ünï sort:forks-asc\","
			 "type:REPOSITORY,first:1,after:\"x\\\"\\\\\\n\"" PAGE_INFO
			 "} fragment r on Repository{id databaseId}",
			 "GraphQL's escapes are left");
	ghc_buffer_free(&query.body);
}

static void
test_shapes(void)
{
	GhcShape	shape = {
		GHC_FIELD_BIT(GHC_FIELD_STARS) | GHC_FIELD_BIT(GHC_FIELD_OWNER_ID) |
		GHC_FIELD_BIT(GHC_FIELD_LANGUAGE_BYTES),
		"x { y } # why"
	};
	GhcRange	range = select_range("stars:1");
	GhcQuery	query = {0};

	ghc_query_begin(&query, &shape, false);
	ghc_query_add_page(&query, &range, GHC_ORDER_STARS_DESC, 100, no_cursor);
	ghc_query_end(&query);
	is_str(strstr(query.body.data, "fragment"),
		   "fragment r on Repository{id databaseId "
		   "owner{... on User{databaseId}... on Organization{databaseId}} "
		   "stargazerCount languages(first:10,orderBy:{field:SIZE,"
		   "direction:DESC}){edges{size node{name}}} x { y } # why\\n}\"}",
		   "bytes of languages bring languages; a comment ends in time");
	ghc_buffer_free(&query.body);
}

static void
test_list(void)
{
	static const int64_t ids[] = {1, 1296269, INT64_C(1) << 32};
	int64_t		many[GHC_MAX_MEMBERS];
	GhcShape	full = {GHC_FIELD_BIT(GHC_FIELD_TOPICS) |
	GHC_FIELD_BIT(GHC_FIELD_LANGUAGES), NULL};
	GhcQuery	query = {0};

	ghc_query_begin(&query, &bare, false);
	is_int(ghc_query_add_list(&query, ids, 3, false), 0, "a look-up by id");
	ok(ghc_query_end(&query), "a query of it");
	is_str(query.body.data, "{\"query\":\"query{" RATE
		   " n0:nodes(ids:[\\\"R_kgAB\\\",\\\"R_kgDOABPHjQ\\\","
		   "\\\"R_kgDPAAAAAQAAAAA\\\"]){...r}} fragment r on Repository"
		   "{id databaseId}\"}", "its text");
	is_int(query.requests, 0, "is no connection");
	is_int(query.nodes, 3, "three nodes");

	ghc_query_begin(&query, &bare, false);
	ghc_query_add_list(&query, ids, 2, true);
	ok(ghc_query_end(&query), "a query of legacy ids");
	is_str(query.body.data, "{\"query\":\"query{" RATE
		   " n0:nodes(ids:[\\\"MDEwOlJlcG9zaXRvcnkx\\\","
		   "\\\"MDEwOlJlcG9zaXRvcnkxMjk2MjY5\\\"]){...r}} fragment r on Repository"
		   "{id databaseId}\"}", "its text");

	for (int i = 0; i < GHC_MAX_MEMBERS; i++)
		many[i] = INT64_MAX - i;
	ghc_query_begin(&query, &bare, false);
	for (int i = 0; i < GHC_MAX_LISTS; i++)
		is_int(ghc_query_add_list(&query, many, GHC_MAX_MEMBERS, false), i,
			   "a list of a hundred");
	is_int(ghc_query_add_list(&query, ids, 3, false), -1, "one too many");
	is_int(ghc_query_points(&query), 1, "a thousand cost one point");
	ghc_query_begin(&query, &full, false);
	ghc_query_add_list(&query, many, GHC_MAX_MEMBERS, false);
	is_int(query.requests, 200, "two connections each");
	is_int(ghc_query_points(&query), 2, "cost two");
	ghc_buffer_free(&query.body);
}

static void
test_by_name(void)
{
	static const GhcName names[] = {
		{GHC_SLICE("a-b"), GHC_SLICE("c.d")}, {GHC_SLICE("e"), GHC_SLICE("f\"g")}
	};
	GhcShape	full = {GHC_FIELD_BIT(GHC_FIELD_TOPICS) | GHC_FIELD_BIT(GHC_FIELD_LANGUAGES), NULL};
	GhcQuery	query = {0};

	ghc_query_begin(&query, &bare, false);
	is_int(ghc_query_add_names(&query, names, 1), 0, "a look-up by name");
	is_int(ghc_query_add_names(&query, names, 2), 1, "and another");
	ok(ghc_query_end(&query), "a query of them");
	is_str(query.body.data, "{\"query\":\"query{" RATE
		   " n0_0:repository(owner:\\\"a-b\\\",name:\\\"c.d\\\"){...r}"
		   " n1_0:repository(owner:\\\"a-b\\\",name:\\\"c.d\\\"){...r}"
		   " n1_1:repository(owner:\\\"e\\\",name:\\\"f\\\\\\\"g\\\"){...r}}"
		   " fragment r on Repository{id databaseId}\"}", "its text, in which nothing ends a string");
	is_int(query.n_ids, 3, "three repositories");
	is_int(query.requests, 0, "names are no connections");
	is_int(ghc_query_points(&query), 1, "and cost a point together");
	ghc_query_begin(&query, &full, false);
	ghc_query_add_names(&query, names, 2);
	is_int(query.requests, 4, "two connections each");
	ghc_query_begin(&query, &bare, false);
	for (int i = 0; i < GHC_MAX_LISTS; i++)
		ghc_query_add_names(&query, names, 2);
	is_int(ghc_query_add_names(&query, names, 2), -1, "one too many");
	ghc_buffer_free(&query.body);
}

static void
test_full(void)
{
	GhcRange	range = select_range("stars:1");
	GhcQuery	query = {0};

	ghc_query_begin(&query, &bare, false);
	for (int i = 0; i < GHC_MAX_PAGES; i++)
		ghc_query_add_page(&query, &range, GHC_ORDER_STARS_DESC, 1, no_cursor);
	is_int(ghc_query_add_page(&query, &range, GHC_ORDER_STARS_DESC, 1,
							  no_cursor), -1, "too many pages");
	for (int i = 0; i < GHC_MAX_COUNTS; i++)
		ghc_query_add_count(&query, &range);
	is_int(ghc_query_add_count(&query, &range), -1, "too many counts");
	ok(ghc_query_end(&query), "a full query");
	is_int(ghc_query_points(&query), 1, "costs one point");
	ok(strstr(query.body.data, " p9:search(") != NULL &&
	   strstr(query.body.data, " c63:search(") != NULL, "all parts are there");

	ghc_query_begin(&query, &bare, false);
	ghc_query_add_page(&query, &range, GHC_ORDER_STARS_DESC, 0, no_cursor);
	ghc_query_add_page(&query, &range, GHC_ORDER_STARS_DESC, 101, no_cursor);
	ghc_query_end(&query);
	ok(strstr(query.body.data, "first:1)") != NULL &&
	   strstr(query.body.data, "first:100)") != NULL, "first is 1 to 100");

	query.body.limit_bytes = 100;
	ghc_query_begin(&query, &bare, false);
	ghc_query_add_page(&query, &range, GHC_ORDER_STARS_DESC, 0, no_cursor);
	ok(!ghc_query_end(&query), "a query that does not fit says so");
	ghc_buffer_free(&query.body);
}

typedef struct Price
{
	const char *name;
	const char *extra;
	int			pages;
	int			first;
	int64_t		requests;
	int64_t		nodes;
	int			points;
} Price;

static const Price prices[] = {
	{"no page", NULL, 0, 0, 0, 0, 1},
	{"flat page", NULL, 1, 100, 1, 100, 1},
	{"ten flat pages", NULL, 10, 100, 10, 1000, 1},
	{"one connection", "a(first:1){x}", 1, 100, 101, 200, 1},
	{"two connections", "a(first:1){x} b(first:100){x}", 1, 100, 201, 10200, 2},
	{"page of 74 with two", "a(first:1){x} b(first:1){x}", 1, 74, 149, 222, 1},
	{"page of 75 with two", "a(first:1){x} b(first:1){x}", 1, 75, 151, 225, 2},
	{"round half up", "a(first:1){x}", 1, 149, 101, 200, 1},
	{"six of 24", "a(first:1)b(first:1)c(first:1)d(first:1)e(first:1)f(last:1)",
	1, 24, 145, 168, 1},
	{"six of 25", "a(first:1)b(first:1)c(first:1)d(first:1)e(first:1)f(last:1)",
	1, 25, 151, 175, 2},
	{"six of 100", "a(first:1)b(first:1)c(first:1)d(first:1)e(first:1)f(last:1)",
	1, 100, 601, 700, 6},
	{"the example of the docs",
		"issues(first:50){edges{node{labels(first:60){edges{node{id}}}}}}",
	1, 100, 5101, 305100, 51},
	{"counts are free", "a{totalCount} b(states:OPEN){totalCount}",
	1, 100, 1, 100, 1},
	{"both ends", "a(first:5,last:7){b(first:1){x}}", 1, 1, 1 + 1 + 7, 15, 1},
	{"order and strings", "a(orderBy:{first:9},q:\"first:8 ) \\\" {\",first : 3)"
	"{nodes{b(last:2){x}}}", 1, 10, 1 + 10 + 30, 10 + 30 + 60, 1},
	{"lists and comments", "a(x:[1,{last:4}] # first:9 ) {\n first:3){x}",
	1, 10, 11, 40, 1},
	{"directives", "a(first:3) @include(if:true) {b(first:2){x}}",
	1, 1, 1 + 1 + 3, 1 + 3 + 6, 1},
	{"siblings after a nest", "a(first:9){b(first:9){x}} c(first:2){x}",
	1, 1, 1 + 1 + 9 + 1, 1 + 9 + 81 + 2, 1},
	{"variables are no numbers", "a(first:$n){x}", 1, 1, 1, 1, 1},
	{"aliases named first", "first:a{last:b}", 1, 1, 1, 1, 1},
	{"unbalanced", "}}} a(first:2){{{ (", 1, 1, 2, 3, 1},
	{"open string", "a(x:\"first:2\\", 1, 1, 1, 1, 1},
	{"absurd", "a(first:99999999999999999999){b(first:999999999){c(first:9){x}}}",
		1, 100, 1 + INT64_C(1000000000000),
	100 + INT64_C(1000000000000), INT32_MAX},
	{"deep", "{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{a(first:2){x}}}}", 1, 1, 2, 3, 1},
};

static void
test_price(const Price *row)
{
	GhcShape	shape = {0, row->extra};
	GhcRange	range = select_range("stars:1");
	GhcQuery	query = {0};

	ghc_query_begin(&query, &shape, false);
	for (int i = 0; i < row->pages; i++)
		ghc_query_add_page(&query, &range, GHC_ORDER_STARS_DESC, row->first,
						   no_cursor);
	is_int(query.requests, row->requests, row->name);
	is_int(query.nodes, row->nodes, "nodes");
	is_int(ghc_query_points(&query), row->points, "points");
	ghc_buffer_free(&query.body);
}

/* The profiles: all columns, and all that are no connections. */
static void
test_profiles(void)
{
	GhcFieldSet all = GHC_FIELD_BIT(GHC_FIELD_COUNT) - 1;
	GhcShape	full = {all, NULL};
	GhcShape	flat = {all & ~(GHC_FIELD_BIT(GHC_FIELD_TOPICS) |
								GHC_FIELD_BIT(GHC_FIELD_LANGUAGES) |
								GHC_FIELD_BIT(GHC_FIELD_LANGUAGE_BYTES)), NULL};
	GhcRange	range = select_range("stars:1");
	GhcQuery	query = {0};

	ghc_query_begin(&query, &full, false);
	ghc_query_add_page(&query, &range, GHC_ORDER_STARS_DESC, 100, no_cursor);
	is_int(query.requests, 201, "full: two connections");
	is_int(query.nodes, 100 + 1000 + 2000, "full: nodes");
	is_int(ghc_query_points(&query), 2, "full: points");

	ghc_query_begin(&query, &flat, false);
	for (int i = 0; i < GHC_MAX_PAGES; i++)
		ghc_query_add_page(&query, &range, GHC_ORDER_STARS_DESC, 100, no_cursor);
	is_int(ghc_query_points(&query), 1, "flat: ten pages for a point");
	ghc_buffer_free(&query.body);
}

int
main(void)
{
	test_text();
	test_orders();
	test_escapes();
	test_shapes();
	test_list();
	test_by_name();
	test_full();
	for (size_t i = 0; i < sizeof(prices) / sizeof(prices[0]); i++)
		test_price(&prices[i]);
	test_profiles();
	return done_testing();
}
