/*-------------------------------------------------------------------------
 *
 * reply_test.c
 *	  Tests of src/github/reply.c, page.c, repository.c and value.c.
 *
 * IDENTIFICATION
 *	  test/unit/reply_test.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/reply.h"
#include "github/scan.h"
#include "tap.h"

#include <stdlib.h>

#define FFFD "\xef\xbf\xbd"
#define BIT(field) GHC_FIELD_BIT(GHC_FIELD_ ## field)

static GhcReply reply;
static GhcArena arena;

/* what the last reply was read from; its slices point into it */
static char *body;

/*
 * Reads a copy of exactly that length, so that a sanitizer sees a read past
 * its end.
 */
static void
read_bytes(const char *json, size_t len, bool extra)
{
	free(body);
	body = malloc(len > 0 ? len : 1);
	memcpy(body, json, len);
	ghc_arena_reset(&arena);
	if (!ghc_reply_read(&reply, body, len, extra, &arena))
		ok(false, "memory is enough");
}

static void
read_text(const char *json)
{
	read_bytes(json, strlen(json), false);
}

/* Reads a page whose only repository has these members, and returns it. */
static const GhcRepository *
read_members(const char *members, bool extra)
{
	GhcBuffer	json = {0};

	ghc_buffer_printf(&json, "{\"data\":{\"p0\":{\"repositoryCount\":1,"
					  "\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":null},"
					  "\"nodes\":[{\"databaseId\":7,%s}]}}}", members);
	read_bytes(json.data, json.len, extra);
	ghc_buffer_free(&json);
	if (!ok(reply.is_json && reply.pages[0].n == 1, "a repository is read"))
		return NULL;
	return reply.pages[0].repos;
}

/* 's'et, null ('0'), absent ('-'), with '!' behind it if noted */
static const char *
state(const GhcRepository *repo, GhcFieldSet bit)
{
	bool		noted = (repo->noted & bit) != 0;

	if ((repo->set & bit) != 0)
		return (repo->null & bit) != 0 ? "both" : noted ? "s!" : "s";
	if ((repo->null & bit) != 0)
		return noted ? "0!" : "0";
	return noted ? "-!" : "-";
}

static const char whole_reply[] =
"{\"data\":{\"rateLimit\":{\"cost\":2,\"limit\":5000,\"nodeCount\":200,"
"\"remaining\":4998,\"used\":2,\"resetAt\":\"2026-09-03T17:09:14Z\"},"
"\"viewer\":{\"databaseId\":583231,\"login\":\"octocat\"},"
"\"p0\":{\"repositoryCount\":12,\"pageInfo\":{\"hasNextPage\":true,"
"\"endCursor\":\"Y3Vyc29yOjI=\"},\"nodes\":[{\"id\":\"R_kgDOABPHjQ\","
"\"databaseId\":1296269,\"createdAt\":\"2011-01-26T19:01:12Z\","
"\"pushedAt\":\"2026-09-03T16:09:14Z\",\"updatedAt\":\"2026-09-03T16:09:15Z\","
"\"archivedAt\":null,\"owner\":{\"databaseId\":583231},\"parent\":null,"
"\"stargazerCount\":2500,\"forkCount\":2100,\"diskUsage\":108,"
"\"isFork\":false,\"isArchived\":false,\"isDisabled\":false,"
"\"isEmpty\":false,\"isLocked\":false,\"isMirror\":false,"
"\"isTemplate\":true,\"isInOrganization\":false,\"hasIssuesEnabled\":true,"
"\"hasProjectsEnabled\":true,\"hasWikiEnabled\":true,"
"\"hasDiscussionsEnabled\":false,"
"\"nameWithOwner\":\"octocat\\/Hello-World\","
"\"description\":\"My \\\"first\\\" \xf0\x9f\x9a\x80 \\ud83d\\ude00\","
"\"homepageUrl\":\"\",\"primaryLanguage\":{\"name\":\"C\"},"
"\"licenseInfo\":{\"key\":\"mit\"},\"defaultBranchRef\":{\"name\":\"main\"},"
"\"repositoryTopics\":{\"nodes\":[{\"topic\":{\"name\":\"api\"}},"
"{\"topic\":{\"name\":\"atom\"}}]},\"languages\":{\"edges\":["
"{\"size\":1234,\"node\":{\"name\":\"C\"}},"
"{\"size\":56,\"node\":{\"name\":\"C++\"}}]}},"
"{\"id\":\"R_kgDOBi5lVA\",\"databaseId\":null,\"nameWithOwner\":\"a/b\"}]},"
"\"p1\":null,\"c0\":{\"repositoryCount\":345},\"c3\":{\"repositoryCount\":0},"
"\"c2\":null},\"errors\":[{\"type\":\"NOT_FOUND\",\"path\":[\"p1\"],"
"\"locations\":[{\"line\":1,\"column\":2}],\"message\":\"gone\"}]}";

static void
check_values(const GhcRepository *repo)
{
	const GhcValue *value = repo->value;
	GhcArray   *topics = value[GHC_FIELD_TOPICS].array;
	GhcArray   *languages = value[GHC_FIELD_LANGUAGES].array;

	is_int(repo->repo_id, 1296269, "id");
	is_int(value[GHC_FIELD_REPO_ID].number, 1296269, "id as a value");
	is_int(value[GHC_FIELD_CREATED_AT].number, 1296068472, "created");
	is_int(value[GHC_FIELD_PUSHED_AT].number, 1788451754, "pushed");
	is_int(value[GHC_FIELD_OWNER_ID].number, 583231, "owner");
	is_int(value[GHC_FIELD_STARS].number, 2500, "stars");
	is_int(value[GHC_FIELD_IS_TEMPLATE].number, 1, "a true boolean");
	is_int(value[GHC_FIELD_IS_FORK].number, 0, "a false one");
	is_slice(value[GHC_FIELD_NAME_WITH_OWNER].text, "octocat/Hello-World",
			 "name");
	is_slice(value[GHC_FIELD_DESCRIPTION].text,
			 "My \"first\" \xf0\x9f\x9a\x80 \xf0\x9f\x98\x80", "description");
	is_slice(value[GHC_FIELD_HOMEPAGE].text, "", "an empty text");
	is_slice(value[GHC_FIELD_LICENSE].text, "mit", "licence");
	is_int(topics->n, 2, "topics");
	is_slice(topics->names[1], "atom", "the second one");
	is_int(languages->n, 2, "languages");
	is_slice(languages->names[1], "C++", "the second one");
	is_int(value[GHC_FIELD_LANGUAGE_BYTES].array->numbers[1], 56, "its size");
	ok(repo->null == (BIT(ARCHIVED_AT) | BIT(PARENT_ID)), "nulls");
	ok((repo->set | repo->null | BIT(EXTRA)) ==
	   GHC_FIELD_BIT(GHC_FIELD_COUNT) - 1, "all fields but extra are there");
	ok(repo->noted == 0, "nothing is noted");
}

