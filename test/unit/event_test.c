/*-------------------------------------------------------------------------
 *
 * event_test.c
 *	  Tests of src/github/event.c and src/github/tally.c.
 *
 * IDENTIFICATION
 *	  test/unit/event_test.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/tally.h"

#include <stdlib.h>

#include "tap.h"

#define NEW "{\"id\":\"26167585827\",\"type\":\"WatchEvent\",\"actor\":{\"id\":7,\"login\":\"a\"}," \
	"\"repo\":{\"id\":515436299,\"name\":\"o/n\",\"url\":\"https://api.github.com/repos/o/n\"}," \
	"\"payload\":{\"action\":\"started\",\"repo\":{\"id\":9},\"id\":1,\"type\":\"PushEvent\"}," \
	"\"public\":true,\"created_at\":\"2026-11-22T10:11:12Z\",\"org\":{\"id\":3}}"
#define OLD "{\"created_at\":\"2012-03-10T22:00:00-08:00\",\"payload\":{\"id\":5},\"public\":true," \
	"\"type\":\"PushEvent\",\"url\":\"https://github.com/o/n\",\"actor\":\"a\"," \
	"\"repository\":{\"name\":\"n\",\"owner\":\"o\",\"id\":1148753,\"forks\":2}}"

/* what is no event, whatever else it may be */
static const char *const none[] = {
	"", " ", "null", "7", "[]", "{}", "\"type\"", "{\"type\":7}", "{\"type\":\"\"}",
	"{\"repo\":{\"id\":7}}", "{\"type\":\"WatchEvent\",\"repo\":{\"id\":7}",
	"{\"type\":\"WatchEvent\",\"repo\":{\"id\":7}}}", "{\"type\":\"WatchEvent\"}{}",
	"{\"type\":\"Wat", "<html>", "{\"type\":\"WatchEvent\",\"payload\":{\"a\":}}",
};

/* events of no repository, and those whose fields are of another type */
static const char *const about_none[] = {
	"{\"type\":\"WatchEvent\"}", "{\"type\":\"GistEvent\",\"repo\":null}",
	"{\"type\":\"WatchEvent\",\"repo\":{}}", "{\"type\":\"WatchEvent\",\"repo\":7}",
	"{\"type\":\"WatchEvent\",\"repo\":{\"id\":\"7\"}}", "{\"type\":\"WatchEvent\",\"repo\":{\"id\":-7}}",
	"{\"type\":\"WatchEvent\",\"repo\":{\"id\":0}}", "{\"type\":\"WatchEvent\",\"repo\":{\"id\":7.5}}",
	"{\"type\":\"WatchEvent\",\"repo\":{\"id\":99999999999999999999}}",
	"{\"type\":\"WatchEvent\",\"repo\":[{\"id\":7}]}",
};

static const struct
{
	const char *name;
	int64_t		hour;
} names[] = {
	{"2015-01-01-0.json.gz", 1420070400}, {"2015-01-01-7.json.gz", 1420095600},
	{"2015-01-01-23.json.gz", 1420153200}, {"2015-01-01-15", 1420124400},
	{"2015-01-01-15.json", 1420124400}, {"2015-01-01-07.json.gz", -1},
	{"2015-01-01-00.json.gz", -1}, {"2015-01-01-24.json.gz", -1}, {"2015-01-01--1.json.gz", -1},
	{"2015-01-01-.json.gz", -1}, {"2015-01-01.json.gz", -1}, {"2015-02-30-1.json.gz", -1},
	{"2015-01-01-1x.json.gz", -1}, {"2015-01-01- 1.json.gz", -1}, {"", -1}, {"events", -1},
	{"2015-01-01-", -1}, {"2015-01-01", -1}, {"2015-01-01-123.json.gz", -1},
	{"2015-01-01-99999999999999999999.json.gz", -1},
};

/* Reads a copy that is exactly as long, for sanitizers. */
static bool
read_copy(GhcEvent *event, const char *text, size_t len)
{
	char	   *copy = malloc(len > 0 ? len : 1);
	bool		result;

	memcpy(copy, text, len);
	result = ghc_event_read(event, copy, len);
	free(copy);
	return result;
}

static void
test_events(void)
{
	static const char odd_moment[] = "{\"type\":\"A\",\"created_at\":\"2012/03/10 22:00:00 -0800\"}";
	GhcEvent	event;
	int			n = 0;

	ok(read_copy(&event, NEW, strlen(NEW)) && event.id == INT64_C(26167585827) &&
	   event.repo_id == 515436299 && event.is_star && event.at == 1795342272,
	   "an event since 2015");
	ok(read_copy(&event, OLD, strlen(OLD)) && event.id == 0 && event.repo_id == 1148753 &&
	   !event.is_star && event.at == 1331445600, "an event before");
	for (size_t i = 0; i < strlen(NEW); i++)
		n += read_copy(&event, NEW, i);
	is_int(n, 0, "nothing that is cut short is one");
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ok(!read_copy(&event, none[i], strlen(none[i])), "no event: %s", none[i]);
	for (size_t i = 0; i < sizeof(about_none) / sizeof(about_none[0]); i++)
		ok(read_copy(&event, about_none[i], strlen(about_none[i])) && event.repo_id == 0,
		   "of no repository: %s", about_none[i]);
	ok(read_copy(&event, odd_moment, strlen(odd_moment)) && event.at == 0,
	   "a moment that can't be read is none");
}

