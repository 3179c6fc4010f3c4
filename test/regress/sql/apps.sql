-- GitHub Apps: what is taken, what is refused, and that no key is ever shown.
\set SHOW_CONTEXT never
SET ghcrawl.api_url = 'https://api.github.com';
SELECT current_setting('data_directory') || '/regress_ghcrawl_key' AS path \gset

SELECT format('openssl genrsa -out %L 2048 2>&1', :'path') AS program \gset
COPY (SELECT) TO PROGRAM :'program';
SELECT format('openssl genrsa -traditional -out %L.pkcs1 2048 2>&1', :'path') AS program \gset
COPY (SELECT) TO PROGRAM :'program';
SELECT format('openssl genrsa -aes128 -passout pass:regress -out %L.locked 2048 2>&1', :'path') AS program \gset
COPY (SELECT) TO PROGRAM :'program';
SELECT format('openssl ecparam -name prime256v1 -genkey -noout -out %L.ec 2>&1', :'path') AS program \gset
COPY (SELECT) TO PROGRAM :'program';
SELECT format('openssl rsa -in %L -pubout -out %L.public 2>&1', :'path', :'path') AS program \gset
COPY (SELECT) TO PROGRAM :'program';

-- by number and by client id, all installations and one of them
SELECT ghcrawl_add_app('numbered', 1001, :'path') ~ '^SHA256:[A-Za-z0-9+/]{43}=$' AS added;
SELECT ghcrawl_add_app('named', 'Iv23liABCDEFGHIJKLMN', :'path' || '.pkcs1', '50001') ~ '^SHA256:' AS added;
SELECT name, kind, fingerprint ~ '^SHA256:' AS known, login, state, kept_in, api_url, added_by = current_user AS mine, reason
FROM ghcrawl.tokens ORDER BY name;
SELECT name, app_id, installation_id, secret, file = :'path' AS "first file" FROM ghcrawl.token ORDER BY name;

-- the same key under another name, or for another host
SELECT ghcrawl_add_app('again', '1001', :'path') IS NOT NULL AS added;
SELECT ghcrawl_add_app('one of many', 1001, :'path' || '.pkcs1', '50001') IS NOT NULL AS added;
SELECT ghcrawl_add_app('another', 1001, :'path' || '.pkcs1', '50002') IS NOT NULL AS added;
SET ghcrawl.api_url = 'https://ghe.example.org/api/v3';
SELECT ghcrawl_add_app('ghe', 1001, :'path') IS NOT NULL AS added;
SELECT name, api_url FROM ghcrawl.tokens WHERE name = 'ghe';
SET ghcrawl.api_url = 'https://api.github.com';

-- a name is given once, to tokens and Apps alike
SELECT ghcrawl_add_app('named', 1, :'path');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_add_token('named', 'ghp_another');
SELECT ghcrawl_add_app('', 1, :'path');
SELECT ghcrawl_add_app('ghs_0123', 1, :'path');

-- ids
SELECT ghcrawl_add_app('bad', 0, :'path');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_add_app('bad', -7, :'path');
SELECT ghcrawl_add_app('bad', '', :'path');
SELECT ghcrawl_add_app('bad', 'an App', :'path');
SELECT ghcrawl_add_app('bad', 'Iv23","exp":9', :'path');
SELECT ghcrawl_add_app('bad', 1, :'path', 'some');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_add_app('bad', 1, :'path', '0');
SELECT ghcrawl_add_app('bad', 1, :'path', '-1');
SELECT ghcrawl_add_app('bad', 1, :'path', ' 1');
SELECT ghcrawl_add_app('bad', 1, :'path', '99999999999999999999');
SELECT ghcrawl_add_app('bad', 1, :'path', '');
SELECT ghcrawl_add_app('bad', 1, NULL) IS NULL AS nothing;

-- keys
SELECT ghcrawl_add_app('bad', 1, 'relative.pem');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_add_app('bad', 1, :'path' || '.missing');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_add_app('bad', 1, current_setting('data_directory'));
SELECT ghcrawl_add_app('bad', 1, :'path' || '.locked');
SELECT ghcrawl_add_app('bad', 1, :'path' || '.ec');
SELECT ghcrawl_add_app('bad', 1, :'path' || '.public');
SELECT :'path' || '.other' AS other \gset
COPY (SELECT 'ghp_0123456789abcdefghijklmnopqrstuvwxyz') TO :'other';
SELECT ghcrawl_add_app('bad', 1, :'other');
COPY (SELECT repeat('x', 20000)) TO :'other';
SELECT ghcrawl_add_app('bad', 1, :'other');
COPY (SELECT) TO :'other' (FORMAT binary);
SELECT ghcrawl_add_app('bad', 1, :'other');
SELECT count(*) FROM ghcrawl.tokens WHERE name = 'bad';

-- whoever names a file must be allowed to read files
CREATE ROLE regress_ghcrawl_admin IN ROLE ghcrawl_admin;
SET ROLE regress_ghcrawl_admin;
SELECT ghcrawl_add_app('theirs', 1, :'path');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT file FROM ghcrawl.token;
\echo SQLSTATE :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT pg_read_server_files TO regress_ghcrawl_admin;
SET ROLE regress_ghcrawl_admin;
SELECT ghcrawl_add_app('theirs', 1, :'path') IS NOT NULL AS added;
RESET ROLE;
CREATE ROLE regress_ghcrawl_reader IN ROLE ghcrawl_reader;
SET ROLE regress_ghcrawl_reader;
SELECT ghcrawl_add_app('read', 1, :'path');
SELECT count(*) FROM ghcrawl.tokens WHERE kind = 'app';
RESET ROLE;

-- a rolled back App was never there
BEGIN;
SELECT ghcrawl_add_app('undone', 1, :'path') IS NOT NULL AS added;
ROLLBACK;
SELECT count(*) FROM ghcrawl.tokens WHERE name = 'undone';

-- installations are what GitHub says; those of an App go with it
INSERT INTO ghcrawl.token (name, api_url, fingerprint, added_by, of_app, installation_id)
SELECT 'numbered:org', api_url, fingerprint, added_by, token_id, 50001 FROM ghcrawl.token WHERE name = 'numbered';
SELECT name, kind, state, kept_in FROM ghcrawl.tokens WHERE name ~ '^numbered' ORDER BY name;
\set VERBOSITY sqlstate
INSERT INTO ghcrawl.token (name, api_url, fingerprint, added_by, of_app, installation_id, secret)
SELECT 'numbered:two', api_url, fingerprint, added_by, token_id, 50002, 'ghs_kept' FROM ghcrawl.token WHERE name = 'numbered';
\set VERBOSITY default
SELECT ghcrawl_remove_token('numbered') ~ '^SHA256:' AS removed;
SELECT count(*) FROM ghcrawl.tokens WHERE name ~ '^numbered';
SELECT count(ghcrawl_remove_token(name)) AS removed FROM ghcrawl.tokens;

SELECT format('rm -f %1$L %1$L.*', :'path') AS remove \gset
COPY (SELECT) TO PROGRAM :'remove';
DROP ROLE regress_ghcrawl_admin, regress_ghcrawl_reader;
