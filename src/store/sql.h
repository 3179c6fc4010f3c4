/*-------------------------------------------------------------------------
 *
 * sql.h
 *	  The statements that store repositories, composed from the field table.
 *
 * IDENTIFICATION
 *	  src/store/sql.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_STORE_SQL_H
#define GHC_STORE_SQL_H

#include "store/columns.h"
#include "store/db.h"

/*
 * Statements for one data schema and set of fields.  look_up and lock take
 * ids (B) and give (repo_id, changed_at, the column of each field, is any asked
 * for apart null); upsert and history read ghcrawl.batch(), upsert gives the ids
 * written.  The others are about the tables beside.
 */
typedef struct GhcStoreSql
{
	char		schema[NAMEDATALEN];
	GhcFieldSet set;
	GhcFieldSet apart;
	int			n_fields;		/* without repo_id */
	GhcField	fields[GHC_FIELD_COUNT];
	int			place[GHC_FIELD_COUNT]; /* in fields, of those that are there */
	int			n_columns;		/* of upsert, behind repo_id and changed_at */
	GhcField	columns[GHC_COLUMN_COUNT];
	int			n_tracked;		/* the same of history */
	GhcField	tracked[GHC_HISTORY_COLUMN_COUNT];
	const char *row_names[2 + GHC_COLUMN_COUNT];	/* of upsert */
	Oid			row_types[2 + GHC_COLUMN_COUNT];
	const char *look_up_names[1 + 2 * GHC_FIELD_COUNT];	/* changed_at, fields, apart */
	Oid			look_up_types[1 + 2 * GHC_FIELD_COUNT];
	int			n_look_up_names;
	Oid			history_types[2 + GHC_HISTORY_COLUMN_COUNT];
	GhcStatement look_up;
	GhcStatement lock;
	GhcStatement upsert;
	GhcStatement history;
	GhcStatement any_missed;	/* a row if anything is absent */
	GhcStatement missed;		/* (repo_id, missed_at) of ids (B), ascending */
	GhcStatement strike;		/* deletes ids (B) */
	GhcStatement miss;			/* adds ids (B) at a moment (z) */
	GhcStatement unasked;		/* those of ids (B) with so many stars (i) of which nobody asked why */
	GhcStatement explain;		/* of an id (b), asked at (z): why (t), since (z), where (t) */
	GhcStatement any_buried;	/* (is any an owner) if there is a tombstone */
	GhcStatement buried;		/* ids with a tombstone, ascending, of a kind (t) and ids (B) */
	GhcStatement promote;		/* ids (B), stars (I) of table repository_popular */
	GhcStatement demote;		/* deletes ids (B) there */
	GhcStatement looks;			/* (repo_id, looked_at, log_rate, doubt) of ids (B), ascending */
	GhcStatement look;			/* rows (B for each column) of table repository_look */
	GhcStatement looked;		/* ids (B) there, when (B) */
	GhcStatement unlooked;		/* deletes ids (B) there */
} GhcStoreSql;

/* The statements, kept for the life of the process. */
extern GhcStoreSql *ghc_store_sql(const char *schema, GhcFieldSet fields,
								  GhcFieldSet apart);

#endif							/* GHC_STORE_SQL_H */
