/*-------------------------------------------------------------------------
 *
 * classify_test.c
 *	  Headers, judgements and back-off.
 *
 * Bodies are those that GitHub is known to have sent, github-api.md 2.3 to 2.5,
 * 4.2 and 6; they go through the reader of replies as in a crawl.
 *
 * IDENTIFICATION
 *	  test/unit/classify_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "github/classify.h"
#include "tap.h"

/* Sun, 06 Nov 1994 08:49:37 GMT */
#define DATE INT64_C(784111777)
#define NOW INT64_C(784115000)

#define SECONDARY_TEXT \
	"You have exceeded a secondary rate limit. Please wait a few minutes " \
	"before you try again. If you reach out to GitHub Support for help, " \
	"please include the request ID 9C31:8954C:1."
#define WENT_WRONG_TEXT \
	"Something went wrong while executing your query. This may be the result " \
	"of a timeout, or it could be a GitHub bug. Please include " \
	"`6077:36DAD4:7DED00:FC1C21:67965282` when reporting this issue."
#define HTML "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n" \
	"<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n" \
	"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"

#define PAGE "{\"repositoryCount\":1," \
	"\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":\"Y3Vyc29yOjE=\"}," \
	"\"nodes\":[{\"id\":\"R_kgDOABPHjQ\",\"databaseId\":1296269}]}"
#define PAGE_WITH_NULL "{\"repositoryCount\":1," \
	"\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":null}," \
	"\"nodes\":[null]}"
#define WHOLE "{\"data\":{\"rateLimit\":null,\"p0\":" PAGE "}}"
#define DATED "Date: Sun, 06 Nov 1994 08:49:37 GMT\n"

typedef struct Case
{
	const char *name;
	int			status;
	const char *headers;		/* lines */
	const char *body;
	GhcVerdict	verdict;
	int64_t		wait_s;
	const char *reason;			/* its beginning */
} Case;

