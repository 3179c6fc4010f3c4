# What an hour of GH Archive costs: processor time for a gigabyte of text, memory that is
# needed, and what is written.  "make bench-archive"; a minute.
#
#   EVENTS      300000, of the hour
#   BYTES       3500, of an event on average
#   SEED        1
#
# Payloads are made of words, as commit messages and descriptions are, and of addresses,
# of which most events are full.  Repositories follow a Pareto
# distribution; some of them are stored.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../test/t/lib";
use GhcCrawl;
use GhcFiles;
use GhcTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);

my $events = $ENV{EVENTS} // 300_000;
my $bytes = $ENV{BYTES} // 3_500;
my $stored = 20_000;
my @types = (('PushEvent') x 55, ('CreateEvent') x 13, ('PullRequestEvent') x 11, ('WatchEvent') x 8, ('IssueCommentEvent') x 6, ('DeleteEvent') x 4, ('IssuesEvent') x 3);

my $sim = start_simulator(repositories => $stored, users => 1, latency => 1, limits => 'wide');
my $folder = PostgreSQL::Test::Utils::tempdir();
my $files = GhcFiles->start($folder);
my $node = new_node('archive', "ghcrawl.api_url = '" . $sim->http . "'", "ghcrawl.archive_url = '" . $files->url . "'",
	'shared_buffers = 256MB', 'jit = off');
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }

crawl_ends($node, start_crawl($node, 'stars:>=0 fork:true', 'stars'));
my $highest = sql('SELECT max(repo_id) FROM github.repositories');
my $text_bytes = 0;
my $at = sql("SELECT to_char((now() + interval '1 day') AT TIME ZONE 'UTC', 'YYYY-MM-DD')");

# Makes the hour; returns its size, packed.
sub make_hour
{
	my ($name, $n) = @_;

	srand($ENV{SEED} // 1);
	my @words = map { join '', map { chr(97 + int rand 26) } 1 .. 2 + int rand 9 } 1 .. 3_000;
	# half of it is addresses, which most events are full of
	my $urls = join ',', map { qq("${_}_url":"https://api.github.com/repos/owner/repository/$_\{/sha}") } @words[ 0 .. ($bytes - 900) / 2 / 75 ];
	my @payloads = map { join ' ', map { $words[ int(rand() ** 2 * @words) ] } 1 .. ($bytes - 900) / 2 / 15 * (0.3 + 1.4 * rand) } 1 .. 2_000;
	open my $out, '|-', "gzip -6 > '$folder/$name'" or die $!;
	for my $i (1 .. $n)
	{
		my $type = $types[ int rand @types ];
		my $repo = int(rand() ** 3 * $highest * 20) + 1;
		my $line = sprintf '{"id":"%d","type":"%s","actor":{"id":%d,"login":"user-%d","display_login":"user-%d","gravatar_id":"","url":"https://api.github.com/users/user-%d","avatar_url":"https://avatars.githubusercontent.com/u/%d?"},"repo":{"id":%d,"name":"owner-%d/repository-%d","url":"https://api.github.com/repos/owner-%d/repository-%d"},"payload":{"push_id":%d,"ref":"refs/heads/main","head":"%08x%08x%08x%08x%08x","issue":{"id":%d,%s,"labels":[{"id":%d,"default":false},{"id":%d,"default":true}],"body":"%s\r\n\r\n- [ ] %s"}},"public":true,"created_at":"%sT10:%02d:%02dZ"}' . "\n",
		  40_000_000_000 + $i, $type, ($i * 7) x 5, ($repo) x 5, $i, (map { int rand 2 ** 32 } 1 .. 5), $i, $urls, $i, $i,
		  $payloads[ int rand @payloads ], $payloads[ int rand @payloads ], $at, $i / 6000 % 60, $i % 60;
		$text_bytes += length $line;
		print $out $line;
	}
	close $out or die "gzip: $!";
	return -s "$folder/$name";
}

# Reads an hour; {seconds, cpu, peak_kb} of the process that did, and its row.
sub read_hour
{
	my ($statement) = @_;
	my ($cpu, $peak) = (0, 0);
	my $start = time;
	my $pid = fork // die;

	if ($pid == 0)
	{
		# nothing of ours is to be run at its end
		exec 'psql', '-XAtq', '-c', "CREATE TABLE outcome AS $statement", $node->connstr('postgres');
	}
	for (;;)
	{
		my ($asker) = split /\n/, sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'ghcrawl asker'});
		if ($asker && open my $stat, '<', "/proc/$asker/stat")
		{
			my @fields = split ' ', (<$stat> // '') =~ s/.*\) //r;
			$cpu = ($fields[11] + $fields[12]) / 100 if @fields > 12;
			open my $status, '<', "/proc/$asker/status" or next;
			while (<$status>) { $peak = $1 if /^VmHWM:\s+(\d+)/ }
		}
		last if waitpid($pid, 1) == $pid;
		sleep 0.05;
	}
	my $row = sql('SELECT state, events, repositories, hinted, broken, bytes FROM outcome');
	sql('DROP TABLE outcome');
	return { seconds => time - $start, cpu => $cpu, peak_kb => $peak, row => $row };
}

my %peak;
for my $share (0.1, 1)
{
	$text_bytes = 0;
	my $n = int($events * $share);
	my $size = make_hour("$at-10.json.gz", $n);
	for my $way ([ 'a file', "SELECT * FROM ghcrawl_read_archive_file('$folder/$at-10.json.gz')" ],
		[ 'a URL', "SELECT * FROM ghcrawl_read_archive('$at 10:00Z', again => true)" ])
	{
		sql('DELETE FROM ghcrawl.hint');
		my $lsn = sql('SELECT pg_current_wal_lsn()');
		my $got = read_hour($way->[1]);
		my $wal = sql("SELECT pg_current_wal_lsn() - '$lsn'::pg_lsn");
		$peak{$share} = $got->{peak_kb};
		like($got->{row}, qr/^read\|$n\|\d+\|\d+\|0\|$size$/, "$n events by $way->[0]");
		diag(sprintf '%s, %d events, %.2f GB in %.1f MB packed: %s; %.1f s, %.2f s of processor time, %.2f s a GB, %.1f MB at most, %.1f MB of WAL',
			$way->[0], $n, $text_bytes / 1e9, $size / 1e6, $got->{row}, $got->{seconds}, $got->{cpu}, $got->{cpu} / ($text_bytes / 1e9),
			$got->{peak_kb} / 1024, $wal / 1e6);
	}
}
cmp_ok($peak{1}, '<', $peak{0.1} + 40_000, 'ten times as many take no more than 40 MB of memory beyond');
done_testing();
