// What a migration asks of its database, call by call.
#include "engine/migrate.hpp"

#include <gtest/gtest.h>

#include "support/core/failure_of.hpp"
#include "support/engine/migration.hpp"

namespace mad {
namespace {

using test::Attempt;
using test::Calls;
using test::failure_of;

using MigrateTest = test::MigrationTest;

TEST_F(MigrateTest, PublishesWithEachStepThatIsATransaction) {
    Attempt attempt(test::Seen{});
    migrate(attempt);
    EXPECT_EQ(
        attempt.calls(),
        (Calls{"lock", "look",
               "CREATE TABLE t001 (); | "
               "record_step('results', '001', 'upgrade', 'sum 001', [], ['001'], true)",
               "CREATE TABLE t002 (); | "
               "record_step('results', '002', 'upgrade', 'sum 002', ['001'], ['002'], true)",
               "CREATE TABLE t003 (); | "
               "record_step('results', '003', 'upgrade', 'sum 003', ['002'], ['003'], true)"}));
    EXPECT_EQ(attempt.result.before, Heads{});
    EXPECT_EQ(attempt.result.after, Heads{"003"});
    EXPECT_EQ(attempt.result.steps, 3U);
    EXPECT_EQ(scripts_.prepared, (Calls{"001", "002", "003"}));
}

TEST_F(MigrateTest, PublishesOnceAtTheEndOfTheCallersTransaction) {
    Attempt attempt(test::Seen{.heads = "001"}, false);
    migrate(attempt);
    EXPECT_EQ(attempt.calls(),
              (Calls{"lock", "look",
                     "CREATE TABLE t002 (); | "
                     "record_step('results', '002', 'upgrade', 'sum 002', ['001'], ['002'], false)",
                     "CREATE TABLE t003 (); | "
                     "record_step('results', '003', 'upgrade', 'sum 003', ['002'], ['003'], false)",
                     " | publish_heads('results')"}));
    EXPECT_EQ(attempt.result.before, Heads{"001"});
    EXPECT_EQ(attempt.result.after, Heads{"003"});
    EXPECT_EQ(attempt.result.steps, 2U);
}

TEST_F(MigrateTest, DowngradesNewestFirst) {
    Attempt attempt(test::Seen{.heads = "003", .published = "003"});
    order(Direction::downgrade, "base");
    migrate(attempt);
    EXPECT_EQ(
        attempt.calls(),
        (Calls{"lock", "look",
               "DROP TABLE t003; | "
               "record_step('results', '003', 'downgrade', 'sum 003', ['003'], ['002'], true)",
               "DROP TABLE t002; | "
               "record_step('results', '002', 'downgrade', 'sum 002', ['002'], ['001'], true)",
               "DROP TABLE t001; | "
               "record_step('results', '001', 'downgrade', 'sum 001', ['001'], [], true)"}));
    EXPECT_EQ(attempt.result.after, Heads{});
}

TEST_F(MigrateTest, StampsWithoutScripts) {
    Attempt attempt(test::Seen{.heads = "001", .published = "001"});
    order(Direction::stamp, "003");
    migrate(attempt);
    EXPECT_EQ(attempt.calls(),
              (Calls{"lock", "look",
                     " | record_step('results', '003', 'stamp', NULL, ['001'], ['003'], true)"}));
    EXPECT_EQ(attempt.result.after, Heads{"003"});
    EXPECT_EQ(scripts_.prepared, Calls{});
}

TEST_F(MigrateTest, StampsInTheCallersTransaction) {
    Attempt attempt(test::Seen{.heads = "003"}, false);
    order(Direction::stamp, "base");
    migrate(attempt);
    EXPECT_EQ(
        attempt.calls(),
        (Calls{"lock", "look", " | record_step('results', '', 'stamp', NULL, ['003'], [], false)",
               " | publish_heads('results')"}));
    EXPECT_EQ(attempt.result.after, Heads{});
}

TEST_F(MigrateTest, PurgesRowsThatNoScriptKnows) {
    Attempt attempt(test::Seen{.heads = "gone,002", .published = "002,gone"});
    order(Direction::stamp, "001");
    order_.purge = true;
    migrate(attempt);
    EXPECT_EQ(attempt.calls(),
              (Calls{"lock", "look",
                     " | record_step('results', '001', 'stamp', NULL, ['002','gone'], "
                     "['001'], true)"}));
    EXPECT_EQ(attempt.result.before, (Heads{"002", "gone"}));
    EXPECT_EQ(attempt.result.after, Heads{"001"});
}

TEST_F(MigrateTest, LeavesWhatIsThereAlready) {
    Attempt attempt(test::Seen{.heads = "003", .published = "003"});
    migrate(attempt);
    EXPECT_EQ(attempt.calls(), (Calls{"lock", "look"}));
    EXPECT_EQ(attempt.result.before, Heads{"003"});
    EXPECT_EQ(attempt.result.after, Heads{"003"});
    EXPECT_EQ(attempt.result.steps, 0U);
}

TEST_F(MigrateTest, RepairsWhatIsPublished) {
    for (const Cell& published : {Cell(), Cell(""), Cell("002"), Cell("003,004")}) {
        Attempt attempt(test::Seen{.heads = "003", .published = published});
        migrate(attempt);
        EXPECT_EQ(attempt.calls(), (Calls{"lock", "look", " | publish_heads('results')"}));
        EXPECT_EQ(attempt.result.steps, 0U);
    }
}

TEST_F(MigrateTest, ComparesSeveralHeadsInTheOrderTheyArePublishedIn) {
    const RevisionGraph forked(
        std::vector<Revision>{{.id = "b", .down_revisions = {}, .depends_on = {}, .labels = {}},
                              {.id = "B", .down_revisions = {}, .depends_on = {}, .labels = {}}});
    order_.target = "heads";
    Attempt attempt(test::Seen{.heads = "b,B", .published = "B,b"});
    const Migrations migrations{attempt.reactor, forked, scripts_, order_};
    attempt.reactor.complete(mad::migrate(migrations, attempt.database, "d", attempt.result));
    EXPECT_EQ(attempt.calls(), (Calls{"lock", "look"}));
}

TEST_F(MigrateTest, CannotKnowWhatTheCallersTransactionPublished) {
    Attempt attempt(test::Seen{.heads = "003", .published = "003"}, false);
    migrate(attempt);
    EXPECT_EQ(attempt.calls(), (Calls{"lock", "look", " | publish_heads('results')"}));
}

TEST_F(MigrateTest, RunsNothingWhenAScriptMustNotRun) {
    Attempt attempt(test::Seen{.heads = "003", .published = ""});
    order(Direction::downgrade, "base");
    scripts_.refusal = Failure(Code::irreversible, "there is no way back");
    EXPECT_EQ(failure_of([&] { migrate(attempt); }).message, "there is no way back");
    EXPECT_EQ(attempt.calls(), (Calls{"lock", "look"}));
    EXPECT_EQ(attempt.result.before, Heads{"003"});
    EXPECT_EQ(attempt.result.after, Heads{"003"});
}

TEST_F(MigrateTest, RunsNothingWhenThereIsNoPlan) {
    Attempt unknown_row(test::Seen{.heads = "gone"});
    EXPECT_EQ(failure_of([&] { migrate(unknown_row); }).sqlstate, "MM002");
    EXPECT_EQ(unknown_row.calls(), (Calls{"lock", "look"}));

    Attempt unknown_target(test::Seen{.heads = "001"});
    order_.target = "004";
    EXPECT_EQ(failure_of([&] { migrate(unknown_target); }).sqlstate, "MM002");
    EXPECT_EQ(unknown_target.calls(), (Calls{"lock", "look"}));
}

TEST_F(MigrateTest, InstallsTheKitAndLooksAgain) {
    Attempt attempt({test::Sight::nothing(), test::sight({.heads = "002"})});
    migrate(attempt);
    EXPECT_EQ(
        attempt.calls(),
        (Calls{"lock", "install", "lock", "look",
               "CREATE TABLE t003 (); | "
               "record_step('results', '003', 'upgrade', 'sum 003', ['002'], ['003'], true)"}));
}

}  // namespace
}  // namespace mad
