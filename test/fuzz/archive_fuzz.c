/*-------------------------------------------------------------------------
 *
 * archive_fuzz.c
 *	  Archives of events (gunzip.c, tally.c, event.c): as a file, as packed
 *	  text, as lines.
 *
 * For any bytes: what comes out doesn't depend on the pieces in which they come; what was
 * packed here comes out as it was, and is undamaged; each event is counted
 * once, of the repository it names.
 *
 * IDENTIFICATION
 *	  test/fuzz/archive_fuzz.c
 *
 *-------------------------------------------------------------------------
 */
#include "base/buffer.h"
#include "fuzz.h"
#include "github/tally.h"
#include "net/gunzip.h"

/* what unpacks to more isn't gone on with: that only takes time */
#define MOST_BYTES 4000000

typedef struct Outcome
{
	GhcBuffer	text;
	GhcTally	tally;
	int			holes;
	bool		damaged;
} Outcome;

static void
take(void *arg, char *text, size_t len)
{
	Outcome    *outcome = arg;

	if (len == 0)
	{
		outcome->holes++;
		ghc_tally_end(&outcome->tally, true);
		return;
	}
	if (outcome->text.len < MOST_BYTES)
		ghc_buffer_append(&outcome->text, text, len);
	ghc_tally_feed(&outcome->tally, text, len);
}

/* Reads a file in pieces of up to so many bytes. */
static Outcome
read_file(const uint8_t *data, size_t size, unsigned piece)
{
	static GhcGunzip gunzip;
	FuzzRandom	random = fuzz_random(data, size, piece);
	Outcome		outcome = {0};
	size_t		n;

	ghc_gunzip_begin(&gunzip, take, &outcome);
	for (size_t at = 0; at < size && outcome.text.len < MOST_BYTES; at += n)
	{
		char	   *copy;

		n = 1 + fuzz_below(&random, piece);
		n = n < size - at ? n : size - at;
		copy = fuzz_copy(data + at, n);
		ghc_gunzip_feed(&gunzip, copy, n);
		free(copy);
	}
	ghc_gunzip_end(&gunzip);
	ghc_tally_end(&outcome.tally, false);
	outcome.damaged = gunzip.damaged;
	check(!gunzip.failed && !outcome.tally.failed && outcome.damaged == (outcome.holes > 0));
	return outcome;
}

static void
free_outcome(Outcome *outcome)
{
	ghc_buffer_free(&outcome->text);
	ghc_tally_free(&outcome->tally);
}

static bool
is_same_text(const Outcome *a, const Outcome *b)
{
	return a->text.len == b->text.len &&
		(a->text.len == 0 || memcmp(a->text.data, b->text.data, a->text.len) == 0);
}

static void
check_file(const uint8_t *data, size_t size)
{
	Outcome		whole = read_file(data, size, 1000000);
	Outcome		pieces = read_file(data, size, 7);
	int64_t		events = 0;

	if (whole.text.len < MOST_BYTES)
		check(is_same_text(&whole, &pieces) && whole.damaged == pieces.damaged &&
			  whole.tally.events == pieces.tally.events &&
			  whole.tally.broken == pieces.tally.broken && whole.tally.n == pieces.tally.n);
	for (size_t i = 0; i < whole.tally.capacity; i++)
	{
		const GhcTallied *row = &whole.tally.rows[i];

		check(row->stars >= 0 && row->stars <= row->events && row->first <= row->last);
		events += row->events;
	}
	check(events <= whole.tally.events);
	free_outcome(&whole);
	free_outcome(&pieces);
}

static void
check_packed(const uint8_t *data, size_t size)
{
	static char packed[100000];
	z_stream	stream = {0};
	Outcome		outcome;

	if (size > 50000 ||
		deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return;
	stream.next_in = (Bytef *) data;
	stream.avail_in = (uInt) size;
	stream.next_out = (Bytef *) packed;
	stream.avail_out = sizeof(packed);
	check(deflate(&stream, Z_FINISH) == Z_STREAM_END);
	deflateEnd(&stream);
	outcome = read_file((const uint8_t *) packed, stream.total_out, 100);
	check(!outcome.damaged && outcome.text.len == size &&
		  (size == 0 || memcmp(outcome.text.data, data, size) == 0));
	free_outcome(&outcome);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *copy = fuzz_copy(data, size);
	GhcEvent	page[3];

	check(ghc_event_read_page(page, 3, copy, size) <= 3);
	free(copy);
	check_file(data, size);
	check_packed(data, size);
	return 0;
}
