/*-------------------------------------------------------------------------
 *
 * block.c
 *	  Why GitHub doesn't show a repository; see block.h.
 *
 * IDENTIFICATION
 *	  src/github/block.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/block.h"

#include "github/instant.h"
#include "github/scan.h"

/* github-api.md 6.5; others are blocked, too */
static const char *
name_reason(GhcSlice reason)
{
	if (ghc_slice_equals(reason, GHC_SLICE("dmca")))
		return "blocked_dmca";
	if (ghc_slice_equals(reason, GHC_SLICE("tos")))
		return "blocked_tos";
	return "blocked";
}

/* An address that people see and may follow: https, and nothing hidden in it. */
static void
keep_notice(GhcBlock *out, GhcSlice text)
{
	GhcSlice	scheme = GHC_SLICE("https://");

	if (text.len >= sizeof(out->notice) || text.len < scheme.len ||
		memcmp(text.data, scheme.data, scheme.len) != 0)
		return;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~')
			return;
	memcpy(out->notice, text.data, text.len);
	out->notice[text.len] = '\0';
}

static void
read_block(GhcScan *scan, GhcBlock *out)
{
	GhcSlice	key;
	GhcSlice	text;
	bool		first = true;
	bool		is_date = true;

	out->reason = name_reason(GHC_SLICE(""));
	if (!ghc_scan_object(scan))
		return;
	while (ghc_scan_next_key(scan, &first, &key))
	{
		bool		is_reason = ghc_slice_equals(key, GHC_SLICE("reason"));
		bool		is_since = ghc_slice_equals(key, GHC_SLICE("created_at"));

		if ((!is_reason && !is_since &&
			 !ghc_slice_equals(key, GHC_SLICE("html_url"))) ||
			ghc_scan_peek(scan) != GHC_SCAN_STRING)
			(void) ghc_scan_skip(scan);
		else if (!ghc_scan_string(scan, &text))
			return;
		else if (is_reason)
			out->reason = name_reason(text);
		else if (!is_since)
			keep_notice(out, text);
		else if (!ghc_instant_parse(text, &out->since, &is_date))
			out->since = 0;
	}
}

bool
ghc_block_read(GhcBlock *out, char *json, size_t len)
{
	GhcScan		scan;
	GhcSlice	key;
	bool		first = true;

	memset(out, 0, sizeof(*out));
	ghc_scan_init(&scan, json, len);
	if (!ghc_scan_object(&scan))
		return false;
	while (ghc_scan_next_key(&scan, &first, &key))
	{
		if (ghc_slice_equals(key, GHC_SLICE("block")) &&
			ghc_scan_peek(&scan) == GHC_SCAN_OBJECT)
			read_block(&scan, out);
		else
			(void) ghc_scan_skip(&scan);
	}
	return ghc_scan_finished(&scan) && out->reason != NULL;
}
