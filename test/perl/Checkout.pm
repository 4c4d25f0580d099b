# The checkout a test runs in: its root, and its files as text.
package Checkout;

use strict;
use warnings;
use Exporter 'import';
use File::Basename qw(basename);
use File::Find ();
use FindBin;

our @EXPORT = qw(files_below read_file);

my $root = $FindBin::RealBin;
$root =~ s{/test/.*}{};

# Paths, relative to the checkout and sorted, of the files below a folder whose names match.
sub files_below
{
    my ($folder, $pattern) = @_;
    return () unless -d "$root/$folder";
    my @found;
    File::Find::find({
        wanted => sub { push @found, $_ if -f && basename($_) =~ $pattern },
        no_chdir => 1 }, "$root/$folder");
    return sort map { substr($_, length("$root/")) } @found;
}

sub read_file
{
    my ($path) = @_;
    open my $file, '<', "$root/$path" or die "could not read \"$path\": $!";
    local $/;
    return <$file>;
}

1;