static const Case cases[] = {
	/* success */
	{"whole", 200, "", WHOLE, GHC_VERDICT_OK, -1, ""},
	{"whole with the last point", 200, "X-RateLimit-Remaining: 0\n",
	WHOLE, GHC_VERDICT_OK, -1, ""},
	{"count only", 200, "", "{\"data\":{\"c0\":{\"repositoryCount\":5}}}",
	GHC_VERDICT_OK, -1, ""},
	{"deprecation warnings", 200, "", "{\"data\":{\"p0\":" PAGE "},"
		"\"extensions\":{\"warnings\":[{\"type\":\"DEPRECATION\"}]}}",
	GHC_VERDICT_OK, -1, ""},

	/* the catalogue of 2.3 */
	{"RATE_LIMITED", 200, "X-RateLimit-Remaining: 0\n"
		"X-RateLimit-Reset: 784112777\n" DATED,
		"{\"errors\":[{\"type\":\"RATE_LIMITED\",\"message\":"
		"\"API rate limit exceeded for user ID 123.\"}]}",
		GHC_VERDICT_EXHAUSTED, 1001,
	"HTTP 200: API rate limit exceeded for user ID 123."},
	{"RATE_LIMITED with points left", 200, "X-RateLimit-Remaining: 4\n"
		"X-RateLimit-Reset: 784112777\n" DATED,
		"{\"errors\":[{\"type\":\"RATE_LIMITED\",\"message\":"
		"\"API rate limit exceeded for user ID 123.\"}]}",
	GHC_VERDICT_EXHAUSTED, 1001, "HTTP 200: API rate limit exceeded"},
	{"RATE_LIMIT", 200, "",
		"{\"errors\":[{\"type\":\"RATE_LIMIT\",\"code\":\"graphql_rate_limit\","
		"\"message\":\"API rate limit already exceeded for user ID 123.\"}]}",
	GHC_VERDICT_EXHAUSTED, -1, "HTTP 200: API rate limit already exceeded"},
	{"rate limit without a type", 200, "",
		"{\"errors\":[{\"message\":\"API rate limit already exceeded for "
		"installation ID 1.\"}]}",
	GHC_VERDICT_EXHAUSTED, -1, "HTTP 200: API rate limit already"},
	{"NOT_FOUND of a member", 200, "",
		"{\"data\":{\"p0\":" PAGE ",\"p1\":null},\"errors\":[{\"type\":"
		"\"NOT_FOUND\",\"path\":[\"p1\"],\"message\":\"Could not resolve to a "
		"Repository with the name 'o/n'.\"}]}",
	GHC_VERDICT_PARTIAL, -1, "HTTP 200: Could not resolve to a Repository"},
	{"FORBIDDEN of a member", 200, "",
		"{\"data\":{\"p0\":" PAGE_WITH_NULL "},\"errors\":[{\"type\":"
		"\"FORBIDDEN\",\"path\":[\"p0\",\"nodes\",0],\"extensions\":"
		"{\"saml_failure\":false},\"locations\":[{\"line\":1,\"column\":2}],"
		"\"message\":\"Although you appear to have the correct authorization "
		"credentials, the `x` organization has an IP allow list enabled\"}]}",
	GHC_VERDICT_PARTIAL, -1, "HTTP 200: Although you appear"},
	{"FORBIDDEN altogether", 200, "",
		"{\"data\":null,\"errors\":[{\"type\":\"FORBIDDEN\",\"message\":"
		"\"Resource not accessible by personal access token\"}]}",
	GHC_VERDICT_FORBIDDEN, -1, "HTTP 200: Resource not accessible by"},
	{"ARGUMENT_LIMIT", 200, "",
		"{\"data\":null,\"errors\":[{\"type\":\"ARGUMENT_LIMIT\",\"path\":"
		"[\"nodes\"],\"message\":\"You may not provide more than 100 node ids; "
		"you provided 101.\"}]}",
	GHC_VERDICT_BAD_QUERY, -1, "HTTP 200: You may not provide more"},
	{"EXCESSIVE_PAGINATION", 200, "",
		"{\"data\":{\"p0\":null},\"errors\":[{\"type\":\"EXCESSIVE_PAGINATION\","
		"\"path\":[\"p0\"],\"message\":\"Requesting 101 records on the `teams` "
		"connection exceeds the `first` limit of 100 records.\"}]}",
	GHC_VERDICT_BAD_QUERY, -1, "HTTP 200: Requesting 101 records"},
	{"MISSING_PAGINATION_BOUNDARIES", 200, "",
		"{\"errors\":[{\"type\":\"MISSING_PAGINATION_BOUNDARIES\",\"message\":"
		"\"You must provide a `first` or `last` value to properly paginate the "
		"`x` connection.\"}]}",
	GHC_VERDICT_BAD_QUERY, -1, "HTTP 200: You must provide"},
	{"MAX_NODE_LIMIT_EXCEEDED", 200, "",
		"{\"errors\":[{\"type\":\"MAX_NODE_LIMIT_EXCEEDED\",\"message\":\"This "
		"query requests up to 2,010,050 possible nodes which exceeds the "
		"maximum limit of 500,000.\"}]}",
	GHC_VERDICT_BAD_QUERY, -1, "HTTP 200: This query requests up to"},
	{"a field that is not there", 200, "",
		"{\"errors\":[{\"path\":[\"query\",\"x\"],\"extensions\":{\"code\":"
		"\"undefinedField\"},\"message\":\"Field 'x' doesn't exist on type "
		"'Repository'\"}]}",
	GHC_VERDICT_BAD_QUERY, -1, "HTTP 200: Field 'x' doesn't exist"},
	{"a query that can't be parsed", 200, "",
		"{\"errors\":[{\"message\":\"Expected NAME, actual: RCURLY\"}]}",
	GHC_VERDICT_BAD_QUERY, -1, "HTTP 200: Expected NAME"},
	{"a message that quotes the search", 200, "",
		"{\"errors\":[{\"type\":\"NOT_FOUND\",\"message\":\"nothing for "
		"'secondary rate limit'\"}],\"data\":{\"p0\":" PAGE "}}",
	GHC_VERDICT_PARTIAL, -1, "HTTP 200: nothing for"},
	{"RESOURCE_LIMITS_EXCEEDED", 200, "",
		"{\"data\":{\"p0\":null},\"errors\":[{\"type\":"
		"\"RESOURCE_LIMITS_EXCEEDED\",\"path\":[\"p0\"],\"message\":"
		"\"Resource limits for this query exceeded.\"}]}",
	GHC_VERDICT_TOO_MUCH, -1, "HTTP 200: Resource limits for this query"},
	{"resource limits beside good parts", 200, "",
		"{\"data\":{\"p0\":" PAGE ",\"p1\":null},\"errors\":[{\"type\":"
		"\"FORBIDDEN\",\"message\":\"no\"},{\"type\":"
		"\"RESOURCE_LIMITS_EXCEEDED\",\"path\":[\"p1\"],\"message\":"
		"\"Resource limits for this query exceeded.\"}]}",
	GHC_VERDICT_TOO_MUCH, -1, "HTTP 200: Resource limits for this query"},
	{"something went wrong, 502", 502, "",
		"{\"data\":null,\"errors\":[{\"message\":\"" WENT_WRONG_TEXT "\"}]}",
	GHC_VERDICT_TOO_SLOW, -1, "HTTP 502: Something went wrong"},
	{"something went wrong, 200", 200, "",
		"{\"data\":{\"p0\":" PAGE "},\"errors\":[{\"message\":\""
		WENT_WRONG_TEXT "\"}]}",
	GHC_VERDICT_TOO_SLOW, -1, "HTTP 200: Something went wrong"},
	{"something went wrong on a day", 502, "",
		"{\"data\":null,\"errors\":[{\"message\":\"Something went wrong while "
		"executing your query on 2025-03-25T04:48:34+00:00.\"}]}",
	GHC_VERDICT_TOO_SLOW, -1, "HTTP 502: Something went wrong"},
	{"HTML, 502", 502, "", HTML,
	GHC_VERDICT_TOO_SLOW, -1, "HTTP 502: body is not JSON"},
	{"HTML, 504", 504, "", HTML,
	GHC_VERDICT_TOO_SLOW, -1, "HTTP 504: body is not JSON"},
	{"not in time", 504, "",
		"{\"message\":\"We couldn't respond to your request in time. Sorry "
		"about that.\"}",
	GHC_VERDICT_TOO_SLOW, -1, "HTTP 504: We couldn't respond"},
	{"validation timed out", 200, "",
		"{\"errors\":[{\"message\":\"Timeout on validation of query\"}]}",
	GHC_VERDICT_TOO_SLOW, -1, "HTTP 200: Timeout on validation"},

	/* the server's trouble */
	{"HTML, 500", 500, "", HTML,
	GHC_VERDICT_SERVER, -1, "HTTP 500: body is not JSON"},
	{"503 with a wait", 503, "Retry-After: 30\n", HTML,
	GHC_VERDICT_SERVER, 30, "HTTP 503: body is not JSON"},
	{"Server Error", 500, "", "{\"message\":\"Server Error\"}",
	GHC_VERDICT_SERVER, -1, "HTTP 500: Server Error"},
	{"unknown errors, 500", 500, "",
		"{\"data\":null,\"errors\":[{\"message\":\"oops\"}]}",
	GHC_VERDICT_SERVER, -1, "HTTP 500: oops"},
	{"INTERNAL without data", 200, "",
		"{\"data\":null,\"errors\":[{\"type\":\"INTERNAL\",\"message\":\"x\"}]}",
	GHC_VERDICT_SERVER, -1, "HTTP 200: x"},
	{"INTERNAL with data", 200, "", "{\"data\":{\"p0\":" PAGE "},\"errors\":"
		"[{\"type\":\"INTERNAL\",\"message\":\"x\"}]}",
	GHC_VERDICT_PARTIAL, -1, "HTTP 200: x"},
	{"request timed out", 408, "", "",
	GHC_VERDICT_SERVER, -1, "HTTP 408"},

	/* secondary limits, 4.2 */
	{"secondary, 403 with a wait", 403,
		"Retry-After: 60\nX-RateLimit-Remaining: 4987\n",
		"{\"documentation_url\":\"https://docs.github.com/free-pro-team@latest/"
		"rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits\","
		"\"message\":\"" SECONDARY_TEXT "\"}",
	GHC_VERDICT_SECONDARY, 60, "HTTP 403: You have exceeded a secondary"},
	{"secondary, 403 without a wait", 403, "",
		"{\"message\":\"" SECONDARY_TEXT "\"}",
	GHC_VERDICT_SECONDARY, -1, "HTTP 403: You have exceeded a secondary"},
	{"secondary, 429", 429, "", "{\"message\":\"" SECONDARY_TEXT "\"}",
	GHC_VERDICT_SECONDARY, -1, "HTTP 429: You have exceeded a secondary"},
	{"secondary, 200 with errors", 200, "",
		"{\"errors\":[{\"type\":\"RATE_LIMITED\",\"message\":\""
		SECONDARY_TEXT "\"}]}",
	GHC_VERDICT_SECONDARY, -1, "HTTP 200: You have exceeded a secondary"},
	{"secondary, 200 with a message", 200, "",
		"{\"message\":\"" SECONDARY_TEXT "\"}",
	GHC_VERDICT_SECONDARY, -1, "HTTP 200: You have exceeded a secondary"},
	{"secondary before the last point", 403,
		"X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 784112777\n" DATED,
		"{\"message\":\"" SECONDARY_TEXT "\"}",
	GHC_VERDICT_SECONDARY, -1, "HTTP 403: You have exceeded a secondary"},
	{"abuse detection", 403, "Retry-After: 120\n",
		"{\"message\":\"You have triggered an Abuse Detection mechanism.\"}",
	GHC_VERDICT_SECONDARY, 120, "HTTP 403: You have triggered"},
	{"429 without a word", 429, "", "",
	GHC_VERDICT_SECONDARY, -1, "HTTP 429"},
	{"403 that asks to wait", 403, "Retry-After: 7\n", HTML,
	GHC_VERDICT_SECONDARY, 7, "HTTP 403: body is not JSON"},

	/* primary limits as REST tells them, 3.4 */
	{"exhausted, 403", 403,
		"X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 784112777\n" DATED,
		"{\"message\":\"API rate limit exceeded for user ID 1.\"}",
	GHC_VERDICT_EXHAUSTED, 1001, "HTTP 403: API rate limit exceeded"},
	{"exhausted, 429 by header only", 429,
		"X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 784115010\n", HTML,
	GHC_VERDICT_EXHAUSTED, 11, "HTTP 429: body is not JSON"},
	{"a wait goes before the reset", 403, "Retry-After: 5\n"
		"X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 784112777\n" DATED,
		"{\"message\":\"API rate limit exceeded for user ID 1.\"}",
	GHC_VERDICT_EXHAUSTED, 5, "HTTP 403: API rate limit exceeded"},
	{"a reset that has passed", 403,
		"X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 784111000\n" DATED, "{}",
	GHC_VERDICT_EXHAUSTED, 1, "HTTP 403"},
	{"a reset far away", 403,
		"X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 894111000\n" DATED, "{}",
	GHC_VERDICT_EXHAUSTED, 7201, "HTTP 403"},
	{"a reset in the body", 200, DATED,
		"{\"data\":{\"rateLimit\":{\"cost\":1,\"limit\":5000,\"remaining\":0,"
		"\"used\":5000,\"resetAt\":\"1994-11-06T08:50:37Z\"}},\"errors\":"
		"[{\"type\":\"RATE_LIMITED\",\"message\":\"x\"}]}",
	GHC_VERDICT_EXHAUSTED, 61, "HTTP 200: x"},

	/* this token, this address */
	{"bad credentials", 401, "",
		"{\"message\":\"Bad credentials\",\"documentation_url\":\"https://x\"}",
	GHC_VERDICT_BAD_TOKEN, -1, "HTTP 401: Bad credentials"},
	{"no User-Agent", 403, "X-RateLimit-Remaining: 4987\n",
		"{\"message\":\"Request forbidden by administrative rules. Please make "
		"sure your request has a User-Agent header\"}",
	GHC_VERDICT_FORBIDDEN, -1, "HTTP 403: Request forbidden by"},
	{"403 by somebody else", 403, "", HTML,
	GHC_VERDICT_FORBIDDEN, -1, "HTTP 403: body is not JSON"},
	{"451", 451, "", "{\"message\":\"Repository access blocked\"}",
	GHC_VERDICT_FORBIDDEN, -1, "HTTP 451: Repository access blocked"},
	{"the proxy's password", 407, "", HTML,
	GHC_VERDICT_FORBIDDEN, -1, "HTTP 407: body is not JSON"},
	{"no such address", 404, "", "{\"message\":\"Not Found\",\"status\":\"404\"}",
	GHC_VERDICT_NOT_FOUND, -1, "HTTP 404: Not Found"},
	{"no POST there", 405, "", HTML,
	GHC_VERDICT_NOT_FOUND, -1, "HTTP 405: body is not JSON"},
	{"unreadable request", 400, "", "{\"message\":\"Problems parsing JSON\"}",
	GHC_VERDICT_BAD_QUERY, -1, "HTTP 400: Problems parsing JSON"},
	{"validation failed", 422, "", "{\"message\":\"Validation Failed\"}",
	GHC_VERDICT_BAD_QUERY, -1, "HTTP 422: Validation Failed"},

	/* garbage */
	{"redirect", 301, "Location: https://user:pw@elsewhere.example/x?t=1\n", "",
	GHC_VERDICT_GARBAGE, -1, "HTTP 301: redirect refused"},
	{"redirect to a host", 302,
		"location: https://elsewhere.example:444/x?token=ghp_abc#y\n", "",
		GHC_VERDICT_GARBAGE, -1,
	"HTTP 302: redirect refused, it leads to elsewhere.example:444"},
	{"redirect on the same host", 307, "Location: /login?return=1\n", "",
	GHC_VERDICT_GARBAGE, -1, "HTTP 307: redirect refused"},
	{"redirect to a host without a scheme", 307, "Location: //elsewhere.example/x\n", "",
	GHC_VERDICT_GARBAGE, -1, "HTTP 307: redirect refused, it leads to elsewhere.example"},
	{"redirect to a path like an address", 307, "Location: /x://y/z\n", "",
	GHC_VERDICT_GARBAGE, -1, "HTTP 307: redirect refused"},
	{"HTML, 200", 200, "", HTML,
	GHC_VERDICT_GARBAGE, -1, "HTTP 200: body is not JSON: "},
	{"half a body", 200, "", "{\"data\":{\"p0\":{\"repositoryCount\":1",
	GHC_VERDICT_GARBAGE, -1, "HTTP 200: body is not JSON: "},
	{"nothing", 200, "", "", GHC_VERDICT_GARBAGE, -1, "HTTP 200: body is not"},
	{"an empty object", 200, "", "{}",
	GHC_VERDICT_GARBAGE, -1, "HTTP 200: body has neither data nor errors"},
	{"a message only", 200, "", "{\"message\":\"hello\"}",
	GHC_VERDICT_GARBAGE, -1, "HTTP 200: hello"},
	{"status 0", 0, "", "", GHC_VERDICT_GARBAGE, -1, "HTTP 0"},

	/* holes that GitHub does not mention */
	{"a null member", 200, "", "{\"data\":{\"p0\":" PAGE_WITH_NULL "}}",
	GHC_VERDICT_PARTIAL, -1, "HTTP 200: some repositories are missing"},
	{"a page without nodes", 200, "",
		"{\"data\":{\"p0\":{\"repositoryCount\":7}}}",
	GHC_VERDICT_PARTIAL, -1, "HTTP 200: some repositories are missing"},

	/* secrets and long texts */
	{"an echoed token", 403, "",
		"{\"message\":\"no: Bearer ghp_0123456789abcdef, github_pat_11A_x!\\n2\"}",
	GHC_VERDICT_FORBIDDEN, -1, "HTTP 403: no: Bearer *, *! 2"},
	{"echoed claims of an App", 401, "",
		"{\"message\":\"could not read eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2ln_-\"}",
	GHC_VERDICT_BAD_TOKEN, -1, "HTTP 401: could not read *"},
};

