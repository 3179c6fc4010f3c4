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

#include "github/fields.h"
#include "store/db.h"

/*
 * Statements for one data schema and set of fields.  look_up and lock take
 * ids (B) and give (repo_id, changed_at, fields, is any asked for apart null); upsert and history read
 * ghcrawl.batch(), upsert gives the ids written.  The last four are about
 * table repository_absence.
 */
typedef struct GhcStoreSql
{
	char		schema[NAMEDATALEN];
	GhcFieldSet set;
	GhcFieldSet apart;
	int			n_fields;		/* without repo_id */
	GhcField	fields[GHC_FIELD_COUNT];
	const char *row_names[2 + GHC_FIELD_COUNT];	/* repo_id, changed_at, fields */
	const char *look_up_names[1 + 2 * GHC_FIELD_COUNT];	/* changed_at, fields, apart */
	int			n_look_up_names;
	int			n_tracked;
	Oid			row_types[2 + GHC_FIELD_COUNT]; /* what upsert reads */
	Oid			history_types[2 + GHC_FIELD_COUNT];
	GhcStatement look_up;
	GhcStatement lock;
	GhcStatement upsert;
	GhcStatement history;
	GhcStatement any_missed;	/* a row if anything is absent */
	GhcStatement missed;		/* (repo_id, missed_at) of ids (B), ascending */
	GhcStatement strike;		/* deletes ids (B) */
	GhcStatement miss;			/* adds ids (B) at a moment (z) */
} GhcStoreSql;

/* The statements, kept for the life of the process. */
extern GhcStoreSql *ghc_store_sql(const char *schema, GhcFieldSet fields,
								  GhcFieldSet apart);

#endif							/* GHC_STORE_SQL_H */
