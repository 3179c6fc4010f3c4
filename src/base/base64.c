/*-------------------------------------------------------------------------
 *
 * base64.c
 *	  Base64; see base64.h.
 *
 * IDENTIFICATION
 *	  src/base/base64.c
 *
 *-------------------------------------------------------------------------
 */
#include "base/base64.h"

const char	ghc_base64_digits[] =
"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const char	ghc_base64_url_digits[] =
"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t
ghc_base64_encode(const unsigned char *plain, size_t n, const char *digits,
				  char *out)
{
	uint32_t	bits = 0;
	int			n_bits = 0;
	size_t		len = 0;

	for (size_t i = 0; i < n; i++)
	{
		bits = (bits << 8) | plain[i];
		for (n_bits += 8; n_bits >= 6; n_bits -= 6)
			out[len++] = digits[(bits >> (n_bits - 6)) & 63];
	}
	if (n_bits > 0)
		out[len++] = digits[(bits << (6 - n_bits)) & 63];
	out[len] = '\0';
	return len;
}

void
ghc_base64_pad(char *text, size_t len)
{
	while (len % 4 != 0)
		text[len++] = '=';
	text[len] = '\0';
}

size_t
ghc_base64_decode(GhcSlice text, const char *digits, unsigned char *plain,
				  size_t size)
{
	uint32_t	bits = 0;
	int			n_bits = 0;
	size_t		n = 0;

	for (size_t i = 0; i < text.len && text.data[i] != '='; i++)
	{
		const char *digit = memchr(digits, text.data[i], 64);

		if (digit == NULL)
			return 0;
		bits = (bits << 6) | (uint32_t) (digit - digits);
		n_bits += 6;
		if (n_bits >= 8)
		{
			if (n == size)
				return 0;
			n_bits -= 8;
			plain[n++] = (unsigned char) (bits >> n_bits);
		}
	}
	return n;
}
