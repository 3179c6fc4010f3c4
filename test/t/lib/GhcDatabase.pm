package GhcDatabase;

# One database of a cluster, in place of the cluster: the helpers of GhcTest and
# GhcCrawl, which ask database "postgres", ask this one.
#
#   my $copy = GhcDatabase->create($node, 'copy');
#   crawl_ends($copy, $crawl);

use strict;
use warnings;

sub create
{
	my ($class, $node, $name, $owner) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name TEMPLATE template0 ENCODING 'UTF8'"
		. ($owner ? " OWNER $owner" : ''));
	return bless { node => $node, name => $name }, $class;
}

sub safe_psql
{
	my ($self, undef, @rest) = @_;
	return $self->{node}->safe_psql($self->{name}, @rest);
}

sub psql
{
	my ($self, undef, @rest) = @_;
	return $self->{node}->psql($self->{name}, @rest);
}

sub connstr { return $_[0]{node}->connstr($_[0]{name}) }

1;
