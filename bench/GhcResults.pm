package GhcResults;

# Tables of what bench/peers.pl measured: medians over runs; ratios are of one run
# each, and of these the median counts, because runs differ more than ratios do.
#
#   show_results($bound, @results);   # repositories a second that latency allows

use strict;
use warnings;

use Exporter 'import';
use GhcBench;
use GhcPeers;
use List::Util qw(max min sum0);
use Test::More;

our @EXPORT = qw(show_results);

my ($bound, @results);

sub median
{
	my @sorted = sort { $a <=> $b } @_;
	my $middle = int(@sorted / 2);
	return @sorted % 2 ? $sorted[$middle] : ($sorted[ $middle - 1 ] + $sorted[$middle]) / 2;
}

# Least, median and greatest, in a form of printf's.
sub spread
{
	my ($form, @values) = @_;
	return join '/', map { sprintf $form, $_ } min(@values), median(@values), max(@values);
}

# Microseconds for each repository.
sub per_row { return 1e6 * $_[1] / $_[0]{rows} }
sub sum_of { return per_row($_[0], $_[0]{client} + $_[0]{cluster}) }

# Ratios to the result of ghcrawl in the same run.
sub ratios
{
	my ($reference, $value, @found) = @_;
	return map { $value->($_) / $value->($reference->{ $_->{run} }) }
	  grep { $reference->{ $_->{run} } } @found;
}

sub row_of
{
	my ($name, $reference, @found) = @_;
	return [
		peer_title($name),
		spread('%.0f', map { $_->{rows} / $_->{wall} } @found),
		map({ my $what = $_; sprintf '%.1f', median(map { per_row($_, $_->{$what}) } @found) } qw(client cluster checkpoint)),
		spread('%.1f', map { sum_of($_) } @found),
		sprintf('%.1f', median(ratios($reference, \&sum_of, @found))),
		sprintf('%.1f', median(map { $_->{wal} / $_->{rows} } @found)),
		sprintf('%.1f', median(map { $_->{mb} } @found)),
		sprintf('%.0f', median(map { $_->{disk} } @found)) ];
}

