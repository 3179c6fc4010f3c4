/*-------------------------------------------------------------------------
 *
 * classify.c
 *	  Judges a reply; see classify.h.
 *
 * Three steps, each asked only if the one before was silent: what GitHub says
 * in the body, for it refuses with status 200 as well; the status; the data.
 * Of several errors in a body the gravest counts, that is the one that stops
 * the most.
 *
 * A redirect is never followed: the token would go with it.  It counts as
 * garbage, because whatever redirects a POST is no GraphQL API.
 *
 * IDENTIFICATION
 *	  src/github/classify.c
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>

#include "github/classify.h"

/* a reset further ahead than two hours is no reset of an hour's limit */
#define MAX_RESET_WAIT_S 7200

typedef struct Known
{
	const char *text;
	GhcVerdict	verdict;
} Known;

/* types of errors, github-api.md 2.3 */
static const Known types[] = {
	{"RATE_LIMITED", GHC_VERDICT_EXHAUSTED},
	{"RATE_LIMIT", GHC_VERDICT_EXHAUSTED},
	{"RESOURCE_LIMITS_EXCEEDED", GHC_VERDICT_TOO_MUCH},
	{"MAX_NODE_LIMIT_EXCEEDED", GHC_VERDICT_BAD_QUERY},
	{"ARGUMENT_LIMIT", GHC_VERDICT_BAD_QUERY},
	{"EXCESSIVE_PAGINATION", GHC_VERDICT_BAD_QUERY},
	{"MISSING_PAGINATION_BOUNDARIES", GHC_VERDICT_BAD_QUERY},
	{"INVALID_CURSOR_ARGUMENTS", GHC_VERDICT_BAD_QUERY},
	{"INTERNAL", GHC_VERDICT_SERVER},
	{"SERVICE_UNAVAILABLE", GHC_VERDICT_SERVER},
	{"FORBIDDEN", GHC_VERDICT_FORBIDDEN},
	{"INSUFFICIENT_SCOPES", GHC_VERDICT_FORBIDDEN},
	{"NOT_FOUND", GHC_VERDICT_PARTIAL},
};

/* parts of messages, in lower case; the first that is found counts */
static const Known phrases[] = {
	{"secondary rate", GHC_VERDICT_SECONDARY},
	{"abuse detection", GHC_VERDICT_SECONDARY},
	{"api rate limit exceeded", GHC_VERDICT_EXHAUSTED},
	{"api rate limit already exceeded", GHC_VERDICT_EXHAUSTED},
	{"something went wrong while executing your query", GHC_VERDICT_TOO_SLOW},
	{"timeout on validation of query", GHC_VERDICT_TOO_SLOW},
	{"respond to your request in time", GHC_VERDICT_TOO_SLOW},
	{"resource limits for this query exceeded", GHC_VERDICT_TOO_MUCH},
};

/* what errors mean, the gravest first */
static const GhcVerdict gravity[] = {
	GHC_VERDICT_SECONDARY,
	GHC_VERDICT_EXHAUSTED,
	GHC_VERDICT_TOO_SLOW,
	GHC_VERDICT_TOO_MUCH,
	GHC_VERDICT_BAD_QUERY,
	GHC_VERDICT_SERVER,
	GHC_VERDICT_FORBIDDEN,
	GHC_VERDICT_PARTIAL,
	GHC_VERDICT_OK,
};

/* how tokens of GitHub begin, and what an App signs */
static const char *const token_prefixes[] = {
	"github_pat_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "eyJ",
};

