/*-------------------------------------------------------------------------
 *
 * response_fuzz.c
 *	  A response of HTTP: header reader, Link parser (headers.c), and the
 *	  judgement of the whole (classify.c).
 *
 * The input is a response as it goes over the wire: lines of headers, an empty
 * line, a body.  One that begins with '!' and a digit stands for a transfer
 * that failed.  For any bytes:
 *
 *	- each line of headers says by itself what a plain reading makes of it;
 *	  all lines together say what they say one by one, from the last status on;
 *	- numbers are digits and within bounds, a date is one that the C library
 *	  writes the same way, words are visible ASCII;
 *	- there is a next page if and only if a Link says rel="next";
 *	- of a redirect's target nothing is kept that may be a secret;
 *	- every response gets a verdict with a name; its reason is one line of
 *	  UTF-8 (if the body's text was), and nothing like a token is in it;
 *	- the wait is what GitHub asked for, not negative, not longer than a day;
 *	- back-off stays between three quarters and five quarters of its step.
 *
 * IDENTIFICATION
 *	  test/fuzz/response_fuzz.c
 *
 *-------------------------------------------------------------------------
 */
/* memmem, strptime, timegm */
#define _GNU_SOURCE

#include <ctype.h>
#include <strings.h>
#include <time.h>

#include "fuzz.h"
#include "github/classify.h"

#define DAY_SECONDS 86400

/* "now" of the judgement: 2024-01-01 */
#define NOW INT64_C(1704067200)

/* of the year 9999 */
#define LAST_SECOND INT64_C(253402300799)

static GhcReply reply;

/* ---------------------------------------------------------------------------
 * headers
 * ---------------------------------------------------------------------------
 */

/* Is the line a header of this name?  Then also its value, trimmed. */
static bool
has_name(GhcSlice line, const char *name, GhcSlice *value)
{
	size_t		len = strlen(name);

	if (line.len <= len || line.data[len] != ':' ||
		strncasecmp(line.data, name, len) != 0)
		return false;
	value->data = line.data + len + 1;
	value->len = line.len - len - 1;
	while (value->len > 0 && memchr(" \t\r\n", value->data[value->len - 1], 4))
		value->len--;
	while (value->len > 0 && memchr(" \t", value->data[0], 2))
	{
		value->data++;
		value->len--;
	}
	return true;
}

/* The header as a number; -1 if it is none. */
static int64_t
number_of(GhcSlice line, const char *name)
{
	GhcSlice	value;
	char		text[16] = "";
	int64_t		want = -1;

	if (has_name(line, name, &value) && value.len > 0 && value.len < sizeof(text))
	{
		memcpy(text, value.data, value.len);
		if (strspn(text, "0123456789") == value.len)
			want = strtoll(text, NULL, 10);
	}
	return want;
}

static void
check_word(GhcSlice line, const char *name, const char *got, size_t size)
{
	GhcSlice	value = {"", 0};

	if (has_name(line, name, &value) && value.len < size)
		for (size_t i = 0; i < value.len; i++)
			if (!isgraph((unsigned char) value.data[i]))
				value.len = 0;
	check(ghc_slice_equals(ghc_slice_of(got), value.len < size ? value : GHC_SLICE("")));
}

static void
check_date(GhcSlice line, int64_t got)
{
	GhcSlice	value;
	struct tm	tm = {0};
	char		text[64] = "";
	char		again[64];
	time_t		at;

	if (!has_name(line, "date", &value))
	{
		check(got == -1);
		return;
	}
	if (got < 0)
	{
		/* whatever the C library writes is read, but for its weekday */
		if (value.len != 29 || memcmp(value.data + 3, ", ", 2) != 0)
			return;
		memcpy(text, value.data + 5, value.len - 5);
		if (strptime(text, "%d %b %Y %H:%M:%S GMT", &tm) == NULL)
			return;
		at = timegm(&tm);
		gmtime_r(&at, &tm);
		strftime(again, sizeof(again), "%d %b %Y %H:%M:%S GMT", &tm);
		check(at < 0 || strcmp(again, text) != 0);
		return;
	}
	at = (time_t) got;
	gmtime_r(&at, &tm);
	strftime(again, sizeof(again), " %b %Y %H:%M:%S GMT", &tm);
	check(memcmp(value.data + 7, again, strlen(again)) == 0);
	check(atoi(value.data + 5) == tm.tm_mday);
}

static void
check_link(GhcSlice line, bool got)
{
	GhcSlice	value;

	if (!has_name(line, "link", &value))
		check(!got);
	else
		check(got == (memmem(value.data, value.len, "rel=\"next\"", 10) != NULL));
}

static void
check_location(GhcSlice line, const char *got)
{
	const char *host = strstr(got, "://");
	GhcSlice	value;

	check(strpbrk(got, "?# \t\r\n") == NULL);
	host = host ? host + 3 : got;
	check(memchr(host, '@', strcspn(host, "/")) == NULL);
	if (got[0] != '\0')
		check(has_name(line, "location", &value) && value.len >= strlen(got) &&
			  memcmp(value.data, got, strlen(got)) == 0);
}

static void
check_line(GhcSlice line)
{
	GhcHeaders	one;
	int64_t		seconds;

	ghc_headers_init(&one);
	ghc_headers_add(&one, line);
	seconds = number_of(line, "retry-after");
	check(one.retry_after_s == (seconds > DAY_SECONDS ? DAY_SECONDS : seconds));
	check(one.limit == number_of(line, "x-ratelimit-limit"));
	check(one.remaining == number_of(line, "x-ratelimit-remaining"));
	check(one.used == number_of(line, "x-ratelimit-used"));
	seconds = number_of(line, "x-ratelimit-reset");
	check(one.reset_at == (seconds > LAST_SECOND ? -1 : seconds));
	check_word(line, "x-ratelimit-resource", one.resource, sizeof(one.resource));
	check_word(line, "x-github-request-id", one.request_id, sizeof(one.request_id));
	check_date(line, one.date);
	check_link(line, one.has_next);
	check_location(line, one.location);
}

