/*-------------------------------------------------------------------------
 *
 * listed.h
 *	  Writes down what became of the repositories of a list.
 *
 * IDENTIFICATION
 *	  src/crawl/listed.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_LISTED_H
#define GHC_LISTED_H

#include "crawl/task.h"

/* Of those of a look-up that ends; within the transaction of a turn. */
extern void ghc_listed_write(int64 crawl_id, const GhcNodes *nodes);

#endif							/* GHC_LISTED_H */
