/*-------------------------------------------------------------------------
 *
 * ages.h
 *	  How old what is stored is, measured for view ghcrawl.freshness.
 *
 * IDENTIFICATION
 *	  src/store/ages.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_AGES_H
#define GHC_AGES_H

#include "store/targets.h"

/*
 * Measures and writes down the ages of each band: of blocks all, of rows of
 * repository_look some hundred thousand.  As the extension's owner, between ghc_db_enter
 * and ghc_db_leave.
 */
extern void ghc_ages_measure(const char *schema, Oid owner,
							 const GhcTargets *targets, TimestampTz now);

#endif							/* GHC_AGES_H */
