-- Tokens: what is taken, what is refused, and that no secret is ever shown.
\set SHOW_CONTEXT never
SET ghcrawl.api_url = 'https://api.github.com';

SELECT ghcrawl_add_token('alice', 'ghp_0123456789abcdefghijklmnopqrstuvwxyz');
SELECT ghcrawl_add_token('bob', 'github_pat_11AAAAAAA0bbbbbbbbbbbb_cccccccccccccccccccc');
SELECT ghcrawl_add_token('old', '0123456789abcdef0123456789abcdef01234567');
SELECT name, fingerprint, login, state, kept_in, api_url, added_by = current_user AS mine, reason
FROM ghcrawl.tokens ORDER BY name;

-- a token belongs to the host it was added for
SET ghcrawl.api_url = 'https://ghe.example.org/api/v3';
SELECT ghcrawl_add_token('ghe', 'ghp_0123456789abcdefghijklmnopqrstuvwxyz');
SELECT name, api_url FROM ghcrawl.tokens ORDER BY name;
SET ghcrawl.api_url = 'https://api.github.com';

-- a name is given once
SELECT ghcrawl_add_token('alice', 'ghp_another');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_add_token('', 'ghp_another');
\echo SQLSTATE :LAST_ERROR_SQLSTATE

-- what can't travel in a header is no secret; and isn't quoted
SELECT ghcrawl_add_token('bad', '');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_add_token('bad', 'ghp_with blank');
SELECT ghcrawl_add_token('bad', E'ghp_line\r\nHost: example.org');
SELECT ghcrawl_add_token('bad', E'ghp_end\n');
SELECT ghcrawl_add_token('bad', 'ghp_ümlaut');
SELECT ghcrawl_add_token('bad', E'ghp_\x7f');
SELECT ghcrawl_add_token('bad', repeat('x', 8193));
SELECT ghcrawl_add_token('long', repeat('x', 8192)) IS NOT NULL AS taken;
SELECT ghcrawl_add_token(NULL, 'ghp_x') IS NULL AS nothing, ghcrawl_add_token('x', NULL) IS NULL AS nothing;
SELECT count(*) FROM ghcrawl.tokens WHERE name IN ('bad', 'x');

-- in a file: the table holds none of it
SELECT current_setting('data_directory') || '/regress_ghcrawl_token' AS path \gset
COPY (SELECT 'ghp_0123456789abcdefghijklmnopqrstuvwxyz') TO :'path';
SELECT ghcrawl_add_token_file('filed', :'path');
SELECT fingerprint, kept_in FROM ghcrawl.tokens WHERE name = 'filed';
SELECT secret IS NULL AS "no secret", file = :'path' AS "file" FROM ghcrawl.token WHERE name = 'filed';
SELECT ghcrawl_add_token_file('filed', :'path');

SELECT ghcrawl_add_token_file('bad', 'relative/path');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_add_token_file('bad', '');
SELECT ghcrawl_add_token_file('bad', :'path' || '.missing');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_add_token_file('bad', current_setting('data_directory'));
COPY (VALUES ('ghp_one'), ('ghp_two')) TO :'path';
SELECT ghcrawl_add_token_file('bad', :'path');
COPY (SELECT '') TO :'path';
SELECT ghcrawl_add_token_file('bad', :'path');
COPY (SELECT repeat('x', 9000)) TO :'path';
SELECT ghcrawl_add_token_file('bad', :'path');
COPY (VALUES ('ghp_crlf')) TO :'path' (FORMAT text);
SELECT ghcrawl_add_token_file('crlf', :'path');
COPY (SELECT) TO :'path' (FORMAT binary);
SELECT ghcrawl_add_token_file('bad', :'path');

