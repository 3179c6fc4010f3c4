/*-------------------------------------------------------------------------
 *
 * inflate.h
 *	  Unpacks a gzip body.
 *
 * IDENTIFICATION
 *	  src/net/inflate.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_NET_INFLATE_H
#define GHC_NET_INFLATE_H

#include "base/buffer.h"

typedef enum GhcInflated
{
	GHC_INFLATED_OK,
	GHC_INFLATED_BROKEN,		/* no gzip, cut short, wrong checksum */
	GHC_INFLATED_TOO_LARGE,		/* over the limit of "out" */
	GHC_INFLATED_NO_MEMORY,
} GhcInflated;

/* Appends the contents of "packed", one whole gzip file, to "out". */
extern GhcInflated ghc_inflate(GhcSlice packed, GhcBuffer *out);

#endif							/* GHC_NET_INFLATE_H */
