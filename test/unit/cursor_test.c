/*-------------------------------------------------------------------------
 *
 * cursor_test.c
 *	  Tests of src/github/cursor.c.
 *
 * IDENTIFICATION
 *	  test/unit/cursor_test.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/cursor.h"
#include "tap.h"

static const struct
{
	int			offset;
	const char *cursor;
}			known[] = {
	{0, "Y3Vyc29yOjA="},
	{1, "Y3Vyc29yOjE="},
	{10, "Y3Vyc29yOjEw"},
	{99, "Y3Vyc29yOjk5"},
	{100, "Y3Vyc29yOjEwMA=="},
	{999, "Y3Vyc29yOjk5OQ=="},
	{1000, "Y3Vyc29yOjEwMDA="},
	{9999, "Y3Vyc29yOjk5OTk="},
};

/* other forms: passed on as they are, and never reckoned with */
static const char *const unknown[] = {
	"", "=", "Y", "cursor:100", "Y3Vyc29yOg==", "Y3Vyc29yOjEwMA", "Y3Vyc29yOjEwMA=",
	"Y3Vyc29yOi0x", "Y3Vyc29yOjAx", "Y3Vyc29yOjF4", "Y3Vyc29yOjEwMDAwMA==",
	"Y3Vyc29yOnYyOpHOAAGGoA==", "eyJvZmZzZXQiOjEwMH0=", "Y3Vyc29yOjEw\n",
};

int
main(void)
{
	char		text[GHC_CURSOR_BYTES];

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		ghc_cursor_format(known[i].offset, text);
		is_str(text, known[i].cursor, known[i].cursor);
		is_int(ghc_cursor_parse(ghc_slice_of(known[i].cursor)),
			   known[i].offset, known[i].cursor);
	}
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		is_int(ghc_cursor_parse(ghc_slice_of(unknown[i])), -1, "unknown form");
	return done_testing();
}
