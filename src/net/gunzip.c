/*-------------------------------------------------------------------------
 *
 * gunzip.c
 *	  Unpacks a gzip file piece by piece; see gunzip.h.
 *
 * A member that is looked for behind a broken one is where the three bytes stand
 * that each begins with.  They may as well be packed text; then zlib finds that out
 * soon, and the search goes on behind what it has read.
 *
 * IDENTIFICATION
 *	  src/net/gunzip.c
 *
 *-------------------------------------------------------------------------
 */
#include "net/gunzip.h"

#include <string.h>

/* the largest window, and 16 for "gzip header and checksum, nothing else" */
#define GZIP_WINDOW_BITS (MAX_WBITS + 16)

/* so begins every member: the mark, and that it is deflated */
#define MAGIC_BYTES 3
static const unsigned char magic[MAGIC_BYTES] = {0x1f, 0x8b, 0x08};

typedef enum State
{
	AT_START,
	IN_TEXT,					/* not packed */
	IN_MEMBER,
	BETWEEN,					/* a member may begin here, after zeros */
} State;

static void
end_member(GhcGunzip *gunzip)
{
	if (gunzip->inflating)
		inflateEnd(&gunzip->stream);
	gunzip->inflating = false;
	gunzip->state = BETWEEN;
	gunzip->matched = 0;
}

/* Something is missing: the text before and after doesn't belong together. */
static void
note_damage(GhcGunzip *gunzip)
{
	gunzip->damaged = true;
	gunzip->take(gunzip->arg, gunzip->step, 0);
}

void
ghc_gunzip_begin(GhcGunzip *gunzip,
				 void (*take) (void *arg, char *text, size_t len), void *arg)
{
	end_member(gunzip);
	gunzip->state = AT_START;
	gunzip->take = take;
	gunzip->arg = arg;
	gunzip->damaged = gunzip->failed = false;
}

/* Unpacks bytes of a member; returns how many were taken, all unless it ends. */
static size_t
unpack(GhcGunzip *gunzip, const unsigned char *data, size_t len)
{
	z_stream   *stream = &gunzip->stream;
	size_t		taken = 0;
	int			rc = Z_OK;

	while (rc == Z_OK && (taken < len || stream->avail_out == 0))
	{
		/* a piece of the file has less than 4 GB */
		stream->next_in = (Bytef *) data + taken;
		stream->avail_in = (uInt) (len - taken);
		stream->next_out = (Bytef *) gunzip->step;
		stream->avail_out = sizeof(gunzip->step);
		rc = inflate(stream, Z_NO_FLUSH);
		taken = len - stream->avail_in;
		if (stream->avail_out < sizeof(gunzip->step))
			gunzip->take(gunzip->arg, gunzip->step,
						 sizeof(gunzip->step) - stream->avail_out);
	}
	if (rc == Z_OK || rc == Z_BUF_ERROR)
		return taken;
	gunzip->failed = rc == Z_MEM_ERROR;
	if (rc != Z_STREAM_END)
		note_damage(gunzip);
	end_member(gunzip);
	return taken;
}

static void
begin_member(GhcGunzip *gunzip)
{
	memset(&gunzip->stream, 0, sizeof(gunzip->stream));
	if (inflateInit2(&gunzip->stream, GZIP_WINDOW_BITS) != Z_OK)
	{
		gunzip->failed = true;
		return;
	}
	gunzip->inflating = true;
	gunzip->state = IN_MEMBER;
	(void) unpack(gunzip, magic, MAGIC_BYTES);
}

/* Looks for the next member; returns how many bytes were passed over. */
static size_t
find_member(GhcGunzip *gunzip, const unsigned char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
	{
		if (data[i] == magic[gunzip->matched])
			gunzip->matched++;
		else
		{
			/* some fill up their last block with zeros */
			if ((data[i] != 0 || gunzip->matched > 0) && !gunzip->damaged)
				note_damage(gunzip);
			gunzip->matched = data[i] == magic[0];
		}
		if (gunzip->matched == MAGIC_BYTES)
		{
			begin_member(gunzip);
			return i + 1;
		}
	}
	return len;
}

void
ghc_gunzip_feed(GhcGunzip *gunzip, char *data, size_t len)
{
	if (gunzip->state == AT_START && len > 0)
		gunzip->state = (unsigned char) data[0] == magic[0] ? BETWEEN : IN_TEXT;
	while (len > 0 && !gunzip->failed)
	{
		size_t		taken = len;

		if (gunzip->state == IN_TEXT)
			gunzip->take(gunzip->arg, data, len);
		else if (gunzip->state == IN_MEMBER)
			taken = unpack(gunzip, (unsigned char *) data, len);
		else
			taken = find_member(gunzip, (unsigned char *) data, len);
		data += taken;
		len -= taken;
	}
}

void
ghc_gunzip_end(GhcGunzip *gunzip)
{
	if (gunzip->state == IN_MEMBER || (gunzip->state == BETWEEN && gunzip->matched > 0))
		note_damage(gunzip);
	end_member(gunzip);
	gunzip->state = AT_START;
}
