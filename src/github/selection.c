/*-------------------------------------------------------------------------
 *
 * selection.c
 *	  Reads a GitHub repository search into a range; see selection.h.
 *
 * The text is read token by token: words, "phrases", and qualifier:value.
 * Intervals that a cut may narrow are taken out of the text, because GitHub
 * does not intersect a qualifier that stands twice.  All else stays, in its
 * order and spelling, and rides along in every query.
 *
 * IDENTIFICATION
 *	  src/github/selection.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdarg.h>
#include <stdio.h>

#include "github/selection.h"
#include "github/selection_value.h"

/* GitHub's own limits on words; qualifiers do not count */
#define MAX_WORD_CHARS 256
#define MAX_NOTS 5

/* so much of the user's text is quoted in a message */
#define QUOTE_BYTES 60

/* bits of Reader.seen beside those of the dimensions */
#define SEEN_FORK GHC_DIM_COUNT
#define SEEN_ARCHIVED (GHC_DIM_COUNT + 1)

typedef struct Token
{
	GhcSlice	text;			/* all of it, as it stands */
	GhcSlice	key;			/* of a qualifier, without '-' and ':' */
	GhcSlice	value;			/* of a qualifier, with its quotes */
	bool		negated;		/* by '-' */
	bool		has_paren;		/* outside quotes */
} Token;

typedef struct Reader
{
	GhcSlice	left;			/* not read yet */
	GhcRange   *range;
	GhcProblem *problem;
	size_t		rest_len;
	unsigned	seen;			/* understood qualifiers, a bit each */
	bool		after_not;		/* the token before was NOT */
	int			n_nots;
	size_t		word_chars;
} Reader;

/* qualifiers of GitHub that ghcrawl passes on as they are */
static const char *const passed_on[] = {
	"followers", "topics", "good-first-issues", "help-wanted-issues",
	"pushed", "language", "topic", "license", "is", "mirror", "template",
	"user", "org", "repo", "in",
};

/* Notes an error and returns false; detail and hint may be NULL. */
static bool
			fail(GhcProblem *problem, const char *detail, const char *hint,
				 const char *fmt,...) __attribute__((format(printf, 4, 5)));

static bool
fail(GhcProblem *problem, const char *detail, const char *hint,
	 const char *fmt,...)
{
	va_list		args;

	va_start(args, fmt);
	vsnprintf(problem->message, sizeof(problem->message), fmt, args);
	va_end(args);
	snprintf(problem->detail, sizeof(problem->detail), "%s",
			 detail ? detail : "");
	snprintf(problem->hint, sizeof(problem->hint), "%s", hint ? hint : "");
	return false;
}

/* How much of a text a message quotes: whole characters of the beginning. */
static int
quoted_len(GhcSlice text)
{
	size_t		len = text.len;

	if (len > QUOTE_BYTES)
	{
		len = QUOTE_BYTES;
		while (len > 0 && ((unsigned char) text.data[len] & 0xC0) == 0x80)
			len--;
	}
	return (int) len;
}

/*
 * Bytes of the UTF-8 character at the beginning of a text, 0 if it is none.
 * Overlong forms, surrogates and what is beyond Unicode are none.
 */