sub show_mode
{
	my ($mode, $title) = @_;
	my %by_name;
	push @{ $by_name{ $_->{peer} } }, $_ for grep { $_->{mode} eq $mode } @results;
	return unless %by_name;

	my ($ours) = grep { $by_name{$_} } 'ghcrawl', 'ghcrawl-1';
	my %reference = map { $_->{run} => $_ } @{ $by_name{$ours} // [] };
	my %sum = map { $_ => median(map { sum_of($_) } @{ $by_name{$_} }) } keys %by_name;
	print_table(
		"$title; " . scalar(keys %reference) . ' runs',
		[ '', 'repositories/s, least/median/most', 'client, µs', 'cluster, µs', 'of it checkpoint', 'sum, µs',
			'times ghcrawl', 'WAL, B', 'RssAnon, MB', 'disk, B' ],
		map { row_of($_, \%reference, @{ $by_name{$_} }) } sort { $sum{$a} <=> $sum{$b} } keys %by_name);
	diag("worker alone, $_: " . spread('%.2f', map { per_row($_, $_->{watched}) } @{ $by_name{$_} })
		  . ' µs a repository; ' . spread('%.0f', map { $_->{counters}{requests} } @{ $by_name{$_} }) . ' requests')
	  for grep { /^ghcrawl/ } sort keys %by_name;
	return;
}

# What a relation counts as in the table of WAL.
my @wal_columns = ('table', 'its keys', 'history', 'control tables', 'rest');

sub wal_column
{
	local ($_) = @_;
	return /repository_history/ ? 'history' : /^ghcrawl\./ ? 'control tables' : !/\.repository\b/ ? 'rest'
	  : /index/ ? 'its keys' : 'table';
}

# WAL by relation, bytes a repository, without page images and with them.
sub show_wal
{
	my %shown;
	my @rows = [ 'mode', '', @wal_columns, 'sum' ];

	for my $result (grep { $_->{wal_of} && !$shown{"$_->{mode} $_->{peer}"}++ } @results)
	{
		my %sum;
		while (my ($name, $bytes) = each %{ $result->{wal_of} })
		{
			$sum{$_}[0] += $bytes->[0] / $result->{rows}, $sum{$_}[1] += $bytes->[1] / $result->{rows}
			  for wal_column($name), 'sum';
		}
		push @rows, [ $result->{mode}, peer_title($result->{peer}),
			map { sprintf '%.1f / %.1f', $_->[0] // 0, $_->[1] // 0 } @sum{ @wal_columns, 'sum' } ];
	}
	print_table('WAL, bytes a repository, without page images / with them', @rows);
	return;
}

# ---------------------------------------------------------------------------
# targets
# ---------------------------------------------------------------------------

# Results of a mode, by run and name.
sub by_run
{
	my ($mode) = @_;
	my %found;
	$found{ $_->{run} }{ $_->{peer} } = $_ for grep { $_->{mode} eq $mode } @results;
	return values %found;
}

# How many times what ghcrawl has another has, the median over runs; of several, the
# least.  Nothing if there is no such run.
sub times_ours
{
	my ($mode, $value, @others) = @_;
	my @ratios;
	for my $run (by_run($mode))
	{
		my $ours = $run->{ghcrawl} // $run->{'ghcrawl-1'} or next;
		my @theirs = map { $value->($_) } grep { $_ } @$run{ @others ? @others : grep { !/^ghcrawl/ } keys %$run };
		push @ratios, min(@theirs) / $value->($ours) if @theirs;
	}
	return @ratios ? median(@ratios) : undef;
}

sub ours
{
	my ($mode, $value) = @_;
	my @found = map { $value->($_) } grep { $_->{mode} eq $mode && $_->{peer} eq 'ghcrawl' } @results;
	return @found ? median(@found) : undef;
}

# Bytes of WAL for each repository of relations whose names match.
sub wal_bytes
{
	my ($result, $pattern) = @_;
	my $wal = $result->{wal_of} or return ();
	return sum0(map { $wal->{$_}[0] } grep { /$pattern/ } keys %$wal) / $result->{rows};
}

sub wall_of { return $_[0]{wall} / $_[0]{rows} }

sub show_targets
{
	my @targets = (
		[ '1. fresh: CPU of aiohttp + asyncpg, times ours', '>=', 6, times_ours('fresh', \&sum_of, 'aiohttp-asyncpg') ],
		[ '1. fresh: CPU of the best peer, times ours', '>=', 3, times_ours('fresh', \&sum_of) ],
		[ '1. fresh: time of the best peer, times ours', '>=', 2.5, times_ours('fresh', \&wall_of) ],
		[ '1. fresh: worker alone, µs', '<=', 8.5, ours('fresh', sub { per_row($_[0], $_[0]{watched}) }) ],
		[ '2. unchanged: CPU of the best peer, times ours', '>=', 9, times_ours('unchanged', \&sum_of) ],
		[ '2. unchanged: worker alone, µs', '<=', 5.5, ours('unchanged', sub { per_row($_[0], $_[0]{watched}) }) ],
		[ '2. unchanged: WAL of schema github, B', '<=', 0, ours('unchanged', sub { wal_bytes($_[0], qr/^github\./) }) ],
		[ '2. unchanged: WAL of control tables, B', '<=', 20, ours('unchanged', sub { wal_bytes($_[0], qr/^ghcrawl\./) }) ],
		[ '3. latency: % of what latency allows', '>=', 90, ours('latency', sub { 100 / wall_of($_[0]) / $bound }) ],
		[ '4. two workers, fresh: time, of one', '<=', 1, times_ours('workers-fresh', \&wall_of, 'ghcrawl-2') ],
		[ '4. two workers, fresh: CPU, of one', '<=', 1.25, times_ours('workers-fresh', \&sum_of, 'ghcrawl-2') ],
		[ '4. two workers, unchanged: time, of one', '<=', 1, times_ours('workers-unchanged', \&wall_of, 'ghcrawl-2') ],
		[ '4. two workers, unchanged: CPU, of one', '<=', 1.25, times_ours('workers-unchanged', \&sum_of, 'ghcrawl-2') ],
		[ '5. latency: RssAnon of the worker, MB', '<=', 24, ours('latency', sub { $_[0]{mb} }) ]);
	print_table('Targets', [ '', 'wanted', 'got', '' ],
		map {
			my ($what, $sign, $bound, $got) = @$_;
			my $met = $sign eq '<=' ? $got <= $bound : $got >= $bound;
			[ $what, "$sign $bound", sprintf('%.2f', $got), $met ? 'met' : '**missed**' ]
		} grep { defined $_->[3] } @targets);
	return;
}

sub show_results
{
	($bound, @results) = @_;
	show_mode('fresh', 'Fresh');
	show_mode('unchanged', 'Unchanged');
	show_mode('changed', 'Stars of 5 % changed');
	show_mode('latency', sprintf('Fresh, latency lets %.0f repositories a second through', $bound));
	show_mode('workers-fresh', 'One worker and two, fresh');
	show_mode('workers-unchanged', 'One worker and two, unchanged');
	show_wal();
	show_targets();
	return;
}

1;
