/*-------------------------------------------------------------------------
 *
 * selection_test.c
 *	  What users may select, how it is understood, what they are told.
 *
 * IDENTIFICATION
 *	  test/unit/selection_test.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/selection.h"
#include "tap.h"

typedef struct Good
{
	const char *text;
	const char *want;			/* as it is written again */
	const char *unknown;
} Good;

static const Good good[] = {
	/* numbers */
	{"stars:5", "stars:5", ""},
	{"stars:>5", "stars:>=6", ""},
	{"stars:>=5", "stars:>=5", ""},
	{"stars:<5", "stars:<=4", ""},
	{"stars:<=5", "stars:<=5", ""},
	{"stars:0..10", "stars:0..10", ""},
	{"stars:5..5", "stars:5", ""},
	{"stars:5..*", "stars:>=5", ""},
	{"stars:*..5", "stars:<=5", ""},
	{"stars:007", "stars:7", ""},
	{"stars:\"5\"", "stars:5", ""},
	{"stars:\">5\"", "stars:>=6", ""},
	{"stars:<1", "stars:<=0", ""},
	{"stars:9223372036854775806", "stars:9223372036854775806", ""},
	{"stars:9223372036854775807", "stars:>=9223372036854775807", ""},
	{"size:1..2 forks:3 stars:4", "stars:4 forks:3 size:1..2", ""},

	/* dates and moments */
	{"created:2020-01-31",
	"created:2020-01-31T00:00:00Z..2020-01-31T23:59:59Z", ""},
	{"created:>2020-01-31", "created:>=2020-02-01T00:00:00Z", ""},
	{"created:>=2020-01-31", "created:>=2020-01-31T00:00:00Z", ""},
	{"created:<2020-01-31", "created:<=2020-01-30T23:59:59Z", ""},
	{"created:<=2020-01-31", "created:<=2020-01-31T23:59:59Z", ""},
	{"created:2020-01-01..2020-02-29",
	"created:2020-01-01T00:00:00Z..2020-02-29T23:59:59Z", ""},
	{"created:2020-01-01T12:00:00Z..2020-02-29T12:00:00+01:00",
	"created:2020-01-01T12:00:00Z..2020-02-29T11:00:00Z", ""},
	{"created:2020-01-01..*", "created:>=2020-01-01T00:00:00Z", ""},
	{"created:*..2020-01-01", "created:<=2020-01-01T23:59:59Z", ""},
	{"created:>2020-01-01T00:00:00Z", "created:>=2020-01-01T00:00:01Z", ""},
	{"created:<2020-01-01T00:00:00Z", "created:<=2019-12-31T23:59:59Z", ""},
	{"created:2020-01-01T00:00:00Z",
	"created:2020-01-01T00:00:00Z..2020-01-01T00:00:00Z", ""},
	{"created:\">=2020-01-01\"", "created:>=2020-01-01T00:00:00Z", ""},
	{"created:>=\"2020-01-01\"", "created:>=2020-01-01T00:00:00Z", ""},
	{"created:\"2020-01-01\"..\"2020-01-02\"",
	"created:2020-01-01T00:00:00Z..2020-01-02T23:59:59Z", ""},
	{"created:>9000-01-01", "created:>=9000-01-02T00:00:00Z", ""},
	{"created:<=9999-12-31", "created:<=9999-12-31T23:59:59Z", ""},

	/* flags */
	{"stars:1 fork:true", "stars:1 fork:true", ""},
	{"stars:1 FORK:Only", "stars:1 fork:only", ""},
	{"stars:1 fork:false", "stars:1", ""},
	{"archived:true", "archived:true", ""},
	{"archived:\"false\"", "archived:false", ""},

	/* what asks for everything is written so that GitHub can read it */
	{"fork:false", "stars:>=0", ""},
	{"stars:*..*", "stars:>=0", ""},
	{"fork:true", "fork:true", ""},

	/* what is kept */
	{"  topic:postgres   language:C  stars:>50 ",
	"topic:postgres language:C stars:>=51", ""},
	{"Stars:5 Topic:X", "Topic:X stars:5", ""},
	{"language:\"Common  Lisp\" \"two  words\"",
	"language:\"Common  Lisp\" \"two  words\"", ""},
	{"-language:C -word -\"a phrase\" -", "-language:C -word -\"a phrase\" -", ""},
	{"-stars:5 -fork:true -created:2020-01-01 stars:1..9",
	"-stars:5 -fork:true -created:2020-01-01 stars:1..9", ""},
	{"user:a user:b org:c repo:d/e in:name,description is:public is:private",
	"user:a user:b org:c repo:d/e in:name,description is:public is:private", ""},
	{"followers:1 topics:>2 good-first-issues:3 help-wanted-issues:4 "
		"pushed:>2020-01-01 license:mit mirror:true template:false",
		"followers:1 topics:>2 good-first-issues:3 help-wanted-issues:4 "
	"pushed:>2020-01-01 license:mit mirror:true template:false", ""},
	{"a NOT b NOT c NOT d NOT e NOT f", "a NOT b NOT c NOT d NOT e NOT f", ""},
	{"or and not all", "or and not all", ""},
	{"\"OR\" \"(x)\"", "\"OR\" \"(x)\"", ""},
	{"日本語 naïve \\\\", "日本語 naïve \\\\", ""},
	{"C++:x a/b:c :d", "C++:x a/b:c :d", ""},

	/* what nobody knows */
	{"foo:bar", "foo:bar", "foo"},
	{"stras:>5 stars:1 -Foo:bar", "stras:>5 -Foo:bar stars:1", "stras, Foo"},
	{"http://x foo:", "http://x foo:", "http, foo"},
};

