/*-------------------------------------------------------------------------
 *
 * cut.h
 *	  Cutting the range of a task into children.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/crawl/cut.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_CUT_H
#define GHC_CUT_H

#include "crawl/task.h"

/* Starts cutting what counts "count"; false if it can't be cut. */
extern bool ghc_cut_init(GhcCut *cut, const GhcBounds *whole, int64_t count);

/*
 * Takes in counts that were asked for.  False if the reply brought none; *all
 * says whether every part is counted now.
 */
extern bool ghc_cut_take(GhcCut *cut, const GhcParts *parts, bool *all);

/*
 * All parts are counted.  If children came out too large to be read, and there
 * is room for their parts beside the others, these are to be counted now:
 * true.  Otherwise the parts are what there is to be packed.
 */
extern bool ghc_cut_refine(GhcCut *cut);

/* Packs parts that are counted into children. */
extern void ghc_cut_pack(GhcCut *cut, int64_t fill);

/*
 * Starts cutting a task's range: task->cut is set, and freed by
 * ghc_task_release.  False if the range can't be cut, or memory ran out.
 */
extern bool ghc_cut_begin(GhcTask *task);

/*
 * Appends up to n counts that are to be asked next, of parts that have the
 * words of a range; false if memory ran out.
 */
extern bool ghc_cut_compose(GhcCut *cut, const GhcRange *words, int n,
							GhcQuery *query);

/* So many counts at once were too much for GitHub. */
extern void ghc_cut_ask_less(GhcCut *cut);

/* Takes in counts: MORE, RETRY, or SPLIT with the children ready. */
extern GhcOutcome ghc_cut_absorb(GhcTask *task);

/* Makes the children from what is counted so far; SPLIT. */
extern GhcOutcome ghc_cut_end(GhcTask *task);

#endif							/* GHC_CUT_H */