static void
test_whole(void)
{
	GhcPage    *page = &reply.pages[0];

	read_text(whole_reply);
	ok(reply.is_json && reply.has_data && reply.scan_error == NULL, "JSON");
	is_int(reply.cost, 2, "cost");
	is_int(reply.limit, 5000, "limit");
	is_int(reply.remaining, 4998, "remaining");
	is_int(reply.used, 2, "used");
	is_int(reply.reset_at, 1788455354, "reset");
	is_int(reply.viewer_id, 583231, "viewer");
	is_slice(reply.viewer_login, "octocat", "viewer's login");
	ok(page->present && page->complete && page->has_next, "a page");
	is_int(page->count, 12, "count");
	is_slice(page->end_cursor, "Y3Vyc29yOjI=", "cursor");
	if (is_int(page->n, 2, "repositories"))
	{
		check_values(&page->repos[0]);
		is_int(page->repos[1].repo_id, 103703892, "an id by node id");
		is_str(state(&page->repos[1], BIT(REPO_ID)), "s", "is no null");
	}
	ok(!reply.pages[1].present && !reply.pages[2].present, "no other page");
	is_int(reply.counts[0], 345, "a count");
	is_int(reply.counts[3], 0, "a count of none");
	is_int(reply.counts[2], -1, "a null count");
	is_int(reply.counts[63], -1, "a count not asked");
	is_int(reply.n_errors, 1, "errors");
	is_slice(reply.errors[0].type, "NOT_FOUND", "its type");
	is_slice(reply.errors[0].message, "gone", "its message");
	is_int(reply.errors[0].page, 1, "its part");
	is_int(reply.errors[0].count, -1, "which is no count");
}

/* Nothing but the whole body is JSON, and nothing of a part of it counts. */
static void
test_truncated(void)
{
	int			wrong = 0;

	for (size_t len = 0; len < strlen(whole_reply); len++)
	{
		read_bytes(whole_reply, len, len % 2 == 0);
		wrong += reply.is_json || reply.has_data || reply.scan_error == NULL ||
			reply.scan_error_at > len || reply.pages[0].present ||
			reply.counts[0] != -1 || reply.n_errors != 0;
	}
	is_int(wrong, 0, "a truncated reply is none");
}

/* Whatever single byte is wrong, nothing worse happens than a refusal. */
static void
test_damaged(void)
{
	static const char bytes[] = "\0\"\\{}[],:0-e.tn \x80\xf0\x7f";
	char		damaged[sizeof(whole_reply)];
	int			refused = 0;

	for (size_t at = 0; at < strlen(whole_reply); at++)
	{
		for (size_t i = 0; i < sizeof(bytes) - 1; i++)
		{
			memcpy(damaged, whole_reply, sizeof(damaged));
			damaged[at] = bytes[i];
			read_bytes(damaged, strlen(whole_reply), i % 2 == 0);
			refused += !reply.is_json;
		}
	}
	ok(refused > 0, "damaged replies are survived");
}

typedef struct GhcBodyCase
{
	const char *json;
	bool		is_json;
	bool		has_data;
	const char *message;
	int			n_errors;
} GhcBodyCase;

static const GhcBodyCase bodies[] = {
	{"", false, false, "", 0},
	{" \n", false, false, "", 0},
	{"[]", false, false, "", 0},
	{"null", false, false, "", 0},
	{"\"data\"", false, false, "", 0},
	{"<html><h1>502 Bad Gateway</h1></html>", false, false, "", 0},
	{"{\"message\":\"half", false, false, "", 0},
	{"{\"message\":\"whole\"} x", false, false, "", 0},
	{"{}{}", false, false, "", 0},
	{"{}", true, false, "", 0},
	{" {} \r\n", true, false, "", 0},
	{"{\"data\":null}", true, false, "", 0},
	{"{\"data\":[]}", true, false, "", 0},
	{"{\"data\":{}}", true, true, "", 0},
	{"{\"message\":\"Bad credentials\",\"documentation_url\":\"x\"}",
	true, false, "Bad credentials", 0},
	{"{\"message\":null}", true, false, "", 0},
	{"{\"message\":[1]}", true, false, "", 0},
	{"{\"message\":\"a\",\"message\":\"b\"}", true, false, "b", 0},
	{"{\"errors\":null}", true, false, "", 0},
	{"{\"errors\":[]}", true, false, "", 0},
	{"{\"errors\":[{}]}", true, false, "", 1},
	{"{\"errors\":[null,1,\"x\",[],{}]}", true, false, "", 5},
	{"{\"errors\":{}}", true, false, "", 1},
	{"{\"errors\":\"x\"}", true, false, "", 1},
	{"{\"extensions\":{\"warnings\":[{\"type\":\"DEPRECATION\"}]},\"data\":{}}",
	true, true, "", 0},
};

static void
test_bodies(void)
{
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
	{
		const GhcBodyCase *want = &bodies[i];

		read_text(want->json);
		ok(reply.is_json == want->is_json && reply.has_data == want->has_data &&
		   (reply.scan_error == NULL) == want->is_json, "body %zu", i);
		is_slice(reply.message, want->message, "its message");
		is_int(reply.n_errors, want->n_errors, "its errors");
	}
	read_bytes("{}\0", 3, false);
	ok(!reply.is_json, "a NUL behind the body");
	free(body);
	body = NULL;
	ok(ghc_reply_read(&reply, NULL, 0, false, &arena) && !reply.is_json,
	   "no body at all");
}

typedef struct GhcPathCase
{
	const char *path;
	int			page;
	int			count;
} GhcPathCase;

