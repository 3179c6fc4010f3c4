-- Who may do what: nobody, readers, administrators, owners of crawls.
\set SHOW_CONTEXT never
SET ghcrawl.api_url = 'https://api.github.com';
CREATE ROLE regress_ghcrawl_nobody;
CREATE ROLE regress_ghcrawl_reader IN ROLE ghcrawl_reader;
CREATE ROLE regress_ghcrawl_admin IN ROLE ghcrawl_admin;
CREATE ROLE regress_ghcrawl_starter;

-- nobody: nothing
SET ROLE regress_ghcrawl_nobody;
SELECT * FROM ghcrawl.progress;
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_start('stars:0..10');
SELECT ghcrawl_pause(1);
SELECT ghcrawl_resume(1);
SELECT ghcrawl_cancel(1);
CALL ghcrawl_wait(1);
SELECT ghcrawl_ensure_workers();
SELECT ghcrawl_add_token('a', 'ghp_a');
SELECT ghcrawl_add_token_file('a', '/dev/null');
SELECT ghcrawl_remove_token('a');
SELECT ghcrawl_plan('stars:0..10');
SELECT ghcrawl_verify_tokens();
SELECT ghcrawl_set_limits('a', reserve => 10);
SELECT ghcrawl_create_tables();
SELECT * FROM ghcrawl.batch() AS b (i int);
RESET ROLE;

-- a reader: views and data
BEGIN;
SELECT ghcrawl_create_tables();
SET ROLE regress_ghcrawl_reader;
SELECT count(*) FROM ghcrawl.crawls;
SELECT count(*) FROM ghcrawl.progress;
SELECT count(*) FROM ghcrawl.partitions;
SELECT count(*) >= 0 AS workers FROM ghcrawl.workers;
SELECT count(*) FROM ghcrawl.tokens;
SELECT count(*) FROM ghcrawl.errors;
SELECT count(p50_ms) FROM ghcrawl.requests;
SELECT count(p50_ms) FROM ghcrawl.requests_by_hour;
SELECT count(*) FROM github.repositories;
SELECT count(*) FROM github.repository_history;
\set ON_ERROR_ROLLBACK on
DELETE FROM github.repository;
SELECT * FROM ghcrawl.token;
SELECT * FROM ghcrawl.crawl;
SELECT ghcrawl_start('stars:0..10');
SELECT ghcrawl_plan('stars:0..10');
SELECT ghcrawl_verify_tokens();
SELECT ghcrawl_set_limits('a', reserve => 10);
SELECT ghcrawl_pause(1);
SELECT ghcrawl_add_token('a', 'ghp_a');
\set ON_ERROR_ROLLBACK off
ROLLBACK;

-- an administrator who may not make schemas needs somebody to make the tables
SET ROLE regress_ghcrawl_admin;
SELECT ghcrawl_add_token('regress', 'ghp_regress') IS NOT NULL AS added;
SELECT ghcrawl_start('stars:0..10');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
RESET ROLE;

BEGIN;
SELECT ghcrawl_create_tables();
ALTER SEQUENCE ghcrawl.crawl_id_seq RESTART;
GRANT EXECUTE ON FUNCTION ghcrawl_start(text, text, int, bigint), ghcrawl_pause(bigint), ghcrawl_resume(bigint), ghcrawl_cancel(bigint)
TO regress_ghcrawl_starter, regress_ghcrawl_nobody;
SET LOCAL ROLE regress_ghcrawl_starter;
SELECT ghcrawl_start('stars:0..10');
SELECT ghcrawl_pause(1);
RESET ROLE;
\set ON_ERROR_ROLLBACK on

-- a foreign crawl
SET LOCAL ROLE regress_ghcrawl_nobody;
SELECT ghcrawl_cancel(1);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_pause(1);
RESET ROLE;
-- members of its owner may
GRANT regress_ghcrawl_starter TO regress_ghcrawl_nobody;
SET LOCAL ROLE regress_ghcrawl_nobody;
SELECT ghcrawl_pause(1);
RESET ROLE;
-- and administrators
SET LOCAL ROLE regress_ghcrawl_admin;
SELECT ghcrawl_cancel(1);
SELECT crawl, state, owner FROM ghcrawl.crawls;

-- control tables are written by functions alone, but for what is there to be adjusted
UPDATE ghcrawl.crawl SET state = 'running';
DELETE FROM ghcrawl.task;
SELECT secret FROM ghcrawl.token;
UPDATE ghcrawl.token SET api_url = 'http://localhost';
UPDATE ghcrawl.budget SET login = 'x';
UPDATE ghcrawl.budget SET points_hour = 12500;
UPDATE ghcrawl.budget SET released = true;
SELECT ghcrawl_set_limits('nobody', reserve => 10);
INSERT INTO ghcrawl.profile (name, columns) VALUES ('mine', '{repo_id,name_with_owner}');
DELETE FROM ghcrawl.profile WHERE name = 'mine';
SELECT nextval('ghcrawl.crawl_id_seq');
RESET ROLE;
\set ON_ERROR_ROLLBACK off
ROLLBACK;

-- whoever calls gets their role and search_path back, after an error, too
SET ROLE regress_ghcrawl_admin;
SET search_path = pg_temp, public;
SELECT ghcrawl_pause(4711);
SELECT current_user;
SHOW search_path;
SELECT ghcrawl_remove_token('regress') IS NOT NULL AS removed;
SELECT current_user;
SHOW search_path;
RESET search_path;
RESET ROLE;

DROP ROLE regress_ghcrawl_nobody, regress_ghcrawl_reader, regress_ghcrawl_admin, regress_ghcrawl_starter;
