/*-------------------------------------------------------------------------
 *
 * reply_fuzz.c
 *	  Whole replies of GraphQL (reply.c, page.c, repository.c, value.c) against
 *	  a plain reading of what PostgreSQL's parser makes of them.
 *
 * The input is read twice: as the body of a reply, and as the members of a
 * page's nodes.  For any bytes:
 *
 *	- the body is taken as JSON if PostgreSQL takes it and it is an object, or
 *	  given up because a key comes twice;
 *	- errors, counts, pages, lists, their repositories and every column of
 *	  these are what the members of that name say; a
 *	  repository that isn't one is told from null;
 *	- a field is at most one of set and null; noted where it is neither;
 *	- what has no column is collected as JSON that PostgreSQL accepts;
 *	- text is UTF-8, a number lies within its column's bounds.
 *
 * The reading here looks up every name in a tree, without order, foretold keys
 * or places, so that nothing of the fast way is in it.
 *
 * IDENTIFICATION
 *	  test/fuzz/reply_fuzz.c
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"
#include "github/instant.h"
#include "github/node_id.h"
#include "github/reply.h"
#include "github/scan.h"
#include "oracle.h"

/* of value.c: items of a list, bytes of a name */
#define MAX_ITEMS 100
#define MAX_NAME_BYTES 1000

static const char before_nodes[] = "{\"data\":{\"p0\":{\"repositoryCount\":1,"
"\"pageInfo\":{\"hasNextPage\":false},\"nodes\":[";
static const char behind_nodes[] = "]}}}";

static Oracle oracle;
static GhcReply reply;

static const OracleNode *
node_at(int at)
{
	return &oracle.nodes[at];
}

static bool
is_type(int at, OracleType type)
{
	return at >= 0 && node_at(at)->type == type;
}

/* the value of a text at an index, empty if there is none */
static GhcSlice
text_at(int at)
{
	return is_type(at, ORACLE_STRING) ? node_at(at)->text : GHC_SLICE("");
}

static bool
number_at(int at, int64_t *number)
{
	return is_type(at, ORACLE_NUMBER) && oracle_int(node_at(at), number);
}

static int64_t
count_at(int at)
{
	int64_t		number;

	return number_at(at, &number) && number >= 0 && number <= GHC_MAX_COUNT ?
		number : -1;
}

/* ---------------------------------------------------------------------------
 * one repository
 * ---------------------------------------------------------------------------
 */

static void
check_state(const GhcRepository *repo, int field, bool set, bool null)
{
	GhcFieldSet bit = GHC_FIELD_BIT(field);

	check(((repo->set & bit) != 0) == set);
	check(((repo->null & bit) != 0) == null);
	if (!set && !null)
		check((repo->noted & bit) != 0);
	else if (oracle.replaced == 0)
		check((repo->noted & bit) == 0);
}

static bool
is_in_bounds(GhcFieldType type, int64_t number)
{
	if (type == GHC_TYPE_INT4)
		return number >= 0 && number <= INT32_MAX;
	if (type == GHC_TYPE_INT8)
		return number > 0 && number <= GHC_MAX_ID;
	if (type == GHC_TYPE_TIME)
		return number >= GHC_TIME_MIN && number <= GHC_TIME_MAX;
	return true;
}

/* Can a text be a name?  What was replaced in one isn't known here. */
static bool
is_name(const GhcRepository *repo, int field, GhcSlice text)
{
	GhcFieldSet bit = GHC_FIELD_BIT(field);

	return (ghc_fields_names & bit) == 0 ||
		(text.len <= MAX_NAME_BYTES &&
		 (oracle.replaced == 0 || (repo->set & bit) != 0));
}

/* A value that lies at an index. */
static void
check_scalar(const GhcRepository *repo, int field, int at, bool nullable)
{
	GhcFieldType type = ghc_fields[field].type;
	int64_t		number = 0;
	bool		is_date;
	bool		good;

	if (type == GHC_TYPE_TIME)
		good = ghc_instant_parse(text_at(at), &number, &is_date);
	else if (type == GHC_TYPE_TEXT)
		good = is_type(at, ORACLE_STRING) && is_name(repo, field, text_at(at));
	else if (type == GHC_TYPE_BOOL)
	{
		good = is_type(at, ORACLE_BOOL);
		number = good && node_at(at)->text.data[0] == 't';
	}
	else
		good = number_at(at, &number);
	good = good && is_in_bounds(type, number);

	check_state(repo, field, good, nullable && is_type(at, ORACLE_NULL));
	if (good && type == GHC_TYPE_TEXT)
		check(ghc_slice_equals(repo->value[field].text, text_at(at)) &&
			  oracle_is_text(repo->value[field].text));
	else if (good)
		check(repo->value[field].number == number);
}

