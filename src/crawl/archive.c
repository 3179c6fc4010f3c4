/*-------------------------------------------------------------------------
 *
 * archive.c
 *	  Reads hours of GH Archive; see archive.h.
 *
 * An hour is a hundred megabytes, a gigabyte unpacked.  It is unpacked and counted as it
 * comes, and only counts stay in memory: of so many repositories at most, then they are
 * written.  Usually that is at the hour's end, together with the note that it was read; so
 * what is cut off in the middle wasn't read.
 *
 * What can't be had doesn't stop what follows: holes are usual.  Only if nothing answers
 * at all it isn't tried for ever.
 *
 * Cases that must come out right:
 *
 * - The session goes away, or cancels: a sign of life after each piece fails, and we end.
 * - The file is no file, or shrinks while it is read: it is what was read of it.
 * - A line without end, text that unpacks to far more than it is: none of it is kept.
 *
 * IDENTIFICATION
 *	  src/crawl/archive.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/fd.h"
#include "storage/ipc.h"

#include "crawl/archive.h"
#include "crawl/ask.h"
#include "crawl/outward.h"
#include "github/instant.h"
#include "net/gunzip.h"
#include "store/clock.h"
#include "store/db.h"
#include "store/values.h"

/* repositories whose counts are kept; each takes up to 64 bytes */
#define MAX_TALLIED (256 * 1024)

#define READ_BYTES (64 * 1024)

/*
 * What may come of a file before it is taken, however small an answer has to be: libcurl
 * reads more than a megabyte in one go.
 */
#define STREAM_BYTES (16 * 1024 * 1024)

/* how often at least it is looked whether somebody waits */
#define LOOK_MS 500

/* so many hours in a row that could not be fetched are enough */
#define ENOUGH_FAILED 3

#define HOUR_S 3600

/* one hour under way */
typedef struct Reading
{
	const GhcArchive *archive;
	GhcGunzip	gunzip;
	GhcTally	tally;
	int64		at;				/* the hour, or -1 */
	GhcArchiveHour hour;
	bool		found;			/* there was something to be read */
	char		reason[256];
} Reading;

static const char *const lines[] = {"Accept: */*", NULL};

/* ---------------------------------------------------------------------------
 * taking in
 * ---------------------------------------------------------------------------
 */

/* Text of the file, or a hole in it. */
static void
take(void *arg, char *text, size_t len)
{
	Reading    *reading = arg;

	if (len == 0)
		ghc_tally_end(&reading->tally, true);
	else
		ghc_tally_feed(&reading->tally, text, len);
}

static void
begin_transaction(const char *activity)
{
	if (!ghc_db_begin(activity))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension \"ghcrawl\" was dropped or replaced")));
}

/* Writes the counts, in the open transaction. */
static void
write_tally(Reading *reading)
{
	int64		at = reading->at >= 0 ? reading->at + HOUR_S :
		ghc_clock_now_ms() / 1000;

	reading->hour.repositories += (int64) reading->tally.n;
	reading->hour.hinted += ghc_hints_add(reading->archive->schema, &reading->tally, at);
	ghc_tally_clear(&reading->tally);
}

static void
require_memory(const Reading *reading)
{
	if (reading->gunzip.failed || reading->tally.failed)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed while %s.", "reading an archive")));
}

/* Takes in bytes of the file, which it may change. */
static void
feed(Reading *reading, char *data, size_t len)
{
	reading->hour.bytes += (int64) len;
	ghc_gunzip_feed(&reading->gunzip, data, len);
	require_memory(reading);
	if (reading->tally.n >= MAX_TALLIED)
	{
		begin_transaction("ghcrawl: writing hints");
		write_tally(reading);
		ghc_db_commit();
	}
	/* nobody waits any more */
	if (!reading->archive->send_sign())
		proc_exit(0);
	ghc_db_check_interrupts();
}

/* ---------------------------------------------------------------------------
 * where it comes from
 * ---------------------------------------------------------------------------
 */

/* As much of a file as can be had. */
static void
read_file(Reading *reading)
{
	const char *path = reading->archive->place;
	static char data[READ_BYTES];
	struct stat st;
	ssize_t		n = -1;
	int			fd = BasicOpenFile(path, O_RDONLY | O_NONBLOCK | PG_BINARY);

	if (fd < 0 && errno == ENOENT)
		return;
	reading->found = true;
	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		snprintf(reading->reason, sizeof(reading->reason), "it is not a file");
	else if (fd >= 0)
		while ((n = read(fd, data, sizeof(data))) > 0)
			feed(reading, data, (size_t) n);
	if (n < 0 && reading->reason[0] == '\0')
		strlcpy(reading->reason, strerror(errno), sizeof(reading->reason));
	if (fd >= 0)
		close(fd);
}

/* Where an hour is. */
static void
put_url(GhcBuffer *url, const char *place, int64 at)
{
	time_t		seconds = (time_t) at;
	struct tm	utc;

	(void) gmtime_r(&seconds, &utc);
	ghc_buffer_printf(url, "%s/%04d-%02d-%02d-%d.json.gz", place, utc.tm_year + 1900,
					  utc.tm_mon + 1, utc.tm_mday, utc.tm_hour);
}