typedef struct Bad
{
	const char *text;
	const char *message;
	const char *hint;			/* a part of it */
} Bad;

static const Bad bad[] = {
	{"", "selection is empty", "'stars:>=0' selects everything"},
	{"   ", "selection is empty", "'stars:>=0' selects everything"},
	{"all", "\"all\" is no search", "'stars:>=0 fork:true'"},
	{" ALL ", "\"all\" is no search", "fork:true"},
	{"ids:1..100", "ids: is no part of a search", "fork:true"},
	{"stars:1 sort:stars-desc", "sort: is not supported in a selection",
	"ORDER BY stars DESC"},
	{"-Sort:stars", "sort: is not supported in a selection", "ORDER BY"},
	{"stars:1 OR stars:2", "OR is not supported in a selection", "one crawl"},
	{"a AND b", "AND is not supported in a selection", "everything"},
	{"(a b)", "parentheses are not supported in a selection", "quote"},
	{"language:f(x)", "parentheses are not supported in a selection", "quote"},
	{"stars:1 stars:2", "qualifier \"stars\" is given twice", "one range"},
	{"created:>2020-01-01 Created:<2021-01-01",
	"qualifier \"Created\" is given twice", "one range"},
	{"fork:true fork:only", "qualifier \"fork\" is given twice", "once"},
	{"stars:10..5", "nothing can match \"stars:10..5\"", "lower bound first"},
	{"stars:<0", "nothing can match \"stars:<0\"", "lower bound first"},
	{"stars:>9223372036854775807",
	"nothing can match \"stars:>9223372036854775807\"", "lower bound"},
	{"created:<1970-01-01", "nothing can match \"created:<1970-01-01\"", ""},
	{"created:>9999-12-31", "nothing can match \"created:>9999-12-31\"", ""},
	{"created:2021-01-01..2020-01-01",
	"nothing can match \"created:2021-01-01..2020-01-01\"", "lower bound"},
	{"stars:1k", "invalid value \"1k\" of qualifier \"stars\"", "stars:10..50"},
	{"stars:1,000", "invalid value \"1,000\" of qualifier \"stars\"", "stars:10"},
	{"stars:-5", "invalid value \"-5\" of qualifier \"stars\"", "whole numbers"},
	{"stars:+5", "invalid value \"+5\" of qualifier \"stars\"", "whole numbers"},
	{"stars:=5", "invalid value \"=5\" of qualifier \"stars\"", "whole numbers"},
	{"stars:5..", "invalid value \"5..\" of qualifier \"stars\"", ""},
	{"stars:..5", "invalid value \"..5\" of qualifier \"stars\"", ""},
	{"stars:1...5", "invalid value \"1...5\" of qualifier \"stars\"", ""},
	{"stars:>=5..10", "invalid value \">=5..10\" of qualifier \"stars\"", ""},
	{"stars:>", "invalid value \">\" of qualifier \"stars\"", ""},
	{"stars:*", "invalid value \"*\" of qualifier \"stars\"", ""},
	{"stars:\"\"", "invalid value \"\"\"\" of qualifier \"stars\"", ""},
	{"stars:9223372036854775808",
	"invalid value \"9223372036854775808\" of qualifier \"stars\"", ""},
	{"stars: 5", "qualifier \"stars\" has no value", "without a blank"},
	{"language: C", "qualifier \"language\" has no value", "without a blank"},
	{"created:2020-02-30",
	"invalid value \"2020-02-30\" of qualifier \"created\"", "created:2020-01-31"},
	{"created:yesterday",
	"invalid value \"yesterday\" of qualifier \"created\"", "moments in UTC"},
	{"created:\"2020-01-01 .. 2020-02-01\"",
		"invalid value \"\"2020-01-01 .. 2020-02-01\"\" of qualifier \"created\"",
	""},
	{"fork:maybe", "invalid value \"maybe\" of qualifier \"fork\"", "fork:only"},
	{"archived:only", "invalid value \"only\" of qualifier \"archived\"", ""},
	{"a NOT", "NOT is not followed by a word", "one word"},
	{"NOT NOT a", "NOT is followed by another NOT", "one word"},
	{"NOT stars:5", "NOT is followed by qualifier \"stars\"", "-qualifier:value"},
	{"NOT a NOT b NOT c NOT d NOT e NOT f",
	"selection has more than 5 operators", "-qualifier:value"},
	{"a \"b", "selection has an unbalanced quote", "Close"},
	{"a\tb", "selection contains a control character", "blanks"},
	{"a\nb", "selection contains a control character", "blanks"},
	{"a\x7f", "selection contains a control character", "blanks"},
	{"a\xc2\x85", "selection contains a control character", "blanks"},
	{"a\xff", "selection is not valid UTF-8", ""},
	{"a\xc3", "selection is not valid UTF-8", ""},
	{"a\xc0\x80", "selection is not valid UTF-8", ""},
	{"a\xe0\x80\x80", "selection is not valid UTF-8", ""},
	{"a\xed\xa0\x80", "selection is not valid UTF-8", ""},
	{"a\xf0\x80\x80\x80", "selection is not valid UTF-8", ""},
	{"a\xf4\x90\x80\x80", "selection is not valid UTF-8", ""},
	{"a\xe2\x82(", "selection is not valid UTF-8", ""},
};

