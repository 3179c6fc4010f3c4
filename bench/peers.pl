# ghcrawl beside its peers: the same pages from the same page server, one after the
# other in an order drawn anew for each run.  "make bench"; some minutes.
#
#   RUNS            5; 0: only shows what BENCH_RESULTS holds
#   REPOSITORIES    100,000
#   MODES           fresh,unchanged,changed; also: latency, workers
#   PEERS           all that are installed; names are those of bench/GhcPeers.pm
#   BENCH_LATENCY   of mode latency: milliseconds (300) of each reply
#   BENCH_LANES     requests in flight (16); 100 in mode latency
#   BENCH_PGSQL_HTTP   folder that bench/peers/pgsql-http-server made
#   BENCH_HTTP2     1: the server offers HTTP/2 as well; peers don't speak it
#   BENCH_RESULTS   file to which results are appended; all that it holds are shown
#
# fresh: into an empty table.  unchanged: the same once more.  changed: once more,
# the stars of 5 % being others.  Each starts after a checkpoint and is charged for
# the one that writes out what it did.  latency: fresh, each reply takes so long and a
# hundred may be under way.  workers: fresh and unchanged, one worker and two.
#
# Processor time is that of clients and of the whole cluster, in microseconds for
# each repository.  The page server's is nobody's.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../test/t/lib";
use GhcBench;
use GhcMeter;
use GhcPeers;
use GhcResults;
use GhcTest;
use JSON::PP;
use List::Util qw(max shuffle);
use PostgreSQL::Test::Utils;
use Test::More;

