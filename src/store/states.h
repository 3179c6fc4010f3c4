/*-------------------------------------------------------------------------
 *
 * states.h
 *	  What has become of repositories: the view of their states.
 *
 * IDENTIFICATION
 *	  src/store/states.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_STATES_H
#define GHC_STATES_H

#include "lib/stringinfo.h"

/*
 * Adds the statements that make view repository_state, in a quoted schema; table
 * repository_absence has all of its columns by then.
 */
extern void ghc_states_compose(StringInfo sql, const char *schema);

#endif							/* GHC_STATES_H */
