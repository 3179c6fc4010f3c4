/*-------------------------------------------------------------------------
 *
 * scan_fuzz.c
 *	  The JSON scanner (scan.c, scan_text.c) against PostgreSQL's parser.
 *
 * For any bytes:
 *
 *	- what PostgreSQL's parser accepts (once mended as scan.h says) ours
 *	  accepts, and the other way round; the only other difference is depth;
 *	- all values come out the same, whichever way they are taken: by type, by
 *	  a wrong type (which passes over them), skipped, raw, with keys read or
 *	  foretold, right or wrong;
 *	- raw text is UTF-8, PostgreSQL accepts it as it is, and it has the value; it
 *	  is refused only for a number that numeric can't hold;
 *	- as many characters are counted as replaced as were;
 *	- an error sticks, lies within the text and leaves nothing to read;
 *	- no byte outside the text is touched.
 *
 * IDENTIFICATION
 *	  test/fuzz/scan_fuzz.c
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"
#include "github/scan.h"
#include "oracle.h"

/* in how many random ways one text is read */
#define WAYS 4

static Oracle oracle;
static FuzzRandom choices;

static void walk(GhcScan *scan, int at);

static GhcScanType
scan_type(const OracleNode *node)
{
	static const GhcScanType types[] = {
		[ORACLE_NULL] = GHC_SCAN_NULL,
		[ORACLE_BOOL] = GHC_SCAN_BOOL,
		[ORACLE_NUMBER] = GHC_SCAN_NUMBER,
		[ORACLE_STRING] = GHC_SCAN_STRING,
		[ORACLE_ARRAY] = GHC_SCAN_ARRAY,
		[ORACLE_OBJECT] = GHC_SCAN_OBJECT,
	};

	return types[node->type];
}

/* May a caller foretell this key?  Only one that stands for itself. */
static bool
is_plain(GhcSlice key)
{
	for (size_t i = 0; i < key.len; i++)
		if (key.data[i] < ' ' || key.data[i] > '~' || key.data[i] == '"' ||
			key.data[i] == '\\')
			return false;
	return true;
}

/* Foretells a key that is the next one, nearly so, or any other. */
static GhcSlice
foretell(GhcSlice next)
{
	static char text[ORACLE_MAX_BYTES + 2];
	GhcSlice	key = {text, next.len};

	memcpy(text, next.data, next.len);
	switch (fuzz_below(&choices, 6))
	{
		case 0:
			text[key.len++] = 'x';
			break;
		case 1:
			key.len -= key.len > 0;
			break;
		case 2:
			if (key.len > 0)
				text[fuzz_below(&choices, (unsigned) key.len)] ^= 1;
			break;
		case 3:
			return oracle.nodes[fuzz_below(&choices, (unsigned) oracle.n)].key;
	}
	return key;
}

/* A key that differs in one byte, or is shorter, isn't taken for the next one. */
static void
try_neighbours(GhcScan *scan, bool first, GhcSlice want)
{
	char	   *text = fuzz_copy(want.data, want.len);
	GhcSlice	key = {text, want.len};
	const char *cur = scan->cur;

	for (size_t i = 0; i < key.len && i < 64; i++)
	{
		text[i] ^= 1;
		check(!is_plain(key) || !ghc_scan_try_key(scan, &first, key));
		text[i] ^= 1;
		key.len = i;
		check(!is_plain(key) || !ghc_scan_try_key(scan, &first, key));
		key.len = want.len;
	}
	check(scan->cur == cur);
	free(text);
}

/* Reads the key of the member at an index, which is there. */
static void
walk_key(GhcScan *scan, bool *first, GhcSlice want)
{
	GhcSlice	key;

	try_neighbours(scan, *first, want);
	if (fuzz_below(&choices, 3) > 0)
	{
		key = foretell(want);
		if (is_plain(key) && ghc_scan_try_key(scan, first, key))
		{
			check(ghc_slice_equals(key, want));
			return;
		}
	}
	check(ghc_scan_next_key(scan, first, &key));
	check(ghc_slice_equals(key, want));
}

static void
walk_object(GhcScan *scan, int at)
{
	bool		first = true;
	GhcSlice	key;

	for (int i = at + 1; i < oracle.nodes[at].end; i = oracle.nodes[i].end)
	{
		walk_key(scan, &first, oracle.nodes[i].key);
		walk(scan, i);
	}
	check(!ghc_scan_try_key(scan, &first, GHC_SLICE("a")));
	check(!ghc_scan_next_key(scan, &first, &key));
}

static void
walk_array(GhcScan *scan, int at)
{
	bool		first = true;

	for (int i = at + 1; i < oracle.nodes[at].end; i = oracle.nodes[i].end)
	{
		check(ghc_scan_next_element(scan, &first));
		walk(scan, i);
	}
	check(!ghc_scan_next_element(scan, &first));
}

static void
walk_string(GhcScan *scan, const OracleNode *node)
{
	GhcSlice	text;
	bool		got = ghc_scan_string(scan, &text);

	check(got == (node->type == ORACLE_STRING));
	if (got)
		check(ghc_slice_equals(text, node->text));
}

