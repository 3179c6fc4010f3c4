# Certificates that nobody should trust, a port that refuses, names that don't
# resolve: each comes while a crawl is under way, and goes again.  No request is
# sent to a server that isn't trusted, and the crawl goes on as if nothing had
# happened.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use GhcFault;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $sim = start_simulator(tls => 1, repositories => 20_000, users => 2, latency => 150, limits => 'wide');
my $node = new_node('main',
	"ghcrawl.api_url = '" . $sim->https . "'",
	"ghcrawl.ca_file = '" . $sim->ca . "'",
	'ghcrawl.pages_per_request = 1',
	"ghcrawl.request_timeout = '5s'");
install($node, $sim);

# Each trouble: how it comes, how it goes, what is recorded of it.
my @troubles = (
	[ 'a certificate that expired', certificate => { kind => 'expired' }, 'expired' ],
	[ 'a certificate for another name', certificate => { kind => 'otherName' }, 'name|subject|match' ],
	[ 'a certificate of another authority', certificate => { kind => 'otherCa' }, 'issuer|self.signed|verif' ],
	[ 'a port that refuses', listening => { https => 0 }, 'connect' ]);
my %good = (certificate => { kind => 'good' }, listening => { https => 1 });

sub resolve_errors
{
	my ($database) = @_;
	return $database->safe_psql('postgres', q{SELECT sum(count) FROM ghcrawl.errors WHERE message ~* 'resolve'});
}

sub requests { return $sim->counters->{requests} }

my $crawl = start_crawl($node, EVERYTHING, 'flat');
for my $trouble (@troubles)
{
	my ($name, $path, $what, $pattern) = @$trouble;
	my $to_json = { %$what };
	$to_json->{https} = $what->{https} ? JSON::PP::true() : JSON::PP::false() if exists $what->{https};

	wait_for($node, "SELECT stored > 0 AND state = 'running' FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
	$sim->post("/_sim/$path", $to_json);
	my $before = requests();
	wait_for($node, "SELECT count(*) > 0 FROM ghcrawl.errors WHERE crawl = $crawl AND class = 'network'"
		. " AND message ~* '$pattern'", 't');
	is(requests(), $before, "$name: nothing is sent");
	is(crawl_column($node, $crawl, 'state'), 'running', "$name: the crawl is still at it");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker' AND xact_start IS NOT NULL}),
		'0', "$name: without a transaction");
	$sim->post("/_sim/$path", $path eq 'listening' ? { https => JSON::PP::true() } : $good{$path});
	my $stored = crawl_column($node, $crawl, 'stored');
	wait_for($node, "SELECT stored > $stored OR state = 'done' FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
}
my $watched = watch($node, $crawl);
invariants($node, $sim, $crawl, $watched, name => 'trust',
	errors => { '^value: description' => 1, '^network: ' => 12 });
no_limit_violated($sim, 'trust');
$node->stop;

# A server that has a file of its own in the place of /etc/hosts, and nobody
# else to ask.
SKIP:
{
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my @unshare = qw(unshare --map-current-user --mount --keep-caps sh -ec);

	append_to_file("$dir/hosts", "127.0.0.1 localhost\n");
	append_to_file("$dir/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
	my $mount = "mount --bind '$dir/hosts' /etc/hosts; mount --bind '$dir/resolv.conf' /etc/resolv.conf";
	skip 'this user may make no mount namespace', 1 if system(@unshare, "($mount) 2>/dev/null") != 0;

	# its certificate is for a name that only this file knows
	my $named = start_simulator(tls => 1, certificate => 'otherName', repositories => 5000, users => 2, latency => 10, limits => 'wide');
	my ($port) = $named->https =~ /:(\d+)$/;
	my $blind = PostgreSQL::Test::Cluster->new('blind');

	$blind->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$blind->append_conf('postgresql.conf', "max_worker_processes = 16\nlog_statement = none\n"
		. "ghcrawl.api_url = 'https://elsewhere.invalid:$port'\nghcrawl.ca_file = '" . $named->ca . "'\nghcrawl.connect_timeout = '3s'\n");
	system(@unshare, "$mount; exec pg_ctl -w -s -D '" . $blind->data_dir . "' -l '" . $blind->logfile
		. "' -o '--cluster-name=blind' start") == 0 or die 'the server does not start';
	$blind->_update_pid(1);
	install($blind, $named);

	$crawl = start_crawl($blind, EVERYTHING, 'flat');
	wait_for($blind, q{SELECT count(*) > 0 FROM ghcrawl.errors WHERE message ~* 'resolve'}, 't');
	is($named->counters->{requests}, 0, 'a name that does not resolve: nothing is sent');
	append_to_file("$dir/hosts", "127.0.0.1 elsewhere.invalid\n");

	# gone again in mid-crawl, for a process that hasn't asked for it yet: libcurl
	# remembers an address for a minute
	$named->post('/_sim/settings', { latency => 1000 });
	wait_for($blind, "SELECT stored > 0 AND state = 'running' FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
	truncate("$dir/hosts", length "127.0.0.1 localhost\n") or die "hosts: $!";
	my $unresolved = resolve_errors($blind);
	$blind->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker'});
	wait_for($blind, "SELECT sum(count) > $unresolved FROM ghcrawl.errors WHERE message ~* 'resolve'", 't');
	is(crawl_column($blind, $crawl, 'state'), 'running', 'a name that is gone in mid-crawl: the crawl is still at it');
	append_to_file("$dir/hosts", "127.0.0.1 elsewhere.invalid\n");
	$named->post('/_sim/settings', { latency => 10 });

	$watched = watch($blind, $crawl);
	invariants($blind, $named, $crawl, $watched, name => 'a name that resolves again',
		errors => { '^value: description' => 1, '^network: Could not resolve' => 1 });
	$blind->stop;
}

done_testing();