static const char *const verdict_names[] = {
	[GHC_VERDICT_OK] = "ok",
	[GHC_VERDICT_PARTIAL] = "partial",
	[GHC_VERDICT_EXHAUSTED] = "exhausted",
	[GHC_VERDICT_SECONDARY] = "secondary",
	[GHC_VERDICT_BAD_TOKEN] = "bad_token",
	[GHC_VERDICT_FORBIDDEN] = "forbidden",
	[GHC_VERDICT_TOO_SLOW] = "too_slow",
	[GHC_VERDICT_TOO_MUCH] = "too_much",
	[GHC_VERDICT_SERVER] = "server",
	[GHC_VERDICT_NETWORK] = "network",
	[GHC_VERDICT_GARBAGE] = "garbage",
	[GHC_VERDICT_BAD_QUERY] = "bad_query",
	[GHC_VERDICT_NOT_FOUND] = "not_found",
};

const char *
ghc_verdict_name(GhcVerdict verdict)
{
	return verdict_names[verdict];
}

/* ---------------------------------------------------------------------------
 * reasons
 * ---------------------------------------------------------------------------
 */

static bool
is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

/* How many bytes of a secret a text begins with. */
static size_t
secret_len(GhcSlice text)
{
	for (size_t i = 0; i < sizeof(token_prefixes) / sizeof(token_prefixes[0]);
		 i++)
	{
		size_t		len = strlen(token_prefixes[i]);

		if (text.len < len || memcmp(text.data, token_prefixes[i], len) != 0)
			continue;
		while (len < text.len && is_token_char(text.data[len]))
			len++;
		return len;
	}
	return 0;
}

/* Cuts off half a character of UTF-8 at the end of a string that was cut. */
static void
mend_end(char *text, size_t len)
{
	size_t		last = len;
	unsigned char lead;

	while (last > 0 && ((unsigned char) text[last - 1] & 0xC0) == 0x80)
		last--;
	if (last == 0)
		return;
	lead = (unsigned char) text[last - 1];
	if (lead >= 0xC0 && len - last < (lead < 0xE0 ? 1u : lead < 0xF0 ? 2u : 3u))
		text[last - 1] = '\0';
}

/*
 * Appends a message of GitHub to the reason: one line, as much as fits, and
 * without what looks like a token, should somebody echo ours.
 */
static void
add_message(GhcJudgement *out, GhcSlice text)
{
	size_t		len = strlen(out->reason);
	size_t		room = sizeof(out->reason) - 1;

	while (text.len > 0 && len < room)
	{
		size_t		step = secret_len(text);
		unsigned char c = (unsigned char) text.data[0];

		if (step > 0)
			c = '*';
		else
			step = 1;
		out->reason[len++] = c < 0x20 || c == 0x7F ? ' ' : (char) c;
		text.data += step;
		text.len -= step;
	}
	out->reason[len] = '\0';
	mend_end(out->reason, len);
}

/* Sets the judgement and its reason: the status and a text. */
static void
set_verdict(GhcJudgement *out, GhcVerdict verdict, int status, GhcSlice text)
{
	out->verdict = verdict;
	snprintf(out->reason, sizeof(out->reason), "HTTP %d%s", status,
			 text.len > 0 ? ": " : "");
	add_message(out, text);
}

/* ---------------------------------------------------------------------------
 * the body
 * ---------------------------------------------------------------------------
 */

static int
gravity_of(GhcVerdict verdict)
{
	int			i = 0;

	while (gravity[i] != verdict && gravity[i] != GHC_VERDICT_OK)
		i++;
	return -i;
}

/* True if a phrase in lower case is in the text, in any case. */
static bool
contains(GhcSlice text, const char *phrase)
{
	size_t		len = strlen(phrase);

	for (size_t at = 0; at + len <= text.len; at++)
	{
		size_t		i = 0;

		while (i < len)
		{
			char		c = text.data[at + i];

			if (c >= 'A' && c <= 'Z')
				c = (char) (c - 'A' + 'a');
			if (c != phrase[i])
				break;
			i++;
		}
		if (i == len)
			return true;
	}
	return false;
}

/* What a message says, GHC_VERDICT_OK if nothing that is known. */
static GhcVerdict
judge_message(GhcSlice message)
{
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (contains(message, phrases[i].text))
			return phrases[i].verdict;
	return GHC_VERDICT_OK;
}

