-- The data tables: ordinary objects of a schema, stamped, kept by DROP EXTENSION.
\set SHOW_CONTEXT never
SET ghcrawl.api_url = 'https://api.github.com';
SET client_min_messages = warning;

BEGIN;
SELECT ghcrawl_create_tables();
SELECT ghcrawl_create_tables();
SELECT ghcrawl_create_tables('github');
SELECT version, api_url FROM github.ghcrawl_schema;
SELECT schema_name, api_url, version FROM ghcrawl.data_schema;
SELECT c.relname, c.relkind, c.relowner = current_user::regrole AS mine
FROM pg_class c WHERE c.relnamespace = 'github'::regnamespace AND relkind IN ('r', 'p', 'v', 'S', 'm') AND relname !~ '_20\d\d_\d\d$'
ORDER BY relname COLLATE "C";

-- partitions of this month and the next two
SELECT count(*) FROM pg_inherits WHERE inhparent = 'github.repository_history'::regclass
AND inhrelid::regclass::text = ANY (ARRAY(SELECT 'github.repository_history_' || to_char(date_trunc('month', now() AT TIME ZONE 'UTC')
	+ make_interval(months => m), 'YYYY_MM') FROM generate_series(0, 2) m));
SELECT count(*) FROM pg_inherits WHERE inhparent = 'github.repository_history'::regclass;

-- no member of the extension, nothing of the crawl's depends on it
SELECT count(*) FROM pg_depend
WHERE classid = 'pg_class'::regclass AND deptype = 'e'
  AND objid IN (SELECT oid FROM pg_class WHERE relnamespace = 'github'::regnamespace);

-- columns, in the order in which they pack well
SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull AS "not null"
FROM pg_attribute WHERE attrelid = 'github.repository'::regclass AND attnum > 0
ORDER BY attnum;
SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull AS "not null"
FROM pg_attribute WHERE attrelid = 'github.repository_history'::regclass AND attnum > 0
ORDER BY attnum;
SELECT attname FROM pg_attribute
WHERE attrelid = 'github.repositories'::regclass AND attnum > 0 ORDER BY attnum;

-- the view has all columns of the table, or what they stand for
SELECT attname FROM pg_attribute WHERE attrelid = 'github.repository'::regclass AND attnum > 0
EXCEPT
SELECT attname FROM pg_attribute WHERE attrelid = 'github.repositories'::regclass AND attnum > 0 ORDER BY attname;

-- indexes
SELECT indexname, replace(indexdef, 'USING btree ', '') AS def
FROM pg_indexes WHERE schemaname = 'github' AND tablename !~ '_20\d\d_\d\d$' ORDER BY indexname COLLATE "C";

-- everything is explained
SELECT c.relname, a.attname AS "without comment"
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'github'::regnamespace AND c.relkind IN ('r', 'p')
  AND c.relname NOT LIKE 'ghcrawl%' AND a.attnum > 0
  AND col_description(c.oid, a.attnum) IS NULL
ORDER BY 1, a.attnum;
SELECT relname AS "without comment" FROM pg_class
WHERE relnamespace = 'github'::regnamespace AND relkind IN ('r', 'p', 'v')
  AND obj_description(oid, 'pg_class') IS NULL;
SELECT obj_description('github'::regnamespace, 'pg_namespace') AS comment;

-- readers and administrators read, others nothing
SELECT c.relname, a.grantee::regrole AS role, a.privilege_type
FROM pg_class c, LATERAL aclexplode(c.relacl) a
WHERE c.relnamespace = 'github'::regnamespace AND a.grantee <> c.relowner
UNION ALL
SELECT n.nspname, a.grantee::regrole, a.privilege_type
FROM pg_namespace n, LATERAL aclexplode(n.nspacl) a
WHERE n.nspname = 'github' AND a.grantee <> n.nspowner
ORDER BY 1, 2, 3;

-- nulls and texts of any kind fit; the key is the id
INSERT INTO github.repository (repo_id, changed_at, name_with_owner) VALUES (9223372036854775807, now(), 'a/b');
SELECT repo_id, name_with_owner, stars, topics FROM github.repositories;

