/*-------------------------------------------------------------------------
 *
 * gunzip.h
 *	  Unpacks a gzip file piece by piece, as much of it as can be.
 *
 * A reply is whole or it is nothing (inflate.h); an archive of which the middle is
 * broken is worth what can be read.  So members follow each other, and where one
 * is broken the next is looked for.  What doesn't begin like a gzip file is taken for
 * text.
 *
 * Pure: memory is zlib's, on malloc.  Nothing here throws.
 *
 * IDENTIFICATION
 *	  src/net/gunzip.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_NET_GUNZIP_H
#define GHC_NET_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zlib.h>

#define GHC_GUNZIP_STEP_BYTES 65536

typedef struct GhcGunzip
{
	/* the caller's: takes text, which it may change; "len" 0: some is missing here */
	void		(*take) (void *arg, char *text, size_t len);
	void	   *arg;

	/* what is known so far */
	bool		damaged;		/* something was broken, missing, or is no gzip */
	bool		failed;			/* memory ran out: nothing more is unpacked */

	/* private */
	int			state;
	int			matched;		/* bytes of a member's beginning */
	bool		inflating;		/* "stream" is to be ended */
	z_stream	stream;
	char		step[GHC_GUNZIP_STEP_BYTES];
} GhcGunzip;

/* Begins a file; ends what was left unfinished of the one before. */
extern void ghc_gunzip_begin(GhcGunzip *gunzip,
							 void (*take) (void *arg, char *text, size_t len),
							 void *arg);

/* Takes the next bytes of the file, which it may change. */
extern void ghc_gunzip_feed(GhcGunzip *gunzip, char *data, size_t len);

/* The file is over; frees what it took. */
extern void ghc_gunzip_end(GhcGunzip *gunzip);

#endif							/* GHC_NET_GUNZIP_H */
