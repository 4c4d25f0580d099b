# Rules of CONTRIBUTING.md that a search can hold the sources to.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Checkout;
use Test::More;

my $longest_file = 300;

# The one door to the server's headers.
my $prelude = 'src/server/prelude.hpp';

# What a layer may include: itself and the layers below it.
my %reach = (
    core => [qw(core)],
    engine => [qw(core engine)],
    remote => [qw(core engine remote)],
    server => [qw(core engine remote server)]);

# What is forbidden in the sources, and the files that are the exception.
my @forbidden = (
    [ 'blocking libpq calls', qr/\bPQ(?:exec\w*|connectdb\w*|prepare|setdbLogin)\s*\(/ ],
    [ 'PG_TRY', qr/\bPG_TRY\b/ ],
    [ 'sigsetjmp', qr/\bsigsetjmp\b/, qr{^src/server/boundary\.} ],
    [ 'catching a server error', qr/catch\s*\(\s*const\s+(?:pg::)?Error\b/,
        qr{^src/server/(?:boundary\.|parser\.cpp|script_store\.cpp)} ],
    [ 'postgres.h', qr/#include\s*[<"]postgres\.h/, qr{^\Q$prelude\E$} ],
    [ 'threads', qr/\bstd::j?thread\b/ ]);

sub without_comments
{
    my ($text) = @_;
    $text =~ s{//[^\n]*}{}g;
    return $text;
}

my @sources = files_below('src', qr/\.[ch]pp$/);
my %text = map { $_ => read_file($_) } @sources;
my %code = map { $_ => without_comments($text{$_}) } @sources;

cmp_ok(scalar @sources, '>', 0, 'there are sources');

# How a file opens with its purpose, for each kind of file.
my @openings = (
    [ qr/\.[ch]pp$/, qr{^// \S} ],
    [ qr/\.sql$/, qr{^(?:-- |/\*\n)\S} ],
    [ qr/\.(?:spec|p[lm]|t|ini)$/, qr/^# \S/ ],
    [ qr/\.py$/, qr/^(?:#![^\n]*\n)?"""\S/ ],
    [ qr{\.sh$|(?:^|/)[^./]+$}, qr/^(?:#![^\n]*\n)?# \S/ ]);

sub opens_with_purpose
{
    my ($path) = @_;
    my ($opening) = map { $_->[1] } grep { $path =~ $_->[0] } @openings;
    return defined $opening && read_file($path) =~ $opening;
}

my @written = grep { !m{/expected/|\.(?:o|d|pyc|txt|list)$|^sql/.*--} }
  map { files_below($_, qr/./) } qw(src sql migrations scripts test .ci);
is_deeply([ grep { !opens_with_purpose($_) } @written ], [], 'each file opens with its purpose');
is_deeply([ grep { ($text{$_} =~ tr/\n//) > $longest_file } @sources ],
    [], "no file is longer than $longest_file lines");

foreach my $rule (@forbidden)
{
    my ($name, $pattern, $exception) = @$rule;
    my @offenders =
      grep { $code{$_} =~ $pattern && !(defined $exception && /$exception/) } @sources;
    is_deeply(\@offenders, [], "$name: nowhere but where it belongs");
}

foreach my $layer (sort keys %reach)
{
    my $allowed = join '|', @{ $reach{$layer} };
    my @offenders = grep { $code{$_} =~ m{#include "(?!(?:$allowed)/)} }
      grep { m{^src/$layer/} && $_ ne $prelude } @sources;
    is_deeply(\@offenders, [], "$layer includes only: @{ $reach{$layer} }");
}

# CVE-2022-2625: an install script must not adopt what somebody else has put in its place.
my @adopting =
  grep { read_file($_) =~ /^\s*CREATE\s+(?:OR\s+REPLACE\b|[A-Z ]+\bIF\s+NOT\s+EXISTS\b)/mi }
  grep { !/--/ } map { files_below($_, qr/\.sql$/) } qw(sql migrations);
is_deeply(\@adopting, [], 'no install script replaces or adopts an object');

done_testing();
