/*-------------------------------------------------------------------------
 *
 * reply.c
 *	  Reads a GraphQL reply into repositories, counts and errors; see
 *	  reply.h.
 *
 * The body is gone through once, from outside in.  Whatever has another type
 * than expected is passed over as if it were missing: a part then comes out
 * as not there or not complete, and the caller asks again.  If the body turns
 * out not to be JSON, nothing of it counts, however much was read.
 *
 * IDENTIFICATION
 *	  src/github/reply.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/reply.h"

#include "github/instant.h"
#include "github/repository.h"

/* Forgets all that stands in "data". */
static void
reset_data(GhcReply *reply)
{
	reply->has_data = false;
	reply->cost = reply->limit = reply->remaining = reply->used = -1;
	reply->reset_at = -1;
	reply->viewer_id = 0;
	reply->viewer_login = GHC_SLICE("");
	memset(reply->pages, 0, sizeof(reply->pages));
	memset(reply->lists, 0, sizeof(reply->lists));
	for (int i = 0; i < GHC_MAX_COUNTS; i++)
		reply->counts[i] = -1;
}

void
ghc_reply_clear(GhcReply *reply)
{
	reply->is_json = false;
	reply->message = GHC_SLICE("");
	reply->scan_error = NULL;
	reply->scan_error_at = 0;
	reply->n_errors = 0;
	reply->replaced = 0;
	reset_data(reply);
}

/*
 * The number of a part named by this letter and a number below "max", written
 * as we write it; -1 if the name is none.
 */
static int
part_number(GhcSlice name, char letter, int max)
{
	int			number = 0;

	if (name.len < 2 || name.len > 3 || name.data[0] != letter ||
		(name.data[1] == '0' && name.len > 2))
		return -1;
	for (size_t i = 1; i < name.len; i++)
	{
		if (name.data[i] < '0' || name.data[i] > '9')
			return -1;
		number = number * 10 + (name.data[i] - '0');
	}
	return number < max ? number : -1;
}

/*
 * The list that a name stands for a member of, and which; -1 if the name is no
 * such one.
 */
static int
member_number(GhcSlice name, int *member)
{
	const char *bar = name.len > 0 ? memchr(name.data, '_', name.len) : NULL;
	size_t		len = bar != NULL ? (size_t) (bar - name.data) : 0;

	if (bar == NULL)
		return -1;
	*member = part_number((GhcSlice) {bar, name.len - len}, '_', GHC_MAX_MEMBERS);
	return *member < 0 ? -1 :
		part_number((GhcSlice) {name.data, len}, 'n', GHC_MAX_LISTS);
}

/* Reads a number from 0 to "most"; -1 for anything else. */
static int64_t
read_count(GhcScan *scan, int64_t most)
{
	int64_t		number;

	return ghc_scan_int(scan, &number) && number >= 0 && number <= most ?
		number : -1;
}

/* Reads a text; any other value comes out as the empty one. */
static GhcSlice
read_text(GhcScan *scan)
{
	GhcSlice	text;

	return ghc_scan_string(scan, &text) ? text : GHC_SLICE("");
}

/* Reads a moment, as ISO 8601 or seconds since 1970. */
static int64_t
read_moment(GhcScan *scan)
{
	int64_t		seconds;
	bool		is_date;

	if (ghc_scan_peek(scan) == GHC_SCAN_NUMBER)
		return read_count(scan, GHC_MAX_COUNT);
	if (!ghc_instant_parse(read_text(scan), &seconds, &is_date))
		return -1;
	return seconds;
}

static void
read_rate_limit(GhcScan *scan, GhcReply *reply)
{
	GhcSlice	key;
	bool		first = true;

	if (!ghc_scan_object(scan))
		return;
	while (ghc_scan_next_key(scan, &first, &key))
	{
		if (ghc_slice_equals(key, GHC_SLICE("cost")))
			reply->cost = read_count(scan, GHC_MAX_POINTS);
		else if (ghc_slice_equals(key, GHC_SLICE("limit")))
			reply->limit = read_count(scan, GHC_MAX_POINTS);
		else if (ghc_slice_equals(key, GHC_SLICE("remaining")))
			reply->remaining = read_count(scan, GHC_MAX_POINTS);
		else if (ghc_slice_equals(key, GHC_SLICE("used")))
			reply->used = read_count(scan, GHC_MAX_POINTS);
		else if (ghc_slice_equals(key, GHC_SLICE("resetAt")))
			reply->reset_at = read_moment(scan);
		else
			ghc_scan_skip(scan);
	}
}

