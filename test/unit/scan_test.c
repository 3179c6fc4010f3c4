/*-------------------------------------------------------------------------
 *
 * scan_test.c
 *	  Tests of src/github/scan.c and scan_text.c.
 *
 * The input is always a copy on the heap of exactly its length, so that a
 * sanitizer sees a read past its end.
 *
 * IDENTIFICATION
 *	  test/unit/scan_test.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/scan.h"
#include "tap.h"

#include <stdlib.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define FFFD "\xef\xbf\xbd"

/* the results of one value, kept past its scan */
static char result[4096];
static GhcScan scan;

static char *
begin(const char *json, size_t len)
{
	char	   *copy = malloc(len > 0 ? len : 1);

	if (len > 0)
		memcpy(copy, json, len);
	ghc_scan_init(&scan, copy, len);
	return copy;
}

static void
keep(GhcSlice value)
{
	memcpy(result, value.data, value.len);
	result[value.len] = '\0';
}

/* The name of a row's check; inputs themselves would garble TAP. */
static const char *
label(const char *table, size_t row)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s, row %zu", table, row);
	return name;
}

/* Reads a whole input as a string; "ERROR" or "REFUSED" where it isn't one. */
static const char *
read_string(const char *json, size_t len)
{
	char	   *copy = begin(json, len);
	GhcSlice	value;

	if (ghc_scan_string(&scan, &value))
		keep(value);
	else
		strcpy(result, "REFUSED");
	if (!ghc_scan_finished(&scan))
		strcpy(result, "ERROR");
	free(copy);
	return result;
}

/* The same for raw JSON text. */
static const char *
read_raw(const char *json, size_t len)
{
	char	   *copy = begin(json, len);
	GhcSlice	value;

	if (ghc_scan_raw(&scan, &value))
		keep(value);
	else
		strcpy(result, "REFUSED");
	if (!ghc_scan_finished(&scan))
		strcpy(result, "ERROR");
	free(copy);
	return result;
}

/* Is a whole input JSON? */
static bool
accepts(const char *json, size_t len)
{
	char	   *copy = begin(json, len);
	bool		accepted = ghc_scan_skip(&scan) && ghc_scan_finished(&scan);

	free(copy);
	return accepted;
}

typedef struct GhcCase
{
	const char *json;
	const char *want;
	uint32_t	replaced;
} GhcCase;