-- whoever names a file must be allowed to read files
CREATE ROLE regress_ghcrawl_admin IN ROLE ghcrawl_admin;
COPY (SELECT 'ghp_filed') TO :'path';
SET ROLE regress_ghcrawl_admin;
SELECT ghcrawl_add_token_file('theirs', :'path');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_add_token('theirs', 'gho_theirs');
SELECT added_by FROM ghcrawl.tokens WHERE name = 'theirs';
SELECT secret FROM ghcrawl.token;
\echo SQLSTATE :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT pg_read_server_files TO regress_ghcrawl_admin;
SET ROLE regress_ghcrawl_admin;
SELECT ghcrawl_add_token_file('theirs too', :'path');
RESET ROLE;

-- limits belong to an account
SELECT ghcrawl_set_limits(NULL);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_set_limits('nobody');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_set_limits('alice', reserve => 50);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
BEGIN;
WITH b AS (INSERT INTO ghcrawl.budget (api_url, account_id, login)
	VALUES ('https://api.github.com', 1, 'alice'), ('https://api.github.com', 2, 'bob') RETURNING budget_id, login)
UPDATE ghcrawl.token t SET budget_id = b.budget_id FROM b WHERE b.login = t.name;
CREATE TEMP VIEW limits AS
SELECT points_hour, requests_minute, response_ms_minute, total_ms_minute, window_ms, concurrent, reserve
FROM ghcrawl.budget WHERE login = 'alice';
SELECT * FROM limits;
SELECT ghcrawl_set_limits('alice', 12500, 1000, 30.5, 20, 25);
SELECT * FROM limits;
SELECT ghcrawl_set_limits('alice', reserve => 0);
SELECT * FROM limits;
SELECT ghcrawl_set_limits('alice');
SELECT * FROM limits;
SELECT ghcrawl_set_limits('alice', response_seconds => 120);
SELECT * FROM limits;
SELECT ghcrawl_set_limits('alice', response_seconds => 0.0001);
SELECT * FROM limits;
SELECT ghcrawl_set_limits('alice', points_hour => 0, requests_minute => 0, response_seconds => 0);
SELECT * FROM limits;
-- another account keeps its own
SELECT points_hour, requests_minute, response_ms_minute, total_ms_minute, reserve FROM ghcrawl.budget WHERE login = 'bob';
\set ON_ERROR_ROLLBACK on
SELECT ghcrawl_set_limits('alice', points_hour => -1);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_set_limits('alice', requests_minute => -1);
SELECT ghcrawl_set_limits('alice', response_seconds => 'NaN');
SELECT ghcrawl_set_limits('alice', response_seconds => -0.5);
SELECT ghcrawl_set_limits('alice', concurrent => 0);
SELECT ghcrawl_set_limits('alice', concurrent => 201);
SELECT ghcrawl_set_limits('alice', reserve => 91);
SELECT ghcrawl_set_limits('alice', reserve => -1);
\set ON_ERROR_ROLLBACK off
-- the view: what is over counts no more
UPDATE ghcrawl.budget SET spent = 70, pace = 4800, paced_by = 'points', minute_response_ms = 12345,
	reset_at = now() + CASE login WHEN 'alice' THEN interval '1 hour' ELSE interval '-1 second' END,
	updated_at = now() - CASE login WHEN 'alice' THEN interval '0' ELSE interval '2 minutes' END;
SELECT name, budget IS NOT NULL AS budget, kind, login, used, pace, paced_by, response_s, host
FROM ghcrawl.tokens WHERE name IN ('alice', 'bob', 'old', 'ghe') ORDER BY name;
ROLLBACK;

-- no view has a column in which a secret or its file could stand
SELECT count(*) FROM ghcrawl.tokens t WHERE t::text ~ '0123456789abcdef|gho_theirs|regress_ghcrawl_token';

-- removed
SELECT ghcrawl_remove_token('alice');
SELECT ghcrawl_remove_token('alice');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT count(ghcrawl_remove_token(name)) AS removed FROM ghcrawl.tokens;
SELECT count(*) FROM ghcrawl.token;

SELECT format('rm -f %L', :'path') AS remove \gset
COPY (SELECT) TO PROGRAM :'remove';
DROP ROLE regress_ghcrawl_admin;