static void
read_viewer(GhcScan *scan, GhcReply *reply)
{
	GhcSlice	key;
	bool		first = true;

	if (!ghc_scan_object(scan))
		return;
	while (ghc_scan_next_key(scan, &first, &key))
	{
		if (ghc_slice_equals(key, GHC_SLICE("databaseId")))
		{
			int64_t		id = read_count(scan, GHC_MAX_ID);

			reply->viewer_id = id > 0 ? id : 0;
		}
		else if (ghc_slice_equals(key, GHC_SLICE("login")))
			reply->viewer_login = read_text(scan);
		else
			ghc_scan_skip(scan);
	}
}

static int64_t
read_search_count(GhcScan *scan)
{
	GhcSlice	key;
	bool		first = true;
	int64_t		count = -1;

	if (!ghc_scan_object(scan))
		return -1;
	while (ghc_scan_next_key(scan, &first, &key))
	{
		if (ghc_slice_equals(key, GHC_SLICE("repositoryCount")))
			count = read_count(scan, GHC_MAX_COUNT);
		else
			ghc_scan_skip(scan);
	}
	return count;
}

/* Reads a part, if the name is one's; each may come once. */
static bool
read_part(GhcRepositoryReader *reader, GhcReply *reply, GhcSlice name,
		  uint64_t came[3])
{
	GhcScan    *scan = reader->scan;
	int			page = part_number(name, 'p', GHC_MAX_PAGES);
	int			count = part_number(name, 'c', GHC_MAX_COUNTS);
	int			list = part_number(name, 'n', GHC_MAX_LISTS);
	int			member;
	int			list_of_names = member_number(name, &member);

	if (page >= 0 && ghc_scan_once(scan, &came[0], page))
		ghc_page_read(reader, &reply->pages[page]);
	if (count >= 0 && ghc_scan_once(scan, &came[1], count))
		reply->counts[count] = read_search_count(scan);
	if (list >= 0 && ghc_scan_once(scan, &came[2], list))
		ghc_list_read(reader, &reply->lists[list]);
	if (list_of_names >= 0)
		ghc_list_read_member(reader, &reply->lists[list_of_names], member);
	return page >= 0 || count >= 0 || list >= 0 || list_of_names >= 0;
}

static void
read_data(GhcRepositoryReader *reader, GhcReply *reply)
{
	GhcScan    *scan = reader->scan;
	GhcSlice	key;
	uint64_t	came[3] = {0};
	bool		first = true;

	reset_data(reply);
	if (!ghc_scan_object(scan))
		return;
	reply->has_data = true;
	while (ghc_scan_next_key(scan, &first, &key))
	{
		if (read_part(reader, reply, key, came))
			continue;
		if (ghc_slice_equals(key, GHC_SLICE("rateLimit")))
			read_rate_limit(scan, reply);
		else if (ghc_slice_equals(key, GHC_SLICE("viewer")))
			read_viewer(scan, reply);
		else
			ghc_scan_skip(scan);
	}
}

/* Reads a path for the part that it begins with, and the member of a list. */
static void
read_path(GhcScan *scan, GhcGraphError *error)
{
	GhcSlice	name;
	int64_t		member = -1;
	int			named = -1;
	int			depth = 1;
	bool		first = true;

	if (!ghc_scan_array(scan) || !ghc_scan_next_element(scan, &first))
		return;
	name = read_text(scan);
	error->page = part_number(name, 'p', GHC_MAX_PAGES);
	error->count = part_number(name, 'c', GHC_MAX_COUNTS);
	error->list = part_number(name, 'n', GHC_MAX_LISTS);
	if (error->list < 0)
		error->list = member_number(name, &named);
	while (ghc_scan_next_element(scan, &first))
	{
		if (++depth == 2 && ghc_scan_peek(scan) == GHC_SCAN_NUMBER)
			member = read_count(scan, GHC_MAX_MEMBERS);
		else
			ghc_scan_skip(scan);
	}
	if (error->list >= 0 && named < 0 && depth == 2 && member < GHC_MAX_MEMBERS)
		error->member = (int) member;
	else if (error->list >= 0 && depth == 1)
		error->member = named;
}

