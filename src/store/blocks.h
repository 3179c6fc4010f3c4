/*-------------------------------------------------------------------------
 *
 * blocks.h
 *	  When repositories without a row of their own were looked at: blocks of ids.
 *
 * Hundreds of millions have few stars or none, and are looked at twice a year.
 * They are taken by blocks of neighbouring ids, all of a block in one crawl, so
 * that one row says of some thousand when they were seen.
 *
 * Everything here runs as the extension's owner, between ghc_db_enter and
 * ghc_db_leave, and throws on errors of the database.
 *
 * IDENTIFICATION
 *	  src/store/blocks.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_BLOCKS_H
#define GHC_BLOCKS_H

#include "utils/timestamp.h"

/* a block has so many bits of the id */
#define GHC_BLOCK_BITS 12

typedef struct GhcBlock
{
	int64		block;			/* id >> GHC_BLOCK_BITS */
	int64		repositories;
	TimestampTz looked_at;
	TimestampTz then_at;		/* once the crawl in the making is done */
} GhcBlock;

/* Blocks that crawls looked at which have ended take over what that says. */
extern void ghc_blocks_settle(const char *schema);

/* Blocks that walks through ids looked at, which have ended, are as fresh. */
extern void ghc_blocks_take_walks(const char *schema);

/* Adds blocks, or says anew how many repositories are in them. */
extern void ghc_blocks_add(const char *schema, const GhcBlock *blocks, int n);

/*
 * The blocks that were looked at before a moment, longest ago first, and that no crawl is
 * about; palloc'd.
 */
extern GhcBlock *ghc_blocks_due(const char *schema, TimestampTz before, int *n);

/* A crawl is going to look at n blocks. */
extern void ghc_blocks_begin(const char *schema, const GhcBlock *blocks, int n,
							 int64 crawl_id);

/* Blocks with nobody to be looked at are as fresh as their then_at says. */
extern void ghc_blocks_note(const char *schema, const GhcBlock *blocks, int n);

#endif							/* GHC_BLOCKS_H */
