# Links of the documentation lead to files that are there, and to headings that they have.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Checkout;
use File::Basename qw(dirname);
use File::Spec;
use Test::More;

sub without_code
{
    my ($text) = @_;
    $text =~ s/^```.*?^```$//gms;
    return $text;
}

# A heading's anchor, as the places that show Markdown make it.
sub anchor_of
{
    my ($heading) = @_;
    $heading =~ s/[^\w\- ]//g;
    return lc($heading) =~ tr/ /-/r;
}

my @pages = (qw(README.md CONTRIBUTING.md CHANGELOG.md), files_below('docs', qr/\.md$/));
my %text = map { $_ => without_code(read_file($_)) } @pages;
my %anchors = map {
    my $page = $_;
    ($page => { map { anchor_of($_) => 1 } $text{$page} =~ /^#+ (.*)$/mg })
} @pages;

foreach my $page (@pages)
{
    my @dead;
    while ($text{$page} =~ /\]\((?!https?:)([^)#\s]*)(?:#([^)]*))?\)/g)
    {
        my ($file, $anchor) = ($1, $2);
        my $target = $file eq '' ? $page : File::Spec->catfile(dirname($page), $file);
        1 while $target =~ s{(?:^|/)(?!\.\.?/)[^/]+/\.\./}{};
        $target =~ s{^\./}{};
        next if -e $target && (!defined $anchor || $anchors{$target}{$anchor});
        push @dead, defined $anchor ? "$file#$anchor" : $file;
    }
    is_deeply(\@dead, [], "$page: each link leads somewhere");
}

done_testing();
