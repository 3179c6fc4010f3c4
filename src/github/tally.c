/*-------------------------------------------------------------------------
 *
 * tally.c
 *	  Counts events by their repositories; see tally.h.
 *
 * IDENTIFICATION
 *	  src/github/tally.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/tally.h"

#include <stdlib.h>

#define FIRST_CAPACITY 4096

static GhcTallied *
find_place(const GhcTally *tally, int64_t repo_id)
{
	/* Fibonacci hashing, as in idset.c */
	size_t		i = (size_t) (((uint64_t) repo_id * UINT64_C(0x9E3779B97F4A7C15)) >> 32);

	for (i &= tally->capacity - 1;; i = (i + 1) & (tally->capacity - 1))
		if (tally->rows[i].repo_id == 0 || tally->rows[i].repo_id == repo_id)
			return &tally->rows[i];
}

static bool
grow(GhcTally *tally)
{
	GhcTally	bigger = *tally;

	bigger.capacity = tally->capacity ? tally->capacity * 2 : FIRST_CAPACITY;
	bigger.rows = calloc(bigger.capacity, sizeof(GhcTallied));
	if (bigger.rows == NULL)
		return false;
	for (size_t i = 0; i < tally->capacity; i++)
		if (tally->rows[i].repo_id != 0)
			*find_place(&bigger, tally->rows[i].repo_id) = tally->rows[i];
	free(tally->rows);
	*tally = bigger;
	return true;
}

void
ghc_tally_add(GhcTally *tally, const GhcEvent *event)
{
	GhcTallied *row;

	tally->events++;
	if (event->repo_id <= 0)
		return;
	if (tally->n * 4 >= tally->capacity * 3 && !grow(tally))
	{
		tally->failed = true;
		return;
	}
	row = find_place(tally, event->repo_id);
	tally->n += row->repo_id == 0;
	row->repo_id = event->repo_id;
	row->events += row->events < INT32_MAX;
	row->stars += event->is_star && row->stars < INT32_MAX;
	if (event->at > 0 && (row->first == 0 || event->at < row->first))
		row->first = event->at;
	if (event->at > row->last)
		row->last = event->at;
}

static bool
is_blank(const char *line, size_t len)
{
	return ghc_slice_trim((GhcSlice) {line, len}).len == 0;
}

static void
take_line(GhcTally *tally, char *line, size_t len)
{
	GhcEvent	event;

	if (ghc_event_read(&event, line, len))
		ghc_tally_add(tally, &event);
	else
		tally->broken += !is_blank(line, len);
}

/* The line that was begun goes on; it is complete if "ends". */
static void
go_on(GhcTally *tally, const char *data, size_t len, bool ends)
{
	tally->line.limit_bytes = GHC_TALLY_LINE_BYTES;
	if (!tally->too_long && !ghc_buffer_append(&tally->line, data, len))
	{
		tally->failed = tally->failed || !tally->line.overflow;
		tally->too_long = true;
		ghc_buffer_free(&tally->line);
	}
	if (!ends)
		return;
	if (tally->too_long)
		tally->broken++;
	else
		take_line(tally, tally->line.data, tally->line.len);
	tally->too_long = false;
	ghc_buffer_reset(&tally->line);
}

void
ghc_tally_feed(GhcTally *tally, char *data, size_t len)
{
	char	   *end = data + len;

	while (data < end)
	{
		char	   *stop = memchr(data, '\n', (size_t) (end - data));
		size_t		n = (size_t) ((stop ? stop : end) - data);

		if (stop != NULL && tally->line.len == 0 && !tally->too_long)
			take_line(tally, data, n);
		else
			go_on(tally, data, n, stop != NULL);
		data += n + 1;
	}
}

void
ghc_tally_end(GhcTally *tally, bool torn)
{
	if (tally->line.len > 0 || tally->too_long)
	{
		tally->too_long = tally->too_long || torn;
		go_on(tally, "", 0, true);
	}
}

void
ghc_tally_clear(GhcTally *tally)
{
	if (tally->capacity > 0)
		memset(tally->rows, 0, tally->capacity * sizeof(GhcTallied));
	tally->n = 0;
}

void
ghc_tally_free(GhcTally *tally)
{
	free(tally->rows);
	ghc_buffer_free(&tally->line);
	*tally = (GhcTally) {0};
}
