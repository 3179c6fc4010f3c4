/*-------------------------------------------------------------------------
 *
 * block.h
 *	  Why GitHub doesn't show a repository: what a GET of it says.
 *
 * Pure: no SPI, no curl, no clock, no allocation.  The JSON is read in place.
 *
 * IDENTIFICATION
 *	  src/github/block.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_BLOCK_H
#define GHC_BLOCK_H

#include "base/slice.h"

/* room for an address that says why; a longer one is left out */
#define GHC_NOTICE_BYTES 256

typedef struct GhcBlock
{
	const char *reason;			/* static text, e.g. "blocked_dmca" */
	int64_t		since;			/* seconds since 1970; 0: not told */
	char		notice[GHC_NOTICE_BYTES];	/* visible ASCII, or empty */
} GhcBlock;

/*
 * Reads the body of a refusal: {"message": …, "block": {"reason", "created_at",
 * "html_url"}}.  False if it tells of no block.
 */
extern bool ghc_block_read(GhcBlock *out, char *json, size_t len);

#endif							/* GHC_BLOCK_H */
