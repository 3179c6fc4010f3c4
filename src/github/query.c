/*-------------------------------------------------------------------------
 *
 * query.c
 *	  Composes GraphQL queries; see query.h.
 *
 * What is asked of a repository stands once in a document, as a fragment that
 * all its pages name: ten pages are then little longer than one.
 *
 * IDENTIFICATION
 *	  src/github/query.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/node_id.h"
#include "github/query.h"

#define MAX_FIRST 100

#define RATE_LIMIT "rateLimit{cost limit remaining used resetAt}"
#define VIEWER " viewer{databaseId login}"

static const char *const orders[GHC_ORDER_COUNT] = {
	[GHC_ORDER_UPDATED_ASC] = "sort:updated-asc",
	[GHC_ORDER_UPDATED_DESC] = "sort:updated-desc",
	[GHC_ORDER_STARS_DESC] = "sort:stars-desc",
	[GHC_ORDER_FORKS_ASC] = "sort:forks-asc",
};

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

GhcPrice
ghc_query_price(const GhcShape *shape)
{
	GhcPrice	price = {0};

	for (int field = 0; field < GHC_FIELD_COUNT; field++)
		if (field_text(shape, field) != NULL)
			ghc_price_add(&price, field_text(shape, field));
	if (shape->extra != NULL)
		ghc_price_add(&price, shape->extra);
	return price;
}

void
ghc_query_begin(GhcQuery *query, const GhcShape *shape, bool with_viewer)
{
	GhcBuffer	body = query->body;
	GhcGet		get = query->get;

	memset(query, 0, sizeof(*query));
	query->body = body;
	query->get = get;
	query->shape = shape;
	ghc_buffer_reset(&query->body);
	ghc_buffer_reset(&query->get.path);
	ghc_buffer_reset(&query->get.etag);
	ghc_buffer_puts(&query->body, "{\"query\":\"query{" RATE_LIMIT);
	if (with_viewer)
		ghc_buffer_puts(&query->body, VIEWER);
	query->price = ghc_query_price(shape);
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

static void
add_cost(GhcQuery *query, GhcCost cost)
{
	query->requests += cost.requests;
	query->nodes += cost.nodes;
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

	add_cost(query, ghc_price_pages(&query->price, 1, first));
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

	add_cost(query, ghc_price_list(&query->price, n));
	query->n_ids += n;
	return query->n_lists++;
}

int
ghc_query_add_names(GhcQuery *query, const GhcName *names, int n)
{
	if (query->n_lists == GHC_MAX_LISTS)
		return -1;

	for (int i = 0; i < n; i++)
	{
		ghc_buffer_printf(&query->body, " n%d_%d:repository(owner:", query->n_lists, i);
		put_string(query, names[i].owner);
		ghc_buffer_puts(&query->body, ",name:");
		put_string(query, names[i].name);
		ghc_buffer_puts(&query->body, "){...r}");
	}
	query->n_ids += n;
	add_cost(query, ghc_price_list(&query->price, n));
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
	return ghc_price_points(query->requests);
}