static size_t
utf8_len(GhcSlice text)
{
	const unsigned char *byte = (const unsigned char *) text.data;
	unsigned char low = 0x80;
	unsigned char high = 0xBF;
	size_t		len;

	if (byte[0] < 0x80)
		return 1;
	if (byte[0] < 0xC2 || byte[0] > 0xF4)
		return 0;
	len = byte[0] < 0xE0 ? 2 : byte[0] < 0xF0 ? 3 : 4;
	if (len > text.len)
		return 0;

	/* the first byte narrows what the second may be */
	if (byte[0] == 0xE0)
		low = 0xA0;
	else if (byte[0] == 0xED)
		high = 0x9F;
	else if (byte[0] == 0xF0)
		low = 0x90;
	else if (byte[0] == 0xF4)
		high = 0x8F;
	if (byte[1] < low || byte[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((byte[i] & 0xC0) != 0x80)
			return 0;
	return len;
}

/* U+0000 to U+001F, U+007F to U+009F */
static bool
is_control(const char *text, size_t len)
{
	unsigned char byte = (unsigned char) text[0];

	return byte < 0x20 || byte == 0x7F ||
		(len == 2 && byte == 0xC2 && (unsigned char) text[1] < 0xA0);
}

/* Refuses text whose tokens can't be told apart or shown. */
static bool
check_text(GhcSlice text, GhcProblem *problem)
{
	size_t		quotes = 0;

	while (text.len > 0)
	{
		size_t		len = utf8_len(text);

		if (len == 0)
			return fail(problem, NULL, NULL,
						"selection is not valid UTF-8");
		if (is_control(text.data, len))
			return fail(problem, NULL,
						"Separate words by blanks, not by tabs or line ends.",
						"selection contains a control character");
		if (text.data[0] == '"')
			quotes++;
		text.data += len;
		text.len -= len;
	}
	if (quotes % 2 != 0)
		return fail(problem, NULL, "Close the quotes, or leave them out.",
					"selection has an unbalanced quote");
	return true;
}

static size_t
count_chars(GhcSlice text)
{
	size_t		chars = 0;

	for (size_t i = 0; i < text.len; i++)
		if (((unsigned char) text.data[i] & 0xC0) != 0x80)
			chars++;
	return chars;
}

static bool
is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Finds key and value of a token, if it is a qualifier. */
static void
divide_token(Token *token)
{
	GhcSlice	text = token->text;
	size_t		begin = 0;
	size_t		colon;

	if (text.len > 1 && text.data[0] == '-')
	{
		token->negated = true;
		begin = 1;
	}
	for (colon = begin; colon < text.len; colon++)
		if (!is_key_char(text.data[colon]))
			break;
	if (colon == begin || colon == text.len || text.data[colon] != ':')
		return;
	token->key.data = text.data + begin;
	token->key.len = colon - begin;
	token->value.data = text.data + colon + 1;
	token->value.len = text.len - colon - 1;
}

/* Reads what stands up to the next blank outside quotes; false at the end. */
static bool
next_token(Reader *reader, Token *token)
{
	GhcSlice   *left = &reader->left;
	bool		quoted = false;
	size_t		len = 0;

	memset(token, 0, sizeof(*token));
	while (left->len > 0 && left->data[0] == ' ')
	{
		left->data++;
		left->len--;
	}
	for (; len < left->len && (quoted || left->data[len] != ' '); len++)
	{
		char		c = left->data[len];

		if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '(' || c == ')'))
			token->has_paren = true;
	}
	token->text.data = left->data;
	token->text.len = len;
	left->data += len;
	left->len -= len;
	divide_token(token);
	return len > 0;
}

/* Keeps a token as it is. */
static bool
keep_token(Reader *reader, const Token *token)
{
	char	   *rest = reader->range->rest;
	size_t		blank = reader->rest_len > 0 ? 1 : 0;

	if (token->text.len + blank >= GHC_REST_BYTES - reader->rest_len)
		return fail(reader->problem, NULL,
					"Start several crawls, each for a part of it.",
					"selection is too long");
	if (blank)
		rest[reader->rest_len++] = ' ';
	memcpy(rest + reader->rest_len, token->text.data, token->text.len);
	reader->rest_len += token->text.len;
	rest[reader->rest_len] = '\0';
	return true;
}

static bool
take_not(Reader *reader, const Token *token)
{
	if (reader->after_not)
		return fail(reader->problem, NULL, "Put one word after each NOT.",
					"NOT is followed by another NOT");
	if (++reader->n_nots > MAX_NOTS)
		return fail(reader->problem,
					"GitHub allows at most five operators in a search.",
					"Write -qualifier:value instead where you can.",
					"selection has more than %d operators", MAX_NOTS);
	reader->after_not = true;
	return keep_token(reader, token);
}