static void
read_headers(GhcHeaders *headers, const char *lines)
{
	ghc_headers_init(headers);
	while (*lines != '\0')
	{
		GhcSlice	line = {lines, strcspn(lines, "\n")};

		ghc_headers_add(headers, line);
		lines += line.len + (lines[line.len] == '\n' ? 1 : 0);
	}
}

/* Judges a response from its text; the body is read from a copy. */
static void
judge(GhcJudgement *out, int status, const char *lines, const char *text)
{
	static GhcReply reply;
	GhcHeaders	headers;
	GhcArena	arena = {0};
	size_t		len = strlen(text);
	char	   *body = malloc(len + 1);

	memcpy(body, text, len + 1);
	read_headers(&headers, lines);
	ok(ghc_reply_read(&reply, body, len, false, &arena), "reply is read");
	ghc_classify(out, GHC_TRANSPORT_OK, status, &headers, &reply, NOW);
	ghc_arena_free(&arena);
	free(body);
}

static void
test_case(const Case *row)
{
	GhcJudgement out;

	judge(&out, row->status, row->headers, row->body);
	is_str(ghc_verdict_name(out.verdict), ghc_verdict_name(row->verdict),
		   row->name);
	is_int(out.wait_s, row->wait_s, "wait");
	ok(strncmp(out.reason, row->reason, strlen(row->reason)) == 0 &&
	   (row->reason[0] != '\0' || out.reason[0] == '\0'),
	   "reason: %s", out.reason);
	ok(strstr(out.reason, "ghp_") == NULL && strstr(out.reason, "pw@") == NULL,
	   "no secret in it");
}