static void
walk_int(GhcScan *scan, const OracleNode *node)
{
	int64_t		number = 0;
	int64_t		want = 0;
	bool		got = ghc_scan_int(scan, &number);

	check(got == oracle_int(node, &want));
	check(number == want || !got);
}

static void
walk_bool(GhcScan *scan, const OracleNode *node)
{
	bool		flag;
	bool		got = ghc_scan_bool(scan, &flag);

	check(got == (node->type == ORACLE_BOOL));
	if (got)
		check(flag == (node->text.data[0] == 't'));
}

/* Has a number at most 131072 digits before the point and 16383 behind it? */
static bool
is_numeric(const OracleNode *node)
{
	const char *digits = node->text.data + (node->text.data[0] == '-');
	size_t		whole = strspn(digits, "0123456789");
	size_t		fraction = digits[whole] == '.' ?
		strspn(digits + whole + 1, "0123456789") : 0;
	const char *letter = strpbrk(digits, "eE");
	double		exponent = letter ? strtod(letter + 1, NULL) : 0;

	return (double) whole + exponent <= 131072 && (double) fraction - exponent <= 16383;
}

/* Can all numbers in the value at an index be held? */
static bool
holds_numerics(int at)
{
	for (int i = at; i < oracle.nodes[at].end; i++)
		if (oracle.nodes[i].type == ORACLE_NUMBER && !is_numeric(&oracle.nodes[i]))
			return false;
	return true;
}

/* Takes a value as raw text, which ends where the value does. */
static void
walk_raw(GhcScan *scan, int at)
{
	const OracleNode *node = &oracle.nodes[at];
	GhcSlice	raw;

	check(ghc_scan_raw(scan, &raw) == holds_numerics(at));
	if (!holds_numerics(at))
		return;
	check(raw.data + raw.len == scan->cur && oracle_is_text(raw));
	if (node->type == ORACLE_NUMBER || node->type == ORACLE_BOOL ||
		node->type == ORACLE_NULL)
		check(ghc_slice_equals(raw, node->text));
}

/* Takes the value at an index in some way. */
static void
walk(GhcScan *scan, int at)
{
	const OracleNode *node = &oracle.nodes[at];
	unsigned	way = fuzz_below(&choices, 16);

	if (fuzz_below(&choices, 2) > 0)
		check(ghc_scan_peek(scan) == scan_type(node));
	/* most values are taken as what they are */
	if (way >= 8)
		way = (unsigned) node->type;
	switch (way)
	{
		case ORACLE_NULL:
			if (ghc_scan_null(scan))
				check(node->type == ORACLE_NULL);
			else
			{
				check(node->type != ORACLE_NULL);
				walk(scan, at);
			}
			break;
		case ORACLE_BOOL:
			walk_bool(scan, node);
			break;
		case ORACLE_NUMBER:
			walk_int(scan, node);
			break;
		case ORACLE_STRING:
			walk_string(scan, node);
			break;
		case ORACLE_ARRAY:
			if (ghc_scan_array(scan))
				walk_array(scan, at);
			else
				check(node->type != ORACLE_ARRAY);
			break;
		case ORACLE_OBJECT:
			if (ghc_scan_object(scan))
				walk_object(scan, at);
			else
				check(node->type != ORACLE_OBJECT);
			break;
		case ORACLE_OBJECT + 1:
			check(ghc_scan_skip(scan));
			break;
		default:
			walk_raw(scan, at);
			break;
	}
	check(scan->error == NULL);
}

/* Which way of stray takes a value as what it is. */
static unsigned
natural_way(GhcScan *scan)
{
	static const unsigned ways[] = {
		[GHC_SCAN_NULL] = 4,
		[GHC_SCAN_BOOL] = 1,
		[GHC_SCAN_STRING] = 3,
		[GHC_SCAN_ARRAY] = 5,
		[GHC_SCAN_OBJECT] = 7,
	};
	GhcScanType type = ghc_scan_peek(scan);

	return type == GHC_SCAN_END ? 2 : ways[type];
}

/* Takes a value of a text that somewhere is no JSON. */
static void
stray(GhcScan *scan, bool natural)
{
	bool		first = true;
	bool		flag;
	int64_t		number;
	GhcSlice	text;

	switch (natural ? natural_way(scan) : fuzz_below(&choices, 10))
	{
		case 0:
			(void) ghc_scan_int(scan, &number);
			break;
		case 1:
			(void) ghc_scan_bool(scan, &flag);
			break;
		case 2:
			(void) ghc_scan_raw(scan, &text);
			break;
		case 3:
			(void) ghc_scan_string(scan, &text);
			break;
		case 4:
			if (!ghc_scan_null(scan))
				(void) ghc_scan_skip(scan);
			break;
		case 5:
		case 6:
			if (ghc_scan_array(scan))
				while (ghc_scan_next_element(scan, &first))
					stray(scan, natural);
			break;
		default:
			if (ghc_scan_peek(scan) == GHC_SCAN_ARRAY)
			{
				check(ghc_scan_enter_array(scan) ||
					  scan->depth == GHC_SCAN_DEPTH);
				while (ghc_scan_next_element(scan, &first))
					stray(scan, natural);
			}
			else if (ghc_scan_object(scan))
				while (ghc_scan_try_key(scan, &first, GHC_SLICE("a")) ||
					   ghc_scan_next_key(scan, &first, &text))
					stray(scan, natural);
	}
}

