// The template's hold: who has it alone, who shares it, and what is left behind when they fail.
#include "engine/template_hold.hpp"

#include <gtest/gtest.h>

#include "support/core/failure_of.hpp"
#include "support/engine/fake_host.hpp"
#include "support/engine/scripted_executor.hpp"

namespace mad {
namespace {

using namespace std::chrono_literals;

const test::Answer yes = test::rows({{"t", "t"}});
const test::Answer no = test::rows({{"f", "t"}});

class TemplateHoldTest : public testing::Test {
 protected:
    void answer(std::string_view text, std::initializer_list<test::Answer> answers) {
        control.when(text, answers);
    }
    bool asked(const std::string& text) const {
        return std::ranges::any_of(control.asked, [&](const std::string& sql) {
            return sql.find(text) != std::string::npos;
        });
    }

    test::FakeHost host;
    Reactor reactor{host};
    test::ScriptedExecutor control;
    TemplateHold hold{reactor, control, "app", "app_template"};
};

TEST_F(TemplateHoldTest, OpensWhenItIsAlone) {
    answer("SELECT pg_catalog.pg_try_advisory_lock(", {no, no, yes});
    reactor.complete(hold.open(1s));
    EXPECT_TRUE(hold.is_open());
    EXPECT_EQ(host.waits, 2U);
    EXPECT_EQ(control.asked.back(), "ALTER DATABASE \"app_template\" ALLOW_CONNECTIONS true");
}

TEST_F(TemplateHoldTest, ClosesBeforeOthersMayHaveIt) {
    answer("SELECT pg_catalog.pg_try_advisory_lock(", {yes});
    reactor.complete(hold.open(1s));
    control.asked.clear();
    reactor.complete(hold.close());
    EXPECT_FALSE(hold.is_open());
    ASSERT_EQ(control.asked.size(), 3U);
    EXPECT_EQ(control.asked[0], "ALTER DATABASE \"app_template\" ALLOW_CONNECTIONS false");
    EXPECT_NE(control.asked[1].find("pg_stat_activity"), std::string::npos);
    EXPECT_NE(control.asked[2].find("pg_advisory_unlock("), std::string::npos);
}

TEST_F(TemplateHoldTest, GivesUpWhereAnotherTransactionChangesTheTemplate) {
    answer("SELECT pg_catalog.pg_try_advisory_lock(", {yes});
    answer("ALLOW_CONNECTIONS true", {test::failing("55P03")});
    const Report report = test::failure_of([&] { reactor.complete(hold.open(1s)); });
    EXPECT_EQ(report.sqlstate, "MM017");
    EXPECT_FALSE(hold.is_open());
    EXPECT_NE(control.asked.back().find("pg_advisory_unlock("), std::string::npos);
    EXPECT_NE(control.asked.back().find("'mad_migrate:template:app'"), std::string::npos);
}

TEST_F(TemplateHoldTest, EndsOnlySessionsThatStay) {
    answer("SELECT pg_catalog.pg_try_advisory_lock(", {yes});
    const test::Answer one = test::rows({{"17"}});
    const test::Answer none = test::rows({});
    answer("SELECT pid FROM pg_catalog.pg_stat_activity", {one, none, one});
    reactor.complete(hold.open(1s));
    reactor.complete(hold.close());
    EXPECT_EQ(host.waits, 1U);
    EXPECT_FALSE(asked("pg_terminate_backend"));
    reactor.complete(hold.open(1s));
    reactor.complete(hold.close());
    EXPECT_TRUE(asked("pg_terminate_backend"));
    EXPECT_NE(control.asked.back().find("pg_advisory_unlock("), std::string::npos);
}

TEST_F(TemplateHoldTest, LeavesTheGateWhenItsPatienceEnds) {
    answer("mad_migrate:template gate:app", {yes});
    answer("SELECT pg_catalog.pg_try_advisory_lock(", {no});
    const Report report = test::failure_of([&] { reactor.complete(hold.open(300ms)); });
    EXPECT_EQ(report.sqlstate, "MM017");
    EXPECT_FALSE(hold.is_open());
    EXPECT_NE(control.asked.back().find("pg_advisory_unlock("), std::string::npos);
    EXPECT_NE(control.asked.back().find("template gate"), std::string::npos);
    EXPECT_FALSE(asked("ALLOW_CONNECTIONS"));
}

TEST_F(TemplateHoldTest, SharesBehindWhoeverIsInTheGate) {
    answer("SELECT CASE WHEN pg_catalog.pg_try_advisory_lock_shared(", {no, no, yes});
    reactor.complete(hold.share(1s));
    const std::string& attempt = control.asked.back();
    EXPECT_LT(attempt.find("'mad_migrate:template gate:app'"), attempt.find("THEN"));
    EXPECT_LT(attempt.find("pg_advisory_unlock_shared("),
              attempt.find("'mad_migrate:template:app'"));
    EXPECT_EQ(host.waits, 2U);
    EXPECT_FALSE(asked("ALLOW_CONNECTIONS"));
}

TEST_F(TemplateHoldTest, ClosesAloneWhatSomebodyLeftOpen) {
    answer("pg_try_advisory_lock_shared", {yes});
    answer("pg_try_advisory_lock(", {no, yes});
    answer("SELECT pid FROM pg_catalog.pg_stat_activity", {test::rows({{"17"}}), test::rows({})});
    reactor.complete(hold.share(1s));
    control.asked.clear();
    reactor.complete(hold.close_abandoned(1s));
    EXPECT_NE(control.asked.front().find("pg_advisory_unlock_shared"), std::string::npos);
    EXPECT_EQ(host.waits, 2U);
    EXPECT_TRUE(asked("ALLOW_CONNECTIONS false"));
    EXPECT_NE(control.asked.back().find("pg_advisory_unlock("), std::string::npos);
}

}  // namespace
}  // namespace mad
