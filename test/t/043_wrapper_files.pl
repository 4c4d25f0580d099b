# Scripts that scripts/migrate cannot read are errors that name them: nothing is skipped.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use CommandLine qw(:DEFAULT $project);
use ControlDatabase;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'nothing is unreadable to root' if $> == 0;

my $cluster = start_cluster('files');
use_cluster($cluster);
create_control_database($cluster);
$cluster->safe_psql('mad', q{SELECT mad_migrate.create_branch('app')});
my $folder = 'migrations/app';
mkdir "$project/migrations";
mkdir "$project/$folder";

sub script
{
    my ($revision, $parent) = @_;
    return "/*\n$revision\n\nRevision ID: $revision\nRevises: $parent\n*/\n"
      . "-- migrate:upgrade\nSELECT 1;\n-- migrate:downgrade\nSELECT 1;\n";
}

# Each way to the files, and that none of them was added.
sub refuses
{
    my ($name, $pattern) = @_;
    fails("$name: @$_", $pattern, migrate(@$_)) foreach
      [ 'push', 'app' ], [ 'upgrade', 'app' ], [ 'check', 'app' ], [ 'sql', 'app' ], [ 'upgrade', 'all' ],
      [ 'check', 'all' ], [ 'revision', 'app', 'New' ];
    is($cluster->safe_psql('mad', q{SELECT count(*) FROM mad_migrate.script WHERE branch = 'app'}), 0,
        "$name: nothing is added");
    return;
}

# Readable ones are before and after it.
write_text("$folder/1.sql", script('r1', ''));
write_text("$folder/2.sql", script('r2', 'r1'));
write_text("$folder/3.sql", script('r3', 'r1'));

chmod 0000, "$project/$folder/2.sql";
refuses('a file without permission', qr{^migrate: could not read file "\Q$folder\E/2\.sql": Permission denied\n\z}m);
unlink "$project/$folder/2.sql";

mkdir "$project/$folder/2.sql";
refuses('a folder with a script\'s name', qr{\Q"$folder/2.sql"\E is not a file\nHINT:  What ends with \.sql}m);
rmdir "$project/$folder/2.sql";

symlink 'nowhere', "$project/$folder/2.sql";
refuses('a link to nowhere', qr{\Q"$folder/2.sql"\E is not a file$}m);
unlink "$project/$folder/2.sql";

write_text("$folder/2.sql", join "\0", split //, script('r2', 'r1'));
refuses('UTF-16', qr{file \Q"$folder/2.sql"\E has null bytes\nHINT:  Save it as UTF-8\.$}m);

# The first line after the header has characters of two, three and four bytes, the next one of Latin-1.
my $characters = "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80";
write_text("$folder/2.sql", script('r2', 'r1') =~ s/SELECT 1;/-- $characters\nSELECT 'caf\xe9';/r);
refuses('Latin-1', qr{^migrate: file \Q"$folder/2.sql"\E is not valid UTF-8 at line 9\nHINT:  Save it as UTF-8\.$}m);
unlink "$project/$folder/2.sql";

foreach my $place ($folder, 'migrations')
{
    chmod 0000, "$project/$place";
    refuses("$place without permission", qr{"$place" is not a folder that can be read$}m);
    chmod 0755, "$project/$place";
}
{
    local $ENV{MIGRATIONS} = "$folder/1.sql";
    refuses('a file in place of the folder', qr{\Q"$folder/1.sql"\E is not a folder that can be read$}m);
}

# What is UTF-8 arrives as it is, whatever the client says.
write_text("$folder/3.sql", script('r3', 'r1') =~ s/SELECT 1;/-- $characters\nSELECT 1;/r);
{
    local $ENV{PGCLIENTENCODING} = 'LATIN1';
    succeeds('a client of another encoding', migrate('push', 'app'));
}
is($cluster->safe_psql('mad', q{SELECT script ~ '-- \u00e9 \u20ac \U0001F600\n' FROM mad_migrate.script WHERE revision = 'r3'}),
    't', 'a file in UTF-8 arrives whole');

# What is not read is no one's business.
mkdir "$project/migrations/lost+found", 0000;
succeeds('a folder that is no branch\'s', migrate('upgrade', 'all'));
is($cluster->safe_psql('mad', q{SELECT count(*) FROM mad_migrate.script WHERE branch = 'app'}), 2, 'the others are added');
rmdir "$project/migrations/lost+found" or die $!;

done_testing();
