/*-------------------------------------------------------------------------
 *
 * query.c
 *	  Composes and prices GraphQL queries; see query.h.
 *
 * What is asked of a repository stands once in a document, as a fragment that
 * all its pages name: ten pages are then little longer than one.
 *
 * The price (github-api.md 2.1) counts the requests that GitHub would need if
 * each connection were fetched by itself: one for every parent, which is the
 * product of "first" on the way down.  The same walk gives the nodes.
 *
 * IDENTIFICATION
 *	  src/github/query.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/node_id.h"
#include "github/query.h"

#define POINT_REQUESTS 100
#define MAX_FIRST 100

/* a selection nested deeper is priced as if it were this deep */
#define MAX_NESTING 32

/* products beyond this are all the same: far over any limit of GitHub */
#define HUGE_PRODUCT INT64_C(1000000000000)

#define RATE_LIMIT "rateLimit{cost limit remaining used resetAt}"
#define VIEWER " viewer{databaseId login}"

static const char *const orders[GHC_ORDER_COUNT] = {
	[GHC_ORDER_UPDATED_ASC] = "sort:updated-asc",
	[GHC_ORDER_UPDATED_DESC] = "sort:updated-desc",
	[GHC_ORDER_STARS_DESC] = "sort:stars-desc",
	[GHC_ORDER_FORKS_ASC] = "sort:forks-asc",
};

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

/* Passes over a string, a comment or one other character. */
static void
skip_one(Walk *walk)
{
	char		c = *walk->cur++;

	if (c == '#')
		walk->cur += strcspn(walk->cur, "\r\n");
	if (c != '"')
		return;
	while (*walk->cur != '\0' && *walk->cur != '"')
	{
		if (*walk->cur == '\\' && walk->cur[1] != '\0')
			walk->cur++;
		walk->cur++;
	}
	if (*walk->cur == '"')
		walk->cur++;
}