static void
test_transport(void)
{
	static const GhcVerdict want[] = {
		[GHC_TRANSPORT_REFUSED] = GHC_VERDICT_NETWORK,
		[GHC_TRANSPORT_TLS] = GHC_VERDICT_NETWORK,
		[GHC_TRANSPORT_TIMEOUT] = GHC_VERDICT_NETWORK,
		[GHC_TRANSPORT_BROKEN] = GHC_VERDICT_NETWORK,
		[GHC_TRANSPORT_TOO_LARGE] = GHC_VERDICT_GARBAGE,
		[GHC_TRANSPORT_OTHER] = GHC_VERDICT_NETWORK,
	};
	GhcHeaders	headers;
	GhcJudgement out;

	read_headers(&headers, "Retry-After: 5\n");
	for (int i = GHC_TRANSPORT_REFUSED; i <= GHC_TRANSPORT_OTHER; i++)
	{
		ghc_classify(&out, (GhcTransport) i, 200, &headers, NULL, NOW);
		is_int(out.verdict, want[i], "verdict of a transport");
		is_int(out.wait_s, -1, "nobody asked to wait");
		ok(out.reason[0] != '\0', "reason: %s", out.reason);
	}

	read_headers(&headers, "");
	ghc_classify(&out, GHC_TRANSPORT_OK, 200, &headers, NULL, NOW);
	is_int(out.verdict, GHC_VERDICT_GARBAGE, "success without a body");
	ghc_classify(&out, GHC_TRANSPORT_OK, 502, &headers, NULL, NOW);
	is_int(out.verdict, GHC_VERDICT_TOO_SLOW, "failure without a body");
	is_str(out.reason, "HTTP 502", "reason");
}

