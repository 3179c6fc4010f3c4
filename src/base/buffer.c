/*-------------------------------------------------------------------------
 *
 * buffer.c
 *	  A growing, size-capped byte buffer on malloc; see buffer.h.
 *
 * Every append first makes room for all of it and then writes, so that a
 * buffer which could not grow still holds exactly its earlier appends.
 *
 * IDENTIFICATION
 *	  src/base/buffer.c
 *
 *-------------------------------------------------------------------------
 */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_CAP 256

/* a byte as \u00xx */
#define UNICODE_ESCAPE_BYTES 6

/* A NUL has room as well. */
bool
ghc_buffer_reserve(GhcBuffer *buf, size_t more)
{
	size_t		need;
	size_t		cap;
	char	   *data;

	if (buf->failed)
		return false;
	if (more > SIZE_MAX / 2 - buf->len ||
		(buf->limit_bytes > 0 && buf->len + more > buf->limit_bytes))
	{
		buf->overflow = buf->failed = true;
		return false;
	}
	need = buf->len + more + 1;
	if (need <= buf->cap)
		return true;

	/* what goes in at once may be all there is; what follows makes it double */
	if (buf->len == 0)
		cap = need + need / 8 > FIRST_CAP ? need + need / 8 : FIRST_CAP;
	else
		cap = buf->cap * 2;
	if (buf->limit_bytes > 0 && cap > buf->limit_bytes + 1)
		cap = buf->limit_bytes + 1;
	if (cap < need)
		cap = need;
	data = realloc(buf->data, cap);
	if (data == NULL)
	{
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->cap = cap;
	return true;
}

void
ghc_buffer_reset(GhcBuffer *buf)
{
	buf->len = 0;
	buf->overflow = buf->failed = false;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

void
ghc_buffer_free(GhcBuffer *buf)
{
	free(buf->data);
	buf->data = NULL;
	buf->cap = 0;
	ghc_buffer_reset(buf);
}

bool
ghc_buffer_append(GhcBuffer *buf, const char *data, size_t len)
{
	if (!ghc_buffer_reserve(buf, len))
		return false;
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return true;
}

bool
ghc_buffer_puts(GhcBuffer *buf, const char *text)
{
	return ghc_buffer_append(buf, text, strlen(text));
}

bool
ghc_buffer_put_slice(GhcBuffer *buf, GhcSlice slice)
{
	return ghc_buffer_append(buf, slice.data, slice.len);
}

bool
ghc_buffer_printf(GhcBuffer *buf, const char *fmt,...)
{
	va_list		args;
	int			len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
	{
		buf->failed = true;
		return false;
	}
	if (!ghc_buffer_reserve(buf, (size_t) len))
		return false;

	va_start(args, fmt);
	vsnprintf(buf->data + buf->len, (size_t) len + 1, fmt, args);
	va_end(args);
	buf->len += (size_t) len;
	return true;
}

/* The letter that stands behind a backslash for this byte, or 0. */
static char
short_escape(char c)
{
	switch (c)
	{
		case '"':
		case '\\':
			return c;
		case '\b':
			return 'b';
		case '\f':
			return 'f';
		case '\n':
			return 'n';
		case '\r':
			return 'r';
		case '\t':
			return 't';
		default:
			return 0;
	}
}

static size_t
json_length(GhcSlice text)
{
	size_t		len = text.len;

	for (size_t i = 0; i < text.len; i++)
	{
		if (short_escape(text.data[i]) != 0)
			len++;
		else if ((unsigned char) text.data[i] < 0x20)
			len += UNICODE_ESCAPE_BYTES - 1;
	}
	return len;
}

bool
ghc_buffer_put_json(GhcBuffer *buf, GhcSlice text)
{
	static const char hex[] = "0123456789abcdef";
	char	   *out;

	if (!ghc_buffer_reserve(buf, json_length(text)))
		return false;

	out = buf->data + buf->len;
	for (size_t i = 0; i < text.len; i++)
	{
		unsigned char c = (unsigned char) text.data[i];
		char		letter = short_escape(text.data[i]);

		if (letter != 0)
		{
			*out++ = '\\';
			*out++ = letter;
		}
		else if (c < 0x20)
		{
			memcpy(out, "\\u00", 4);
			out[4] = hex[c >> 4];
			out[5] = hex[c & 15];
			out += UNICODE_ESCAPE_BYTES;
		}
		else
			*out++ = text.data[i];
	}
	*out = '\0';
	buf->len = (size_t) (out - buf->data);
	return true;
}
