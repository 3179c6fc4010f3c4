/*-------------------------------------------------------------------------
 *
 * node_id.c
 *	  Repository ids and the node ids that GraphQL uses for them; see
 *	  node_id.h.
 *
 * Both forms are base64, of "010:Repository<id>" with padding, or of a
 * MessagePack array [0, id] in the URL's alphabet without.  A node id is
 * only believed if writing the id that was read gives the same text again:
 * so no rule of either form needs a check of its own, and no two texts stand
 * for one repository in one form.
 *
 * IDENTIFICATION
 *	  src/github/node_id.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/node_id.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/base64.h"

#define PREFIX "R_"
#define LEGACY_PREFIX "010:Repository"

/* the most bytes either form encodes: the prefix and 19 digits */
#define PLAIN_BYTES (sizeof(LEGACY_PREFIX) + 19)

/* MessagePack */
#define PACK_ARRAY_OF_2 0x92
#define PACK_UINT8 0xcc			/* and 16, 32 and 64 bits behind it */

void
ghc_node_id_format(int64_t repo_id, char out[GHC_NODE_ID_BYTES])
{
	uint64_t	id = (uint64_t) repo_id;
	unsigned char plain[11] = {PACK_ARRAY_OF_2, 0};
	size_t		n = 2;
	int			width = 0;		/* 2 to its power is the number of bytes */

	if (id >= 128)
	{
		while (width < 3 && id >> (8 << width) != 0)
			width++;
		plain[n++] = (unsigned char) (PACK_UINT8 + width);
	}
	for (int byte = (1 << width) - 1; byte >= 0; byte--)
		plain[n++] = (unsigned char) (id >> (8 * byte));

	memcpy(out, PREFIX, sizeof(PREFIX));
	ghc_base64_encode(plain, n, ghc_base64_url_digits, out + strlen(PREFIX));
}

void
ghc_node_id_format_legacy(int64_t repo_id, char out[GHC_NODE_ID_BYTES])
{
	char		plain[PLAIN_BYTES + 1];
	int			n;

	n = snprintf(plain, sizeof(plain), LEGACY_PREFIX "%" PRId64, repo_id);
	ghc_base64_pad(out, ghc_base64_encode((unsigned char *) plain, (size_t) n,
										  ghc_base64_digits, out));
}

/* The number in the last bytes of MessagePack; 0 if there is none. */
static int64_t
read_packed(GhcSlice node_id)
{
	unsigned char plain[11];
	GhcSlice	text = {node_id.data + strlen(PREFIX),
	node_id.len - strlen(PREFIX)};
	size_t		n = ghc_base64_decode(text, ghc_base64_url_digits, plain,
									   sizeof(plain));
	uint64_t	id = 0;

	for (size_t i = n > 3 ? 3 : 2; i < n; i++)
		id = (id << 8) | plain[i];
	return id <= INT64_MAX ? (int64_t) id : 0;
}

/* The number at the end of the legacy form; 0 if there is none. */
static int64_t
read_legacy(GhcSlice node_id)
{
	unsigned char plain[PLAIN_BYTES];
	size_t		n = ghc_base64_decode(node_id, ghc_base64_digits, plain,
									   sizeof(plain));
	int64_t		id = 0;

	for (size_t i = strlen(LEGACY_PREFIX); i < n; i++)
	{
		int			digit = plain[i] - '0';

		if (digit < 0 || digit > 9 || id > (INT64_MAX - digit) / 10)
			return 0;
		id = id * 10 + digit;
	}
	return id;
}

bool
ghc_node_id_parse(GhcSlice node_id, int64_t *repo_id)
{
	char		again[GHC_NODE_ID_BYTES];
	int64_t		id;

	if (node_id.len > strlen(PREFIX) &&
		memcmp(node_id.data, PREFIX, strlen(PREFIX)) == 0)
	{
		id = read_packed(node_id);
		ghc_node_id_format(id, again);
	}
	else
	{
		id = read_legacy(node_id);
		ghc_node_id_format_legacy(id, again);
	}
	if (id <= 0 || !ghc_slice_equals(node_id, ghc_slice_of(again)))
		return false;
	*repo_id = id;
	return true;
}