/* Reads all lines, one by one and together. */
static void
check_headers(GhcSlice lines, GhcHeaders *headers)
{
	char	   *copy = fuzz_copy(lines.data, lines.len);
	GhcHeaders	one_by_one;
	size_t		at = 0;

	ghc_headers_init(&one_by_one);
	while (at < lines.len)
	{
		const char *eol = memchr(lines.data + at, '\n', lines.len - at);
		size_t		len = eol ? (size_t) (eol - lines.data) - at : lines.len - at;
		char	   *line = fuzz_copy(lines.data + at, len);

		check_line((GhcSlice) {line, len});
		ghc_headers_add(&one_by_one, (GhcSlice) {line, len});
		free(line);
		at += len + 1;
	}
	ghc_headers_read(headers, (GhcSlice) {copy, lines.len});
	check(memcmp(headers, &one_by_one, sizeof(one_by_one)) == 0);
	free(copy);
}

/* ---------------------------------------------------------------------------
 * the judgement
 * ---------------------------------------------------------------------------
 */

/* Is there half a character of UTF-8 at the end, or a control character? */
static void
check_reason(const char *reason)
{
	static const char *const prefixes[] = {
		"github_pat_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_"
	};
	size_t		len = strlen(reason);
	size_t		tail = 0;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		check(strstr(reason, prefixes[i]) == NULL);
	for (size_t i = 0; i < len; i++)
		check((unsigned char) reason[i] >= 0x20 && reason[i] != 0x7F);
	if (!reply.is_json)
		return;
	while (tail < len && ((unsigned char) reason[len - 1 - tail] & 0xC0) == 0x80)
		tail++;
	if (tail < len && (unsigned char) reason[len - 1 - tail] >= 0xC0)
	{
		unsigned char lead = (unsigned char) reason[len - 1 - tail];

		check(tail == (lead < 0xE0 ? 1u : lead < 0xF0 ? 2u : 3u));
	}
}

static void
check_judgement(const GhcJudgement *judgement, const GhcHeaders *headers)
{
	const char *name = ghc_verdict_name(judgement->verdict);

	check(name != NULL && name[0] != '\0');
	check_reason(judgement->reason);
	check((judgement->verdict == GHC_VERDICT_OK) == (judgement->reason[0] == '\0'));
	check(judgement->wait_s >= -1 && judgement->wait_s <= DAY_SECONDS);
	if (judgement->verdict != GHC_VERDICT_NETWORK && headers->retry_after_s >= 0)
		check(judgement->wait_s == headers->retry_after_s ||
			  strncmp(judgement->reason, "HTTP", 4) != 0);
}

/* The status in the last line that begins like "HTTP/1.1 200". */
static int
find_status(GhcSlice lines)
{
	int			status = 0;

	for (size_t i = 0; i + 12 <= lines.len; i++)
		if ((i == 0 || lines.data[i - 1] == '\n') &&
			memcmp(lines.data + i, "HTTP/", 5) == 0)
		{
			const char *blank = memchr(lines.data + i, ' ', 12);
			char		digits[4] = "";

			if (blank == NULL || blank + 4 > lines.data + lines.len)
				continue;
			memcpy(digits, blank + 1, 3);
			status = atoi(digits);
		}
	return status;
}

static void
check_transport(uint8_t digit)
{
	GhcTransport transport = (GhcTransport) (digit % (GHC_TRANSPORT_OTHER + 1));
	GhcHeaders	headers;
	GhcJudgement judgement;

	ghc_headers_init(&headers);
	ghc_classify(&judgement, transport, 200, &headers, NULL, NOW);
	memset(&reply, 0, sizeof(reply));
	check_judgement(&judgement, &headers);
	check(judgement.verdict != GHC_VERDICT_OK && judgement.wait_s == -1);
}

static void
check_backoff(FuzzRandom random)
{
	int64_t		base = fuzz_below(&random, 100000);
	int64_t		cap = fuzz_below(&random, 10000000);
	int			attempt = (int) fuzz_below(&random, 70);
	int64_t		wait = ghc_backoff_ms(attempt, base, cap, (uint32_t) random.state);
	int64_t		step = base < cap ? base : cap;

	for (int i = 1; i < attempt && step < cap; i++)
		step = step * 2 < cap ? step * 2 : cap;
	check(wait >= step * 3 / 4 && wait <= step * 5 / 4 + 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GhcSlice	lines = {(const char *) data, size};
	const char *empty = size > 0 ? memmem(data, size, "\r\n\r\n", 4) : NULL;
	GhcHeaders	headers;
	GhcJudgement judgement;
	GhcArena	arena = {0};
	char	   *body;
	size_t		body_len = 0;

	check_backoff(fuzz_random(data, size, 0));
	if (size >= 2 && data[0] == '!')
	{
		check_transport(data[1]);
		return 0;
	}
	if (empty != NULL)
	{
		lines.len = (size_t) (empty - lines.data) + 2;
		body_len = size - lines.len - 2;
	}
	body = fuzz_copy(lines.data + size - body_len, body_len);
	check_headers(lines, &headers);
	check(ghc_reply_read(&reply, body, body_len, false, &arena));
	ghc_classify(&judgement, GHC_TRANSPORT_OK, find_status(lines), &headers,
				 empty != NULL ? &reply : NULL, NOW);
	check_judgement(&judgement, &headers);
	ghc_arena_free(&arena);
	free(body);
	return 0;
}
