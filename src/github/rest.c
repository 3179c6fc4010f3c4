/*-------------------------------------------------------------------------
 *
 * rest.c
 *	  Answers of GitHub's REST API; see rest.h.
 *
 * What is read here goes into a header, a table or a name that people see, so
 * only visible ASCII is taken.
 *
 * IDENTIFICATION
 *	  src/github/rest.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/rest.h"

#include "github/instant.h"
#include "github/scan.h"

static bool
is_visible(GhcSlice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~')
			return false;
	return text.len > 0;
}

bool
ghc_rest_read_token(GhcRestToken *out, char *json, size_t len)
{
	GhcScan		scan;
	GhcSlice	key;
	GhcSlice	expires;
	bool		first = true;
	bool		is_date = true;

	memset(out, 0, sizeof(*out));
	ghc_scan_init(&scan, json, len);
	if (!ghc_scan_object(&scan))
		return false;
	while (ghc_scan_next_key(&scan, &first, &key))
	{
		if (ghc_slice_equals(key, GHC_SLICE("token")))
			(void) ghc_scan_string(&scan, &out->token);
		else if (!ghc_slice_equals(key, GHC_SLICE("expires_at")))
			(void) ghc_scan_skip(&scan);
		else if (ghc_scan_string(&scan, &expires) &&
				 !ghc_instant_parse(expires, &out->expires_at, &is_date))
			out->expires_at = 0;
	}
	return ghc_scan_finished(&scan) && is_visible(out->token) &&
		out->expires_at > 0 && !is_date;
}

/* The account's name, if it is one. */
static void
read_account(GhcScan *scan, GhcInstallation *out)
{
	GhcSlice	key;
	GhcSlice	login;
	bool		first = true;

	if (!ghc_scan_object(scan))
		return;
	while (ghc_scan_next_key(scan, &first, &key))
	{
		if (!ghc_slice_equals(key, GHC_SLICE("login")))
			(void) ghc_scan_skip(scan);
		else if (ghc_scan_string(scan, &login) && is_visible(login) &&
				 login.len < sizeof(out->login))
		{
			memcpy(out->login, login.data, login.len);
			out->login[login.len] = '\0';
		}
	}
}

static void
read_installation(GhcScan *scan, GhcInstallation *out)
{
	GhcSlice	key;
	bool		first = true;

	memset(out, 0, sizeof(*out));
	if (!ghc_scan_object(scan))
		return;
	while (ghc_scan_next_key(scan, &first, &key))
	{
		if (ghc_slice_equals(key, GHC_SLICE("id")))
		{
			if (!ghc_scan_int(scan, &out->id))
				out->id = 0;
		}
		else if (ghc_slice_equals(key, GHC_SLICE("account")))
			read_account(scan, out);
		else if (ghc_slice_equals(key, GHC_SLICE("suspended_at")) &&
				 !ghc_scan_null(scan))
			out->suspended = ghc_scan_skip(scan);
		else if (!ghc_slice_equals(key, GHC_SLICE("suspended_at")))
			(void) ghc_scan_skip(scan);
	}
}

int
ghc_rest_read_installations(GhcInstallation *out, int max, char *json,
							size_t len)
{
	GhcScan		scan;
	bool		first = true;
	int			n = 0;

	ghc_scan_init(&scan, json, len);
	if (!ghc_scan_array(&scan))
		return -1;
	while (ghc_scan_next_element(&scan, &first))
	{
		GhcInstallation one;

		read_installation(&scan, &one);
		if (one.id > 0 && n < max)
			out[n++] = one;
	}
	return ghc_scan_finished(&scan) ? n : -1;
}

/* A repository of a list: its id, 0 if it has none; is it public? */
static int64_t
read_repository(GhcScan *scan, bool *is_public)
{
	GhcSlice	key;
	int64_t		id = 0;
	bool		is_private = false;
	bool		first = true;

	if (!ghc_scan_object(scan))
		return 0;
	while (ghc_scan_next_key(scan, &first, &key))
	{
		if (ghc_slice_equals(key, GHC_SLICE("id")))
		{
			if (!ghc_scan_int(scan, &id))
				id = 0;
		}
		else if (!ghc_slice_equals(key, GHC_SLICE("private")))
			(void) ghc_scan_skip(scan);
		else if (!ghc_scan_bool(scan, &is_private))
			is_private = false;
	}
	*is_public = !is_private;
	return id;
}

int
ghc_rest_read_ids(int64_t *ids, int max, int64_t *last, char *json, size_t len)
{
	GhcScan		scan;
	bool		first = true;
	int			n = 0;

	*last = 0;
	ghc_scan_init(&scan, json, len);
	if (!ghc_scan_array(&scan))
		return -1;
	while (ghc_scan_next_element(&scan, &first))
	{
		bool		is_public = false;
		int64_t		id = read_repository(&scan, &is_public);

		if (id > *last && n < max)
		{
			*last = id;
			if (is_public)
				ids[n++] = id;
		}
	}
	return ghc_scan_finished(&scan) ? n : -1;
}