/* Takes in what came by now of an answer that is a file. */
static void
take_body(Reading *reading, GhcTransfer *transfer)
{
	if (transfer->status == 200 && transfer->body.len > 0)
		feed(reading, transfer->body.data, transfer->body.len);
	ghc_buffer_reset(&transfer->body);
}

static void
judge_answer(Reading *reading, const GhcTransfer *transfer)
{
	reading->found = transfer->status != 404;
	if (transfer->result != GHC_NET_OK)
		strlcpy(reading->reason, transfer->error, sizeof(reading->reason));
	else if (reading->found && transfer->status != 200)
		snprintf(reading->reason, sizeof(reading->reason), "HTTP status %d",
				 transfer->status);
}

static void
fetch(Reading *reading, GhcNetLoop *net)
{
	GhcTransfer *transfer = ghc_net_begin(net);
	GhcTransfer *done;

	put_url(&transfer->url, reading->archive->place, reading->at);
	transfer->lines = lines;
	transfer->streams = true;
	ghc_net_send(net, transfer);
	while ((done = ghc_net_next_done(net)) == NULL)
	{
		(void) ghc_net_wait(net, LOOK_MS, PG_WAIT_EXTENSION);
		take_body(reading, transfer);
		if (!reading->archive->send_sign())
			proc_exit(0);
		ghc_db_check_interrupts();
	}
	take_body(reading, done);
	judge_answer(reading, done);
	ghc_net_release(net, done);
}

/* ---------------------------------------------------------------------------
 * an hour
 * ---------------------------------------------------------------------------
 */

static const char *
state_of(const Reading *reading)
{
	if (!reading->found)
		return "missing";
	if (reading->reason[0] != '\0')
		return "failed";
	/* a page that says sorry is no hour without events */
	if (reading->gunzip.damaged || (reading->tally.events == 0 && reading->tally.broken > 0))
		return "damaged";
	return "read";
}

static void
send_hour(const GhcArchive *archive, const GhcArchiveHour *hour)
{
	char		at[GHC_INSTANT_BYTES];
	const char *fields[8] = {
		hour->hour != 0 ? at : NULL, hour->state,
		psprintf(INT64_FORMAT, hour->events), psprintf(INT64_FORMAT, hour->repositories),
		psprintf(INT64_FORMAT, hour->hinted), psprintf(INT64_FORMAT, hour->broken),
		psprintf(INT64_FORMAT, hour->bytes), hour->reason
	};

	ghc_instant_format(ghc_clock_ms(hour->hour) / 1000, at);
	archive->send_row(GHC_ASK_ROW, fields, lengthof(fields));
}

/* Writes what is left to be written of an hour, and says what came of it. */
static void
finish(Reading *reading)
{
	GhcArchiveHour *hour = &reading->hour;

	ghc_gunzip_end(&reading->gunzip);
	ghc_tally_end(&reading->tally, false);
	require_memory(reading);
	hour->state = state_of(reading);
	hour->reason = reading->reason[0] != '\0' ? reading->reason : NULL;
	hour->events = reading->tally.events;
	hour->broken = reading->tally.broken;
	begin_transaction("ghcrawl: writing hints");
	write_tally(reading);
	if (reading->at >= 0)
		ghc_hints_note_hour(reading->archive->schema, hour);
	ghc_db_commit();
	send_hour(reading->archive, hour);
}

/* Was it read before?  Then that is all there is to say. */
static bool
was_read(const GhcArchive *archive, TimestampTz at)
{
	MemoryContext before = CurrentMemoryContext;
	GhcArchiveHour hour;
	bool		found;

	begin_transaction("ghcrawl: looking for hours that were read");
	MemoryContextSwitchTo(before);
	found = ghc_hints_find_hour(archive->schema, at, &hour);
	ghc_db_commit();
	if (found)
		send_hour(archive, &hour);
	return found;
}

/* Reads an hour; false if it could not be fetched. */
static bool
read_hour(Reading *reading, GhcNetLoop *net, int64 at)
{
	const GhcArchive *archive = reading->archive;

	reading->at = at;
	reading->hour = (GhcArchiveHour) {
		.hour = at >= 0 ? ghc_values_timestamp(at) : 0
	};
	if (at >= 0 && !archive->again && was_read(archive, reading->hour.hour))
		return true;
	ghc_gunzip_begin(&reading->gunzip, take, reading);
	ghc_tally_free(&reading->tally);
	reading->found = false;
	reading->reason[0] = '\0';
	if (archive->is_file)
		read_file(reading);
	else
		fetch(reading, net);
	finish(reading);
	return strcmp(reading->hour.state, "failed") != 0;
}

void
ghc_archive_read(const GhcArchive *archive)
{
	static Reading reading;
	GhcNetLoop *net = NULL;
	GhcNetConfig config;
	int			n_failed = 0;

	reading.archive = archive;
	ghc_outward_config(&config);
	config.max_connections = 1;
	config.max_response_bytes = STREAM_BYTES;
	if (!archive->is_file)
		net = ghc_net_create(&config);
	for (int64 at = archive->from; at <= archive->to; at += HOUR_S)
	{
		n_failed = read_hour(&reading, net, at) ? 0 : n_failed + 1;
		if (n_failed == ENOUGH_FAILED)
			break;
	}
}
