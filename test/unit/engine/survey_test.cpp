// What a database tells somebody who only looks.
#include "engine/survey.hpp"

#include <gtest/gtest.h>

#include "support/failure_of.hpp"
#include "support/fake_host.hpp"
#include "support/scripted_executor.hpp"

namespace mad {
namespace {

class SurveyTest : public testing::Test {
 protected:
    SurveyTest() { database_.when("suspect", {test::rows({{Cell()}})}); }
    Survey look() { return reactor_.complete(survey(database_, "results")); }

    test::FakeHost host_;
    Reactor reactor_{host_};
    test::ScriptedExecutor database_;
};

TEST_F(SurveyTest, ReadsHeadsSettingAndHistory) {
    database_.when("string_agg(version_num", {test::rows({{"b,a"}})});
    database_.when("pg_db_role_setting", {test::rows({{"a"}})});
    database_.when("is half-way", {test::rows({{"half-way"}})});
    database_.when("DISTINCT ON", {test::rows({{"a", "sum a"}, {"b", Cell()}})});
    const Survey seen = look();
    EXPECT_EQ(seen.heads, (Heads{"a", "b"}));
    EXPECT_EQ(seen.published, Heads{"a"});
    EXPECT_EQ(seen.standstill, "half-way");
    EXPECT_EQ(seen.checksums, (std::map<std::string, std::string>{{"a", "sum a"}}));
}

TEST_F(SurveyTest, FindsNothingInAFreshDatabase) {
    database_.when("string_agg(version_num", {test::rows({{Cell()}})});
    database_.when("pg_db_role_setting", {test::rows({{Cell()}})});
    const Survey seen = look();
    EXPECT_TRUE(seen.heads.empty());
    EXPECT_TRUE(seen.published.empty());
    EXPECT_FALSE(seen.standstill);
    EXPECT_TRUE(seen.checksums.empty());
}

TEST_F(SurveyTest, BelievesThatTheSchemaIsMissingButNotThatAnythingElseIs) {
    database_.when("string_agg(version_num", {test::rows({{Cell()}})});
    database_.when("pg_db_role_setting", {test::rows({{Cell()}})});
    Report report;
    report.sqlstate = "3F000";
    database_.fail_at(4, Failure(report));
    EXPECT_FALSE(look().standstill);

    report.sqlstate = "57014";
    database_.fail_at(8, Failure(report));
    EXPECT_EQ(test::failure_of([&] { look(); }).sqlstate, "57014");
}

}  // namespace
}  // namespace mad