static const GhcPathCase paths[] = {
	{"[\"p3\",\"nodes\",7]", 3, -1},
	{"[\"c12\"]", -1, 12},
	{"[\"p0\"]", 0, -1},
	{"[\"p9\"]", 9, -1},
	{"[\"p10\"]", -1, -1},
	{"[\"c63\"]", -1, 63},
	{"[\"c64\"]", -1, -1},
	{"[\"c100\"]", -1, -1},
	{"[\"p03\"]", -1, -1},
	{"[\"p\"]", -1, -1},
	{"[\"p-1\"]", -1, -1},
	{"[\"p1x\"]", -1, -1},
	{"[\"q1\"]", -1, -1},
	{"[\"viewer\"]", -1, -1},
	{"[\"nodes\",0]", -1, -1},
	{"[0,\"p3\"]", -1, -1},
	{"[null]", -1, -1},
	{"[[\"p3\"]]", -1, -1},
	{"[]", -1, -1},
	{"null", -1, -1},
	{"\"p3\"", -1, -1},
	{"{\"p3\":1}", -1, -1},
};

static void
test_errors(void)
{
	GhcBuffer	json = {0};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
	{
		ghc_buffer_reset(&json);
		ghc_buffer_printf(&json, "{\"errors\":[{\"message\":\"m\",\"path\":%s,"
						  "\"type\":null,\"extensions\":{\"type\":\"x\"}}]}",
						  paths[i].path);
		read_text(json.data);
		is_int(reply.errors[0].page, paths[i].page, paths[i].path);
		is_int(reply.errors[0].count, paths[i].count, "and count");
		is_slice(reply.errors[0].type, "", "no type");
		is_slice(reply.errors[0].message, "m", "a message");
	}

	ghc_buffer_reset(&json);
	ghc_buffer_puts(&json, "{\"errors\":[0");
	for (int i = 1; i < 3 * GHC_MAX_ERRORS; i++)
		ghc_buffer_printf(&json, ",{\"message\":\"%d\"}", i);
	ghc_buffer_puts(&json, "]}");
	read_text(json.data);
	is_int(reply.n_errors, 3 * GHC_MAX_ERRORS, "all errors are counted");
	is_slice(reply.errors[GHC_MAX_ERRORS - 1].message, "999", "many are kept");
	ghc_buffer_free(&json);
}

static void
test_rate_limit(void)
{
	read_text("{\"data\":{\"rateLimit\":null,\"viewer\":null}}");
	ok(reply.cost == -1 && reply.limit == -1 && reply.remaining == -1 &&
	   reply.used == -1 && reply.reset_at == -1, "no rate limit");
	ok(reply.viewer_id == 0 && reply.viewer_login.len == 0, "no viewer");

	read_text("{\"data\":{\"rateLimit\":{\"cost\":null,\"limit\":-5,"
			  "\"remaining\":\"7\",\"used\":1.5,\"resetAt\":1788455354},"
			  "\"viewer\":{\"databaseId\":-1,\"login\":4}}}");
	ok(reply.cost == -1 && reply.limit == -1 && reply.remaining == -1 &&
	   reply.used == -1, "odd numbers are as none");
	is_int(reply.reset_at, 1788455354, "a reset in seconds");
	ok(reply.viewer_id == 0 && reply.viewer_login.len == 0, "odd viewer");

	read_text("{\"data\":{\"rateLimit\":{\"cost\":9223372036854775807,"
			  "\"limit\":1000000001,\"resetAt\":9223372036854775807},"
			  "\"viewer\":{\"databaseId\":9223372036854775807}}}");
	ok(reply.cost == -1 && reply.limit == -1 && reply.reset_at == -1 &&
	   reply.viewer_id == 0, "so are those that sums couldn't hold");

	read_text("{\"data\":{\"rateLimit\":{\"resetAt\":\"soon\"}}}");
	is_int(reply.reset_at, -1, "a reset that is none");
	read_text("{\"data\":{\"rateLimit\":{\"resetAt\":-1}}}");
	is_int(reply.reset_at, -1, "a negative one");
}

typedef struct GhcPageCase
{
	const char *json;
	bool		present;
	bool		complete;
	int			n;
	int			nulls;
	int			dropped;
} GhcPageCase;

#define COUNT "\"repositoryCount\":3,"
#define INFO "\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":null}"

static const GhcPageCase pages[] = {
	{"null", false, false, 0, 0, 0},
	{"[]", false, false, 0, 0, 0},
	{"{}", true, false, 0, 0, 0},
	{"{" COUNT INFO ",\"nodes\":[]}", true, true, 0, 0, 0},
	{"{" INFO ",\"nodes\":[]}", true, false, 0, 0, 0},
	{"{" COUNT INFO "}", true, false, 0, 0, 0},
	{"{" COUNT "\"nodes\":[]}", true, false, 0, 0, 0},
	{"{" COUNT INFO ",\"nodes\":null}", true, false, 0, 0, 0},
	{"{" COUNT INFO ",\"nodes\":{}}", true, false, 0, 0, 0},
	{"{" COUNT "\"pageInfo\":null,\"nodes\":[]}", true, false, 0, 0, 0},
	{"{" COUNT "\"pageInfo\":{},\"nodes\":[]}", true, false, 0, 0, 0},
	{"{" COUNT "\"pageInfo\":{\"hasNextPage\":1},\"nodes\":[]}",
	true, false, 0, 0, 0},
	{"{" COUNT "\"pageInfo\":{\"hasNextPage\":true,\"endCursor\":null},"
	"\"nodes\":[]}", true, false, 0, 0, 0},
	{"{" COUNT "\"pageInfo\":{\"hasNextPage\":true,\"endCursor\":\"x\"},"
	"\"nodes\":[]}", true, true, 0, 0, 0},
	{"{\"repositoryCount\":null," INFO ",\"nodes\":[]}",
	true, false, 0, 0, 0},
	{"{\"repositoryCount\":-1," INFO ",\"nodes\":[]}", true, false, 0, 0, 0},
	{"{" COUNT INFO ",\"nodes\":[null,{},{\"databaseId\":1}]}",
	true, true, 1, 2, 0},
	{"{" COUNT INFO ",\"nodes\":[1,\"x\",[{}],true,{\"a\":{}}]}",
	true, true, 0, 0, 5},
	{"{\"repositoryCount\":1000000000001," INFO ",\"nodes\":[]}",
	true, false, 0, 0, 0},
};