/* {"name": "…"}: true if well formed; *name stays NULL for null. */
static bool
name_at(int at, GhcSlice *name)
{
	int			inner;

	if (is_type(at, ORACLE_NULL))
		return true;
	inner = oracle_member(&oracle, at, "name");
	if (!is_type(inner, ORACLE_STRING))
		return false;
	*name = node_at(inner)->text;
	return true;
}

/* An item of a list; adds it to the array that is expected. */
static bool
item_at(int at, bool is_topic, const GhcArray *array, int *n)
{
	GhcSlice	name = {NULL, 0};
	int64_t		size = 0;

	if (!name_at(oracle_member(&oracle, at, is_topic ? "topic" : "node"), &name))
		return false;
	if (name.data == NULL)
		return true;
	if (*n == MAX_ITEMS ||
		(!is_topic && !(number_at(oracle_member(&oracle, at, "size"), &size) && size >= 0)))
		return false;
	if (array != NULL)
	{
		check(*n < array->n && ghc_slice_equals(array->names[*n], name));
		check(array->numbers[*n] == size);
	}
	(*n)++;
	return true;
}

static void
check_array(const GhcRepository *repo, int field, int at)
{
	bool		is_topic = field == GHC_FIELD_TOPICS;
	int			list = oracle_member(&oracle, at, is_topic ? "nodes" : "edges");
	const GhcArray *array = repo->set & GHC_FIELD_BIT(field) ?
		repo->value[field].array : NULL;
	bool		whole = is_type(list, ORACLE_ARRAY);
	int			n = 0;

	for (int i = list + 1; whole && i < node_at(list)->end; i = node_at(i)->end)
		whole = is_type(i, ORACLE_NULL) || item_at(i, is_topic, array, &n);
	check_state(repo, field, whole,
				is_type(at, ORACLE_NULL) || is_type(list, ORACLE_NULL));
	check(array == NULL || array->n == n);
	if (field == GHC_FIELD_LANGUAGES)
	{
		check_state(repo, GHC_FIELD_LANGUAGE_BYTES, whole,
					is_type(at, ORACLE_NULL) || is_type(list, ORACLE_NULL));
		check(array == NULL || repo->value[GHC_FIELD_LANGUAGE_BYTES].array == array);
	}
}

static void
check_member(const GhcRepository *repo, int field, int at)
{
	int			inner = oracle_member(&oracle, at, ghc_fields[field].member);

	if (is_type(at, ORACLE_OBJECT) && inner >= 0)
		check_scalar(repo, field, inner, ghc_fields[field].type != GHC_TYPE_TEXT);
	else
		check_state(repo, field, false,
					is_type(at, ORACLE_OBJECT) || is_type(at, ORACLE_NULL));
}

static void
check_absent(const GhcRepository *repo, int field)
{
	GhcFieldSet bit = GHC_FIELD_BIT(field);

	check(((repo->set | repo->null | repo->noted) & bit) == 0);
}

/* A field whose value, if it came, is at an index. */
static void
check_field(const GhcRepository *repo, int field, int at)
{
	if (at < 0)
		check_absent(repo, field);
	else if (ghc_fields[field].shape == GHC_SHAPE_PLAIN)
		check_scalar(repo, field, at,
					 (ghc_fields_never_null & GHC_FIELD_BIT(field)) == 0);
	else if (ghc_fields[field].shape == GHC_SHAPE_MEMBER)
		check_member(repo, field, at);
	else
		check_array(repo, field, at);
}

static bool
is_known(GhcSlice key)
{
	for (int field = 0; field < GHC_FIELD_COUNT; field++)
		if (ghc_slice_equals(key, ghc_slice_of(ghc_fields[field].key)))
			return ghc_fields[field].key != NULL;
	return ghc_slice_equals(key, GHC_SLICE("id")) ||
		ghc_slice_equals(key, GHC_SLICE("__typename"));
}

/* Members without a column are there as JSON, or none is. */
static void
check_extra(const GhcRepository *repo, int at, bool extra)
{
	GhcFieldSet bit = GHC_FIELD_BIT(GHC_FIELD_EXTRA);
	GhcSlice	json = repo->value[GHC_FIELD_EXTRA].text;
	int			n = 0;

	for (int i = at + 1; i < node_at(at)->end; i = node_at(i)->end)
		n += !is_known(node_at(i)->key);
	if (!extra)
		check_absent(repo, GHC_FIELD_EXTRA);
	else if (n == 0)
		check(repo->null & bit);
	else if ((repo->set & bit) != 0)
		check(json.len >= 2 && json.data[0] == '{' && oracle_is_text(json));
	else
		check((repo->null & bit) != 0 && (repo->noted & bit) != 0);
}

