/*-------------------------------------------------------------------------
 *
 * plan.h
 *	  What a task of kind "plan" finds out.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/crawl/plan.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_PLAN_H
#define GHC_PLAN_H

#include "crawl/task.h"
#include "github/estimate.h"

/* The estimate of a plan that is done; valid until the task is released. */
extern const GhcEstimate *ghc_plan_estimate(const GhcTask *task);

#endif							/* GHC_PLAN_H */
