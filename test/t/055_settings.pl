# ALTER SYSTEM and a reload while a crawl runs, without preloading: more workers
# come by themselves, the surplus ends and gives its ranges back; crawls and
# tokens keep their address; time-outs and certificates hold for the next
# request.  What ALTER DATABASE and ALTER ROLE set doesn't reach workers.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use PostgreSQL::Test::Utils;
use Test::More;

my $search = 'stars:>=0 fork:true';
my $sim = start_simulator(repositories => 8000, users => 4, limits => 'wide', latency => 100, tls => 1);
my $other = start_simulator(repositories => 10);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->https . "'",
	# many small requests, so that there is a mid-crawl
	'ghcrawl.pages_per_request = 1', 'ghcrawl.page_size = 100',
	"ghcrawl.ca_file = '" . $sim->ca . "'", "ghcrawl.request_timeout = '10min'");
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub pace { $sim->post('/_sim/settings', { latency => $_[0] }); return }

sub set
{
	my ($name, $value) = @_;
	sql("LOAD 'ghcrawl'; ALTER SYSTEM SET ghcrawl.$name = '$value'");
	$node->reload;
	return;
}

sub workers_are
{
	my ($wanted, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	note($name);
	wait_for($node, 'SELECT (SELECT count(*) ' . WORKERS . '),'
		. q{ (SELECT count(*) FROM ghcrawl.workers WHERE state <> 'gone')}, "$wanted|$wanted");
	return;
}

# Something more is stored.
sub goes_on
{
	my ($crawl, $name) = @_;
	my $stored = crawl_column($node, $crawl, 'stored');

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	note($name);
	wait_for($node, "SELECT stored > $stored FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
	return;
}

my $crawl = start_crawl($node, $search);
wait_for($node, "SELECT stored > 200 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
pace(1500);

# ---------------------------------------------------------------------------
# ghcrawl.workers
# ---------------------------------------------------------------------------

set('workers', 3);
workers_are(3, 'raised: the missing ones come by themselves');
set('workers', 1);
workers_are(1, 'lowered: the surplus ends');
wait_for($node, 'SELECT count(*) FROM ghcrawl.claim WHERE worker_no > 1', '0');
goes_on($crawl, 'with one worker');
set('workers', 0);
workers_are(0, 'none');
my $requests = $sim->counters->{requests};
wait_for($node, "SELECT state, waiting_on FROM ghcrawl.progress WHERE crawl = $crawl", 'waiting|ghcrawl.workers, which is 0');
is(sql('SELECT ghcrawl_ensure_workers()'), '0', 'none is wanted');
my $late = start_crawl($node, 'stars:5', 'stars');
is($sim->counters->{requests}, $requests, 'nothing is asked');
set('workers', 2);
is(sql('SELECT ghcrawl_ensure_workers()'), '2', 'and back: without preloading they have to be called');
workers_are(2, 'and back');
goes_on($crawl, 'and back');

# ---------------------------------------------------------------------------
# another address; time-outs; certificates
# ---------------------------------------------------------------------------

$requests = $other->counters->{requests};
set('api_url', $other->http);
pace(400);
goes_on($crawl, 'ghcrawl.api_url changed');
is(crawl_column($node, $crawl, 'api_url'), $sim->https, 'a crawl keeps its address');
is(sql('SELECT count(*) FROM ghcrawl.tokens WHERE api_url = \'' . $sim->https . q{'}), '4', 'and so do tokens');
my (undef, undef, $err) = $node->psql('postgres', q{SELECT ghcrawl_start('stars:1')},
	extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($err, qr/ERROR:  55000: no usable token for "\Q@{[$other->http]}\E"/, 'new crawls are for the new address');
is($other->counters->{requests}, $requests, 'no token went there');

set('request_timeout', '1s');
$sim->post('/_sim/faults', { stall => 1 });
wait_for($node, q{SELECT count(*) > 0 FROM ghcrawl.errors WHERE class = 'network' AND message ~* 'time'}, 't');
$sim->post('/_sim/faults', { stall => 0 });
# those that hung before the reload keep their ten minutes
sql('SELECT pg_terminate_backend(pid) ' . WORKERS);
set('request_timeout', '30s');
goes_on($crawl, 'a new time-out held for the next requests');

sql('DELETE FROM ghcrawl.error');
set('ca_file', $node->data_dir . '/PG_VERSION');
$sim->post('/_sim/faults', { closing => 1 });
wait_for($node, q{SELECT count(*) > 0 FROM ghcrawl.errors WHERE class = 'network' AND message ~* 'cert|ssl'}, 't');
set('ca_file', $sim->ca);
goes_on($crawl, 'certificates held for the next connections');
$sim->post('/_sim/faults', { closing => 0 });

# ---------------------------------------------------------------------------
# settings of databases and roles
# ---------------------------------------------------------------------------

(undef, undef, $err) = $node->psql('postgres', q{LOAD 'ghcrawl'; ALTER DATABASE postgres SET ghcrawl.workers = 4});
like($err, qr/ERROR: .*"ghcrawl.workers" cannot be changed now/, 'ghcrawl.workers is not set for a database');
sql(join '; ',
	# accepted as names that nobody knows yet
	'ALTER DATABASE postgres SET ghcrawl.workers = 4',
	q{ALTER ROLE postgres SET ghcrawl.request_timeout = '100ms'},
	'ALTER DATABASE postgres SET ghcrawl.api_url = \'' . $other->http . q{'},
	'ALTER DATABASE postgres SET default_transaction_read_only = on',
	'ALTER DATABASE postgres SET search_path = nowhere',
	q{ALTER ROLE postgres SET default_transaction_isolation = 'serializable'},
	q{ALTER ROLE postgres SET statement_timeout = '1ms'},
	q{ALTER ROLE postgres SET lock_timeout = '1ms'});

# sessions of this test take no notice
$ENV{PGOPTIONS} = join ' ', map { "-c $_" } 'default_transaction_read_only=off', 'search_path=public',
  'default_transaction_isolation=read\ committed', 'statement_timeout=0', 'lock_timeout=0';
my $offset = -s $node->logfile;
sql('SELECT pg_terminate_backend(pid) ' . WORKERS);
wait_for_log($node, qr/"ghcrawl.workers" cannot be changed now/, $offset);
workers_are(2, 'started anew with all that');
pace(2);
crawl_ends($node, $_) for $crawl, $late;
unlike(slurp_file($node->logfile, $offset), qr/ghcrawl worker.*(?:could not write|ERROR)/, 'no worker minds');
ids_are_exact($node, $sim, $search, 'after all that');
is(crawl_column($node, $crawl, 'stored'), 8000, 'counted right');
nothing_is_left($node, 'after all that');

done_testing();
