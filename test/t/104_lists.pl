# Repositories that somebody names: by every form of item, from an array, a
# query, INSERT and COPY; what became of each is known, and nothing else is asked
# for.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use PostgreSQL::Test::Utils;
use JSON::PP;
use Test::More;

my $sim = start_simulator(
	repositories => 5_000,
	users => 1,
	latency => 5,
	closed => 0.01,
	limits => 'wide');
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'", 'restart_after_crash = on');
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub change { return json_of($sim->post('/_sim/world', [ map { { %$_, exists $_->{id} ? (id => 0 + $_->{id}) : () } } @_ ])) }
sub in_order { return join ',', sort { $a <=> $b } @_ }

# What a crawl's row says of it.
sub outcome { return sql("SELECT stored, expected, gone, gaps, missing FROM ghcrawl.crawls WHERE crawl = $_[0]") }

# psql's answer to what must not go through.
sub refused
{
	my ($query, $pattern, $name) = @_;
	my ($rc, $out, $err) = $node->psql('postgres', $query, extra_params => [ '-v', 'VERBOSITY=verbose' ]);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	isnt($rc, 0, "$name: refused");
	like($err, $pattern, $name);
	return;
}

my %name = map { $_->{id} => $_->{nameWithOwner} }
  map { decode_json($_) } split /\n/, $sim->get('/_sim/truth?format=json&fields=nameWithOwner&q=stars:0..9%20fork:true');
my %closed = map { $_ => 1 } split ' ', $sim->get('/_sim/truth?closed=1&q=stars:0..9%20fork:true');
my ($closed) = sort { $a <=> $b } keys %closed;
my @ids = sort { $a <=> $b } grep { !$closed{$_} } keys %name;

# --- every form of item -------------------------------------------------------------

my $host = $sim->http =~ s/^http:\/\///r =~ s/:\d+$//r;
my @forms = (
	$name{ $ids[0] }, uc $name{ $ids[1] },
	"https://$host/$name{ $ids[2] }", "http://www.$host/$name{ $ids[3] }.git", "https://$host:8443/$name{ $ids[4] }/tree/main?x=1#y",
	"git\@$host:$name{ $ids[5] }.git", "ssh://git\@$host/$name{ $ids[6] }.git", "$host/$name{ $ids[7] }/",
	"https://api.$host/repos/$name{ $ids[8] }", "https://api.$host/repositories/$ids[9]", $ids[10], "  $ids[11]\t",
	sql("SELECT encode('010:Repository$ids[12]', 'base64')"));
my $crawl = sql('SELECT ghcrawl_add_repositories(' . join(', ', map { "'$_'" } @forms) . ')');
crawl_ends($node, $crawl);
is(outcome($crawl), '13|13|0|0|0', 'every form: all are stored');
is(sql('SELECT string_agg(repo_id::text, \',\' ORDER BY repo_id) FROM github.repository'),
	in_order(@ids[ 0 .. 12 ]), 'every form: just these');
is(sql("SELECT count(*), count(*) FILTER (WHERE state = 'found') FROM ghcrawl.wanted"), '13|13', 'every form: all are told of');
cmp_ok(sql("SELECT requests FROM ghcrawl.crawls WHERE crawl = $crawl"), '<=', 2, 'every form: in two requests at most');
is(sql("SELECT tasks - tasks_ended, part FROM ghcrawl.crawls WHERE crawl = $crawl"), '0|1', 'every form: all tasks are counted');
is(sql('SELECT count(*) FROM ghcrawl.seen'), '0', 'every form: they are members of no range');
values_are_true($node, $sim, 'stars:0..9 fork:true', 'full', 'every form');

# --- what became of them ---------------------------------------------------------------

change({ op => 'rename', id => $ids[20], name => 'new-name' }, map { { op => 'delete', id => $_ } } @ids[ 5, 21, 22 ]);
my ($present) = map { $_->{nameWithOwner} } grep { $_->{id} == $ids[20] }
  map { decode_json($_) } split /\n/, $sim->get('/_sim/truth?format=json&fields=nameWithOwner&q=stars:0..9%20fork:true');
$crawl = sql("SELECT ghcrawl_add_repositories(ARRAY['$name{ $ids[20] }', '$name{ $ids[21] }', '$ids[5]', '$ids[22]',"
	  . " '$ids[23]', '$ids[23]', '$name{ $ids[24] }', upper('$name{ $ids[24] }'), 'no-body/nothing', '$name{$closed}', '$closed'], source => 'a test')");
crawl_ends($node, $crawl, 'done_with_gaps');
is(outcome($crawl), '3|5|4|2|2', 'fates: three are stored, four are not there, two are gaps');
my %fate = map { $_->[0] => $_->[1] . '|' . $_->[2] } map { [ split /\|/, $_, -1 ] } split /\n/,
  sql("SELECT repository, state, repo_id FROM ghcrawl.wanted WHERE crawl = $crawl");