static void
test_pages(void)
{
	GhcBuffer	json = {0};

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
	{
		const GhcPageCase *want = &pages[i];
		GhcPage    *page = &reply.pages[9];

		ghc_buffer_reset(&json);
		ghc_buffer_printf(&json, "{\"data\":{\"p9\":%s}}", want->json);
		read_text(json.data);
		ok(page->present == want->present &&
		   page->complete == want->complete, "page %zu", i);
		is_int(page->n, want->n, "its repositories");
		is_int(page->nulls, want->nulls, "its nulls");
		is_int(page->dropped, want->dropped, "those dropped");
	}
	ghc_buffer_free(&json);

	read_text("{\"data\":{\"c1\":{\"repositoryCount\":9223372036854775807},"
			  "\"c2\":{\"repositoryCount\":1000000000000},"
			  "\"p10\":{},\"p01\":{},\"c64\":{},\"x\":{\"p1\":{}}}}");
	is_int(reply.counts[1], -1, "nobody has so many");
	is_int(reply.counts[2], GHC_MAX_COUNT, "nearly as many are a count");
	ok(!reply.pages[1].present, "other names are no parts");
}

#define NODE(members) "{\"data\":{\"p0\":{\"nodes\":[{\"databaseId\":1," members "}]}}}"

static const char *const repeated[] = {
	"{\"data\":{},\"data\":null}",
	"{\"data\":null,\"data\":{}}",
	"{\"errors\":[{}],\"errors\":[]}",
	"{\"data\":{\"p0\":{},\"p0\":null}}",
	"{\"data\":{\"c63\":{},\"c63\":{\"repositoryCount\":6}}}",
	"{\"data\":{\"n9\":[],\"x\":1,\"n9\":[]}}",
	"{\"data\":{\"p0\":{" COUNT INFO "," INFO "}}}",
	"{\"data\":{\"p0\":{" COUNT COUNT INFO "}}}",
	"{\"data\":{\"p0\":{\"nodes\":[],\"nodes\":[]}}}",
	NODE("\"databaseId\":1"),
	NODE("\"id\":\"R_kgAB\",\"id\":3"),
	NODE("\"id\":3,\"id\":\"R_kgAB\""),
	NODE("\"stargazerCount\":2,\"stargazerCount\":3"),
	NODE("\"stargazerCount\":null,\"stargazerCount\":2"),
	NODE("\"stargazerCount\":\"x\",\"stargazer\\u0043ount\":2"),
	NODE("\"owner\":null,\"owner\":{\"databaseId\":3}"),
	NODE("\"owner\":{\"databaseId\":3,\"databaseId\":4}"),
	NODE("\"repositoryTopics\":{\"nodes\":[],\"nodes\":[]}"),
};

/* Of two values for one key nobody can say which is meant. */
static void
test_repeated(void)
{
	for (size_t i = 0; i < sizeof(repeated) / sizeof(repeated[0]); i++)
	{
		read_text(repeated[i]);
		ok(!reply.is_json && reply.scan_error != NULL &&
		   strcmp(reply.scan_error, GHC_SCAN_REPEATED) == 0,
		   "%s", repeated[i]);
	}
	read_text("{\"x\":1,\"x\":2,\"data\":{\"p0\":{\"x\":1,\"x\":2,\"nodes\":[]},"
			  "\"p1\":{\"nodes\":[]}}}");
	ok(reply.is_json && reply.pages[1].present, "what isn't read may");
}

/*
 * However much a server sends, it takes little more memory than that: not the
 * thirty times as much of a repository that is made of its shortest text.
 */
static void
test_too_long_page(void)
{
	GhcBuffer	json = {0};

	ghc_buffer_puts(&json, "{\"data\":{\"p0\":{\"nodes\":[null");
	for (int i = 1; i <= 20000; i++)
		ghc_buffer_printf(&json, ",{\"databaseId\":%d}", i);
	ghc_buffer_puts(&json, "]},\"n0\":[null");
	for (int i = 1; i <= 20000; i++)
		ghc_buffer_printf(&json, ",{\"databaseId\":%d}", i);
	ghc_buffer_puts(&json, "]}}");
	read_text(json.data);
	is_int(reply.pages[0].n, GHC_MAX_PAGE_ROWS, "a page of 20,000 is cut");
	is_int(reply.pages[0].dropped, 20000 - GHC_MAX_PAGE_ROWS, "that is told");
	is_int(reply.lists[0].n_members, GHC_MAX_MEMBERS, "so is a list");
	ok(reply.lists[0].found.capacity <= GHC_MAX_MEMBERS &&
	   reply.pages[0].capacity <= 2 * GHC_MAX_PAGE_ROWS, "before it takes memory");

	ghc_buffer_reset(&json);
	ghc_buffer_puts(&json, "\"repositoryTopics\":{\"nodes\":[null");
	for (int i = 0; i < 101; i++)
		ghc_buffer_printf(&json, ",{\"topic\":{\"name\":\"t%d\"}}", i);
	ghc_buffer_puts(&json, "]}");
	is_str(state(read_members(json.data, false), BIT(TOPICS)), "-!",
		   "a list of more than 100 isn't believed");
	ghc_buffer_free(&json);
}

/* Names are in columns that many others refer to. */
static void
test_names(void)
{
	GhcBuffer	json = {0};

	is_str(state(read_members("\"licenseInfo\":{\"key\":\"mit\\u0000mit\"}", false),
				 BIT(LICENSE)), "-!", "a name that had to be mended is none");
	is_str(state(read_members("\"primaryLanguage\":{\"name\":\"C\xff\"}", false),
				 BIT(LANGUAGE)), "-!", "so of languages");
	is_str(state(read_members("\"description\":\"a\\u0000\"", false),
				 BIT(DESCRIPTION)), "s!", "other texts are mended");
	ghc_buffer_puts(&json, "\"nameWithOwner\":\"");
	for (int i = 0; i < 1001; i++)
		ghc_buffer_puts(&json, "n");
	ghc_buffer_puts(&json, "\"");
	is_str(state(read_members(json.data, false), BIT(NAME_WITH_OWNER)), "-!",
		   "one that is too long is none");
	ghc_buffer_reset(&json);
	ghc_buffer_puts(&json, "\"homepageUrl\":\"");
	for (int i = 0; i < 65537; i++)
		ghc_buffer_puts(&json, "h");
	ghc_buffer_puts(&json, "\"");
	is_str(state(read_members(json.data, false), BIT(HOMEPAGE)), "-!",
		   "so with texts that are longer than any");
	ghc_buffer_free(&json);
}

