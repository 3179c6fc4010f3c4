/*-------------------------------------------------------------------------
 *
 * data.h
 *	  The data tables: making them, finding them, who owns them.
 *
 * IDENTIFICATION
 *	  src/store/data.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_DATA_H
#define GHC_DATA_H

/*
 * Makes data tables in a schema, as the caller and in its transaction, or
 * takes over those that an earlier ghcrawl left there; then registers them
 * for the API address.  Throws with a hint if the schema isn't ours, belongs
 * to another host or version, or the caller may not.  Table repository gets so
 * many hash partitions; 0: none, or as it is.  To be called outside of
 * ghc_db_enter.
 */
extern void ghc_data_create(const char *schema, const char *api_url,
							int n_partitions);

/*
 * The schema that holds the data of an API address; NULL if there is none
 * yet.  palloc'd.  To be called outside of ghc_db_enter.
 */
extern char *ghc_data_find(const char *api_url);

/*
 * Owner of the tables in a data schema, which are locked against being dropped
 * or replaced until the transaction's end; InvalidOid if some are gone, or they are
 * not all tables of one owner.
 */
extern Oid	ghc_data_owner(const char *schema);

/* Does the schema have a further table, of that owner?  Locks it, too. */
extern bool ghc_data_has_table(const char *schema, const char *table, Oid owner);

#endif							/* GHC_DATA_H */