static void
test_good(const Good *row)
{
	GhcRange	range;
	GhcProblem	problem;
	GhcBuffer	out = {0};

	if (!ok(ghc_selection_parse(ghc_slice_of(row->text), &range, &problem),
			"\"%s\" is read", row->text))
	{
		printf("# %s\n", problem.message);
		return;
	}
	ghc_range_format(&range, &out);
	is_str(out.data ? out.data : "", row->want, row->text);
	is_str(problem.unknown, row->unknown, "unknown qualifiers");
	is_str(problem.message, "", "no message");
	ghc_buffer_free(&out);
}

static void
test_bad(const Bad *row)
{
	GhcRange	range;
	GhcProblem	problem;

	ok(!ghc_selection_parse(ghc_slice_of(row->text), &range, &problem),
	   "\"%s\" is refused", row->text);
	is_str(problem.message, row->message, "message");
	ok(strstr(problem.hint, row->hint) != NULL, "hint: %s", problem.hint);
}

/* Parses a text made of n times a character. */
static bool
parse_many(const char *before, char c, int n, const char *after,
		   GhcProblem *problem)
{
	char		text[8192];
	GhcRange	range;
	int			len = snprintf(text, sizeof(text), "%s", before);

	memset(text + len, c, (size_t) n);
	snprintf(text + len + n, sizeof(text) - (size_t) (len + n), "%s", after);
	return ghc_selection_parse(ghc_slice_of(text), &range, problem);
}

static void
test_lengths(void)
{
	GhcProblem	problem;
	GhcRange	range;
	GhcSlice	with_nul = {"a\0b", 3};
	char		many[4096] = "";

	ok(parse_many("topic:abcdef ", 'x', 256, "", &problem), "256 characters");
	ok(!parse_many("", 'x', 257, "", &problem), "257 characters");
	is_str(problem.message, "selection has more than 256 characters of words",
		   "message");
	ok(parse_many("a NOT b ", 'x', 252, "", &problem), "NOT does not count");
	ok(!parse_many("a b ", 'x', 253, "", &problem), "blanks between words do");
	ok(parse_many("topic:", 'x', 2041, "", &problem), "the longest selection");
	ok(!parse_many("topic:", 'x', 2042, "", &problem), "a longer one");
	is_str(problem.message, "selection is too long", "message");
	ok(!parse_many("topic:", 'x', 2038, " a b", &problem), "blanks count");
	ok(!parse_many("stars:", '1', 2000, "", &problem), "a long number");
	ok(strlen(problem.message) < 200, "is quoted in part");
	ok(!parse_many("stars:0000", '\xff', 9, "", &problem), "no UTF-8 in a value");

	/* 59 letters and then characters of two bytes: none may be torn */
	memset(many, 'x', 59);
	for (int i = 0; i < 20; i++)
		strcat(many, "ü");
	memmove(many + 6, many, strlen(many) + 1);
	memcpy(many, "stars:", 6);
	ok(!ghc_selection_parse(ghc_slice_of(many), &range, &problem), "bad value");
	ok(strstr(problem.message, "xxx\" of") != NULL, "whole characters quoted");

	many[0] = '\0';
	for (int i = 0; i < 100; i++)
		snprintf(many + strlen(many), 32, "unknown%d:x ", i);
	ok(ghc_selection_parse(ghc_slice_of(many), &range, &problem),
	   "many unknown qualifiers");
	ok(strlen(problem.unknown) > 200, "are listed as far as there is room");
	ok(!ghc_selection_parse(with_nul, &range, &problem), "NUL");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		test_good(&good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		test_bad(&bad[i]);
	test_lengths();
	return done_testing();
}
