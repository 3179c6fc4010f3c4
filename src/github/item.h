/*-------------------------------------------------------------------------
 *
 * item.h
 *	  What people write for a repository: its name, an address, an id.
 *
 * Lists come from spreadsheets, READMEs, the API and git, so an item may be
 * "owner/name", a web, git or API address of the host in question, a number, or
 * a node id in either form.  What a name may consist of is checked, so that it can
 * stand in a query and in the text of a task as it is.
 *
 * Several names are the text that a task of kind "names" is stored as:
 * "names:owner/name,owner/name".
 *
 * Pure: no SPI, no curl, no clock.  Slices point into what was read.
 *
 * IDENTIFICATION
 *	  src/github/item.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_ITEM_H
#define GHC_ITEM_H

#include "base/buffer.h"
#include "github/reply.h"

typedef struct GhcName
{
	GhcSlice	owner;
	GhcSlice	name;
} GhcName;

typedef struct GhcItem
{
	int64_t		id;				/* 0: by name */
	GhcName		name;
} GhcItem;

typedef struct GhcNames
{
	int			n;
	GhcName		names[GHC_MAX_MEMBERS];
} GhcNames;

/* The host that shows the repositories of an API: "github.com". */
extern GhcSlice ghc_item_host(GhcSlice api_url);

/* Reads an item; false if it names no repository of that host. */
extern bool ghc_item_parse(GhcSlice text, GhcSlice host, GhcItem *item);

/* Writes and reads back names; false if it is no such text. */
extern void ghc_names_format(const GhcNames *names, GhcBuffer *out);
extern bool ghc_names_parse(GhcSlice text, GhcNames *names);

#endif							/* GHC_ITEM_H */