/* A server may send more than was asked for. */
static void
test_long_page(void)
{
	GhcBuffer	json = {0};
	int			wrong = 0;

	ghc_buffer_puts(&json, "{\"data\":{\"p1\":{\"nodes\":[null");
	for (int i = 1; i <= 1000; i++)
		ghc_buffer_printf(&json, ",{\"databaseId\":%d,\"stargazerCount\":%d,"
						  "\"nameWithOwner\":\"o/%d\"}", i, 2 * i, i);
	ghc_buffer_puts(&json, "]}}}");
	read_text(json.data);
	is_int(reply.pages[1].n, 1000, "a page of 1000");
	for (int i = 0; i < reply.pages[1].n; i++)
	{
		const GhcRepository *repo = &reply.pages[1].repos[i];

		wrong += repo->repo_id != i + 1 ||
			repo->value[GHC_FIELD_STARS].number != 2 * (i + 1) ||
			repo->value[GHC_FIELD_NAME_WITH_OWNER].text.data[0] != 'o';
	}
	is_int(wrong, 0, "all of it is right");
	ghc_buffer_free(&json);
}

typedef struct GhcIdCase
{
	const char *members;
	int64_t		repo_id;		/* 0: dropped */
	bool		noted;
} GhcIdCase;

static const GhcIdCase ids[] = {
	{"\"databaseId\":5", 5, false},
	{"\"id\":\"R_kgAB\",\"databaseId\":5", 5, false},
	{"\"databaseId\":null,\"id\":\"R_kgAB\"", 1, false},
	{"\"id\":\"R_kgAB\"", 1, false},
	{"\"id\":\"MDEwOlJlcG9zaXRvcnkx\"", 1, false},
	{"\"id\":\"R_kgDPAAAAAQAAAAA\",\"databaseId\":null", 4294967296, false},
	{"\"databaseId\":4294967296", 4294967296, false},
	{"\"databaseId\":\"5\",\"id\":\"R_kgAB\"", 1, true},
	{"\"databaseId\":5.5,\"id\":\"R_kgAB\"", 1, true},
	{"\"databaseId\":99999999999999999999,\"id\":\"R_kgAB\"", 1, true},
	{"\"databaseId\":0,\"id\":\"R_kgAB\"", 1, true},
	{"\"databaseId\":-5,\"id\":\"R_kgAB\"", 1, true},
	{"\"databaseId\":-5", 0, false},
	{"\"databaseId\":null", 0, false},
	{"\"databaseId\":null,\"id\":null", 0, false},
	{"\"id\":\"U_kgAB\"", 0, false},
	{"\"databaseId\":9223372036854775807,\"id\":\"R_kgAB\"", 1, true},
	{"\"databaseId\":1000000000000001", 0, false},
	{"\"id\":[\"R_kgAB\"]", 0, false},
	{"\"__typename\":\"Repository\"", 0, false},
};

static void
test_ids(void)
{
	GhcBuffer	json = {0};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
	{
		GhcPage    *page = &reply.pages[0];

		ghc_buffer_reset(&json);

		/* a good one before it leaves nothing behind */
		ghc_buffer_printf(&json, "{\"data\":{\"p0\":{\"nodes\":["
						  "{\"id\":\"R_kgDOABPHjQ\",\"databaseId\":9},"
						  "{%s}]}}}", ids[i].members);
		read_text(json.data);
		is_int(page->n == 2 ? page->repos[1].repo_id : 0, ids[i].repo_id,
			   ids[i].members);
		is_int(page->n + page->dropped, 2, "read or dropped");
		if (page->n == 2)
			is_str(state(&page->repos[1], BIT(REPO_ID)),
				   ids[i].noted ? "s!" : "s", "the id is set");
	}
	ghc_buffer_free(&json);
}

typedef struct GhcValueCase
{
	GhcField	field;
	const char *members;
	const char *state;
	int64_t		number;
	const char *text;
} GhcValueCase;

#define STARS GHC_FIELD_STARS, "\"stargazerCount\":"
#define PUSHED GHC_FIELD_PUSHED_AT, "\"pushedAt\":"
#define FORK GHC_FIELD_IS_FORK, "\"isFork\":"
#define HOMEPAGE GHC_FIELD_HOMEPAGE, "\"homepageUrl\":"
#define OWNER GHC_FIELD_OWNER_ID, "\"owner\":"
#define BRANCH GHC_FIELD_DEFAULT_BRANCH, "\"defaultBranchRef\":"

