/*-------------------------------------------------------------------------
 *
 * buffer_test.c
 *	  Tests of src/base/buffer.c and src/base/arena.c.
 *
 * IDENTIFICATION
 *	  test/unit/buffer_test.c
 *
 *-------------------------------------------------------------------------
 */
#include "base/arena.h"
#include "base/buffer.h"
#include "tap.h"

static void
test_append(void)
{
	GhcBuffer	buf = {0};

	ok(ghc_buffer_append(&buf, NULL, 0), "nothing may be appended");
	is_str(buf.data, "", "then there is a terminator");
	ok(ghc_buffer_puts(&buf, "ab") &&
	   ghc_buffer_put_slice(&buf, GHC_SLICE("c\0d")), "text and slices");
	is_int(buf.len, 5, "a NUL inside counts");
	ok(memcmp(buf.data, "abc\0d", 6) == 0, "all is there, terminated");

	ghc_buffer_reset(&buf);
	is_int(buf.len, 0, "a reset empties");
	ok(buf.cap > 0 && buf.data[0] == '\0', "and keeps the memory");

	for (int i = 0; i < 10000; i++)
		ghc_buffer_printf(&buf, "%04d", i);
	is_int(buf.len, 40000, "it grows by printf");
	ok(memcmp(buf.data + 39992, "99989999", 9) == 0, "to the last digit");

	ok(ghc_buffer_reserve(&buf, 1000000) && buf.cap > 1040000,
	   "room is made for what the caller writes");
	is_int(buf.len, 40000, "and nothing else changes");

	ghc_buffer_free(&buf);
	ok(buf.data == NULL && buf.cap == 0 && buf.len == 0, "freed");
	ok(ghc_buffer_puts(&buf, "again"), "and usable again");
	is_str(buf.data, "again", "with new memory");
	ghc_buffer_free(&buf);
}

static void
test_limit(void)
{
	GhcBuffer	buf = {.limit_bytes = 8};

	ok(ghc_buffer_puts(&buf, "12345678"), "the limit can be filled");
	is_int(buf.cap, 9, "and no more is allocated");
	ok(ghc_buffer_append(&buf, "", 0), "nothing still fits");
	ok(!buf.failed, "all is well so far");
	ok(!ghc_buffer_puts(&buf, "9"), "one byte more does not fit");
	ok(buf.overflow && buf.failed, "it is marked");
	is_str(buf.data, "12345678", "what was there stays");
	ok(!ghc_buffer_append(&buf, "", 0), "it ignores further appends");

	ghc_buffer_reset(&buf);
	ok(!buf.overflow && !buf.failed, "a reset takes the marks away");
	ok(ghc_buffer_puts(&buf, "123456"), "and it works again");
	ok(!ghc_buffer_printf(&buf, "%d", 789), "printf has the limit too");
	is_str(buf.data, "123456", "and writes no part");

	ghc_buffer_reset(&buf);
	ghc_buffer_puts(&buf, "123456");
	ok(!ghc_buffer_put_json(&buf, GHC_SLICE("\n\n")), "and JSON as well");
	is_str(buf.data, "123456", "and writes no part");
	ghc_buffer_free(&buf);
	is_int(buf.limit_bytes, 8, "the limit outlives the memory");

	ok(!ghc_buffer_append(&buf, "x", SIZE_MAX), "no length wraps around");
	ok(buf.data == NULL && buf.overflow, "nothing was allocated for it");
}

static void
test_json(void)
{
	GhcBuffer	buf = {0};
	GhcSlice	empty = {0};

	ghc_buffer_put_json(&buf, GHC_SLICE("say \"a\\b\"/\b\f\n\r\t"));
	is_str(buf.data, "say \\\"a\\\\b\\\"/\\b\\f\\n\\r\\t", "short escapes");
	ghc_buffer_reset(&buf);
	ghc_buffer_put_json(&buf, GHC_SLICE("\0\1\x1f\x20\x7f"));
	is_str(buf.data, "\\u0000\\u0001\\u001f \x7f", "control characters");
	ghc_buffer_reset(&buf);
	ghc_buffer_put_json(&buf, GHC_SLICE("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"));
	is_str(buf.data, "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80", "UTF-8 as it is");
	ghc_buffer_put_json(&buf, empty);
	ok(!buf.failed, "the empty slice");
	ghc_buffer_free(&buf);
}

static void
test_arena_pieces(void)
{
	GhcArena	arena = {0};
	bool		aligned = true;
	bool		zeroed = true;

	for (int turn = 0; turn < 3; turn++)
	{
		for (size_t size = 0; size < 3000; size += 7)
		{
			unsigned char *piece = ghc_arena_alloc(&arena, size);

			aligned &= piece != NULL && (uintptr_t) piece % 16 == 0;
			for (size_t i = 0; i < size; i++)
				zeroed &= piece[i] == 0;
			memset(piece, 0xff, size);
		}
		ghc_arena_reset(&arena);
	}
	ok(aligned, "pieces are aligned");
	ok(zeroed, "and zeroed, also after a reset");
	ok(ghc_arena_alloc(&arena, SIZE_MAX) == NULL, "too much is refused");
	ok(ghc_arena_alloc(&arena, SIZE_MAX - 8) == NULL, "and does not wrap");
	ghc_arena_free(&arena);
	ok(arena.first == NULL && ghc_arena_alloc(&arena, 1) != NULL,
	   "usable after it was freed");
	ghc_arena_free(&arena);
}

static void
test_arena_reuse(void)
{
	GhcArena	arena = {0};
	char	   *small = ghc_arena_alloc(&arena, 100);
	char	   *large = ghc_arena_alloc(&arena, 1024 * 1024);

	memset(large, 'x', 1024 * 1024);
	ghc_arena_reset(&arena);
	ok(ghc_arena_alloc(&arena, 1024 * 1024) == large,
	   "a large piece finds its chunk again");
	ok(ghc_arena_alloc(&arena, 100) == small,
	   "and a small one the chunk that was passed over");
	ghc_arena_reset(&arena);
	ok(ghc_arena_alloc(&arena, 100) != NULL &&
	   ghc_arena_alloc(&arena, 100) != NULL, "whatever the order");
	ghc_arena_free(&arena);
}

int
main(void)
{
	test_append();
	test_limit();
	test_json();
	test_arena_pieces();
	test_arena_reuse();
	return done_testing();
}
