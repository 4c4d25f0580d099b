// What a database tells somebody who only looks.
#include "engine/survey.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/engine/fake_host.hpp"
#include "support/engine/scripted_executor.hpp"

namespace mad {
namespace {

class SurveyTest : public testing::Test {
 protected:
    SurveyTest() { database_.when("suspect", {test::rows({{Cell(), "t", "t"}})}); }
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

TEST_F(SurveyTest, ReadsNoHistoryWhereAlembicAloneHasBeen) {
    test::ScriptedExecutor alembics;
    alembics.when("suspect", {test::rows({{Cell(), "t", "f"}})});
    alembics.when("string_agg(version_num", {test::rows({{"a"}})});
    alembics.when("pg_db_role_setting", {test::rows({{Cell()}})});
    EXPECT_EQ(reactor_.complete(survey(alembics, "results")).heads, Heads{"a"});
    EXPECT_TRUE(std::ranges::none_of(alembics.asked, [](const std::string& sql) {
        return sql.find("mad_migrate.history h") != std::string::npos;
    }));
}

}  // namespace
}  // namespace mad