/* A word, a phrase or an operator. */
static bool
take_word(Reader *reader, const Token *token)
{
	if (ghc_slice_equals(token->text, GHC_SLICE("OR")))
		return fail(reader->problem, NULL,
					"Start one crawl for each part.",
					"OR is not supported in a selection");
	if (ghc_slice_equals(token->text, GHC_SLICE("AND")))
		return fail(reader->problem, NULL,
					"Leave it out: everything in a selection must apply.",
					"AND is not supported in a selection");
	if (ghc_slice_equals(token->text, GHC_SLICE("NOT")))
		return take_not(reader, token);

	/* words are counted with the blanks between them */
	if (reader->word_chars > 0)
		reader->word_chars++;
	reader->word_chars += count_chars(token->text);
	if (reader->word_chars > MAX_WORD_CHARS)
		return fail(reader->problem,
					"GitHub refuses more; qualifiers do not count.",
					"Search for fewer words.",
					"selection has more than %d characters of words",
					MAX_WORD_CHARS);
	reader->after_not = false;
	return keep_token(reader, token);
}

static bool
take_interval(Reader *reader, GhcDim dim, const Token *token)
{
	GhcInterval *interval = &reader->range->dim[dim];

	if (!ghc_selection_value_interval(token->value, dim, interval))
	{
		fail(reader->problem, NULL, NULL,
			 "invalid value \"%.*s\" of qualifier \"%s\"",
			 quoted_len(token->value), token->value.data, ghc_dim_names[dim]);
		snprintf(reader->problem->hint, sizeof(reader->problem->hint),
				 dim == GHC_DIM_CREATED ?
				 "Write dates or moments in UTC, such as %s:2020-01-31, "
				 "%s:>=2020-01-31T12:00:00Z or %s:2020-01-01..2020-06-30." :
				 "Write whole numbers, such as %s:10, %s:>=10 or %s:10..50.",
				 ghc_dim_names[dim], ghc_dim_names[dim], ghc_dim_names[dim]);
		return false;
	}
	if (ghc_selection_value_is_empty(dim, *interval))
		return fail(reader->problem, "No value lies between its bounds.",
					"Write the lower bound first; both bounds count.",
					"nothing can match \"%.*s\"",
					quoted_len(token->text), token->text.data);
	return true;
}

static bool
take_fork(Reader *reader, const Token *token)
{
	static const char *const words[] = {
		[GHC_FORKS_OUT] = "false",
		[GHC_FORKS_IN] = "true",
		[GHC_FORKS_ONLY] = "only",
	};
	int			found = ghc_selection_value_find(token->value, words, 3);

	if (found < 0)
		return fail(reader->problem, NULL,
					"Write fork:true, fork:only or fork:false.",
					"invalid value \"%.*s\" of qualifier \"%s\"",
					quoted_len(token->value), token->value.data, "fork");
	reader->range->forks = (GhcForks) found;
	return true;
}

static bool
take_archived(Reader *reader, const Token *token)
{
	static const char *const words[] = {"false", "true"};
	int			found = ghc_selection_value_find(token->value, words, 2);

	if (found < 0)
		return fail(reader->problem, NULL,
					"Write archived:true or archived:false.",
					"invalid value \"%.*s\" of qualifier \"%s\"",
					quoted_len(token->value), token->value.data, "archived");
	reader->range->archived = found == 1 ? GHC_TRI_TRUE : GHC_TRI_FALSE;
	return true;
}

/* The bit of a qualifier that is understood, -1 if it isn't. */
static int
find_understood(GhcSlice key)
{
	for (int dim = 0; dim < GHC_DIM_COUNT; dim++)
		if (ghc_selection_value_matches(key, ghc_dim_names[dim]))
			return dim;
	if (ghc_selection_value_matches(key, "fork"))
		return SEEN_FORK;
	return ghc_selection_value_matches(key, "archived") ? SEEN_ARCHIVED : -1;
}

static bool
take_understood(Reader *reader, int which, const Token *token)
{
	if (reader->seen & (1u << which))
		return fail(reader->problem,
					"GitHub does not intersect a qualifier that stands twice.",
					which < GHC_DIM_COUNT ?
					"Write one range, such as stars:5..10." :
					"Write it once.",
					"qualifier \"%.*s\" is given twice",
					quoted_len(token->key), token->key.data);
	reader->seen |= 1u << which;

	if (which == SEEN_FORK)
		return take_fork(reader, token);
	if (which == SEEN_ARCHIVED)
		return take_archived(reader, token);
	return take_interval(reader, (GhcDim) which, token);
}

