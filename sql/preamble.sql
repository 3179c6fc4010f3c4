/* ghcrawl--1.0.sql is joined by make from the parts in sql/; edit those. */

\echo Use "CREATE EXTENSION ghcrawl" to load this file. \quit

/*
 * Somebody may have put operators and functions into the schema that the
 * extension is created in, to be taken for PostgreSQL's where their types fit
 * better: views would call them in the name of everybody who looks.
 */
SET LOCAL search_path = pg_catalog, pg_temp;

/*
 * Text from GitHub is UTF-8 with every character there is; a database that
 * can't hold them all could never store exactly what GitHub shows.
 */
DO $$
BEGIN
	IF pg_catalog.current_setting('server_encoding') OPERATOR(pg_catalog.<>) 'UTF8' THEN
		RAISE EXCEPTION 'ghcrawl needs a database whose encoding is UTF8'
			USING ERRCODE = 'feature_not_supported',
				  DETAIL = pg_catalog.format('The encoding of database "%s" is %s.',
							pg_catalog.current_database(),
							pg_catalog.current_setting('server_encoding')),
				  HINT = 'CREATE DATABASE name ENCODING ''UTF8'' TEMPLATE template0.';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles
				   WHERE rolname OPERATOR(pg_catalog.=) 'ghcrawl_admin') THEN
		CREATE ROLE ghcrawl_admin NOLOGIN;
	END IF;
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles
				   WHERE rolname OPERATOR(pg_catalog.=) 'ghcrawl_reader') THEN
		CREATE ROLE ghcrawl_reader NOLOGIN;
	END IF;
END
$$;

CREATE SCHEMA ghcrawl;
COMMENT ON SCHEMA ghcrawl IS 'Control tables and views of the GitHub crawler';