/* What an error says, GHC_VERDICT_OK if nothing that is known. */
static GhcVerdict
judge_error(const GhcGraphError *error)
{
	GhcVerdict	by_type = GHC_VERDICT_OK;
	GhcVerdict	by_message;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (ghc_slice_equals(error->type, ghc_slice_of(types[i].text)))
			by_type = types[i].verdict;

	/* their messages quote what was asked for, and so prove nothing */
	if (by_type == GHC_VERDICT_BAD_QUERY || by_type == GHC_VERDICT_PARTIAL)
		return by_type;

	/* GitHub puts secondary limits under the types of primary ones */
	by_message = judge_message(error->message);
	return by_message != GHC_VERDICT_OK ? by_message : by_type;
}

/* The gravest error that was kept; NULL if none says what is known. */
static const GhcGraphError *
gravest_error(const GhcReply *reply, GhcVerdict *verdict)
{
	const GhcGraphError *gravest = NULL;

	*verdict = GHC_VERDICT_OK;
	for (int i = 0; i < reply->n_errors && i < GHC_MAX_ERRORS; i++)
	{
		GhcVerdict	this = judge_error(&reply->errors[i]);

		if (gravity_of(this) > gravity_of(*verdict))
		{
			gravest = &reply->errors[i];
			*verdict = this;
		}
	}
	return gravest;
}

/* Judges by what the body says; false if that depends on status or data. */
static bool
judge_body(GhcJudgement *out, int status, const GhcReply *reply)
{
	GhcVerdict	verdict;
	const GhcGraphError *error = gravest_error(reply, &verdict);
	GhcSlice	text = error != NULL ? error->message : reply->message;

	if (error == NULL)
		verdict = judge_message(reply->message);
	if (gravity_of(verdict) <= gravity_of(GHC_VERDICT_SERVER))
		return false;
	set_verdict(out, verdict, status, text);
	return true;
}

/* ---------------------------------------------------------------------------
 * the status
 * ---------------------------------------------------------------------------
 */

/* GitHub's own words for a refusal, or what is to be said of the body. */
static GhcSlice
describe_body(const GhcReply *reply)
{
	if (reply == NULL)
		return GHC_SLICE("");
	if (!reply->is_json)
		return GHC_SLICE("body is not JSON");
	return reply->n_errors > 0 ? reply->errors[0].message : reply->message;
}

/* 403 and 429 without words that tell which limit it is, if any. */
static GhcVerdict
judge_refusal(int status, const GhcHeaders *headers)
{
	if (headers->remaining == 0)
		return GHC_VERDICT_EXHAUSTED;
	if (status == 429 || headers->retry_after_s >= 0)
		return GHC_VERDICT_SECONDARY;
	return GHC_VERDICT_FORBIDDEN;
}

static GhcVerdict
verdict_of_status(int status, const GhcHeaders *headers)
{
	switch (status)
	{
		case 401:
			return GHC_VERDICT_BAD_TOKEN;
		case 403:
		case 429:
			return judge_refusal(status, headers);
		case 407:				/* the proxy wants a password */
		case 451:
			return GHC_VERDICT_FORBIDDEN;
		case 404:
		case 405:				/* something that takes no POST */
		case 410:				/* a version of the API that was retired */
			return GHC_VERDICT_NOT_FOUND;
		case 408:
			return GHC_VERDICT_SERVER;
		case 502:
		case 504:
			return GHC_VERDICT_TOO_SLOW;
		default:
			if (status >= 500 && status <= 599)
				return GHC_VERDICT_SERVER;
			if (status >= 400 && status <= 499)
				return GHC_VERDICT_BAD_QUERY;
			return GHC_VERDICT_GARBAGE;
	}
}

