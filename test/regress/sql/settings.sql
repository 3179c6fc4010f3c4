-- Settings: defaults, bounds, and which addresses a token may travel to.
\set SHOW_CONTEXT never
LOAD 'ghcrawl';

SELECT name, boot_val, unit, min_val, max_val, context
FROM pg_settings WHERE name LIKE 'ghcrawl.%' ORDER BY name COLLATE "C";

-- a name that is misspelt is told
SET ghcrawl.wrokers = 3;

SET ghcrawl.api_url = 'https://api.github.com';

-- nothing but https, or http that doesn't leave the machine
SET ghcrawl.api_url = 'ftp://api.github.com';
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SET ghcrawl.api_url = 'api.github.com';
SET ghcrawl.api_url = '';
SET ghcrawl.api_url = 'http://api.github.com';
SET ghcrawl.api_url = 'http://localhost.example.org';
SET ghcrawl.api_url = 'http://127.0.0.1.example.org';
SET ghcrawl.api_url = 'http://127.0.0.1@example.org';
SET ghcrawl.api_url = 'http://localhost:80@example.org';
SET ghcrawl.api_url = 'HTTP://localhost';

-- a host with an optional port and path, nothing else
SET ghcrawl.api_url = 'https://';
SET ghcrawl.api_url = 'https:///graphql';
SET ghcrawl.api_url = 'https://user:secret@api.github.com';
SET ghcrawl.api_url = 'https://api.github.com?x=1';
SET ghcrawl.api_url = 'https://api.github.com#x';
SET ghcrawl.api_url = 'https://api.github.com /';
SET ghcrawl.api_url = E'https://api.github.com\r\nX: 1';
SET ghcrawl.api_url = 'https://api.github.com\@example.org';
SHOW ghcrawl.api_url;

-- equal addresses are equal texts
SET ghcrawl.api_url = 'https://ghe.example.org:8443/api/v3///';
SHOW ghcrawl.api_url;
SET ghcrawl.api_url = 'http://localhost:8080/';
SHOW ghcrawl.api_url;
SET ghcrawl.api_url = 'http://127.0.0.1';
SHOW ghcrawl.api_url;
SET ghcrawl.api_url = 'http://[::1]:1/';
SHOW ghcrawl.api_url;
RESET ghcrawl.api_url;

-- workers' settings follow a reload, not a session
SET ghcrawl.workers = 2;
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SET ghcrawl.proxy = 'http://localhost';

-- the host isn't for everybody to choose
CREATE ROLE regress_ghcrawl_nobody;
SET ROLE regress_ghcrawl_nobody;
SET ghcrawl.api_url = 'https://example.org';
\echo SQLSTATE :LAST_ERROR_SQLSTATE
\set VERBOSITY sqlstate
SHOW ghcrawl.proxy;
\set VERBOSITY default
RESET ROLE;
DROP ROLE regress_ghcrawl_nobody;

-- values for the configuration file are checked, too
ALTER SYSTEM SET ghcrawl.user_agent_contact = E'a\r\nAuthorization: b';
ALTER SYSTEM SET ghcrawl.user_agent_contact = 'é@example.org';
\set VERBOSITY sqlstate
ALTER SYSTEM SET ghcrawl.workers = 65;
ALTER SYSTEM SET ghcrawl.workers = -1;
ALTER SYSTEM SET ghcrawl.request_timeout = '1 ms';
ALTER SYSTEM SET ghcrawl.max_response_size = '1 kB';