static const GhcValueCase values[] = {
	{GHC_FIELD_STARS, "\"other\":1", "-", 0, NULL},
	{STARS "0", "s", 0, NULL},
	{STARS "-1", "-!", 0, NULL},
	{STARS "2147483647", "s", INT32_MAX, NULL},
	{STARS "2147483648", "-!", 0, NULL},
	{STARS "-2147483649", "-!", 0, NULL},
	{STARS "99999999999999999999", "-!", 0, NULL},
	{STARS "1.5", "-!", 0, NULL},
	{STARS "\"1\"", "-!", 0, NULL},
	{STARS "{}", "-!", 0, NULL},
	{STARS "true", "-!", 0, NULL},
	{STARS "null", "-!", 0, NULL},

	{PUSHED "\"2026-09-03T16:09:14Z\"", "s", 1788451754, NULL},
	{PUSHED "\"2026-09-03T18:09:14+02:00\"", "s", 1788451754, NULL},
	{PUSHED "null", "0", 0, NULL},
	{PUSHED "\"\"", "-!", 0, NULL},
	{PUSHED "\"2026-02-30T00:00:00Z\"", "-!", 0, NULL},
	{PUSHED "1788451754", "-!", 0, NULL},

	{FORK "true", "s", 1, NULL},
	{FORK "false", "s", 0, NULL},
	{FORK "null", "-!", 0, NULL},
	{GHC_FIELD_DISK_KB, "\"diskUsage\":null", "0", 0, NULL},
	{GHC_FIELD_UPDATED_AT, "\"updatedAt\":null", "-!", 0, NULL},
	{FORK "1", "-!", 0, NULL},
	{FORK "\"true\"", "-!", 0, NULL},

	{HOMEPAGE "\"https:\\/\\/x.org\"", "s", 0, "https://x.org"},
	{HOMEPAGE "\"\"", "s", 0, ""},
	{HOMEPAGE "null", "0", 0, NULL},
	{HOMEPAGE "5", "-!", 0, NULL},
	{HOMEPAGE "[\"x\"]", "-!", 0, NULL},
	{HOMEPAGE "\"a\\u0000b\"", "s!", 0, "a" FFFD "b"},
	{HOMEPAGE "\"a\\ud800\"", "s!", 0, "a" FFFD},
	{HOMEPAGE "\"a\xff\"", "s!", 0, "a?"},
	{GHC_FIELD_HOMEPAGE, "\"homepage\\u0055rl\":\"x\"", "s", 0, "x"},

	{OWNER "{\"databaseId\":3}", "s", 3, NULL},
	{OWNER "{\"login\":\"x\",\"databaseId\":3,\"id\":\"y\"}", "s", 3, NULL},
	{OWNER "null", "0", 0, NULL},
	{OWNER "{}", "0", 0, NULL},
	{OWNER "{\"login\":\"x\"}", "0", 0, NULL},
	{OWNER "{\"databaseId\":null}", "0", 0, NULL},
	{OWNER "{\"databaseId\":\"x\"}", "-!", 0, NULL},
	{OWNER "{\"databaseId\":-4}", "-!", 0, NULL},
	{OWNER "3", "-!", 0, NULL},
	{OWNER "[]", "-!", 0, NULL},

	{BRANCH "{\"name\":\"main\"}", "s", 0, "main"},
	{BRANCH "{ \"name\" : \"ma\\tin\" }", "s", 0, "ma\tin"},
	{BRANCH "null", "0", 0, NULL},
	{BRANCH "{}", "0", 0, NULL},
	{BRANCH "{\"name\":null}", "-!", 0, NULL},
	{BRANCH "{\"name\":\"\\udfff\"}", "s!", 0, FFFD},
};

static void
test_values(void)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
	{
		const GhcValueCase *want = &values[i];
		const GhcRepository *repo = read_members(want->members, false);

		if (repo == NULL)
			continue;
		is_str(state(repo, GHC_FIELD_BIT(want->field)), want->state,
			   "state of the value");
		if (want->state[0] == 's' && want->text != NULL)
			is_slice(repo->value[want->field].text, want->text, "the text");
		else if (want->state[0] == 's')
			is_int(repo->value[want->field].number, want->number, "the number");
	}
}

typedef struct GhcListCase
{
	const char *json;
	const char *state;
	const char *want;
} GhcListCase;

static const GhcListCase topic_lists[] = {
	{"null", "0", NULL},
	{"{\"nodes\":null}", "0", NULL},
	{"{\"nodes\":[]}", "s", ""},
	{"{\"nodes\":[{\"topic\":{\"name\":\"a\"}}]}", "s", "a "},
	{"{\"totalCount\":2,\"nodes\":[null,{\"topic\":null},"
	"{\"x\":1,\"topic\":{\"x\":2,\"name\":\"b\",\"y\":3}}]}", "s", "b "},
	{"{\"nodes\":[1,{},{\"topic\":{}},{\"topic\":{\"name\":null}},"
	"{\"topic\":\"x\"},{\"topic\":{\"name\":\"c\"}}]}", "-!", NULL},
	{"{\"nodes\":[{\"topic\":{\"name\":\"\\u0000\"}}]}", "s!", FFFD " "},
	{"{\"nodes\":{}}", "-!", NULL},
	{"{}", "-!", NULL},
	{"{\"edges\":[]}", "-!", NULL},
	{"[]", "-!", NULL},
	{"\"x\"", "-!", NULL},
};

static const GhcListCase language_lists[] = {
	{"null", "0", NULL},
	{"{\"edges\":null}", "0", NULL},
	{"{\"edges\":[]}", "s", ""},
	{"{\"edges\":[{\"size\":1,\"node\":{\"name\":\"C\"}},"
		"{\"node\":{\"name\":\"D\",\"color\":\"#fff\"},\"size\":4294967296}]}",
	"s", "C:1 D:4294967296 "},
	{"{\"edges\":[null,{\"size\":1,\"node\":null},{\"size\":2,"
	"\"node\":{\"name\":\"C\"}}]}", "s", "C:2 "},
	{"{\"edges\":[{\"node\":{\"name\":\"A\"}},{\"size\":1},{},[],"
		"{\"size\":\"1\",\"node\":{\"name\":\"B\"}},"
		"{\"size\":1,\"node\":{\"name\":2}},"
	"{\"size\":2,\"node\":{\"name\":\"C\"}}]}", "-!", NULL},
	{"{\"edges\":3}", "-!", NULL},
	{"{}", "-!", NULL},
	{"true", "-!", NULL},
};

/* An array as "name name " or "name:number name:number ". */
static const char *
show_array(const GhcArray *array, bool numbers)
{
	static GhcBuffer out;

	ghc_buffer_free(&out);
	ghc_buffer_puts(&out, "");
	for (int i = 0; i < array->n; i++)
	{
		ghc_buffer_put_slice(&out, array->names[i]);
		if (numbers)
			ghc_buffer_printf(&out, ":%" PRId64, array->numbers[i]);
		ghc_buffer_puts(&out, " ");
	}
	return out.data;
}

static void
check_list(const GhcListCase *want, const char *key, GhcField field)
{
	GhcBuffer	json = {0};
	const GhcRepository *repo;

	ghc_buffer_printf(&json, "\"%s\":%s", key, want->json);
	repo = read_members(json.data, false);
	ghc_buffer_free(&json);
	if (repo == NULL)
		return;
	is_str(state(repo, GHC_FIELD_BIT(field)), want->state, want->json);
	if (want->want != NULL)
		is_str(show_array(repo->value[field].array,
						  field != GHC_FIELD_TOPICS), want->want, "the array");
}

static void
test_lists(void)
{
	for (size_t i = 0; i < sizeof(topic_lists) / sizeof(topic_lists[0]); i++)
		check_list(&topic_lists[i], "repositoryTopics", GHC_FIELD_TOPICS);
	for (size_t i = 0;
		 i < sizeof(language_lists) / sizeof(language_lists[0]); i++)
	{
		check_list(&language_lists[i], "languages", GHC_FIELD_LANGUAGES);
		check_list(&language_lists[i], "languages", GHC_FIELD_LANGUAGE_BYTES);
	}
}

