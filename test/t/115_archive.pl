# Hours of GH Archive, by URL and from files: what is read gives hints; holes, broken and
# cut files, rubbish and endless lines are told of and harm nobody; who may read what.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcCrawl;
use GhcFiles;
use GhcTest;
use IO::Compress::Gzip qw(gzip $GzipError);
use PostgreSQL::Test::Utils;
use Test::More;

my $sim = start_simulator(repositories => 400, users => 1, latency => 1);
my $folder = PostgreSQL::Test::Utils::tempdir();
chmod 0755, $folder or die $!;
my $files = GhcFiles->start($folder);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'",
	"ghcrawl.archive_url = '" . $files->url . "/'", "TimeZone = 'America/Sao_Paulo'",
	"shared_preload_libraries = 'auto_explain'", 'auto_explain.log_nested_statements = on', 'auto_explain.log_analyze = on',
	'auto_explain.log_timing = off');
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub fails { return error_of($node, $_[0]) }

sub put_file
{
	my ($name, $contents) = @_;

	open my $out, '>:raw', "$folder/$name" or die "$name: $!";
	print $out $contents;
	close $out;
	return "$folder/$name";
}

sub packed
{
	my ($text) = @_;

	gzip(\$text => \my $gz) or die $GzipError;
	return $gz;
}

# An event of a repository; "at" is a time of the day that is being tested, in UTC.
my ($day) = split / /, sql("SELECT (now() + interval '1 day') AT TIME ZONE 'UTC'");

sub event
{
	my ($repo, $type, $at) = @_;

	return qq({"id":"4711","type":"$type","actor":{"id":7,"login":"a"},"repo":{"id":$repo,"name":"o/n"},)
	  . qq("payload":{"x":[1,{"repo":{"id":1}}],"y":"\\u0000\\n"},"public":true,"created_at":"${day}T${at}Z"}\n);
}

sub old_event { return qq({"type":"WatchEvent","repository":{"id":$_[0],"name":"n"},"actor":"a"}\n) }

