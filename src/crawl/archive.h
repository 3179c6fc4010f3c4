/*-------------------------------------------------------------------------
 *
 * archive.h
 *	  Reads hours of GH Archive, from a URL or a file.
 *
 * IDENTIFICATION
 *	  src/crawl/archive.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_ARCHIVE_H
#define GHC_ARCHIVE_H

#include "store/hints.h"

typedef struct GhcArchive
{
	const char *schema;			/* that has the data */
	const char *place;			/* URL that has the files, or path of one */
	bool		is_file;
	int64		from;			/* the first and last hour, in seconds since 1970; */
	int64		to;				/* of a file its hour, or -1 */
	bool		again;			/* those that were read are read again */

	/* who waits: takes a row's fields; is told that it goes on, false: is gone */
	void		(*send_row) (char kind, const char *const *fields, int n);
	bool		(*send_sign) (void);
} GhcArchive;

/*
 * Reads them one by one, each in a transaction of its own at its end.  For the asker, with
 * no transaction open, once in its life.  Throws on errors of the database.
 */
extern void ghc_archive_read(const GhcArchive *archive);

#endif							/* GHC_ARCHIVE_H */