/* A reason is cut between characters, wherever the cut falls. */
static void
test_long_reasons(void)
{
	for (int before = 0; before < 4; before++)
	{
		char		body[2048] = "{\"message\":\"";
		GhcJudgement out;
		size_t		len;

		strcat(body, &"aaaa"[4 - before]);
		for (int i = 0; i < 100; i++)
			strcat(body, "\xf0\x9f\x92\xa9");
		strcat(body, "\"}");
		judge(&out, 403, "", body);
		len = strlen(out.reason);
		ok(len > 180 && len < sizeof(out.reason), "a long reason is cut");
		ok(memcmp(out.reason + len - 4, "\xf0\x9f\x92\xa9", 4) == 0,
		   "between characters");
	}
}

static void
test_headers(void)
{
	GhcHeaders	headers;

	read_headers(&headers, "HTTP/2 200\r\n"
				 "DATE:   Sun, 06 Nov 1994 08:49:37 GMT  \r\n"
				 "x-ratelimit-limit: 5000\r\nX-RateLimit-Remaining:4999\r\n"
				 "X-RATELIMIT-USED:\t1\r\nx-ratelimit-reset: 1658208999\r\n"
				 "x-ratelimit-resource: graphql\r\nretry-after: 60\r\n"
				 "X-GitHub-Request-Id: 9C31:8954C:1\r\n"
				 "location: https://api.github.com/x?y#z\r\n");
	is_int(headers.date, DATE, "date");
	is_int(headers.limit, 5000, "limit");
	is_int(headers.remaining, 4999, "remaining");
	is_int(headers.used, 1, "used");
	is_int(headers.reset_at, 1658208999, "reset");
	is_int(headers.retry_after_s, 60, "retry-after");
	is_str(headers.resource, "graphql", "resource");
	is_str(headers.request_id, "9C31:8954C:1", "request id");
	is_str(headers.location, "https://api.github.com/x", "location");

	ghc_headers_add(&headers, GHC_SLICE("HTTP/1.1 200 OK\r\n"));
	is_int(headers.limit, -1, "a status line starts anew");
	is_str(headers.location, "", "everything");
}