is_deeply(\%fate, {
		$name{ $ids[20] } => "found|$ids[20]", $name{ $ids[21] } => 'not_found|', $ids[5] => "not_found|$ids[5]", $ids[22] => "not_found|$ids[22]",
		$ids[23] => "found|$ids[23]", (grep { /^\Q$name{ $ids[24] }\E$/i } keys %fate) => "found|$ids[24]", 'no-body/nothing' => 'not_found|',
		$name{$closed} => 'forbidden|', $closed => "forbidden|$closed" }, 'fates: each is known');
is(sql("SELECT name_with_owner FROM github.repository WHERE repo_id = $ids[20]"), $present, 'fates: a former name leads to the present one');
is(sql('SELECT string_agg(repo_id::text, \',\') FROM github.repository_absence'), $ids[5], 'fates: absent is who had a row');
is(sql("SELECT DISTINCT source, added_by, crawl FROM ghcrawl.wanted WHERE repo_id = $ids[23]"), "a test|" . sql('SELECT current_user') . "|$crawl",
	'fates: who asked for it, and from where');
like(sql("SELECT string_agg(sample, ' ') FROM ghcrawl.errors WHERE crawl = $crawl"), qr/\b(?:names:.*\/|ids:\d)/, 'fates: the errors say what was asked for');
is(sql("SELECT query FROM ghcrawl.partitions WHERE crawl = $crawl AND state = 'gap' AND kind = 'fill'"), "ids:$closed",
	'fates: what is forbidden is all that is left of its task');
is(sql("SELECT ghcrawl_retry_gaps($crawl)"), '2', 'fates: the gaps are tried again');
crawl_ends($node, $crawl, 'done_with_gaps');
is(outcome($crawl), '3|5|4|2|2', 'fates: and count once');
is(sql("SELECT count(*), count(DISTINCT repository) FROM ghcrawl.wanted WHERE crawl = $crawl"), '9|9', 'fates: each is told of once');

# --- from a query, by INSERT, by COPY -----------------------------------------------------

sql('CREATE TABLE mine (place text, name text); INSERT INTO mine VALUES ' . join ', ', map { "('p$_', '$name{ $ids[$_] }')" } 30 .. 279);
$crawl = sql("SELECT ghcrawl_add_repositories(array_agg(name), 'stars', source => 'table mine') FROM mine");
crawl_ends($node, $crawl);
is(outcome($crawl), '250|250|0|0|0', 'query: all are stored');
is(sql("SELECT count(*) FROM ghcrawl.partitions WHERE crawl = $crawl"), '3', 'query: by three tasks');
is(sql("SELECT selection, profile FROM ghcrawl.crawls WHERE crawl = $crawl"), 'list of 250 repositories: table mine|stars', 'query: as it is called');

sql("INSERT INTO ghcrawl.wanted (repository, source) SELECT name, 'list ' || (place > 'p150') FROM mine");
is(sql("SELECT string_agg(selection, ', ' ORDER BY selection) FROM ghcrawl.crawls WHERE selection ~ ': list '"),
	'list of 120 repositories: list false, list of 130 repositories: list true', 'INSERT: a crawl for each source')
  if sql("SELECT count(*) FROM mine WHERE place > 'p150'") == 130;
is(sql("SELECT sum(regexp_replace(selection, '\\D', '', 'g')::int) FROM ghcrawl.crawls WHERE selection ~ ': list '"), '250', 'INSERT: all of them');
my $file = PostgreSQL::Test::Utils::tempdir() . '/list.txt';
append_to_file($file, "$name{ $ids[31] }\n$ids[300]\n");
sql("\\copy ghcrawl.wanted (repository) FROM '$file'");
$crawl = sql('SELECT max(crawl) FROM ghcrawl.crawls');
crawl_ends($node, $_) for $crawl - 2 .. $crawl;
is(outcome($crawl), '2|2|0|0|0', 'COPY: what the file names is stored');
is(sql("SELECT count(*) FROM ghcrawl.wanted WHERE state = 'waiting'"), '0', 'nothing waits');

