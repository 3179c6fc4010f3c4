/*-------------------------------------------------------------------------
 *
 * span.c
 *	  Spans of repository ids; see span.h.
 *
 * IDENTIFICATION
 *	  src/github/span.c
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>

#include "github/span.h"
#include "github/selection_value.h"

#define ALL "all"
#define PREFIX "ids:"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Takes the next word of a text; empty if there is none. */
static GhcSlice
take_word(GhcSlice *text)
{
	GhcSlice	word;

	while (text->len > 0 && is_blank(*text->data))
	{
		text->data++;
		text->len--;
	}
	word = (GhcSlice) {text->data, 0};
	while (word.len < text->len && !is_blank(text->data[word.len]))
		word.len++;
	text->data += word.len;
	text->len -= word.len;
	return word;
}

static bool
begins_with(GhcSlice text, const char *prefix)
{
	size_t		len = strlen(prefix);

	return text.len >= len && memcmp(text.data, prefix, len) == 0;
}

/* Does a word begin so, in whatever case? */
static bool
is_ids(GhcSlice word)
{
	GhcSlice	head = {word.data, strlen(PREFIX)};

	return word.len >= head.len && ghc_selection_value_matches(head, PREFIX);
}

bool
ghc_span_is_meant(GhcSlice selection)
{
	GhcSlice	word = take_word(&selection);

	if (ghc_selection_value_matches(word, ALL))
		return true;
	for (; word.len > 0; word = take_word(&selection))
		if (is_ids(word))
			return true;
	return false;
}

/* Takes digits from the front of a text: a number up to the greatest id, -1: none. */
static int64_t
take_number(GhcSlice *text)
{
	size_t		len = 0;
	int64_t		number = 0;

	for (; len < text->len && text->data[len] >= '0' && text->data[len] <= '9'; len++)
	{
		number = number * 10 + (text->data[len] - '0');
		if (number > GHC_SPAN_MAX_ID)
			return -1;
	}
	text->data += len;
	text->len -= len;
	return len > 0 ? number : -1;
}

static bool
fail(GhcProblem *problem, const char *message, const char *detail, const char *hint)
{
	memset(problem, 0, sizeof(*problem));
	snprintf(problem->message, sizeof(problem->message), "%s", message);
	snprintf(problem->detail, sizeof(problem->detail), "%s", detail);
	snprintf(problem->hint, sizeof(problem->hint), "%s", hint);
	return false;
}

#define FORM "Write ids:1..1000000, or ids:5000..* for all from one on."

/* Reads "1..20000" or "1..*". */
static bool
read_bounds(GhcSlice text, GhcSpan *span)
{
	span->lo = take_number(&text);
	if (span->lo < 0 || !begins_with(text, ".."))
		return false;
	text.data += 2;
	text.len -= 2;
	if (ghc_slice_equals(text, GHC_SLICE("*")))
	{
		span->hi = GHC_SPAN_MAX_ID;
		return true;
	}
	span->hi = take_number(&text);
	return span->hi >= 0 && text.len == 0;
}

bool
ghc_span_parse(GhcSlice selection, GhcSpan *span, GhcProblem *problem)
{
	GhcSlice	word = take_word(&selection);

	memset(problem, 0, sizeof(*problem));
	if (take_word(&selection).len > 0)
		return fail(problem, "ids can't be combined with other qualifiers",
					"Ids are walked through one after the other, whatever repositories they have.",
					"Use a search such as stars:>=10, or put \"all\" in quotes to search for the word.");
	if (ghc_selection_value_matches(word, ALL))
	{
		*span = (GhcSpan) {1, GHC_SPAN_MAX_ID};
		return true;
	}
	word.data += strlen(PREFIX);
	word.len -= strlen(PREFIX);
	if (!read_bounds(word, span))
		return fail(problem, "ids can't be read",
					"They are whole numbers up to 9007199254740991 (2^53 - 1).", FORM);
	if (span->lo == 0)
		return fail(problem, "ids begin at 1", "", FORM);
	if (span->hi < span->lo)
		return fail(problem, "the last of the ids is before the first", "", FORM);
	return true;
}

void
ghc_span_format(const GhcSpan *span, GhcBuffer *out)
{
	ghc_buffer_printf(out, PREFIX "%" PRId64 "..", span->lo);
	if (ghc_span_is_open(span))
		ghc_buffer_puts(out, "*");
	else
		ghc_buffer_printf(out, "%" PRId64, span->hi);
}

void
ghc_span_put_ids(const char *name, const int64_t *ids, int n, GhcBuffer *out)
{
	for (int i = 0; i < n; i++)
	{
		if (i == 0)
			ghc_buffer_printf(out, " %s:", name);
		ghc_buffer_printf(out, "%s%" PRId64, i > 0 ? "," : "", ids[i]);
	}
}

bool
ghc_span_take(GhcSlice *text, GhcSpan *span)
{
	GhcSlice	word = take_word(text);

	if (!begins_with(word, PREFIX))
		return false;
	word.data += strlen(PREFIX);
	word.len -= strlen(PREFIX);
	return read_bounds(word, span) && span->lo > 0 && span->lo <= span->hi;
}

int
ghc_span_take_ids(GhcSlice *text, const char *name, int64_t *ids, int max)
{
	GhcSlice	rest = *text;
	GhcSlice	word = take_word(&rest);
	size_t		len = strlen(name);
	int			n = 0;

	if (!begins_with(word, name) || word.len <= len || word.data[len] != ':')
		return 0;
	do
	{
		bool		negative;
		int64_t		id;

		word.data += len + 1;
		word.len -= len + 1;
		len = 0;
		negative = word.len > 0 && *word.data == '-';
		word.data += negative;
		word.len -= negative;
		id = take_number(&word);
		if (id <= 0 || n == max)
			return -1;
		ids[n++] = negative ? -id : id;
	} while (word.len > 0 && *word.data == ',');
	if (word.len > 0)
		return -1;
	*text = rest;
	return n;
}
