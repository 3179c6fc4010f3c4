/*-------------------------------------------------------------------------
 *
 * scan_text.c
 *	  The strings of JSON, decoded where they stand; see scan_text.h.
 *
 * Most strings need nothing done, and that is found out 8 or 16 bytes at a
 * time.  From the first byte that needs care on, a string is moved down over
 * the room that its escapes leave.
 *
 * IDENTIFICATION
 *	  src/github/scan_text.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/scan_text.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define REPLACEMENT 0xFFFD		/* U+FFFD */
#define REPLACEMENT_ESCAPE "\\ufffd"
#define UNICODE_ESCAPE_BYTES 6

/* kept out of line, so that strings without escapes don't pay for it */
static char *take_rest(GhcScan *scan, bool raw) __attribute__((noinline));

static inline bool
is_special(char c)
{
	unsigned char byte = (unsigned char) c;

	return byte < 0x20 || byte > 0x7f || byte == '"' || byte == '\\';
}

#ifdef __SSE2__

#define STRIDE 16

/* Where in these bytes the first one is that needs care; -1 if nowhere. */
static inline int
special_in_stride(const char *p)
{
	__m128i		bytes = _mm_loadu_si128((const __m128i *) p);
	__m128i		quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
	__m128i		backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));

	/* as signed numbers, control characters and all but ASCII are small */
	__m128i		small = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
	int			mask;

	mask = _mm_movemask_epi8(_mm_or_si128(small,
										  _mm_or_si128(quote, backslash)));
	return mask == 0 ? -1 : __builtin_ctz((unsigned) mask);
}

#else

#define STRIDE 8

/* every byte of a word set to this one */
#define ALL_BYTES(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline int
special_in_stride(const char *p)
{
	uint64_t	word;
	uint64_t	quote;
	uint64_t	backslash;
	uint64_t	special;

	memcpy(&word, p, sizeof(word));
	quote = word ^ ALL_BYTES('"');
	backslash = word ^ ALL_BYTES('\\');

	/* a byte less than n borrows from its top bit; one over 127 has it */
	special = (word - ALL_BYTES(0x20)) | (quote - ALL_BYTES(1)) |
		(backslash - ALL_BYTES(1)) | word;
	if ((special & ALL_BYTES(0x80)) == 0)
		return -1;

	/* a borrow may have spoilt the others, so they are looked at singly */
	for (int i = 0; i < STRIDE; i++)
		if (is_special(p[i]))
			return i;
	return -1;
}

#endif

/*
 * The first byte of a string that isn't to be taken as it is: a quote, a
 * backslash, a control character, or one that is no ASCII.
 */
static inline char *
find_special(char *p, char *end)
{
	while (end - p >= STRIDE)
	{
		int			at = special_in_stride(p);

		if (at >= 0)
			return p + at;
		p += STRIDE;
	}
	while (p < end && !is_special(*p))
		p++;
	return p;
}

/*
 * How many bytes the UTF-8 character at p has, or 0 if there is none; the
 * same as PostgreSQL's pg_utf8_islegal.
 */
