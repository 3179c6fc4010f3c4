/*-------------------------------------------------------------------------
 *
 * event.c
 *	  Public events: what one says of its repository; see event.h.
 *
 * IDENTIFICATION
 *	  src/github/event.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/event.h"

#include <stdio.h>
#include <stdlib.h>

#include "github/instant.h"
#include "github/scan.h"

/* "2026-11-22" */
#define DATE_BYTES 10

/* An id in a string of digits, or written as a number. */
static void
read_id(GhcScan *scan, int64_t *id)
{
	GhcSlice	text;
	int64_t		number = 0;

	if (ghc_scan_peek(scan) == GHC_SCAN_NUMBER)
	{
		if (ghc_scan_int(scan, &number))
			*id = number;
		return;
	}
	if (!ghc_scan_string(scan, &text) || text.len > GHC_SCAN_SHORT_DIGITS)
		return;
	for (size_t i = 0; i < text.len; i++)
	{
		if (text.data[i] < '0' || text.data[i] > '9')
			return;
		number = number * 10 + (text.data[i] - '0');
	}
	*id = number;
}

static void
read_repository(GhcScan *scan, int64_t *repo_id)
{
	GhcSlice	key;
	int64_t		id;
	bool		first = true;

	if (!ghc_scan_object(scan))
		return;
	while (ghc_scan_next_key(scan, &first, &key))
	{
		if (!ghc_slice_equals(key, GHC_SLICE("id")))
			(void) ghc_scan_skip(scan);
		else if (ghc_scan_int(scan, &id) && id > 0)
			*repo_id = id;
	}
}

/* Reads what comes next; false if it is no event, which may well be JSON. */
static bool
read_event(GhcScan *scan, GhcEvent *event)
{
	GhcSlice	key;
	GhcSlice	type = {0};
	GhcSlice	text;
	bool		is_date;
	bool		first = true;

	memset(event, 0, sizeof(*event));
	if (!ghc_scan_object(scan))
		return false;
	while (ghc_scan_next_key(scan, &first, &key))
	{
		if (ghc_slice_equals(key, GHC_SLICE("id")))
			read_id(scan, &event->id);
		else if (ghc_slice_equals(key, GHC_SLICE("type")))
			(void) ghc_scan_string(scan, &type);
		else if (ghc_slice_equals(key, GHC_SLICE("repo")) ||
				 ghc_slice_equals(key, GHC_SLICE("repository")))
			read_repository(scan, &event->repo_id);
		else if (!ghc_slice_equals(key, GHC_SLICE("created_at")))
			(void) ghc_scan_skip(scan);
		else if (ghc_scan_string(scan, &text) &&
				 !ghc_instant_parse(text, &event->at, &is_date))
			event->at = 0;
	}
	event->is_star = ghc_slice_equals(type, GHC_SLICE("WatchEvent"));
	return type.len > 0;
}

bool
ghc_event_read(GhcEvent *event, char *json, size_t len)
{
	GhcScan		scan;
	bool		is_event;

	ghc_scan_init(&scan, json, len);
	is_event = read_event(&scan, event);
	return is_event && ghc_scan_finished(&scan);
}

int
ghc_event_read_page(GhcEvent *events, int max, char *json, size_t len)
{
	GhcScan		scan;
	bool		first = true;
	int			n = 0;

	ghc_scan_init(&scan, json, len);
	if (!ghc_scan_array(&scan))
		return -1;
	while (ghc_scan_next_element(&scan, &first))
	{
		GhcEvent	event;

		if (read_event(&scan, &event) && n < max)
			events[n++] = event;
	}
	return ghc_scan_finished(&scan) ? n : -1;
}

int64_t
ghc_event_file_hour(const char *name)
{
	GhcSlice	date = {name, DATE_BYTES};
	const char *digits = name + DATE_BYTES + 1;
	int64_t		seconds;
	bool		is_date;
	char	   *end;
	long		hour;

	if (strnlen(name, DATE_BYTES + 2) < DATE_BYTES + 2 || name[DATE_BYTES] != '-' ||
		!ghc_instant_parse(date, &seconds, &is_date) || *digits < '0' || *digits > '9')
		return -1;
	hour = strtol(digits, &end, 10);
	/* GH Archive writes no zero before the hour: 07 is no file of its own */
	if (hour > 23 || (*end != '.' && *end != '\0') || end - digits > 2 ||
		(*digits == '0' && end - digits > 1))
		return -1;
	return seconds + hour * 3600;
}
