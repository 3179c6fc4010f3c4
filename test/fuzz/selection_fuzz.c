/*-------------------------------------------------------------------------
 *
 * selection_fuzz.c
 *	  Selections (selection.c, selection_value.c), how ranges are written
 *	  (range.c), and the text of tasks that are some members (members.c).
 *
 * For any bytes:
 *
 *	- a selection is taken, or refused with a message; never both, and the
 *	  message is short, without control characters, and UTF-8 if the text was;
 *	- what is taken is written as text that is read back to an equal range, and
 *	  is then written the same way again;
 *	- it never asks for what a crawl may not do: no sort, no operator that cuts
 *	  can't live with, each understood qualifier once;
 *	- every interval has values, of its dimension; of a selection that is nothing
 *	  but one comparison, exactly those that it says;
 *	- a text of members is read, written and read again to the same.
 *
 * IDENTIFICATION
 *	  test/fuzz/selection_fuzz.c
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"
#include "github/instant.h"
#include "github/members.h"
#include "github/selection.h"

static GhcRange range;
static GhcRange again;
static GhcMembers members;
static GhcMembers members_again;

static void
check_message(const char *text, size_t size)
{
	check(memchr(text, '\0', size) != NULL);
	for (; *text != '\0'; text++)
		check((unsigned char) *text >= 0x20 && *text != 0x7F);
}

static void
check_problem(const GhcProblem *problem, bool taken)
{
	check((problem->message[0] == '\0') == taken);
	check_message(problem->message, sizeof(problem->message));
	check_message(problem->detail, sizeof(problem->detail));
	check_message(problem->hint, sizeof(problem->hint));
	check_message(problem->unknown, sizeof(problem->unknown));
}

static void
check_range(void)
{
	for (int dim = 0; dim < GHC_DIM_COUNT; dim++)
	{
		check(range.dim[dim].lo <= range.dim[dim].hi && range.dim[dim].hi >= 0);
		check(range.dim[dim].lo >= 0 || range.dim[dim].lo == GHC_OPEN_LOW);
	}
	check(memchr(range.rest, '\0', sizeof(range.rest)) != NULL);
	check(strstr(range.rest, " OR ") == NULL || strchr(range.rest, '"') != NULL);
	check(strncmp(range.rest, "sort:", 5) != 0);
	check(strncmp(range.rest, "stars:", 6) != 0);
}

/* Does a value match what stands behind a qualifier: an operator and a bound? */
static bool
matches(const char *value, GhcInterval bound, int64_t v)
{
	if (strncmp(value, ">=", 2) == 0)
		return v >= bound.lo;
	if (strncmp(value, "<=", 2) == 0)
		return v <= bound.hi;
	if (value[0] == '>')
		return v > bound.hi;
	if (value[0] == '<')
		return v < bound.lo;
	return v >= bound.lo && v <= bound.hi;
}

/* A bound of either kind; false if it isn't just that. */
static bool
read_bound(const char *text, GhcDim dim, GhcInterval *bound)
{
	bool		is_date = false;

	if (dim != GHC_DIM_CREATED)
	{
		if (strlen(text) > 18 || strspn(text, "0123456789") != strlen(text))
			return false;
		bound->lo = bound->hi = strtoll(text, NULL, 10);
		return true;
	}
	if (!ghc_instant_parse(ghc_slice_of(text), &bound->lo, &is_date))
		return false;
	bound->hi = bound->lo + (is_date ? 86399 : 0);
	return true;
}

/* Probes the interval of a selection like "stars:>=5" around its ends. */
static void
check_meaning(const char *text)
{
	for (int dim = 0; dim < GHC_DIM_COUNT; dim++)
	{
		size_t		len = strlen(ghc_dim_names[dim]);
		GhcInterval got = range.dim[dim];
		GhcInterval bound;
		const char *value = text + len + 1;

		if (strncmp(text, ghc_dim_names[dim], len) != 0 || text[len] != ':' ||
			!read_bound(value + strspn(value, "<>="), (GhcDim) dim, &bound))
			continue;
		for (int probe = 0; probe < 8; probe++)
		{
			int64_t		v = (probe & 4 ? bound.hi : bound.lo) + probe % 4 - 1;

			if (v >= 0)
				check((v >= got.lo && v <= got.hi) == matches(value, bound, v));
		}
	}
}

/* Written and read again, a range is the same. */
static void
check_written(void)
{
	GhcBuffer	out = {0};
	GhcBuffer	twice = {0};
	GhcProblem	problem;
	char	   *copy;

	ghc_range_format(&range, &out);
	check(!out.failed && out.len > 0);
	copy = fuzz_copy(out.data, out.len);
	check(ghc_selection_parse((GhcSlice) {copy, out.len}, &again, &problem));
	check(ghc_range_equals(&range, &again));
	ghc_range_format(&again, &twice);
	check(twice.len == out.len && memcmp(twice.data, out.data, out.len) == 0);
	free(copy);
	ghc_buffer_free(&out);
	ghc_buffer_free(&twice);
}

static void
check_members(GhcSlice text)
{
	GhcBuffer	out = {0};

	if (!ghc_members_parse(text, &members))
		return;
	check(members.n > 0 && members.n <= GHC_MAX_MEMBERS);
	ghc_members_format(&members, &out);
	check(ghc_members_parse((GhcSlice) {out.data, out.len}, &members_again));
	check(members_again.n == members.n);
	for (int i = 0; i < members.n; i++)
		check(members.ids[i] > 0 && members_again.ids[i] == members.ids[i]);
	check(ghc_range_equals(&members.range, &members_again.range));
	ghc_buffer_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *copy = fuzz_copy(data, size);
	GhcSlice	text = {copy, size};
	GhcProblem	problem;
	bool		taken = ghc_selection_parse(text, &range, &problem);

	check_problem(&problem, taken);
	if (taken)
	{
		char	   *ended = strndup(copy, size);

		check_meaning(ended);
		free(ended);
		check_range();
		check_written();
	}
	check_members(text);
	free(copy);
	return 0;
}