static int
utf8_length(const char *p, const char *end)
{
	unsigned char first = (unsigned char) p[0];
	unsigned char low = 0x80;
	unsigned char high = 0xbf;
	int			n;

	if (first < 0xc2 || first > 0xf4)
		return first < 0x80;
	n = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (end - p < n)
		return 0;

	/* neither overlong, nor a surrogate, nor over U+10FFFF */
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if ((unsigned char) p[1] < low || (unsigned char) p[1] > high)
		return 0;
	for (int i = 2; i < n; i++)
		if (((unsigned char) p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static char *
put_utf8(char *out, uint32_t code)
{
	if (code < 0x80)
		*out++ = (char) code;
	else if (code < 0x800)
	{
		*out++ = (char) (0xc0 | (code >> 6));
		*out++ = (char) (0x80 | (code & 0x3f));
	}
	else if (code < 0x10000)
	{
		*out++ = (char) (0xe0 | (code >> 12));
		*out++ = (char) (0x80 | ((code >> 6) & 0x3f));
		*out++ = (char) (0x80 | (code & 0x3f));
	}
	else
	{
		*out++ = (char) (0xf0 | (code >> 18));
		*out++ = (char) (0x80 | ((code >> 12) & 0x3f));
		*out++ = (char) (0x80 | ((code >> 6) & 0x3f));
		*out++ = (char) (0x80 | (code & 0x3f));
	}
	return out;
}

/* The number in \uXXXX at p, or -1 if that isn't there. */
static int32_t
unicode_escape(const char *p, const char *end)
{
	int32_t		code = 0;

	if (end - p < UNICODE_ESCAPE_BYTES || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < UNICODE_ESCAPE_BYTES; i++)
	{
		char		c = p[i];

		code <<= 4;
		if (c >= '0' && c <= '9')
			code |= c - '0';
		else if (c >= 'a' && c <= 'f')
			code |= c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			code |= c - 'A' + 10;
		else
			return -1;
	}
	return code;
}

/*
 * Reads the \uXXXX at the cursor, or the pair of them that is one character.
 * Sets *code to it, to U+FFFD if text can't hold it; returns the bytes read, 0
 * on an error.
 */
static int
read_unicode(GhcScan *scan, uint32_t *code)
{
	int32_t		high = unicode_escape(scan->cur, scan->end);
	int32_t		low;

	if (high < 0)
	{
		ghc_scan_fail(scan, "invalid \\u escape");
		return 0;
	}
	*code = (uint32_t) high;
	if (high >= 0xd800 && high < 0xdc00)
	{
		low = unicode_escape(scan->cur + UNICODE_ESCAPE_BYTES, scan->end);
		if (low >= 0xdc00 && low < 0xe000)
		{
			*code = 0x10000 + (((uint32_t) high & 0x3ff) << 10) +
				((uint32_t) low & 0x3ff);
			return 2 * UNICODE_ESCAPE_BYTES;
		}
	}
	if (high == 0 || (high >= 0xd800 && high < 0xe000))
	{
		*code = REPLACEMENT;
		scan->replaced++;
	}
	return UNICODE_ESCAPE_BYTES;
}

/* What a backslash and this letter stand for, or 0. */
static char
short_escape(char letter)
{
	switch (letter)
	{
		case '"':
		case '\\':
		case '/':
			return letter;
		case 'b':
			return '\b';
		case 'f':
			return '\f';
		case 'n':
			return '\n';
		case 'r':
			return '\r';
		case 't':
			return '\t';
		default:
			return 0;
	}
}

/*
 * Takes the escape at the cursor and writes what it stands for to out, which
 * may be the cursor; in raw text the escape itself.  Returns the end of
 * what was written, or NULL on an error.
 */
static char *
take_escape(GhcScan *scan, char *out, bool raw)
{
	uint32_t	before = scan->replaced;
	uint32_t	code;
	char		c;
	int			n;

	if (scan->end - scan->cur >= 2 && scan->cur[1] != 'u')
	{
		c = short_escape(scan->cur[1]);
		if (c == 0)
		{
			ghc_scan_fail(scan, "invalid escape");
			return NULL;
		}
		scan->cur += 2;
		if (raw)
			return out + 2;
		*out++ = c;
		return out;
	}

	n = read_unicode(scan, &code);
	if (n == 0)
		return NULL;
	if (!raw)
		out = put_utf8(out, code);
	else
	{
		if (scan->replaced != before)
			memcpy(out, REPLACEMENT_ESCAPE, UNICODE_ESCAPE_BYTES);
		out += n;
	}
	scan->cur += n;
	return out;
}

/*
 * Takes the rest of a string whose cursor is at the first byte that needs
 * care, and its closing quote.  Returns the end of the text, or NULL on an
 * error.  Raw text keeps its length: escapes stay as they are.
 */
static char *
take_rest(GhcScan *scan, bool raw)
{
	char	   *out = scan->cur;

	for (;;)
	{
		char	   *run = scan->cur;
		int			n;

		scan->cur = find_special(run, scan->end);
		if (out != run)
			memmove(out, run, (size_t) (scan->cur - run));
		out += scan->cur - run;

		if (scan->cur == scan->end)
			break;
		if (*scan->cur == '"')
		{
			scan->cur++;
			return out;
		}
		if (*scan->cur == '\\')
		{
			out = take_escape(scan, out, raw);
			if (out == NULL)
				return NULL;
			continue;
		}
		if ((unsigned char) *scan->cur < 0x20)
		{
			ghc_scan_fail(scan, "control character in a string");
			return NULL;
		}
		n = utf8_length(scan->cur, scan->end);
		if (n == 0)
		{
			*scan->cur = '?';
			scan->replaced++;
			n = 1;
		}
		while (n-- > 0)
			*out++ = *scan->cur++;
	}
	ghc_scan_fail(scan, "unterminated string");
	return NULL;
}

bool
ghc_scan_text_take(GhcScan *scan, bool raw, GhcSlice *value)
{
	char	   *text = scan->cur + 1;
	char	   *end;

	scan->cur = end = find_special(text, scan->end);
	if (end < scan->end && *end == '"')
		scan->cur++;
	else
	{
		end = take_rest(scan, raw);
		if (end == NULL)
			return false;
	}
	value->data = text;
	value->len = (size_t) (end - text);
	return true;
}
