/*-------------------------------------------------------------------------
 *
 * scan_text.h
 *	  The strings of JSON; for scan.c alone.
 *
 * IDENTIFICATION
 *	  src/github/scan_text.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_SCAN_TEXT_H
#define GHC_SCAN_TEXT_H

#include "github/scan.h"

/*
 * Takes the string whose opening quote is at the cursor.  A raw one keeps its
 * escapes and so its length; otherwise they are decoded.
 */
extern bool ghc_scan_text_take(GhcScan *scan, bool raw, GhcSlice *value);

#endif							/* GHC_SCAN_TEXT_H */