my $columns = 'state, events, repositories, hinted, broken';
sub read_hour { return sql("SELECT $columns FROM ghcrawl_read_archive('$day $_[0]:00Z'" . ($_[1] // '') . ')') }
sub read_file { return sql("SELECT $columns FROM ghcrawl_read_archive_file('$_[0]')") }
sub hints { return sql("SELECT string_agg(repo_id || ':' || events || ':' || stars, ' ' ORDER BY repo_id) FROM ghcrawl.hint") }
sub forget_hints { return sql('DELETE FROM ghcrawl.hint; DELETE FROM ghcrawl.archive_hour') }

# --- before there is any data -----------------------------------------------------------

like(fails("SELECT ghcrawl_read_archive(now())"), qr/there are no data tables/, 'without data there is nothing to hint at');
crawl_ends($node, start_crawl($node, 'stars:>=0 fork:true', 'flat'));
my ($popular, $other) = split /\n/, sql('SELECT repo_id FROM github.repositories WHERE stars >= 10 ORDER BY repo_id LIMIT 2');
my ($small, $quiet) = split /\n/, sql('SELECT repo_id FROM github.repositories WHERE stars < 10 ORDER BY repo_id LIMIT 2');
my $stranger = sql('SELECT max(repo_id) + 1000 FROM github.repositories');
my @ids = sort { $a <=> $b } ($popular, $other, $small);

# --- hours by URL --------------------------------------------------------------------------

put_file("$day-0.json.gz", packed(
	event($popular, 'PushEvent', '00:10:00') . event($popular, 'WatchEvent', '00:20:00') . event($small, 'WatchEvent', '00:30:00')
	  . event($quiet, 'PushEvent', '00:40:00') . event($stranger, 'WatchEvent', '00:50:00') . old_event($other)));
is(read_hour('00'), 'read|6|5|3|0', 'an hour');
my %want = ($popular => '2:1', $other => '1:1', $small => '1:1');
is(hints(), join(' ', map { "$_:$want{$_}" } @ids), 'hints: of stored ones; of few stars, if some were given');
is(sql("SELECT bool_and(first_at <= last_at AND last_at <= now()) FROM ghcrawl.hint"), 't', 'whose moments are not in the future');
is(sql("SELECT hour AT TIME ZONE 'UTC', bytes > 100, reason IS NULL FROM ghcrawl.archive_hour"), "$day 00:00:00|t|t", 'it is noted');
is(read_hour('00'), 'read|6|5|3|0', 'a second time');
is(hints(), join(' ', map { "$_:$want{$_}" } @ids), 'nothing is counted twice');
is(sql("SELECT hour AT TIME ZONE 'UTC', reason FROM ghcrawl_read_archive('$day 00:59:59.9Z')"),
	"$day 00:00:00|it was read before", 'which is said');
is(scalar($files->asked), 1, 'and nobody asked');
is(read_hour('00', ', again => true'), 'read|6|5|3|0', 'again, if told so');
is(scalar($files->asked), 2, 'it was fetched');
put_file("$day-0.json.gz.status", '503');
is(read_hour('00', ', again => true'), 'failed|0|0|0|0', 'again, and not to be had');
is(sql("SELECT state, events FROM ghcrawl.archive_hour"), 'read|6', 'it was read all the same');
unlink "$folder/$day-0.json.gz.status" or die $!;
forget_hints();
my $members = packed(event($popular, 'PushEvent', '01:00:00')) . packed('') . packed(event($other, 'PushEvent', '01:00:01') x 3);
put_file("$day-1.json.gz", $members);
put_file("$day-3.json.gz", packed(''));
put_file("$day-4.json.gz.status", '503');
is(read_hour('00', ", '$day 04:00Z'"), "read|6|5|3|0\nread|4|2|2|0\nmissing|0|0|0|0\nread|0|0|0|0\nfailed|0|0|0|0",
	'hours with holes: several members, none at all, an empty one, an error');
is(sql("SELECT reason FROM ghcrawl.archive_hour WHERE state = 'failed'"), 'HTTP status 503', 'whose reason is kept');
is(join(' ', ($files->asked)[ 3 .. 7 ]), join(' ', map { "$day-$_.json.gz" } 0 .. 4), 'names as GH Archive has them');
unlink "$folder/$day-4.json.gz.status" or die $!;
put_file("$day-4.json.gz", packed(event($popular, 'PushEvent', '04:00:00')));
is(read_hour('02', ", '$day 04:00Z'"), "missing|0|0|0|0\nread|0|0|0|0\nread|1|1|1|0", 'what failed or is missing is tried again');
put_file("$day-$_.json.gz.status", '500') for 10 .. 20;
is(sql("SELECT count(*) FROM ghcrawl_read_archive('$day 10:00Z', '$day 20:00Z')"), '3', 'not for ever, if nothing can be had');

# --- damage ---------------------------------------------------------------------------------------

forget_hints();
my $many = join '', map { event($popular, 'PushEvent', '05:00:00') } 1 .. 20_000;
$many =~ s/"4711"/'"' . int(rand 1e9) . '"'/ge;
my $gz = packed($many);
put_file("$day-5.json.gz", substr $gz, 0, length($gz) / 2);
like(read_hour('05'), qr/^damaged\|(?:[5-9]\d{3}|1\d{4})\|1\|1\|1$/, 'an hour that is cut short counts as far as it goes');
my $torn = $gz;
# its checksum: wherever else, it may seem to end within the next one
substr($torn, -8, 4) ^= "\x55" x 4;
put_file("$day-6.json.gz", $torn . packed(event($other, 'WatchEvent', '06:00:00')));
like(read_hour('06'), qr/^damaged\|20001\|2\|2\|0$/, 'one with a broken member: those behind it count, too');
is(sql("SELECT stars FROM ghcrawl.hint WHERE repo_id = $other"), '1', 'with what they say');
put_file("$day-7.json.gz", packed(event($other, 'WatchEvent', '07:00:00')));
put_file("$day-7.json.gz.cut", '50');
like(read_hour('07'), qr/^failed\|0\|0\|0\|/, 'a connection that breaks');
put_file("$day-8.json.gz", "<html>come back later</html>\n");
is(read_hour('08'), 'damaged|0|0|0|1', 'a page that says sorry');
put_file("$day-9.json.gz", packed("\n\r\n" . event($other, 'PushEvent', '09:00:00') . "rubbish\n{\"a\":\n" . ('[' x 1000) . "\n"
	  . "\xff\xfe\n" . ('x' x 10_000_000) . "\n" . ('{"type":"WatchEvent"}' . "\n") . event($other, 'PushEvent', '09:00:00')));
is(read_hour('09'), 'read|3|1|1|5', 'rubbish between lines, and a line of 10 MB');

# a file is larger than any answer may be, and comes in pieces of any size
my $numbers = join '', map { int(rand 1e9) . "\n" } 1 .. 800_000;
put_file("$day-9.json.gz", packed($numbers . event($other, 'PushEvent', '09:00:00')));
$node->append_conf('postgresql.conf', 'ghcrawl.max_response_size = 64kB');
$node->reload;
wait_for($node, 'SHOW ghcrawl.max_response_size', '64kB');
is(read_hour('09', ', again => true'), 'read|1|1|1|800000', 'a file that is larger than an answer may be');

# --- files --------------------------------------------------------------------------------------------

forget_hints();
is(read_file("$folder/$day-1.json.gz"), 'read|4|2|2|0', 'a file');
is(sql("SELECT state, hour AT TIME ZONE 'UTC' FROM ghcrawl.archive_hour"), "read|$day 01:00:00", 'whose name says of when it is');
put_file('some.json', event($popular, 'WatchEvent', '00:10:00'));
is(sql("SELECT $columns, hour IS NULL FROM ghcrawl_read_archive_file('$folder/some.json')"), 'read|1|1|1|0|t', 'one that is called otherwise, not packed');
is(sql('SELECT count(*) FROM ghcrawl.archive_hour'), '1', 'which is no hour');
is(read_file("$folder/nowhere"), 'missing|0|0|0|0', 'none');
is(read_file($folder), 'failed|0|0|0|0', 'a folder');
like(fails("SELECT ghcrawl_read_archive_file('some.json')"), qr/relative path not allowed/, 'a path that is not whole');
system_or_bail('mkfifo', "$folder/pipe");
is(read_file("$folder/pipe"), 'failed|0|0|0|0', 'a pipe is no file, and nobody waits for it');

# --- who may ---------------------------------------------------------------------------------------------

sql('CREATE ROLE reader LOGIN IN ROLE ghcrawl_reader; CREATE ROLE admin LOGIN IN ROLE ghcrawl_admin;'
	  . ' CREATE ROLE clerk LOGIN IN ROLE ghcrawl_admin, pg_read_server_files');
like(fails("SET ROLE reader; SELECT ghcrawl_read_archive(now())"), qr/permission denied for function/, 'readers read no archives');
like(fails("SET ROLE admin; SELECT ghcrawl_read_archive_file('$folder/some.json')"), qr/pg_read_server_files/, 'administrators no files');
is(sql("SET ROLE clerk; SELECT state FROM ghcrawl_read_archive_file('$folder/some.json')"), 'read', 'who may read files does');
is(sql("SET ROLE admin; SELECT state FROM ghcrawl_read_archive('$day 01:00Z')"), 'read', 'administrators read hours');
is(sql("SET ROLE reader; SELECT count(*) > 0 FROM ghcrawl.hint"), 't', 'readers see hints');
like(fails("LOAD 'ghcrawl'; SET ROLE admin; SET ghcrawl.archive_url = 'https://example.com'"), qr/permission denied to set/, 'from where is a superuser\'s to say');
like(fails("LOAD 'ghcrawl'; SET ghcrawl.archive_url = 'http://example.com'"), qr/plain "http:\/\/"/, 'nothing is fetched in the clear');
like(fails("SELECT ghcrawl_read_archive('infinity')"), qr/finite/, 'no hour');
like(fails("SELECT ghcrawl_read_archive(now(), now() - interval '2 hours')"), qr/must not be before/, 'no span');
like(fails("SELECT ghcrawl_read_archive(NULL)"), qr/must not be null/, 'nothing');

# --- interrupted; forgotten; workers -----------------------------------------------------------------------

put_file("$day-21.json.gz", $gz);
put_file("$day-21.json.gz.stall", '1000');
like(fails("SET statement_timeout = '2s'; SELECT ghcrawl_read_archive('$day 21:00Z')"), qr/statement timeout/, 'a call can be cancelled');
wait_for($node, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ghcrawl asker'", '0');
is(sql("SELECT count(*) FROM ghcrawl.archive_hour WHERE hour = '$day 21:00Z'"), '0', 'and nobody goes on with it');
my $reader = $node->background_psql('postgres', on_error_stop => 0);
$reader->query_until(qr/reading/, "\\echo reading\nSELECT ghcrawl_read_archive('$day 21:00Z');\n");
wait_for($node, "SELECT wait_event FROM pg_stat_activity WHERE query ~ '^SELECT ghcrawl_read_archive' AND wait_event = 'MessageQueueReceive'", 'MessageQueueReceive');
is(($node->psql('postgres', "SET lock_timeout = '5s'; BEGIN; LOCK TABLE github.repository, ghcrawl.data_schema;"
		. " SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ghcrawl asker'; ROLLBACK"))[1], '1', 'who waits for an hour keeps nobody from the tables');
sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query ~ '^SELECT ghcrawl_read_archive'");
$reader->quit;
forget_hints();
sql("BEGIN; SELECT ghcrawl_read_archive('$day 01:00Z'); ROLLBACK");
is(hints(), join(' ', map { "$_:" . ($_ == $other ? 3 : 1) . ':0' } sort { $a <=> $b } $popular, $other), 'what was read stays, whatever becomes of the transaction');
sql("SELECT ghcrawl_forget($popular)");
is(hints(), "$other:3:0", 'a repository that is forgotten has no hint');
is(read_hour('01', ', again => true'), 'read|4|2|1|0', 'nor gets one');
$node->append_conf('postgresql.conf', 'ghcrawl.workers = 0');
$node->reload;
wait_for($node, 'SHOW ghcrawl.workers', '0');
is(read_hour('01', ', again => true'), 'read|4|2|1|0', 'no worker is needed');

# --- many hints ----------------------------------------------------------------------------------------------

# Two batches, of which the second finds the hints of the first; then all of them are there.
my $few = 7_000;
sql('DELETE FROM ghcrawl.hint; VACUUM ANALYZE ghcrawl.hint');
sql("INSERT INTO github.repository (repo_id, changed_at, name_with_owner, stars) SELECT 1000000000 + i, now(), 'many/n' || i, 100 FROM generate_series(1, $few) i");
put_file("$day-22.json.gz", packed(join '', map { event(1_000_000_000 + $_, 'PushEvent', '22:00:00') } 1 .. $few));
$node->append_conf('postgresql.conf', 'auto_explain.log_min_duration = 0');
$node->reload;
wait_for($node, 'SHOW auto_explain.log_min_duration', '0');
my $offset = -s $node->logfile;
is(read_hour('22', ', again => true'), "read|$few|$few|$few|0", 'many hints') for 1, 2;
is(sql("SELECT count(*), sum(events) FROM ghcrawl.hint WHERE repo_id > 1000000000"), $few . '|' . 2 * $few, 'each counts');
my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile, $offset);
is(scalar(() = $log =~ /Query Text: (?:UPDATE|INSERT INTO) ghcrawl\.hint/g), 8, 'plans are in the log');
my @removed = sort { $b <=> $a } $log =~ /Rows Removed by Join Filter: (\d+)/g;
cmp_ok($removed[0] // 0, '<', $few, 'each is looked for by the index, and not among all');

done_testing();