/* After an error nothing is found any more. */
static void
check_stuck(GhcScan *scan, size_t len)
{
	const char *error = scan->error;
	size_t		error_at = scan->error_at;
	bool		first = fuzz_below(&choices, 2);
	bool		flag;
	int64_t		number;
	GhcSlice	text;

	check(!ghc_scan_finished(scan));
	if (error == NULL)
		return;
	check(error_at <= len && scan->cur == scan->end);
	check(ghc_scan_peek(scan) == GHC_SCAN_END);
	check(!ghc_scan_string(scan, &text) && !ghc_scan_raw(scan, &text));
	check(!ghc_scan_int(scan, &number) && !ghc_scan_bool(scan, &flag));
	check(!ghc_scan_null(scan) && !ghc_scan_skip(scan));
	check(!ghc_scan_array(scan) && !ghc_scan_object(scan));
	check(!ghc_scan_enter_array(scan) && !ghc_scan_enter_object(scan));
	check(!ghc_scan_next_element(scan, &first));
	check(!ghc_scan_try_key(scan, &first, GHC_SLICE("")));
	check(!ghc_scan_next_key(scan, &first, &text));
	check(scan->error == error && scan->error_at == error_at);
}

static void
check_same_tree(const Oracle *other, const OracleNode *wanted)
{
	check(other->accepted && other->n == oracle.n);
	for (int i = 0; i < other->n; i++)
	{
		check(other->nodes[i].type == wanted[i].type);
		check(other->nodes[i].end == wanted[i].end);
		check(ghc_slice_equals(other->nodes[i].key, wanted[i].key));
		check(ghc_slice_equals(other->nodes[i].text, wanted[i].text));
	}
}

/* Keeps the answer of the oracle beyond the next question. */
static OracleNode *
keep_nodes(void)
{
	OracleNode *kept = calloc((size_t) oracle.n + 1, sizeof(*kept));

	for (int i = 0; i < oracle.n; i++)
	{
		kept[i] = oracle.nodes[i];
		kept[i].key.data = fuzz_copy(kept[i].key.data, kept[i].key.len);
		kept[i].text.data = fuzz_copy(kept[i].text.data, kept[i].text.len);
	}
	return kept;
}

static void
free_nodes(OracleNode *kept)
{
	for (int i = 0; i < oracle.n; i++)
	{
		free((char *) kept[i].key.data);
		free((char *) kept[i].text.data);
	}
	free(kept);
}

/* All of a text as raw: it asks the oracle again, and so comes last. */
static void
check_raw(const uint8_t *data, size_t size)
{
	char	   *copy = fuzz_copy(data, size);
	OracleNode *wanted;
	Oracle		other;
	GhcScan		scan;
	GhcSlice	raw;

	ghc_scan_init(&scan, copy, size);
	if (ghc_scan_raw(&scan, &raw))
	{
		check(ghc_scan_finished(&scan) && oracle_is_text(raw));
		wanted = keep_nodes();
		oracle_ask(&other, raw.data, raw.len, false);
		check_same_tree(&other, wanted);
		free_nodes(wanted);
	}
	else
		check(ghc_scan_finished(&scan));
	check(scan.replaced == oracle.replaced);
	free(copy);
}

static void
check_ways(const uint8_t *data, size_t size, bool accepted)
{
	for (int i = 0; i < WAYS; i++)
	{
		char	   *copy = fuzz_copy(data, size);
		GhcScan		scan;

		ghc_scan_init(&scan, copy, size);
		choices = fuzz_random(data, size, (uint64_t) i);
		if (accepted)
		{
			walk(&scan, 0);
			check(ghc_scan_finished(&scan));
			check(scan.replaced == oracle.replaced);
		}
		else
		{
			stray(&scan, i % 2);
			check_stuck(&scan, size);
		}
		free(copy);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *copy;
	GhcScan		scan;
	bool		accepted;

	oracle_ask(&oracle, (const char *) data, size, true);
	if (!oracle.judged)
		return 0;
	accepted = oracle.accepted && oracle.depth <= GHC_SCAN_DEPTH;

	copy = fuzz_copy(data, size);
	ghc_scan_init(&scan, copy, size);
	check((ghc_scan_skip(&scan) && ghc_scan_finished(&scan)) == accepted);
	if (oracle.accepted && !accepted)
		check(strcmp(scan.error, "nested too deep") == 0);
	if (accepted)
		check(scan.replaced == oracle.replaced);
	else
		check_stuck(&scan, size);
	free(copy);

	check_ways(data, size, accepted);
	if (accepted)
		check_raw(data, size);
	return 0;
}
