/*-------------------------------------------------------------------------
 *
 * members.c
 *	  Some members of a range, as the text that a task is stored as; see
 *	  members.h.
 *
 * IDENTIFICATION
 *	  src/github/members.c
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>

#include "github/members.h"
#include "github/selection.h"

#define PREFIX "ids:"

void
ghc_members_format(const GhcMembers *members, GhcBuffer *out)
{
	GhcRange	everything;

	ghc_buffer_puts(out, PREFIX);
	for (int i = 0; i < members->n; i++)
		ghc_buffer_printf(out, "%s%" PRId64, i > 0 ? "," : "", members->ids[i]);
	ghc_range_init(&everything);
	if (ghc_range_equals(&members->range, &everything))
		return;
	ghc_buffer_puts(out, " ");
	ghc_range_format(&members->range, out);
}

/* Takes a positive number from the front of a text; false if none is there. */
static bool
take_id(GhcSlice *text, int64_t *id)
{
	size_t		len = 0;

	*id = 0;
	for (; len < text->len; len++)
	{
		int			digit = text->data[len] - '0';

		if (digit < 0 || digit > 9)
			break;
		if (*id > (INT64_MAX - digit) / 10)
			return false;
		*id = *id * 10 + digit;
	}
	text->data += len;
	text->len -= len;
	return *id > 0;
}

bool
ghc_members_parse(GhcSlice text, GhcMembers *members)
{
	size_t		len = strlen(PREFIX);
	char		separator;
	GhcProblem	problem;

	members->n = 0;
	if (text.len < len || memcmp(text.data, PREFIX, len) != 0)
		return false;
	do
	{
		text.data += len;
		text.len -= len;
		if (members->n == GHC_MAX_MEMBERS ||
			!take_id(&text, &members->ids[members->n]))
			return false;
		members->n++;
		if (text.len == 0)
		{
			ghc_range_init(&members->range);
			return true;
		}
		separator = *text.data;
		len = 1;
	} while (separator == ',');
	text.data++;
	text.len--;
	return separator == ' ' &&
		ghc_selection_parse(text, &members->range, &problem);
}
