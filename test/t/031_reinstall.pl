# DROP EXTENSION leaves the data; made anew, the extension finds it again and
# only wants its tokens.  A dump of a crawl that is under way goes on in another
# database, without its secrets.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use PostgreSQL::Test::Utils;
use Test::More;

my $selection = 'stars:>=0 fork:true';
my $sim = start_simulator(repositories => 10_000, users => 4, latency => 40);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'");
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }

my $crawl = start_crawl($node, $selection, 'flat');
crawl_ends($node, $crawl);
sql("SELECT ghcrawl_remove_token('user3'); DROP EXTENSION ghcrawl");
is(sql(q{SELECT to_regnamespace('ghcrawl'), count(*) FROM github.repositories}),
	'|10000', 'the data outlives the extension');
sql('CREATE EXTENSION ghcrawl');
is(sql('SELECT count(*) FROM ghcrawl.tokens'), '0', 'its tokens do not');
my (undef, undef, $err) = $node->psql('postgres', "SELECT ghcrawl_start('$selection', 'flat')",
	extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($err, qr/ERROR:  55000: no usable token.*HINT:.*ghcrawl_add_token/s, 'a crawl wants one');
add_tokens($node, $sim->tokens);
$crawl = start_crawl($node, $selection, 'flat');
crawl_ends($node, $crawl);
is(sql("SELECT stored, inserted, updated, data_schema FROM ghcrawl.crawls WHERE crawl = $crawl"),
	'10000|0|0|github', 'the data is found again, and nothing is written twice');

# a dump in mid-crawl
sql('TRUNCATE github.repository');
$sim->post('/_sim/settings', { latency => 500 });
$crawl = start_crawl($node, $selection, 'flat');
wait_for($node, "SELECT stored > 1500 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, '-d', $node->connstr('postgres') ],
	'a dump is made in mid-crawl');
$sim->post('/_sim/settings', { latency => 40 });
crawl_ends($node, $crawl);
nothing_is_left($node, 'the dumped crawl');
$node->stop;

$node = new_node('restored', "ghcrawl.api_url = '" . $sim->http . "'");
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('postgres'), $dump ],
	'it is restored elsewhere');
is(sql("SELECT state, stored BETWEEN 1500 AND 9999 FROM ghcrawl.crawls WHERE crawl = $crawl"),
	'running|t', 'the crawl is there as it was');
is(sql('SELECT count(*) FROM ghcrawl.tokens'), '0', 'without tokens');
is(sql('SELECT count(*) ' . WORKERS), '0', 'without a worker');
$sim->post('/_sim/counters/reset');
add_tokens($node, $sim->tokens);
is(sql('SELECT ghcrawl_ensure_workers()'), '1', 'a worker is started by hand');
crawl_ends($node, $crawl);
ids_are_exact($node, $sim, $selection, 'restored');
values_are_true($node, $sim, $selection, 'flat', 'restored');
is(crawl_column($node, $crawl, 'stored'), 10_000, 'restored: counted right');
cmp_ok($sim->counters->{requests}, '<', 130, 'restored: what was done is not done again');
my $next = start_crawl($node, 'stars:>=5', 'stars');
cmp_ok($next, '>', $crawl, 'restored: the next crawl has an id of its own');
crawl_ends($node, $next);

done_testing();
