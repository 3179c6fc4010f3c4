/*-------------------------------------------------------------------------
 *
 * gunzip_test.c
 *	  Tests of src/net/gunzip.c.
 *
 * IDENTIFICATION
 *	  test/unit/gunzip_test.c
 *
 *-------------------------------------------------------------------------
 */
#include "net/gunzip.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "tap.h"

#define ROOM 400000

/* a file in the making, and what comes out */
static char file[ROOM];
static size_t file_len;
static GhcBuffer text;
static int	holes;

static void
add(const char *data, size_t len)
{
	memcpy(file + file_len, data, len);
	file_len += len;
}

/* Adds a member; returns where it begins. */
static size_t
add_member(const char *contents, size_t len)
{
	z_stream	stream = {0};
	size_t		from = file_len;

	if (deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	stream.next_in = (Bytef *) contents;
	stream.avail_in = (uInt) len;
	stream.next_out = (Bytef *) file + file_len;
	stream.avail_out = (uInt) (ROOM - file_len);
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
		abort();
	file_len += stream.total_out;
	deflateEnd(&stream);
	return from;
}

static void
take(void *arg, char *data, size_t len)
{
	(void) arg;
	if (len == 0)
		holes++;
	else
		ghc_buffer_append(&text, data, len);
}

/* Unpacks the first "len" bytes of the file in pieces; was it damaged? */
static bool
unpack(size_t len, size_t piece)
{
	static GhcGunzip gunzip;
	bool		damaged;

	ghc_buffer_reset(&text);
	holes = 0;
	ghc_gunzip_begin(&gunzip, take, NULL);
	for (size_t at = 0; at < len; at += piece)
	{
		size_t		n = len - at < piece ? len - at : piece;
		char	   *copy = malloc(n);

		memcpy(copy, file + at, n);
		ghc_gunzip_feed(&gunzip, copy, n);
		free(copy);
	}
	ghc_gunzip_end(&gunzip);
	damaged = gunzip.damaged;
	ok(!gunzip.failed && damaged == (holes > 0), "holes are told of");
	return damaged;
}

static bool
is_text(const char *want)
{
	return text.len == strlen(want) && memcmp(text.data ? text.data : "", want, text.len) == 0;
}

static void
test_members(void)
{
	static const char zeros[512];

	file_len = 0;
	add_member("one\n", 4);
	add_member("", 0);
	add_member("two\n", 4);
	for (size_t piece = 1; piece <= file_len; piece++)
		ok(!unpack(file_len, piece) && is_text("one\ntwo\n"), "members in pieces of %zu", piece);
	add(zeros, sizeof(zeros));
	ok(!unpack(file_len, 100) && is_text("one\ntwo\n"), "zeros at the end");
	add_member("three\n", 6);
	ok(!unpack(file_len, 1) && is_text("one\ntwo\nthree\n"), "a member after them");
	add("\x1f", 1);
	ok(unpack(file_len, 10) && is_text("one\ntwo\nthree\n"), "a beginning at the end");
	add("rubbish", 7);
	add_member("four\n", 5);
	ok(unpack(file_len, 10) && is_text("one\ntwo\nthree\nfour\n"), "rubbish between");
}

static void
test_damage(void)
{
	size_t		second;
	size_t		end;
	int			lost = 0;

	file_len = 0;
	add_member("one one one one\n", 16);
	second = add_member("two two two two\n", 16);
	end = file_len;
	add_member("three\n", 6);
	for (size_t at = 10; at < end - second - 4; at++)
	{
		file[second + at] ^= 0x55;
		ok(unpack(file_len, 7) && text.len >= 16 &&
		   memcmp(text.data, "one one one one\n", 16) == 0,
		   "byte %zu of a member is wrong: what is before is read", at);
		lost += memcmp(text.data + text.len - 6, "three\n", 6) != 0;
		file[second + at] ^= 0x55;
	}
	/* one that seems to be longer than it is swallows the next one's beginning */
	ok(lost <= 1, "and what is behind");
	for (size_t len = second + 1; len < end; len++)
		ok(unpack(len, 5) && text.len >= 16 && text.len <= 32, "cut short at %zu", len);
	ok(!unpack(0, 1) && text.len == 0, "an empty file");
}

static void
test_large(void)
{
	char	   *contents = malloc(1000000);

	memset(contents, 'x', 1000000);
	file_len = 0;
	add_member(contents, 1000000);
	ok(!unpack(file_len, 65536) && text.len == 1000000, "a megabyte in a kilobyte");
	file_len = 0;
	add("plain\ntext", 10);
	ok(!unpack(file_len, 3) && is_text("plain\ntext"), "text that isn't packed");
	free(contents);
}

int
main(void)
{
	test_members();
	test_damage();
	test_large();
	ghc_buffer_free(&text);
	return done_testing();
}
