/*-------------------------------------------------------------------------
 *
 * survey.h
 *	  What a task of kind "survey" finds out.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/crawl/survey.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_SURVEY_H
#define GHC_SURVEY_H

#include "crawl/task.h"
#include "github/estimate.h"

/* The estimate of a survey that is done; valid until the task is released. */
extern const GhcEstimate *ghc_survey_estimate(const GhcTask *task);

#endif							/* GHC_SURVEY_H */