/* The id that a repository has, 0 if none. */
static int64_t
id_at(int at)
{
	int64_t		id;

	if (number_at(oracle_member(&oracle, at, "databaseId"), &id) &&
		is_in_bounds(GHC_TYPE_INT8, id))
		return id;
	return ghc_node_id_parse(text_at(oracle_member(&oracle, at, "id")), &id) &&
		id <= GHC_MAX_ID ? id : 0;
}

static void
check_repository(const GhcRepository *repo, int at, bool extra)
{
	check(repo->repo_id == id_at(at) && (repo->set & repo->null) == 0);
	check(repo->value[GHC_FIELD_REPO_ID].number == repo->repo_id);
	check((repo->set & GHC_FIELD_BIT(GHC_FIELD_REPO_ID)) != 0);
	for (int field = GHC_FIELD_REPO_ID + 1; field < GHC_FIELD_COUNT; field++)
		if (ghc_fields[field].key != NULL)
			check_field(repo, field,
						oracle_member(&oracle, at, ghc_fields[field].key));
	check_extra(repo, at, extra);
}

/* ---------------------------------------------------------------------------
 * parts of a reply
 * ---------------------------------------------------------------------------
 */

static void
check_page(const GhcPage *page, int at, bool extra)
{
	int			nodes = oracle_member(&oracle, at, "nodes");
	int			info = oracle_member(&oracle, at, "pageInfo");
	int			next = oracle_member(&oracle, info, "hasNextPage");
	GhcSlice	cursor = text_at(oracle_member(&oracle, info, "endCursor"));
	int64_t		count = count_at(oracle_member(&oracle, at, "repositoryCount"));
	bool		has_next = is_type(next, ORACLE_BOOL) && node_at(next)->text.data[0] == 't';
	int			n = 0;
	int			nulls = 0;
	int			dropped = 0;

	check(page->present == is_type(at, ORACLE_OBJECT));
	if (!page->present)
		return;
	check(count < 0 || page->count == count);
	check(page->has_next == has_next || !page->complete);
	check(ghc_slice_equals(page->end_cursor, cursor));
	check(page->complete == (count >= 0 && is_type(next, ORACLE_BOOL) &&
							 (!has_next || cursor.len > 0) &&
							 is_type(nodes, ORACLE_ARRAY)));
	for (int i = nodes + 1; is_type(nodes, ORACLE_ARRAY) && i < node_at(nodes)->end; i = node_at(i)->end)
	{
		if (n == GHC_MAX_PAGE_ROWS)
			dropped++;
		else if (is_type(i, ORACLE_NULL) ||
				 (is_type(i, ORACLE_OBJECT) && node_at(i)->end == i + 1))
			nulls++;
		else if (!is_type(i, ORACLE_OBJECT) || id_at(i) == 0)
			dropped++;
		else
		{
			check(n < page->n);
			check_repository(&page->repos[n++], i, extra);
		}
	}
	check(page->n == n && page->nulls == nulls && page->dropped == dropped);
}

static void
check_list(const GhcList *list, int at, bool extra)
{
	int			member = 0;
	int			n = 0;

	check(list->present == is_type(at, ORACLE_ARRAY));
	for (int i = at + 1; list->present && i < node_at(at)->end &&
		 member < GHC_MAX_MEMBERS; i = node_at(i)->end, member++)
	{
		check(member < list->n_members);
		if (!is_type(i, ORACLE_OBJECT) || id_at(i) == 0)
			check(list->repo[member] == -1);
		else
		{
			check(list->repo[member] == n && n < list->found.n);
			check_repository(&list->found.repos[n++], i, extra);
		}
	}
	check(list->n_members == member && list->found.n == n);
}

static void
check_data(int data, bool extra)
{
	char		name[16];

	check(reply.has_data == is_type(data, ORACLE_OBJECT));
	for (int i = 0; i < GHC_MAX_PAGES; i++)
	{
		snprintf(name, sizeof(name), "p%d", i);
		check_page(&reply.pages[i], oracle_member(&oracle, data, name), extra);
		snprintf(name, sizeof(name), "n%d", i);
		check_list(&reply.lists[i], oracle_member(&oracle, data, name), extra);
	}
	for (int i = 0; i < GHC_MAX_COUNTS; i++)
	{
		int			part;

		snprintf(name, sizeof(name), "c%d", i);
		part = oracle_member(&oracle, data, name);
		check(reply.counts[i] ==
			  count_at(oracle_member(&oracle, part, "repositoryCount")));
	}
	check(reply.viewer_id >= 0 && reply.cost >= -1 && reply.limit >= -1);
	check(reply.remaining >= -1 && reply.used >= -1 && reply.reset_at >= -1);
}

