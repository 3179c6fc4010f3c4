/*-------------------------------------------------------------------------
 *
 * plain.h
 *	  Tables that may be read and written below SQL, as COPY does.
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

/*
 * Are the rows of a table in it and nowhere else, for everyone to see, and may
 * the current user do this to them?  Not so with row security, rules,
 * partitions, inheritance, and wherever Citus may have put them elsewhere.
 */
extern bool ghc_plain_is(Relation rel, AclMode mode);

/* Finds out the numbers of columns of a table; false if one isn't there. */
extern bool ghc_plain_columns(Oid table, const char *const *columns, int n,
							  AttrNumber *numbers);

#endif							/* GHC_PLAIN_H */