/* A redirect: names the host it leads to, and nothing else of the target. */
static void
judge_redirect(GhcJudgement *out, int status, const GhcHeaders *headers)
{
	const char *scheme_end = strstr(headers->location, "://");
	GhcSlice	name = {"", 0};

	if (strncmp(headers->location, "//", 2) == 0)
		name.data = headers->location + 2;
	else if (scheme_end != NULL && headers->location[0] != '/')
		name.data = scheme_end + 3;
	name.len = strcspn(name.data, "/");
	set_verdict(out, GHC_VERDICT_GARBAGE, status, name.len > 0 ?
				GHC_SLICE("redirect refused, it leads to ") :
				GHC_SLICE("redirect refused"));
	add_message(out, name);
}

/* ---------------------------------------------------------------------------
 * the data of a success
 * ---------------------------------------------------------------------------
 */

/* True if something is missing that GitHub did not complain about. */
static bool
has_holes(const GhcReply *reply)
{
	for (int i = 0; i < GHC_MAX_PAGES; i++)
	{
		const GhcPage *page = &reply->pages[i];

		if (page->present &&
			(!page->complete || page->nulls > 0 || page->dropped > 0))
			return true;
	}
	return false;
}

/* Errors without data: all of them refusals, or the query was at fault. */
static void
judge_errors(GhcJudgement *out, int status, const GhcReply *reply)
{
	GhcVerdict	verdict;
	const GhcGraphError *error = gravest_error(reply, &verdict);

	if (verdict != GHC_VERDICT_SERVER && verdict != GHC_VERDICT_FORBIDDEN)
		verdict = GHC_VERDICT_BAD_QUERY;
	if (error == NULL)
		error = &reply->errors[0];
	set_verdict(out, verdict, status, error->message);
}

static void
judge_data(GhcJudgement *out, int status, const GhcReply *reply)
{
	if (reply == NULL)
		set_verdict(out, GHC_VERDICT_GARBAGE, status, GHC_SLICE("no body"));
	else if (!reply->is_json)
	{
		set_verdict(out, GHC_VERDICT_GARBAGE, status,
					GHC_SLICE("body is not JSON: "));
		add_message(out, ghc_slice_of(reply->scan_error));
	}
	else if (!reply->has_data && reply->n_errors > 0)
		judge_errors(out, status, reply);
	else if (!reply->has_data && reply->message.len > 0)
		set_verdict(out, GHC_VERDICT_GARBAGE, status, reply->message);
	else if (!reply->has_data)
		set_verdict(out, GHC_VERDICT_GARBAGE, status,
					GHC_SLICE("body has neither data nor errors"));
	else if (reply->n_errors > 0)
		set_verdict(out, GHC_VERDICT_PARTIAL, status,
					reply->errors[0].message);
	else if (has_holes(reply))
		set_verdict(out, GHC_VERDICT_PARTIAL, status,
					GHC_SLICE("some repositories are missing"));
	else
		out->verdict = GHC_VERDICT_OK;
}

/* ---------------------------------------------------------------------------
 * all of it
 * ---------------------------------------------------------------------------
 */

static void
judge_transport(GhcJudgement *out, GhcTransport transport)
{
	static const char *const reasons[] = {
		[GHC_TRANSPORT_REFUSED] = "no connection",
		[GHC_TRANSPORT_TLS] = "TLS failed",
		[GHC_TRANSPORT_TIMEOUT] = "timed out",
		[GHC_TRANSPORT_BROKEN] = "connection broke off",
		[GHC_TRANSPORT_TOO_LARGE] = "response is too large",
		[GHC_TRANSPORT_OTHER] = "transfer failed",
	};

	out->verdict = transport == GHC_TRANSPORT_TOO_LARGE ?
		GHC_VERDICT_GARBAGE : GHC_VERDICT_NETWORK;
	snprintf(out->reason, sizeof(out->reason), "%s", reasons[transport]);
}