-- what is packed is shown as it was: null, no and yes; moments, lists
INSERT INTO github.language VALUES (1, 'C'), (32767, 'Jupyter Notebook');
INSERT INTO github.license VALUES (1, 'mit');
INSERT INTO github.repository (repo_id, changed_at, name_with_owner, created_at, pushed_at, stars, flags,
	language_id, license_id, topics, languages, language_bytes) VALUES
	(1, now(), 'a/b', 0, -946684800, 5, 4096 | 8192 | 2, 32767, 1, '', '', ''),
	(2, now(), 'a/c', 2147483647, -2147483648, 100, NULL, 1, 0, 'a,b', 'Jupyter Notebook,C', '70000000000,1'),
	(3, now(), 'a/d', 1, 1, 7, (1 << 24) - 1, 77, 77, NULL, NULL, NULL);
SET LOCAL timezone = 'UTC';
SELECT repo_id, created_at, pushed_at, is_fork, is_archived, is_disabled, has_discussions, language, license,
	topics, languages, language_bytes FROM github.repositories WHERE repo_id < 10 ORDER BY repo_id;
SELECT repo_id FROM github.repositories WHERE 'b' = ANY (topics) AND language = 'C';
SELECT name_with_owner, stars FROM github.popular;
DROP VIEW github.popular, github.rising;
DROP TABLE github.repository_popular;
SELECT ghcrawl_create_tables();
SELECT name_with_owner, stars FROM github.popular;
ROLLBACK;

-- the view costs no join that isn't asked for
BEGIN;
SELECT ghcrawl_create_tables();
SET LOCAL enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT stars, created_at, topics FROM github.repositories WHERE repo_id = 5;
ROLLBACK;

-- what isn't asked for of a state costs nothing
BEGIN;
SELECT ghcrawl_create_tables();
SET LOCAL enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT name_with_owner FROM github.repository_state WHERE repo_id = 5;
-- what is read; releases of PostgreSQL say the join in different words
DO $$
DECLARE line text;
BEGIN
	FOR line IN EXPLAIN (COSTS OFF) SELECT state, learnt_by FROM github.repository_state WHERE repo_id = 5 LOOP
		IF line ~ 'Scan' THEN RAISE WARNING '%', ltrim(line, ' ->'); END IF;
	END LOOP;
END $$;
-- states, of what is known
INSERT INTO github.repository (repo_id, changed_at, name_with_owner, created_at, archived_at, flags) VALUES
	(1, '2026-01-01Z', 'a/nothing-asked', 0, NULL, NULL), (2, '2026-01-01Z', 'a/active', 0, NULL, 7 << 13),
	(3, '2026-01-01Z', 'a/archived', 0, 86400, 7 << 13 | 2), (4, '2026-01-01Z', 'a/disabled', 0, NULL, 7 << 13 | 4 | 2),
	(5, '2026-01-01Z', 'a/empty', 0, NULL, 7 << 13 | 8), (6, '2026-01-01Z', 'a/missed', 0, NULL, 7 << 13),
	(7, '2026-01-01Z', 'a/blocked', 0, NULL, 7 << 13), (8, '2026-01-01Z', 'b/active-again', 0, NULL, 7 << 13);
INSERT INTO github.repository_absence VALUES (6, '2026-02-01Z', NULL, NULL, NULL, NULL), (7, '2026-02-01Z', 'blocked_dmca', '2026-02-02Z', '2025-12-01Z', 'https://x');
INSERT INTO github.repository_history (repo_id, changed_at, owner_id, flags, name_with_owner) VALUES
	(4, '2025-06-01Z', NULL, 4 << 12, NULL), (8, '2025-07-01Z', NULL, 2 << 12 | 2, 'a/Active-again'),
	(8, '2025-08-01Z', 5, NULL, 'a/active-again'), (8, '2025-06-01Z', NULL, NULL, 'a/first'), (8, '2025-09-01Z', NULL, NULL, 'c/x');