/* Lists longer than asked for are kept whole. */
static void
test_long_list(void)
{
	GhcBuffer	json = {0};
	const GhcRepository *repo;
	GhcArray   *array;

	ghc_buffer_puts(&json, "\"languages\":{\"edges\":[null");
	for (int i = 0; i < 100; i++)
		ghc_buffer_printf(&json, ",{\"size\":%d,\"node\":{\"name\":\"L%d\"}}",
						  i, i);
	ghc_buffer_puts(&json, "]}");
	repo = read_members(json.data, false);
	ghc_buffer_free(&json);
	if (repo == NULL)
		return;
	array = repo->value[GHC_FIELD_LANGUAGES].array;
	is_int(array->n, 100, "100 languages");
	is_slice(array->names[0], "L0", "the first");
	is_slice(array->names[99], "L99", "the last");
	is_int(array->numbers[99], 99, "its size");
}

typedef struct GhcExtraCase
{
	const char *members;
	const char *state;
	const char *want;
} GhcExtraCase;

static const GhcExtraCase extras[] = {
	{"\"isFork\":true", "0", NULL},
	{"\"id\":\"x\",\"__typename\":\"Repository\"", "0", NULL},
	{"\"watchers\":{\"totalCount\":5}", "s",
	"{\"watchers\":{\"totalCount\":5}}"},
	{"\"a\": [1, 2],\"isFork\":true,\"b\" :null", "s",
	"{\"a\":[1, 2],\"b\":null}"},
	{"\"\":1", "s", "{\"\":1}"},
	{"\"a\\n\\\"\":\"\\u0041\\n\"", "s", "{\"a\\n\\\"\":\"\\u0041\\n\"}"},
	{"\"a\":\"\\u0000\"", "s!", "{\"a\":\"\\ufffd\"}"},
	{"\"a\":\"\xff\",\"b\":2", "s!", "{\"a\":\"?\",\"b\":2}"},
	{"\"a\":1e999999,\"b\":2", "s!", "{\"b\":2}"},
	{"\"a\":[1e999999]", "0!", NULL},
};

static void
test_extra(void)
{
	const GhcRepository *repo;

	for (size_t i = 0; i < sizeof(extras) / sizeof(extras[0]); i++)
	{
		repo = read_members(extras[i].members, true);
		if (repo == NULL)
			continue;
		is_str(state(repo, BIT(EXTRA)), extras[i].state, "state of extra");
		if (extras[i].want != NULL)
			is_slice(repo->value[GHC_FIELD_EXTRA].text, extras[i].want,
					 "extra members");
	}
	repo = read_members("\"watchers\":{\"totalCount\":5}", false);
	is_str(state(repo, BIT(EXTRA)), "-", "extra members not asked for");
}

/* Repositories of one page may differ in their keys and in their order. */
static void
test_order(void)
{
	static const char json[] = "{\"data\":{\"p0\":{\"nodes\":["
	"{\"databaseId\":1,\"forkCount\":11,\"x\":1,\"isFork\":true},"
	"{\"forkCount\":12,\"databaseId\":2,\"isFork\":true,\"x\":2},"
	"{\"databaseId\":3,\"forkCount\":13},"
	"{ \"databaseId\" : 4, \"forkCount\" : 14, \"isFork\":false },"
	"{\"databaseId\":5,\"forkCount\":15,\"x\":5,\"isFork\":false}]}}}";
	GhcPage    *page = &reply.pages[0];

	read_bytes(json, strlen(json), true);
	if (!is_int(page->n, 5, "all are read"))
		return;
	for (int i = 0; i < page->n; i++)
	{
		is_int(page->repos[i].repo_id, i + 1, "the id");
		is_int(page->repos[i].value[GHC_FIELD_FORKS].number, i + 11, "forks");
	}
	is_str(state(&page->repos[2], BIT(IS_FORK)), "-", "nothing is left over");
	is_str(state(&page->repos[2], BIT(EXTRA)), "0", "nor of the extra");
	is_slice(page->repos[1].value[GHC_FIELD_EXTRA].text, "{\"x\":2}", "extra");
	is_slice(page->repos[4].value[GHC_FIELD_EXTRA].text, "{\"x\":5}", "extra");
}

/* Repositories asked for by id: each in its place, with the error it got. */
static void
test_by_id(void)
{
	static const int want[] = {0, -1, 1, -1, -1, -1};
	static const struct
	{
		const char *path;
		int			list;
		int			member;
	}			paths[] = {
		{"[\"n0\",1]", 0, 1}, {"[\"n0\",99]", 0, 99}, {"[\"n0\",100]", 0, -1},
		{"[\"n0\"]", 0, -1}, {"[\"n0\",1,\"topics\"]", 0, -1},
		{"[\"n0\",\"1\"]", 0, -1}, {"[\"n0\",-1]", 0, -1}, {"[\"n0\",1.5]", 0, -1},
		{"[\"n10\",1]", -1, -1}, {"[\"p0\",1]", -1, -1}, {"null", -1, -1}
	};
	GhcBuffer	json = {0};
	GhcList    *list = &reply.lists[0];

	read_text("{\"data\":{\"n0\":[{\"databaseId\":7,\"nameWithOwner\":\"a/b\"},null,"
			  "{\"id\":\"R_kgDOABPHjQ\"},{},{\"nameWithOwner\":\"a/c\"},8]}}");
	ok(list->present, "a list is there");
	is_int(list->n_members, 6, "its members");
	for (int i = 0; i < 6; i++)
		is_int(list->repo[i], want[i], "which of them are repositories");
	is_int(list->found.n, 2, "two are");
	is_int(list->found.repos[1].repo_id, 1296269, "one by its node id");
	is_int(list->found.nulls, 0, "nothing is said of the others");

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
	{
		ghc_buffer_reset(&json);
		ghc_buffer_printf(&json, "{\"data\":{\"n0\":null},\"errors\":[{\"path\":%s}]}",
						  paths[i].path);
		read_text(json.data);
		is_int(reply.errors[0].list, paths[i].list, paths[i].path);
		is_int(reply.errors[0].member, paths[i].member, "its member");
		ok(!list->present, "null is no list");
	}
	ghc_buffer_reset(&json);
	ghc_buffer_puts(&json, "{\"data\":{\"n0\":[null");
	for (int i = 0; i < 2 * GHC_MAX_MEMBERS; i++)
		ghc_buffer_printf(&json, ",{\"databaseId\":%d}", i + 1);
	ghc_buffer_puts(&json, "]}}");
	read_text(json.data);
	is_int(list->n_members, GHC_MAX_MEMBERS, "members beyond what can be asked are passed over");
	is_int(list->found.n, GHC_MAX_MEMBERS - 1, "and their repositories");
	ghc_buffer_free(&json);
}