/* Reads ": n" behind the name of an argument; 0 if it is no number. */
static int64_t
read_number(const char *cur)
{
	int64_t		number = 0;

	cur += strspn(cur, " \t\r\n,");
	if (*cur != ':')
		return 0;
	cur++;
	cur += strspn(cur, " \t\r\n,");
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
			skip_one(walk);
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

/* Adds what the selection asks for each repository. */
static void
price_selection(GhcQuery *query, const char *selection)
{
	Walk		walk = {.cur = selection,.parents = {1}};

	while (*walk.cur != '\0')
	{
		char		c = *walk.cur;

		skip_one(&walk);
		if (c == '(')
			take_connection(&walk);
		else if (c == '{')
			open_selection(&walk);
		else if (c == '}' && walk.depth > 0)
			walk.depth--;
	}
	query->requests_each += walk.requests;
	query->nodes_each += walk.nodes;
}

/*
 * What the shape asks for a field, or NULL.  A repository without an id is of
 * no use, so that is always asked; the bytes of languages come with them.
 */
static const char *
field_text(const GhcShape *shape, int field)
{
	GhcFieldSet fields = shape->fields | GHC_FIELD_BIT(GHC_FIELD_REPO_ID);

	if (fields & GHC_FIELD_BIT(GHC_FIELD_LANGUAGE_BYTES))
		fields |= GHC_FIELD_BIT(GHC_FIELD_LANGUAGES);
	return fields & GHC_FIELD_BIT(field) ? ghc_fields[field].graphql : NULL;
}

void
ghc_query_begin(GhcQuery *query, const GhcShape *shape, bool with_viewer)
{
	GhcBuffer	body = query->body;

	memset(query, 0, sizeof(*query));
	query->body = body;
	query->shape = shape;
	ghc_buffer_reset(&query->body);
	ghc_buffer_puts(&query->body, "{\"query\":\"query{" RATE_LIMIT);
	if (with_viewer)
		ghc_buffer_puts(&query->body, VIEWER);

	for (int field = 0; field < GHC_FIELD_COUNT; field++)
		if (field_text(shape, field) != NULL)
			price_selection(query, field_text(shape, field));
	if (shape->extra != NULL)
		price_selection(query, shape->extra);
}

/* Appends a buffer's text as the inside of the JSON string, and frees it. */
static void
put_escaped(GhcQuery *query, GhcBuffer *buf)
{
	GhcSlice	text = {buf->data, buf->len};

	if (buf->failed)
		query->body.failed = true;
	else
		ghc_buffer_put_json(&query->body, text);
	ghc_buffer_free(buf);
}

/*
 * Appends text as a GraphQL string within the JSON string.  Both languages
 * escape alike, so that is done twice.
 */
static void
put_string(GhcQuery *query, GhcSlice text)
{
	GhcBuffer	escaped = {0};

	ghc_buffer_puts(&escaped, "\"");
	ghc_buffer_put_json(&escaped, text);
	ghc_buffer_puts(&escaped, "\"");
	put_escaped(query, &escaped);
}

/* Appends "alias:search(query:...,type:REPOSITORY", with a sort or NULL. */
static void
put_search(GhcQuery *query, char kind, int number, const GhcRange *range,
		   const char *order)
{
	GhcBuffer	buf = {0};
	GhcSlice	text;

	ghc_range_format(range, &buf);
	if (order != NULL)
		ghc_buffer_printf(&buf, "%s%s", buf.len > 0 ? " " : "", order);
	text.data = buf.data;
	text.len = buf.len;

	ghc_buffer_printf(&query->body, " %c%d:search(query:", kind, number);
	put_string(query, text);
	ghc_buffer_puts(&query->body, ",type:REPOSITORY");
	if (buf.failed)
		query->body.failed = true;
	ghc_buffer_free(&buf);
}

int
ghc_query_add_page(GhcQuery *query, const GhcRange *range, GhcOrder order,
				   int first, GhcSlice cursor)
{
	if (query->n_pages == GHC_MAX_PAGES)
		return -1;
	if (first < 1)
		first = 1;
	if (first > MAX_FIRST)
		first = MAX_FIRST;

	put_search(query, 'p', query->n_pages, range, orders[order]);
	ghc_buffer_printf(&query->body, ",first:%d", first);
	if (cursor.len > 0)
	{
		ghc_buffer_puts(&query->body, ",after:");
		put_string(query, cursor);
	}
	ghc_buffer_puts(&query->body, "){repositoryCount "
					"pageInfo{hasNextPage endCursor} nodes{...r}}");

	query->requests += 1 + multiply(first, query->requests_each);
	query->nodes += first + multiply(first, query->nodes_each);
	return query->n_pages++;
}

int
ghc_query_add_count(GhcQuery *query, const GhcRange *range)
{
	if (query->n_counts == GHC_MAX_COUNTS)
		return -1;

	/* without "first" a search is no connection and costs nothing */
	put_search(query, 'c', query->n_counts, range, NULL);
	ghc_buffer_puts(&query->body, "){repositoryCount}");
	return query->n_counts++;
}

int
ghc_query_add_list(GhcQuery *query, const int64_t *ids, int n, bool legacy)
{
	if (query->n_lists == GHC_MAX_LISTS)
		return -1;

	ghc_buffer_printf(&query->body, " n%d:nodes(ids:[", query->n_lists);
	for (int i = 0; i < n; i++)
	{
		char		node_id[GHC_NODE_ID_BYTES];

		if (legacy)
			ghc_node_id_format_legacy(ids[i], node_id);
		else
			ghc_node_id_format(ids[i], node_id);
		ghc_buffer_puts(&query->body, i > 0 ? "," : "");
		put_string(query, ghc_slice_of(node_id));
	}
	ghc_buffer_puts(&query->body, "]){...r}");

	/* the list itself is no connection */
	query->requests += multiply(n, query->requests_each);
	query->nodes += n + multiply(n, query->nodes_each);
	return query->n_lists++;
}

/* Appends what is asked of a repository. */
static void
put_fragment(GhcQuery *query)
{
	const GhcShape *shape = query->shape;
	const char *separator = "";

	ghc_buffer_puts(&query->body, " fragment r on Repository{");
	for (int field = 0; field < GHC_FIELD_COUNT; field++)
	{
		const char *text = field_text(shape, field);

		if (text == NULL)
			continue;
		ghc_buffer_puts(&query->body, separator);
		ghc_buffer_put_json(&query->body, ghc_slice_of(text));
		separator = " ";
	}

	/* a comment at the end of the user's text must not swallow our brace */
	if (shape->extra != NULL)
	{
		ghc_buffer_puts(&query->body, separator);
		ghc_buffer_put_json(&query->body, ghc_slice_of(shape->extra));
		ghc_buffer_puts(&query->body, "\\n");
	}
	ghc_buffer_puts(&query->body, "}");
}

bool
ghc_query_end(GhcQuery *query)
{
	ghc_buffer_puts(&query->body, "}");

	/* GraphQL refuses a fragment that nothing names */
	if (query->n_pages + query->n_lists > 0)
		put_fragment(query);
	ghc_buffer_puts(&query->body, "\"}");
	return !query->body.failed;
}

int
ghc_query_points(const GhcQuery *query)
{
	int64_t		rounded = query->requests + POINT_REQUESTS / 2;
	int64_t		points = rounded / POINT_REQUESTS;

	if (points > INT32_MAX)
		return INT32_MAX;
	return points < 1 ? 1 : (int) points;
}
