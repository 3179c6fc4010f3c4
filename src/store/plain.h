/*-------------------------------------------------------------------------
 *
 * plain.h
 *	  Tables that may be read and written below SQL, as COPY does.
 *
 * That is a table whose rows are in it and nowhere else, for everyone to see,
 * or one whose rows are in such partitions by hash of repo_id.  Not so with row
 * security, rules, other partitions, inheritance, and wherever Citus may have put
 * rows elsewhere.
 *
 * IDENTIFICATION
 *	  src/store/plain.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_PLAIN_H
#define GHC_PLAIN_H

#include "access/attnum.h"
#include "utils/acl.h"
#include "utils/rel.h"

/* the table itself, or a partition, and what is to be done there */
typedef struct GhcPart
{
	Relation	rel;			/* NULL: no id is in it */
	AttrNumber	id_number;		/* of repo_id */
	const AttrNumber *numbers;	/* of the columns */
	const int64 *ids;			/* ascending */
	int			n;
} GhcPart;

typedef struct GhcPlain
{
	Relation	rel;
	GhcPart    *parts;
	int			n_parts;
	int		   *part_of;		/* each id */
} GhcPlain;

/*
 * Opens a table, and those of its partitions that n ascending ids are in or
 * belong to, for the wanted columns.  False, with nothing open, if the table
 * isn't plain, a column is of another type than is told here, or the current
 * user may not do this to it.  The table must be locked; partitions are, as by
 * SQL, until the transaction's end.  What is palloc'd stays in the current
 * memory context.
 */
extern bool ghc_plain_open(GhcPlain *plain, Oid table,
						   const char *const *columns, const Oid *types,
						   int n_columns, const int64 *ids, int n,
						   AclMode mode);

/* Closes what was opened. */
extern void ghc_plain_close(GhcPlain *plain);

#endif							/* GHC_PLAIN_H */
