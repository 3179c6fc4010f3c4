/*-------------------------------------------------------------------------
 *
 * headers.c
 *	  Reads the headers of a response that matter; see classify.h.
 *
 * Headers come from whoever answered, be it GitHub, a proxy or a stranger.
 * A value that is not what it should be is as good as absent.  What may carry
 * a secret, the query of a redirect's target, is never kept.
 *
 * IDENTIFICATION
 *	  src/github/headers.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/classify.h"
#include "github/instant.h"

/* numbers with more digits are no counts and no moments */
#define MAX_DIGITS 15

#define LAST_MOMENT_S INT64_C(253402300799)

/* nobody is waited for longer than a day */
#define MAX_RETRY_AFTER_S 86400

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
#define DATE_BYTES 29

void
ghc_headers_init(GhcHeaders *headers)
{
	memset(headers, 0, sizeof(*headers));
	headers->retry_after_s = -1;
	headers->limit = -1;
	headers->remaining = -1;
	headers->used = -1;
	headers->reset_at = -1;
	headers->date = -1;
	headers->poll_s = -1;
}

/* Compares a header's name with one in lower case. */
static bool
is_named(GhcSlice name, const char *want)
{
	if (name.len != strlen(want))
		return false;
	for (size_t i = 0; i < name.len; i++)
	{
		char		c = name.data[i];

		if (c >= 'A' && c <= 'Z')
			c = (char) (c - 'A' + 'a');
		if (c != want[i])
			return false;
	}
	return true;
}

/* Takes a number of nothing but digits. */
static void
take_number(GhcSlice value, int64_t *number)
{
	int64_t		sum = 0;

	if (value.len == 0 || value.len > MAX_DIGITS)
		return;
	for (size_t i = 0; i < value.len; i++)
	{
		if (value.data[i] < '0' || value.data[i] > '9')
			return;
		sum = sum * 10 + (value.data[i] - '0');
	}
	*number = sum;
}

/* Takes seconds since 1970, up to the year 9999. */
static void
take_moment(GhcSlice value, int64_t *seconds)
{
	int64_t		number = -1;

	take_number(value, &number);
	if (number >= 0 && number <= LAST_MOMENT_S)
		*seconds = number;
}

static void
take_retry_after(GhcSlice value, int *seconds)
{
	int64_t		number = -1;

	take_number(value, &number);
	if (number >= 0)
		*seconds = number > MAX_RETRY_AFTER_S ? MAX_RETRY_AFTER_S :
			(int) number;
}

/* Takes the only form of HTTP dates that is sent today, by way of ISO 8601. */
static void
take_date(GhcSlice value, int64_t *seconds)
{
	static const char form[DATE_BYTES + 1] = "***, ** *** **** ******** GMT";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char		iso[GHC_INSTANT_BYTES] = "YYYY-MM-DDTHH:MM:SSZ";
	GhcSlice	text = {iso, sizeof(iso) - 1};
	bool		is_date;

	if (value.len != DATE_BYTES)
		return;
	for (int i = 0; i < DATE_BYTES; i++)
		if (form[i] != '*' && value.data[i] != form[i])
			return;
	for (int month = 0; month < 12; month++)
		if (memcmp(value.data + 8, months + 3 * month, 3) == 0)
		{
			iso[5] = (char) ('0' + (month + 1) / 10);
			iso[6] = (char) ('0' + (month + 1) % 10);
		}
	memcpy(iso, value.data + 12, 4);
	memcpy(iso + 8, value.data + 5, 2);
	memcpy(iso + 11, value.data + 17, 8);
	ghc_instant_parse(text, seconds, &is_date);
}

/* Takes a word of visible ASCII that fits. */
static void
take_word(GhcSlice value, char *out, size_t size)
{
	if (value.len >= size)
		return;
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] <= ' ' || value.data[i] > '~')
			return;
	memcpy(out, value.data, value.len);
	out[value.len] = '\0';
}

/*
 * Takes a redirect's target without query and fragment.  One with an @ isn't
 * taken: a password may be before it, wherever a host is taken to begin.
 */
static void
take_location(GhcSlice value, char *out, size_t size)
{
	size_t		len = 0;

	while (len < value.len && value.data[len] != '?' && value.data[len] != '#')
		len++;
	value.len = len;
	if (len > 0 && memchr(value.data, '@', len) == NULL)
		take_word(value, out, size);
}

/*
 * Is there a link to a next page?  Where it leads isn't taken: whoever wants
 * that page counts pages, so that no token can be lured away.
 */
static void
take_link(GhcSlice value, bool *has_next)
{
	static const char next[] = "rel=\"next\"";

	for (size_t i = 0; i + sizeof(next) - 1 <= value.len; i++)
		if (memcmp(value.data + i, next, sizeof(next) - 1) == 0)
			*has_next = true;
}

void
ghc_headers_add(GhcHeaders *headers, GhcSlice line)
{
	const char *colon;
	GhcSlice	name = line;
	GhcSlice	value;

	if (line.len >= 5 && memcmp(line.data, "HTTP/", 5) == 0)
	{
		ghc_headers_init(headers);
		return;
	}
	colon = line.len > 0 ? memchr(line.data, ':', line.len) : NULL;
	if (colon == NULL)
		return;
	name.len = (size_t) (colon - line.data);
	value.data = colon + 1;
	value.len = line.len - name.len - 1;
	value = ghc_slice_trim(value);

	if (is_named(name, "retry-after"))
		take_retry_after(value, &headers->retry_after_s);
	else if (is_named(name, "x-ratelimit-limit"))
		take_number(value, &headers->limit);
	else if (is_named(name, "x-ratelimit-remaining"))
		take_number(value, &headers->remaining);
	else if (is_named(name, "x-ratelimit-used"))
		take_number(value, &headers->used);
	else if (is_named(name, "x-ratelimit-reset"))
		take_moment(value, &headers->reset_at);
	else if (is_named(name, "x-ratelimit-resource"))
		take_word(value, headers->resource, sizeof(headers->resource));
	else if (is_named(name, "date"))
		take_date(value, &headers->date);
	else if (is_named(name, "link"))
		take_link(value, &headers->has_next);
	else if (is_named(name, "x-poll-interval"))
		take_number(value, &headers->poll_s);
	else if (is_named(name, "x-github-request-id"))
		take_word(value, headers->request_id, sizeof(headers->request_id));
	else if (is_named(name, "etag"))
		take_word(value, headers->etag, sizeof(headers->etag));
	else if (is_named(name, "location"))
		take_location(value, headers->location, sizeof(headers->location));
}

void
ghc_headers_read(GhcHeaders *headers, GhcSlice lines)
{
	const char *at = lines.data;
	const char *end = lines.data + lines.len;

	ghc_headers_init(headers);
	while (at < end)
	{
		const char *eol = memchr(at, '\n', (size_t) (end - at));
		size_t		len = (size_t) ((eol ? eol : end) - at);

		ghc_headers_add(headers, (GhcSlice) {at, len});
		at += len + 1;
	}
}