# a statement within another one that fails, which is caught
sql(<<'SQL');
CREATE FUNCTION fails_within(name text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO ghcrawl.wanted (repository) SELECT name || 1 / (random() * 0)::int;
	RETURN NULL;
EXCEPTION WHEN division_by_zero THEN
	RETURN name;
END$$
SQL
is(sql(<<'SQL'), 'names:a/one,a/three,a/two', 'what fails within a statement takes none of its items along');
BEGIN;
INSERT INTO ghcrawl.wanted (repository) SELECT CASE n WHEN 'a/one' THEN n ELSE fails_within(n) END FROM unnest(ARRAY['a/one', 'a/two', 'a/three']) n;
SELECT query FROM ghcrawl.task ORDER BY task_id DESC LIMIT 1;
ROLLBACK;
SQL

# --- what can't be read ---------------------------------------------------------------------

my $before = sql('SELECT max(crawl) FROM ghcrawl.crawls');
refused("SELECT ghcrawl_add_repositories('a/b', 'a b', 'https://elsewhere.org/a/b', 'x', '0')",
	qr/ERROR:  22023: 4 of 5 items name no repository\nDETAIL:  Such as "a b", "https:\/\/elsewhere.org\/a\/b", "x"\.\nHINT:  .* at 127\.0\.0\.1, .*skip_invalid/, 'invalid items');
refused("INSERT INTO ghcrawl.wanted (repository) VALUES ('a/b'), (NULL)", qr/1 of 2 items names no repository\nDETAIL:  Such as null/, 'a null');
refused("SELECT ghcrawl_add_repositories(ARRAY['a/b'], 'none')", qr/profile "none" does not exist/, 'no such profile');
for my $evil ('a/b"){id}}#', 'a/b,c/d', "a/b\\nc", 'a/b\\"', 'ä/b', 'a/../b', 'a/..', "a/b' OR 1=1", 'a/' . 'x' x 101)
{
	(my $quoted = $evil) =~ s/'/''/g;
	refused("SELECT ghcrawl_add_repositories(ARRAY['$quoted'])", qr/1 of 1 items names no repository/, "\"$evil\"");
}
is(sql('SELECT max(crawl) FROM ghcrawl.crawls'), $before, 'nothing of that started a crawl');
my ($rc, $out, $err) = $node->psql('postgres', "SELECT ghcrawl_add_repositories(ARRAY['$ids[301]', 'x'], skip_invalid => true)");
like($err, qr/NOTICE:  1 of 2 items names no repository/, 'skipped: a notice');
crawl_ends($node, $out);
is(outcome($out), '1|1|0|0|0', 'skipped: the others are stored');
is(sql("SELECT ghcrawl_add_repositories(array_agg(name)) IS NULL FROM mine WHERE false"), 't', 'an empty list starts nothing');

# --- the same list while it is under way -----------------------------------------------------

$sim->post('/_sim/script', [ { fault => 'stall' } ]);
$crawl = sql("SELECT ghcrawl_add_repositories('$ids[302]', '$name{ $ids[303] }')");
is(sql("SELECT ghcrawl_add_repositories(upper('$name{ $ids[303] }'), '$ids[302]')"), $crawl, 'the same list is the same crawl');
isnt(my $other = sql("SELECT ghcrawl_add_repositories(ARRAY['$name{ $ids[303] }', '$ids[302]'], source => 'another')"), $crawl, 'from another source it is not');
wait_for($node, "SELECT count(*) FROM ghcrawl.wanted WHERE crawl = $crawl AND state = 'waiting'", '2');
is(sql("SELECT ghcrawl_cancel($crawl)"), 'cancelled', 'it is cancelled');
is(sql("SELECT DISTINCT state FROM ghcrawl.wanted WHERE crawl = $crawl"), 'cancelled', 'and its items are');
crawl_ends($node, $other);

# --- rights -----------------------------------------------------------------------------------

sql('CREATE ROLE boss IN ROLE ghcrawl_admin; CREATE ROLE reader IN ROLE ghcrawl_reader; CREATE ROLE nobody;'
	  . 'GRANT CREATE ON DATABASE postgres TO boss');
refused("SET ROLE reader; INSERT INTO ghcrawl.wanted (repository) VALUES ('a/b')", qr/permission denied/, 'a reader inserts nothing');
refused("SET ROLE nobody; SELECT * FROM ghcrawl.wanted", qr/permission denied/, 'nobody sees nothing');
refused("SET ROLE nobody; SELECT ghcrawl_add_repositories('a/b')", qr/permission denied/, 'nobody adds nothing');
is(sql("SET ROLE reader; SELECT count(*) > 0 FROM ghcrawl.wanted"), 't', 'a reader sees');
sql("SET ROLE boss; INSERT INTO ghcrawl.wanted (repository) VALUES ('$ids[304]')");
$crawl = sql('SELECT max(crawl) FROM ghcrawl.crawls');
crawl_ends($node, $crawl);
is(sql("SELECT added_by, state FROM ghcrawl.wanted WHERE crawl = $crawl"), 'boss|found', 'an administrator adds in his own name');

# --- a worker's death ---------------------------------------------------------------------------

my @some = @ids[ 310 .. 559 ];
change(map { { op => 'delete', id => $_ } } @some[ 0 .. 9 ]);
$sim->post('/_sim/script', [ { fault => undef }, { fault => 'stall' } ]);
$crawl = sql("SELECT ghcrawl_add_repositories(ARRAY['" . join("', '", @some) . "'], 'stars')");
wait_for($node, 'SELECT in_flight > 0 FROM ghcrawl.workers', 't');
my $offset = -s $node->logfile;
kill 'KILL', worker_pid($node);
wait_for_log($node, qr/all server processes terminated; reinitializing/, $offset);
crawl_ends($node, $crawl);
is(outcome($crawl), '240|240|10|0|0', 'kill -9: each is counted once');
is(sql("SELECT count(*) FILTER (WHERE state = 'found'), count(*) FILTER (WHERE state = 'not_found') FROM ghcrawl.wanted WHERE crawl = $crawl"), '240|10',
	'kill -9: each is told of once');

nothing_is_left($node, 'lists');
no_limit_violated($sim, 'lists');
done_testing();