SET LOCAL timezone = 'UTC';
SELECT * FROM github.repository_state ORDER BY repo_id;
SELECT * FROM github.names WHERE repo_id = 8 ORDER BY valid_from NULLS FIRST;
SELECT repo_id, name_with_owner, found_name, is_present, valid_from, valid_to, ended_by FROM ghcrawl_find('A/ACTIVE-again');
SELECT repo_id, found_name FROM ghcrawl_find('a/active-again', '2025-07-15Z');
SELECT repo_id FROM ghcrawl_find('a/active-again', '1999-12-31Z');
SELECT ghcrawl_find(NULL);
ROLLBACK;

-- indexes for those who want them
SELECT ghcrawl_index_statements('{stars}');
BEGIN;
SELECT ghcrawl_create_tables();
SELECT ghcrawl_index_statements('{stars,forks,language,license,owner_id,parent_id,name_with_owner,created_at,pushed_at,updated_at,topics,languages,key,NULL}');
SELECT regexp_replace(ghcrawl_index_statements('{history}'), '_20\d\d_\d\d', '_month', 'g');
SELECT regexp_replace(ghcrawl_index_statements('{names}'), '_20\d\d_\d\d', '_month', 'g');
SELECT ghcrawl_index_statements('{}');
SAVEPOINT s;
SELECT ghcrawl_index_statements('{stars,wrong}');
ROLLBACK TO s;
-- they are there, so nothing is to be done
SELECT replace(ghcrawl_index_statements('{stars}'), ' CONCURRENTLY', '') AS statement \gexec
SELECT ghcrawl_index_statements('{stars}');
-- and views use them
SELECT replace(ghcrawl_index_statements('{pushed_at,topics}'), ' CONCURRENTLY', '') AS statement \gexec
SET LOCAL enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT repo_id FROM github.repositories WHERE pushed_at > '2026-01-01Z';
EXPLAIN (COSTS OFF) SELECT repo_id FROM github.repositories WHERE topics @> '{a}';
ROLLBACK;

-- hash partitions
BEGIN;
SELECT ghcrawl_create_tables(hash_partitions => 4);
SELECT ghcrawl_create_tables(hash_partitions => 4);
SELECT ghcrawl_create_tables();
SELECT c.relname, c.reloptions, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
WHERE inhparent = 'github.repository'::regclass ORDER BY 1;
SELECT ghcrawl_index_statements('{stars}');
SELECT ghcrawl_create_tables(hash_partitions => 8);
ROLLBACK;
SELECT ghcrawl_create_tables(hash_partitions => -1);
SELECT ghcrawl_create_tables(hash_partitions => 257);

-- names that need quotes
BEGIN;
SELECT ghcrawl_create_tables('Git Hub "x"; DROP');
SELECT count(*) FROM "Git Hub ""x""; DROP".repositories;
SELECT schema_name FROM ghcrawl.data_schema;
ROLLBACK;
BEGIN;
SELECT ghcrawl_create_tables('select');
SELECT count(*) FROM "select".repositories;
ROLLBACK;
\set VERBOSITY sqlstate
SELECT ghcrawl_create_tables('');
\set VERBOSITY default
SELECT ghcrawl_create_tables('pg_github');

-- a schema that isn't ours
CREATE SCHEMA regress_full;
CREATE TABLE regress_full.mine (i int);
SELECT ghcrawl_create_tables('regress_full');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
-- even if it looks like ours
CREATE TABLE regress_full.ghcrawl_schema (version int, api_url text);
SELECT ghcrawl_create_tables('regress_full');
INSERT INTO regress_full.ghcrawl_schema VALUES (99, 'https://api.github.com');
SELECT ghcrawl_create_tables('regress_full');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
UPDATE regress_full.ghcrawl_schema SET version = 1;
SELECT ghcrawl_create_tables('regress_full');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
DROP SCHEMA regress_full CASCADE;
SELECT count(*) FROM ghcrawl.data_schema;

