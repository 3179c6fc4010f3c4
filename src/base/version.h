/*-------------------------------------------------------------------------
 *
 * version.h
 *	  The version this library was made for; ghcrawl.control says the same.
 *
 * IDENTIFICATION
 *	  src/base/version.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_VERSION_H
#define GHC_VERSION_H

#define GHC_VERSION "1.0"
#define GHC_VERSION_MAJOR 1
#define GHC_VERSION_MINOR 0

/* version of the data tables, stamped on each data schema */
#define GHC_DATA_VERSION 1

#endif							/* GHC_VERSION_H */