static void
read_error(GhcScan *scan, GhcGraphError *error)
{
	GhcSlice	key;
	bool		first = true;

	error->type = error->message = GHC_SLICE("");
	error->page = error->count = error->list = error->member = -1;
	if (ghc_scan_peek(scan) == GHC_SCAN_STRING)
		error->message = read_text(scan);
	else if (ghc_scan_object(scan))
	{
		while (ghc_scan_next_key(scan, &first, &key))
		{
			if (ghc_slice_equals(key, GHC_SLICE("type")))
				error->type = read_text(scan);
			else if (ghc_slice_equals(key, GHC_SLICE("message")))
				error->message = read_text(scan);
			else if (ghc_slice_equals(key, GHC_SLICE("path")))
				read_path(scan, error);
			else
				ghc_scan_skip(scan);
		}
	}
}

/* Reads one error; those over the limit are only counted. */
static void
add_error(GhcScan *scan, GhcReply *reply)
{
	GhcGraphError left_out;

	read_error(scan, reply->n_errors < GHC_MAX_ERRORS ?
			   &reply->errors[reply->n_errors] : &left_out);
	reply->n_errors++;
}

/*
 * Reads "errors".  Something that isn't an array, but no null either, still
 * says that not all is well, and counts as one error.
 */
static void
read_errors(GhcScan *scan, GhcReply *reply)
{
	GhcScanType type = ghc_scan_peek(scan);
	bool		first = true;

	reply->n_errors = 0;
	if (type == GHC_SCAN_NULL)
		ghc_scan_skip(scan);
	else if (type != GHC_SCAN_ARRAY)
		add_error(scan, reply);
	else
	{
		ghc_scan_enter_array(scan);
		while (ghc_scan_next_element(scan, &first))
			add_error(scan, reply);
	}
}

static void
read_body(GhcRepositoryReader *reader, GhcReply *reply)
{
	GhcScan    *scan = reader->scan;
	GhcSlice	key;
	uint64_t	came = 0;
	bool		first = true;

	ghc_scan_enter_object(scan);
	while (ghc_scan_next_key(scan, &first, &key))
	{
		if (ghc_slice_equals(key, GHC_SLICE("data")))
		{
			if (ghc_scan_once(scan, &came, 0))
				read_data(reader, reply);
		}
		else if (ghc_slice_equals(key, GHC_SLICE("errors")))
		{
			if (ghc_scan_once(scan, &came, 1))
				read_errors(scan, reply);
		}
		else if (ghc_slice_equals(key, GHC_SLICE("message")))
			reply->message = read_text(scan);
		else
			ghc_scan_skip(scan);
	}
	if (!ghc_scan_finished(scan))
		ghc_scan_fail(scan, "unexpected text behind the object");
}

bool
ghc_reply_read(GhcReply *reply, char *body, size_t len, bool extra,
			   GhcArena *arena)
{
	GhcScan		scan;
	GhcRepositoryReader reader;

	ghc_reply_clear(reply);
	ghc_scan_init(&scan, body, len);
	ghc_repository_begin(&reader, &scan, arena, extra);
	read_body(&reader, reply);
	ghc_repository_end(&reader);

	if (scan.error != NULL)
	{
		ghc_reply_clear(reply);
		reply->scan_error = scan.error;
		reply->scan_error_at = scan.error_at;
		return !reader.out_of_memory;
	}
	reply->is_json = true;
	reply->replaced = scan.replaced;
	return true;
}

void
ghc_reply_strike(GhcReply *reply, GhcSlice type)
{
	/* an error that wasn't kept may be about any part */
	bool		all = reply->n_errors > GHC_MAX_ERRORS;

	for (int i = 0; i < reply->n_errors && i < GHC_MAX_ERRORS; i++)
	{
		const GhcGraphError *error = &reply->errors[i];

		if (!ghc_slice_equals(error->type, type))
			continue;
		if (error->page >= 0)
			reply->pages[error->page].complete = false;
		else if (error->count >= 0)
			reply->counts[error->count] = -1;
		else if (error->list >= 0)
			reply->lists[error->list].present = false;
		else
			all = true;
	}
	for (int i = 0; all && i < GHC_MAX_PAGES; i++)
		reply->pages[i].complete = false;
	for (int i = 0; all && i < GHC_MAX_COUNTS; i++)
		reply->counts[i] = -1;
	for (int i = 0; all && i < GHC_MAX_LISTS; i++)
		reply->lists[i].present = false;
}
