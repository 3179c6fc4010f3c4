/*-------------------------------------------------------------------------
 *
 * selection_args.c
 *	  Arguments that say what to crawl; see selection_args.h.
 *
 * IDENTIFICATION
 *	  src/api/selection_args.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "api/selection_args.h"
#include "base/settings.h"
#include "github/instant.h"
#include "github/selection.h"
#include "github/span.h"
#include "store/crawls.h"
#include "store/tokens.h"
#include "store/values.h"

/* before GitHub's first repository */
#define FIRST_MOMENT "2007-10-01T00:00:00Z"

static void
throw_problem(const GhcProblem *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", problem->message),
			 problem->detail[0] ? errdetail("%s", problem->detail) : 0,
			 problem->hint[0] ? errhint("%s", problem->hint) : 0));
}

void
ghc_selection_args_parse(const char *selection, GhcRange *range)
{
	GhcProblem	problem;

	if (!ghc_selection_parse(ghc_slice_of(selection), range, &problem))
		throw_problem(&problem);
	if (problem.unknown[0])
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("qualifier not known to ghcrawl: %s", problem.unknown),
				 errdetail("It is passed on to GitHub as it is.")));
}

/* A span of ids: a root that isn't a search. */
static void
span_root(const char *selection, GhcRoot *root)
{
	GhcSpan		span;
	GhcProblem	problem;
	GhcBuffer	text = {0};

	if (!ghc_span_parse(ghc_slice_of(selection), &span, &problem))
		throw_problem(&problem);
	ghc_span_format(&span, &text);
	*root = (GhcRoot) {
		.query = pstrdup(text.failed ? "" : text.data), .kind = "span", .position = span.lo
	};
	root->text = root->query;
	ghc_buffer_free(&text);
}

void
ghc_selection_args_root(const char *selection, GhcRoot *root)
{
	GhcRange	range;

	if (ghc_span_is_meant(ghc_slice_of(selection)))
	{
		span_root(selection, root);
		return;
	}
	ghc_selection_args_parse(selection, &range);
	root->query = ghc_values_range(&range);
	ghc_selection_args_bound(&range);
	root->text = ghc_values_range(&range);
	root->kind = "search";
	root->position = range.dim[GHC_DIM_CREATED].lo;
}

void
ghc_selection_args_bound(GhcRange *range)
{
	GhcInterval *created = &range->dim[GHC_DIM_CREATED];
	int64		first;
	bool		is_date;
	int64		now = timestamptz_to_time_t(GetCurrentTimestamp());

	(void) ghc_instant_parse(GHC_SLICE(FIRST_MOMENT), &first, &is_date);
	if (created->lo > now || created->hi < first)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("nothing can have been created then"),
				 errdetail("GitHub's repositories were created between %s and now.",
						   FIRST_MOMENT)));
	created->lo = Max(created->lo, first);
	created->hi = Min(created->hi, now);
}

static void
check_profile(const char *profile)
{
	char	   *unknown;

	if (!ghc_crawls_profile_exists(profile, &unknown))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("profile \"%s\" does not exist", profile),
				 errhint("Use one of %s, or add a row to ghcrawl.profile.",
						 ghc_crawls_profile_names())));
	if (unknown != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("profile \"%s\" names column \"%s\", which does not exist",
						profile, unknown),
				 errhint("Columns are those of the data table; other GraphQL fields go into the profile's \"extra\".")));
}

static void
check_token(void)
{
	if (ghc_tokens_count(ghc_api_url) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no usable token for \"%s\"", ghc_api_url),
				 errdetail("GitHub answers GraphQL queries with a token only."),
				 errhint("Use ghcrawl_add_token_file('name', '/path/of/token') or ghcrawl_add_token('name', 'ghp_…').")));
}

void
ghc_selection_args_check(const char *profile)
{
	check_profile(profile);
	check_token();
}
