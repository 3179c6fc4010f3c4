/*-------------------------------------------------------------------------
 *
 * split_test.c
 *	  What a profile asks for, split by price.
 *
 * IDENTIFICATION
 *	  test/unit/split_test.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/split.h"
#include "tap.h"

#define BIT(field) GHC_FIELD_BIT(GHC_FIELD_##field)
#define ALL ((UINT64_C(1) << GHC_FIELD_COUNT) - 1 - BIT(EXTRA))
#define NESTED (BIT(TOPICS) | BIT(LANGUAGES) | BIT(LANGUAGE_BYTES))
#define NAMED (BIT(REPO_ID) | BIT(NAME_WITH_OWNER))
#define DATES (BIT(UPDATED_AT) | BIT(PUSHED_AT) | BIT(DISK_KB))

#define FREE "isSecurityPolicyEnabled owner{login}"
#define DEAR "issues(first:10){totalCount}"

static const struct
{
	const char *name;
	GhcShape	whole;
	GhcFieldSet flat;
	GhcFieldSet rest;
	const char *flat_extra;
	const char *rest_extra;
	bool		in_two;
	bool		is_dated;
}			cases[] = {
	{"full", {ALL, NULL}, ALL & ~NESTED, NESTED | NAMED, NULL, NULL, true, true},
	{"flat", {ALL & ~NESTED, NULL}, ALL & ~NESTED, NAMED, NULL, NULL, false, true},
	{"topics alone", {NAMED | BIT(TOPICS), NULL}, NAMED, NAMED | BIT(TOPICS), NULL, NULL, true, false},
	{"without the size on disk", {ALL & ~BIT(DISK_KB), NULL}, ALL & ~NESTED & ~BIT(DISK_KB),
	NESTED | NAMED, NULL, NULL, true, false},
	{"a free addition", {ALL | BIT(EXTRA), FREE}, (ALL & ~NESTED) | BIT(EXTRA), NESTED | NAMED, FREE, NULL, true, true},
	{"a dear addition", {NAMED | DATES | BIT(EXTRA), DEAR}, NAMED | DATES, NAMED | BIT(EXTRA), NULL, DEAR, true, false},
	{"both in one", {ALL | BIT(EXTRA), FREE " " DEAR}, ALL & ~NESTED, NESTED | NAMED | BIT(EXTRA), NULL, FREE " " DEAR, true, false},
};

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		GhcSplit	split;

		ghc_split(&cases[i].whole, &split);
		is_int((int64_t) split.flat.fields, (int64_t) cases[i].flat, cases[i].name);
		is_int((int64_t) split.rest.fields, (int64_t) cases[i].rest, "the rest");
		is_int(ghc_query_price(&split.flat).requests_each, 0, "what is flat is free");
		is_int(ghc_query_price(&split.rest).requests_each,
			   ghc_query_price(&cases[i].whole).requests_each, "the rest costs all");
		ok(split.flat.extra == cases[i].flat_extra ||
		   strcmp(split.flat.extra, cases[i].flat_extra) == 0, "added to what is flat");
		ok(split.rest.extra == cases[i].rest_extra ||
		   strcmp(split.rest.extra, cases[i].rest_extra) == 0, "added to the rest");
		is_int(split.in_two, cases[i].in_two, "two parts or one");
		is_int(split.is_dated, cases[i].is_dated, "dates tell, or don't");
	}
	return done_testing();
}