static void
test_bad_headers(void)
{
	/* with a user, and maybe a password, to whoever reads them leniently */
	static const char *const targets[] = {
		"//user:pw@host/", "http://user:pw@host/x", "http:user:pw@host/",
		"http:///user:pw@host/", "/\\user:pw@host/", "\\\\user:pw@host/",
		"///user:pw@host", "//user:p/w@host/"
	};
	GhcHeaders	headers;
	char		line[2048];

	read_headers(&headers, "x-ratelimit-limit: -5\nx-ratelimit-used: 5000x\n"
				 "x-ratelimit-remaining: 99999999999999999999\n"
				 "x-ratelimit-reset:\nretry-after: soon\n"
				 "date: Sun, 06 Nov 1994 08:49:37 CET\n"
				 "date: Sun, 36 Nov 1994 08:49:37 GMT\n"
				 "date: Sun, 06 Foo 1994 08:49:37 GMT\n"
				 "date: Sun, 06-Nov-1994 08:49:37 GMT\n"
				 "x-github-request-id: a b\nx-ratelimit-resource: \x01\n"
				 "location: https://user@host/\n: \nno colon\n\n");
	is_int(headers.limit, -1, "negative limit");
	is_int(headers.remaining, -1, "huge remaining");
	is_int(headers.used, -1, "used with letters");
	is_int(headers.reset_at, -1, "empty reset");
	read_headers(&headers, "x-ratelimit-reset: 253402300800\n");
	is_int(headers.reset_at, -1, "a reset beyond the year 9999");
	read_headers(&headers, "x-ratelimit-reset: 253402300799\n");
	is_int(headers.reset_at, INT64_C(253402300799), "a reset at its end");
	is_int(headers.retry_after_s, -1, "wait in words");
	is_str(headers.request_id, "", "request id of two words");
	is_str(headers.resource, "", "resource of control characters");
	is_str(headers.location, "", "location with a user");
	is_int(headers.date, -1, "dates of another zone or form and of no calendar");

	/* a NUL is no blank */
	ghc_headers_init(&headers);
	ghc_headers_add(&headers, GHC_SLICE("x-ratelimit-limit: \0005000\r\n"));
	ghc_headers_add(&headers, GHC_SLICE("x-ratelimit-used: 5000\0\r\n"));
	is_int(headers.limit, -1, "a NUL before a number");
	is_int(headers.used, -1, "a NUL behind a number");

	read_headers(&headers, "retry-after: 99999999\nlocation: /a/b?c@d\n");
	is_int(headers.retry_after_s, 86400, "a wait is a day at most");
	is_str(headers.location, "/a/b", "relative location");

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
	{
		snprintf(line, sizeof(line), "location: %s\n", targets[i]);
		read_headers(&headers, line);
		is_str(headers.location, "", targets[i]);
	}

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	memcpy(line, "location: ", 10);
	ghc_headers_init(&headers);
	ghc_headers_add(&headers, ghc_slice_of(line));
	memcpy(line, "x-github-request-id: ", 21);
	ghc_headers_add(&headers, ghc_slice_of(line));
	is_str(headers.location, "", "location that does not fit");
	is_str(headers.request_id, "", "request id that does not fit");
}

