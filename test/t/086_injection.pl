# Names that want to be more than names: in selections, profiles, tokens,
# schemas, roles, and in what GitHub says.  Each arrives where it belongs as it
# was given, or is refused; none is run.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use GhcRoles;
use PostgreSQL::Test::Utils;
use Test::More;

my $sim = start_simulator(repositories => 400, users => 1, latency => 0, limits => 'wide');
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'");
my ($token) = $sim->tokens;

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub literal { my ($text) = @_; $text =~ s/'/''/g; $text =~ s/\\/\\\\/g; return "E'$text'" }

# what each name tries
my @NAMES = (
	q{x'; DROP TABLE victim; --}, q{x"; DROP TABLE victim; --}, q{x$$; DROP TABLE victim; $$}, q{x\\'; DROP TABLE victim; --},
	q{x; DROP TABLE victim}, q{"}, q{'}, q{\\}, q{%s%n%x}, q{$1}, q{/* }, q{--}, "a\nb", "a\tb", "a\r\nb", "\x{1b}[2J",
	"caf\x{e9}", "\x{202e}evil", "\x{1f600}", 'select', 'Mixed Case', 'x.y', 'x' x 63, 'y' x 200);
utf8::encode($_) for @NAMES;

make_roles($node);
sql('CREATE TABLE victim ()');

sub victim_is_there
{
	my ($name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(sql("SELECT to_regclass('victim')"), 'victim', "$name: the victim is there");
	is(sql('SELECT count(*) FROM pg_roles WHERE rolsuper'), '1', "$name: one superuser");
	unlike(slurp_file($node->logfile), qr/was terminated by signal/, "$name: nobody crashed");
	return;
}

# ---------------------------------------------------------------------------
# names of tokens
# ---------------------------------------------------------------------------

for my $i (0 .. $#NAMES)
{
	my $name = literal($NAMES[$i]);
	my $added = error_of($node, "SELECT ghcrawl_add_token($name, '$token'); SELECT ghcrawl_set_limits($name, 1)");
	like($added, qr/not known yet whose token/, "token " . ($NAMES[$i] =~ s/[^ -~]/?/gr));
}
is(sql('SELECT count(DISTINCT name) FROM ghcrawl.tokens'), scalar @NAMES, 'each is a token');
for my $name (map { literal($_) } @NAMES)
{
	sql("SELECT ghcrawl_remove_token($name)");
}
is(sql('SELECT count(*) FROM ghcrawl.tokens'), '0', 'and was removed by its name');
victim_is_there('tokens');

# ---------------------------------------------------------------------------
# schemas and their owners
# ---------------------------------------------------------------------------

# one host for each: the address is another, the simulator isn't asked
for my $i (0 .. $#NAMES)
{
	my ($name, $parts) = (literal($NAMES[$i]), $i % 3);
	my $owner = $i % 2 ? '' : "CREATE ROLE :\"n\" SUPERUSER LOGIN; SET ROLE :\"n\";";
	my ($code, $out, $err) = $node->psql('postgres', <<"SQL", on_error_stop => 1);
SELECT $name AS n \\gset
SET client_min_messages = error;
BEGIN;
SET LOCAL ghcrawl.api_url = 'https://host$i.example';
$owner
SELECT ghcrawl_create_tables(:'n', $parts) = left(:'n', 63)::name;
SELECT count(*) > 8 FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = :'n'::name) AND relkind IN ('r', 'p', 'v');
SELECT count(*) > 5 FROM (SELECT ghcrawl_index_statements('{stars,topics,history,key,created_at}')) x;
SELECT replace(s, ' CONCURRENTLY', '') FROM ghcrawl_index_statements('{stars,topics,history,created_at}') s \\gexec
SELECT ghcrawl_create_tables(:'n', 0) = left(:'n', 63)::name;
ROLLBACK;
SQL
	is("$code $out", "0 t\nt\nt\nt", 'schema ' . ($NAMES[$i] =~ s/[^ -~]/?/gr)) or diag($err);
}
for my $schema (qw(pg_catalog information_schema ghcrawl public pg_toast pg_evil))
{
	my $refusal = error_of($node, "SET ROLE deputy; SELECT ghcrawl_create_tables('$schema')");
	like($refusal, qr/ERROR:  (42P06|42501|42939)/, "no tables in $schema");
}
is(sql("SELECT count(*) FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public', 'ghcrawl')"),
	'0', 'nothing is left');
victim_is_there('schemas');

# a crawl into the worst of them, by the worst of owners
sql(<<'SQL');
CREATE ROLE "x'; DROP TABLE victim; --" LOGIN IN ROLE ghcrawl_admin;
GRANT CREATE ON DATABASE postgres TO "x'; DROP TABLE victim; --";
SQL
add_tokens($node, $token);
my $evil = q{x"'$$; DROP TABLE victim; --};
as($node, q{x'; DROP TABLE victim; --}, 'SELECT ghcrawl_create_tables(' . literal($evil) . ')');
my $crawl = as($node, q{x'; DROP TABLE victim; --}, q{SELECT ghcrawl_start('stars:>=0', 'flat')});
crawl_ends($node, $crawl);
is(sql(q{SELECT count(*) FROM "x""'$$; DROP TABLE victim; --".repositories}), $sim->count('stars:>=0'), 'a crawl into it is whole');
is(sql(q{SELECT count(*) FROM ghcrawl.errors}), '0', 'without an error');

# its history's old months are dropped by their names
as($node, q{x'; DROP TABLE victim; --}, <<'SQL');
SET search_path = "x""'$$; DROP TABLE victim; --";
CREATE TABLE repository_history_2001_02 PARTITION OF repository_history FOR VALUES FROM ('2001-02-01 00:00:00+00') TO ('2001-03-01 00:00:00+00')
SQL
$node->append_conf('postgresql.conf', "ghcrawl.history_retention = '30d'");
$node->reload;
crawl_ends($node, as($node, q{x'; DROP TABLE victim; --}, q{SELECT ghcrawl_start('stars:>=1', 'flat')}));
is(sql(q{SELECT count(*) FROM pg_class WHERE relname = 'repository_history_2001_02'}), '0', 'an old month of it is forgotten');
victim_is_there('a crawl');

# ---------------------------------------------------------------------------
# selections
# ---------------------------------------------------------------------------

# words that would end the GraphQL string, the query, or the JSON around them
my $asked = $sim->counters->{graphql}{documents};
my @selections = (
	q~"\") { nodes { id } } } mutation { x } #"~, q~topic:x"){repositoryCount}} #~, q~x\u0022){id}}}~, '\\', 'x\\"',
	"x\n} mutation{x}", q~{"query":"mutation{x}"}~, q~${jndi:ldap://evil}~, q~#~, q~"""~, q~topic:"a b" x:'); DROP TABLE victim; --'~);
for my $selection (@selections)
{
	my (undef, $id, $err) = $node->psql('postgres', 'SELECT ghcrawl_start(' . literal($selection) . q{, 'stars')});
	if ($id =~ /^\d+$/)
	{
		wait_for($node, "SELECT state FROM ghcrawl.crawls WHERE crawl = $id", qr/^(done|failed)/, 30);
		unlike(crawl_column($node, $id, "coalesce(reason, '')"), qr/[Ss]yntax|[Uu]nexpected/, "is a search: $selection");
	}
	else
	{
		like($err, qr/ERROR/, "is refused: $selection");
	}
}
my @queries = map { $_->{query} // '' } @{ $sim->json('/_sim/requests?last=1000') };
cmp_ok(scalar @queries, '>', 3, 'some were asked');

# outside of strings there is nothing of theirs
(my $outside = join "\n", @queries) =~ s/"(?:[^"\\]|\\.)*"/""/gs;
unlike($outside, qr/mutation|victim|jndi|#/, 'and never more than a string of it');
victim_is_there('selections');

# ---------------------------------------------------------------------------
# profiles: an administrator's GraphQL
# ---------------------------------------------------------------------------

my %extras = (
	closing => q~id} mutation m{__typename} fragment x on Repository{id~,
	second => q~id} query q{viewer{login}} fragment x on Repository{id~,
	mutation => qq~id}\nmutation{__typename}\n#~,
	json => q~id"},"query":"mutation{x}","x":{"y":"z~,
	control => "id \x01",
	comment => 'watchers{totalCount} # }');
for my $name (sort keys %extras)
{
	as($node, 'deputy', "INSERT INTO ghcrawl.profile VALUES ('$name', '{repo_id,name_with_owner}', " . literal($extras{$name}) . ')');
	$crawl = as($node, 'deputy', "SELECT ghcrawl_start('stars:>=1', '$name')");
	crawl_ends($node, $crawl, $name eq 'comment' ? 'done' : 'failed');
}
is(sql(q{SELECT string_agg(DISTINCT class, ' ') FROM ghcrawl.errors WHERE crawl = ANY (SELECT crawl FROM ghcrawl.crawls WHERE state = 'failed' AND profile <> 'stars')}),
	'bad_query', 'GitHub refused them as a whole: a document with a nameless query has no other operation');
note(sql(q{SELECT profile, reason FROM ghcrawl.crawls WHERE state = 'failed'}));

# columns are taken by their names only
as($node, 'deputy', q{INSERT INTO ghcrawl.profile VALUES ('columns', ARRAY['repo_id', 'name_with_owner', 'stars; DROP TABLE victim'])});
as($node, 'deputy', q{SELECT ghcrawl_start('stars:>=1', 'columns')}, qr/ERROR:  42703: .*does not exist/);
as($node, 'deputy', q{INSERT INTO ghcrawl.profile VALUES ('nested', '{{repo_id,name_with_owner},{stars,forks}}')}, qr/ERROR/);
as($node, 'deputy', q{UPDATE ghcrawl.profile SET columns = '{{repo_id,name_with_owner}}' WHERE name = 'flat'}, qr/ERROR/);
as($node, 'deputy', q{SELECT ghcrawl_start('stars:>=1', 'x''; DROP TABLE victim; --')}, qr/ERROR:  22023: profile/);
for my $id ("1; DROP TABLE victim", "1'", '../../user', "1\n2", '1?x=', '1/../2')
{
	like(error_of($node, 'SELECT ghcrawl_add_app(\'a\', ' . literal($id) . ", '/x')"), qr/ERROR:  22023: an App's id/, "an App's id");
	like(error_of($node, "SELECT ghcrawl_add_app('a', '1', '/x', " . literal($id) . ')'), qr/ERROR:  22023: installation/, 'an installation');
}
victim_is_there('profiles');

done_testing();
