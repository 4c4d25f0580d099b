// Steps that are told of and refused, and steps that are only rehearsed.
#include "engine/migrate.hpp"

#include <gtest/gtest.h>

#include "support/core/failure_of.hpp"
#include "support/engine/migration.hpp"

namespace mad {
namespace {

using test::Attempt;
using test::Calls;
using test::failure_of;

class Notary final : public Witness {
 public:
    void before_step(const std::string& database, const Step& step) override {
        told.push_back("before " + step.revision + " of " + database);
        if (step.revision == refused) throw Failure(Code::internal, "not today");
    }
    void after_step(const std::string& database, const Step& step) override {
        told.push_back("after " + step.revision + " of " + database);
    }

    std::string refused;
    Calls told;
};

class MigrateWitnessTest : public test::MigrationTest {
 protected:
    void migrate_watched(Attempt& attempt) {
        const Migrations migrations{attempt.reactor, graph_, scripts_, order_, &notary_};
        attempt.reactor.complete(mad::migrate(migrations, attempt.database, "d", attempt.result));
    }
    static std::size_t count(const Attempt& attempt, const std::string& text) {
        return static_cast<std::size_t>(std::ranges::count_if(
            attempt.database.asked,
            [&](const std::string& call) { return call.find(text) != std::string::npos; }));
    }

    Notary notary_;
};

TEST_F(MigrateWitnessTest, TellsOfEachStep) {
    Attempt attempt(test::Seen{.heads = "001"});
    migrate_watched(attempt);
    EXPECT_EQ(notary_.told,
              (Calls{"before 002 of d", "after 002 of d", "before 003 of d", "after 003 of d"}));
    EXPECT_EQ(attempt.result.steps, 2U);
}

TEST_F(MigrateWitnessTest, DoesNotRunAStepThatIsRefused) {
    for (const bool owns_transactions : {true, false}) {
        notary_.told.clear();
        Attempt attempt(test::Seen{}, owns_transactions);
        notary_.refused = "002";
        EXPECT_EQ(failure_of([&] { migrate_watched(attempt); }).message, "not today");
        EXPECT_EQ(notary_.told, (Calls{"before 001 of d", "after 001 of d", "before 002 of d"}));
        EXPECT_EQ(count(attempt, "t001"), 1U);
        EXPECT_EQ(count(attempt, "t002"), 0U);
        EXPECT_EQ(count(attempt, " | SELECT mad_migrate.publish_heads"),
                  owns_transactions ? 0U : 1U);
        EXPECT_EQ(attempt.result.steps, 1U);
        EXPECT_EQ(attempt.result.after, Heads{"001"});
    }
}

TEST_F(MigrateWitnessTest, TellsNothingAfterAStepThatFailed) {
    Attempt attempt(test::Seen{.heads = "001"});
    attempt.database.fail_at(3, Failure(Code::internal, "broken"));
    EXPECT_EQ(failure_of([&] { migrate_watched(attempt); }).message, "broken");
    EXPECT_EQ(notary_.told, Calls{"before 002 of d"});
}

TEST_F(MigrateWitnessTest, RecordsTheRunsNumber) {
    order_.run = 12;
    scripts_.put("003", Direction::upgrade, {test::outside("VACUUM")});
    Attempt attempt(test::Seen{.heads = "001"});
    migrate_watched(attempt);
    EXPECT_EQ(count(attempt, "transaction_timestamp(), 12, true)"), 1U);
    EXPECT_EQ(count(attempt, "'sum 003', 1, 12)"), 1U);
}

TEST_F(MigrateWitnessTest, RehearsesEveryStepAndKeepsNone) {
    order_.rehearse = true;
    Attempt attempt(test::Seen{.heads = "001", .published = "001"});
    migrate_watched(attempt);
    EXPECT_EQ(attempt.calls(),
              (Calls{"lock", "look", "begin rehearsal",
                     "CREATE TABLE t002 (); | "
                     "record_step('results', '002', 'upgrade', 'sum 002', ['001'], ['002'], true)",
                     "CREATE TABLE t003 (); | "
                     "record_step('results', '003', 'upgrade', 'sum 003', ['002'], ['003'], true)",
                     "end rehearsal"}));
    EXPECT_EQ(attempt.result.steps, 2U);
    EXPECT_EQ(attempt.result.after, Heads{"003"});
    EXPECT_EQ(notary_.told, Calls{}) << "a hook could do what cannot be undone";
}

TEST_F(MigrateWitnessTest, RehearsesUpToTheFirstStepThatNoTransactionHolds) {
    order_.rehearse = true;
    scripts_.put("003", Direction::upgrade, {test::outside("VACUUM")});
    Attempt attempt(test::Seen{.heads = "001"});
    migrate_watched(attempt);
    EXPECT_EQ(count(attempt, "t002"), 1U);
    EXPECT_EQ(count(attempt, "VACUUM"), 0U);
    EXPECT_EQ(attempt.calls().back(), "end rehearsal");
    EXPECT_EQ(attempt.result.steps, 1U);
    EXPECT_EQ(attempt.result.after, Heads{"002"});
    EXPECT_EQ(attempt.result.unrehearsed, "003");
}

TEST_F(MigrateWitnessTest, EndsARehearsalWithTheFirstFailure) {
    order_.rehearse = true;
    Attempt attempt(test::Seen{});
    attempt.database.fail_at(5, Failure(Code::internal, "broken"));
    EXPECT_EQ(failure_of([&] { migrate_watched(attempt); }).message, "broken");
    EXPECT_EQ(count(attempt, "t003"), 0U);
    EXPECT_EQ(count(attempt, " | SELECT mad_migrate.publish_heads"), 0U);
    EXPECT_EQ(attempt.result.steps, 1U);
}

}  // namespace
}  // namespace mad