static const GhcCase strings[] = {
	{"\"\"", "", 0},
	{"\"a\"", "a", 0},
	{" \t\r\n\"a\" \t\r\n", "a", 0},
	{"\"1234567\"", "1234567", 0},
	{"\"12345678\"", "12345678", 0},
	{"\"123456789 and so on, for long\"", "123456789 and so on, for long", 0},
	{"\"\x7f\"", "\x7f", 0},
	{"\"12345678\\n12345678\\t\"", "12345678\n12345678\t", 0},
	{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 0},
	{"\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"",
	"A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 0},
	{"\"\\u0001\\u007f\\u0080\\u07ff\\u0800\\uffff\"",
	"\x01\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf", 0},
	{"\"\\uD800\\uDC00\\uDBFF\\uDFFF\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 0},

	/* what text can't hold */
	{"\"a\\u0000b\"", "a" FFFD "b", 1},
	{"\"\\ud83d\"", FFFD, 1},
	{"\"\\ud83dx\"", FFFD "x", 1},
	{"\"\\ud83d\\n\"", FFFD "\n", 1},
	{"\"\\ude00\\ud83d\"", FFFD FFFD, 2},
	{"\"\\ud83d\\ud83d\\ude00\"", FFFD "\xf0\x9f\x98\x80", 1},
	{"\"\\ud83d\\u0041\"", FFFD "A", 1},
	{"\"\\ud83d\\u0000\"", FFFD FFFD, 2},

	/* UTF-8 */
	{"\"gr\xc3\xbc\xc3\x9f\xe2\x82\xac\xf0\x9f\x98\x80\"",
	"gr\xc3\xbc\xc3\x9f\xe2\x82\xac\xf0\x9f\x98\x80", 0},
	{"\"\\n\xe2\x82\xac\xf0\x9f\x98\x80\"",
	"\n\xe2\x82\xac\xf0\x9f\x98\x80", 0},
	{"\"\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80\"",
	"\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80", 0},
	{"\"\x80\"", "?", 1},
	{"\"\xc0\xaf\"", "??", 2},
	{"\"\xc1\xbf\"", "??", 2},
	{"\"\xc3\"", "?", 1},
	{"\"\xc3(\"", "?(", 1},
	{"\"\xe0\x9f\xbf\"", "???", 3},
	{"\"\xe2\x82\"", "??", 2},
	{"\"\xe2\x82x\"", "??x", 2},
	{"\"\xed\xa0\x80\"", "???", 3},
	{"\"\xf0\x8f\xbf\xbf\"", "????", 4},
	{"\"\xf0\x9f\x98\"", "???", 3},
	{"\"\xf4\x90\x80\x80\"", "????", 4},
	{"\"\xf5\x80\x80\x80\"", "????", 4},
	{"\"\xff\xfe\"", "??", 2},
	{"\"\\n\xff\\t\"", "\n?\t", 1},

	/* other types are passed over */
	{"1", "REFUSED", 0},
	{"null", "REFUSED", 0},
	{"{\"a\":[\"b\"]}", "REFUSED", 0},

	/* no JSON */
	{"\"", "ERROR", 0},
	{"\"a", "ERROR", 0},
	{"\"12345678", "ERROR", 0},
	{"\"\\", "ERROR", 0},
	{"\"\\\"", "ERROR", 0},
	{"\"\\x\"", "ERROR", 0},
	{"\"\\'\"", "ERROR", 0},
	{"\"\\U0041\"", "ERROR", 0},
	{"\"\\u\"", "ERROR", 0},
	{"\"\\u004\"", "ERROR", 0},
	{"\"\\u004g\"", "ERROR", 0},
	{"\"\\u+041\"", "ERROR", 0},
	{"\"\\u0041", "ERROR", 0},
	{"\"\\ud83d\\u12\"", "ERROR", 1},
	{"\"\\ud83d\\", "ERROR", 1},
	{"\"\n\"", "ERROR", 0},
	{"\"12345678\x1f\"", "ERROR", 0},
	{"\"\\n\x01\"", "ERROR", 0},
	{"\"\xf0\x9f\x98", "ERROR", 3},
	{"'a'", "ERROR", 0},
	{"\"a\"b", "ERROR", 0},
	{"\"a\" \"b\"", "ERROR", 0},
};

static void
test_strings(void)
{
	for (size_t i = 0; i < LENGTH(strings); i++)
	{
		is_str(read_string(strings[i].json, strlen(strings[i].json)),
			   strings[i].want, label("string", i));
		is_int(scan.replaced, strings[i].replaced, "characters replaced");
	}
	is_str(read_string("\"a\0b\"", 5), "ERROR", "a NUL in a string");
}

/* A byte that needs care is found wherever it stands. */
static void
test_every_place(void)
{
	static const char *const special[] = {"\"", "\\", "\x01", "\x1f", "\x80"};
	static const char plain[] = " !#[]^~\x7f";
	int			wrong = 0;

	for (size_t at = 0; at < 40; at++)
	{
		for (size_t i = 0; i < LENGTH(special); i++)
		{
			char		json[64];
			const char *got;

			json[0] = '"';
			for (size_t j = 0; j < 40; j++)
				json[1 + j] = plain[(i + j) % strlen(plain)];
			json[1 + at] = special[i][0];
			json[41] = '"';
			got = read_string(json, 42);
			if (special[i][0] == '\x80')
				wrong += strlen(got) != 40 || got[at] != '?';
			else
				wrong += strcmp(got, "ERROR") != 0;
		}
	}
	is_int(wrong, 0, "special bytes are found at every place");
}

typedef struct GhcIntCase
{
	const char *json;
	bool		read;
	int64_t		want;
	bool		error;
} GhcIntCase;

static const GhcIntCase integers[] = {
	{"0", true, 0, false},
	{"-0", true, 0, false},
	{"7", true, 7, false},
	{"-12", true, -12, false},
	{" 1234567890123 ", true, 1234567890123, false},
	{"9223372036854775807", true, INT64_MAX, false},
	{"-9223372036854775808", true, INT64_MIN, false},
	{"9223372036854775808", false, 0, false},
	{"-9223372036854775809", false, 0, false},
	{"92233720368547758070", false, 0, false},
	{"99999999999999999999999999999999", false, 0, false},
	{"1.0", false, 0, false},
	{"1e2", false, 0, false},
	{"-1.5E-10", false, 0, false},
	{"null", false, 0, false},
	{"true", false, 0, false},
	{"\"1\"", false, 0, false},
	{"[1]", false, 0, false},
	{"{}", false, 0, false},
	{"", false, 0, true},
	{"-", false, 0, true},
	{"+1", false, 0, true},
	{".5", false, 0, true},
	{"01", true, 0, true},
	{"-01", true, 0, true},
	{"1.", false, 0, true},
	{"1.e1", false, 0, true},
	{"1e", false, 0, true},
	{"1e+", false, 0, true},
	{"--1", false, 0, true},
	{"1x", true, 1, true},
	{"0x10", true, 0, true},
	{"NaN", false, 0, true},
	{"Infinity", false, 0, true},
	{"1 2", true, 1, true},
};

static void
test_integers(void)
{
	for (size_t i = 0; i < LENGTH(integers); i++)
	{
		const GhcIntCase *want = &integers[i];
		char	   *copy = begin(want->json, strlen(want->json));
		int64_t		value = 0;

		ok(ghc_scan_int(&scan, &value) == want->read, "integer %s", want->json);
		is_int(value, want->want, "its value");
		ok(ghc_scan_finished(&scan) != want->error, "whether it is JSON");
		free(copy);
	}
}

static void
test_booleans(void)
{
	char	   *copy = begin("[true,false,null,1,tru]", 23);
	bool		first = true;
	bool		value = false;

	ghc_scan_enter_array(&scan);
	ok(ghc_scan_next_element(&scan, &first) && ghc_scan_bool(&scan, &value) &&
	   value, "true");
	ok(ghc_scan_next_element(&scan, &first) && ghc_scan_bool(&scan, &value) &&
	   !value, "false");
	ok(ghc_scan_next_element(&scan, &first) && !ghc_scan_bool(&scan, &value) &&
	   scan.error == NULL, "null is none, and no error");
	ok(ghc_scan_next_element(&scan, &first) && !ghc_scan_bool(&scan, &value) &&
	   scan.error == NULL, "nor is a number");
	ok(ghc_scan_next_element(&scan, &first) && !ghc_scan_bool(&scan, &value) &&
	   scan.error != NULL, "half a word is an error");
	is_int(scan.error_at, 19, "at its place");
	ok(!ghc_scan_next_element(&scan, &first), "which sticks");
	free(copy);
}

static const char *const json_texts[] = {
	"{}", "[]", " [ ] ", "{ }", "null", "true", "false", "0", "-1.5e+3",
	"[1,2]", "[ 1 , 2 ]", "[[],[[]],{}]", "{\"a\":1}", "{\"\":null}",
	"{ \"a\" : 1 , \"b\" : [] }", "{\"a\":1,\"a\":2}", "[\"\\u0000\"]",
	"1E9999999999999999999",
};

static const char *const other_texts[] = {
	"", " ", "[", "]", "{", "}", "[1,]", "[,1]", "[1 2]", "[1,,2]", "[1", "[1,",
	"{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\" 1}", "{a:1}", "{1:2}",
	"{\"a\":1 \"b\":2}", "{\"a\":1", "{\"a\":1,", "{\"a\"", "{\"a", "{\"a\":",
	"{null:1}", "[1}", "{\"a\":1]", "nul", "nulll", "True", "TRUE", "undefined",
	"[]]", "{}{}", "// x\n1", "\xef\xbb\xbf{}", "[1\x0b]", "[1\xa0]", ":", ",",
	"<html>", "-Infinity", "[01]", "[1.]", "[\"\\u00\"]", "{\"\\x\":1}",
	"{\"a\n\":1}", "[\"a]",
};

static void
test_grammar(void)
{
	for (size_t i = 0; i < LENGTH(json_texts); i++)
		ok(accepts(json_texts[i], strlen(json_texts[i])), "%s",
		   label("JSON", i));
	for (size_t i = 0; i < LENGTH(other_texts); i++)
		ok(!accepts(other_texts[i], strlen(other_texts[i])) &&
		   scan.depth <= GHC_SCAN_DEPTH, "%s", label("no JSON", i));
	ok(!accepts("{}\0", 3), "no JSON: a NUL behind it");
	ok(!accepts(NULL, 0), "no JSON: nothing at all");
}

static void
test_depth(void)
{
	char		json[2 * (GHC_SCAN_DEPTH + 1) + 1];
	size_t		n = GHC_SCAN_DEPTH;

	memset(json, '[', n);
	memset(json + n, ']', n);
	ok(accepts(json, 2 * n), "as deep as allowed");
	n++;
	memset(json, '[', n);
	memset(json + n, ']', n);
	ok(!accepts(json, 2 * n), "one level more is refused");
	is_str(scan.error, "nested too deep", "with its reason");
	is_int(scan.error_at, GHC_SCAN_DEPTH, "at its place");
}

static void
test_walk(void)
{
	static const char json[] =
	"{ \"a\" : [ 1 , \"x\" ] ,\"b\\n\":{},\"c\":null}";
	char	   *copy = begin(json, strlen(json));
	GhcSlice	key;
	GhcSlice	text;
	bool		first = true;
	bool		inner = true;
	int64_t		number;

	is_int(ghc_scan_peek(&scan), GHC_SCAN_OBJECT, "an object comes");
	ok(ghc_scan_enter_object(&scan), "and is entered");
	ok(ghc_scan_next_key(&scan, &first, &key), "it has a key");
	is_slice(key, "a", "the key");
	is_int(ghc_scan_peek(&scan), GHC_SCAN_ARRAY, "an array comes");
	ok(ghc_scan_enter_array(&scan), "and is entered");
	ok(ghc_scan_next_element(&scan, &inner) && ghc_scan_int(&scan, &number),
	   "it begins with a number");
	ok(ghc_scan_next_element(&scan, &inner) && ghc_scan_string(&scan, &text),
	   "goes on with a string");
	ok(!ghc_scan_next_element(&scan, &inner), "and ends");
	ok(ghc_scan_next_key(&scan, &first, &key), "another key");
	is_slice(key, "b\n", "with an escape");
	ok(ghc_scan_skip(&scan), "its value is skipped");
	ok(ghc_scan_next_key(&scan, &first, &key) &&
	   ghc_scan_peek(&scan) == GHC_SCAN_NULL && ghc_scan_skip(&scan), "a null");
	ok(!ghc_scan_finished(&scan), "it isn't finished");
	ok(!ghc_scan_next_key(&scan, &first, &key), "the object ends");
	ok(ghc_scan_finished(&scan), "it is finished");
	is_int(ghc_scan_peek(&scan), GHC_SCAN_END, "nothing more comes");
	ok(!ghc_scan_skip(&scan) && scan.error != NULL, "asking more is an error");
	ok(!ghc_scan_finished(&scan), "which sticks");
	free(copy);
}

static void
test_errors_stick(void)
{
	char	   *copy = begin("[1]", 3);
	GhcSlice	slice;
	bool		first = true;
	bool		flag;
	int64_t		number;

	ok(!ghc_scan_enter_object(&scan), "an array is no object");
	is_str(scan.error, "expected an object", "says the error");
	ok(!ghc_scan_fail(&scan, "another"), "another error");
	is_str(scan.error, "expected an object", "does not hide the first");
	ok(!ghc_scan_enter_array(&scan) && !ghc_scan_next_element(&scan, &first) &&
	   !ghc_scan_string(&scan, &slice) && !ghc_scan_int(&scan, &number) &&
	   !ghc_scan_bool(&scan, &flag) && !ghc_scan_skip(&scan) &&
	   !ghc_scan_raw(&scan, &slice), "all further calls fail");
	first = true;
	ok(!ghc_scan_next_key(&scan, &first, &slice) &&
	   !ghc_scan_try_key(&scan, &first, GHC_SLICE("a")), "those for keys too");
	is_int(ghc_scan_peek(&scan), GHC_SCAN_END, "nothing comes");
	is_int(scan.error_at, 0, "the place is that of the first");
	free(copy);
}

static void
test_try_key(void)
{
	static const char json[] = "{\"ab\":1,\"cd\":2,\"\":3, \"ef\":4}";
	char	   *copy = begin(json, strlen(json));
	GhcSlice	key;
	bool		first = true;
	int64_t		number = 0;

	ghc_scan_enter_object(&scan);
	ok(!ghc_scan_try_key(&scan, &first, GHC_SLICE("a")), "not by a prefix");
	ok(!ghc_scan_try_key(&scan, &first, GHC_SLICE("ab\":1")), "nor by more");
	ok(first, "nothing happened");
	ok(ghc_scan_try_key(&scan, &first, GHC_SLICE("ab")) && !first, "first key");
	ok(ghc_scan_int(&scan, &number) && number == 1, "its value");
	ok(!ghc_scan_try_key(&scan, &first, GHC_SLICE("ab")), "not again");
	ok(ghc_scan_try_key(&scan, &first, GHC_SLICE("cd")), "second key");
	ok(ghc_scan_int(&scan, &number) && number == 2, "its value");
	ok(ghc_scan_try_key(&scan, &first, GHC_SLICE("")), "the empty key");
	ok(ghc_scan_int(&scan, &number) && number == 3, "its value");
	ok(!ghc_scan_try_key(&scan, &first, GHC_SLICE("ef")), "not over a blank");
	ok(ghc_scan_next_key(&scan, &first, &key), "but so it is read");
	is_slice(key, "ef", "rightly");
	ghc_scan_skip(&scan);
	ok(!ghc_scan_try_key(&scan, &first, GHC_SLICE("ef")), "none at the end");
	ok(!ghc_scan_next_key(&scan, &first, &key), "where the object ends");
	ok(ghc_scan_finished(&scan), "and all is well");
	free(copy);
}

static const GhcCase raw_texts[] = {
	{" {\"a\" : [1, 2.50, -1e5]} ", "{\"a\" : [1, 2.50, -1e5]}", 0},
	{"\"\\\"\\u0041\\/\"", "\"\\\"\\u0041\\/\"", 0},
	{"{\"a\\nb\":\"\\ud83d\\ude00\"}", "{\"a\\nb\":\"\\ud83d\\ude00\"}", 0},
	{"[\"\\u0000\",\"\\uDEAD\",\"\\ud83dx\"]",
	"[\"\\ufffd\",\"\\ufffd\",\"\\ufffdx\"]", 3},
	{"{\"\\u0000\\n\":\"a\xff\"}", "{\"\\ufffd\\n\":\"a?\"}", 2},
	{"1e131071", "1e131071", 0},
	{"1e131072", "REFUSED", 0},
	{"1e-16383", "1e-16383", 0},
	{"1e-16384", "REFUSED", 0},
	{"[{\"a\":1E99999999999999999999}]", "REFUSED", 0},
	{"[1e-99999999999999999999,1]", "REFUSED", 0},
	{"[1,]", "ERROR", 0},
	{"[1e999999,", "ERROR", 0},
	{"", "ERROR", 0},
};

/* Every byte of every length counts, whatever words it is compared by. */
static void
test_same_bytes(void)
{
	const char *key = "stargazerCountAndMore";
	char		copy[32];
	int			wrong = 0;

	for (size_t n = 0; n <= strlen(key); n++)
	{
		memcpy(copy, key, n);
		wrong += !ghc_scan_same_bytes(copy, key, n);
		for (size_t i = 0; i < n; i++)
		{
			copy[i] ^= 0x20;
			wrong += ghc_scan_same_bytes(copy, key, n);
			copy[i] ^= 0x20;
		}
	}
	is_int(wrong, 0, "lengths and places at which bytes are not compared");
}

static void
test_raw(void)
{
	static char digits[140000];

	for (size_t i = 0; i < LENGTH(raw_texts); i++)
	{
		is_str(read_raw(raw_texts[i].json, strlen(raw_texts[i].json)),
			   raw_texts[i].want, label("raw text", i));
		is_int(scan.replaced, raw_texts[i].replaced, "characters replaced");
	}
	memset(digits, '9', sizeof(digits));
	is_str(read_raw(digits, 131073), "REFUSED", "too many digits");
	digits[1] = '.';
	is_str(read_raw(digits, 16386), "REFUSED", "too many behind the point");
}

int
main(void)
{
	test_strings();
	test_every_place();
	test_integers();
	test_booleans();
	test_grammar();
	test_depth();
	test_walk();
	test_errors_stick();
	test_try_key();
	test_same_bytes();
	test_raw();
	return done_testing();
}
