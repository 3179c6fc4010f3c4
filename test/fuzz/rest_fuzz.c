/*-------------------------------------------------------------------------
 *
 * rest_fuzz.c
 *	  What an App reads of the REST API (rest.c), against a plain reading of
 *	  what PostgreSQL's parser makes of it.
 *
 * For any bytes: a token and its end, and every installation with an id, are
 * what the last members of these names say; a token is visible ASCII, so that
 * it can't break out of a header; a login fits, and is visible ASCII too.  Weeks of
 * stars are weeks of this century, with no fewer than no stars, and fit when laid out.
 *
 * IDENTIFICATION
 *	  test/fuzz/rest_fuzz.c
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"
#include "github/instant.h"
#include "github/rest.h"
#include "github/scan.h"
#include "github/star_weeks.h"
#include "oracle.h"

#define MAX_INSTALLATIONS 3
#define MAX_WEEKS 4

static Oracle oracle;

static bool
is_visible(GhcSlice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < '!' || text.data[i] > '~')
			return false;
	return text.len > 0;
}

static GhcSlice
text_at(int at)
{
	return at >= 0 && oracle.nodes[at].type == ORACLE_STRING ?
		oracle.nodes[at].text : GHC_SLICE("");
}

/* The last of these members that is a text. */
static GhcSlice
last_text(int object, const char *key)
{
	GhcSlice	text = GHC_SLICE("");

	for (int i = object + 1; i < oracle.nodes[object].end; i = oracle.nodes[i].end)
		if (ghc_slice_equals(oracle.nodes[i].key, ghc_slice_of(key)) &&
			oracle.nodes[i].type == ORACLE_STRING)
			text = oracle.nodes[i].text;
	return text;
}

static void
check_token(const uint8_t *data, size_t size, bool is_json)
{
	char	   *copy = fuzz_copy(data, size);
	GhcRestToken token;
	bool		got = ghc_rest_read_token(&token, copy, size);
	int64_t		expires = 0;
	bool		is_date = true;
	bool		want = is_json && oracle.nodes[0].type == ORACLE_OBJECT &&
		is_visible(last_text(0, "token")) &&
		ghc_instant_parse(last_text(0, "expires_at"), &expires, &is_date) &&
		!is_date && expires > 0;

	check(got == want);
	if (got)
		check(token.expires_at == expires &&
			  ghc_slice_equals(token.token, last_text(0, "token")));
	free(copy);
}

/* The last login of all accounts of an installation that can be kept. */
static GhcSlice
login_at(int at)
{
	GhcSlice	login = GHC_SLICE("");

	for (int i = at + 1; i < oracle.nodes[at].end; i = oracle.nodes[i].end)
	{
		if (!ghc_slice_equals(oracle.nodes[i].key, GHC_SLICE("account")) ||
			oracle.nodes[i].type != ORACLE_OBJECT)
			continue;
		for (int j = i + 1; j < oracle.nodes[i].end; j = oracle.nodes[j].end)
			if (ghc_slice_equals(oracle.nodes[j].key, GHC_SLICE("login")) &&
				is_visible(text_at(j)) && text_at(j).len < GHC_LOGIN_BYTES)
				login = text_at(j);
	}
	return login;
}

static void
check_installation(const GhcInstallation *got, int at, int64_t id)
{
	int			suspended = oracle_member(&oracle, at, "suspended_at");

	check(got->id == id);
	check(ghc_slice_equals(ghc_slice_of(got->login), login_at(at)));
	if (suspended >= 0 && oracle.nodes[suspended].type != ORACLE_NULL)
		check(got->suspended);
	if (suspended < 0)
		check(!got->suspended);
}

static void
check_installations(const uint8_t *data, size_t size, bool is_json)
{
	char	   *copy = fuzz_copy(data, size);
	GhcInstallation got[MAX_INSTALLATIONS];
	int			n = ghc_rest_read_installations(got, MAX_INSTALLATIONS, copy, size);
	int			want = 0;
	int64_t		id;

	free(copy);
	if (!is_json || oracle.nodes[0].type != ORACLE_ARRAY)
	{
		check(n == -1);
		return;
	}
	for (int i = 1; i < oracle.n; i = oracle.nodes[i].end)
	{
		int			member = oracle_member(&oracle, i, "id");

		if (member < 0 || !oracle_int(&oracle.nodes[member], &id) || id <= 0 ||
			want == MAX_INSTALLATIONS)
			continue;
		check(want < n);
		check_installation(&got[want++], i, id);
	}
	check(n == want);
}

static void
check_weeks(const uint8_t *data, size_t size, bool is_json)
{
	static int32_t days[GHC_STAR_MAX_WEEKS * GHC_WEEK_DAYS];
	char	   *copy = fuzz_copy(data, size);
	GhcStarWeek weeks[MAX_WEEKS];
	int64_t		begins;
	int			damaged;
	int			n = ghc_star_weeks_read(weeks, MAX_WEEKS, copy, size, &damaged);
	int			n_weeks;

	check((n >= 0) == (is_json && oracle.nodes[0].type == ORACLE_ARRAY));
	check(n <= MAX_WEEKS && damaged >= 0);
	for (int i = 0; i < n; i++)
	{
		check(weeks[i].begins > 0 && weeks[i].begins <= INT64_C(4102444800));
		for (int day = 0; day < GHC_WEEK_DAYS; day++)
			check(weeks[i].days[day] >= 0);
	}
	n_weeks = n > 0 ? ghc_star_weeks_lay_out(weeks, n, weeks[0].begins, &begins, days) : 0;
	check(n_weeks >= (n > 0) && n_weeks <= GHC_STAR_MAX_WEEKS);
	for (int day = 0; day < n_weeks * GHC_WEEK_DAYS; day++)
		check(days[day] >= 0);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool		is_json;

	oracle_ask(&oracle, (const char *) data, size, true);
	if (!oracle.judged)
		return 0;
	is_json = oracle.accepted && oracle.depth <= GHC_SCAN_DEPTH;
	check_token(data, size, is_json);
	check_installations(data, size, is_json);
	check_weeks(data, size, is_json);
	return 0;
}
