/*-------------------------------------------------------------------------
 *
 * node_id.h
 *	  Repository ids and the node ids that GraphQL uses for them.
 *
 * GitHub calls node ids opaque; their two forms are in github-api.md 5.1.
 * databaseId is a 32-bit Int and may be null, so the node id is what an
 * identity falls back to.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/node_id.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_NODE_ID_H
#define GHC_NODE_ID_H

#include "base/slice.h"

/* longest node id of a repository in either form, and its NUL */
#define GHC_NODE_ID_BYTES 48

/* Writes the new form ("R_kgDOABPHjQ") of a positive id. */
extern void ghc_node_id_format(int64_t repo_id, char out[GHC_NODE_ID_BYTES]);

/* Writes the legacy form ("MDEwOlJlcG9zaXRvcnkx"). */
extern void ghc_node_id_format_legacy(int64_t repo_id,
									  char out[GHC_NODE_ID_BYTES]);

/* Reads either form; false if it isn't a repository's id. */
extern bool ghc_node_id_parse(GhcSlice node_id, int64_t *repo_id);

#endif							/* GHC_NODE_ID_H */