static void
test_backoff(void)
{
	is_int(ghc_backoff_ms(1, 1000, 60000, 0), 750, "least of the first");
	is_int(ghc_backoff_ms(1, 1000, 60000, UINT32_MAX), 1250, "most of the first");
	is_int(ghc_backoff_ms(1, 1000, 60000, UINT32_C(1) << 31), 1000, "middle");
	is_int(ghc_backoff_ms(3, 1000, 60000, UINT32_C(1) << 31), 4000, "third");
	is_int(ghc_backoff_ms(6, 1000, 60000, UINT32_C(1) << 31), 32000, "sixth");
	is_int(ghc_backoff_ms(7, 1000, 60000, UINT32_C(1) << 31), 60000, "capped");
	is_int(ghc_backoff_ms(1000000, 1000, 60000, UINT32_C(1) << 31), 60000,
		   "far over the cap");
	is_int(ghc_backoff_ms(0, 1000, 60000, UINT32_C(1) << 31), 1000,
		   "no attempt counts as the first");
	is_int(ghc_backoff_ms(1, 1000, 500, UINT32_C(1) << 31), 500,
		   "base over the cap");
}

/* What a GET's status and body come to. */
static void
test_get(void)
{
	static const struct
	{
		int			status;
		const char *body;
		GhcVerdict	verdict;
	}			gets[] = {
		{200, NULL, GHC_VERDICT_OK},
		{301, "{\"message\":\"Moved Permanently\"}", GHC_VERDICT_OK},
		{304, "", GHC_VERDICT_OK},
		{303, "", GHC_VERDICT_GARBAGE},
		{404, "{\"message\":\"Not Found\",\"status\":\"404\"}", GHC_VERDICT_OK},
		{422, "{\"message\":\"Validation Failed\"}", GHC_VERDICT_OK},
		{451, "{\"message\":\"Repository access blocked\",\"block\":{\"reason\":\"dmca\"}}", GHC_VERDICT_OK},
		{403, "{\"message\":\"Repository access blocked\",\"block\":{\"reason\":\"tos\"}}", GHC_VERDICT_OK},
		{403, "{\"message\":\"Resource protected by organization SAML enforcement.\"}", GHC_VERDICT_OK},
		{403, "{\"message\":\"Although you appear to have the correct authorization credentials, the `o` organization has an IP allow list enabled\"}", GHC_VERDICT_OK},
		{403, "{\"message\":\"Resource not accessible by integration\"}", GHC_VERDICT_FORBIDDEN},
		{403, "{\"message\":\"You have exceeded a secondary rate limit.\"}", GHC_VERDICT_SECONDARY},
		{403, "{\"message\":\"API rate limit exceeded for user ID 1.\"}", GHC_VERDICT_EXHAUSTED},
		{429, "", GHC_VERDICT_SECONDARY},
		{401, "{\"message\":\"Bad credentials\"}", GHC_VERDICT_BAD_TOKEN},
		{400, "{\"message\":\"not a supported version\"}", GHC_VERDICT_BAD_QUERY},
		{502, "<html>", GHC_VERDICT_TOO_SLOW},
		{500, "", GHC_VERDICT_SERVER},
	};
	static GhcReply reply;
	GhcArena	arena = {0};
	GhcHeaders	headers;
	GhcJudgement judgement;

	ghc_headers_init(&headers);
	for (size_t i = 0; i < sizeof(gets) / sizeof(gets[0]); i++)
	{
		char		body[256];

		ghc_reply_clear(&reply);
		if (gets[i].body != NULL)
		{
			snprintf(body, sizeof(body), "%s", gets[i].body);
			ok(ghc_reply_read(&reply, body, strlen(body), false, &arena), "read");
		}
		ghc_classify_get(&judgement, GHC_TRANSPORT_OK, gets[i].status, &headers,
						 &reply, 0);
		is_str(ghc_verdict_name(judgement.verdict), ghc_verdict_name(gets[i].verdict),
			   gets[i].body ? gets[i].body : "a list");
	}
	ghc_classify_get(&judgement, GHC_TRANSPORT_TIMEOUT, 0, &headers, NULL, 0);
	is_int(judgement.verdict, GHC_VERDICT_NETWORK, "no answer to a GET");
	ghc_headers_add(&headers, GHC_SLICE("ETag: W/\"abc\""));
	is_str(headers.etag, "W/\"abc\"", "an ETag");
	ghc_arena_free(&arena);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		test_case(&cases[i]);
	test_transport();
	test_long_reasons();
	test_headers();
	test_bad_headers();
	test_backoff();
	test_get();
	return done_testing();
}
