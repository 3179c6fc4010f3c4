-- What others prepared in the place of the data tables gains them nothing.

\set SHOW_CONTEXT never
SET ghcrawl.api_url = 'https://planted.example';
CREATE ROLE regress_ghcrawl_planter;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_ghcrawl_planter', current_database()) \gexec

-- a stamp that is a view, which would run their function in our name
SET ROLE regress_ghcrawl_planter;
CREATE SCHEMA planted;
CREATE FUNCTION planted.who() RETURNS int LANGUAGE plpgsql AS
$$ BEGIN RAISE NOTICE 'run by %', current_user; RETURN 1; END $$;
CREATE VIEW planted.ghcrawl_schema AS
	SELECT planted.who() AS version, 'https://planted.example'::text AS api_url;
CREATE TABLE planted.repository (repo_id bigint);
CREATE TABLE planted.repository_history (repo_id bigint);
SELECT format('CREATE TABLE planted.%I (i int)', name)
FROM unnest('{language,license,repository_absence,repository_popular,repository_look,repositories,popular,tombstone,names,repository_state,repository_star_history,rising,falling}'::text[]) name \gexec
RESET ROLE;
SELECT ghcrawl_create_tables('planted');

-- a stamp that is a table: its rules and policies are not ours to obey
SET ROLE regress_ghcrawl_planter;
DROP VIEW planted.ghcrawl_schema;
CREATE TABLE planted.ghcrawl_schema AS SELECT 1 AS version, 'https://planted.example'::text AS api_url;
ALTER TABLE planted.ghcrawl_schema ENABLE ROW LEVEL SECURITY;
ALTER TABLE planted.ghcrawl_schema FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON planted.ghcrawl_schema USING (planted.who() = 1);
RESET ROLE;
BEGIN;
SELECT ghcrawl_create_tables('planted');
ROLLBACK;

-- tables of two owners
ALTER TABLE planted.repository_history OWNER TO CURRENT_USER;
SELECT ghcrawl_create_tables('planted');

-- an empty schema of theirs: they could replace what we make there
DROP SCHEMA planted CASCADE;
CREATE SCHEMA planted AUTHORIZATION regress_ghcrawl_planter;
SELECT ghcrawl_create_tables('planted');

-- the rows of a worker are of no use to others, in whatever shape
SELECT * FROM ghcrawl.batch() AS b (a text, b int);

DROP SCHEMA planted;
SELECT format('REVOKE CREATE ON DATABASE %I FROM regress_ghcrawl_planter', current_database()) \gexec
DROP ROLE regress_ghcrawl_planter;
RESET ghcrawl.api_url;
