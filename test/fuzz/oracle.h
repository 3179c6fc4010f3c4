/*-------------------------------------------------------------------------
 *
 * oracle.h
 *	  What PostgreSQL's own JSON parser makes of a text.
 *
 * Before it is asked, the text is mended as scan.h says ours does it: a byte
 * that is no UTF-8 becomes '?', \u0000 and lone surrogates become \ufffd.  The
 * mending here is written anew, on PostgreSQL's check of UTF-8.
 *
 * IDENTIFICATION
 *	  test/fuzz/oracle.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef ORACLE_H
#define ORACLE_H

#include "base/slice.h"

/* texts with more brackets in each other aren't judged: its stack ends */
#define ORACLE_MAX_NESTING 4000

/* longer texts aren't judged either, to stay fast */
#define ORACLE_MAX_BYTES 65536

typedef enum OracleType
{
	ORACLE_NULL,
	ORACLE_BOOL,
	ORACLE_NUMBER,
	ORACLE_STRING,
	ORACLE_ARRAY,
	ORACLE_OBJECT,
} OracleType;

/* a value; those inside it follow it, up to "end" */
typedef struct OracleNode
{
	OracleType	type;
	GhcSlice	key;			/* decoded; NULL if it is no member of an object */
	GhcSlice	text;			/* a string decoded, a number or word as written */
	int			end;			/* index of what follows behind it */
} OracleNode;

typedef struct Oracle
{
	bool		judged;
	bool		accepted;
	int			n;
	OracleNode *nodes;			/* valid until the next call */
	int			depth;			/* of brackets */
	uint32_t	replaced;		/* characters mended */
} Oracle;

/* Asks; "mend" says whether the text is mended before. */
extern void oracle_ask(Oracle *oracle, const char *json, size_t len, bool mend);

/* Is a text UTF-8 that PostgreSQL stores?  A NUL is none. */
extern bool oracle_is_text(GhcSlice text);

/* Is a number written as an integer of 64 bits?  Then also its value. */
extern bool oracle_int(const OracleNode *node, int64_t *value);

/*
 * The last member of this name in the object at an index, -1 if there is none
 * or that is no object (or -1 itself).
 */
extern int	oracle_member(const Oracle *oracle, int object, const char *key);

#endif							/* ORACLE_H */