static void
test_pages(void)
{
	char		page[] = "[" NEW ",7,{},{\"id\":12,\"type\":\"PushEvent\",\"repo\":{\"id\":8}}]";
	char		object[] = "{\"message\":\"Not Found\"}";
	char		torn[] = "[" NEW;
	char		empty[] = "[]";
	GhcEvent	events[2];

	is_int(ghc_event_read_page(events, 2, page, strlen(page)), 2, "a page");
	ok(events[0].is_star && events[1].id == 12 && events[1].repo_id == 8, "and its events");
	is_int(ghc_event_read_page(events, 2, empty, strlen(empty)), 0, "an empty one");
	is_int(ghc_event_read_page(events, 2, object, strlen(object)), -1, "none");
	is_int(ghc_event_read_page(events, 2, torn, strlen(torn)), -1, "a torn one");
}

/* Feeds a text in pieces of so many bytes. */
static void
feed(GhcTally *tally, const char *text, size_t piece)
{
	size_t		len = strlen(text);

	for (size_t at = 0; at < len; at += piece)
	{
		size_t		n = len - at < piece ? len - at : piece;
		char	   *copy = malloc(n);

		memcpy(copy, text + at, n);
		ghc_tally_feed(tally, copy, n);
		free(copy);
	}
}

static const GhcTallied *
find(const GhcTally *tally, int64_t repo_id)
{
	for (size_t i = 0; i < tally->capacity; i++)
		if (tally->rows[i].repo_id == repo_id)
			return &tally->rows[i];
	return NULL;
}

static void
test_tally(void)
{
	static const char text[] = NEW "\n" OLD "\r\n\n" NEW "\nrubbish\n{\"type\":\"GistEvent\"}\n" NEW;
	bool		same = true;

	for (size_t piece = 1; piece < sizeof(text); piece++)
	{
		GhcTally	tally = {0};
		const GhcTallied *row;

		feed(&tally, text, piece);
		ghc_tally_end(&tally, false);
		row = find(&tally, 515436299);
		same = same && tally.events == 5 && tally.broken == 1 && tally.n == 2 &&
			row != NULL && row->events == 3 && row->stars == 3 &&
			row->first == 1795342272 && row->last == 1795342272;
		ghc_tally_free(&tally);
	}
	ok(same, "lines are counted, however they come in pieces");
}

static void
test_ends(void)
{
	GhcTally	tally = {0};

	feed(&tally, NEW "\n" NEW, 7);
	ghc_tally_end(&tally, true);
	ok(tally.events == 1 && tally.broken == 1, "a torn end is no line");
	ghc_tally_end(&tally, true);
	is_int(tally.broken, 1, "and counted once");
	ghc_tally_clear(&tally);
	feed(&tally, OLD "\n", 100);
	ok(tally.events == 2 && tally.n == 1 && find(&tally, 515436299) == NULL,
	   "what was written down is forgotten");
	ghc_tally_free(&tally);
}

static void
test_long_line(void)
{
	static char blanks[65536];
	GhcTally	tally = {0};

	memset(blanks, 'x', sizeof(blanks));
	for (int i = 0; i < 200; i++)
		ghc_tally_feed(&tally, blanks, sizeof(blanks));
	ok(tally.line.cap <= GHC_TALLY_LINE_BYTES && tally.events == 0, "a line of 13 MB isn't kept");
	feed(&tally, "\n" NEW "\n", 100);
	ok(tally.broken == 1 && tally.events == 1 && !tally.failed, "what follows is read");
	ghc_tally_free(&tally);
}

static void
test_many(void)
{
	GhcTally	tally = {0};
	int			n = 0;

	for (int i = 0; i < 100000; i++)
		ghc_tally_add(&tally, &(GhcEvent) {.repo_id = i % 50000 + 1,.is_star = i % 3 == 0,.at = i + 1});
	for (int64_t id = 1; id <= 50000; id += 997)
	{
		const GhcTallied *row = find(&tally, id);

		n += row != NULL && row->events == 2 && row->first == id && row->last == id + 50000;
	}
	ok(tally.n == 50000 && n == 51, "a tally grows");
	ghc_tally_free(&tally);
}

int
main(void)
{
	test_events();
	test_pages();
	test_tally();
	test_ends();
	test_long_line();
	test_many();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		is_int(ghc_event_file_hour(names[i].name), names[i].hour, names[i].name);
	return done_testing();
}
