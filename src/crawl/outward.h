/*-------------------------------------------------------------------------
 *
 * outward.h
 *	  How this server shows itself to others, as settings say.
 *
 * IDENTIFICATION
 *	  src/crawl/outward.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_OUTWARD_H
#define GHC_OUTWARD_H

#include "net/loop.h"

/* Fills in the settings of a loop; text is palloc'd, or a setting's own. */
extern void ghc_outward_config(GhcNetConfig *config);

#endif							/* GHC_OUTWARD_H */