-- an empty one is taken
BEGIN;
CREATE SCHEMA regress_empty;
SELECT ghcrawl_create_tables('regress_empty');
ROLLBACK;

-- one schema for each host
SELECT ghcrawl_create_tables('regress_github');
SELECT ghcrawl_create_tables('regress_other');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SET ghcrawl.api_url = 'https://ghe.example.org/api/v3';
SELECT ghcrawl_create_tables('regress_github');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_create_tables('regress_ghe');
SELECT schema_name, api_url FROM ghcrawl.data_schema ORDER BY schema_name;
SET ghcrawl.api_url = 'https://api.github.com';

-- DROP EXTENSION leaves them, and they are taken over again
INSERT INTO regress_github.repository (repo_id, changed_at, name_with_owner) VALUES (1, now(), 'a/b');
DROP EXTENSION ghcrawl;
SELECT count(*) FROM regress_github.repositories;
CREATE EXTENSION ghcrawl;
SET ghcrawl.api_url = 'https://ghe.example.org/api/v3';
SELECT ghcrawl_create_tables('regress_github');
SET ghcrawl.api_url = 'https://api.github.com';
SELECT ghcrawl_create_tables('regress_github');
SELECT repo_id, name_with_owner FROM regress_github.repositories;

-- a table that they were made without is added, and so are views
DROP TABLE regress_github.repository_absence CASCADE;
SELECT ghcrawl_create_tables('regress_github');
SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
WHERE attrelid = 'regress_github.repository_absence'::regclass AND attnum > 0 ORDER BY attnum;
SELECT repo_id, name_with_owner FROM regress_github.repositories;
SELECT count(*) FROM regress_github.popular;

-- renamed or dropped by their owner
ALTER SCHEMA regress_github RENAME TO regress_renamed;
SELECT ghcrawl_create_tables('regress_renamed');
SELECT schema_name, api_url FROM ghcrawl.data_schema ORDER BY schema_name;
DROP SCHEMA regress_renamed CASCADE;
SELECT ghcrawl_create_tables('regress_github');
SELECT schema_name, api_url FROM ghcrawl.data_schema ORDER BY schema_name;

-- not everybody's to make
CREATE ROLE regress_ghcrawl_admin IN ROLE ghcrawl_admin;
SET ROLE regress_ghcrawl_admin;
SELECT ghcrawl_create_tables('regress_github');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
RESET ROLE;
DROP SCHEMA regress_github CASCADE;
SET ROLE regress_ghcrawl_admin;
SELECT ghcrawl_create_tables('regress_github');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
RESET ROLE;
-- but whoever may make a schema may; the tables are then theirs
CREATE SCHEMA regress_github AUTHORIZATION regress_ghcrawl_admin;
SET ROLE regress_ghcrawl_admin;
SELECT ghcrawl_create_tables('regress_github');
RESET ROLE;
SELECT tableowner FROM pg_tables WHERE schemaname = 'regress_github' GROUP BY 1;
SELECT has_function_privilege('regress_ghcrawl_admin', 'ghcrawl.batch()', 'EXECUTE') AS batch;

-- a caller's search_path means nothing
CREATE SCHEMA regress_evil;
CREATE FUNCTION regress_evil.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT 'epoch'::timestamptz $$;
CREATE FUNCTION regress_evil.nextval(regclass) RETURNS bigint LANGUAGE sql AS $$ SELECT -1::bigint $$;
SET search_path = regress_evil, pg_catalog, public;
DROP SCHEMA regress_github CASCADE;
SELECT ghcrawl_create_tables('regress_github');
SELECT created_at > '2020-01-01' AS "not fooled" FROM regress_github.ghcrawl_schema;
SHOW search_path;
RESET search_path;
DROP SCHEMA regress_evil CASCADE;

DROP SCHEMA regress_github CASCADE;
DROP SCHEMA regress_ghe CASCADE;
DROP EXTENSION ghcrawl;
CREATE EXTENSION ghcrawl;
DROP OWNED BY regress_ghcrawl_admin;
DROP ROLE regress_ghcrawl_admin;
