/*-------------------------------------------------------------------------
 *
 * query_fuzz.c
 *	  Composing of queries (query.c, price.c, buffer.c).
 *
 * The input is a selection, and behind the first line end a text that a profile
 * adds to what is asked of a repository, which is also taken as a cursor.  For
 * any bytes:
 *
 *	- the request's body is JSON that PostgreSQL accepts, an object with a query
 *	  alone, if the added text is UTF-8;
 *	- the query holds each search as one string of GraphQL, which stands for
 *	  exactly the range's text: nothing breaks out of it; likewise the cursor;
 *	- prices are never negative, never fall as more is asked, and don't
 *	  overflow.
 *
 * IDENTIFICATION
 *	  test/fuzz/query_fuzz.c
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"
#include "github/query.h"
#include "github/selection.h"
#include "oracle.h"

static GhcRange range;
static Oracle oracle;

/*
 * Reads the string of GraphQL behind a text that comes next in a query, and
 * compares it; returns what follows it.
 */
static const char *
check_string(const char *query, const char *before, GhcSlice want)
{
	const char *at = strstr(query, before);
	size_t		n = 0;

	check(at != NULL);
	at += strlen(before);
	check(*at++ == '"');
	for (; *at != '"'; at++, n++)
	{
		char		c = *at;

		check(n < want.len && (unsigned char) c >= 0x20);
		if (c == '\\')
		{
			c = *++at;
			if (c == 'u')
			{
				c = (char) strtol((char[]) {at[1], at[2], at[3], at[4], 0}, NULL, 16);
				at += 4;
			}
			else if (c == 'b' || c == 'f' || c == 'n' || c == 'r' || c == 't')
				c = "\b\f\n\r\t"[strchr("bfnrt", c) - "bfnrt"];
			else
				check(c == '"' || c == '\\');
		}
		check(c == want.data[n]);
	}
	check(n == want.len);
	return at + 1;
}

static void
check_query(const char *query, GhcSlice cursor)
{
	GhcBuffer	search = {0};

	ghc_range_format(&range, &search);
	query = check_string(query, " c0:search(query:", (GhcSlice) {search.data, search.len});
	check(strncmp(query, ",type:REPOSITORY){repositoryCount}", 34) == 0);
	ghc_buffer_puts(&search, " sort:updated-asc");
	query = check_string(query, " p0:search(query:", (GhcSlice) {search.data, search.len});
	check(strncmp(query, ",type:REPOSITORY,first:100", 26) == 0);
	if (cursor.len > 0)
		query = check_string(query, ",after:", cursor);
	check(strncmp(query + (cursor.len > 0 ? 0 : 26), "){repositoryCount ", 18) == 0);
	ghc_buffer_free(&search);
}

/* Composes a count, a page and a list. */
static void
compose(GhcQuery *query, const GhcShape *shape, GhcSlice cursor)
{
	static const int64_t ids[] = {1, INT64_MAX};
	int64_t		requests;

	ghc_query_begin(query, shape, true);
	check(ghc_query_add_count(query, &range) == 0 && query->requests == 0);
	check(ghc_query_add_page(query, &range, GHC_ORDER_UPDATED_ASC, 100, cursor) == 0);
	requests = query->requests;
	check(ghc_query_points(query) >= 1 && requests >= 1 && query->nodes >= 100);
	check(ghc_query_add_list(query, ids, 2, cursor.len % 2) == 0);
	check(query->requests >= requests);
	check(ghc_query_end(query));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *eol = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t		len = eol ? (size_t) (eol - data) : size;
	char	   *copy = fuzz_copy(data, len);
	char	   *extra = eol ? strndup((const char *) eol + 1, size - len - 1) : NULL;
	GhcShape	shape = {GHC_FIELD_BIT(size % GHC_FIELD_COUNT) | 1, extra};
	GhcSlice	cursor = ghc_slice_of(extra);
	GhcQuery	query = {.body = {0}};
	GhcProblem	problem;

	if (ghc_selection_parse((GhcSlice) {copy, len}, &range, &problem))
	{
		compose(&query, &shape, cursor);
		oracle_ask(&oracle, query.body.data, query.body.len, false);
		check(!oracle.judged || (oracle.accepted && oracle.n == 2));
		if (oracle.judged)
		{
			check(ghc_slice_equals(oracle.nodes[1].key, GHC_SLICE("query")));
			check_query(oracle.nodes[1].text.data, cursor);
		}
	}
	ghc_buffer_free(&query.body);
	free(extra);
	free(copy);
	return 0;
}