my $runs = $ENV{RUNS} // 5;
my $clusters = max(1, int(($ENV{REPOSITORIES} // 100_000) / CLUSTER));
my %wanted = map { $_ => 1 } split /,/, $ENV{MODES} // 'fresh,unchanged,changed';
my @names = ('ghcrawl', grep { is_there($_) } split /,/, $ENV{PEERS} // join ',', peer_names());
my $lanes = $ENV{BENCH_LANES} // 16;
my $latency_ms = $ENV{BENCH_LATENCY} // 300;

use constant SELECTION => 'stars:>=0 fork:true';
use constant LATENCY_LANES => 100;

# a peer that asks one page at a time is asked for fewer, where each takes long
use constant SERIAL_PAGES => 60;

# tells runs apart whose results are in one file
my $session = int time;

my ($server, $node, $meter, @results);

# peers with a server of their own: that, and its meter
my (%node_of, %meter_of);

sub node_of { return $node_of{ $_[0] } // $node }
sub meter_of { return $meter_of{ $_[0] } // $meter }

# ---------------------------------------------------------------------------
# databases
# ---------------------------------------------------------------------------

sub start_all
{
	$server = page_server(clusters => $clusters, generations => 2, $ENV{BENCH_HTTP2} ? () : (http1 => undef));
	$node = bench_node($server);
	$meter = GhcMeter->new($node);
	$node->safe_psql('postgres', "CREATE DATABASE $_") for qw(peer_template ghcrawl_1 ghcrawl_2);
	$node->safe_psql('peer_template', slurp_file("$FindBin::RealBin/peers/table.sql"));
	set_up_ghcrawl($node, "ghcrawl_$_", $_) for 1, 2;
	start_own_server($_) for grep { install_of($_) } @names;
	return;
}

sub start_own_server
{
	my ($name) = @_;
	my $own = $node_of{$name} = new_node_at(install_of($name), $name, server_lines());

	$own->safe_psql('postgres', 'CREATE DATABASE peer_template');
	$own->safe_psql('peer_template', slurp_file("$FindBin::RealBin/peers/table.sql"));
	$own->safe_psql('peer_template', 'CREATE EXTENSION http');
	$meter_of{$name} = GhcMeter->new($own);
	return;
}

sub drop_database
{
	my ($name) = @_;
	node_of($name)->safe_psql('postgres', qq{SET client_min_messages = warning; DROP DATABASE IF EXISTS "$name"});
	return;
}

sub make_database
{
	my ($name, $template) = @_;
	drop_database($name);
	node_of($name)->safe_psql('postgres', qq{CREATE DATABASE "$name" TEMPLATE $template});
	return;
}

# ---------------------------------------------------------------------------
# measuring
# ---------------------------------------------------------------------------

# Starts a crawl in psql, which ends with it.
sub start_ghcrawl
{
	my ($database) = @_;
	my $script = $node->basedir . '/crawl.sql';

	open my $file, '>', $script or die "$script: $!";
	print $file "SET client_min_messages = warning;\n", "SELECT ghcrawl_start('" . SELECTION . "', 'full') AS crawl \\gset\n", "CALL ghcrawl_wait(:crawl);\n";
	close $file or die "$script: $!";
	return start_program($node->basedir . '/ghcrawl.log', {}, 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1',
		'-d', $node->connstr($database), '-f', $script);
}

# What a crawl that ended says of itself.
sub ghcrawl_result
{
	my ($database) = @_;
	my ($state, $stored, $seconds) = split /\|/, $node->safe_psql($database,
		'SELECT state, stored, extract(epoch FROM finished_at - created_at) FROM ghcrawl.crawls ORDER BY crawl DESC LIMIT 1');
	is("$state $stored", 'done ' . $clusters * CLUSTER, "$database: everything is crawled");
	return (wall => 0 + $seconds);
}

sub disk_bytes
{
	my ($database, $table) = @_;
	return split /\|/, node_of($database)->safe_psql($database, "SELECT count(*), pg_total_relation_size('$table') FROM $table");
}

# Measures one piece of work and keeps the result.
sub measure
{
	my ($run, $mode, $name, $pages) = @_;
	my $is_ours = $name =~ /^ghcrawl/;
	my $meter = meter_of($name);
	my $n = $mode eq 'latency' ? LATENCY_LANES : $lanes;

	set_lanes($node, $name, $n) if $is_ours;
	my $from = $meter->lsn;
	my $cost = $meter->measure(
		sub {
			return $is_ours ? start_ghcrawl($name) : start_peer($name, $server, node_of($name), $name, $n, $server->pages($pages));
		},
		watch => $is_ours ? qr/ghcrawl worker/ : undef);
	my $to = $meter->lsn;
	my ($rows, $bytes) = disk_bytes($name, $is_ours ? 'github.repository' : 'repository');
	my $counters = $server->counters;

	is($rows, $clusters * CLUSTER, "$mode, $name: all repositories are there") unless $pages;
	is("$counters->{not_understood}", 0, "$mode, $name: all requests were understood");
	my %result = (
		%$cost, run => "$session.$run", mode => $mode, peer => $name, rows => $pages ? $rows : $clusters * CLUSTER,
		wal => 0 + $meter->bytes_between($from, $to), disk => $bytes / $rows, counters => $counters,
		$is_ours ? ghcrawl_result($name) : ());
	$result{wal_of} = $meter->wal_of($name, $from, $to) if $run == 1;
	keep_result(\%result);
	return;
}

sub keep_result
{
	my ($result) = @_;
	my $line = JSON::PP->new->canonical->encode($result);
	push @results, $result;
	note($line);
	append_to_file($ENV{BENCH_RESULTS}, "$line\n") if $ENV{BENCH_RESULTS};
	return;
}

my %generation_of = (changed => 1);

sub run_plain
{
	my ($run) = @_;
	my @modes = grep { $wanted{$_} } qw(fresh unchanged changed) or return;
	my @order = shuffle @names;

	make_database($_, $_ eq 'ghcrawl' ? 'ghcrawl_1' : 'peer_template') for @order;
	for my $mode (@modes)
	{
		for my $name (shuffle @order)
		{
			$server->set(latency_ms => 0, generation => $generation_of{$mode} // 0);
			measure($run, $mode, $name);
		}
	}
	drop_database($_) for @order;
	return;
}

sub run_latency
{
	my ($run) = @_;
	for my $name (shuffle @names)
	{
		make_database($name, $name eq 'ghcrawl' ? 'ghcrawl_1' : 'peer_template');
		$server->set(latency_ms => $latency_ms, generation => 0);
		measure($run, 'latency', $name, is_serial($name) ? SERIAL_PAGES : undef);
		drop_database($name);
	}
	return;
}

sub run_workers
{
	my ($run) = @_;
	for my $n (shuffle 1, 2)
	{
		my $name = "ghcrawl-$n";
		set_workers($node, $n);
		make_database($name, 'ghcrawl_2');
		for my $mode ('fresh', 'unchanged')
		{
			$server->set(latency_ms => 0, generation => 0);
			measure($run, "workers-$mode", $name);
		}
		is($node->safe_psql('postgres', "SELECT deadlocks FROM pg_stat_database WHERE datname = '$name'"),
			0, "$n workers: no deadlock");
		drop_database($name);
	}
	set_workers($node, 1);
	return;
}

if ($runs > 0)
{
	start_all();
	diag(sprintf 'pages of 100: %d B, %d B gzip; %d repositories', @$server{qw(page_plain_bytes page_bytes repositories)});
}
for my $run (1 .. $runs)
{
	run_plain($run);
	run_latency($run) if $wanted{latency};
	run_workers($run) if $wanted{workers};
}
@results = map { decode_json($_) } split /\n/, slurp_file($ENV{BENCH_RESULTS}) if $ENV{BENCH_RESULTS};
show_results(LATENCY_LANES * 100 * 1000 / $latency_ms, @results);
pass('shown');
done_testing();
