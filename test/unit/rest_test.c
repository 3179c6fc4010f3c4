/*-------------------------------------------------------------------------
 *
 * rest_test.c
 *	  Tests of src/github/rest.c, and of the header that tells of pages.
 *
 * IDENTIFICATION
 *	  test/unit/rest_test.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/classify.h"
#include "github/rest.h"

#include <stdlib.h>

#include "tap.h"

static const char *const no_token[] = {
	"", "null", "[]", "{}", "{", "\"token\"",
	"{\"token\":\"ghs_a\"}",
	"{\"token\":null,\"expires_at\":\"2026-09-03T16:09:14Z\"}",
	"{\"token\":\"\",\"expires_at\":\"2026-09-03T16:09:14Z\"}",
	"{\"token\":7,\"expires_at\":\"2026-09-03T16:09:14Z\"}",
	"{\"token\":\"ghs_a\",\"expires_at\":\"2026-09-03\"}",
	"{\"token\":\"ghs_a\",\"expires_at\":\"soon\"}",
	"{\"token\":\"ghs_a\",\"expires_at\":1793000000}",
	"{\"token\":\"ghs_a b\",\"expires_at\":\"2026-09-03T16:09:14Z\"}",
	"{\"token\":\"ghs_a\\r\\nHost: x\",\"expires_at\":\"2026-09-03T16:09:14Z\"}",
	"{\"token\":\"ghs_\\u0000\",\"expires_at\":\"2026-09-03T16:09:14Z\"}",
	"{\"token\":\"ghs_\xc3\xa4\",\"expires_at\":\"2026-09-03T16:09:14Z\"}",
	"{\"token\":\"ghs_a\",\"expires_at\":\"2026-09-03T16:09:14Z\"",
	"{\"token\":\"ghs_a\",\"expires_at\":\"2026-09-03T16:09:14Z\"}x",
};

/* Copies, because texts are read in place; exactly as long, for sanitizers. */
static char *
copy_of(const char *text)
{
	char	   *copy = malloc(strlen(text) + 1);

	return memcpy(copy, text, strlen(text) + 1);
}

static void
test_tokens(void)
{
	char	   *json = copy_of(" {\"permissions\":{\"metadata\":[\"read\"]},\"token\":\"ghs_1_eyJ.eyJ.x\","
							   "\"expires_at\":\"2026-09-03T16:09:14Z\",\"repository_selection\":\"all\"}\n");
	char	   *large = malloc(20000);
	size_t		prefix;
	GhcRestToken token;

	ok(ghc_rest_read_token(&token, json, strlen(json)), "a token");
	is_slice(token.token, "ghs_1_eyJ.eyJ.x", "itself");
	is_int(token.expires_at, 1788451754, "and when it ends");
	free(json);
	for (size_t i = 0; i < sizeof(no_token) / sizeof(no_token[0]); i++)
	{
		json = copy_of(no_token[i]);
		ok(!ghc_rest_read_token(&token, json, strlen(json)), "no token: %s", no_token[i]);
		free(json);
	}
	strcpy(large, "{\"expires_at\":\"2026-09-03T16:09:14.123+00:00\",\"token\":\"");
	prefix = strlen(large);
	memset(large + prefix, 'a', 15000);
	strcpy(large + prefix + 15000, "\"}");
	ok(ghc_rest_read_token(&token, large, strlen(large)), "a token of any length");
	is_int(token.token.len, 15000, "is taken whole");
	free(large);
}

static int
read_list(const char *text, GhcInstallation *list, int max)
{
	char	   *json = copy_of(text);
	int			n = ghc_rest_read_installations(list, max, json, strlen(json));

	free(json);
	return n;
}

static void
test_installations(void)
{
	GhcInstallation list[3];
	static const char *const no_list[] = {"", "{}", "null", "[", "[{]", "[{\"id\":1}", "[{\"id\":1}]]"};

	is_int(read_list("[]", list, 3), 0, "none");
	for (size_t i = 0; i < sizeof(no_list) / sizeof(no_list[0]); i++)
		is_int(read_list(no_list[i], list, 3), -1, no_list[i]);

	is_int(read_list("[{\"id\":50001,\"app_id\":7,\"account\":{\"id\":9,\"login\":\"octo-org\",\"id\":3},"
					 "\"suspended_at\":null},\n{\"suspended_at\":\"2026-01-01T00:00:00Z\",\"id\":9007199254740993,"
					 "\"account\":{\"login\":\"a[bot]\"}}, {\"id\":3}]", list, 3), 3, "three");
	is_int(list[0].id, 50001, "an id");
	is_str(list[0].login, "octo-org", "whose it is");
	ok(!list[0].suspended, "it may be used");
	is_int(list[1].id, INT64_C(9007199254740993), "a large id");
	is_str(list[1].login, "a[bot]", "an account of another kind");
	ok(list[1].suspended, "a suspended one");
	is_str(list[2].login, "", "one of nobody");
	ok(!list[2].suspended, "that may be used");

	is_int(read_list("[{\"id\":1},{\"id\":2},{\"id\":3},{\"id\":4}]", list, 3), 3, "no more than there is room for");
	is_int(read_list("[{\"id\":0},{\"id\":-1},{\"id\":\"1\"},{\"id\":1.5},{},null,7,[1],"
					 "{\"id\":99999999999999999999},{\"id\":8,\"account\":null},"
					 "{\"id\":9,\"account\":{\"login\":\"a b\"}}]", list, 3), 2, "members that are none");
	is_int(list[0].id, 8, "the first that is one");
	is_str(list[0].login, "", "its account isn't told");
	is_int(list[1].id, 9, "the second");
	is_str(list[1].login, "", "has a name that can't be");
}

static bool
has_next(const char *line)
{
	GhcHeaders	headers;

	ghc_headers_init(&headers);
	ghc_headers_add(&headers, ghc_slice_of(line));
	return headers.has_next;
}

static void
test_links(void)
{
	ok(has_next("Link: <https://x/app/installations?page=2>; rel=\"next\", <https://x/?page=9>; rel=\"last\"\r\n"),
	   "a next page");
	ok(has_next("link:<https://x/?page=1>; rel=\"prev\",<https://x/?page=3>; rel=\"next\""), "behind another one");
	ok(!has_next("link: <https://x/?page=1>; rel=\"prev\", <https://x/?page=1>; rel=\"first\""), "the last page");
	ok(!has_next("link: rel=\"nex"), "cut off");
	ok(!has_next("x-link: rel=\"next\""), "another header");
	ok(!has_next("Link:"), "an empty one");
}

int
main(void)
{
	test_tokens();
	test_installations();
	test_links();
	return done_testing();
}