/* Repositories asked for by name: each comes as an alias of its own. */
static void
test_by_name(void)
{
	static const struct
	{
		const char *path;
		int			list;
		int			member;
	}			paths[] = {
		{"[\"n0_1\"]", 0, 1}, {"[\"n9_99\"]", 9, 99}, {"[\"n0_100\"]", -1, -1}, {"[\"n10_1\"]", -1, -1},
		{"[\"n0_\"]", -1, -1}, {"[\"n0_01\"]", -1, -1}, {"[\"_1\"]", -1, -1}, {"[\"p0_1\"]", -1, -1},
		{"[\"n0_1\",\"topics\"]", 0, -1}, {"[\"n0_1\",3]", 0, -1}
	};
	GhcBuffer	json = {0};
	GhcList    *list = &reply.lists[0];

	read_text("{\"data\":{\"n0_0\":{\"databaseId\":7,\"nameWithOwner\":\"a/b\"},\"n0_1\":null,"
			  "\"n0_3\":{\"id\":\"R_kgDOABPHjQ\"},\"n0_3\":{\"databaseId\":8},\"n1_0\":{\"databaseId\":9},\"n2_x\":{}}}");
	ok(list->present, "a list is there");
	is_int(list->n_members, 4, "its members");
	is_int(list->repo[0], 0, "a repository");
	is_int(list->repo[1], -1, "a null");
	is_int(list->repo[2], -1, "one that isn't there");
	is_int(list->repo[3], 1, "another repository");
	is_int(list->found.n, 2, "one that comes again is passed over");
	is_int(list->found.repos[1].repo_id, 1296269, "it is the first");
	is_int(reply.lists[1].found.repos[0].repo_id, 9, "another list");
	ok(!reply.lists[2].present, "what is no number is no member");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
	{
		ghc_buffer_reset(&json);
		ghc_buffer_printf(&json, "{\"data\":null,\"errors\":[{\"path\":%s}]}", paths[i].path);
		read_text(json.data);
		is_int(reply.errors[0].list, paths[i].list, paths[i].path);
		is_int(reply.errors[0].member, paths[i].member, "its member");
	}
	ghc_buffer_free(&json);
}

static void
test_replaced(void)
{
	read_text("{\"data\":{\"p0\":{\"nodes\":[{\"databaseId\":1,"
			  "\"description\":\"\\u0000\xff\"}]}},\"errors\":"
			  "[{\"message\":\"\\ud800\"}]}");
	is_int(reply.replaced, 3, "characters replaced are counted");
	is_slice(reply.errors[0].message, FFFD, "in messages, too");
	read_text("{}");
	is_int(reply.replaced, 0, "anew in each body");
}

/* What GitHub cut short is struck, what is whole stays. */
static void
test_strike(void)
{
	read_text("{\"data\":{\"p0\":{\"repositoryCount\":1,\"pageInfo\":{\"hasNextPage\":false,"
			  "\"endCursor\":null},\"nodes\":[]},\"p1\":{\"repositoryCount\":1,\"pageInfo\":"
			  "{\"hasNextPage\":false,\"endCursor\":null},\"nodes\":[]},\"c0\":{\"repositoryCount\":7},"
			  "\"c1\":{\"repositoryCount\":8},\"n0\":[]},\"errors\":["
			  "{\"type\":\"LIMIT\",\"path\":[\"p1\",\"nodes\",3],\"message\":\"\"},"
			  "{\"type\":\"OTHER\",\"path\":[\"p0\"],\"message\":\"\"},"
			  "{\"type\":\"LIMIT\",\"path\":[\"c0\"],\"message\":\"\"}]}");
	ghc_reply_strike(&reply, GHC_SLICE("LIMIT"));
	ok(reply.pages[0].complete, "another error strikes nothing");
	ok(!reply.pages[1].complete, "a page");
	is_int(reply.counts[0], -1, "a count");
	is_int(reply.counts[1], 8, "not its neighbour");
	ok(reply.lists[0].present, "nor a list");

	read_text("{\"data\":{\"c0\":{\"repositoryCount\":7},\"n0\":[]},\"errors\":["
			  "{\"type\":\"LIMIT\",\"message\":\"\"}]}");
	ghc_reply_strike(&reply, GHC_SLICE("LIMIT"));
	is_int(reply.counts[0], -1, "without a path, all are struck");
	ok(!reply.lists[0].present, "lists as well");
}

static void
test_clear(void)
{
	read_text("{\"data\":{\"viewer\":{\"databaseId\":1,\"login\":\"a\"},\"c0\":{\"repositoryCount\":5},"
			  "\"p0\":{\"repositoryCount\":0,\"pageInfo\":{\"hasNextPage\":false,"
			  "\"endCursor\":null},\"nodes\":[]}},\"errors\":[{\"type\":\"X\"}]}");
	ok(reply.pages[0].complete && reply.counts[0] == 5 && reply.n_errors == 1 &&
	   reply.viewer_id == 1, "a reply that says something");
	ghc_reply_clear(&reply);
	ok(!reply.is_json && !reply.has_data && !reply.pages[0].present &&
	   reply.counts[0] == -1 && reply.n_errors == 0 && reply.viewer_id == 0 &&
	   reply.cost == -1, "says nothing any more");
}

int
main(void)
{
	test_whole();
	test_truncated();
	test_damaged();
	test_bodies();
	test_errors();
	test_rate_limit();
	test_pages();
	test_repeated();
	test_too_long_page();
	test_names();
	test_long_page();
	test_ids();
	test_values();
	test_lists();
	test_long_list();
	test_extra();
	test_order();
	test_by_id();
	test_by_name();
	test_replaced();
	test_strike();
	test_clear();
	free(body);
	ghc_arena_free(&arena);
	return done_testing();
}