static bool
is_passed_on(GhcSlice key)
{
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		if (ghc_selection_value_matches(key, passed_on[i]))
			return true;
	return false;
}

/* Adds a key to the list of unknown ones, as long as there is room. */
static void
note_unknown(GhcProblem *problem, GhcSlice key)
{
	size_t		used = strlen(problem->unknown);
	size_t		room = sizeof(problem->unknown) - used;

	if (key.len + sizeof(", ") > room)
		return;
	snprintf(problem->unknown + used, room, "%s%.*s", used > 0 ? ", " : "",
			 (int) key.len, key.data);
}

/* Refuses qualifiers that would change what a query is for. */
static bool
check_qualifier(Reader *reader, const Token *token)
{
	if (reader->after_not)
		return fail(reader->problem, NULL,
					"Exclude a qualifier by a minus: -qualifier:value.",
					"NOT is followed by qualifier \"%.*s\"",
					quoted_len(token->key), token->key.data);
	if (ghc_selection_value_matches(token->key, "sort"))
		return fail(reader->problem,
					"The order of a crawl is ghcrawl's own business.",
					"Sort when you read the table: ORDER BY stars DESC.",
					"sort: is not supported in a selection");
	if (ghc_selection_value_matches(token->key, "ids"))
		return fail(reader->problem, NULL,
					"Use a search, for example 'stars:>=0 fork:true'.",
					"ids: is no part of a search");
	return true;
}

static bool
take_qualifier(Reader *reader, const Token *token)
{
	int			which = find_understood(token->key);
	bool		known = which >= 0 || is_passed_on(token->key);

	if (!check_qualifier(reader, token))
		return false;
	if (known && token->value.len == 0)
		return fail(reader->problem, NULL,
					"Write the value right after the colon, without a blank.",
					"qualifier \"%.*s\" has no value",
					quoted_len(token->key), token->key.data);
	if (which >= 0 && !token->negated)
		return take_understood(reader, which, token);
	if (!known)
		note_unknown(reader->problem, token->key);
	return keep_token(reader, token);
}

static bool
take_token(Reader *reader, const Token *token)
{
	if (token->has_paren)
		return fail(reader->problem, NULL,
					"Start one crawl for each part, or quote what is meant "
					"literally.",
					"parentheses are not supported in a selection");
	if (token->key.len > 0)
		return take_qualifier(reader, token);
	return take_word(reader, token);
}

/* What can only be judged when all was read. */
static bool
finish(Reader *reader, int n_tokens)
{
	GhcRange	everything;

	if (n_tokens == 0)
		return fail(reader->problem, NULL,
					"'stars:>=0' selects everything public that isn't a fork.",
					"selection is empty");
	if (reader->after_not)
		return fail(reader->problem, NULL, "Put one word after each NOT.",
					"NOT is not followed by a word");

	/* fork:false and such ask for everything, but a search needs a term */
	ghc_range_init(&everything);
	if (ghc_range_equals(reader->range, &everything))
		reader->range->dim[GHC_DIM_STARS].lo = 0;
	return true;
}

bool
ghc_selection_parse(GhcSlice text, GhcRange *range, GhcProblem *problem)
{
	Reader		reader = {0};
	Token		token;
	int			n_tokens = 0;
	bool		is_all = false;

	memset(problem, 0, sizeof(*problem));
	ghc_range_init(range);
	if (!check_text(text, problem))
		return false;

	reader.left = text;
	reader.range = range;
	reader.problem = problem;
	while (next_token(&reader, &token))
	{
		n_tokens++;
		is_all = n_tokens == 1 &&
			ghc_selection_value_matches(token.text, "all");
		if (!take_token(&reader, &token))
			return false;
	}
	if (is_all)
		return fail(problem, NULL,
					"Use a search, for example 'stars:>=0 fork:true'.",
					"\"all\" is no search");
	return finish(&reader, n_tokens);
}