static void
judge_status(GhcJudgement *out, int status, const GhcHeaders *headers,
			 const GhcReply *reply)
{
	if (status >= 200 && status <= 299)
		judge_data(out, status, reply);
	else if (status >= 300 && status <= 399)
		judge_redirect(out, status, headers);
	else
		set_verdict(out, verdict_of_status(status, headers), status,
					describe_body(reply));
}

/* How long GitHub asked to wait, in the order of github-api.md 4.3. */
static int64_t
find_wait(GhcVerdict verdict, const GhcHeaders *headers,
		  const GhcReply *reply, int64_t now)
{
	int64_t		reset_at = headers->reset_at;
	int64_t		wait;

	if (headers->retry_after_s >= 0)
		return headers->retry_after_s;
	if (verdict != GHC_VERDICT_EXHAUSTED)
		return -1;
	if (reset_at <= 0 && reply != NULL)
		reset_at = reply->reset_at;
	if (reset_at <= 0)
		return -1;

	wait = reset_at - (headers->date > 0 ? headers->date : now);
	if (wait < 0)
		wait = 0;
	if (wait > MAX_RESET_WAIT_S)
		wait = MAX_RESET_WAIT_S;
	return wait + 1;
}

void
ghc_classify(GhcJudgement *out, GhcTransport transport, int status,
			 const GhcHeaders *headers, const GhcReply *reply, int64_t now)
{
	memset(out, 0, sizeof(*out));
	out->wait_s = -1;
	if (transport != GHC_TRANSPORT_OK)
	{
		judge_transport(out, transport);
		return;
	}

	if (reply == NULL || !judge_body(out, status, reply))
		judge_status(out, status, headers, reply);
	out->wait_s = find_wait(out->verdict, headers, reply, now);
}

/*
 * Why GitHub doesn't show a thing, whoever asks: words of 403 in lower case
 * (github-api.md 2.3, 6.5).  What else has that status is about the token.
 */
static bool
is_about_the_thing(GhcSlice message)
{
	static const char *const words[] = {
		"access blocked", "saml enforcement", "ip allow list",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (contains(message, words[i]))
			return true;
	return false;
}

/* Does a status say something of what a GET asked for? */
static bool
is_answer_to_get(int status, const GhcReply *reply)
{
	switch (status)
	{
		case 304:
		case 301:
		case 302:
		case 307:
		case 308:
		case 404:
		case 409:				/* an empty repository has no commits */
		case 422:
		case 451:
			return true;
		case 403:
			return reply != NULL && is_about_the_thing(reply->message);
		default:
			return status >= 200 && status <= 299;
	}
}

void
ghc_classify_get(GhcJudgement *out, GhcTransport transport, int status,
				 const GhcHeaders *headers, const GhcReply *reply, int64_t now)
{
	bool		refused;

	memset(out, 0, sizeof(*out));
	out->wait_s = -1;
	if (transport != GHC_TRANSPORT_OK)
	{
		judge_transport(out, transport);
		return;
	}
	refused = reply != NULL && judge_body(out, status, reply);
	if (!refused && is_answer_to_get(status, reply))
		snprintf(out->reason, sizeof(out->reason), "HTTP %d", status);
	else if (!refused && status >= 200 && status <= 399)
		set_verdict(out, GHC_VERDICT_GARBAGE, status, GHC_SLICE("no answer to a GET"));
	else if (!refused)
		judge_status(out, status, headers, reply);
	out->wait_s = find_wait(out->verdict, headers, reply, now);
}

int64_t
ghc_backoff_ms(int attempt, int64_t base_ms, int64_t cap_ms, uint32_t random)
{
	int64_t		wait = base_ms < cap_ms ? base_ms : cap_ms;

	for (int i = 1; i < attempt && wait < cap_ms; i++)
		wait = wait > cap_ms / 2 ? cap_ms : wait * 2;

	/* three quarters, and a random part of the half above them */
	return wait * 3 / 4 + (int64_t) ((double) wait / 2 * random / UINT32_MAX);
}