static void
check_error(const GhcGraphError *error, int at)
{
	if (is_type(at, ORACLE_STRING))
		check(ghc_slice_equals(error->message, text_at(at)));
	else
	{
		check(ghc_slice_equals(error->type,
							   text_at(oracle_member(&oracle, at, "type"))));
		check(ghc_slice_equals(error->message,
							   text_at(oracle_member(&oracle, at, "message"))));
	}
	check((error->page >= 0) + (error->count >= 0) + (error->list >= 0) <= 1);
	check(error->page >= -1 && error->page < GHC_MAX_PAGES);
	check(error->count >= -1 && error->count < GHC_MAX_COUNTS);
	check(error->list >= -1 && error->list < GHC_MAX_LISTS);
	check(error->member >= -1 && error->member < GHC_MAX_MEMBERS);
	check(error->member == -1 || error->list >= 0);
}

static void
check_errors(int errors)
{
	int			n = 0;

	if (is_type(errors, ORACLE_ARRAY))
	{
		for (int i = errors + 1; i < node_at(errors)->end; i = node_at(i)->end, n++)
			if (n < GHC_MAX_ERRORS)
				check_error(&reply.errors[n], i);
	}
	else if (errors >= 0 && !is_type(errors, ORACLE_NULL))
		n = 1;
	check(reply.n_errors == n);
}

/* Struck parts, and no others, are not there any more. */
static void
check_strike(void)
{
	GhcSlice	type = reply.n_errors > 0 ? reply.errors[0].type : GHC_SLICE("X");

	ghc_reply_strike(&reply, type);
	if (reply.n_errors == 0)
		return;
	if (reply.errors[0].page >= 0)
		check(!reply.pages[reply.errors[0].page].complete);
	else if (reply.errors[0].count >= 0)
		check(reply.counts[reply.errors[0].count] == -1);
	else if (reply.errors[0].list >= 0)
		check(!reply.lists[reply.errors[0].list].present);
	else
		check(!reply.pages[0].complete && !reply.lists[0].present);
}

static void
check_extra_json(void)
{
	for (int i = 0; i < reply.pages[0].n; i++)
	{
		const GhcRepository *repo = &reply.pages[0].repos[i];
		GhcSlice	json = repo->value[GHC_FIELD_EXTRA].text;

		if ((repo->set & GHC_FIELD_BIT(GHC_FIELD_EXTRA)) == 0)
			continue;
		oracle_ask(&oracle, json.data, json.len, false);
		check(oracle.accepted && oracle.nodes[0].type == ORACLE_OBJECT &&
			  oracle.n > 1);
	}
}

/* Does a key come twice in any object? */
static bool
has_repeated_key(void)
{
	for (int at = 0; at < oracle.n; at++)
		for (int i = at + 1; is_type(at, ORACLE_OBJECT) && i < node_at(at)->end; i = node_at(i)->end)
			for (int j = node_at(i)->end; j < node_at(at)->end; j = node_at(j)->end)
				if (ghc_slice_equals(node_at(i)->key, node_at(j)->key))
					return true;
	return false;
}

static void
check_body(const char *body, size_t len, bool extra)
{
	GhcArena	arena = {0};
	char	   *copy;

	oracle_ask(&oracle, body, len, true);
	if (!oracle.judged)
		return;
	copy = fuzz_copy(body, len);
	check(ghc_reply_read(&reply, copy, len, extra, &arena));
	if (!reply.is_json && strcmp(reply.scan_error, GHC_SCAN_REPEATED) == 0)
		check(!oracle.accepted || has_repeated_key());
	else
		check(reply.is_json == (oracle.accepted && is_type(0, ORACLE_OBJECT) &&
								oracle.depth <= GHC_SCAN_DEPTH));
	check(reply.is_json == (reply.scan_error == NULL));
	if (reply.is_json)
	{
		check(reply.replaced == oracle.replaced);
		check(ghc_slice_equals(reply.message,
							   text_at(oracle_member(&oracle, 0, "message"))));
		check_data(oracle_member(&oracle, 0, "data"), extra);
		check_errors(oracle_member(&oracle, 0, "errors"));
		check_strike();
		check_extra_json();
	}
	else
		check(!reply.has_data && reply.n_errors == 0 && !reply.pages[0].present &&
			  reply.scan_error_at <= len);
	ghc_arena_free(&arena);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t		before = sizeof(before_nodes) - 1;
	size_t		behind = sizeof(behind_nodes) - 1;
	char	   *body = malloc(before + size + behind);

	if (body == NULL)
		abort();
	memcpy(body, before_nodes, before);
	if (size > 0)
		memcpy(body + before, data, size);
	memcpy(body + before + size, behind_nodes, behind);
	check_body((const char *) data, size, size % 2);
	check_body(body, before + size + behind, size % 2 == 0);
	free(body);
	return 0;
}
